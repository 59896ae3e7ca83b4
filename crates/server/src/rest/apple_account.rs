//! The Apple account through a key: its certificates, which are revoked here, and its profiles.

use super::{
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{Problem, apple_account::ListQuery};
use axum::{
    Json, extract,
    http::{HeaderValue, StatusCode},
    response::Response,
};
use domain::{Action, ApiKeyId, OrgId};
use serde::Deserialize;
use utoipa::IntoParams;

/// What to show of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Shown {
    /// Substring of name, identifier, serial or UDID; case does not matter.
    search: Option<String>,
    /// Apple's type, platform or class.
    kind: Option<String>,
    /// State, such as ACTIVE, INVALID, EXPIRED, ENABLED, DISABLED, valid, expiring, expired.
    state: Option<String>,
    /// Field to sort by; a leading `-` turns it around.
    sort: Option<String>,
}

impl From<Shown> for ListQuery {
    fn from(shown: Shown) -> Self {
        Self {
            search: shown.search,
            kind: shown.kind,
            state: shown.state,
            sort: shown.sort,
        }
    }
}

pub(super) async fn key_of(state: &State, who: &Bearer, to: Action, org: OrgId, key: &str) -> Result<ApiKeyId, Problem> {
    Ok(state.app.find_key(&who.0.caller, to, org, key).await?.id)
}

/// Certificates at Apple.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/certificates", tag = "apple", params(Shown), responses((status = 200, body = api::AppleCertificates), AppleMayRefuse))]
pub(super) async fn certificates(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Asked(shown): Asked<Shown>,
) -> Result<Json<api::AppleCertificates>, Failure> {
    let key = key_of(&state, &who, Action::SeeSigning, org, &key).await?;
    let list = state.app.apple_certificates(&who.0.caller, org, key, &shown.into()).await?;
    let now = state.clock.now();
    Ok(Json(api::AppleCertificates {
        items: list.items.iter().map(|c| views::apple_certificate(c, now)).collect(),
        total: list.total,
        at: list.at,
    }))
}

/// One certificate at Apple, and the profiles that hold it.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/certificates/{apple_certificate}", tag = "apple", responses((status = 200, body = api::AppleCertificateDetails), AppleMayRefuse))]
pub(super) async fn certificate(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, certificate)): Ids<(OrgId, String, String)>,
) -> Result<Json<api::AppleCertificateDetails>, Failure> {
    let key = key_of(&state, &who, Action::SeeSigning, org, &key).await?;
    let found = state.app.apple_certificate(&who.0.caller, org, key, &certificate).await?;
    Ok(Json(api::AppleCertificateDetails {
        certificate: views::apple_certificate(&found.certificate, state.clock.now()),
        profiles: found.profiles.map(|profiles| profiles.iter().map(views::profile_ref).collect()),
    }))
}

/// Begins to revoke a certificate at Apple, which cannot be undone. The body repeats its name.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/certificates/{apple_certificate}/revoke", tag = "apple", request_body = api::RevokeCertificate, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn revoke_certificate(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, certificate)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::RevokeCertificate>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = key_of(&state, &who, Action::RevokeCertificate, org, &key).await?;
    let operation = state
        .app
        .revoke_certificate(&who.0.caller, org, key, &certificate, &input.name)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// Provisioning profiles at Apple.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/profiles", tag = "apple", params(Shown), responses((status = 200, body = api::AppleProfiles), AppleMayRefuse))]
pub(super) async fn profiles(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Asked(shown): Asked<Shown>,
) -> Result<Json<api::AppleProfiles>, Failure> {
    let key = key_of(&state, &who, Action::SeeSigning, org, &key).await?;
    let list = state.app.apple_profiles(&who.0.caller, org, key, &shown.into()).await?;
    let now = state.clock.now();
    Ok(Json(api::AppleProfiles {
        items: list.items.iter().map(|p| views::apple_profile(p, now)).collect(),
        total: list.total,
        at: list.at,
    }))
}

/// A profile as `.mobileprovision`. The header `Russet-Signature` says what the check against the trust root found.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/profiles/{profile}/content", tag = "apple", responses((status = 200, body = Vec<u8>, content_type = "application/x-apple-aspen-mobileprovision"), AppleMayRefuse))]
pub(super) async fn download_profile(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, profile)): Ids<(OrgId, String, String)>,
) -> Result<Response, Failure> {
    let key = key_of(&state, &who, Action::DownloadProfile, org, &key).await?;
    let (file, signature) = state.app.download_profile(&who.0.caller, org, key, &profile).await?;
    let mut response = crate::attachment::attachment(&file);
    if let Ok(value) = HeaderValue::from_str(&signature) {
        response.headers_mut().insert("russet-signature", value);
    }
    Ok(response)
}
