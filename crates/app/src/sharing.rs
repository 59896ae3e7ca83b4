//! Sharing: a root organization lets its sub-organizations use an item. What is alike for all kinds of items is here, with
//! what is said of API keys; certificates and profiles, which are shared whole, have [`crate::lending`].
//!
//! The switch *all* and the chosen sub-organizations are kept apart: each is a row of its own with its own limits, and
//! turning the switch off leaves the chosen ones. A change names only what changes, so that two people who share at the
//! same time do not undo each other's work.
//!
//! Everything in one change is one transaction that holds the item's row, with a record for each target; whoever uses the
//! item at this moment comes before it or after it ([`crate::App`]'s use of keys holds the same row).

use crate::{App, Caller, Problem, activity::Names, problem::Kind};
use domain::{
    Action, ApiKey, ApiKeyId, AppPattern, Event, Feature, ItemName, LastUse, OrgId, Organization, Permit, Share, ShareLimits, ShareTarget,
    Shareable, share::own,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use store::{OrganizationFilter, Paging, SubOrganization, Tx};

/// The most apps that one share is limited to.
const APPS_MOST: usize = 100;

/// The most sub-organizations that one change names: whoever writes next waits for all of them.
pub(crate) const TARGETS_MOST: usize = 1000;

/// How far a key is shared, for a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sharing {
    /// With all sub-organizations.
    pub all: bool,
    /// With so many that were chosen.
    pub chosen: u32,
    /// So many there are.
    pub of: u32,
}

impl Sharing {
    /// Whether anybody is let use it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.all || self.chosen > 0
    }

    /// In words: “All sub-organizations”, “2 of 4”.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self { all: true, .. } => "All sub-organizations".to_owned(),
            Self { chosen: 0, .. } => "Not shared".to_owned(),
            Self { chosen, of, .. } => format!("{chosen} of {of}"),
        }
    }
}

/// The share panel of a key.
#[derive(Debug, Clone)]
pub struct SharePanel {
    /// The key.
    pub key: ApiKey,
    /// How far it is shared now.
    pub sharing: Sharing,
    /// The limits of the share with all; none where the switch is off.
    pub all: Option<ShareLimits>,
    /// A page of the sub-organizations, by name.
    pub sub_organizations: Vec<Borrower>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// Which sub-organizations to show in a share panel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PanelQuery {
    /// With this text in the name.
    pub search: Option<String>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// A sub-organization in the share panel.
#[derive(Debug, Clone)]
pub struct Borrower {
    /// The organization.
    pub organization: Organization,
    /// How many people were given roles in it.
    pub members: u32,
    /// The limits of the share with it; none where it was not chosen by itself.
    pub chosen: Option<ShareLimits>,
    /// Its last use of the key, and by whom.
    pub last_use: Option<(LastUse, String)>,
}

/// How much of an item is to be shared, as entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewLimits {
    /// Words of features; none for every one.
    pub features: Option<Vec<String>>,
    /// Bundle IDs, or families of them ending in `.*`; none for every app.
    pub apps: Option<Vec<String>>,
    /// When it stops by itself.
    pub stops_at: Option<Timestamp>,
}

/// What to change about the sharing of a key. What is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShareChange {
    /// The name to show there.
    pub name: Option<String>,
    /// To share with, or to change the limits of.
    pub share: Vec<(ShareTarget, NewLimits)>,
    /// To stop sharing with.
    pub stop: Vec<ShareTarget>,
}

/// What differs after sharing anew.
#[derive(Default)]
pub(crate) struct Reshared {
    pub(crate) shared: Vec<(ShareTarget, ShareLimits)>,
    pub(crate) stopped: Vec<ShareTarget>,
}

/// With whom an item is shared, and with whom it could be.
pub(crate) struct Spread {
    pub(crate) all: Option<ShareLimits>,
    pub(crate) sub_organizations: Vec<Borrower>,
    pub(crate) next: Option<String>,
}

/// A page of the sub-organizations with what each has of an item.
pub(crate) async fn spread(tx: &mut Tx, permit: &Permit, item: Shareable, query: &PanelQuery) -> Result<Spread, Problem> {
    let shares = tx.shares_of(permit, item).await?;
    let mut limits: BTreeMap<_, _> = shares.into_iter().map(|share| (share.target, share.limits)).collect();
    let filter = OrganizationFilter {
        search: query.search.clone(),
        ..OrganizationFilter::default()
    };
    let paging = Paging {
        after: query.cursor.clone(),
        limit: Paging::MOST,
    };
    let page = tx.sub_organizations(permit, &filter, &paging).await?;
    let borrower = |SubOrganization { organization, members }| Borrower {
        chosen: limits.remove(&ShareTarget::Chosen(organization.id)),
        organization,
        members,
        last_use: None,
    };
    Ok(Spread {
        sub_organizations: page.items.into_iter().map(borrower).collect(),
        next: page.next,
        all: limits.remove(&ShareTarget::All),
    })
}

