-- The signing report leads by five words at once, and is read by time. What is used below is told to its owner.
CREATE INDEX activity_signing ON activity (organization_id, at, sequence)
    WHERE action IN ('certificate.download', 'certificate.use-below', 'profile.download', 'profile.download-held', 'signing-set.use');
CREATE INDEX activity_root_signing ON activity (root_id, at, sequence)
    WHERE action IN ('certificate.download', 'certificate.use-below', 'profile.download', 'profile.download-held', 'signing-set.use');
