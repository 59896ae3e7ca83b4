-- Which certificates are renewed without anybody asking, by whose wish, and through which key.

CREATE TABLE automatic_renewals (
    certificate_id TEXT PRIMARY KEY REFERENCES certificates (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL,
    -- None once that key was removed: then the wish stays, and says what it lacks.
    api_key_id TEXT REFERENCES api_keys (id) ON DELETE SET NULL,
    days_before BIGINT NOT NULL,
    -- The person or service token whose rights it rests on.
    set_by TEXT NOT NULL,
    set_at BIGINT NOT NULL
);
CREATE INDEX automatic_renewals_organization ON automatic_renewals (organization_id, certificate_id);
CREATE INDEX automatic_renewals_key ON automatic_renewals (api_key_id);
