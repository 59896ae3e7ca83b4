-- Devices on their way into an Apple account.

CREATE TABLE device_invitations (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    token_hash BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT,
    -- Ids of API keys: JSON.
    keys TEXT NOT NULL,
    automatic BOOLEAN NOT NULL,
    uses BIGINT NOT NULL,
    used BIGINT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How the link travels, and what became of it.
    delivery TEXT NOT NULL
);
CREATE INDEX device_invitations_list ON device_invitations (organization_id, id);

-- What an answer has to repeat, once.
CREATE TABLE device_challenges (
    organization_id TEXT NOT NULL,
    invitation_id TEXT NOT NULL REFERENCES device_invitations (id) ON DELETE CASCADE,
    challenge_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (invitation_id, challenge_hash)
);

CREATE TABLE pending_devices (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    udid TEXT NOT NULL,
    name TEXT NOT NULL,
    product TEXT,
    version TEXT,
    -- Ids of the API keys of accounts that do not have it yet: JSON.
    keys TEXT NOT NULL,
    came TEXT NOT NULL,
    trouble TEXT,
    arrived_at BIGINT NOT NULL,
    UNIQUE (organization_id, udid)
);
CREATE INDEX pending_devices_list ON pending_devices (organization_id, id);
