//! Certificates as those see them who use them: one's own, and those that the root organization lends now.
//!
//! As with keys, what is found rests on the share as it stands in the transaction. Seeing a lent certificate, and putting it
//! into a profile or a signing set, does not reach its private key; [`Tx::secret_of_certificate`] does, and is for what hands
//! it out, after [`Tx::lock_certificate_to_use`] in the same transaction.

use domain::share::own;
use domain::{CertificateId, HeldCertificate, OrgId, Permit, Shareable, UsePermit};
use jiff::Timestamp;
use vault::{Place, Sealed};

use super::certificate;
use crate::sql::args;
use crate::{Result, StoreError, Tx};

/// A certificate and the permission to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateToUse {
    /// The certificate, as it is held by its owner.
    pub certificate: HeldCertificate,
    /// The permission.
    pub permit: UsePermit,
}

/// Which certificate it is that may be used.
fn certificate_of(permit: &UsePermit) -> Result<CertificateId> {
    match permit.item() {
        Shareable::Certificate(certificate) => Ok(certificate),
        // No row has this id: a permit for another kind of item opens no certificate.
        Shareable::ApiKey(_) | Shareable::Profile(_) => Err(StoreError::NotFound),
    }
}

impl Tx {
    /// A certificate that the permit's organization may use now, its own or a lent one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for one that is not lent any more.
    pub async fn certificate_to_use(&mut self, permit: &Permit, id: CertificateId, now: Timestamp) -> Result<CertificateToUse> {
        match self.certificate(permit, id).await {
            Ok(certificate) => {
                let permit = own(permit, Shareable::Certificate(id));
                return Ok(CertificateToUse { certificate, permit });
            }
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let parent = permit.tenant().parent.ok_or(StoreError::NotFound)?;
        let found = self.lent_certificates_of(permit, parent, Some(id), now).await?;
        found.into_iter().next().ok_or(StoreError::NotFound)
    }

    /// The same, with the certificate's row kept as it is until this transaction ends: whoever un-shares or removes it comes
    /// before or after. Others who use it do not wait.
    ///
    /// # Errors
    /// As [`Tx::certificate_to_use`].
    pub async fn lock_certificate_to_use(&mut self, permit: &Permit, id: CertificateId, now: Timestamp) -> Result<CertificateToUse> {
        let found = self.certificate_to_use(permit, id, now).await?;
        let statement = self.dialect(
            "SELECT id FROM certificates WHERE id = $2 AND organization_id = $1",
            "SELECT id FROM certificates WHERE organization_id = $1 AND id = $2 FOR SHARE",
        );
        self.row(statement, args![found.permit.owner(), id]).await?;
        // Asked again, because what was waited for is seen only now.
        self.certificate_to_use(permit, id, now).await
    }

    /// The sealed private key of this certificate, and of no other object.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a place that is not this certificate's.
    pub async fn secret_of_certificate(&mut self, permit: &UsePermit, place: &Place<'_>) -> Result<Sealed> {
        let row = self
            .row(
                "SELECT private_key_id FROM certificates WHERE organization_id = $1 AND id = $2",
                args![permit.owner(), certificate_of(permit)?],
            )
            .await?;
        let key = row.get::<Option<String>>("private_key_id")?.ok_or(StoreError::NotFound)?;
        if place.owner != permit.owner().to_string() || place.object != key {
            return Err(StoreError::NotFound);
        }
        if permit.is_lent() {
            self.also_for_ids(&[key]).await?;
        }
        let version = i64::try_from(place.version).map_err(|_| StoreError::NotFound)?;
        let row = self
            .row(
                "SELECT sealed FROM secrets
                 WHERE organization_id = $1 AND kind = $2 AND object_id = $3 AND field = $4 AND version = $5",
                args![permit.owner(), place.kind, place.object, place.field, version],
            )
            .await?;
        Ok(Sealed::from_bytes(row.get("sealed")?))
    }

    /// The certificates that the root organization above lends to the permit's organization now, soonest expiry first;
    /// none in a root.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lent_certificates(&mut self, permit: &Permit, now: Timestamp) -> Result<Vec<CertificateToUse>> {
        match permit.tenant().parent {
            Some(parent) => self.lent_certificates_of(permit, parent, None, now).await,
            None => Ok(Vec::new()),
        }
    }

    async fn lent_certificates_of(
        &mut self,
        permit: &Permit,
        parent: OrgId,
        id: Option<CertificateId>,
        now: Timestamp,
    ) -> Result<Vec<CertificateToUse>> {
        let lent = self.lent(permit, parent, ("certificate", id.map(|id| id.to_string())), now).await?;
        if lent.is_empty() {
            return Ok(Vec::new());
        }
        self.also_for_all(&lent).await?;
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 AND (CAST($3 AS TEXT) IS NULL OR id = $3)
                     AND id IN (SELECT item_id FROM shares WHERE organization_id = $1 AND item_kind = 'certificate'
                                AND target IN ('all', $2))
                 ORDER BY expires_at, id",
                args![parent, permit.organization(), id],
            )
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let certificate = certificate(row)?;
            let item = Shareable::Certificate(certificate.id);
            if let Some(permit) = lent.iter().find(|permit| permit.item() == item) {
                let permit = permit.clone();
                found.push(CertificateToUse { certificate, permit });
            }
        }
        Ok(found)
    }
}
