//! Notification channels of an organization: where its notices are sent besides inboxes.
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A channel, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotificationChannel {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `mail` or `webhook`.
    pub kind: String,
    /// The mail addresses; empty for a webhook.
    pub to: Vec<String>,
    /// The webhook's address, for who may manage channels.
    pub url: Option<String>,
    /// The webhook's host; none for mail.
    pub host: Option<String>,
    /// The kinds of notices that it gets, such as `certificate.will-expire`; none for all.
    pub kinds: Option<Vec<String>>,
    /// Who made it, by name.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing arrives at one of its recipients; none while things do.
    pub failing_since: Option<Timestamp>,
    /// What it did last.
    pub last_delivery: Option<NoticeDelivery>,
}

/// The channels of an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotificationChannels {
    /// By name; 20 at most.
    pub items: Vec<NotificationChannel>,
}

/// A notice on its way to one recipient.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NoticeDelivery {
    /// Id: the `webhook-id` of a webhook, and in the `Message-ID` of a mail. The same in every attempt.
    pub id: String,
    /// A mail address, or the host of a webhook.
    pub recipient: String,
    /// The kind of notice, such as `certificate.will-expire`; `test` for a test.
    pub kind: String,
    /// The id of its record in the activity log; none for a test.
    pub event: Option<String>,
    /// What happened, in one sentence. Of a kind that you may not see, only which kind.
    pub title: String,
    /// When it was handed to the channel.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
    /// What the last attempt came to, in words.
    pub answer: Option<String>,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
}

/// A page of what a channel delivered in the last 30 days.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NoticeDeliveries {
    /// Newest first.
    pub items: Vec<NoticeDelivery>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// Makes a channel: with `to` one that sends mail, with `url` a webhook.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotificationChannel {
    /// What it shall be called; unlike every other channel of the organization.
    pub name: String,
    /// Mail addresses, 20 at most. Each gets a mail of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
    /// The `https://` address of a program that takes signed JSON documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The kinds of notices that it shall get, of those that you may see yourself; all unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
}

/// Changes a channel; what is left out stays. Mail stays mail, and a webhook a webhook.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditNotificationChannel {
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All its mail addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
    /// Another address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// All kinds of notices that it shall get; `null` for all there are.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub kinds: Option<Option<Vec<String>>>,
}

/// Tells `null`, which is a value here, from a field that was left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A channel with its secret, in this answer and nowhere else.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedNotificationChannel {
    /// The channel.
    pub channel: NotificationChannel,
    /// What its documents are signed with: `whsec_` and base64; none for mail.
    pub secret: Option<String>,
}

impl std::fmt::Debug for CreatedNotificationChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedNotificationChannel")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// Removes a channel with its history and its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveNotificationChannel {
    /// Its name, typed to confirm.
    pub name: String,
}
