//! A person's inbox.
use crate::Organization;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person should hear of, unread ones first, each newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Notices {
    /// The notices.
    pub items: Vec<Notice>,
    /// How many are unread.
    pub unread: u32,
    /// The number of the newest; 0 when there is none.
    pub newest: i64,
}

/// One thing to hear of. A later one about the same thing takes its place; when it is over, it goes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// The number of its record in the activity log.
    pub sequence: i64,
    /// Where.
    pub organization: Organization,
    /// When.
    pub at: Timestamp,
    /// The word of its event, such as `certificate.will-expire`.
    pub topic: String,
    /// What happened, in one sentence.
    pub head: String,
    /// What to do or to know.
    pub body: String,
    /// `bad`, `warning` or `news`.
    pub weight: String,
    /// What it is about: `certificate`, `profile`, `key`, `service-token`, `token`, `operation`, `pending-devices`,
    /// `notification-channel`.
    pub about: String,
    /// Its id; none for a personal token and for devices that wait for approval.
    pub object: Option<String>,
    /// Whether it was not read yet.
    pub unread: bool,
}

/// Notes what was read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadNotices {
    /// Everything up to the notice with this number.
    pub up_to: i64,
}
