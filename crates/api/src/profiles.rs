//! Provisioning profiles held here, and renewing a certificate with the profiles that have it.
use crate::{Certificate, LeftOut, Place, Sharing, SigningSetName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A profile held here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// Id; it stays when the profile is rebuilt.
    pub id: String,
    /// Name, unique in the team.
    pub name: String,
    /// Apple's type, such as `IOS_APP_STORE`.
    pub profile_type: String,
    /// `development`, `ad-hoc`, `app-store`, `in-house`, `direct`.
    pub method: String,
    /// `ready`; `rebuilding`: deleted at Apple, not there again yet, and what is held is the old file; `invalid`; `expired`.
    pub state: String,
    /// Whether its certificate is held here: `key-held`, `no-key-held` or `no-certificate`.
    pub matched: String,
    /// The held certificate that matches.
    pub certificate: Option<String>,
    /// Exact, or with an asterisk at its end.
    pub bundle_identifier: String,
    /// Whose account made it.
    pub team_id: Option<String>,
    /// The UUID in the file; a rebuilt one has another.
    pub uuid: String,
    /// Apple's id; none while there is no such profile at Apple, and for a file that was never seen there.
    pub apple_id: Option<String>,
    /// How many devices are in it.
    pub devices: usize,
    /// Which devices it has when it is rebuilt: `chosen`, `all-enabled`.
    pub device_rule: String,
    /// Whether only a reference is held, and its file is fetched from Apple at each use; what is told of it is what was last seen.
    #[serde(default)]
    pub is_reference: bool,
    /// When Apple made it.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Days of the calendar (UTC) until then, 0 on the day itself; -1 when it ended today, -2 when yesterday.
    pub days_left: i64,
    /// `created`, `fetched`, `uploaded`.
    pub origin: String,
    /// When Russet took it in.
    pub added_at: Timestamp,
}

/// A page of the profiles held here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Profiles {
    /// By name, unless another order was asked for.
    pub items: Vec<Profile>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// One profile, with what its file says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProfileDetails {
    /// As in the list.
    #[serde(flatten)]
    pub profile: Profile,
    /// The certificates in it.
    pub certificates: Vec<CertificateInProfile>,
    /// The UDIDs in it.
    pub udids: Vec<String>,
    /// Its entitlements.
    #[schema(value_type = Object)]
    pub entitlements: serde_json::Map<String, serde_json::Value>,
    /// Its platforms, as the file says them.
    pub platforms: Vec<String>,
    /// Who vouches for the file, in words.
    pub signed_by: String,
    /// The name of the organization whose it is, where it is lent.
    pub lent_by: Option<String>,
    /// How far it is shared, in a root organization.
    pub sharing: Option<Sharing>,
    /// The signing sets that it is in.
    pub signing_sets: Vec<SigningSetName>,
    /// The act that changes it at this moment.
    pub operation: Option<String>,
}

/// A certificate in a profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CertificateInProfile {
    /// Its subject's common name.
    pub name: String,
    /// Upper-case hex.
    pub serial: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its id here, when held here.
    pub held: Option<String>,
    /// Whether Russet has its private key.
    pub key_held: bool,
}

/// Registers a profile at Apple and keeps its file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProfile {
    /// Through which key: id or name.
    pub key: String,
    /// Apple's type, such as `IOS_APP_STORE`.
    pub profile_type: String,
    /// The identifier of a bundle ID of the account.
    pub bundle_identifier: String,
    /// Its name; left out, it is made of the identifier and the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Apple's ids of certificates, or SHA-256 of their public keys; left out, those that fit and whose key is held here.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// UDIDs or Apple's ids of devices, for the types that have some.
    #[serde(default)]
    pub devices: Vec<String>,
    /// All enabled devices of its class instead, now and whenever it is rebuilt.
    #[serde(default)]
    pub all_devices: bool,
}

