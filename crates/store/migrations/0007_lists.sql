-- Lists that are read in pages: an index for each order, so that a page costs what the page holds.

ALTER TABLE certificates ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE certificates SET folded = lower(name);

CREATE INDEX certificates_expiry ON certificates (organization_id, expires_at, id);
-- With what a search and a filter by state look at, so that they need not visit the rows, which carry the certificates.
CREATE INDEX certificates_name ON certificates (organization_id, folded, id, expires_at, serial);
CREATE INDEX certificates_type ON certificates (organization_id, certificate_type, expires_at, id);
CREATE INDEX certificates_type_name ON certificates (organization_id, certificate_type, folded, id, expires_at, serial);
CREATE INDEX certificates_serial ON certificates (organization_id, serial);
