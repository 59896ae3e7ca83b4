//! Sharing: a root organization lets sub-organizations *use* an item. Nothing is copied and nothing is sealed anew: a
//! share is authority, so it ends the moment it is taken away.
//!
//! [`lend`] turns the permit of a borrower into a [`UsePermit`] for one item of the owner. The store's functions for
//! using an item take a [`UsePermit`]; those that rename, rotate, share or remove take a [`crate::Permit`] of the owner's
//! organization. So what a borrower must never do does not compile.
//!
//! The surprising thing: where a sub-organization was chosen by itself, that share alone decides, also beside "share with
//! all". Else a limit set for one team would be lifted by a switch that was meant for the others.

use crate::{
    activity::Actor,
    feature::{Feature, Need},
    id::{ApiKeyId, CertificateId, OrgId, ProfileId},
    policy::{Permit, Standing, Subject},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// An item that can be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shareable {
    /// An API key.
    ApiKey(ApiKeyId),
    /// A certificate.
    Certificate(CertificateId),
    /// A provisioning profile.
    Profile(ProfileId),
}

impl Shareable {
    /// The word of its kind in the database.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api-key",
            Self::Certificate(_) => "certificate",
            Self::Profile(_) => "profile",
        }
    }

    /// Its id, as text.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::ApiKey(key) => key.to_string(),
            Self::Certificate(certificate) => certificate.to_string(),
            Self::Profile(profile) => profile.to_string(),
        }
    }

    /// Reads [`Shareable::kind`] and [`Shareable::id`] back; none for a kind that this version does not know.
    #[must_use]
    pub fn read(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "api-key" => id.parse().ok().map(Self::ApiKey),
            "certificate" => id.parse().ok().map(Self::Certificate),
            "profile" => id.parse().ok().map(Self::Profile),
            _ => None,
        }
    }
}

/// With whom an item is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ShareTarget {
    /// All sub-organizations, those of the future included.
    All,
    /// One of them.
    Chosen(OrgId),
}

impl fmt::Display for ShareTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Chosen(organization) => organization.fmt(f),
        }
    }
}

impl FromStr for ShareTarget {
    type Err = crate::id::IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            Ok(Self::All)
        } else {
            text.parse().map(Self::Chosen)
        }
    }
}

impl TryFrom<String> for ShareTarget {
    type Error = crate::id::IdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ShareTarget> for String {
    fn from(target: ShareTarget) -> Self {
        target.to_string()
    }
}

/// An app as a share names it: a bundle identifier, or a whole family of them ending in `.*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppPattern(String);

impl AppPattern {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this bundle identifier is meant. Apple's own wildcards (`com.example.*`) are only let in by a family that
    /// is at least as wide.
    #[must_use]
    pub fn takes_in(&self, identifier: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(family) => identifier.len() > family.len() && identifier.starts_with(family),
            None => identifier == self.0,
        }
    }
}

impl FromStr for AppPattern {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let plain = text.strip_suffix(".*").unwrap_or(text);
        let good = !plain.is_empty()
            && text.len() <= 255
            && plain
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            let found: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
            Err(format!(
                "“{found}” is not a bundle identifier. Write it as com.example.app, or com.example.* for a family."
            ))
        }
    }
}

impl TryFrom<String> for AppPattern {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<AppPattern> for String {
    fn from(pattern: AppPattern) -> Self {
        pattern.0
    }
}

/// What a share leaves out. Empty sets would share nothing, so "everything" is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareLimits {
    /// The features of the table that may be used; none for every one.
    pub features: Option<BTreeSet<Feature>>,
    /// The apps (bundle IDs) that may be seen and worked on; none for every one.
    pub apps: Option<BTreeSet<AppPattern>>,
    /// When it stops by itself.
    pub stops_at: Option<Timestamp>,
}

impl ShareLimits {
    /// Why this need is outside of the share; none when it is inside. A token for Apple would open everything, so it is
    /// never lent.
    #[must_use]
    pub fn refuses(&self, need: &Need) -> Option<String> {
        if matches!(need, Need::MintToken) {
            return Some("A shared key makes no tokens for Apple: they would reach beyond the share. Its owner can make one.".to_owned());
        }
        let (feature, allowed) = (need.feature()?, self.features.as_ref()?);
        (!allowed.contains(&feature)).then(|| {
            format!(
                "The share does not include “{}”. Ask the organization that owns the key for more.",
                feature.title()
            )
        })
    }

