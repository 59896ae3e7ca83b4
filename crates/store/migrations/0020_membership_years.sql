-- When Apple frees places of disabled devices: where the membership year of an account ends, as a person entered it. No API tells it.
CREATE TABLE membership_years (
    organization_id TEXT NOT NULL,
    api_key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    -- A day, as 2027-03-01.
    ends_on TEXT NOT NULL,
    PRIMARY KEY (organization_id, api_key_id)
);
CREATE INDEX membership_years_key ON membership_years (api_key_id);
