//! Notification channels of an organization.

use super::{
    extract::{Asked, Body, Ids, paging},
    idempotency::CarriesSecret,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Problem,
    channels::{ChannelChange, ChannelView, DeliveryView, EnteredTarget, NewChannel, webhook},
};
use axum::{Extension, Json, extract, http::StatusCode};
use domain::{ChannelId, ChannelTarget, DeliveryId, OrgId, activity::NoticeKind};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

fn delivery_of(view: &DeliveryView) -> api::NoticeDelivery {
    let one = &view.delivery;
    api::NoticeDelivery {
        id: one.id.to_string(),
        recipient: one.recipient.clone(),
        kind: one.kind.map_or(webhook::TEST, NoticeKind::as_str).to_owned(),
        event: one.event.map(|(record, _)| record.to_string()),
        title: view.title.clone(),
        created_at: one.created_at,
        attempts: one.attempts,
        state: one.state.as_str().to_owned(),
        tried_at: one.tried_at,
        answer: one.answer.clone(),
        next_at: one.next_at,
    }
}

fn channel_of(view: &ChannelView) -> api::NotificationChannel {
    let channel = &view.channel;
    let (to, url, host) = match &channel.target {
        ChannelTarget::Mail { to } => (to.iter().map(ToString::to_string).collect(), None, None),
        ChannelTarget::Webhook { url, host } => (Vec::new(), Some(url.clone()).filter(|url| !url.is_empty()), Some(host.clone())),
    };
    let words = channel
        .kinds
        .as_ref()
        .map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()));
    api::NotificationChannel {
        id: channel.id.to_string(),
        name: channel.name.to_string(),
        kind: channel.target.kind().to_owned(),
        to,
        url,
        host,
        kinds: words.map(Iterator::collect),
        made_by: view.made_by.clone(),
        created_at: channel.created_at,
        failing_since: channel.failing_since,
        last_delivery: view.last.as_ref().map(delivery_of),
    }
}

/// What `to` and `url` say together.
fn target(to: Option<Vec<String>>, url: Option<String>) -> Result<Option<EnteredTarget>, Problem> {
    match (to, url) {
        (None, None) => Ok(None),
        (Some(to), None) => Ok(Some(EnteredTarget::Mail { to })),
        (None, Some(url)) => Ok(Some(EnteredTarget::Webhook { url })),
        (Some(_), Some(_)) => Err(Problem::field(
            "target_unclear",
            "url",
            "A channel sends mail or calls a webhook. Give `to` or `url`, not both.",
        )),
    }
}

/// Where notices are sent besides inboxes, by name.
#[utoipa::path(get, path = "/orgs/{org}/notification-channels", tag = "notifications", responses((status = 200, body = api::NotificationChannels)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::NotificationChannels>, Failure> {
    let channels = state.app.channels(&who.caller, org).await?;
    Ok(Json(api::NotificationChannels {
        items: channels.iter().map(channel_of).collect(),
    }))
}

/// Makes a channel. A webhook's secret is in this answer and nowhere else. Its documents and how they are signed:
/// docs/webhooks.md.
#[utoipa::path(post, path = "/orgs/{org}/notification-channels", tag = "notifications", request_body = api::NewNotificationChannel, responses((status = 201, body = api::CreatedNotificationChannel)))]
pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewNotificationChannel>,
) -> Result<(StatusCode, Extension<CarriesSecret>, Json<api::CreatedNotificationChannel>), Failure> {
    let nowhere = || {
        Problem::field(
            "target_unclear",
            "url",
            "A channel sends mail or calls a webhook. Give `to`, mail addresses, or `url`, an https:// address.",
        )
    };
    let new = NewChannel {
        name: input.name,
        target: target(input.to, input.url)?.ok_or_else(nowhere)?,
        kinds: input.kinds,
    };
    let (view, secret) = state.app.create_channel(&who.caller, org, new).await?;
    let created = api::CreatedNotificationChannel {
        channel: channel_of(&view),
        secret: secret.map(|secret| secret.expose().to_owned()),
    };
    Ok((StatusCode::CREATED, Extension(CarriesSecret), Json(created)))
}

