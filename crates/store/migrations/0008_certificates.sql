-- Certificates that come from outside: signing requests whose certificate is made elsewhere, and shares of certificates.

CREATE TABLE csrs (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    -- The common name.
    name TEXT NOT NULL,
    email TEXT,
    country TEXT,
    pem TEXT NOT NULL,
    public_key_fingerprint TEXT NOT NULL,
    -- The sealed secret. Certificates made of the request name the same one.
    private_key_id TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX csrs_list ON csrs (organization_id, id);
CREATE INDEX csrs_public_key ON csrs (organization_id, public_key_fingerprint);
CREATE INDEX csrs_private_key ON csrs (organization_id, private_key_id);

-- Whether a private key is still needed.
CREATE INDEX certificates_private_key ON certificates (organization_id, private_key_id);
