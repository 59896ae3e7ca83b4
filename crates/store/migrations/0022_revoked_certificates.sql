-- When a held certificate was revoked at Apple, as far as that was done through here.
ALTER TABLE certificates ADD COLUMN revoked_at BIGINT;
