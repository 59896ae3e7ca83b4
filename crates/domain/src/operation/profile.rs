//! What acts on profiles are, and the renewal of a certificate, which is mostly that.

use super::Revocation;
use crate::{
    certificate::CertificateType,
    id::{ApiKeyId, CertificateId, ProfileId},
    profile::{DeviceRule, ProfileType},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A profile that is to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewProfile {
    /// Through which key.
    pub key: ApiKeyId,
    /// Its name, unique in the team.
    pub name: String,
    /// Apple's type.
    pub profile_type: ProfileType,
    /// Apple's id of the bundle ID.
    pub bundle_id: String,
    /// Its identifier.
    pub identifier: String,
    /// Apple's ids of the certificates.
    pub certificates: Vec<String>,
    /// Apple's ids of the devices.
    pub devices: Vec<String>,
    /// By which rule these devices were chosen.
    pub device_rule: DeviceRule,
    /// Apple's ids of profiles of this name that were there before: none of them is the one that is created.
    pub before: Vec<String>,
    /// The profile held here that it takes the place of.
    pub profile: Option<ProfileId>,
}

/// A profile that is to be deleted at Apple.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileDeletion {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id.
    pub apple_id: String,
    /// Its name.
    pub name: String,
    /// Apple's type.
    pub profile_type: ProfileType,
    /// The identifier of its bundle ID; none when that was deleted.
    pub identifier: Option<String>,
    /// Here, if it is held here.
    pub profile: Option<ProfileId>,
    /// Whether it is deleted only to be created anew.
    pub rebuilding: bool,
}

/// A held profile that is to be built anew under the same name: a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRebuild {
    /// Which one.
    pub profile: ProfileId,
    /// Apple's id of the one that is there; none where it was deleted already.
    pub present: Option<String>,
    /// What it is to be.
    pub new: NewProfile,
}

/// Held profiles that are to have all enabled devices, and lack some that have come: a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfilesRebuild {
    /// Through which key.
    pub key: ApiKeyId,
    /// How the devices that have come are called at Apple.
    pub devices: Vec<String>,
    /// The profiles; each is built anew by an act of its own.
    pub profiles: Vec<ProfileRebuild>,
}

impl ProfilesRebuild {
    /// The type among them that asks least of a key: a development one, where there is one.
    pub(super) fn least(&self) -> &ProfileType {
        static NONE: std::sync::LazyLock<ProfileType> = std::sync::LazyLock::new(|| ProfileType::of_apple("IOS_APP_DEVELOPMENT"));
        let mut types = self.profiles.iter().map(|rebuild| &rebuild.new.profile_type);
        let development = types.clone().find(|profile_type| profile_type.is_development());
        development.or_else(|| types.next()).unwrap_or(&NONE)
    }
}

/// A certificate that is to be replaced, with everything that has it: a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRenewal {
    /// Through which key.
    pub key: ApiKeyId,
    /// The certificate that is replaced.
    pub certificate: CertificateId,
    /// Its name.
    pub name: String,
    /// Its type, and that of the new one.
    pub certificate_type: CertificateType,
    /// Apple's id; none for one that Apple does not list any more.
    pub apple_id: Option<String>,
    /// The revocation that comes first, where that is wanted.
    pub revocation: Option<Revocation>,
    /// The certificate that an earlier attempt created, which is taken instead of another new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<CertificateId>,
    /// When the account was looked at for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// The profiles that have it. In what each is to be, the new certificate takes the place of the old one.
    pub profiles: Vec<ProfileRebuild>,
}
