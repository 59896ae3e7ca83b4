//! Sharing of API keys and certificates with sub-organizations.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much of a key is shared. What is none is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareLimits {
    /// Features of the table, such as `certificates`.
    #[serde(default)]
    pub features: Option<Vec<String>>,
    /// Bundle IDs, such as `com.example.app`, or families of them, such as `com.example.*`.
    #[serde(default)]
    pub apps: Option<Vec<String>>,
    /// When it stops by itself.
    #[serde(default)]
    pub stops_at: Option<Timestamp>,
}

/// How far a key is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sharing {
    /// With all sub-organizations, those of the future included.
    pub all: bool,
    /// With so many that were chosen.
    pub chosen: u32,
    /// So many there are.
    pub of: u32,
    /// In words: `All sub-organizations`, `2 of 4`, `Not shared`.
    pub words: String,
}

/// With whom a key is shared, and with whom it could be.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyShares {
    /// The key's name, which sub-organizations see.
    pub name: String,
    /// How far it is shared now.
    pub sharing: Sharing,
    /// The limits of the share with all; none where it is not shared with all.
    pub all: Option<ShareLimits>,
    /// Sub-organizations, by name.
    pub items: Vec<SharedWith>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// A sub-organization and its share.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SharedWith {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many people were given roles in it.
    pub members: u32,
    /// The limits of the share with it alone, which decides for it, also beside one with all; none where there is none.
    pub chosen: Option<ShareLimits>,
    /// Who used the key last there.
    pub last_used_by: Option<String>,
    /// For what.
    pub last_used_for: Option<String>,
    /// When.
    pub last_used_at: Option<Timestamp>,
}

/// Changes with whom a key is shared. What is not named stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeShares {
    /// A new name of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// To share with, or to change the limits of.
    #[serde(default)]
    pub share: Vec<ShareWith>,
    /// To stop sharing with: `all`, or ids of sub-organizations.
    #[serde(default)]
    pub stop: Vec<String>,
}

/// A target and how much it gets. What is left out is not limited.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareWith {
    /// `all`, or the id of a sub-organization.
    pub with: String,
    /// Features of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Bundle IDs, or families of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apps: Option<Vec<String>>,
    /// When it stops by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<Timestamp>,
}

/// With whom a certificate or a profile is shared, and with whom it could be.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ItemShares {
    /// The item's name, which sub-organizations see.
    pub name: String,
    /// How far it is shared now.
    pub sharing: Sharing,
    /// The share with all; none where it is not shared with all.
    pub all: Option<ShareEnd>,
    /// Sub-organizations, by name.
    pub items: Vec<ItemSharedWith>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// Until when something is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShareEnd {
    /// When it stops by itself; none where it does not.
    pub stops_at: Option<Timestamp>,
}

/// A sub-organization and its share of a certificate or a profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ItemSharedWith {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many people were given roles in it.
    pub members: u32,
    /// The share with it alone, which decides for it; none where there is none.
    pub chosen: Option<ShareEnd>,
}

/// Changes with whom a certificate or a profile is shared. What is not named stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeItemShares {
    /// To share with, or to change the end of.
    #[serde(default)]
    pub share: Vec<ShareItemWith>,
    /// To stop sharing with: `all`, or ids of sub-organizations.
    #[serde(default)]
    pub stop: Vec<String>,
}

/// A target, and until when.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareItemWith {
    /// `all`, or the id of a sub-organization.
    pub with: String,
    /// When it stops by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<Timestamp>,
}

/// A certificate that the root organization lends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InheritedCertificate {
    /// The certificate.
    #[serde(flatten)]
    pub certificate: crate::Certificate,
    /// The name of the organization whose it is.
    pub owner: String,
    /// When the share stops by itself.
    pub stops_at: Option<Timestamp>,
}

/// The certificates that the root organization lends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InheritedCertificates {
    /// Soonest expiry first.
    pub items: Vec<InheritedCertificate>,
}

/// A profile that the root organization lends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InheritedProfile {
    /// The profile; its certificate matches where that one is lent, too, or held here.
    #[serde(flatten)]
    pub profile: crate::Profile,
    /// The name of the organization whose it is.
    pub owner: String,
    /// When the share stops by itself.
    pub stops_at: Option<Timestamp>,
}

/// The profiles that the root organization lends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InheritedProfiles {
    /// By name.
    pub items: Vec<InheritedProfile>,
}
