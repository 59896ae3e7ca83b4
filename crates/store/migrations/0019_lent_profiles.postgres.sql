-- What the root organization lends of its profiles: to be seen, and held while it is used, with their files.
CREATE POLICY lent ON profiles FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
CREATE POLICY lent_is_held ON profiles FOR UPDATE USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
) WITH CHECK (false);
CREATE POLICY lent ON profile_files FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND profile_id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
-- A lent certificate is held while the files of a signing set leave with its private key. That key is reached by its own id
-- among what is lent, which is said for this alone.
CREATE POLICY lent_is_held ON certificates FOR UPDATE USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
) WITH CHECK (false);
