//! Roles: what a person or a token is given in an organization.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// A part of the product that roles are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Module {
    /// Sub-organizations, members, roles, tokens, notifications.
    Organization,
    /// API keys.
    Credentials,
    /// Certificates, profiles, bundle IDs, devices.
    Signing,
    /// Binaries, TestFlight, App Store.
    Publish,
}

impl Module {
    /// All of them, in the order of the sidebar.
    pub const ALL: [Self; 4] = [Self::Organization, Self::Credentials, Self::Signing, Self::Publish];

    /// Its name on pages.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Organization => "Organization",
            Self::Credentials => "Credentials",
            Self::Signing => "Signing",
            Self::Publish => "Publish",
        }
    }
}

/// How much of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Everything in it.
    Manager,
    /// Daily work.
    Operator,
    /// Daily work of somebody from outside.
    ExtOperator,
    /// See.
    Viewer,
}

/// A role held in an organization. Several may be held; the rights add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Role {
    /// Everything.
    Owner,
    /// A grade in a module. Only those of [`Role::ALL`] exist.
    In(Module, Grade),
}

impl Role {
    /// Every role there is, the mightiest first. The daily grades exist in Publish only.
    pub const ALL: [Self; 11] = [
        Self::Owner,
        Self::In(Module::Organization, Grade::Manager),
        Self::In(Module::Organization, Grade::Viewer),
        Self::In(Module::Credentials, Grade::Manager),
        Self::In(Module::Credentials, Grade::Viewer),
        Self::In(Module::Signing, Grade::Manager),
        Self::In(Module::Signing, Grade::Viewer),
        Self::In(Module::Publish, Grade::Manager),
        Self::In(Module::Publish, Grade::Operator),
        Self::In(Module::Publish, Grade::ExtOperator),
        Self::In(Module::Publish, Grade::Viewer),
    ];

    /// The word in the database, the API and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        use {Grade as G, Module as M};
        match self {
            Self::Owner => "owner",
            Self::In(M::Organization, G::Manager) => "organization-manager",
            Self::In(M::Organization, G::Operator) => "organization-operator",
            Self::In(M::Organization, G::ExtOperator) => "organization-ext-operator",
            Self::In(M::Organization, G::Viewer) => "organization-viewer",
            Self::In(M::Credentials, G::Manager) => "credentials-manager",
            Self::In(M::Credentials, G::Operator) => "credentials-operator",
            Self::In(M::Credentials, G::ExtOperator) => "credentials-ext-operator",
            Self::In(M::Credentials, G::Viewer) => "credentials-viewer",
            Self::In(M::Signing, G::Manager) => "signing-manager",
            Self::In(M::Signing, G::Operator) => "signing-operator",
            Self::In(M::Signing, G::ExtOperator) => "signing-ext-operator",
            Self::In(M::Signing, G::Viewer) => "signing-viewer",
            Self::In(M::Publish, G::Manager) => "publish-manager",
            Self::In(M::Publish, G::Operator) => "publish-operator",
            Self::In(M::Publish, G::ExtOperator) => "publish-ext-operator",
            Self::In(M::Publish, G::Viewer) => "publish-viewer",
        }
    }

    /// In words: "Credentials Manager".
    #[must_use]
    pub fn title(self) -> String {
        let Self::In(module, grade) = self else {
            return "Owner".to_owned();
        };
        let grade = match grade {
            Grade::Manager => "Manager",
            Grade::Operator => "Operator",
            Grade::ExtOperator => "Ext. Operator",
            Grade::Viewer => "Viewer",
        };
        format!("{} {grade}", module.title())
    }

    /// Reads [`Role::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether whoever holds this role holds what `other` gives, too. In Publish an Ext. Operator does what a Viewer may
    /// not, and the other way round (they neither download nor read the activity).
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        use Grade as G;
        match (self, other) {
            (Self::Owner, _) => true,
            (_, Self::Owner) => false,
            (Self::In(module, grade), Self::In(wanted_in, wanted)) => {
                module == wanted_in
                    && match grade {
                        G::Manager => true,
                        G::Operator => wanted != G::Manager,
                        G::ExtOperator | G::Viewer => wanted == grade,
                    }
            }
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|role| role.as_str()).collect();
            let found: String = text.chars().take(40).collect();
            format!("“{found}” is not a role. There are: {}.", known.join(", "))
        })
    }
}

impl TryFrom<String> for Role {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.as_str().to_owned()
    }
}

/// Nobody grants what they lack, and nobody takes from others what they could not give: the roles of `wanted` that are
/// not covered by a role of `held`. Empty when all of them may be given or taken.
#[must_use]
pub fn lacking(held: &BTreeSet<Role>, wanted: &BTreeSet<Role>) -> BTreeSet<Role> {
    wanted
        .iter()
        .copied()
        .filter(|wanted| !held.iter().any(|held| held.covers(*wanted)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_and_no_other_exists() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        for unknown in ["emperor", "credentials-operator", "Owner", ""] {
            assert_eq!(Role::parse(unknown), None, "{unknown}");
        }
        assert_eq!(Role::In(Module::Publish, Grade::ExtOperator).title(), "Publish Ext. Operator");
    }

    #[test]
    fn nobody_grants_what_they_lack() {
        let set = |words: &[&str]| words.iter().map(|w| Role::parse(w).unwrap()).collect::<BTreeSet<_>>();
        let managers = set(&["organization-manager", "credentials-manager"]);
        assert_eq!(lacking(&managers, &set(&["credentials-viewer", "organization-manager"])), set(&[]));
        assert_eq!(
            lacking(&managers, &set(&["owner", "signing-viewer"])),
            set(&["owner", "signing-viewer"])
        );
        assert_eq!(lacking(&set(&["owner"]), &Role::ALL.into_iter().collect()), set(&[]));
        let operator = set(&["publish-operator"]);
        assert_eq!(lacking(&operator, &set(&["publish-ext-operator", "publish-viewer"])), set(&[]));
        assert_eq!(
            lacking(&set(&["publish-ext-operator"]), &set(&["publish-viewer"])),
            set(&["publish-viewer"])
        );
        assert_eq!(
            lacking(&set(&["publish-viewer"]), &set(&["publish-ext-operator"])),
            set(&["publish-ext-operator"])
        );
    }
}
