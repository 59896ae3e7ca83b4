-- The wall of 0006 around what is new.
ALTER TABLE app_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app_settings FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON app_settings USING (
    organization_id = (SELECT current_setting('russet.organization', true))
    OR (SELECT current_setting('russet.all', true)) = 'on'
    OR organization_id IN (
        SELECT id FROM organizations WHERE parent_id = (SELECT current_setting('russet.below', true))
    )
);
