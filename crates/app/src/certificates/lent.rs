//! Certificates that the root organization lends, and what only their owner can do.
//!
//! A borrower sees a lent certificate and uses it, in a profile or a signing set. That it cannot be renamed, downloaded,
//! passed on or removed is held by the store, whose functions for these acts look in the permit's own organization; here it
//! is put into words, because "not found" for what stands in one's own list would help nobody.

use crate::{App, Caller, Problem, keys::with_article, problem::Kind};
use domain::{Action, CertificateId, Event, HeldCertificate, OrgId, Outcome, Permit};
use jiff::Timestamp;
use store::StoreError;

/// An act that a share does not include.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnersAct {
    /// Another name.
    Rename,
    /// Taking it away as a file.
    Download,
    /// Passing it on.
    Share,
    /// Taking it away.
    Remove,
    /// Replacing it by a new one.
    Renew,
}

impl OwnersAct {
    /// What its owner must be allowed to.
    fn action(self) -> Action {
        match self {
            Self::Rename => Action::EditCertificate,
            Self::Download => Action::DownloadCertificate,
            Self::Share => Action::ShareCertificate,
            Self::Remove => Action::RemoveCertificate,
            Self::Renew => Action::CreateCertificate,
        }
    }

    /// As it is recorded when it was refused.
    fn words(self) -> &'static str {
        match self {
            Self::Rename => "rename a certificate that is lent to it",
            Self::Download => "download a certificate that is lent to it",
            Self::Share => "pass on a certificate that is lent to it",
            Self::Remove => "remove a certificate that is lent to it",
            Self::Renew => "renew a certificate that is lent to it",
        }
    }

    /// Why not, in one sentence.
    fn why(self) -> &'static str {
        match self {
            Self::Rename => "The name is the same in every organization that uses it.",
            Self::Download => "A shared certificate is used here and does not leave.",
            Self::Share => "A shared item cannot be passed on.",
            Self::Remove => "It is not yours to remove; who owns it can stop sharing it with you.",
            Self::Renew => "Its owner renews it for everybody who uses it.",
        }
    }
}

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

    /// A certificate of the permit's own organization, for an act of its owner. That it is only lent is told and recorded.
    pub(crate) async fn own_certificate(
        &self,
        caller: &Caller,
        permit: &Permit,
        id: CertificateId,
        act: OwnersAct,
    ) -> Result<HeldCertificate, Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        match tx.certificate(permit, id).await {
            Err(StoreError::NotFound) => {}
            found => return Ok(found?),
        }
        let lent = tx.certificate_to_use(permit, id, self.now()).await?;
        let owner = tx.owner_of(&lent.permit).await?.name;
        drop(tx);
        let event = Event::AccessDenied {
            what: act.words().to_owned(),
        };
        let mut tx = self.inner.store.begin().await?;
        let record = self.activity_record(caller, Some(permit.organization()), event, Outcome::Denied);
        tx.record(&record).await?;
        tx.commit().await?;
        Err(Problem::new(
            Kind::NotAllowed,
            "lent_certificate",
            format!(
                "“{}” belongs to {owner}, and only there this can be done, by {}. {}",
                lent.certificate.name,
                with_article(&act.action().needed_role().title()),
                act.why()
            ),
        ))
    }
}
