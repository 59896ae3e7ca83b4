//! RFC 9457 problem documents with a stable `code`.
use crate::Place;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `application/problem+json`: what was found and what to do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the code tells the kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was found, why it does not fit, what to do.
    pub detail: String,
    /// A stable word for programs, such as `issuer_id_missing` or `certificate_limit`.
    pub code: String,
    /// The request's id, as it stands in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is wrong with which field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What Apple answered, where it was Apple.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apple: Option<AppleAnswer>,
    /// Keys that would work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usable_keys: Vec<UsableKey>,
    /// At Apple's limit: the certificates that hold the places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
}

/// A field that does not fit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Field {
    /// Its name in the request.
    pub field: String,
    /// What was found and what to do.
    pub message: String,
}

/// What Apple answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleAnswer {
    /// HTTP status.
    pub status: u16,
    /// Apple's code.
    pub code: String,
    /// Apple's sentence.
    pub detail: String,
    /// Where Apple says to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see: Option<String>,
}

/// A key that would work.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UsableKey {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}
