-- Webhooks at Apple that tell this server of an app. Their secrets are sealed among the others.

CREATE TABLE apple_webhooks (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    -- It is the app's, and goes on when the key that it was registered with is gone.
    api_key_id TEXT REFERENCES api_keys (id) ON DELETE SET NULL,
    identifier TEXT NOT NULL,
    -- Apple's id of the app.
    app_id TEXT NOT NULL,
    -- Apple's id of the webhook; NULL while nobody knows whether Apple has it.
    apple_id TEXT,
    created_at BIGINT NOT NULL,
    last_delivery_at BIGINT,
    UNIQUE (organization_id, app_id)
);
CREATE INDEX apple_webhooks_key ON apple_webhooks (api_key_id);
CREATE INDEX apple_webhooks_identifier ON apple_webhooks (organization_id, identifier);
