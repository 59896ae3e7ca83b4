-- Where an organization has its notices sent besides inboxes, what is to be sent, and what became of it.

CREATE TABLE notification_channels (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    -- Mail addresses, or the address of a webhook: JSON.
    target TEXT NOT NULL,
    -- Which kinds of notices: JSON; NULL for all.
    kinds TEXT,
    -- Of the sealed signing secret; 0 for one that has none.
    secret_version BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    failing_since BIGINT,
    failing_recipient TEXT,
    failure_told BOOLEAN NOT NULL,
    UNIQUE (organization_id, folded)
);

CREATE TABLE notice_deliveries (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL,
    channel_id TEXT NOT NULL REFERENCES notification_channels (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    -- NULL for a test, as are the record and its number.
    kind TEXT,
    activity_id TEXT,
    sequence BIGINT,
    -- What is sent, frozen: JSON.
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    state TEXT NOT NULL,
    tried_at BIGINT,
    answer TEXT,
    next_at BIGINT,
    -- A notice goes to a recipient once.
    UNIQUE (channel_id, sequence, recipient)
);
CREATE INDEX notice_deliveries_list ON notice_deliveries (organization_id, channel_id, id);
CREATE INDEX notice_deliveries_age ON notice_deliveries (created_at);

-- Notices that are not yet handed to the channels; written with their record, taken out by the worker.
CREATE TABLE notice_outbox (
    sequence BIGINT PRIMARY KEY,
    organization_id TEXT NOT NULL
);
CREATE INDEX notice_outbox_organization ON notice_outbox (organization_id);
