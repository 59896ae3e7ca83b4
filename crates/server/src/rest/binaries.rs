//! Binaries: announced, sent in pieces, completed; then listed, looked at, taken away.

use super::{
    extract::{Asked, Body, Ids, paging},
    views::binaries as views,
};
use crate::{State, attachment::disposition, reply::Failure, session::Bearer};
use app::binaries::{Begun, BinaryFilter, NewBinary};
use axum::{
    Json,
    body::Body as Raw,
    extract,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{BinaryId, BinaryUploadId, OrgId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which binaries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// With this text in file name, name, identifier, version or build number.
    search: Option<String>,
    /// Of the app with this bundle identifier.
    identifier: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Where a piece begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct At {
    /// How many bytes come before it: `received` of the upload.
    offset: u64,
}

/// The binaries held here, newest first.
#[utoipa::path(get, path = "/orgs/{org}/binaries", tag = "binaries", params(Which), responses((status = 200, body = api::Binaries)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(which): Asked<Which>,
) -> Result<Json<api::Binaries>, Failure> {
    let filter = BinaryFilter {
        search: which.search,
        identifier: which.identifier,
    };
    let page = state
        .app
        .binaries(&who.caller, org, &filter, &paging(which.limit, which.cursor)?)
        .await?;
    Ok(Json(api::Binaries {
        items: page.items.iter().map(views::binary).collect(),
        next_cursor: page.next,
    }))
}

/// Announces a file. Answers where to go on, or that its bytes are here already.
#[utoipa::path(post, path = "/orgs/{org}/binaries", tag = "binaries", request_body = api::NewBinary,
    responses((status = 200, body = api::BegunUpload)))]
pub(super) async fn begin(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewBinary>,
) -> Result<Json<api::BegunUpload>, Failure> {
    let new = NewBinary {
        file_name: input.file_name,
        size: input.size,
        sha256: input.sha256,
    };
    Ok(Json(match state.app.begin_binary_upload(&who.caller, org, new).await? {
        Begun::Upload(upload) => api::BegunUpload {
            upload: Some(views::upload(&upload)),
            binary: None,
        },
        Begun::Held(view) => api::BegunUpload {
            upload: None,
            binary: Some(views::details(&view, Some(true))),
        },
    }))
}

/// One of them, with what is inside.
#[utoipa::path(get, path = "/orgs/{org}/binaries/{binary}", tag = "binaries", responses((status = 200, body = api::BinaryDetails)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
) -> Result<Json<api::BinaryDetails>, Failure> {
    Ok(Json(views::details(&state.app.binary(&who.caller, org, binary).await?, None)))
}

/// Marks it as a release candidate, or takes the mark away.
#[utoipa::path(patch, path = "/orgs/{org}/binaries/{binary}", tag = "binaries", request_body = api::EditBinary,
    responses((status = 200, body = api::BinaryDetails)))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
    Body(input): Body<api::EditBinary>,
) -> Result<Json<api::BinaryDetails>, Failure> {
    state.app.mark_binary(&who.caller, org, binary, input.release_candidate).await?;
    Ok(Json(views::details(&state.app.binary(&who.caller, org, binary).await?, None)))
}

/// What would make Apple refuse it, and what else should be known before it is sent, as far as the file alone tells.
#[utoipa::path(get, path = "/orgs/{org}/binaries/{binary}/findings", tag = "binaries",
    responses((status = 200, body = api::BinaryFindings)))]
pub(super) async fn findings(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
) -> Result<Json<api::BinaryFindings>, Failure> {
    let found = state.app.findings_of_binary(&who.caller, org, binary).await?;
    Ok(Json(api::BinaryFindings {
        items: found.into_iter().map(views::finding).collect(),
    }))
}

/// The icon of the app inside.
#[utoipa::path(get, path = "/orgs/{org}/binaries/{binary}/icon", tag = "binaries",
    responses((status = 200, body = Vec<u8>, content_type = "image/png")))]
pub(super) async fn icon(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
) -> Result<Response, Failure> {
    let png = state.app.icon_of_binary(&who.caller, org, binary).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// What differs between two binaries.
#[utoipa::path(get, path = "/orgs/{org}/binaries/{binary}/compare/{other}", tag = "binaries",
    responses((status = 200, body = api::BinaryDifferences)))]
