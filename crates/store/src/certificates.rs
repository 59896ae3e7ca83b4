//! Certificates that an organization holds here.

use std::collections::BTreeMap;

use domain::{ApiKeyId, CertificateId, CertificateType, HeldCertificate, Permit};

use crate::sql::{Row, args};
use crate::{Conflict, Page, Paging, Result, Tx};

fn certificate(row: &Row) -> Result<HeldCertificate> {
    Ok(HeldCertificate {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        api_key: row.parse_opt("api_key_id")?,
        apple_id: row.get("apple_id")?,
        certificate_type: CertificateType::of_apple(row.get::<String>("certificate_type")?),
        name: row.get("name")?,
        serial: row.get("serial")?,
        public_key_fingerprint: row.get("public_key_fingerprint")?,
        sha1: row.get("sha1")?,
        team_id: row.parse_opt("team_id")?,
        der: row.get("der")?,
        expires_at: row.time("expires_at")?,
        origin: row.parse("origin")?,
        private_key: row.parse_opt("private_key_id")?,
        added_at: row.time("added_at")?,
    })
}

fn certificates(rows: &[Row]) -> Result<Vec<HeldCertificate>> {
    rows.iter().map(certificate).collect()
}

impl Tx {
    /// Keeps a certificate. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// [`Conflict::Certificate`] when the organization holds this very certificate.
    pub async fn insert_certificate(&mut self, permit: &Permit, new: &HeldCertificate) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO certificates (id, organization_id, api_key_id, apple_id, certificate_type, name, serial,
                     public_key_fingerprint, sha1, team_id, der, expires_at, origin, private_key_id, added_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.api_key,
                    new.apple_id.as_str(),
                    new.certificate_type.as_str(),
                    new.name.as_str(),
                    new.serial.as_str(),
                    new.public_key_fingerprint.as_str(),
                    new.sha1.as_str(),
                    new.team_id.as_ref().map(|team| team.as_str()),
                    new.der.as_slice(),
                    new.expires_at,
                    new.origin.as_str(),
                    new.private_key,
                    new.added_at,
                ],
            )
            .await?;
        if inserted == 0 { Err(Conflict::Certificate.into()) } else { Ok(()) }
    }

    /// A certificate.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn certificate(&mut self, permit: &Permit, id: CertificateId) -> Result<HeldCertificate> {
        let row = self
            .row(
                "SELECT * FROM certificates WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        certificate(&row)
    }

    /// The certificates of an organization, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<HeldCertificate>> {
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id > $2) ORDER BY id LIMIT $3",
                args![permit.organization(), paging.after.as_deref(), paging.fetch()],
            )
            .await?;
        Ok(Page::cut(certificates(&rows)?, paging, |c| c.id.to_string()))
    }

    /// The certificates that end first, for the overview.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates_by_expiry(&mut self, permit: &Permit, most: u32) -> Result<Vec<HeldCertificate>> {
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 ORDER BY expires_at, id LIMIT $2",
                args![permit.organization(), most],
            )
            .await?;
        certificates(&rows)
    }

    /// The certificate with this SHA-1 (upper-case hex), if it is held here.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificate_by_sha1(&mut self, permit: &Permit, sha1: &str) -> Result<Option<HeldCertificate>> {
        let row = self
            .row_opt(
                "SELECT * FROM certificates WHERE organization_id = $1 AND sha1 = $2",
                args![permit.organization(), sha1],
            )
            .await?;
        row.as_ref().map(certificate).transpose()
    }

    /// The certificates whose private key is held here, by the fingerprint of their public key:
    /// what tells "ours" from "somebody's" in Apple's list.
    ///
    /// # Errors
    /// What the database says.
    pub async fn held_keys(&mut self, permit: &Permit) -> Result<BTreeMap<String, CertificateId>> {
        let rows = self
            .rows(
                "SELECT id, public_key_fingerprint FROM certificates
                 WHERE organization_id = $1 AND private_key_id IS NOT NULL ORDER BY id",
                args![permit.organization()],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("public_key_fingerprint")?, row.parse("id")?)))
            .collect()
    }

    /// The certificates that were made or fetched through a key, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates_of_key(&mut self, permit: &Permit, key: ApiKeyId) -> Result<Vec<HeldCertificate>> {
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 AND api_key_id = $2 ORDER BY id",
                args![permit.organization(), key],
            )
            .await?;
        certificates(&rows)
    }
}
