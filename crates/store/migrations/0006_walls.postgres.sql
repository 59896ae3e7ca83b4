-- The second wall, on PostgreSQL only: a transaction reaches the rows that it said it would, whatever its statements ask
-- for. crates/store/src/scope.rs says it, for the length of the transaction:
--
--   russet.organization   the organization it works for
--   russet.parent         the root above that one: its shares, and with russet.lent its lent items
--   russet.lent           ids of items that the root lends, as an array
--   russet.below          the same as russet.organization where a root works on its sub-organizations, too
--   russet.actor          the person or service token whose rights it rests on
--   russet.all            'on' for what serves all organizations
--
-- Nothing said: no row of any organization. FORCE, because the server owns these tables. Settings are asked for in
-- sub-selects, so that they are read once for a statement and not once for a row.

DO $wall$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'secrets', 'rings', 'api_keys', 'key_checks', 'key_features', 'key_last_uses', 'key_last_results', 'certificates', 'operations', 'jobs',
        'idempotency_keys', 'invitations', 'service_tokens', 'shares'
    ] LOOP
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

-- What is lent. A row may be locked (that is what UPDATE … WITH CHECK (false) leaves of changing it), not changed.
CREATE POLICY lent ON api_keys FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
CREATE POLICY lent_is_held ON api_keys FOR UPDATE USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
) WITH CHECK (false);
CREATE POLICY lent ON key_checks FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND api_key_id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
-- What happened to a feature, whoever used it.
CREATE POLICY lent ON key_features USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND api_key_id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
-- One's own use, and nobody else's.
CREATE POLICY lent ON key_last_uses USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND api_key_id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
    AND user_organization_id = (SELECT current_setting('russet.organization', true))
);
CREATE POLICY lent ON key_last_results USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND api_key_id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
    AND user_organization_id = (SELECT current_setting('russet.organization', true))
);
-- A check that Apple's refusal calls for.
CREATE POLICY lent ON jobs USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND object_id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
CREATE POLICY lent ON secrets FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND object_id = ANY ((SELECT NULLIF(current_setting('russet.lent', true), ''))::TEXT[])
);
-- The ring opens nothing by itself; with it goes the one secret above.
CREATE POLICY lent ON rings FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND (SELECT NULLIF(current_setting('russet.lent', true), '')) IS NOT NULL
);
-- Of the root's shares, those with all or with this one.
CREATE POLICY concerning ON shares FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND target IN ('all', (SELECT current_setting('russet.organization', true)))
);
CREATE POLICY concerning_is_held ON shares FOR UPDATE USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND target IN ('all', (SELECT current_setting('russet.organization', true)))
) WITH CHECK (false);
-- What a sub-organization leaves in its root when it goes.
CREATE POLICY concerning_goes ON shares FOR DELETE USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND target = (SELECT current_setting('russet.organization', true))
);
CREATE POLICY own_use_goes ON key_last_uses FOR DELETE USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND user_organization_id = (SELECT current_setting('russet.organization', true))
);
CREATE POLICY own_results_go ON key_last_results FOR DELETE USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND user_organization_id = (SELECT current_setting('russet.organization', true))
);
CREATE POLICY own_results ON key_last_results FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND user_organization_id = (SELECT current_setting('russet.organization', true))
);
CREATE POLICY own_use ON key_last_uses FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.parent', true))
    AND user_organization_id = (SELECT current_setting('russet.organization', true))
);
-- A service token may work below its own organization, and its rights are looked at and held there.
CREATE POLICY actor ON service_tokens FOR SELECT USING (id = (SELECT current_setting('russet.actor', true)));
CREATE POLICY actor_is_held ON service_tokens FOR UPDATE USING (
    id = (SELECT current_setting('russet.actor', true))
) WITH CHECK (false);

-- The log: anybody's act is written down, everybody reads what is theirs, nobody changes or deletes a line. There is no
-- policy for UPDATE and DELETE, and what has no policy is refused.
ALTER TABLE activity ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity FORCE ROW LEVEL SECURITY;
CREATE POLICY write_down ON activity FOR INSERT WITH CHECK (true);
CREATE POLICY own ON activity FOR SELECT USING (
    organization_id = (SELECT current_setting('russet.organization', true))
    -- Each record names the root above it, which outlives a deleted organization.
    OR root_id = (SELECT current_setting('russet.organization', true))
    OR (SELECT current_setting('russet.all', true)) = 'on'
);