/// Builds a held profile anew under its name. What is left out stays as it is in the profile.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RebuildProfile {
    /// Through which key: id or name.
    pub key: String,
    /// Apple's ids of certificates, or SHA-256 of their public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<String>>,
    /// UDIDs or Apple's ids of devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<String>>,
    /// All enabled devices of its class instead, now and whenever it is rebuilt.
    #[serde(default)]
    pub all_devices: bool,
}

/// Takes profiles in from files.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportProfiles {
    /// 100 at most.
    pub files: Vec<ProfileFile>,
}

/// A `.mobileprovision` or `.provisionprofile`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// What it is called.
    pub name: String,
    /// Its bytes, base64.
    pub content: String,
}

/// What came of some files.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportedProfiles {
    /// Those that are held since now.
    pub taken: Vec<ImportedProfile>,
    /// Files that were not taken, and why.
    pub left_out: Vec<LeftOut>,
}

/// A profile that came as a file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportedProfile {
    /// What the file was called.
    pub file: String,
    /// The profile.
    pub profile: Profile,
    /// What to know about it.
    pub warning: Option<String>,
}

/// Takes profiles in from the Apple account.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchProfiles {
    /// Apple's ids of those wanted; all of them unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Vec<String>>,
    /// Keeps references only: the files stay at Apple, and are fetched at each use. A file that is kept here goes; fetched
    /// again without this, it is kept.
    #[serde(default)]
    pub reference: bool,
}

/// What came of a fetch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FetchedProfiles {
    /// Held since now.
    pub new: Vec<Profile>,
    /// Held before, with another file or another state since now.
    pub changed: Vec<Profile>,
    /// How many were held before, as they are.
    pub unchanged: u32,
    /// Those that could not be taken in, and why.
    pub left_out: Vec<LeftOut>,
}

/// Removes profiles here, all or none. At Apple they stay.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveProfiles {
    /// Ids.
    pub profiles: Vec<String>,
}

/// Deletes a profile at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteProfile {
    /// Its name, repeated.
    pub name: String,
}

/// What renewing a certificate would do. Nothing was changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RenewalPreview {
    /// The certificate that is replaced.
    pub existing: Certificate,
    /// Whether Apple lists it: only then it can be revoked first.
    pub at_apple: bool,
    /// Apple's type of the new one.
    pub replacement: String,
    /// The profiles that have it, and are rebuilt under their names.
    pub profiles: Vec<AffectedProfile>,
    /// The signing sets that it is in; they point at the new one as each profile is rebuilt.
    pub signing_sets: Vec<SigningSetName>,
    /// The certificates that hold Apple's places of this type at this moment.
    pub places: Vec<Place>,
    /// The certificate that an earlier attempt created: it is used, and no other one is made.
    #[serde(default)]
    pub created: Option<Certificate>,
    /// Why nothing would come of it, as far as that is known: the key may not create such certificates.
    #[serde(default)]
    pub refused: Option<String>,
}

/// A profile that has a certificate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AffectedProfile {
    /// Its id here; those that are not held yet are taken in before anything is changed.
    pub held: Option<String>,
    /// Apple's id; none where it is not at Apple at this moment.
    pub apple_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Apple's type.
    pub profile_type: String,
    /// The bundle identifier.
    pub bundle_identifier: String,
}

/// Whether a certificate is renewed without anybody asking.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AutomaticRenewal {
    /// How many days before its end; none when it is not renewed by itself.
    pub days_before: Option<u16>,
    /// Through which key, by its id; none when it is not renewed by itself, or when that key was removed.
    pub key: Option<String>,
    /// When it will begin.
    pub begins_at: Option<Timestamp>,
}

/// Has a certificate renewed without anybody asking, or no longer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAutomaticRenewal {
    /// How many days before its end, 1 to 90; none lets it end.
    #[schema(minimum = 1, maximum = 90)]
    pub days_before: Option<u16>,
    /// Through which key: id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Renews a certificate, and rebuilds the profiles that have it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewCertificate {
    /// Through which key: id or name.
    pub key: String,
    /// Revokes the old one first, which cannot be undone: the old one's name, repeated. Left out, it stays valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<String>,
}
