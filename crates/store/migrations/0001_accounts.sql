-- Who is here: the instance, organizations with their key rings, people and how they are signed in.
-- Written in the subset that SQLite and PostgreSQL share. Moments are microseconds since 1970, UTC.

CREATE TABLE instance (
    -- One row, ever.
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    unseal_record TEXT NOT NULL
);

CREATE TABLE organizations (
    id TEXT PRIMARY KEY,
    parent_id TEXT REFERENCES organizations (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE rings (
    organization_id TEXT PRIMARY KEY REFERENCES organizations (id),
    wrapped BYTEA NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    PRIMARY KEY (organization_id, user_id, role)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    token_hash BYTEA NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT,
    agent TEXT
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY,
    token_hash BYTEA NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

CREATE TABLE setup_token (
    -- At most one at a time; gone once it was used.
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    token_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sign_in_failures (
    -- An account or an address, with a prefix that tells which.
    subject TEXT NOT NULL,
    failed_at BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (subject, failed_at)
);
