//! Certificates that an organization holds here.

mod automatic;
mod list;
mod usable;

use domain::name::folded;
use domain::{ApiKeyId, CertificateId, CertificateType, HeldCertificate, ItemOrigin, OrgId, Permit, SecretId};
use jiff::Timestamp;

use crate::sql::{Arg, Row, args};
use crate::{Conflict, Result, Tx};

pub use list::{CertificateFilter, CertificateOrder};
pub use usable::CertificateToUse;

/// A certificate held here, by what Apple's list can be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCertificate {
    /// Its id here.
    pub id: CertificateId,
    /// SHA-256 of the public key, lower-case hex.
    pub public_key_fingerprint: String,
    /// Serial number, upper-case hex.
    pub serial: String,
    /// Created, fetched or uploaded.
    pub origin: ItemOrigin,
    /// Whether Russet has its private key.
    pub key_held: bool,
}

impl From<HeldCertificate> for KnownCertificate {
    fn from(held: HeldCertificate) -> Self {
        Self {
            id: held.id,
            key_held: held.private_key.is_some(),
            public_key_fingerprint: held.public_key_fingerprint,
            serial: held.serial,
            origin: held.origin,
        }
    }
}

/// How many certificates one statement asks for.
const AT_ONCE: usize = 20;

/// Apple's id; the column is empty where it is not known.
fn apple_id(row: &Row) -> Result<Option<String>> {
    Ok(Some(row.get::<String>("apple_id")?).filter(|id| !id.is_empty()))
}

pub(crate) fn certificate(row: &Row) -> Result<HeldCertificate> {
    Ok(HeldCertificate {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        api_key: row.parse_opt("api_key_id")?,
        apple_id: apple_id(row)?,
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
        revoked_at: row.time_opt("revoked_at")?,
    })
}

impl Tx {
    /// Keeps a certificate. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// [`Conflict::Certificate`] when the organization holds this very certificate.
    pub async fn insert_certificate(&mut self, permit: &Permit, new: &HeldCertificate) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO certificates (id, organization_id, api_key_id, apple_id, certificate_type, name, folded, serial,
                     public_key_fingerprint, sha1, team_id, der, expires_at, origin, private_key_id, added_at, revoked_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.api_key,
                    new.apple_id.as_deref().unwrap_or_default(),
                    new.certificate_type.as_str(),
                    new.name.as_str(),
                    folded(&new.name),
                    new.serial.as_str(),
                    new.public_key_fingerprint.as_str(),
                    new.sha1.as_str(),
                    new.team_id.as_ref().map(|team| team.as_str()),
                    new.der.as_slice(),
                    new.expires_at,
                    new.origin.as_str(),
                    new.private_key,
                    new.added_at,
                    new.revoked_at,
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

    /// Which of these certificates are held here: `known` are the fingerprints of public keys or the serial numbers of
    /// some, as one list at Apple has them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates_known_by(&mut self, permit: &Permit, known: &[String]) -> Result<Vec<KnownCertificate>> {
        let mut found = Vec::new();
        for some in known.chunks(AT_ONCE) {
            let mut args = args![permit.organization()];
            // A statement has a fixed number of places; those left over ask for the last one again.
            args.extend(
                (0..AT_ONCE)
                    .filter_map(|n| some.get(n).or(some.last()))
                    .map(|text| Arg::from(text.as_str())),
            );
            let rows = self
                .rows(
                    "SELECT id, public_key_fingerprint, serial, origin, private_key_id FROM certificates
                     WHERE organization_id = $1 AND public_key_fingerprint IN
                         ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
                     UNION SELECT id, public_key_fingerprint, serial, origin, private_key_id FROM certificates
                     WHERE organization_id = $1 AND serial IN
                         ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
                    args,
                )
                .await?;
            for row in rows {
                found.push(KnownCertificate {
                    id: row.parse("id")?,
                    public_key_fingerprint: row.get("public_key_fingerprint")?,
                    serial: row.get("serial")?,
                    origin: row.parse("origin")?,
                    key_held: row.get::<Option<String>>("private_key_id")?.is_some(),
                });
            }
        }
        Ok(found)
    }

