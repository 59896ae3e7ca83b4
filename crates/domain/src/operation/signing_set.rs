//! What ensuring a signing set is: what is wanted, what one look at the account shows to be needed, and with that the steps.

use super::{NewBundleId, NewProfile, ProfileRebuild};
use crate::{
    certificate::CertificateType,
    id::{ApiKeyId, CertificateId, ProfileId},
    name::ItemName,
    profile::ProfileType,
};
use serde::{Deserialize, Serialize};

/// A signing set that is to be complete: a plan. Two that are equal are one wish, and are carried out once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetToEnsure {
    /// Through which key.
    pub key: ApiKeyId,
    /// What the set is called.
    pub name: ItemName,
    /// Apple's type of its profiles.
    pub profile_type: ProfileType,
    /// Bundle identifiers, each exact, in the order of the alphabet.
    pub identifiers: Vec<String>,
    /// Whether every bundle ID of the account below one of them belongs to it, too.
    pub with_extensions: bool,
    /// The certificate that it is to have; none takes whichever fits, or a new one.
    pub certificate: Option<CertificateId>,
    /// Whether bundle IDs that the account lacks are registered.
    pub register: bool,
}

impl SetToEnsure {
    /// Whether a bundle identifier belongs to the set because it is below one that is named: an extension's begins with its
    /// app's own and a dot.
    #[must_use]
    pub fn is_below(&self, identifier: &str) -> bool {
        let is_below = |app: &String| identifier.strip_prefix(app.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.with_extensions && !identifier.contains('*') && self.identifiers.iter().any(is_below)
    }
}

/// A look at what a signing set needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSurvey {
    /// For which.
    pub wanted: SetToEnsure,
    /// UUIDs of profiles that are held here: their files need not be read.
    pub held: Vec<String>,
    /// Whether a certificate is held here with its private key that such profiles can have.
    #[serde(default = "yes")]
    pub holds_certificates: bool,
}

/// As it was before it was asked.
fn yes() -> bool {
    true
}

/// The certificate that a signing set needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateNeed {
    /// This one, which is held here with its private key, and Apple's id of it.
    Held(CertificateId, String),
    /// A new one of this type.
    New(CertificateType),
}

/// The profile that a bundle identifier needs. Where one is created, the certificate of the set is still missing in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileNeed {
    /// This one, as it is.
    Held(ProfileId),
    /// This one, built anew under its name.
    Rebuild(Box<ProfileRebuild>),
    /// A new one.
    New(Box<NewProfile>),
}

/// What one bundle identifier needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemNeed {
    /// The identifier.
    pub identifier: String,
    /// The bundle ID to register first, where the account has none.
    pub register: Option<NewBundleId>,
    /// Its profile.
    pub profile: ProfileNeed,
}

/// What a look at the account showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetNeeds {
    /// The certificate.
    pub certificate: CertificateNeed,
    /// Each bundle identifier, in the order of the alphabet.
    pub items: Vec<ItemNeed>,
    /// Why it cannot be: then the rest says nothing.
    pub refused: Option<String>,
}

impl SetNeeds {
    /// That it cannot be.
    #[must_use]
    pub fn refused(why: String) -> Self {
        Self {
            certificate: CertificateNeed::New(CertificateType::of_apple(CertificateType::UNKNOWN)),
            items: Vec::new(),
            refused: Some(why),
        }
    }
}
