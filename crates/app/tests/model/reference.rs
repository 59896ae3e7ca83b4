//! The reference: who may do what, written down once more from the product's words, as plainly as possible and without
//! a line of the product's own code. Everything is numbers and words here; the test ties them to ids.
//!
//! What each act is answered, and what it changes, is in [`acts`].

mod acts;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use acts::{NewToken, RoleChange};

/// Roles by their words.
pub(crate) type Roles = BTreeSet<&'static str>;

/// The words of the roles, the mightiest first.
pub(crate) const ROLES: [&str; 11] = [
    "owner",
    "organization-manager",
    "organization-viewer",
    "credentials-manager",
    "credentials-viewer",
    "signing-manager",
    "signing-viewer",
    "publish-manager",
    "publish-operator",
    "publish-ext-operator",
    "publish-viewer",
];

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// Somebody in a browser.
    Person(usize),
    /// Somebody by one of their personal tokens.
    Personal(usize),
    /// A token of an organization.
    Token(usize),
}

/// With whom a key is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    All,
    Chosen(usize),
}

/// How a key is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// For these features only.
    pub(crate) features: Option<BTreeSet<&'static str>>,
    /// For these apps only.
    pub(crate) apps: Option<BTreeSet<&'static str>>,
    /// Until this second.
    pub(crate) until: Option<i64>,
}

/// A token of an organization.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) org: usize,
    pub(crate) roles: Roles,
    /// Where it works; none for its own organization and every one below.
    pub(crate) confined: Option<BTreeSet<usize>>,
    pub(crate) ends: i64,
    pub(crate) gone: bool,
}

/// A person's token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Personal {
    pub(crate) owner: usize,
    pub(crate) ends: i64,
    pub(crate) gone: bool,
}

/// Somebody was invited.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    pub(crate) org: usize,
    pub(crate) person: usize,
    pub(crate) roles: Roles,
    /// On whose rights it stands.
    pub(crate) by: Who,
    pub(crate) ends: i64,
    /// The number of the link that works.
    pub(crate) link: usize,
    /// Accepted, revoked, forgotten.
    pub(crate) gone: bool,
}

/// An organization.
#[derive(Debug, Clone)]
pub(crate) struct Org {
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
    pub(crate) deleted: bool,
}

/// Everything that decides.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) orgs: Vec<Org>,
    /// Roles given, by person and organization.
    pub(crate) given: BTreeMap<(usize, usize), Roles>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) personal: Vec<Personal>,
    pub(crate) invitations: Vec<Invitation>,
    /// How many links were made.
    pub(crate) links: usize,
    /// The organizations that the keys belong to.
    pub(crate) keys: Vec<usize>,
    pub(crate) shares: BTreeMap<(usize, Target), Terms>,
    /// The second it is.
    pub(crate) now: i64,
}

const ORGANIZATION: &[&str] = &["organization-manager"];
const ORGANIZATION_SEEN: &[&str] = &["organization-manager", "organization-viewer"];
const CREDENTIALS: &[&str] = &["credentials-manager"];
const SIGNING: &[&str] = &["signing-manager"];
const PUBLISH: &[&str] = &["publish-manager", "publish-operator"];

