//! Signing sets: listed, picked, ensured, shown, used, removed.

use super::{
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids, paging},
    idempotency::CarriesSecret,
    views::{self, signing_sets as shown_as},
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Problem,
    certificates::P12Password,
    signing_sets::{Ensured, PickedItem, SetWish},
};
use axum::{
    Extension, Json, extract,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{Action, OrgId};
use jiff::SignedDuration;
use serde::Deserialize;
use utoipa::IntoParams;
use zeroize::Zeroizing;

/// Which sets, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Shown {
    /// A part of the name; case does not matter.
    search: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The signing sets, in pages.
#[utoipa::path(get, path = "/orgs/{org}/signing-sets", tag = "signing_sets", params(Shown), responses((status = 200, body = api::SigningSets)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(shown): Asked<Shown>,
) -> Result<Json<api::SigningSets>, Failure> {
    let paging = paging(shown.limit, shown.cursor)?;
    let page = state.app.signing_sets(&who.caller, org, shown.search.as_deref(), &paging).await?;
    Ok(Json(api::SigningSets {
        items: page.items.iter().map(shown_as::set).collect(),
        next_cursor: page.next,
    }))
}

/// Makes a set of what is held here. It must fit together: each certificate in its profile, with its private key here, all
/// of one team and one type, and nothing over.
#[utoipa::path(post, path = "/orgs/{org}/signing-sets", tag = "signing_sets", request_body = api::NewSigningSet, responses((status = 201, body = api::SigningSet)))]
pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewSigningSet>,
) -> Result<(StatusCode, Json<api::SigningSet>), Failure> {
    state.app.may(&who.caller, Action::EditSigningSets, org).await?;
    let picked = input.items.iter().map(picked).collect::<Result<Vec<_>, _>>()?;
    let made = state.app.create_signing_set(&who.caller, org, &input.name, &picked).await?;
    Ok((StatusCode::CREATED, Json(shown_as::set(&made))))
}

/// What is no id names nothing.
fn picked(item: &api::PickedItem) -> Result<PickedItem, Problem> {
    Ok(PickedItem {
        profile: item.profile.parse().map_err(|_| Problem::not_found())?,
        certificate: item
            .certificate
            .as_ref()
            .map(|id| id.parse().map_err(|_| Problem::not_found()))
            .transpose()?,
    })
}

/// Has a set made complete: what a build of these apps needs. What is here is used first, then what Apple has, and only what
/// is missing is created, once however many ask. Where everything is here and was seen at Apple lately it is answered at once
/// with 200 and the set; else with 202 and the act to wait for.
#[utoipa::path(post, path = "/orgs/{org}/signing-sets/ensure", tag = "signing_sets", request_body = api::EnsureSigningSet, responses((status = 200, body = api::EnsuredSigningSet), (status = 202, body = api::EnsuredSigningSet), AppleMayRefuse))]
pub(super) async fn ensure(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::EnsureSigningSet>,
) -> Result<Response, Failure> {
    let key = state.app.find_key(&who.caller, Action::UseSigningSets, org, &input.key).await?;
    let certificate = input
        .certificate
        .map(|id| id.parse().map_err(|_| Problem::not_found()))
        .transpose()?;
    let wish = SetWish {
        name: input.name.unwrap_or_default(),
        profile_type: input.profile_type,
        identifiers: input.bundle_identifiers,
        with_extensions: input.with_extensions,
        certificate,
        register: input.register,
        fresh_for: input.fresh_for.map(|seconds| SignedDuration::from_secs(i64::from(seconds))),
    };
    if input.dry_run {
        let steps = state.app.preview_signing_set(&who.caller, org, key.id, wish).await?;
        return Ok((StatusCode::OK, Json(shown_as::would(steps))).into_response());
    }
    Ok(match state.app.ensure_signing_set(&who.caller, org, key.id, wish).await? {
        Ensured::Ready(view) => (StatusCode::OK, Json(shown_as::ready(&view))).into_response(),
        Ensured::Begun(operation) => {
            let operation = views::operation(&(*operation).into());
            (StatusCode::ACCEPTED, Json(shown_as::begun(operation))).into_response()
        }
    })
}

/// One set, by its id or its name, with how each of its items stands.
#[utoipa::path(get, path = "/orgs/{org}/signing-sets/{signing_set}", tag = "signing_sets", responses((status = 200, body = api::SigningSet)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, set)): Ids<(OrgId, String)>,
) -> Result<Json<api::SigningSet>, Failure> {
    let view = state.app.signing_set(&who.caller, org, &set).await?;
    Ok(Json(shown_as::set(&view)))
}

/// Removes a set. The certificates and profiles in it stay.
#[utoipa::path(delete, path = "/orgs/{org}/signing-sets/{signing_set}", tag = "signing_sets", responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, set)): Ids<(OrgId, String)>,
) -> Result<StatusCode, Failure> {
    state.app.remove_signing_set(&who.caller, org, &set).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the files of a set for a build: certificates with their private keys, profiles, and what `xcodebuild` is told.
/// Recorded before a byte leaves.
#[utoipa::path(post, path = "/orgs/{org}/signing-sets/{signing_set}/files", tag = "signing_sets", request_body = api::SigningSetFilesRequest, responses((status = 200, body = api::SigningSetFiles)))]
pub(super) async fn files(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, set)): Ids<(OrgId, String)>,
    Body(input): Body<api::SigningSetFilesRequest>,
) -> Result<(Extension<CarriesSecret>, Json<api::SigningSetFiles>), Failure> {
    let password = match input.password {
        None => P12Password::Generated,
        Some(text) if text.is_empty() => P12Password::Empty,
        Some(text) => P12Password::Given(Zeroizing::new(text)),
    };
    let form = super::certificates::export_form(&input.form)?;
    let files = state.app.signing_set_files(&who.caller, org, &set, form, password).await?;
    Ok((Extension(CarriesSecret), Json(shown_as::files(&files))))
}
