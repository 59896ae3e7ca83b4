//! Certificates that the root organization lends, as its borrowers find them.

use crate::{App, Caller, Problem};
use domain::{Action, HeldCertificate, OrgId};
use jiff::Timestamp;

/// A certificate that is lent to an organization.
#[derive(Debug, Clone)]
pub struct InheritedCertificate {
    /// The certificate.
    pub certificate: HeldCertificate,
    /// The name of the organization whose it is.
    pub owner: String,
    /// When the share stops by itself.
    pub stops_at: Option<Timestamp>,
}

impl App {
    /// The certificates that the root organization lends now, soonest expiry first; none in a root.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn inherited_certificates(&self, caller: &Caller, org: OrgId) -> Result<Vec<InheritedCertificate>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let lent = tx.lent_certificates(&permit, self.now()).await?;
        let Some(first) = lent.first() else { return Ok(Vec::new()) };
        let owner = tx.owner_of(&first.permit).await?.name.to_string();
        let inherited = lent.into_iter().map(|lent| InheritedCertificate {
            stops_at: lent.permit.limits().and_then(|limits| limits.stops_at),
            certificate: lent.certificate,
            owner: owner.clone(),
        });
        Ok(inherited.collect())
    }
}
