//! Webhooks at Apple: Apple tells this server of an app.
use crate::Operation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The organization's own webhook of an app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleWebhook {
    /// Its id here.
    pub id: String,
    /// The app's bundle identifier.
    pub identifier: String,
    /// Apple's id of the app.
    pub app: String,
    /// The API key that it was registered with; none when that was removed here.
    pub key: Option<String>,
    /// Apple's id of it; none while nobody knows whether Apple has it.
    pub apple_id: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When something genuine came last.
    pub last_delivery_at: Option<Timestamp>,
}

/// A webhook of an app as Apple lists it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookAtApple {
    /// Apple's id.
    pub id: String,
    /// What it is called there.
    pub name: String,
    /// The host that it delivers to. The rest of its address may open something, and is not told.
    pub host: String,
    /// Whether it delivers.
    pub enabled: bool,
    /// What it is told of, in Apple's words.
    pub events: Vec<String>,
    /// Whether it is the organization's own.
    pub ours: bool,
}

/// The webhooks of an app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleWebhooks {
    /// The organization's own.
    pub ours: Option<AppleWebhook>,
    /// All of them, as Apple lists them.
    pub items: Vec<WebhookAtApple>,
}

/// What came of adding or removing a webhook.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleWebhookChange {
    /// The act at Apple, which goes on by itself; none where nothing was to do there.
    pub operation: Option<Operation>,
    /// The webhook as it is here now.
    pub webhook: Option<AppleWebhook>,
}
