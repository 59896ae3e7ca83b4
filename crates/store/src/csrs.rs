//! Certificate signing requests, and the private keys that they share with the certificates made of them.
//!
//! A sealed private key belongs to nobody alone: a request and several certificates may name it. So it is looked for with
//! its row held ([`Tx::lock_private_key`]) before something else names it, and goes only when nothing does any more
//! ([`Tx::delete_unneeded_private_key`]).

use domain::{CsrId, HeldCsr, Permit, SecretId};

use crate::sql::{Row, args};
use crate::{Page, Paging, Result, Tx};

/// How cursors of the list call it.
const LIST: &str = "signing requests";

fn csr(row: &Row) -> Result<HeldCsr> {
    Ok(HeldCsr {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        name: row.parse("name")?,
        email: row.parse_opt("email")?,
        country: row.get("country")?,
        pem: row.get("pem")?,
        public_key_fingerprint: row.get("public_key_fingerprint")?,
        private_key: row.parse("private_key_id")?,
        created_by: row.parse("created_by")?,
        created_at: row.time("created_at")?,
        certificates: row.count("certificates")?,
    })
}

impl Tx {
    /// Keeps a request. Its `organization` must be the permit's; what it says of certificates is counted, never stored.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert_csr(&mut self, permit: &Permit, new: &HeldCsr) -> Result<()> {
        self.execute(
            "INSERT INTO csrs (id, organization_id, name, email, country, pem, public_key_fingerprint, private_key_id, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            args![
                new.id,
                permit.organization(),
                new.name.as_str(),
                new.email.as_ref().map(|email| email.as_str()),
                new.country.as_deref(),
                new.pem.as_str(),
                new.public_key_fingerprint.as_str(),
                new.private_key,
                new.created_by,
                new.created_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// A request.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn csr(&mut self, permit: &Permit, id: CsrId) -> Result<HeldCsr> {
        let row = self
            .row(
                "SELECT csrs.*, (SELECT COUNT(*) FROM certificates WHERE organization_id = $1
                     AND certificates.private_key_id = csrs.private_key_id) AS certificates
                 FROM csrs WHERE csrs.organization_id = $1 AND csrs.id = $2",
                args![permit.organization(), id],
            )
            .await?;
        csr(&row)
    }

    /// A request, kept as it is until this transaction ends: whoever completes it and whoever removes it take turns.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn lock_csr(&mut self, permit: &Permit, id: CsrId) -> Result<HeldCsr> {
        let statement = self.dialect(
            "SELECT id FROM csrs WHERE organization_id = $1 AND id = $2",
            "SELECT id FROM csrs WHERE organization_id = $1 AND id = $2 FOR UPDATE",
        );
        self.row(statement, args![permit.organization(), id]).await?;
        self.csr(permit, id).await
    }

    /// The requests of the permit's organization, newest first.
    ///
    /// # Errors
    /// [`crate::StoreError::Cursor`] for a cursor of another list.
    pub async fn csrs(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<HeldCsr>> {
        let rows = self
            .rows(
                "SELECT csrs.*, (SELECT COUNT(*) FROM certificates WHERE organization_id = $1
                     AND certificates.private_key_id = csrs.private_key_id) AS certificates
                 FROM csrs WHERE csrs.organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR csrs.id < $2)
                 ORDER BY csrs.id DESC LIMIT $3",
                args![permit.organization(), paging.behind::<String>(LIST)?, paging.fetch()],
            )
            .await?;
        let items = rows.iter().map(csr).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, paging, LIST, |one| one.id.to_string()))
    }

    /// Takes a request away. Its private key stays until [`Tx::delete_unneeded_private_key`].
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn delete_csr(&mut self, permit: &Permit, id: CsrId) -> Result<()> {
        self.change(
            "DELETE FROM csrs WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }

    /// The sealed private key of this public key (SHA-256 of the SubjectPublicKeyInfo, lower-case hex), if a request or a
    /// certificate here has it. Whatever has it is kept as it is until this transaction ends.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock_private_key(&mut self, permit: &Permit, public_key_fingerprint: &str) -> Result<Option<SecretId>> {
        let statements = [
            self.dialect(
                "SELECT private_key_id FROM csrs WHERE organization_id = $1 AND public_key_fingerprint = $2",
                "SELECT private_key_id FROM csrs WHERE organization_id = $1 AND public_key_fingerprint = $2 ORDER BY id FOR UPDATE",
            ),
            self.dialect(
                "SELECT private_key_id FROM certificates
                 WHERE organization_id = $1 AND public_key_fingerprint = $2 AND private_key_id IS NOT NULL",
                "SELECT private_key_id FROM certificates
                 WHERE organization_id = $1 AND public_key_fingerprint = $2 AND private_key_id IS NOT NULL ORDER BY id FOR UPDATE",
            ),
        ];
        for statement in statements {
            let found = self
                .row_opt(statement, args![permit.organization(), public_key_fingerprint])
                .await?;
            if let Some(row) = found {
                return Ok(Some(row.parse("private_key_id")?));
            }
        }
        Ok(None)
    }

    /// How many requests and certificates have this private key.
    ///
    /// # Errors
    /// What the database says.
    pub async fn holders_of_private_key(&mut self, permit: &Permit, key: SecretId) -> Result<u32> {
        let mut holders = 0;
        for statement in [
            "SELECT COUNT(*) AS number FROM csrs WHERE organization_id = $1 AND private_key_id = $2",
            "SELECT COUNT(*) AS number FROM certificates WHERE organization_id = $1 AND private_key_id = $2",
        ] {
            let row = self.row(statement, args![permit.organization(), key]).await?;
            holders += row.count("number")?;
        }
        Ok(holders)
    }

    /// Destroys a sealed private key of this kind, unless a request or a certificate still has it; answers whether it went.
    ///
    /// # Errors
    /// What the database says.
    pub async fn delete_unneeded_private_key(&mut self, permit: &Permit, kind: &str, key: SecretId) -> Result<bool> {
        let deleted = self
            .execute(
                "DELETE FROM secrets WHERE organization_id = $1 AND kind = $2 AND object_id = $3
                     AND NOT EXISTS (SELECT 1 FROM csrs WHERE organization_id = $1 AND private_key_id = $3)
                     AND NOT EXISTS (SELECT 1 FROM certificates WHERE organization_id = $1 AND private_key_id = $3)",
                args![permit.organization(), kind, key],
            )
            .await?;
        Ok(deleted > 0)
    }
}
