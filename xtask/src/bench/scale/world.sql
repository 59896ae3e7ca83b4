-- A town of many: one root organization with {SUBS} sub-organizations, {CERTIFICATES} certificates and {PROFILES} profiles, written past the
-- program into a fresh database of its own. One text for both databases; what is in braces is filled in.

INSERT INTO organizations (id, parent_id, name, folded, likeness, created_at)
VALUES ('org_{ID}000000000000', NULL, 'Root', 'root', 'root', 1700000000000000);
INSERT INTO users (id, email, name, password_hash, created_at)
VALUES ('user_{ID}000000000000', 'owner@example.com', 'Owner', 'none', 1700000000000000);
INSERT INTO memberships (organization_id, user_id, role, given_at)
VALUES ('org_{ID}000000000000', 'user_{ID}000000000000', 'owner', 1700000000000000);
INSERT INTO api_tokens (id, token_hash, user_id, name, created_at, expires_at)
VALUES ('tok_{ID}000000000000', {TOKEN_HASH}, 'user_{ID}000000000000', 'Benchmark', {NOW}, {NOW} + 8640000000000);
INSERT INTO sessions (id, token_hash, user_id, created_at, seen_at, expires_at, confirmed_at)
VALUES ('sess_{ID}000000000000', {COOKIE_HASH}, 'user_{ID}000000000000', {NOW}, {NOW}, {NOW} + 86400000000, {NOW} + 3600000000);

INSERT INTO organizations (id, parent_id, name, folded, likeness, created_at)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {SUBS})
SELECT 'org_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2), 'org_{ID}000000000000', 'Team ' || CAST(i AS TEXT),
    'team ' || CAST(i AS TEXT), 'team ' || CAST(i AS TEXT), 1700000000000000 + i
FROM n;

-- Two people of its own in each.
INSERT INTO users (id, email, name, password_hash, created_at)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 2 * {SUBS})
SELECT 'user_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2), 'person' || CAST(i AS TEXT) || '@example.com',
    'Person ' || CAST(i AS TEXT), 'none', 1700000000000000
FROM n;
INSERT INTO memberships (organization_id, user_id, role, given_at)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 2 * {SUBS})
SELECT 'org_{ID}' || substr(CAST(1000000000000 + 1 + i % {SUBS} AS TEXT), 2),
    'user_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2), 'signing-manager', 1700000000000000
FROM n;

INSERT INTO service_tokens (id, organization_id, token_hash, name, folded, roles, address_ranges, created_by, created_at, expires_at)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {SUBS})
SELECT 'svc_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2), 'org_{ID}000000000000', {NUMBER_HASH},
    'CI ' || CAST(i AS TEXT), 'ci ' || CAST(i AS TEXT), '["signing-manager"]', '[]', 'user_{ID}000000000000',
    1700000000000000, {NOW} + 86400000000 * (1 + i % 300)
FROM n;

-- Fifty keys of the root, each shared with all by one row, and three of its own in each sub-organization.
INSERT INTO api_keys (id, organization_id, name, kind, key_id, issuer_id, roles, fingerprint, health, health_since, overrides,
    generation, added_by, added_at)
WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 50 + 3 * {SUBS} - 1)
SELECT 'key_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2),
    'org_{ID}' || substr(CAST(1000000000000 + CASE WHEN i < 50 THEN 0 ELSE 1 + i % {SUBS} END AS TEXT), 2),
    'Key ' || CAST(i AS TEXT), 'team', 'K' || substr(CAST(1000000000 + i AS TEXT), 2), '57246542-96fe-1a63-e053-0824d011072a',
    '["admin"]', 'ab', '{"state":"working"}', 1700000000000000, '[]', 1, 'user_{ID}000000000000', 1700000000000000
FROM n;
INSERT INTO shares (organization_id, item_kind, item_id, target, limits, shared_by, shared_at)
SELECT organization_id, 'api-key', id, 'all', '{}', added_by, added_at FROM api_keys WHERE organization_id = 'org_{ID}000000000000';

-- All in one organization, so that its lists are as long as they get.
INSERT INTO certificates (id, organization_id, api_key_id, apple_id, certificate_type, name, folded, serial,
    public_key_fingerprint, sha1, team_id, der, expires_at, origin, private_key_id, added_at)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {CERTIFICATES})
SELECT 'cert_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2), 'org_{ID}000000000000',
    'key_{ID}' || substr(CAST(1000000000000 + i % 50 AS TEXT), 2), 'A' || CAST(i AS TEXT),
    CASE WHEN i % 1000 = 0 THEN 'MAC_INSTALLER_DISTRIBUTION' WHEN i % 3 = 0 THEN 'DISTRIBUTION' ELSE 'DEVELOPMENT' END,
    'Apple Development: Person ' || CAST(i * 7919 % {CERTIFICATES} AS TEXT) || ' (TEAM123456)',
    'apple development: person ' || CAST(i * 7919 % {CERTIFICATES} AS TEXT) || ' (team123456)',
    'C0FFEE' || CAST(1000000000000 + i * 104729 % 999999999999 AS TEXT), 'f' || CAST(i AS TEXT), 'S' || CAST(i AS TEXT), 'TEAM123456',
    {BYTES}, {NOW} + (i * 15485863 % 1000 - 100) * 30000000000, 'created', 'sec_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2),
    1700000000000000 + i
FROM n;

-- Every fifth is ad hoc, with 100 devices; most match a certificate that is held.
INSERT INTO profiles (id, organization_id, api_key_id, apple_id, name, folded, profile_type, uuid, bundle_identifier, team_id,
    certificates, devices, device_rule, standing, created_at, expires_at, origin, added_at)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {PROFILES})
SELECT 'prof_{ID}' || substr(CAST(1000000000000 + i AS TEXT), 2), 'org_{ID}000000000000',
    'key_{ID}' || substr(CAST(1000000000000 + i % 50 AS TEXT), 2), 'P' || CAST(i AS TEXT),
    'Tram ' || CAST(i * 7919 % {PROFILES} AS TEXT), 'tram ' || CAST(i * 7919 % {PROFILES} AS TEXT),
    CASE WHEN i % 1000 = 0 THEN 'TVOS_APP_STORE' WHEN i % 5 = 0 THEN 'IOS_APP_ADHOC' ELSE 'IOS_APP_STORE' END,
    '00000000-0000-4000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2), 'com.example.tram' || CAST(i AS TEXT), 'TEAM123456',
    CASE WHEN i % 7 = 0 THEN '["none"]' ELSE '["f' || CAST(i AS TEXT) || '"]' END,
    CASE WHEN i % 5 = 0 THEN '{DEVICES}' ELSE '[]' END, CASE WHEN i % 5 = 0 THEN 'all-enabled' ELSE 'chosen' END,
    CASE WHEN i % 11 = 0 THEN 'invalid' ELSE 'ready' END, 1700000000000000,
    {NOW} + (i * 15485863 % 1000 - 100) * 30000000000, 'created', 1700000000000000 + i
FROM n;
INSERT INTO profile_certificates (organization_id, profile_id, public_key_fingerprint)
SELECT organization_id, id, substr(certificates, 3, length(certificates) - 4) FROM profiles;

ANALYZE;
