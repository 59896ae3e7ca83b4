//! All signing sets of an organization, as people look through them: those that miss something first, then those that end
//! soon. That order is in no table, so all of them are read, with four statements however many there are, and a few more where
//! something of them is lent.
//!
//! The other way round, too: the sets that each certificate and each profile is in.

use super::{
    ItemView, SetName, SigningSetView,
    show::{There, view},
};
use crate::{App, Caller, Problem, apple_account::ListQuery, problem::Kind};
use domain::{Action, CertificateId, OrgId, ProfileId, SetItem, SigningSetId, name::folded};
use std::collections::BTreeMap;

/// The sets that were looked for.
#[derive(Debug, Clone)]
pub struct SetsByNeed {
    /// Those that fit: incomplete ones first, then those that end within a day, each by name.
    pub items: Vec<SigningSetView>,
    /// How many there are.
    pub total: usize,
}

/// The sets that each certificate and each profile is in, by name.
#[derive(Debug, Clone, Default)]
pub struct SetsByItem {
    /// Of a certificate; one that is in none is absent.
    pub of_certificate: BTreeMap<CertificateId, Vec<SetName>>,
    /// Of a profile; one that is in none is absent.
    pub of_profile: BTreeMap<ProfileId, Vec<SetName>>,
}

/// The states, those that need somebody first.
const STATES: [&str; 3] = ["incomplete", "ending", "complete"];

impl App {
    /// All signing sets of an organization that fit: by a text in the name or in a bundle identifier, by Apple's type, by
    /// state (`incomplete`, `ending`, `complete`).
    ///
    /// # Errors
    /// `state_unknown`; `not_found`, `not_allowed`.
    pub async fn signing_sets_by_need(&self, caller: &Caller, org: OrgId, query: &ListQuery) -> Result<SetsByNeed, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        if let Some(state) = query.state.as_deref().filter(|state| !STATES.contains(state)) {
            let message = format!("“{state}” is not a state of a signing set. Use incomplete, ending or complete.");
            return Err(Problem::new(Kind::Invalid, "state_unknown", message));
        }
        let mut tx = self.inner.store.read_for(&permit).await?;
        let sets = tx.every_signing_set(&permit).await?;
        let mut items: BTreeMap<SigningSetId, Vec<SetItem>> = BTreeMap::new();
        for (set, item) in tx.items_of_every_set(&permit).await? {
            items.entry(set).or_default().push(item);
        }
        let (now, total) = (self.now(), sets.len());
        let mut there = There::default();
        there.own(tx.certificates_in_sets(&permit).await?, tx.profiles_in_sets(&permit).await?);
        there.lent(&mut tx, &permit, items.values().flatten(), now).await?;
        drop(tx);
        let views = sets.into_iter().map(|set| {
            let items = items.remove(&set.id).unwrap_or_default().into_iter();
            let items = items.map(|item| view(item, &there, &set, now));
            let items: Vec<ItemView> = items.collect();
            SigningSetView { items, set }
        });
        let mut found: Vec<SigningSetView> = views.filter(|view| fits(view, query)).collect();
        found.sort_by_key(|view| STATES.iter().position(|state| *state == view.state()));
        Ok(SetsByNeed { items: found, total })
    }

    /// The sets that each certificate and each profile of an organization is in.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn signing_sets_by_item(&self, caller: &Caller, org: OrgId) -> Result<SetsByItem, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let sets = tx.every_signing_set(&permit).await?;
        let items = tx.items_of_every_set(&permit).await?;
        drop(tx);
        let mut found = SetsByItem::default();
        // In the order of the sets, so that each list is by name.
        for set in sets {
            let name = SetName::from(set);
            for (_, item) in items.iter().filter(|(of, _)| *of == name.id) {
                if let Some(certificate) = item.certificate {
                    add(found.of_certificate.entry(certificate).or_default(), &name);
                }
                if let Some(profile) = item.profile {
                    add(found.of_profile.entry(profile).or_default(), &name);
                }
            }
        }
        Ok(found)
    }
}

/// A set has a certificate for each of its apps, and is named once.
fn add(names: &mut Vec<SetName>, name: &SetName) {
    if names.last() != Some(name) {
        names.push(name.clone());
    }
}

fn fits(view: &SigningSetView, query: &ListQuery) -> bool {
    let search = query.search.as_deref().map(folded);
    let has = |text: &str| search.as_ref().is_none_or(|search| folded(text).contains(search));
    (has(view.set.name.as_str()) || view.items.iter().any(|item| has(&item.identifier)))
        && query.kind.as_deref().is_none_or(|kind| view.set.profile_type.as_str() == kind)
        && query.state.as_deref().is_none_or(|state| view.state() == state)
}
