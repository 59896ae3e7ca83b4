//! API keys.

use super::{
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids},
    idempotency::CarriesSecret,
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{Problem, keys::NewKey};
use axum::{Extension, Json, extract, http::StatusCode};
use domain::{Action, ApiKeyId, CertificateType, Feature, Need, OrgId};
use serde::Deserialize;
use utoipa::IntoParams;
use zeroize::Zeroizing;

fn new_key(input: api::NewKey) -> NewKey {
    NewKey {
        name: input.name,
        kind: input.kind,
        key_id: input.key_id,
        issuer_id: input.issuer_id,
        roles: input.roles,
        file_name: input.file_name,
        file: Zeroizing::new(input.private_key.into_bytes()),
        save_unverified: input.save_unverified,
    }
}

/// The organization's keys, by name.
#[utoipa::path(get, path = "/orgs/{org}/keys", tag = "keys", responses((status = 200, body = api::Keys)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::Keys>, Failure> {
    let keys = state.app.keys(&who.caller, org).await?;
    Ok(Json(api::Keys {
        items: keys.iter().map(views::key).collect(),
    }))
}

/// Links a key: reads it tolerantly, proves it at Apple, seals it. Nothing is saved when it does not fit.
#[utoipa::path(post, path = "/orgs/{org}/keys", tag = "keys", request_body = api::NewKey, responses((status = 201, body = api::KeyDetails), AppleMayRefuse))]
pub(super) async fn add(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewKey>,
) -> Result<(StatusCode, Json<api::KeyDetails>), Failure> {
    let details = state.app.add_key(&who.caller, org, new_key(input)).await?;
    Ok((StatusCode::CREATED, Json(views::key_details(&details))))
}

/// One key with its feature table.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}", tag = "keys", responses((status = 200, body = api::KeyDetails)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
) -> Result<Json<api::KeyDetails>, Failure> {
    let key = state.app.find_key(&who.caller, Action::SeeKeys, org, &key).await?;
    Ok(Json(views::key_details(&state.app.key(&who.caller, org, key.id).await?)))
}

/// Changes its name or its roles.
#[utoipa::path(patch, path = "/orgs/{org}/keys/{key}", tag = "keys", request_body = api::EditKey, responses((status = 200, body = api::KeyDetails)))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
    Body(input): Body<api::EditKey>,
) -> Result<Json<api::KeyDetails>, Failure> {
    let (name, roles) = (input.name.as_deref(), input.roles.as_deref());
    state.app.edit_key(&who.caller, org, key, name, roles).await?;
    Ok(Json(views::key_details(&state.app.key(&who.caller, org, key).await?)))
}

/// Removes it with its sealed private key. The body repeats its name.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/remove", tag = "keys", request_body = api::RemoveKey, responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
    Body(input): Body<api::RemoveKey>,
) -> Result<StatusCode, Failure> {
    state.app.remove_key(&who.caller, org, key, &input.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks Apple about it now.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/check", tag = "keys", responses((status = 200, body = api::KeyDetails), AppleMayRefuse))]
pub(super) async fn check(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
) -> Result<Json<api::KeyDetails>, Failure> {
    Ok(Json(views::key_details(&state.app.check_key(&who.caller, org, key).await?)))
}

/// Puts a new private key under the same item, proven first.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/rotate", tag = "keys", request_body = api::NewKey, responses((status = 200, body = api::KeyDetails), AppleMayRefuse))]
pub(super) async fn rotate(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
    Body(input): Body<api::NewKey>,
) -> Result<Json<api::KeyDetails>, Failure> {
    Ok(Json(views::key_details(
        &state.app.rotate_key(&who.caller, org, key, new_key(input)).await?,
    )))
}

/// What hangs on it.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/dependents", tag = "keys", responses((status = 200, body = api::Dependents)))]
pub(super) async fn dependents(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
) -> Result<Json<api::Dependents>, Failure> {
    let found = state.app.key_dependents(&who.caller, org, key).await?;
    Ok(Json(api::Dependents {
        certificates: found.certificates,
        running_operations: found.running_operations,
        certificates_below: found.certificates_below,
        running_operations_below: found.running_operations_below,
        organizations_below: found.organizations_below,
        sharing: found.sharing.as_ref().map(views::sharing),
    }))
}

/// Lets a declared "no" pass for one feature, or stops it again.
#[utoipa::path(put, path = "/orgs/{org}/keys/{key}/features/{feature}", tag = "keys", request_body = api::FeatureOverride, responses((status = 204)))]
pub(super) async fn override_feature(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key, feature)): Ids<(OrgId, ApiKeyId, String)>,
    Body(input): Body<api::FeatureOverride>,
) -> Result<StatusCode, Failure> {
    let feature: Feature = feature.parse().map_err(|_| Problem::not_found())?;
    state.app.override_feature(&who.caller, org, key, feature, input.overridden).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hands out a short-lived token for Apple. Recorded before it leaves.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple-token", tag = "keys", request_body = api::NewAppleToken, responses((status = 201, body = api::AppleToken)))]
pub(super) async fn apple_token(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, ApiKeyId)>,
    Body(input): Body<api::NewAppleToken>,
) -> Result<(StatusCode, Extension<CarriesSecret>, Json<api::AppleToken>), Failure> {
    let (token, expires_at) = state
        .app
        .mint_apple_token(&who.caller, org, key, input.minutes.unwrap_or(15), &input.scope)
        .await?;
    Ok((
        StatusCode::CREATED,
        Extension(CarriesSecret),
        Json(api::AppleToken {
            token: token.expose().to_owned(),
            expires_at,
        }),
    ))
}

/// What a key is wanted for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `create-certificate`, or a feature to read: `certificates`, `profiles`, `bundle-ids`.
    need: String,
    /// With `create-certificate`: Apple's type.
    certificate_type: Option<String>,
}

/// What the choice of keys demands: the right to the module that they are wanted for.
pub(super) const CHOICES: &[Action] = &[Action::SeeSigning, Action::SeeBinaries];

/// The keys for a need, usable ones first, the reason beside the others.
#[utoipa::path(get, path = "/orgs/{org}/key-choices", tag = "keys", params(Wanted), responses((status = 200, body = api::KeyChoices)))]
pub(super) async fn choices(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::KeyChoices>, Failure> {
    let need = match wanted.need.as_str() {
        "upload-build" => Need::UploadBuild,
        "manage-testing" => Need::ManageTesting { internal_only: false },
        "manage-internal-testing" => Need::ManageTesting { internal_only: true },
        "create-certificate" => {
            let text = wanted.certificate_type.as_deref().unwrap_or("DISTRIBUTION");
            let certificate_type =
                CertificateType::creatable(text).map_err(|why| Problem::field("certificate_type_unknown", "certificate_type", why))?;
            Need::CreateCertificate { certificate_type }
        }
        feature => Need::Read {
            feature: feature.parse().map_err(|why: String| Problem::field("need_unknown", "need", why))?,
        },
    };
    let choices = state.app.key_choices(&who.caller, org, &need).await?;
    Ok(Json(api::KeyChoices {
        items: choices.iter().map(views::key_choice).collect(),
    }))
}
