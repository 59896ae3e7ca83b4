//! A webhook at Apple, registered or removed.

use crate::id::{ApiKeyId, AppleWebhookId};
use serde::{Deserialize, Serialize};

/// The webhook that is registered at Apple, or removed there. Its secret is sealed, see [`crate::apple_webhook`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookChange {
    /// Through which key.
    pub key: ApiKeyId,
    /// Its id here.
    pub webhook: AppleWebhookId,
    /// The app's bundle identifier.
    pub identifier: String,
    /// Apple's id of the app.
    pub app: String,
    /// Where it delivers to. Apple's list shows by this whose it is.
    pub url: String,
    /// What of Apple's is changed: one act at a time registers or removes the webhook of this app.
    pub subject: String,
}