pub(super) async fn compare(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary, other)): Ids<(OrgId, BinaryId, BinaryId)>,
) -> Result<Json<api::BinaryDifferences>, Failure> {
    let found = state.app.compare_binaries(&who.caller, org, binary, other).await?;
    Ok(Json(views::differences(found)))
}

/// The file. The use is written down before its first byte leaves.
#[utoipa::path(get, path = "/orgs/{org}/binaries/{binary}/file", tag = "binaries",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub(super) async fn download(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
) -> Result<Response, Failure> {
    let file = state.app.download_binary(&who.caller, org, binary).await?;
    let heads = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&file.file_name)),
        (header::CONTENT_LENGTH, file.size.to_string()),
    ];
    Ok((heads, Raw::from_stream(file.bytes)).into_response())
}

/// Removes it here. What was sent to Apple stays there.
#[utoipa::path(delete, path = "/orgs/{org}/binaries/{binary}", tag = "binaries", responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, binary)): Ids<(OrgId, BinaryId)>,
) -> Result<StatusCode, Failure> {
    state.app.remove_binary(&who.caller, org, binary).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far an upload came.
#[utoipa::path(get, path = "/orgs/{org}/binary-uploads/{upload}", tag = "binaries", responses((status = 200, body = api::BinaryUpload)))]
pub(super) async fn upload(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, upload)): Ids<(OrgId, BinaryUploadId)>,
) -> Result<Json<api::BinaryUpload>, Failure> {
    Ok(Json(views::upload(&state.app.binary_upload(&who.caller, org, upload).await?)))
}

/// Takes a piece, of any length, that begins where the one before ended. What came of an interrupted one is kept.
#[utoipa::path(put, path = "/orgs/{org}/binary-uploads/{upload}/bytes", tag = "binaries", params(At),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, body = api::BinaryUpload)))]
pub(super) async fn append(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, upload)): Ids<(OrgId, BinaryUploadId)>,
    Asked(at): Asked<At>,
    pieces: Raw,
) -> Result<Json<api::BinaryUpload>, Failure> {
    let pieces = pieces.into_data_stream();
    let kept = state.app.append_to_binary(&who.caller, org, upload, at.offset, pieces).await?;
    Ok(Json(views::upload(&kept)))
}

/// Looks into a file that is whole, and keeps it.
#[utoipa::path(post, path = "/orgs/{org}/binary-uploads/{upload}/complete", tag = "binaries",
    responses((status = 200, body = api::BinaryDetails)))]
pub(super) async fn complete(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, upload)): Ids<(OrgId, BinaryUploadId)>,
) -> Result<Json<api::BinaryDetails>, Failure> {
    let arrived = state.app.complete_binary_upload(&who.caller, org, upload).await?;
    let view = state.app.binary(&who.caller, org, arrived.binary.id).await?;
    Ok(Json(views::details(&view, Some(arrived.was_here))))
}

/// Gives an upload up.
#[utoipa::path(delete, path = "/orgs/{org}/binary-uploads/{upload}", tag = "binaries", responses((status = 204)))]
pub(super) async fn give_up(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, upload)): Ids<(OrgId, BinaryUploadId)>,
) -> Result<StatusCode, Failure> {
    state.app.give_up_binary_upload(&who.caller, org, upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long binaries are kept.
#[utoipa::path(get, path = "/orgs/{org}/binary-retention", tag = "binaries", responses((status = 200, body = api::BinaryRetention)))]
pub(super) async fn retention(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::BinaryRetention>, Failure> {
    let days = state.app.binary_retention(&who.caller, org).await?;
    Ok(Json(api::BinaryRetention { days }))
}

/// Sets how long binaries are kept. The server looks daily which are older; release candidates, and what is being sent, stay.
#[utoipa::path(put, path = "/orgs/{org}/binary-retention", tag = "binaries", request_body = api::BinaryRetention,
    responses((status = 200, body = api::BinaryRetention)))]
pub(super) async fn set_retention(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::BinaryRetention>,
) -> Result<Json<api::BinaryRetention>, Failure> {
    let days = state.app.set_binary_retention(&who.caller, org, input.days).await?;
    Ok(Json(api::BinaryRetention { days }))
}
