//! An App Store Connect API key as Russet knows it: everything about it but the private key.

use crate::{
    activity::Actor,
    feature::{Feature, Need},
    health::KeyHealth,
    id::{ApiKeyId, OrgId},
    name::ItemName,
    policy::Subject,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// What kind of key it is; decides the token's claims, the host and what the key can be used for (facts A1, A4, A5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Of a team in App Store Connect; sees all apps.
    Team,
    /// Of one person in App Store Connect; no provisioning.
    Individual,
    /// Of the Apple Developer Enterprise Program; provisioning only.
    Enterprise,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Team, Self::Individual, Self::Enterprise];

    /// The word in the API and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Individual => "individual",
            Self::Enterprise => "enterprise",
        }
    }

    /// Whether tokens of this kind name an issuer.
    #[must_use]
    pub fn needs_issuer(self) -> bool {
        !matches!(self, Self::Individual)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("“{text}” is not a kind of key. It is one of: team, individual, enterprise."))
    }
}

/// A role that a key was given in App Store Connect (facts B1: the seven that a team key can have).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppleRole {
    /// Admin
    Admin,
    /// App Manager
    AppManager,
    /// Developer
    Developer,
    /// Finance
    Finance,
    /// Sales (shown by Apple as "Sales and Reports")
    Sales,
    /// Marketing
    Marketing,
    /// Customer Support
    CustomerSupport,
}

impl AppleRole {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Admin,
        Self::AppManager,
        Self::Developer,
        Self::Finance,
        Self::Sales,
        Self::Marketing,
        Self::CustomerSupport,
    ];

    /// The word in the API and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::AppManager => "app-manager",
            Self::Developer => "developer",
            Self::Finance => "finance",
            Self::Sales => "sales",
            Self::Marketing => "marketing",
            Self::CustomerSupport => "customer-support",
        }
    }

    /// Apple's name of the role.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::AppManager => "App Manager",
            Self::Developer => "Developer",
            Self::Finance => "Finance",
            Self::Sales => "Sales",
            Self::Marketing => "Marketing",
            Self::CustomerSupport => "Customer Support",
        }
    }
}

impl fmt::Display for AppleRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

impl FromStr for AppleRole {
    type Err = String;
    /// Takes `app-manager`, `APP_MANAGER` and `App Manager` alike.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_lowercase().replace(['_', ' '], "-");
        Self::ALL.into_iter().find(|role| role.as_str() == wanted).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("“{text}” is not a role that a key can have. It is one of: {}.", known.join(", "))
        })
    }
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:expr, $explain:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let text = text.trim();
                let check: fn(&str) -> bool = $check;
                let explain: fn(&str) -> String = $explain;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(explain(text)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn ten_upper_alphanumerics(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

checked_text!(
    /// Apple's Key ID: 10 of `A-Z0-9`.
    AppleKeyId,
    ten_upper_alphanumerics,
    |text| format!(
        "This Key ID has {} characters or others than A to Z and 0 to 9; a Key ID has 10. Copy it from the row of the key in App Store Connect, or from the file name AuthKey_<Key ID>.p8.",
        text.chars().count()
    )
);

checked_text!(
    /// Apple's Issuer ID, a UUID by its shape; its version is not insisted on.
    IssuerId,
    |text| text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
    |text| if text.is_empty() {
        "The Issuer ID is missing. Copy it from above the list of keys in App Store Connect, Users and Access, Integrations.".to_owned()
    } else {
        format!(
            "This is {} characters; an Issuer ID has 36, like 57246542-96fe-1a63-e053-0824d011072a. Copy it from above the list of keys.",
            text.chars().count()
        )
    }
);

checked_text!(
    /// An Apple team ID, as it stands in the OU of a certificate's subject.
    TeamId,
    ten_upper_alphanumerics,
    |_| "A team ID has 10 characters, A to Z and 0 to 9.".to_owned()
);

/// Who used a key last, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    /// The person, token or job.
    pub by: Actor,
    /// What it was used for.
    pub need: Need,
    /// When.
    pub at: Timestamp,
}

/// An API key held by an organization. The private key is not here: it is a sealed secret of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id here.
    pub id: ApiKeyId,
    /// The organization that owns it.
    pub organization: OrgId,
    /// What people call it.
    pub name: ItemName,
    /// Team, individual or enterprise.
    pub kind: KeyKind,
    /// Apple's Key ID.
    pub key_id: AppleKeyId,
    /// Apple's Issuer ID; absent for individual keys.
    pub issuer_id: Option<IssuerId>,
    /// Roles that a person entered; empty means unknown.
    pub roles: BTreeSet<AppleRole>,
    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER), lower-case hex.
    pub fingerprint: String,
    /// Learnt from the OU of a certificate's subject, unknown until the account shows one.
    pub team_id: Option<TeamId>,
    /// What the last conclusive check said.
    pub health: KeyHealth,
    /// Since when it says so.
    pub health_since: Timestamp,
    /// The last check, conclusive or not.
    pub last_check: Option<Timestamp>,
    /// When Apple last accepted it.
    pub last_good: Option<Timestamp>,
    /// Features for which an Owner lets a declared "no" pass.
    pub overrides: BTreeSet<Feature>,
    /// 1 at first; each rotation adds one. The sealed private key carries the same number.
    pub generation: u32,
    /// Who added it.
    pub added_by: Subject,
    /// When it was added.
    pub added_at: Timestamp,
    /// Its last use, if any.
    pub last_use: Option<LastUse>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_what_was_found() {
        let found = "ABC".parse::<AppleKeyId>().unwrap_err();
        assert!(found.contains("3 characters"), "{found}");
        let found = "57246542-96fe-1a63".parse::<IssuerId>().unwrap_err();
        assert!(found.contains("18 characters; an Issuer ID has 36"), "{found}");
        // Apple's own example is not an RFC 4122 version.
        assert!("57246542-96fe-1a63-e053-0824d011072a".parse::<IssuerId>().is_ok());
        assert_eq!("APP_MANAGER".parse::<AppleRole>().unwrap(), AppleRole::AppManager);
    }
}
