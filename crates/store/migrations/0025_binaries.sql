-- App files that were uploaded here. Their bytes lie in the storage of binaries, not in the database.

CREATE TABLE binaries (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    file_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    -- Of the app inside, for lists; NULL where it is not looked into.
    identifier TEXT,
    app_name TEXT,
    version TEXT,
    build_number TEXT,
    -- File name, name, identifier, version and build number as they are searched.
    folded TEXT NOT NULL,
    -- What is inside: JSON.
    contents TEXT,
    icon BYTEA,
    release_candidate BOOLEAN NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL
);
CREATE INDEX binaries_list ON binaries (organization_id, id);
CREATE INDEX binaries_app ON binaries (organization_id, identifier, id);

-- Files on their way here, in pieces.
CREATE TABLE binary_uploads (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    file_name TEXT NOT NULL,
    size BIGINT NOT NULL,
    received BIGINT NOT NULL,
    sha256 TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL
);
CREATE INDEX binary_uploads_organization ON binary_uploads (organization_id);
-- Which parts of a file have arrived at Apple; gone when its sending is over.
CREATE TABLE build_parts (
    organization_id TEXT NOT NULL,
    -- Apple's id of the file.
    file_id TEXT NOT NULL,
    -- Where the part begins in the file.
    part_offset BIGINT NOT NULL,
    part_length BIGINT NOT NULL,
    PRIMARY KEY (organization_id, file_id, part_offset)
);

CREATE INDEX binary_uploads_age ON binary_uploads (touched_at);