/// One of them.
#[utoipa::path(get, path = "/orgs/{org}/notification-channels/{channel}", tag = "notifications", responses((status = 200, body = api::NotificationChannel)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, channel)): Ids<(OrgId, ChannelId)>,
) -> Result<Json<api::NotificationChannel>, Failure> {
    Ok(Json(channel_of(&state.app.channel(&who.caller, org, channel).await?)))
}

/// Changes its name, its addresses or its kinds.
#[utoipa::path(patch, path = "/orgs/{org}/notification-channels/{channel}", tag = "notifications", request_body = api::EditNotificationChannel, responses((status = 200, body = api::NotificationChannel)))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, channel)): Ids<(OrgId, ChannelId)>,
    Body(input): Body<api::EditNotificationChannel>,
) -> Result<Json<api::NotificationChannel>, Failure> {
    let change = ChannelChange {
        name: input.name,
        target: target(input.to, input.url)?,
        kinds: input.kinds,
    };
    let view = state.app.change_channel(&who.caller, org, channel, change).await?;
    Ok(Json(channel_of(&view)))
}

/// Removes it, with its history and its secret. What is on its way is not sent any more. The body repeats its name.
#[utoipa::path(post, path = "/orgs/{org}/notification-channels/{channel}/remove", tag = "notifications", request_body = api::RemoveNotificationChannel, responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, channel)): Ids<(OrgId, ChannelId)>,
    Body(input): Body<api::RemoveNotificationChannel>,
) -> Result<StatusCode, Failure> {
    state.app.remove_channel(&who.caller, org, channel, &input.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a webhook another secret, which is in this answer and nowhere else. What is sent from then on is signed with it.
#[utoipa::path(post, path = "/orgs/{org}/notification-channels/{channel}/rotate-secret", tag = "notifications", responses((status = 200, body = api::CreatedNotificationChannel)))]
pub(super) async fn rotate(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, channel)): Ids<(OrgId, ChannelId)>,
) -> Result<(Extension<CarriesSecret>, Json<api::CreatedNotificationChannel>), Failure> {
    let (view, secret) = state.app.rotate_channel_secret(&who.caller, org, channel).await?;
    let rotated = api::CreatedNotificationChannel {
        channel: channel_of(&view),
        secret: Some(secret.expose().to_owned()),
    };
    Ok((Extension(CarriesSecret), Json(rotated)))
}

/// Sends a test to each of its recipients, once, in the background. Ask for the deliveries to see what came of them. Asked
/// again within ten seconds, it answers those of the test before.
#[utoipa::path(post, path = "/orgs/{org}/notification-channels/{channel}/test", tag = "notifications", responses((status = 202, body = api::NoticeDeliveries)))]
pub(super) async fn test(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, channel)): Ids<(OrgId, ChannelId)>,
) -> Result<(StatusCode, Json<api::NoticeDeliveries>), Failure> {
    let sent = state.app.test_channel(&who.caller, org, channel).await?;
    let deliveries = api::NoticeDeliveries {
        items: sent.iter().map(delivery_of).collect(),
        next_cursor: None,
    };
    Ok((StatusCode::ACCEPTED, Json(deliveries)))
}

/// What it delivered in the last 30 days, newest first.
#[utoipa::path(get, path = "/orgs/{org}/notification-channels/{channel}/deliveries", tag = "notifications", params(Part), responses((status = 200, body = api::NoticeDeliveries)))]
pub(super) async fn deliveries(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, channel)): Ids<(OrgId, ChannelId)>,
    Asked(part): Asked<Part>,
) -> Result<Json<api::NoticeDeliveries>, Failure> {
    let paging = paging(part.limit, part.cursor)?;
    let page = state.app.deliveries(&who.caller, org, channel, &paging).await?;
    Ok(Json(api::NoticeDeliveries {
        items: page.items.iter().map(delivery_of).collect(),
        next_cursor: page.next,
    }))
}

/// One delivery.
#[utoipa::path(get, path = "/orgs/{org}/notification-channels/{channel}/deliveries/{delivery}", tag = "notifications", responses((status = 200, body = api::NoticeDelivery)))]
pub(super) async fn delivery(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, channel, delivery)): Ids<(OrgId, ChannelId, DeliveryId)>,
) -> Result<Json<api::NoticeDelivery>, Failure> {
    let found = state.app.delivery(&who.caller, org, channel, delivery).await?;
    Ok(Json(delivery_of(&found)))
}
