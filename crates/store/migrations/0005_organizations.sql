-- Many teams: sub-organizations, invitations, tokens of organizations, shares.

ALTER TABLE organizations ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE organizations SET folded = lower(name);
-- What a name looks like, whatever letters it is spelled with.
ALTER TABLE organizations ADD COLUMN likeness TEXT NOT NULL DEFAULT '';
-- Names are unique among siblings only: across trees that would tell one root organization what another holds.
CREATE UNIQUE INDEX organizations_siblings ON organizations (parent_id, folded) WHERE parent_id IS NOT NULL;
CREATE UNIQUE INDEX organizations_twins ON organizations (parent_id, likeness) WHERE parent_id IS NOT NULL;

-- Raised by whatever takes rights away: a write that rests on an older version is refused.
ALTER TABLE users ADD COLUMN standing BIGINT NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN given_at BIGINT NOT NULL DEFAULT 0;
UPDATE memberships SET given_at = (SELECT created_at FROM users WHERE users.id = memberships.user_id);

-- What people are found and sorted by.
ALTER TABLE users ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE users SET folded = lower(name);

CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    token_hash BYTEA NOT NULL UNIQUE,
    email TEXT NOT NULL,
    roles TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How the link travels, and what became of it.
    delivery TEXT NOT NULL,
    UNIQUE (organization_id, email)
);

CREATE TABLE service_tokens (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    token_hash BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    roles TEXT NOT NULL,
    -- A set of organizations; NULL for its own and every one below.
    confined_to TEXT,
    address_ranges TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    standing BIGINT NOT NULL DEFAULT 0,
    UNIQUE (organization_id, folded)
);
CREATE INDEX service_tokens_list ON service_tokens (organization_id, id);
CREATE INDEX service_tokens_ends ON service_tokens (expires_at);

-- What a token is or was called. The log tells of it long after it was revoked, also where its organization is not seen.
CREATE TABLE service_token_names (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE shares (
    -- The owner: a root organization.
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    -- 'all', which is one row however many they are, or the id of a sub-organization.
    target TEXT NOT NULL,
    limits TEXT NOT NULL,
    -- Stands in the limits, too; here for asking.
    stops_at BIGINT,
    shared_by TEXT NOT NULL,
    shared_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, item_kind, item_id, target)
);
CREATE INDEX shares_target ON shares (organization_id, target, item_kind);

-- The last use of a key in each organization that uses it: a sub-organization learns nothing of the others.
CREATE TABLE key_last_uses (
    organization_id TEXT NOT NULL,
    api_key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    user_organization_id TEXT NOT NULL,
    last_use TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (api_key_id, user_organization_id)
);

-- The last result of a feature in each organization that was lent the key, for the same reason. The owner's own table has
-- the latest of all.
CREATE TABLE key_last_results (
    organization_id TEXT NOT NULL,
    api_key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    user_organization_id TEXT NOT NULL,
    feature TEXT NOT NULL,
    last_result TEXT NOT NULL,
    PRIMARY KEY (api_key_id, user_organization_id, feature)
);

-- What hangs on a key, in the sub-organizations as well.
CREATE INDEX certificates_key ON certificates (api_key_id);
CREATE INDEX operations_unfinished ON operations (organization_id) WHERE state IN ('started', 'calling', 'unknown');