    /// What the certificates are called that were made or fetched through a key, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificate_names_of_key(&mut self, permit: &Permit, key: ApiKeyId) -> Result<Vec<String>> {
        let rows = self
            .rows(
                "SELECT name FROM certificates WHERE organization_id = $1 AND api_key_id = $2 ORDER BY id",
                args![permit.organization(), key],
            )
            .await?;
        rows.iter().map(|row| row.get("name")).collect()
    }

    /// The certificates that have this private key, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates_of_private_key(&mut self, permit: &Permit, key: SecretId) -> Result<Vec<HeldCertificate>> {
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 AND private_key_id = $2 ORDER BY id",
                args![permit.organization(), key],
            )
            .await?;
        rows.iter().map(certificate).collect()
    }

    /// What a certificate of the organization is called, and when it ends.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn certificate_end(&mut self, organization: OrgId, id: CertificateId) -> Result<(String, Timestamp)> {
        let row = self
            .row(
                "SELECT name, expires_at FROM certificates WHERE organization_id = $1 AND id = $2",
                args![organization, id],
            )
            .await?;
        Ok((row.get("name")?, row.time("expires_at")?))
    }

    /// The certificates with a private key that were taken in at that moment or later, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates_since(&mut self, permit: &Permit, since: Timestamp) -> Result<Vec<HeldCertificate>> {
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 AND added_at >= $2 AND private_key_id IS NOT NULL ORDER BY id",
                args![permit.organization(), since],
            )
            .await?;
        rows.iter().map(certificate).collect()
    }

    /// The types of the certificates that are held with a private key and end after that moment.
    ///
    /// # Errors
    /// What the database says.
    pub async fn types_to_sign_with(&mut self, permit: &Permit, now: Timestamp) -> Result<Vec<CertificateType>> {
        let rows = self
            .rows(
                "SELECT DISTINCT certificate_type FROM certificates
                 WHERE organization_id = $1 AND private_key_id IS NOT NULL AND expires_at > $2 AND revoked_at IS NULL
                 ORDER BY certificate_type",
                args![permit.organization(), now],
            )
            .await?;
        rows.iter()
            .map(|row| Ok(CertificateType::of_apple(row.get::<String>("certificate_type")?)))
            .collect()
    }

    /// Notes that a certificate was revoked at Apple.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn note_revoked(&mut self, permit: &Permit, id: CertificateId, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE certificates SET revoked_at = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, at],
        )
        .await
    }

    /// Gives a certificate the private key that it lacked.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`], also for one that has a private key.
    pub async fn join_private_key(&mut self, permit: &Permit, id: CertificateId, key: SecretId) -> Result<()> {
        self.change(
            "UPDATE certificates SET private_key_id = $3 WHERE organization_id = $1 AND id = $2 AND private_key_id IS NULL",
            args![permit.organization(), id, key],
        )
        .await
    }

    /// Notes what a certificate is called in the account, and the key that it was seen through, where neither was known.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`], also where Apple's id is known already.
    pub async fn set_apple_id(&mut self, permit: &Permit, id: CertificateId, apple_id: &str, seen_through: ApiKeyId) -> Result<()> {
        self.change(
            "UPDATE certificates SET apple_id = $3, api_key_id = $4 WHERE organization_id = $1 AND id = $2 AND apple_id = ''",
            args![permit.organization(), id, apple_id, seen_through],
        )
        .await
    }

    /// A certificate, kept as it is until this transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn lock_certificate(&mut self, permit: &Permit, id: CertificateId) -> Result<HeldCertificate> {
        let statement = self.dialect(
            "SELECT * FROM certificates WHERE id = $2 AND organization_id = $1",
            "SELECT * FROM certificates WHERE organization_id = $1 AND id = $2 FOR UPDATE",
        );
        certificate(&self.row(statement, args![permit.organization(), id]).await?)
    }

    /// Gives a certificate another name.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn rename_certificate(&mut self, permit: &Permit, id: CertificateId, name: &str) -> Result<()> {
        self.change(
            "UPDATE certificates SET name = $3, folded = $4 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, name, folded(name)],
        )
        .await
    }

    /// Takes a certificate away. Its private key stays until [`Tx::delete_unneeded_private_key`].
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn delete_certificate(&mut self, permit: &Permit, id: CertificateId) -> Result<()> {
        self.change(
            "DELETE FROM certificates WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }
}
