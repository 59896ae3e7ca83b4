//! Notification channels: where an organization has its notices sent besides its people's inboxes, and what became of each.
//!
//! A channel belongs to the organization and not to a person, so a [`NoticeKind`] that only some roles may see can be
//! chosen only by who has such a role. What is sent is frozen in the [`NoticeDelivery`]: a second attempt says the same as
//! the first one, under the same id.

use crate::{
    activity::NoticeKind,
    id::{ActivityId, ChannelId, DeliveryId, OrgId},
    name::{Email, ItemName},
    policy::Subject,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// Where a channel leads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ChannelTarget {
    /// People or lists, one mail each.
    Mail {
        /// The addresses.
        to: Vec<Email>,
    },
    /// A program that takes a signed JSON document.
    Webhook {
        /// Its address. Whoever knows it may be able to write there, so it is shown to those only who manage channels.
        url: String,
        /// The host of the address, for everybody else.
        host: String,
    },
}

impl ChannelTarget {
    /// `mail` or `webhook`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Mail { .. } => "mail",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// As in words: what a webhook's address may hide is in no log.
impl fmt::Debug for ChannelTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.kind())
    }
}

/// In short, without what a webhook's address may hide.
impl fmt::Display for ChannelTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail { to } => match to.as_slice() {
                [] => f.write_str("nobody"),
                [one] => write!(f, "{one}"),
                [first, rest @ ..] => write!(f, "{first} and {} more", rest.len()),
            },
            Self::Webhook { host, .. } => f.write_str(host),
        }
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whose it is.
    pub organization: OrgId,
    /// What people call it.
    pub name: ItemName,
    /// Where it leads.
    pub target: ChannelTarget,
    /// Which notices it gets; none for all, also those of kinds that come with a later version.
    pub kinds: Option<BTreeSet<NoticeKind>>,
    /// The version of its sealed signing secret; 0 for one that has none.
    pub secret_version: u32,
    /// Who made it.
    pub created_by: Subject,
    /// When.
    pub created_at: Timestamp,
    /// Since when nothing arrives at one of its recipients; none while things do.
    pub failing_since: Option<Timestamp>,
    /// At which.
    pub failing_recipient: Option<String>,
    /// Whether people were told that it fails.
    pub failure_told: bool,
}

impl Channel {
    /// Whether it gets notices of this kind.
    #[must_use]
    pub fn takes(&self, kind: NoticeKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// To whom each notice goes: the mail addresses, or the host of the webhook.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        match &self.target {
            ChannelTarget::Mail { to } => to.iter().map(ToString::to_string).collect(),
            ChannelTarget::Webhook { host, .. } => vec![host.clone()],
        }
    }

    /// The kinds that it gets.
    pub fn taken(&self) -> impl Iterator<Item = NoticeKind> + '_ {
        NoticeKind::ALL.into_iter().filter(|kind| self.takes(*kind))
    }
}

/// What a notice says, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeContent {
    /// When it happened.
    pub time: Timestamp,
    /// What the organization is called.
    pub organization_name: String,
    /// `bad`, `warning` or `news`.
    pub severity: String,
    /// What happened, in one sentence without its dot.
    pub title: String,
    /// What to do or to know.
    pub text: String,
    /// Where to read on.
    pub link: String,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is going to be tried, for the first time or again.
    Waiting,
    /// The other side has taken it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// The word in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Reads [`DeliveryState::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One notice on its way to one recipient of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeDelivery {
    /// Its id, which goes with it: who gets it twice can tell.
    pub id: DeliveryId,
    /// By which channel.
    pub channel: ChannelId,
    /// To whom: a mail address, or the host of a webhook.
    pub recipient: String,
    /// Of what kind; none for a test.
    pub kind: Option<NoticeKind>,
    /// The record that it tells of, and its number in the log; none for a test.
    pub event: Option<(ActivityId, i64)>,
    /// What it says.
    pub content: NoticeContent,
    /// When it was handed to the channel.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// How far it is.
    pub state: DeliveryState,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
    /// What the last attempt came to, in words.
    pub answer: Option<String>,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_webhooks_address_hides_is_told_to_nobody_by_accident() {
        let target = ChannelTarget::Webhook {
            url: "https://hooks.example.com/services/T0/s3cret?token=s3cret".to_owned(),
            host: "hooks.example.com".to_owned(),
        };
        let told = format!("{target} {target:?} {:?}", Some(&target));
        assert!(told.contains("hooks.example.com") && !told.contains("s3cret"), "{told}");
    }
}
