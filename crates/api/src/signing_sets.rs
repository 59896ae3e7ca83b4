//! Signing sets: what one build needs, by name.
use crate::Operation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A signing set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SigningSet {
    /// Id.
    pub id: String,
    /// Name, unique in the organization however it is spelled.
    pub name: String,
    /// Apple's type of its profiles, such as `IOS_APP_STORE`.
    pub profile_type: String,
    /// `development`, `ad-hoc`, `app-store`, `in-house`, `direct`.
    pub method: String,
    /// `complete`; `ending`: complete, and something of it ends within a day; `incomplete`.
    pub state: String,
    /// The id of the key that it is ensured with; none for a picked one.
    pub key: Option<String>,
    /// Its items, by bundle identifier.
    pub items: Vec<SigningSetItem>,
    /// When the first of what it needs ends.
    pub ends_at: Option<Timestamp>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When what it points at last changed.
    pub changed_at: Timestamp,
}

/// What one bundle identifier is signed with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SigningSetItem {
    /// The bundle identifier.
    pub bundle_identifier: String,
    /// The certificate; none once it was removed, or is not lent any more.
    pub certificate: Option<CertificateInSet>,
    /// The profile; none once it was removed, or is not lent any more.
    pub profile: Option<ProfileInSet>,
    /// Why nothing can be signed with it; none where it can.
    pub missing: Option<String>,
    /// When Apple was last seen to have both; none where it has to be looked at.
    pub seen_at: Option<Timestamp>,
}

/// The certificate of an item.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CertificateInSet {
    /// Id.
    pub id: String,
    /// What it is called here.
    pub name: String,
    /// SHA-1, upper-case hex, as Keychain Access and Xcode show it.
    pub sha1: String,
    /// `ready`, `no-key-held`, `expired`.
    pub state: String,
    /// The name of the organization whose it is, where it is lent.
    pub lent_by: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The profile of an item.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProfileInSet {
    /// Id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The UUID in the file.
    pub uuid: String,
    /// As of a profile.
    pub state: String,
    /// The name of the organization whose it is, where it is lent.
    pub lent_by: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A page of the signing sets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SigningSets {
    /// By name.
    pub items: Vec<SigningSet>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// Makes a signing set of what is held here, or lent by the root organization.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSigningSet {
    /// What it is called.
    pub name: String,
    /// Profiles with their certificates: one for each bundle identifier, all of one type and one team.
    pub items: Vec<PickedItem>,
}

/// A profile held here or lent, and what its app is signed with.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PickedItem {
    /// The profile's id.
    pub profile: String,
    /// The certificate's id; left out, the one of the profile whose private key is held here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// What a build needs. What is held here is used first, then what Apple has, and only what is missing is created.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnsureSigningSet {
    /// Through which key: id or name.
    pub key: String,
    /// Apple's type, such as `IOS_APP_STORE`, or for iOS `app-store`, `ad-hoc`, `development`, `in-house`.
    pub profile_type: String,
    /// Bundle identifiers of the account, each exact; 50 at most.
    pub bundle_identifiers: Vec<String>,
    /// Every bundle ID of the account below one of them belongs to it, too: extensions, watch apps, clips.
    #[serde(default)]
    pub with_extensions: bool,
    /// What the set is called; left out, it is made of the shortest identifier and the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The id of the certificate to use; left out, whichever fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Registers bundle IDs that the account lacks; else they are refused.
    #[serde(default)]
    pub register: bool,
    /// Seconds for which what was seen at Apple is taken for true, 3600 unless given; 0 asks Apple in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_for: Option<u32>,
    /// Only says what would be done, as the account is now.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of it: the set, or the act to wait for; of a dry run, what would be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EnsuredSigningSet {
    /// The set, complete. Apple was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_set: Option<SigningSet>,
    /// The act that makes it complete; others may wait for the same one. Its end names the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Of a dry run: what would be done, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
}

/// Takes the files of a signing set.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SigningSetFilesRequest {
    /// `p12-compatible` (default), `p12-modern`, `pem`.
    #[serde(default = "compatible")]
    pub form: String,
    /// The password of the `.p12` files. Left out: one is made and shown once. Empty: allowed, with a warning.
    #[serde(default)]
    pub password: Option<String>,
}

fn compatible() -> String {
    "p12-compatible".to_owned()
}

/// The files of a signing set: certificates with their private keys, profiles, and what `xcodebuild` is told.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SigningSetFiles {
    /// The set.
    pub signing_set: SigningSet,
    /// The files.
    pub files: Vec<SigningSetFile>,
    /// The password of the `.p12` files, when it was made here.
    pub generated_password: Option<String>,
    /// What to know.
    pub warnings: Vec<String>,
}

/// A file of a signing set.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SigningSetFile {
    /// `certificate`, `profile`, `export-options`.
    pub kind: String,
    /// The bundle identifier, of a profile.
    pub bundle_identifier: Option<String>,
    /// A name for it. Profiles are named by their UUID, as Xcode looks for them.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes, base64.
    pub content: String,
}

/// A signing set by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SigningSetName {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}
