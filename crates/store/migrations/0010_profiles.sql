-- Provisioning profiles that are held here.

CREATE TABLE profiles (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    api_key_id TEXT REFERENCES api_keys (id) ON DELETE SET NULL,
    -- None while there is no such profile at Apple.
    apple_id TEXT,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    profile_type TEXT NOT NULL,
    uuid TEXT NOT NULL,
    bundle_identifier TEXT NOT NULL,
    team_id TEXT,
    -- Fingerprints of public keys, and UDIDs: JSON.
    certificates TEXT NOT NULL,
    devices TEXT NOT NULL,
    device_rule TEXT NOT NULL,
    standing TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    origin TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    UNIQUE (organization_id, uuid)
);
CREATE INDEX profiles_name ON profiles (organization_id, folded, id);
CREATE INDEX profiles_expiry ON profiles (organization_id, expires_at, id);
CREATE INDEX profiles_apple ON profiles (organization_id, apple_id);
CREATE INDEX profiles_api_key ON profiles (api_key_id);

-- The files stand apart: a list of profiles does not read them.
CREATE TABLE profile_files (
    organization_id TEXT NOT NULL,
    profile_id TEXT PRIMARY KEY REFERENCES profiles (id) ON DELETE CASCADE,
    content BYTEA NOT NULL
);

-- Which profiles have a certificate, by its public key.
CREATE TABLE profile_certificates (
    organization_id TEXT NOT NULL,
    profile_id TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    public_key_fingerprint TEXT NOT NULL,
    PRIMARY KEY (profile_id, public_key_fingerprint)
);
CREATE INDEX profile_certificates_key ON profile_certificates (organization_id, public_key_fingerprint, profile_id);
