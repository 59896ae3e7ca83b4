-- The wall of 0006 around what is new.
DO $wall$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['binaries', 'binary_uploads', 'build_parts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format($policy$
            CREATE POLICY own ON %I USING (
                organization_id = (SELECT current_setting('russet.organization', true))
                OR (SELECT current_setting('russet.all', true)) = 'on'
                OR organization_id IN (
                    SELECT id FROM organizations WHERE parent_id = (SELECT current_setting('russet.below', true))
                )
            )
        $policy$, name);
    END LOOP;
END
$wall$;
