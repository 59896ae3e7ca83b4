//! Apps at Apple: what is set for one, and its build numbers.

use super::{
    document::AppleMayRefuse,
    extract::{Body, Ids},
    views::apps as views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::Problem;
use axum::{Json, extract};
use domain::{Action, ExportCompliance, OrgId};

/// What is set for an app. One that nobody set anything for is answered as any other.
#[utoipa::path(get, path = "/orgs/{org}/apps/{identifier}", tag = "apps", responses((status = 200, body = api::AppSettings)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, identifier)): Ids<(OrgId, String)>,
) -> Result<Json<api::AppSettings>, Failure> {
    let settings = state.app.app_settings(&who.caller, org, &identifier).await?;
    Ok(Json(views::settings(settings)))
}

/// Sets how builds of an app that do not answer the question of export compliance are answered, from the next build on.
#[utoipa::path(put, path = "/orgs/{org}/apps/{identifier}", tag = "apps", request_body = api::SetApp,
    responses((status = 200, body = api::AppSettings)))]
pub(super) async fn set(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, identifier)): Ids<(OrgId, String)>,
    Body(input): Body<api::SetApp>,
) -> Result<Json<api::AppSettings>, Failure> {
    let Some(answer) = ExportCompliance::parse(&input.export_compliance) else {
        // Whoever may not set it is told that first.
        state.app.may(&who.caller, Action::SendBuild, org).await?;
        return Err(Problem::field(
            "export_compliance_unknown",
            "export_compliance",
            "The answer about export compliance is exempt, non-exempt or ask. Send one of these.",
        )
        .into());
    };
    let settings = state.app.set_export_compliance(&who.caller, org, &identifier, answer).await?;
    Ok(Json(views::settings(settings)))
}

/// Reserves a build number that nobody else in the organization is given: above those that Apple has of the app, and above those that were
/// reserved here before.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apps/{identifier}/build-numbers", tag = "apps",
    request_body = api::NewBuildNumber, responses((status = 200, body = api::BuildNumber), AppleMayRefuse))]
pub(super) async fn reserve(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::NewBuildNumber>,
) -> Result<Json<api::BuildNumber>, Failure> {
    let key = state.app.find_key(&who.caller, Action::SendBuild, org, &key).await?;
    let reserved = state
        .app
        .reserve_build_number(&who.caller, org, key.id, &identifier, input.version.as_deref())
        .await?;
    Ok(Json(views::reserved(reserved)))
}
