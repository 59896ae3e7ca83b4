-- What an organization holds: API keys with what is known about them, sealed secrets, certificates.

CREATE TABLE secrets (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    field TEXT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (organization_id, kind, object_id, field, version)
);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    key_id TEXT NOT NULL,
    issuer_id TEXT,
    roles TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    team_id TEXT,
    health TEXT NOT NULL,
    health_since BIGINT NOT NULL,
    last_check BIGINT,
    last_good BIGINT,
    overrides TEXT NOT NULL,
    generation BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    last_use TEXT,
    -- Never across organizations: that would tell one what another holds.
    UNIQUE (organization_id, key_id)
);

CREATE TABLE key_checks (
    organization_id TEXT NOT NULL,
    api_key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    -- The day in UTC, as 2026-11-23.
    day TEXT NOT NULL,
    mark TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    -- Why it came to no conclusion, if so.
    why TEXT,
    PRIMARY KEY (api_key_id, day)
);

CREATE TABLE key_features (
    organization_id TEXT NOT NULL,
    api_key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    feature TEXT NOT NULL,
    probed TEXT,
    last_result TEXT,
    PRIMARY KEY (api_key_id, feature)
);

CREATE TABLE certificates (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    api_key_id TEXT REFERENCES api_keys (id) ON DELETE SET NULL,
    apple_id TEXT NOT NULL,
    certificate_type TEXT NOT NULL,
    name TEXT NOT NULL,
    serial TEXT NOT NULL,
    public_key_fingerprint TEXT NOT NULL,
    sha1 TEXT NOT NULL,
    team_id TEXT,
    der BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    origin TEXT NOT NULL,
    private_key_id TEXT,
    added_at BIGINT NOT NULL,
    UNIQUE (organization_id, sha1)
);
CREATE INDEX certificates_public_key ON certificates (organization_id, public_key_fingerprint);
