-- A profile may be held as a reference: what is known of it is here, its file stays at Apple.
ALTER TABLE profiles ADD COLUMN is_reference BOOLEAN NOT NULL DEFAULT FALSE;
