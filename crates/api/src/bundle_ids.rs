//! Bundle IDs of the Apple account: registered, and what they can do.
use crate::ProfileRef;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A capability, with its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// Apple's word, such as `PUSH_NOTIFICATIONS`.
    pub capability: String,
    /// Its settings, where it has some; none leaves Apple's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<CapabilitySetting>,
}

/// A setting of a capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilitySetting {
    /// Apple's word, such as `ICLOUD_VERSION`.
    pub key: String,
    /// Its options.
    pub options: Vec<CapabilityOption>,
}

/// An option of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilityOption {
    /// Apple's word, such as `XCODE_6`.
    pub key: String,
    /// Whether it is on.
    pub enabled: bool,
}

/// Registers a bundle ID.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBundleId {
    /// Such as `com.example.app`, or `com.example.*` for all that begin so.
    pub identifier: String,
    /// Apple's description; left out, it is made of the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `IOS` (left out), `MAC_OS` or `UNIVERSAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What it is to be able to do.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
}

/// Changes what a bundle ID can do. Nothing that is not named is touched.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditCapabilities {
    /// To be added, or to have these settings.
    #[serde(default)]
    pub set: Vec<Capability>,
    /// To be taken away: Apple's words.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// What an edit would change. Nothing was changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CapabilitiesPreview {
    /// What it gains.
    pub add: Vec<Capability>,
    /// Whose settings change.
    pub change: Vec<Capability>,
    /// What it loses.
    pub remove: Vec<String>,
    /// What stays as it is.
    pub keep: Vec<String>,
    /// The profiles that Apple makes INVALID by it; null where the key may not read profiles.
    pub invalid_profiles: Option<Vec<ProfileRef>>,
}

/// A bundle ID at Apple with what hangs on it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleBundleIdDetails {
    /// Apple's id.
    pub id: String,
    /// Description.
    pub name: String,
    /// Identifier.
    pub identifier: String,
    /// Platform.
    pub platform: String,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Its profiles; null where the key may not read profiles.
    pub profiles: Option<Vec<ProfileRef>>,
}
