-- The same order on every server: bytes, whatever the language of the database. SQLite knows no other.
ALTER TABLE certificates ALTER COLUMN folded TYPE TEXT COLLATE "C";
ALTER TABLE organizations ALTER COLUMN folded TYPE TEXT COLLATE "C";
