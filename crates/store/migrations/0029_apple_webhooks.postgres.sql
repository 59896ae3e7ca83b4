-- The wall of 0006 around what is new.
ALTER TABLE apple_webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE apple_webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON apple_webhooks USING (
    organization_id = (SELECT current_setting('russet.organization', true))
    OR (SELECT current_setting('russet.all', true)) = 'on'
    OR organization_id IN (
        SELECT id FROM organizations WHERE parent_id = (SELECT current_setting('russet.below', true))
    )
);
