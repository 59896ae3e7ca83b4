//! Certificates as those see them who use them: one's own, and those that the root organization lends now.
//!
//! As with keys, what is found rests on the share as it stands in the transaction. The private key of a lent certificate
//! stays out of reach here: seeing one, and putting it into a profile or a signing set, needs none.

use domain::share::own;
use domain::{CertificateId, HeldCertificate, OrgId, Permit, Shareable, UsePermit};
use jiff::Timestamp;

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
