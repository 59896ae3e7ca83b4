-- Signing sets: what one build needs, by name.

CREATE TABLE signing_sets (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    profile_type TEXT NOT NULL,
    api_key_id TEXT REFERENCES api_keys (id) ON DELETE SET NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (organization_id, folded)
);
CREATE INDEX signing_sets_api_key ON signing_sets (api_key_id);

-- An item stays when what it points at is removed: then it is missing.
CREATE TABLE signing_set_items (
    organization_id TEXT NOT NULL,
    set_id TEXT NOT NULL REFERENCES signing_sets (id) ON DELETE CASCADE,
    identifier TEXT NOT NULL,
    certificate_id TEXT REFERENCES certificates (id) ON DELETE SET NULL,
    profile_id TEXT REFERENCES profiles (id) ON DELETE SET NULL,
    -- When Apple was last seen to have both; when all below it were last seen to be in the set.
    seen_at BIGINT,
    below_seen_at BIGINT,
    PRIMARY KEY (set_id, identifier)
);
CREATE INDEX signing_set_items_organization ON signing_set_items (organization_id, set_id);
CREATE INDEX signing_set_items_certificate ON signing_set_items (certificate_id);
CREATE INDEX signing_set_items_profile ON signing_set_items (profile_id);

-- Whose turn it is to make what a team at Apple lacks. The subject names no organization that uses a key, so that those who
-- share one wait for each other and learn nothing of each other.
CREATE TABLE team_turns (
    subject TEXT PRIMARY KEY,
    operation_id TEXT NOT NULL
);
CREATE INDEX team_turns_operation ON team_turns (operation_id);

-- What a build of an app could use of what is held.
CREATE INDEX profiles_bundle ON profiles (organization_id, bundle_identifier);
