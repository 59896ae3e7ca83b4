-- The wall of 0006 around what is new.
ALTER TABLE csrs ENABLE ROW LEVEL SECURITY;
ALTER TABLE csrs FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON csrs USING (
    organization_id = (SELECT current_setting('russet.organization', true))
    OR (SELECT current_setting('russet.all', true)) = 'on'
    OR organization_id IN (SELECT id FROM organizations WHERE parent_id = (SELECT current_setting('russet.below', true)))
);
-- What the root organization lends of its certificates: to be seen, and held while it is used. Not its private key.
CREATE POLICY lent ON certificates FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
