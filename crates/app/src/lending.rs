//! What certificates and profiles have in common as things that a root organization lends: each is shared whole, at most with
//! an end. Which apps it serves, the profiles say; so there is nothing to limit, as there is with API keys.
//!
//! ```text
//! share       with whom it is shared, and changing that             share.rs
//! owner's     what a borrower cannot do with it, in words           owners_act.rs
//! ```
//!
//! A borrower sees a lent item and uses it in a signing set; what is in `inherited_…` beside each kind. That nothing else can be
//! done with it is held by the store, whose functions for these acts look in the permit's own organization.
//!
//! The surprising thing: "use" reaches far. Builds sign on their own machines, so the files of a borrower's signing set have
//! the lent private key in them (`docs/decisions/0015-a-lent-certificate-leaves-in-a-set.md`). That is recorded with the owner,
//! too, and ends with the share.

mod owners_act;
mod share;

pub use owners_act::OwnersAct;
pub use share::{ItemShareChange, ItemSharePanel};

use crate::{App, Caller, Problem, sharing::Sharing};
use domain::{Action, CertificateId, OrgId, Permit, ProfileId, Shareable};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{Reach, Tx};

/// A certificate or a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningItem {
    /// A certificate.
    Certificate(CertificateId),
    /// A provisioning profile.
    Profile(ProfileId),
}

impl SigningItem {
    /// What people call its kind.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Certificate(_) => "certificate",
            Self::Profile(_) => "profile",
        }
    }

    /// What it takes to share it.
    fn sharing(self) -> Action {
        match self {
            Self::Certificate(_) => Action::ShareCertificate,
            Self::Profile(_) => Action::ShareProfile,
        }
    }

    fn shareable(self) -> Shareable {
        match self {
            Self::Certificate(id) => Shareable::Certificate(id),
            Self::Profile(id) => Shareable::Profile(id),
        }
    }
}

/// Whose a lent item is, and until when it is lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lender {
    /// The name of the organization whose it is.
    pub name: String,
    /// When the share stops by itself.
    pub stops_at: Option<Timestamp>,
}

impl App {
    /// How far the certificates of a root organization are shared; those that are not are absent, and all are below a root.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn shared_certificates(&self, caller: &Caller, org: OrgId) -> Result<BTreeMap<CertificateId, Sharing>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let reach = tx.reach_of_certificates(&permit, self.now()).await?;
        sharings(&mut tx, &permit, reach).await
    }

    /// The same of its profiles.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn shared_profiles(&self, caller: &Caller, org: OrgId) -> Result<BTreeMap<ProfileId, Sharing>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let reach = tx.reach_of_profiles(&permit, self.now()).await?;
        sharings(&mut tx, &permit, reach).await
    }

    /// How far one item is shared; none below a root organization, where nothing can be shared.
    pub(crate) async fn sharing_of_item(&self, tx: &mut Tx, permit: &Permit, item: SigningItem) -> Result<Option<Sharing>, Problem> {
        if permit.tenant().parent.is_some() {
            return Ok(None);
        }
        let reach = match item {
            SigningItem::Certificate(id) => tx.reach_of_certificates(permit, self.now()).await?.remove(&id),
            SigningItem::Profile(id) => tx.reach_of_profiles(permit, self.now()).await?.remove(&id),
        };
        let of = tx.sub_organization_count(permit).await?;
        Ok(Some(sharing(reach.unwrap_or_default(), of)))
    }
}

/// Who lends what a permit for its use is for; none for one's own.
pub(crate) async fn lender(tx: &mut Tx, permit: &domain::UsePermit) -> Result<Option<Lender>, Problem> {
    if !permit.is_lent() {
        return Ok(None);
    }
    Ok(Some(Lender {
        name: tx.owner_of(permit).await?.name.to_string(),
        stops_at: permit.limits().and_then(|limits| limits.stops_at),
    }))
}

async fn sharings<I: Ord>(tx: &mut Tx, permit: &Permit, reach: BTreeMap<I, Reach>) -> Result<BTreeMap<I, Sharing>, Problem> {
    if reach.is_empty() {
        return Ok(BTreeMap::new());
    }
    let of = tx.sub_organization_count(permit).await?;
    Ok(reach.into_iter().map(|(id, reach)| (id, sharing(reach, of))).collect())
}

fn sharing(reach: Reach, of: u32) -> Sharing {
    Sharing {
        all: reach.all,
        chosen: reach.chosen,
        of,
    }
}
