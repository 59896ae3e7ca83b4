//! Organizations.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An organization as whoever asks sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrganizationDetails {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The id of the root organization above it; none for a root organization, and for one that one does not belong to.
    pub parent: Option<String>,
    /// What the root organization above it is called; none for a root organization.
    pub parent_name: Option<String>,
    /// What one may there, each with where it was given.
    pub roles: Vec<HeldRole>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A role held in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldRole {
    /// Such as `owner` or `credentials-manager`.
    pub role: String,
    /// In words.
    pub title: String,
    /// `member` when it was given there, `inherited` when it comes from the root organization.
    pub held: String,
}

/// Organizations that one belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Organizations {
    /// By name.
    pub items: Vec<OrganizationDetails>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// A sub-organization as its root organization sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubOrganization {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// How many people were given roles in it itself.
    pub members: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Sub-organizations of a root organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubOrganizations {
    /// By name.
    pub items: Vec<SubOrganization>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// Creates an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// What it shall be called; unlike its siblings, also to the eye.
    pub name: String,
}

/// Changes an organization; what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditOrganization {
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Deletes an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveOrganization {
    /// Its name, to confirm.
    pub name: String,
}

/// What is lost with an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrganizationLosses {
    /// Its name.
    pub name: String,
    /// API keys with their sealed private keys.
    pub keys: u32,
    /// Certificates whose private key is held here.
    pub certificates: u32,
    /// Provisioning profiles with their files. At Apple they stay.
    #[serde(default)]
    pub profiles: u32,
    /// Signing requests with their private keys.
    #[serde(default)]
    pub csrs: u32,
    /// People who were given roles in it itself. They keep their accounts.
    pub members: u32,
    /// Its API tokens.
    pub tokens: u32,
    /// Invitations that nobody has accepted yet.
    pub invitations: u32,
    /// Items that its root organization shares with it by name.
    pub shares: u32,
    /// Acts at Apple that are not over: until they are, it cannot be deleted.
    pub unfinished_operations: u32,
    /// Sub-organizations: as long as there are any, it cannot be deleted.
    pub sub_organizations: u32,
}