impl App {
    /// The name of the root organization above, which may lend items; none for a root.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn root_above(&self, caller: &Caller, org: OrgId) -> Result<Option<String>, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        let seen = self.inner.store.read_for(&permit).await?.seen_organization(&permit).await?;
        Ok(seen.parent_name.map(|name| name.to_string()))
    }

    /// With whom a key is shared, and with whom it could be.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `lent_key`.
    pub async fn key_shares(&self, caller: &Caller, org: OrgId, key: ApiKeyId, query: &PanelQuery) -> Result<SharePanel, Problem> {
        let permit = self.permit_to_share(caller, org, key).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let key = tx.key(&permit, key).await?;
        let mut uses = tx.last_uses(&permit, key.id).await?;
        let mut spread = spread(&mut tx, &permit, Shareable::ApiKey(key.id), query).await?;
        let mut names = Names::default();
        for borrower in &mut spread.sub_organizations {
            if let Some(last) = uses.remove(&borrower.organization.id) {
                let by = names.of_actor(&mut tx, last.by).await?;
                borrower.last_use = Some((last, by));
            }
        }
        Ok(SharePanel {
            sharing: self.sharing_of(&mut tx, &permit, key.id).await?.unwrap_or_default(),
            all: spread.all,
            key,
            sub_organizations: spread.sub_organizations,
            next: spread.next,
        })
    }

    /// Changes with whom a key is shared and how much of it, and its name, all of it or nothing. It holds at once, running
    /// jobs included.
    ///
    /// # Errors
    /// `not_found`, also for a target that is no sub-organization of this one; `not_allowed`, `lent_key`; `name_unfit`,
    /// `name_taken`, `features_unfit`, `apps_unfit`, `stops_at_past`, `too_many_shares`.
    pub async fn share_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, change: ShareChange) -> Result<Sharing, Problem> {
        let permit = self.permit_to_share(caller, org, key).await?;
        let name = change
            .name
            .as_deref()
            .map(str::parse::<ItemName>)
            .transpose()
            .map_err(|error| Problem::field("name_unfit", "name", error.to_string()))?;
        if name.is_some() {
            self.permit(caller, Action::EditKey, org).await?;
        }
        let named = change.share.len() + change.stop.len();
        if named > TARGETS_MOST {
            return Err(too_many(named));
        }
        let now = self.now();
        let mut share = BTreeMap::new();
        for (target, limits) in change.share {
            share.insert(target, read_limits(limits, now)?);
        }
        let item = Shareable::ApiKey(key);
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut held = tx.lock_key(&own(&permit, item)).await?;
        let mut events = Vec::new();
        if let Some(name) = name.filter(|name| *name != held.name) {
            events.push(self.rename(&mut tx, &permit, &mut held, name).await?);
        }
        let changed = self.reshare(&mut tx, caller, &permit, item, share, change.stop).await?;
        let name = || held.name.to_string();
        events.extend(
            changed
                .stopped
                .into_iter()
                .map(|target| Event::KeyUnshared { key, name: name(), target }),
        );
        events.extend(changed.shared.into_iter().map(|(target, limits)| Event::KeyShared {
            key,
            name: name(),
            target,
            limits,
        }));
        self.record_all_done(&mut tx, caller, org, events).await?;
        let sharing = self.sharing_of(&mut tx, &permit, key).await?.unwrap_or_default();
        tx.commit().await?;
        Ok(sharing)
    }

    /// Changes with whom an item is shared, in the transaction that holds its row; answers what differs now. A target that is
    /// no sub-organization is not found, also where nothing would change.
    pub(crate) async fn reshare(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        permit: &Permit,
        item: Shareable,
        share: BTreeMap<ShareTarget, ShareLimits>,
        stop: Vec<ShareTarget>,
    ) -> Result<Reshared, Problem> {
        let shared_by = caller
            .principal
            .actor()
            .subject()
            .ok_or_else(|| Problem::internal("an item was shared by nobody"))?;
        let shares = tx.shares_of(permit, item).await?;
        let present: BTreeMap<_, _> = shares.into_iter().map(|share| (share.target, share.limits)).collect();
        let mut changed = Reshared::default();
        for target in stop {
            if let ShareTarget::Chosen(organization) = target {
                tx.sub_organization(permit, organization).await?;
            }
            if share.contains_key(&target) {
                return Err(Problem::new(
                    Kind::Invalid,
                    "share_contradicts",
                    "The same sub-organization is to be shared with and not to be shared with. Name it once.",
                ));
            }
            if tx.take_share(permit, item, target).await? {
                changed.stopped.push(target);
            }
        }
        for (target, limits) in share {
            if let ShareTarget::Chosen(organization) = target {
                tx.sub_organization(permit, organization).await?;
            }
            if present.get(&target) == Some(&limits) {
                continue;
            }
            let new = Share {
                owner: permit.organization(),
                item,
                target,
                limits,
                shared_by,
                shared_at: self.now(),
            };
            tx.put_share(permit, &new).await?;
            changed.shared.push((target, new.limits));
        }
        Ok(changed)
    }

    /// How far one key is shared; none below a root organization, where nothing can be shared.
    pub(crate) async fn sharing_of(&self, tx: &mut Tx, permit: &Permit, key: ApiKeyId) -> Result<Option<Sharing>, Problem> {
        if permit.tenant().parent.is_some() {
            return Ok(None);
        }
        let reach = tx.reach_of_keys(permit, self.now()).await?.remove(&key).unwrap_or_default();
        Ok(Some(Sharing {
            all: reach.all,
            chosen: reach.chosen,
            of: tx.sub_organization_count(permit).await?,
        }))
    }
}

