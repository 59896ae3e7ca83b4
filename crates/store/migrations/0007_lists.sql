-- Lists that are read in pages: an index for each order, so that a page costs what the page holds.

ALTER TABLE certificates ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE certificates SET folded = lower(name);

-- Each with what a search and the filters look at: rows that do not fit are not visited.
CREATE INDEX certificates_expiry ON certificates (organization_id, expires_at, id, folded, serial);
CREATE INDEX certificates_name ON certificates (organization_id, folded, id, expires_at, serial);
CREATE INDEX certificates_type ON certificates (organization_id, certificate_type, expires_at, id, folded, serial);
CREATE INDEX certificates_type_name ON certificates (organization_id, certificate_type, folded, id, expires_at, serial);
CREATE INDEX certificates_serial ON certificates (organization_id, serial);

-- What is asked for, or goes, by organization.
CREATE INDEX jobs_organization ON jobs (organization_id, object_id);
CREATE INDEX key_checks_organization ON key_checks (organization_id, day);
CREATE INDEX key_last_uses_organization ON key_last_uses (organization_id, user_organization_id);
CREATE INDEX key_last_results_organization ON key_last_results (organization_id, user_organization_id);
-- What ends soon, over all organizations: the daily job that tells of it.
CREATE INDEX certificates_ending ON certificates (expires_at);
CREATE INDEX shares_end ON shares (stops_at) WHERE stops_at IS NOT NULL;
