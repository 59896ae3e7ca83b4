-- Serial numbers of the certificates in a profile, in the order of `certificates`: several certificates may have one public key.
-- NULL for what was taken in before.
ALTER TABLE profiles ADD COLUMN serials TEXT;
