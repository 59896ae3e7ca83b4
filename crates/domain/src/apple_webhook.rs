//! A webhook at Apple by which this server hears of an app: what became of its uploads and builds, without asking.
//!
//! It is an app's, and so the team's, whatever key it was registered with: it goes on when that key is gone. An organization
//! has one for an app. What it delivers is a hint and never believed; its secret is sealed and stands nowhere here.

use crate::id::{ApiKeyId, AppleWebhookId, OrgId};
use jiff::Timestamp;

/// A webhook that was registered, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppleWebhook {
    /// Its id here, which is in the address that Apple delivers to.
    pub id: AppleWebhookId,
    /// Who hears of the app.
    pub organization: OrgId,
    /// The API key that it was registered with; none when that was removed here.
    pub key: Option<ApiKeyId>,
    /// The app's bundle identifier.
    pub identifier: String,
    /// Apple's id of the app.
    pub app: String,
    /// Apple's id of the webhook; none while nobody knows whether Apple has it.
    pub apple_id: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When something genuine came last.
    pub last_delivery_at: Option<Timestamp>,
}