    /// Whether this bundle identifier is inside of the share.
    #[must_use]
    pub fn takes_in(&self, identifier: &str) -> bool {
        self.apps
            .as_ref()
            .is_none_or(|apps| apps.iter().any(|app| app.takes_in(identifier)))
    }
}

/// One row of sharing: this item with this target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The root organization whose item it is.
    pub owner: OrgId,
    /// Which item.
    pub item: Shareable,
    /// With whom.
    pub target: ShareTarget,
    /// How much of it.
    pub limits: ShareLimits,
    /// Who shared it.
    pub shared_by: Subject,
    /// When.
    pub shared_at: Timestamp,
}

/// The share that decides for a sub-organization: its own, if there is one, else the one with all; none when that one has
/// stopped, or where there is none.
#[must_use]
pub fn deciding(shares: &[Share], borrower: OrgId, now: Timestamp) -> Option<&Share> {
    let with = |target| shares.iter().find(|share| share.target == target);
    with(ShareTarget::Chosen(borrower))
        .or_else(|| with(ShareTarget::All))
        .filter(|share| share.limits.stops_at.is_none_or(|end| now < end))
}

/// Permission to use one item, one's own or a lent one. Made by [`own`] and [`lend`], and by nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsePermit {
    actor: Actor,
    owner: OrgId,
    item: Shareable,
    user: OrgId,
    limits: Option<ShareLimits>,
    standing: Option<Standing>,
}

impl UsePermit {
    /// Who may.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The organization whose item it is: where its rows are.
    #[must_use]
    pub fn owner(&self) -> OrgId {
        self.owner
    }

    /// The organization that uses it: whose activity it is.
    #[must_use]
    pub fn user(&self) -> OrgId {
        self.user
    }

    /// Which item.
    #[must_use]
    pub fn item(&self) -> Shareable {
        self.item
    }

    /// Whether it belongs to another organization.
    #[must_use]
    pub fn is_lent(&self) -> bool {
        self.owner != self.user
    }

    /// What the share leaves out; none for one's own item.
    #[must_use]
    pub fn limits(&self) -> Option<&ShareLimits> {
        self.limits.as_ref()
    }

    /// On which version of the actor's rights it rests; none for the server itself.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.standing
    }

    /// The same as its owner's, to write down what using an item taught about the item itself, whoever used it.
    #[must_use]
    pub fn as_owners(&self) -> Self {
        Self {
            user: self.owner,
            limits: None,
            ..self.clone()
        }
    }
}

/// One's own item, for whoever has a permit in its organization.
#[must_use]
pub fn own(permit: &Permit, item: Shareable) -> UsePermit {
    UsePermit {
        actor: permit.actor(),
        owner: permit.organization(),
        item,
        user: permit.organization(),
        limits: None,
        standing: permit.standing(),
    }
}

