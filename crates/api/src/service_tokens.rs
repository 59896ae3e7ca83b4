//! API tokens of an organization.
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A token of an organization, without its value.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ServiceToken {
    /// Id; rotation keeps it.
    pub id: String,
    /// Name.
    pub name: String,
    /// Its roles, such as `signing-manager`.
    pub roles: Vec<String>,
    /// The ids of the organizations that it works in; none for its own and every one below.
    pub organizations: Option<Vec<String>>,
    /// The networks that it may be used from; empty for every one.
    pub address_ranges: Vec<String>,
    /// Who made it, by name.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
}

/// A page of an organization's tokens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ServiceTokens {
    /// Newest first.
    pub items: Vec<ServiceToken>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// Makes a token of an organization.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewServiceToken {
    /// What it shall be called; unlike every other token of the organization.
    pub name: String,
    /// Its roles; none that you do not hold yourself, and never `owner`.
    pub roles: Vec<String>,
    /// The ids of the organizations it shall work in: this one and sub-organizations. This one and every one below it
    /// unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizations: Option<Vec<String>>,
    /// The networks it may be used from, such as `203.0.113.0/24`; 20 at most. Every one unless given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address_ranges: Vec<String>,
    /// When it ends: six months from now unless given, one year at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// Changes a token of an organization; what is left out stays. Its end changes with a rotation only.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditServiceToken {
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All its roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// All its organizations; `null` for its own and every one below.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub organizations: Option<Option<Vec<String>>>,
    /// All its networks; an empty list for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_ranges: Option<Vec<String>>,
}

/// Tells `null`, which is a value here, from a field that was left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Gives a token a fresh value and a fresh end.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateServiceToken {
    /// When it ends: six months from now unless given, one year at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A token of an organization with its fresh value, shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedServiceToken {
    /// The token.
    pub token: ServiceToken,
    /// Its value.
    pub value: String,
}
