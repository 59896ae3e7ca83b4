//! The activity log on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Records of the activity log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActivityPage {
    /// Newest first.
    pub items: Vec<ActivityRecord>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// A record of the activity log. In a file of JSON lines, each line is one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActivityRecord {
    /// Id.
    pub id: String,
    /// Its number in the log of the whole instance.
    #[serde(default)]
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub actor: String,
    /// `person`, `token`, `service-token`, `job`, `server` or `anonymous`.
    pub actor_kind: String,
    /// The id of the person or service token behind it.
    pub actor_id: Option<String>,
    /// The id of the organization; none for what belongs to none.
    pub organization: Option<String>,
    /// What it is called.
    pub organization_name: Option<String>,
    /// Such as `key.add`.
    pub action: String,
    /// The id of what it is about.
    pub object: Option<String>,
    /// The id of the API key that it was done with or to.
    pub key: Option<String>,
    /// What, as a sentence without its subject.
    pub sentence: String,
    /// `intent`, `done`, `denied`, `refused`, `failed`, `unknown`.
    pub outcome: String,
    /// The intent that this is the outcome of.
    pub follows: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// Its hash in the chain, SHA-256 in hexadecimal.
    #[serde(default)]
    pub hash: String,
}

/// What came of a look at the whole log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActivityVerification {
    /// Whether nothing was found.
    pub whole: bool,
    /// How many records were looked at: those of the organization; on the host, all of them.
    pub records: i64,
    /// How much was found.
    pub count: i64,
    /// The first hundred of it.
    pub findings: Vec<ActivityFinding>,
    /// Whether a file outside was looked at, too; without one nobody can tell whether the end of the log was cut off.
    pub copied: bool,
    /// How many checkpoints the database has; told on the host only.
    pub checkpoints: Option<i64>,
    /// How many lines the file outside has; told on the host only.
    pub outside: Option<i64>,
    /// The number of the last record that a sound checkpoint speaks of; told on the host only.
    pub signed_up_to: Option<i64>,
    /// When the last record was signed that a sound checkpoint speaks of.
    pub signed_at: Option<Timestamp>,
    /// The public key that checkpoints are signed with: Ed25519, hexadecimal. Keep it elsewhere, to hold checkpoints against.
    pub public_key: String,
}

/// Something in the log that is not right.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActivityFinding {
    /// Such as `changed`, `missing`, `cut`.
    pub kind: String,
    /// In words.
    pub message: String,
    /// The record's number, where it is one of this organization's.
    pub sequence: Option<i64>,
    /// Its id.
    pub record: Option<String>,
}