/// The refusal of a change that names too many.
pub(crate) fn too_many(named: usize) -> Problem {
    let message =
        format!("{named} sub-organizations are named, and one change takes at most {TARGETS_MOST}. Share with all, or in several steps.");
    Problem::field("too_many_shares", "share", message)
}

/// The refusal of a share that would be over already.
pub(crate) fn stops_at_past(end: Timestamp) -> Problem {
    let message = format!("{end} is past, so nothing would be shared. Choose a later day, or stop sharing instead.");
    Problem::field("stops_at_past", "stops_at", message)
}

/// Limits out of what was entered. A set that lets nothing through is refused: it would be a share of nothing.
fn read_limits(entered: NewLimits, now: Timestamp) -> Result<ShareLimits, Problem> {
    let features = entered
        .features
        .map(|words| words.iter().map(|word| word.parse::<Feature>()).collect::<Result<BTreeSet<_>, _>>())
        .transpose()
        .map_err(|why| {
            let known: Vec<_> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
            Problem::field("features_unfit", "features", format!("{why}. These are: {}.", known.join(", ")))
        })?;
    if features.as_ref().is_some_and(BTreeSet::is_empty) {
        return Err(Problem::field(
            "features_unfit",
            "features",
            "No feature is chosen, so nothing would be shared. Choose at least one, or do not limit them.",
        ));
    }
    let apps = entered
        .apps
        .map(|words| {
            words
                .iter()
                .map(|word| word.parse::<AppPattern>())
                .collect::<Result<BTreeSet<_>, _>>()
        })
        .transpose()
        .map_err(|why| Problem::field("apps_unfit", "apps", why))?;
    match apps.as_ref().map(BTreeSet::len) {
        Some(0) => {
            return Err(Problem::field(
                "apps_unfit",
                "apps",
                "No app is named, so nothing would be shared. Name at least one, or do not limit them.",
            ));
        }
        Some(many) if many > APPS_MOST => {
            return Err(Problem::field(
                "apps_unfit",
                "apps",
                format!("{many} apps are named, and a share takes at most {APPS_MOST}. Name families, such as com.example.*."),
            ));
        }
        _ => {}
    }
    if let Some(end) = entered.stops_at.filter(|end| *end <= now) {
        return Err(stops_at_past(end));
    }
    Ok(ShareLimits {
        features: features.filter(|chosen| chosen.len() < Feature::ALL.len()),
        apps,
        stops_at: entered.stops_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn code(change: impl FnOnce(&mut NewLimits)) -> &'static str {
        let mut limits = NewLimits::default();
        change(&mut limits);
        read_limits(limits, now()).unwrap_err().code
    }

    #[test]
    fn limits_that_let_nothing_through_are_refused() {
        assert_eq!(code(|l| l.features = Some(vec![])), "features_unfit");
        assert_eq!(code(|l| l.features = Some(vec!["everything".to_owned()])), "features_unfit");
        assert_eq!(code(|l| l.apps = Some(vec![])), "apps_unfit");
        assert_eq!(code(|l| l.apps = Some(vec!["*".to_owned()])), "apps_unfit");
        let many = (0..=APPS_MOST).map(|n| format!("com.example.app{n}")).collect();
        assert_eq!(code(|l| l.apps = Some(many)), "apps_unfit");
        assert_eq!(code(|l| l.stops_at = Some(now())), "stops_at_past");
    }

    #[test]
    fn every_feature_is_no_limit() {
        let words = Feature::ALL.iter().map(|feature| feature.as_str().to_owned()).collect();
        let limits = NewLimits {
            features: Some(words),
            ..NewLimits::default()
        };
        assert_eq!(read_limits(limits, now()).unwrap(), ShareLimits::default());
    }

    #[test]
    fn the_reach_is_told_in_words() {
        let sharing = |all, chosen| Sharing { all, chosen, of: 4 }.words();
        assert_eq!(sharing(true, 1), "All sub-organizations");
        assert_eq!(sharing(false, 2), "2 of 4");
        assert_eq!(sharing(false, 0), "Not shared");
    }
}
