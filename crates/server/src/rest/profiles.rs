//! Profiles held here: listed, shown, downloaded, registered at Apple, fetched, taken in from files, rebuilt, removed.

use super::{
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids, paging},
    views::{self, profiles as shown_as},
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Problem,
    apple_account::ListQuery,
    profiles::{Devices, ProfileChange, ProfileToRegister},
};
use axum::{Json, extract, http::StatusCode, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Action, OrgId, ProfileId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which profiles, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Shown {
    /// A part of the name or the bundle identifier, or the beginning of the UUID; case does not matter.
    search: Option<String>,
    /// Apple's type, such as `IOS_APP_STORE`.
    kind: Option<String>,
    /// `ready`, `rebuilding`, `invalid`, `expired`.
    state: Option<String>,
    /// `name` (unless given) or `expires`.
    sort: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What is held here, in pages.
#[utoipa::path(get, path = "/orgs/{org}/profiles", tag = "profiles", params(Shown), responses((status = 200, body = api::Profiles)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(shown): Asked<Shown>,
) -> Result<Json<api::Profiles>, Failure> {
    let paging = paging(shown.limit, shown.cursor)?;
    let query = ListQuery {
        search: shown.search,
        kind: shown.kind,
        state: shown.state,
        sort: shown.sort,
    };
    let page = state.app.profiles(&who.caller, org, &query, &paging).await?;
    let now = state.clock.now();
    Ok(Json(api::Profiles {
        items: page.items.iter().map(|row| shown_as::row(row, now)).collect(),
        next_cursor: page.next,
    }))
}

/// One profile, with what its file says.
#[utoipa::path(get, path = "/orgs/{org}/profiles/{held_profile}", tag = "profiles", responses((status = 200, body = api::ProfileDetails)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, profile)): Ids<(OrgId, ProfileId)>,
) -> Result<Json<api::ProfileDetails>, Failure> {
    let view = state.app.profile(&who.caller, org, profile).await?;
    Ok(Json(shown_as::details(view, state.clock.now())))
}

/// Its file, also while it is rebuilt; of a reference, the one that Apple has. Recorded before a byte leaves.
#[utoipa::path(get, path = "/orgs/{org}/profiles/{held_profile}/content", tag = "profiles", responses((status = 200, body = Vec<u8>, content_type = "application/x-apple-aspen-mobileprovision"), AppleMayRefuse))]
pub(super) async fn download(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, profile)): Ids<(OrgId, ProfileId)>,
) -> Result<Response, Failure> {
    let file = state.app.download_held_profile(&who.caller, org, profile).await?;
    Ok(crate::attachment::attachment(&file))
}

/// The devices that a request names; none where it does not say.
fn devices(chosen: Option<Vec<String>>, all: bool) -> Result<Option<Devices>, Problem> {
    match (chosen, all) {
        (None, false) => Ok(None),
        (None, true) => Ok(Some(Devices::AllEnabled)),
        (Some(chosen), false) => Ok(Some(Devices::Chosen(chosen))),
        (Some(_), true) => Err(Problem::field(
            "devices_unfit",
            "devices",
            "Say which devices, or all of them: not both.",
        )),
    }
}

/// Begins to create a profile at Apple, whose file is kept here. The answer is the act; ask for it until it is over.
#[utoipa::path(post, path = "/orgs/{org}/profiles", tag = "profiles", request_body = api::NewProfile, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn register(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewProfile>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = state.app.find_key(&who.caller, Action::EditProfiles, org, &input.key).await?;
    let wanted = ProfileToRegister {
        name: input.name.unwrap_or_default(),
        profile_type: input.profile_type,
        bundle_identifier: input.bundle_identifier,
        certificates: input.certificates,
        devices: devices(Some(input.devices).filter(|chosen| !chosen.is_empty()), input.all_devices)?,
    };
    let operation = state.app.register_profile(&who.caller, org, key.id, wanted).await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// Begins to build a held profile anew, under its name: it is deleted at Apple and created again. Its file here stays until
/// the new one is there.
#[utoipa::path(post, path = "/orgs/{org}/profiles/{held_profile}/rebuild", tag = "profiles", request_body = api::RebuildProfile, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn rebuild(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, profile)): Ids<(OrgId, ProfileId)>,
    Body(input): Body<api::RebuildProfile>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = state.app.find_key(&who.caller, Action::EditProfiles, org, &input.key).await?;
    let change = ProfileChange {
        certificates: input.certificates,
        devices: devices(input.devices, input.all_devices)?,
    };
    let operation = state.app.rebuild_profile(&who.caller, org, key.id, profile, change).await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// Takes profiles in from files. One that does not fit does not stop the others.
#[utoipa::path(post, path = "/orgs/{org}/profiles/import", tag = "profiles", request_body = api::ImportProfiles, responses((status = 200, body = api::ImportedProfiles)))]
pub(super) async fn import(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::ImportProfiles>,
) -> Result<Json<api::ImportedProfiles>, Failure> {
    state.app.may(&who.caller, Action::EditProfiles, org).await?;
    let files = input.files.into_iter().map(bytes).collect::<Result<_, _>>()?;
    let imported = state.app.import_profiles(&who.caller, org, files).await?;
    Ok(Json(shown_as::imported(imported, state.clock.now())))
}

fn bytes(file: api::ProfileFile) -> Result<(String, Vec<u8>), Problem> {
    let content = STANDARD.decode(file.content.trim()).map_err(|_| {
        let message = format!("“{}” is not base64. Encode its bytes before they are sent.", file.name);
        Problem::field("content_unfit", "files", message)
    })?;
    Ok((file.name, content))
}

/// Takes profiles in that the Apple account has: all, or chosen ones. Nothing changes at Apple.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/profiles/fetch", tag = "profiles", request_body = api::FetchProfiles, responses((status = 200, body = api::FetchedProfiles), AppleMayRefuse))]
pub(super) async fn fetch(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Body(input): Body<api::FetchProfiles>,
) -> Result<Json<api::FetchedProfiles>, Failure> {
    let key = state.app.find_key(&who.caller, Action::EditProfiles, org, &key).await?;
    let (app, chosen) = (&state.app, input.profiles.as_deref());
    let fetched = if input.reference {
        app.fetch_profile_references(&who.caller, org, key.id, chosen).await?
    } else {
        app.fetch_profiles(&who.caller, org, key.id, chosen).await?
    };
    Ok(Json(shown_as::fetched(fetched, state.clock.now())))
}

/// Begins to delete a profile at Apple. The body repeats its name. What is held of it here stays, and is called invalid.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/profiles/{profile}/delete", tag = "profiles", request_body = api::DeleteProfile, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key, profile)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::DeleteProfile>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = state.app.find_key(&who.caller, Action::EditProfiles, org, &key).await?;
    let operation = state
        .app
        .delete_profile_at_apple(&who.caller, org, key.id, &profile, &input.name)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// Removes profiles here, all or none. At Apple they stay.
#[utoipa::path(post, path = "/orgs/{org}/profiles/remove", tag = "profiles", request_body = api::RemoveProfiles, responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::RemoveProfiles>,
) -> Result<StatusCode, Failure> {
    state.app.may(&who.caller, Action::EditProfiles, org).await?;
    let ids: Result<Vec<ProfileId>, _> = input.profiles.iter().map(|id| id.parse()).collect();
    state
        .app
        .remove_profiles(&who.caller, org, &ids.map_err(|_| Problem::not_found())?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
