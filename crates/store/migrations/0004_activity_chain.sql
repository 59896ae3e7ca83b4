-- The activity log becomes a chain: each record carries the hash of itself and of everything before it. What is here
-- already is chained by the program right after these statements, as it is found.

-- Who did it: a person, also through a token or a job, or a service token.
ALTER TABLE activity RENAME COLUMN user_id TO subject_id;
-- The root organization above the record's own, at the time; its owners may read the log of all that is below.
ALTER TABLE activity ADD COLUMN root_id TEXT;
-- The personal token that it came with.
ALTER TABLE activity ADD COLUMN token_id TEXT;
-- SHA-256 of the hash before and of all other columns of the row; crates/store/src/activity/chain.rs says how.
ALTER TABLE activity ADD COLUMN hash BYTEA NOT NULL DEFAULT '';
UPDATE activity SET root_id = (SELECT COALESCE(parent_id, id) FROM organizations WHERE organizations.id = activity.organization_id);

-- The hash of the last record; empty before the first.
ALTER TABLE activity_sequence ADD COLUMN head BYTEA NOT NULL DEFAULT '';

-- What the instance signed of its log: "record number `sequence` has the hash `head`". Copied outside as well.
CREATE TABLE activity_checkpoints (
    sequence BIGINT PRIMARY KEY,
    head BYTEA NOT NULL,
    at BIGINT NOT NULL,
    signature BYTEA NOT NULL
);

CREATE TABLE activity_signing_key (
    -- One row, written at the first start.
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    public_key BYTEA NOT NULL,
    -- The private key, and the ring of the instance that it is sealed under.
    ring BYTEA NOT NULL,
    sealed BYTEA NOT NULL
);

CREATE TABLE activity_verdict (
    -- One row: how the last look at the whole log ended.
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    at BIGINT NOT NULL,
    records BIGINT NOT NULL,
    findings BIGINT NOT NULL
);

-- Newest first by time, whatever else is asked for; once for an organization, once for a root with all below it.
DROP INDEX activity_organization;
DROP INDEX activity_key;
CREATE INDEX activity_organization ON activity (organization_id, at, sequence);
CREATE INDEX activity_key ON activity (organization_id, api_key_id, at, sequence) WHERE api_key_id IS NOT NULL;
CREATE INDEX activity_subject ON activity (organization_id, subject_id, at, sequence) WHERE subject_id IS NOT NULL;
CREATE INDEX activity_token ON activity (organization_id, token_id, at, sequence) WHERE token_id IS NOT NULL;
CREATE INDEX activity_object ON activity (organization_id, object_id, at, sequence) WHERE object_id IS NOT NULL;
CREATE INDEX activity_action ON activity (organization_id, action, at, sequence);
-- Most records tell of what was done; the others are asked for because they are not.
CREATE INDEX activity_outcome ON activity (organization_id, outcome, at, sequence) WHERE outcome <> 'done';
CREATE INDEX activity_root ON activity (root_id, at, sequence);
CREATE INDEX activity_root_key ON activity (root_id, api_key_id, at, sequence) WHERE api_key_id IS NOT NULL;
CREATE INDEX activity_root_subject ON activity (root_id, subject_id, at, sequence) WHERE subject_id IS NOT NULL;
CREATE INDEX activity_root_token ON activity (root_id, token_id, at, sequence) WHERE token_id IS NOT NULL;
CREATE INDEX activity_root_object ON activity (root_id, object_id, at, sequence) WHERE object_id IS NOT NULL;
CREATE INDEX activity_root_action ON activity (root_id, action, at, sequence);
CREATE INDEX activity_root_outcome ON activity (root_id, outcome, at, sequence) WHERE outcome <> 'done';
