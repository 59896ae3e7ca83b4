//! Letting sub-organizations use a certificate or a profile, or stopping that.

use super::{OwnersAct, SigningItem};
use crate::{
    App, Caller, Problem,
    problem::Kind,
    sharing::{Borrower, PanelQuery, Sharing, TARGETS_MOST, spread},
};
use domain::{Action, Event, OrgId, Permit, ShareLimits, ShareTarget};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::Tx;

/// The share panel of a certificate or a profile.
#[derive(Debug, Clone)]
pub struct ItemSharePanel {
    /// Which one.
    pub item: SigningItem,
    /// What it is called, which sub-organizations see.
    pub name: String,
    /// How far it is shared now.
    pub sharing: Sharing,
    /// The share with all; none where the switch is off.
    pub all: Option<ShareLimits>,
    /// A page of the sub-organizations, by name.
    pub sub_organizations: Vec<Borrower>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What to change about the sharing of an item. What is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemShareChange {
    /// To share with, and when that stops by itself.
    pub share: Vec<(ShareTarget, Option<Timestamp>)>,
    /// To stop sharing with.
    pub stop: Vec<ShareTarget>,
}

impl App {
    /// With whom a certificate or a profile is shared, and with whom it could be.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `lent_certificate`, `lent_profile`.
    pub async fn item_shares(&self, caller: &Caller, org: OrgId, item: SigningItem, query: &PanelQuery) -> Result<ItemSharePanel, Problem> {
        let permit = self.permit_to_share_item(caller, org, item).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let name = match item {
            SigningItem::Certificate(id) => tx.certificate(&permit, id).await?.name,
            SigningItem::Profile(id) => tx.profile(&permit, id).await?.name,
        };
        let spread = spread(&mut tx, &permit, item.shareable(), query).await?;
        Ok(ItemSharePanel {
            item,
            name,
            sharing: self.sharing_of_item(&mut tx, &permit, item).await?.unwrap_or_default(),
            all: spread.all,
            sub_organizations: spread.sub_organizations,
            next: spread.next,
        })
    }

    /// Changes with whom a certificate or a profile is shared, all of it or nothing. It holds at once.
    ///
    /// # Errors
    /// `not_found`, also for a target that is no sub-organization of this one; `not_allowed`, `lent_certificate`,
    /// `lent_profile`; `stops_at_past`, `share_contradicts`, `too_many_shares`.
    pub async fn share_item(&self, caller: &Caller, org: OrgId, item: SigningItem, change: ItemShareChange) -> Result<Sharing, Problem> {
        let permit = self.permit_to_share_item(caller, org, item).await?;
        let named = change.share.len() + change.stop.len();
        if named > TARGETS_MOST {
            return Err(crate::sharing::too_many(named));
        }
        let share = self.with_ends(change.share)?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let name = lock(&mut tx, &permit, item).await?;
        let changed = self.reshare(&mut tx, caller, &permit, item.shareable(), share, change.stop).await?;
        let stopped = changed.stopped.into_iter().map(|target| unshared(item, &name, target));
        let shared = changed
            .shared
            .into_iter()
            .map(|(target, limits)| shared(item, &name, target, limits));
        let events = stopped.chain(shared).collect();
        self.record_all_done(&mut tx, caller, org, events).await?;
        let sharing = self.sharing_of_item(&mut tx, &permit, item).await?.unwrap_or_default();
        tx.commit().await?;
        Ok(sharing)
    }

    fn with_ends(&self, share: Vec<(ShareTarget, Option<Timestamp>)>) -> Result<BTreeMap<ShareTarget, ShareLimits>, Problem> {
        let with_end = |(target, stops_at): (ShareTarget, Option<Timestamp>)| {
            if let Some(end) = stops_at.filter(|end| *end <= self.now()) {
                return Err(crate::sharing::stops_at_past(end));
            }
            let limits = ShareLimits {
                stops_at,
                ..ShareLimits::default()
            };
            Ok((target, limits))
        };
        share.into_iter().map(with_end).collect()
    }

    /// The permit to share, which does not exist below a root organization: there the better answer for a lent item is that
    /// it is lent.
    async fn permit_to_share_item(&self, caller: &Caller, org: OrgId, item: SigningItem) -> Result<Permit, Problem> {
        let refused = match self.permit(caller, item.sharing(), org).await {
            Err(problem) if problem.kind == Kind::NotAllowed => problem,
            permit => return permit,
        };
        let manages = match item {
            SigningItem::Certificate(_) => Action::EditCertificate,
            SigningItem::Profile(_) => Action::EditProfiles,
        };
        let tenant = self.inner.store.read().await?.tenant(org).await?;
        let may_edit = tenant.and_then(|tenant| domain::decide(&caller.principal, manages, tenant).ok());
        let Some(permit) = may_edit.filter(|permit| permit.tenant().parent.is_some()) else {
            return Err(refused);
        };
        match self.own_item(caller, &permit, item, OwnersAct::Share).await {
            Err(problem) if problem.kind != Kind::NotFound => Err(problem),
            _ => Err(refused),
        }
    }
}

/// Holds the item's row: who uses it at this moment comes before or after. Its name.
async fn lock(tx: &mut Tx, permit: &Permit, item: SigningItem) -> Result<String, Problem> {
    Ok(match item {
        SigningItem::Certificate(id) => tx.lock_certificate(permit, id).await?.name,
        SigningItem::Profile(id) => tx.lock_profile(permit, id).await?.name,
    })
}

fn shared(item: SigningItem, name: &str, target: ShareTarget, limits: ShareLimits) -> Event {
    let name = name.to_owned();
    match item {
        SigningItem::Certificate(certificate) => Event::CertificateShared {
            certificate,
            name,
            target,
            limits,
        },
        SigningItem::Profile(profile) => Event::ProfileShared {
            profile,
            name,
            target,
            limits,
        },
    }
}

fn unshared(item: SigningItem, name: &str, target: ShareTarget) -> Event {
    let name = name.to_owned();
    match item {
        SigningItem::Certificate(certificate) => Event::CertificateUnshared { certificate, name, target },
        SigningItem::Profile(profile) => Event::ProfileUnshared { profile, name, target },
    }
}
