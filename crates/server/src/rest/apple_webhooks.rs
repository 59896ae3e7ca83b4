//! Webhooks at Apple: added, removed, listed. What they deliver arrives elsewhere ([`crate::apple_webhook`]).

use super::{
    certificates::{Wait, seconds},
    document::AppleMayRefuse,
    extract::{Asked, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::apple_webhooks::{ListedWebhook, WebhookChanged};
use axum::{Json, extract, http::StatusCode};
use domain::{Action, AppleWebhook, OrgId};
use serde::Deserialize;
use utoipa::IntoParams;

/// How it is removed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Removal {
    /// Seconds to wait for the end, 30 at most; none: answer at once.
    #[param(minimum = 0, maximum = 30)]
    wait: Option<u64>,
    /// Whether it is forgotten here without asking Apple: for one that no key reaches any more.
    #[serde(default)]
    here_only: bool,
}

fn own(webhook: AppleWebhook) -> api::AppleWebhook {
    api::AppleWebhook {
        id: webhook.id.to_string(),
        identifier: webhook.identifier,
        app: webhook.app,
        key: webhook.key.map(|key| key.to_string()),
        apple_id: webhook.apple_id,
        created_at: webhook.created_at,
        last_delivery_at: webhook.last_delivery_at,
    }
}

fn listed(webhook: ListedWebhook) -> api::WebhookAtApple {
    api::WebhookAtApple {
        id: webhook.id,
        name: webhook.name,
        host: webhook.host,
        enabled: webhook.enabled,
        events: webhook.events,
        ours: webhook.is_ours,
    }
}

/// What is not over yet goes on.
fn changed(changed: WebhookChanged) -> (StatusCode, Json<api::AppleWebhookChange>) {
    let goes_on = changed.act.as_ref().is_some_and(|act| !act.operation.state.is_over());
    let status = if goes_on { StatusCode::ACCEPTED } else { StatusCode::OK };
    let told = api::AppleWebhookChange {
        operation: changed.act.as_ref().map(views::operation),
        webhook: changed.webhook.map(own),
    };
    (status, Json(told))
}

/// The webhooks of an app: the organization's own, and all that Apple has.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apps/{identifier}/webhook", tag = "builds", responses((status = 200, body = api::AppleWebhooks), AppleMayRefuse))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
) -> Result<Json<api::AppleWebhooks>, Failure> {
    let key = state.app.find_key(&who.caller, Action::SeeBinaries, org, &key).await?;
    let found = state.app.app_webhooks(&who.caller, org, key.id, &identifier).await?;
    Ok(Json(api::AppleWebhooks {
        ours: found.ours.map(own),
        items: found.at_apple.into_iter().map(listed).collect(),
    }))
}

/// Has Apple tell this server of an app: what becomes of its uploads and builds. Where Apple has the webhook already, nothing
/// is done. The server must have an https address that the internet reaches.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apps/{identifier}/webhook", tag = "builds", params(Wait),
    responses((status = 200, body = api::AppleWebhookChange), (status = 202, body = api::AppleWebhookChange), AppleMayRefuse))]
pub(super) async fn add(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
    Asked(wait): Asked<Wait>,
) -> Result<(StatusCode, Json<api::AppleWebhookChange>), Failure> {
    let key = state.app.find_key(&who.caller, Action::SendBuild, org, &key).await?;
    let added = state
        .app
        .add_webhook(&who.caller, org, key.id, &identifier, seconds(&wait)?)
        .await?;
    Ok(changed(added))
}

/// Has Apple tell no more of an app, and forgets the webhook.
#[utoipa::path(delete, path = "/orgs/{org}/keys/{key}/apps/{identifier}/webhook", tag = "builds", params(Removal),
    responses((status = 200, body = api::AppleWebhookChange), (status = 202, body = api::AppleWebhookChange), AppleMayRefuse))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
    Asked(how): Asked<Removal>,
) -> Result<(StatusCode, Json<api::AppleWebhookChange>), Failure> {
    let key = state.app.find_key(&who.caller, Action::SendBuild, org, &key).await?;
    let at_most = seconds(&Wait::of(how.wait))?;
    let removed = state
        .app
        .remove_webhook(&who.caller, org, key.id, &identifier, how.here_only, at_most)
        .await?;
    Ok(changed(removed))
}
