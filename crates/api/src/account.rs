//! Signing in, tokens, organizations, activity.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the server says of itself to anybody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// `ready`.
    pub state: String,
    /// The version.
    pub version: String,
    /// The server's clock.
    pub time: Timestamp,
    /// How far it is ahead of Apple's, in seconds, as last measured (negative: behind); none before the first answer.
    pub apple_clock_skew_seconds: Option<i64>,
}

/// Signs in for a personal token.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// E-mail.
    pub email: String,
    /// Password.
    pub password: String,
    /// What the token shall be called; the machine's name is a good choice.
    pub token_name: String,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Id.
    pub id: String,
    /// `person`, also by a personal token, or `service-token` for a token of an organization.
    pub kind: String,
    /// E-mail; none for a service token.
    pub email: Option<String>,
    /// Name.
    pub name: String,
    /// The organizations in which roles were given directly, oldest first; for a service token those it is confined to.
    pub organizations: Vec<Organization>,
}

/// An organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// Makes a personal token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it shall be called.
    pub name: String,
    /// When it ends: six months from now unless given, one year at most.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A personal token, without its value.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// A person's tokens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// Newest first.
    pub items: Vec<Token>,
}

/// A fresh token with its value, shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    pub token: Token,
    /// Its value.
    pub value: String,
}
