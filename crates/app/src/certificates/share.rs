//! Letting sub-organizations use a certificate, or stopping that.
//!
//! A share is of the whole certificate and says at most when it stops: which apps and features it serves, the profiles say
//! that it is in.

use super::OwnersAct;
use crate::{
    App, Caller, Problem,
    problem::Kind,
    sharing::{Borrower, PanelQuery, Sharing, spread},
};
use domain::{Action, CertificateId, Event, HeldCertificate, OrgId, Permit, ShareLimits, ShareTarget, Shareable};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::Tx;

/// The share panel of a certificate.
#[derive(Debug, Clone)]
pub struct CertificateSharePanel {
    /// The certificate.
    pub certificate: HeldCertificate,
    /// How far it is shared now.
    pub sharing: Sharing,
    /// The share with all; none where the switch is off.
    pub all: Option<ShareLimits>,
    /// A page of the sub-organizations, by name.
    pub sub_organizations: Vec<Borrower>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What to change about the sharing of a certificate. What is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateShareChange {
    /// To share with, and when that stops by itself.
    pub share: Vec<(ShareTarget, Option<Timestamp>)>,
    /// To stop sharing with.
    pub stop: Vec<ShareTarget>,
}

impl App {
    /// With whom a certificate is shared, and with whom it could be.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `lent_certificate`.
    pub async fn certificate_shares(
        &self,
        caller: &Caller,
        org: OrgId,
        id: CertificateId,
        query: &PanelQuery,
    ) -> Result<CertificateSharePanel, Problem> {
        let permit = self.permit_to_share_certificate(caller, org, id).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let certificate = tx.certificate(&permit, id).await?;
        let spread = spread(&mut tx, &permit, Shareable::Certificate(id), query).await?;
        Ok(CertificateSharePanel {
            sharing: self.sharing_of_certificate(&mut tx, &permit, id).await?.unwrap_or_default(),
            certificate,
            all: spread.all,
            sub_organizations: spread.sub_organizations,
            next: spread.next,
        })
    }

    /// Changes with whom a certificate is shared, all of it or nothing. It holds at once.
    ///
    /// # Errors
    /// `not_found`, also for a target that is no sub-organization of this one; `not_allowed`, `lent_certificate`;
    /// `stops_at_past`, `share_contradicts`.
    pub async fn share_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        id: CertificateId,
        change: CertificateShareChange,
    ) -> Result<Sharing, Problem> {
        let permit = self.permit_to_share_certificate(caller, org, id).await?;
        let mut share = BTreeMap::new();
        for (target, stops_at) in change.share {
            if let Some(end) = stops_at.filter(|end| *end <= self.now()) {
                return Err(Problem::field(
                    "stops_at_past",
                    "stops_at",
                    format!("{end} is past, so nothing would be shared. Choose a later day, or stop sharing instead."),
                ));
            }
            let limits = ShareLimits {
                stops_at,
                ..ShareLimits::default()
            };
            share.insert(target, limits);
        }
        let mut tx = self.begin_for(caller, &permit).await?;
        let held = tx.lock_certificate(&permit, id).await?;
        let changed = self
            .reshare(&mut tx, caller, &permit, Shareable::Certificate(id), share, change.stop)
            .await?;
        let name = || held.name.clone();
        let stopped = changed.stopped.into_iter().map(|target| Event::CertificateUnshared {
            certificate: id,
            name: name(),
            target,
        });
        let shared = changed.shared.into_iter().map(|(target, limits)| Event::CertificateShared {
            certificate: id,
            name: name(),
            target,
            limits,
        });
        let events = stopped.chain(shared).collect();
        self.record_all_done(&mut tx, caller, org, events).await?;
        let sharing = self.sharing_of_certificate(&mut tx, &permit, id).await?.unwrap_or_default();
        tx.commit().await?;
        Ok(sharing)
    }

    /// How far the certificates of a root organization are shared; those that are not are absent, and all are below a root.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn shared_certificates(&self, caller: &Caller, org: OrgId) -> Result<BTreeMap<CertificateId, Sharing>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        self.reach_here(&mut tx, &permit).await
    }

    /// How far one certificate is shared; none below a root organization, where nothing can be shared.
    pub(crate) async fn sharing_of_certificate(&self, tx: &mut Tx, permit: &Permit, id: CertificateId) -> Result<Option<Sharing>, Problem> {
        if permit.tenant().parent.is_some() {
            return Ok(None);
        }
        let reach = self.reach_here(tx, permit).await?.remove(&id);
        match reach {
            Some(sharing) => Ok(Some(sharing)),
            None => Ok(Some(Sharing {
                of: tx.sub_organization_count(permit).await?,
                ..Sharing::default()
            })),
        }
    }

    async fn reach_here(&self, tx: &mut Tx, permit: &Permit) -> Result<BTreeMap<CertificateId, Sharing>, Problem> {
        if permit.tenant().parent.is_some() {
            return Ok(BTreeMap::new());
        }
        let reach = tx.reach_of_certificates(permit, self.now()).await?;
        if reach.is_empty() {
            return Ok(BTreeMap::new());
        }
        let of = tx.sub_organization_count(permit).await?;
        let sharing = |reach: store::Reach| Sharing {
            all: reach.all,
            chosen: reach.chosen,
            of,
        };
        Ok(reach.into_iter().map(|(id, reach)| (id, sharing(reach))).collect())
    }

    /// The permit to share, which does not exist below a root organization: there the better answer for a lent certificate
    /// is that it is lent.
    async fn permit_to_share_certificate(&self, caller: &Caller, org: OrgId, id: CertificateId) -> Result<Permit, Problem> {
        let refused = match self.permit(caller, Action::ShareCertificate, org).await {
            Err(problem) if problem.kind == Kind::NotAllowed => problem,
            permit => return permit,
        };
        let tenant = self.inner.store.read().await?.tenant(org).await?;
        let may_edit = tenant.and_then(|tenant| domain::decide(&caller.principal, Action::EditCertificate, tenant).ok());
        let Some(permit) = may_edit.filter(|permit| permit.tenant().parent.is_some()) else {
            return Err(refused);
        };
        match self.own_certificate(caller, &permit, id, OwnersAct::Share).await {
            Err(problem) if problem.kind != Kind::NotFound => Err(problem),
            _ => Err(refused),
        }
    }
}
