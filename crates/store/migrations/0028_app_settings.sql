-- What an organization has set for an app at Apple, by its bundle identifier.
CREATE TABLE app_settings (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    identifier TEXT NOT NULL,
    -- What Apple is told of builds that do not say it themselves; NULL where somebody is to say.
    uses_encryption BOOLEAN,
    -- The build number that was reserved last.
    last_build_number TEXT,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, identifier)
);

-- How many days binaries are kept after they were last sent or added; 0 is for ever.
ALTER TABLE organizations ADD COLUMN binary_days BIGINT NOT NULL DEFAULT 0;
CREATE INDEX organizations_binary_days ON organizations (binary_days);
-- When a binary was last sent to Apple; NULL where it never was.
ALTER TABLE binaries ADD COLUMN sent_at BIGINT;
