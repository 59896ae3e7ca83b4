-- What somebody should hear of: which records of the log, of each thing the last one of a sort.

CREATE TABLE notices (
    -- The record.
    sequence BIGINT PRIMARY KEY,
    organization_id TEXT NOT NULL,
    root_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    object_id TEXT NOT NULL,
    -- Whom alone it concerns, where it is a person's own matter.
    user_id TEXT
);
CREATE INDEX notices_organization ON notices (organization_id, sequence);
CREATE INDEX notices_root ON notices (root_id, sequence);
CREATE INDEX notices_object ON notices (organization_id, object_id, topic);

-- Up to which record somebody has read their inbox.
ALTER TABLE users ADD COLUMN inbox_read_to BIGINT NOT NULL DEFAULT 0;

-- Profiles that end soon, over all organizations.
CREATE INDEX profiles_ending ON profiles (expires_at);
