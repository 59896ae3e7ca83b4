-- When whoever has a session last gave the password. Those that are there have to give it once more.
ALTER TABLE sessions ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;
