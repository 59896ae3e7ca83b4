//! The channels of an organization, and one of them with what it delivered.

use super::super::{
    filters,
    parts::{Mark, Notice, Tone},
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::{
    Page, Paging,
    channels::{ChannelView, DeliveryView},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Channel, ChannelId, ChannelTarget, DeliveryState, NoticeDelivery, OrgId};

/// Deliveries on one page.
const PER_PAGE: u32 = 50;

/// The list.
#[derive(Template)]
#[template(path = "notifications/list.html")]
pub(crate) struct ChannelsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// By name.
    pub(crate) channels: Vec<ChannelView>,
}

impl ChannelsPage {
    fn state(&self, view: &ChannelView) -> Mark {
        super::state(view)
    }

    fn kind(&self, channel: &Channel) -> &'static str {
        super::kind(channel)
    }

    fn gets(&self, channel: &Channel) -> String {
        super::gets(channel)
    }
}

/// One channel.
#[derive(Template)]
#[template(path = "notifications/channel.html")]
pub(crate) struct ChannelPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The channel.
    pub(crate) view: ChannelView,
    /// What it delivered, newest first.
    pub(crate) deliveries: Page<DeliveryView>,
    /// Whether this is not the first page of them.
    pub(crate) further: bool,
}

impl ChannelPage {
    fn address(&self) -> String {
        format!("/o/{}/notifications/{}", self.org, self.view.channel.id)
    }

    fn kind(&self) -> &'static str {
        super::kind(&self.view.channel)
    }

    fn state(&self) -> Mark {
        super::state(&self.view)
    }

    fn of_delivery(&self, delivery: &NoticeDelivery) -> Mark {
        super::of_delivery(delivery)
    }

    fn is_webhook(&self) -> bool {
        matches!(self.view.channel.target, ChannelTarget::Webhook { .. })
    }

    /// The webhook's address, or its host for who may not manage channels.
    fn url(&self) -> Option<&str> {
        match &self.view.channel.target {
            ChannelTarget::Webhook { url, host } if url.is_empty() => Some(host),
            ChannelTarget::Webhook { url, .. } => Some(url),
            ChannelTarget::Mail { .. } => None,
        }
    }

    /// Whether a test is on its way: then the page loads itself again.
    fn awaits_test(&self) -> bool {
        let first = self.deliveries.items.first().map(|view| &view.delivery);
        first.is_some_and(|one| one.kind.is_none() && one.state == DeliveryState::Waiting)
    }

    fn trouble(&self) -> Option<Notice> {
        let channel = &self.view.channel;
        let (since, at) = (channel.failing_since?, channel.failing_recipient.as_deref().unwrap_or_default());
        let last = self
            .deliveries
            .items
            .iter()
            .find(|view| view.delivery.recipient == at && view.delivery.answer.is_some());
        let why = last.and_then(|view| view.delivery.answer.clone()).unwrap_or_default();
        let day = since.strftime("%-d %b %Y, %H:%M UTC");
        Some(Notice::new(
            Tone::Bad,
            format!("Nothing arrives at {at} since {day}."),
            format!("{why} What is not given up is tried again; change the channel or mend the other side, then test it."),
        ))
    }
}

/// Which page of the history.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// `GET /o/{org}/notifications`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Notifications).await?;
    let channels = state.app.channels(&visitor.who.caller, org).await?;
    page(&ChannelsPage { shell, org, channels })
}

/// `GET /o/{org}/notifications/{channel}`
pub(crate) async fn one(
    Reach(state): Reach<State>,
    Path((org, channel)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    let (org, channel) = (id(&org)?, id::<ChannelId>(&channel)?);
    let shell = visitor.shell_in(&state, org, Place::Notifications).await?;
    let caller = &visitor.who.caller;
    let view = state.app.channel(caller, org, channel).await?;
    let further = asked.cursor.is_some();
    let paging = Paging {
        after: asked.cursor,
        limit: PER_PAGE,
    };
    let deliveries = state.app.deliveries(caller, org, channel, &paging).await?;
    page(&ChannelPage {
        shell,
        org,
        view,
        deliveries,
        further,
    })
}