/// An item of the root organization above the permit's, if a share lets it in now. `shares` are all shares of the item.
#[must_use]
pub fn lend(permit: &Permit, item: Shareable, shares: &[Share], now: Timestamp) -> Option<UsePermit> {
    let parent = permit.tenant().parent?;
    let share = deciding(shares, permit.organization(), now).filter(|share| share.owner == parent && share.item == item)?;
    Some(UsePermit {
        actor: permit.actor(),
        owner: parent,
        item,
        user: permit.organization(),
        limits: Some(share.limits.clone()),
        standing: permit.standing(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Action, Principal, Role, Tenant, decide};
    use std::collections::BTreeMap;

    fn id<T: FromStr<Err: fmt::Debug>>(prefix: &str, n: u8) -> T {
        format!("{prefix}_{n:032x}").parse().unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn share(target: ShareTarget, limits: ShareLimits) -> Share {
        Share {
            owner: id("org", 1),
            item: Shareable::ApiKey(id("key", 1)),
            target,
            limits,
            shared_by: Subject::User(id("user", 1)),
            shared_at: now(),
        }
    }

    fn permit(tenant: Tenant) -> Permit {
        let roles = BTreeMap::from([(tenant.id, BTreeSet::from([Role::Owner]))]);
        let person = Principal::new(Actor::Person { user: id("user", 2) }, roles);
        decide(&person, Action::SeeSigning, tenant).unwrap()
    }

    fn stopped() -> ShareLimits {
        ShareLimits {
            stops_at: Some(now()),
            ..ShareLimits::default()
        }
    }

    #[test]
    fn an_item_is_lent_to_those_below_its_owner_and_to_nobody_else() {
        let key = Shareable::ApiKey(id("key", 1));
        let all = [share(ShareTarget::All, ShareLimits::default())];
        let lent = lend(&permit(Tenant::below(id("org", 1), id("org", 2))), key, &all, now()).unwrap();
        assert_eq!((lent.owner(), lent.user(), lent.is_lent()), (id("org", 1), id("org", 2), true));
        for stranger in [
            Tenant::root(id("org", 2)),
            Tenant::below(id("org", 9), id("org", 2)),
            Tenant::root(id("org", 1)),
        ] {
            assert_eq!(lend(&permit(stranger), key, &all, now()), None);
        }
        let other = Shareable::ApiKey(id("key", 2));
        assert_eq!(lend(&permit(Tenant::below(id("org", 1), id("org", 2))), other, &all, now()), None);
    }

    #[test]
    fn a_share_of_its_own_decides_for_a_sub_organization() {
        let chosen = ShareTarget::Chosen(id("org", 2));
        let limited = ShareLimits {
            features: Some(BTreeSet::from([Feature::Profiles])),
            ..ShareLimits::default()
        };
        let shares = [share(ShareTarget::All, ShareLimits::default()), share(chosen, limited)];
        assert!(deciding(&shares, id("org", 2), now()).unwrap().limits.features.is_some());
        assert!(deciding(&shares, id("org", 3), now()).unwrap().limits.features.is_none());
        // Stopped for one, it is stopped for this one, whatever holds for the others.
        let shares = [share(ShareTarget::All, ShareLimits::default()), share(chosen, stopped())];
        assert_eq!(deciding(&shares, id("org", 2), now()), None);
        assert!(deciding(&shares, id("org", 3), now()).is_some());
    }

    #[test]
    fn an_item_reads_back_and_an_unknown_kind_is_none() {
        for item in [
            Shareable::ApiKey(id("key", 7)),
            Shareable::Certificate(id("cert", 7)),
            Shareable::Profile(id("prof", 7)),
        ] {
            assert_eq!(Shareable::read(item.kind(), &item.id()), Some(item));
        }
        assert_eq!(Shareable::read("api-key", "cert_1"), None);
        assert_eq!(Shareable::read("moon", &Shareable::ApiKey(id("key", 7)).id()), None);
    }

    #[test]
    fn limits_say_what_they_leave_out() {
        let limits = ShareLimits {
            features: Some(BTreeSet::from([Feature::Profiles])),
            apps: Some(BTreeSet::from([
                "com.example.app".parse().unwrap(),
                "com.example.kit.*".parse().unwrap(),
            ])),
            stops_at: None,
        };
        assert_eq!(
            limits.refuses(&Need::Read {
                feature: Feature::Profiles
            }),
            None
        );
        let why = limits
            .refuses(&Need::Read {
                feature: Feature::Certificates,
            })
            .unwrap();
        assert!(why.contains("Create / download certificates"), "{why}");
        assert!(ShareLimits::default().refuses(&Need::MintToken).is_some());
        for (identifier, inside) in [
            ("com.example.app", true),
            ("com.example.app.extension", false),
            ("com.example.kit.one", true),
            ("com.example.kit.*", true),
            ("com.example.kit", false),
            ("com.example.*", false),
        ] {
            assert_eq!(limits.takes_in(identifier), inside, "{identifier}");
        }
        for wrong in ["", "*", ".*", "com..app", "com.example.a*", "com.exa mple"] {
            assert!(wrong.parse::<AppPattern>().is_err(), "{wrong}");
        }
    }
}
