-- The wall of 0006 around what is new. Whoever writes a record down points to it, as anybody writes into the log.
ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE notices FORCE ROW LEVEL SECURITY;
CREATE POLICY write_down ON notices FOR INSERT WITH CHECK (true);
CREATE POLICY own ON notices USING (
    organization_id = (SELECT current_setting('russet.organization', true))
    OR (SELECT current_setting('russet.all', true)) = 'on'
    OR organization_id IN (
        SELECT id FROM organizations WHERE parent_id = (SELECT current_setting('russet.below', true))
    )
);