/// What may be asked for, by the product's words, with the roles that allow it beside Owner.
pub(crate) const ACTS: &[(&str, &[&str])] = &[
    ("see-organization", &ROLES),
    ("rename-organization", ORGANIZATION),
    ("delete-organization", &[]),
    ("see-sub-organizations", ORGANIZATION_SEEN),
    ("manage-sub-organizations", ORGANIZATION),
    ("see-members", ORGANIZATION_SEEN),
    ("manage-members", ORGANIZATION),
    ("see-tokens", ORGANIZATION_SEEN),
    ("manage-tokens", ORGANIZATION),
    ("see-channels", ORGANIZATION_SEEN),
    ("manage-channels", ORGANIZATION),
    ("see-activity", ORGANIZATION_SEEN),
    ("see-activity-below", &[]),
    ("export-activity", ORGANIZATION_SEEN),
    ("verify-activity", ORGANIZATION_SEEN),
    ("see-keys", &["credentials-manager", "credentials-viewer"]),
    ("add-key", CREDENTIALS),
    ("edit-key", CREDENTIALS),
    ("override-feature", &[]),
    ("check-key", CREDENTIALS),
    ("rotate-key", CREDENTIALS),
    ("share-key", CREDENTIALS),
    ("remove-key", CREDENTIALS),
    ("mint-apple-token", CREDENTIALS),
    ("see-signing", &["signing-manager", "signing-viewer"]),
    ("create-certificate", SIGNING),
    ("revoke-certificate", SIGNING),
    ("import-certificate", SIGNING),
    ("edit-certificate", SIGNING),
    ("share-certificate", SIGNING),
    ("remove-certificate", SIGNING),
    ("manage-csrs", SIGNING),
    ("edit-bundle-ids", SIGNING),
    ("edit-devices", SIGNING),
    ("settle-operation", SIGNING),
    ("download-certificate", SIGNING),
    ("share-profile", SIGNING),
    ("download-profile", SIGNING),
    ("edit-profiles", SIGNING),
    ("use-signing-sets", &["signing-manager", "signing-viewer"]),
    ("edit-signing-sets", SIGNING),
    (
        "see-binaries",
        &["publish-manager", "publish-operator", "publish-ext-operator", "publish-viewer"],
    ),
    ("upload-binary", &["publish-manager", "publish-operator", "publish-ext-operator"]),
    ("download-binary", &["publish-manager", "publish-operator", "publish-viewer"]),
    ("set-app-defaults", &["publish-manager"]),
    ("set-binary-retention", &["publish-manager"]),
    ("send-build", PUBLISH),
    ("see-testers", &["publish-manager", "publish-operator", "publish-viewer"]),
    ("edit-testing", PUBLISH),
    (
        "edit-testing-texts",
        &["publish-manager", "publish-operator", "publish-ext-operator"],
    ),
    ("submit-for-beta-review", &["publish-manager"]),
    ("mark-release-candidate", PUBLISH),
];

/// What is done in a root organization only.
const IN_ROOTS: [&str; 7] = [
    "see-sub-organizations",
    "manage-sub-organizations",
    "see-activity-below",
    "share-key",
    "share-certificate",
    "share-profile",
    "delete-organization",
];

/// Whether whoever holds one role holds the other, too.
fn covers(held: &str, wanted: &str) -> bool {
    if held == wanted || held == "owner" {
        return true;
    }
    let module = |role: &str| role.split('-').next().unwrap_or_default().to_owned();
    if wanted == "owner" || module(held) != module(wanted) {
        return false;
    }
    held.ends_with("-manager") || (held == "publish-operator" && wanted != "publish-manager")
}

impl Reference {
    /// Whose rights somebody acts with: a personal token is its owner.
    pub(crate) fn subject(&self, who: Who) -> Who {
        match who {
            Who::Personal(token) => Who::Person(self.personal[token].owner),
            other => other,
        }
    }

    /// Roles given to a person in an organization itself.
    pub(crate) fn given(&self, person: usize, org: usize) -> Roles {
        self.given.get(&(person, org)).cloned().unwrap_or_default()
    }

    /// The roles somebody holds in an organization.
    pub(crate) fn held(&self, who: Who, org: usize) -> Roles {
        if self.orgs[org].deleted {
            return Roles::new();
        }
        let places = [Some(org), self.orgs[org].parent].into_iter().flatten();
        match self.subject(who) {
            Who::Person(person) | Who::Personal(person) => places.flat_map(|place| self.given(person, place)).collect(),
            Who::Token(number) => {
                let token = &self.tokens[number];
                let welcome = token.confined.as_ref().is_none_or(|these| these.contains(&org));
                if welcome && self.lives(who) && places.into_iter().any(|place| place == token.org) {
                    token.roles.clone()
                } else {
                    Roles::new()
                }
            }
        }
    }

