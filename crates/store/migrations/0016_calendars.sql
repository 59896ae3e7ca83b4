-- Links by which a calendar program reads what expires in an organization, as the person who made the link may see it.

CREATE TABLE calendar_links (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL,
    -- SHA-256, so that a copy of the database opens nothing.
    token_hash BYTEA NOT NULL UNIQUE,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX calendar_links_user ON calendar_links (user_id);
