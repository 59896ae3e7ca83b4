-- What happens: long acts, the activity log, background work, answers to repeated requests.

CREATE TABLE operations (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    started_by TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- The word of the state, and the state with its fields.
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX operations_organization ON operations (organization_id, id);

CREATE TABLE activity_sequence (
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    last BIGINT NOT NULL
);
INSERT INTO activity_sequence (singleton, last) VALUES (1, 0);

CREATE TABLE activity (
    -- Without gaps, in the order of commits.
    sequence BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    organization_id TEXT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    user_id TEXT,
    action TEXT NOT NULL,
    object_id TEXT,
    api_key_id TEXT,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    follows TEXT,
    address TEXT,
    request_id TEXT
);
CREATE INDEX activity_organization ON activity (organization_id, sequence);
CREATE INDEX activity_key ON activity (organization_id, api_key_id, sequence);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    heartbeat_at BIGINT,
    last_error TEXT
);
CREATE INDEX jobs_due ON jobs (run_at);
-- One waiting job per kind and object is enough; one that runs may already have its successor.
CREATE UNIQUE INDEX jobs_waiting ON jobs (organization_id, kind, object_id) WHERE lease_owner IS NULL;

CREATE TABLE idempotency_keys (
    organization_id TEXT NOT NULL,
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- Empty while the first request is still being worked on.
    status BIGINT,
    content_type TEXT,
    body BYTEA,
    carried_secret BOOLEAN NOT NULL,
    PRIMARY KEY (organization_id, principal, key)
);
