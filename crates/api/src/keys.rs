//! API keys.
use crate::sharing::{ShareLimits, Sharing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Links a key, or replaces its private key in a rotation (there name, kind and roles may be left out).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The name; made from the Key ID when left out.
    #[serde(default)]
    pub name: String,
    /// `team`, `individual` or `enterprise`.
    #[serde(default = "team")]
    pub kind: String,
    /// Apple's Key ID; read from the file name when left out.
    #[serde(default)]
    pub key_id: String,
    /// Apple's Issuer ID; left out for individual keys.
    #[serde(default)]
    pub issuer_id: String,
    /// Roles that the key was given in App Store Connect.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The name of the file, `AuthKey_<Key ID>.p8`.
    #[serde(default)]
    pub file_name: Option<String>,
    /// The content of the file: PEM, or base64 of it.
    pub private_key: String,
    /// Save it even when Apple does not accept it or does not answer.
    #[serde(default)]
    pub save_unverified: bool,
}

fn team() -> String {
    "team".to_owned()
}

/// Changes a key. What is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditKey {
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All its roles at Apple.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// Removes a key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveKey {
    /// The key's name, typed, as a confirmation.
    pub name: String,
}

/// An API key. The private key is never here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `team`, `individual` or `enterprise`.
    pub kind: String,
    /// Apple's Key ID.
    pub key_id: String,
    /// Apple's Issuer ID; none for an individual key and for a lent one.
    pub issuer_id: Option<String>,
    /// Roles that were entered; empty means unknown.
    pub roles: Vec<String>,
    /// SHA-256 of the public key, lower-case hex; none for a lent key.
    pub fingerprint: Option<String>,
    /// Apple's team ID, once known.
    pub team_id: Option<String>,
    /// `working`, `unverified`, `clock-off`, `wrong-kind`, `no-longer-accepted`, `mismatch`, `agreement-missing`, `membership-lapsed`.
    pub health: String,
    /// What was found and what to do.
    pub next_step: String,
    /// Since when it is so.
    pub health_since: Timestamp,
    /// When it was last checked.
    pub last_check: Option<Timestamp>,
    /// Why the last check came to no conclusion, if so.
    pub trouble: Option<String>,
    /// Who added it; none for a lent key.
    pub added_by: Option<String>,
    /// When; none for a lent key.
    pub added_at: Option<Timestamp>,
    /// How often it was rotated, plus one; none for a lent key.
    pub generation: Option<u32>,
    /// For a lent key, the name of the root organization that it belongs to.
    pub shared_from: Option<String>,
    /// For a lent key, how much of it is lent.
    pub limits: Option<ShareLimits>,
    /// For a key of a root organization, with whom it is shared.
    pub sharing: Option<Sharing>,
    /// Who used it last; of a lent key, who in this organization.
    pub last_used_by: Option<String>,
    /// For what.
    pub last_used_for: Option<String>,
    /// When.
    pub last_used_at: Option<Timestamp>,
    /// The last 14 days.
    pub days: Vec<DayMark>,
}

/// One day's check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DayMark {
    /// The day, UTC.
    pub day: String,
    /// `good`, `trouble`, `refused`, or none.
    pub mark: Option<String>,
}

/// An organization's keys.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Keys {
    /// By name.
    pub items: Vec<Key>,
}

/// A key with its feature table.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyDetails {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// Seven rows.
    pub features: Vec<Feature>,
    /// When the next check is due.
    pub next_check: Option<Timestamp>,
    /// Apple's hourly budget, as last told.
    pub budget: Option<Budget>,
}

/// Requests per hour.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// Left.
    pub left: u32,
    /// Of.
    pub of: u32,
}

/// A row of the feature table.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Feature {
    /// Such as `upload-binary`.
    pub feature: String,
    /// In words.
    pub title: String,
    /// Whether it may be used here as far as sharing goes.
    pub here: bool,
    /// `yes`, `no`, `unknown`, `not-with-this-kind`.
    pub declared: String,
    /// The note: `internal testers only`, `development only`, `no delete`.
    pub limit: Option<String>,
    /// An Owner lets a declared "no" pass.
    pub overridden: bool,
    /// `never`, `readable`, `refused`, `not-probeable`, `failed`.
    pub probed: String,
    /// When.
    pub probed_at: Option<Timestamp>,
    /// Apple's code, or why not.
    pub probed_note: Option<String>,
    /// What really happened last.
    pub last: Option<LastResult>,
}

/// What really happened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LastResult {
    /// What was tried.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was done.
    pub done: bool,
    /// Apple's answer when it was not.
    pub refusal: Option<String>,
}

/// Lets a declared "no" pass for one feature, or stops it again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureOverride {
    /// Whether it passes.
    pub overridden: bool,
}

/// What hangs on a key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Dependents {
    /// Certificates made or fetched through it, by name.
    pub certificates: Vec<String>,
    /// Acts here that are not over.
    pub running_operations: u32,
    /// Certificates in sub-organizations that were made through it.
    pub certificates_below: u32,
    /// Acts in sub-organizations that are not over.
    pub running_operations_below: u32,
    /// In how many sub-organizations something depends on it.
    pub organizations_below: u32,
    /// With whom it is shared; none in a sub-organization.
    pub sharing: Option<Sharing>,
}

/// Keys for a need, usable ones first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyChoices {
    /// The choices.
    pub items: Vec<KeyChoice>,
}

/// A key as a choice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyChoice {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: String,
    /// Whether it belongs to the root organization above.
    pub lent: bool,
    /// `usable`, `doubtful` or `refused`.
    pub usability: String,
    /// Why not.
    pub reason: Option<String>,
}

/// Asks for a short-lived token for Apple.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAppleToken {
    /// Lifetime in minutes, 1 to 19; 15 when left out.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// Apple's `scope` entries, such as `GET /v1/apps`. Untested at Apple.
    #[serde(default)]
    pub scope: Vec<String>,
}

/// A short-lived token for Apple.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleToken {
    /// The token.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}
