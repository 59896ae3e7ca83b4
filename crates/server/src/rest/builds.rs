//! Builds: checked, sent, watched; apps and builds as Apple lists them.

use super::{
    certificates::{Wait, seconds},
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids},
    views::builds as views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::builds::NewBuild;
use axum::{Json, extract, http::StatusCode};
use domain::{Action, BinaryId, OperationId, OrgId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Of which app.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfApp {
    /// Its bundle identifier.
    identifier: String,
}

fn wanted(input: api::NewBuild) -> NewBuild {
    NewBuild {
        identifier: input.identifier,
        version: input.version,
        build_number: input.build_number,
        anyway: input.anyway,
    }
}

/// Looks whether a binary can be sent: at the file, at the app and its builds at Apple. Nothing is sent.
#[utoipa::path(post, path = "/orgs/{org}/binaries/{binary}/check", tag = "builds", request_body = api::NewBuild,
    responses((status = 200, body = api::BuildCheck), AppleMayRefuse))]
pub(super) async fn check(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
    Body(input): Body<api::NewBuild>,
) -> Result<Json<api::BuildCheck>, Failure> {
    let key = state.app.find_key(&who.caller, Action::SendBuild, org, &input.key).await?;
    let checked = state.app.check_build(&who.caller, org, key.id, binary, &wanted(input)).await?;
    Ok(Json(views::check(checked)))
}

/// Begins to send a binary to Apple, unless something is found that Apple refuses. The answer is the act; ask for it until
/// it is over.
#[utoipa::path(post, path = "/orgs/{org}/binaries/{binary}/send", tag = "builds", request_body = api::NewBuild,
    responses((status = 202, body = api::BuildSending), AppleMayRefuse))]
pub(super) async fn send(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
    Body(input): Body<api::NewBuild>,
) -> Result<(StatusCode, Json<api::BuildSending>), Failure> {
    let key = state.app.find_key(&who.caller, Action::SendBuild, org, &input.key).await?;
    let begun = state.app.send_build(&who.caller, org, key.id, binary, &wanted(input)).await?;
    let sending = state.app.sending(&who.caller, org, begun.id).await?;
    Ok((StatusCode::ACCEPTED, Json(views::sending(&sending))))
}

/// How far the sending of a build came.
#[utoipa::path(get, path = "/orgs/{org}/build-sendings/{sending}", tag = "builds", params(Wait),
    responses((status = 200, body = api::BuildSending)))]
pub(super) async fn sending(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, sending)): Ids<(OrgId, OperationId)>,
    Asked(wait): Asked<Wait>,
) -> Result<Json<api::BuildSending>, Failure> {
    let sending = state.app.wait_for_sending(&who.caller, org, sending, seconds(&wait)?).await?;
    Ok(Json(views::sending(&sending)))
}

/// The apps that a key sees at Apple.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apps", tag = "builds", responses((status = 200, body = api::Apps), AppleMayRefuse))]
pub(super) async fn apps(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
) -> Result<Json<api::Apps>, Failure> {
    let key = state.app.find_key(&who.caller, Action::SeeBinaries, org, &key).await?;
    let found = state.app.apps(&who.caller, org, key.id).await?;
    Ok(Json(api::Apps {
        items: found.into_iter().map(views::app).collect(),
    }))
}

/// The builds of an app at Apple, newest first.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/builds", tag = "builds", params(OfApp),
    responses((status = 200, body = api::Builds), AppleMayRefuse))]
pub(super) async fn builds(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Asked(of): Asked<OfApp>,
) -> Result<Json<api::Builds>, Failure> {
    let key = state.app.find_key(&who.caller, Action::SeeBinaries, org, &key).await?;
    let found = state.app.builds(&who.caller, org, key.id, &of.identifier).await?;
    Ok(Json(api::Builds {
        items: found.into_iter().map(views::build).collect(),
    }))
}