    /// Whether they are let in.
    pub(crate) fn lives(&self, who: Who) -> bool {
        match who {
            Who::Person(_) => true,
            Who::Personal(token) => !self.personal[token].gone && self.personal[token].ends > self.now,
            Who::Token(token) => {
                let token = &self.tokens[token];
                !token.gone && token.ends > self.now && !self.orgs[token.org].deleted
            }
        }
    }

    /// When the token ends that they came with.
    pub(crate) fn ends(&self, who: Who) -> Option<i64> {
        match who {
            Who::Person(_) => None,
            Who::Personal(token) => Some(self.personal[token].ends),
            Who::Token(token) => Some(self.tokens[token].ends),
        }
    }

    /// What they are told: yes, no, or that there is nothing.
    pub(crate) fn may(&self, who: Who, act: &str, org: usize) -> &'static str {
        let held = self.held(who, org);
        if held.is_empty() {
            return "not_found";
        }
        let (_, allowed) = ACTS.iter().find(|(word, _)| *word == act).expect("an act of the list");
        let here = !IN_ROOTS.contains(&act) || self.orgs[org].parent.is_none();
        let holds = held.contains("owner") || held.iter().any(|role| allowed.contains(role));
        if here && holds { "yes" } else { "not_allowed" }
    }

    /// Whether they hold all of these, or what covers them.
    pub(crate) fn holds_all(&self, who: Who, org: usize, wanted: &Roles) -> bool {
        // What is given in a root holds below it, where a token that is kept to some organizations holds nothing.
        let is_kept = matches!(who, Who::Token(token) if self.tokens[token].confined.is_some());
        if is_kept && self.orgs[org].parent.is_none() {
            return wanted.is_empty();
        }
        let held = self.held(who, org);
        wanted.iter().all(|wanted| held.iter().any(|held| covers(held, wanted)))
    }

    /// The sub-organizations of a root that are there.
    pub(crate) fn below(&self, root: usize) -> Vec<usize> {
        let numbers = 0..self.orgs.len();
        numbers.filter(|org| self.is_below(root, *org)).collect()
    }

    pub(crate) fn is_below(&self, root: usize, org: usize) -> bool {
        self.orgs[org].parent == Some(root) && !self.orgs[org].deleted
    }

    /// The terms under which an organization works with a key: none when it does not.
    pub(crate) fn terms(&self, key: usize, org: usize) -> Option<Terms> {
        let owner = self.keys[key];
        if owner == org {
            return Some(Terms::default());
        }
        if self.orgs[org].parent != Some(owner) {
            return None;
        }
        // What was agreed with the one goes before what was agreed with all.
        let own = self.shares.get(&(key, Target::Chosen(org)));
        let terms = own.or_else(|| self.shares.get(&(key, Target::All)))?;
        terms.until.is_none_or(|until| self.now < until).then(|| terms.clone())
    }

    /// What somebody finds to choose from in an organization who wants to work on a feature: each key that is there, and
    /// whether it may be tried. None for who may not look.
    pub(crate) fn choices(&self, who: Who, org: usize, feature: &str) -> Option<BTreeMap<usize, bool>> {
        if self.may(who, "see-signing", org) != "yes" {
            return None;
        }
        let there = (0..self.keys.len()).filter_map(|key| Some((key, self.terms(key, org)?)));
        let includes = |terms: &Terms| terms.features.as_ref().is_none_or(|these| these.contains(feature));
        Some(there.map(|(key, terms)| (key, includes(&terms))).collect())
    }

    /// What somebody is told who reads at Apple through a key.
    pub(crate) fn use_key(&self, who: Who, org: usize, key: usize, feature: &str) -> &'static str {
        match self.choices(who, org, feature) {
            None => self.may(who, "see-signing", org),
            Some(keys) => match keys.get(&key) {
                None => "not_found",
                Some(false) => "key_not_usable",
                Some(true) => "yes",
            },
        }
    }
}
