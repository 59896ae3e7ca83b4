//! Sharing API keys with sub-organizations.

use super::{
    extract::{Asked, Body, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Problem,
    sharing::{NewLimits, PanelQuery, ShareChange},
};
use axum::{Json, extract};
use domain::{ApiKeyId, OrgId, ShareTarget};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which sub-organizations to show.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Part of a name; case does not matter.
    search: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// With whom a key is shared, and with whom it could be: at most 200 sub-organizations at a time.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/shares", tag = "keys", params(Wanted), responses((status = 200, body = api::KeyShares)))]
pub(super) async fn shares(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::KeyShares>, Failure> {
    let query = PanelQuery {
        search: wanted.search,
        cursor: wanted.cursor,
    };
    let panel = state.app.key_shares(&who.caller, org, key, &query).await?;
    Ok(Json(views::key_shares(&panel)))
}

/// Shares a key, changes how much of it is shared, or stops sharing it; at once, running jobs included.
#[utoipa::path(patch, path = "/orgs/{org}/keys/{key}/shares", tag = "keys", request_body = api::ChangeShares, responses((status = 200, body = api::Sharing)))]
pub(super) async fn share(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
    Body(input): Body<api::ChangeShares>,
) -> Result<Json<api::Sharing>, Failure> {
    let change = ShareChange {
        name: input.name,
        share: input
            .share
            .into_iter()
            .map(|with| {
                let limits = NewLimits {
                    features: with.features,
                    apps: with.apps,
                    stops_at: with.stops_at,
                };
                Ok((target(&with.with)?, limits))
            })
            .collect::<Result<_, Problem>>()?,
        stop: input.stop.iter().map(|word| target(word)).collect::<Result<_, _>>()?,
    };
    let sharing = state.app.share_key(&who.caller, org, key, change).await?;
    Ok(Json(views::sharing(&sharing)))
}

/// What is no id is no sub-organization, like an id of others.
fn target(word: &str) -> Result<ShareTarget, Problem> {
    word.parse().map_err(|_| Problem::not_found())
}
