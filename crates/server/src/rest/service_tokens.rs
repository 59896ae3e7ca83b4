//! API tokens of an organization.

use super::{
    extract::{Asked, Body, Ids, paging},
    idempotency::CarriesSecret,
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Shown,
    service_tokens::{NewServiceToken, ServiceTokenChange, ServiceTokenView},
};
use axum::{Extension, Json, extract, http::StatusCode};
use domain::{OrgId, ServiceTokenId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

type Secret = (Extension<CarriesSecret>, Json<api::CreatedServiceToken>);

fn with_value(view: &ServiceTokenView, value: &Shown) -> Secret {
    let created = api::CreatedServiceToken {
        token: views::service_token(view),
        value: value.expose().to_owned(),
    };
    (Extension(CarriesSecret), Json(created))
}

/// The organization's tokens, newest first.
#[utoipa::path(get, path = "/orgs/{org}/tokens", tag = "tokens", params(Part), responses((status = 200, body = api::ServiceTokens)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(part): Asked<Part>,
) -> Result<Json<api::ServiceTokens>, Failure> {
    let page = state
        .app
        .service_tokens(&who.caller, org, &paging(part.limit, part.cursor)?)
        .await?;
    Ok(Json(api::ServiceTokens {
        items: page.items.iter().map(views::service_token).collect(),
        next_cursor: page.next,
    }))
}

/// Makes a token. Its value is in this answer and nowhere else. Nobody makes one of more than they hold themselves.
#[utoipa::path(post, path = "/orgs/{org}/tokens", tag = "tokens", request_body = api::NewServiceToken, responses((status = 201, body = api::CreatedServiceToken)))]
pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewServiceToken>,
) -> Result<(StatusCode, Extension<CarriesSecret>, Json<api::CreatedServiceToken>), Failure> {
    let new = NewServiceToken {
        name: input.name,
        roles: input.roles,
        organizations: input.organizations,
        address_ranges: input.address_ranges,
        expires_at: input.expires_at,
    };
    let (view, value) = state.app.create_service_token(&who, org, new).await?;
    let (secret, body) = with_value(&view, &value);
    Ok((StatusCode::CREATED, secret, body))
}

/// One of them.
#[utoipa::path(get, path = "/orgs/{org}/tokens/{service_token}", tag = "tokens", responses((status = 200, body = api::ServiceToken)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, token)): Ids<(OrgId, ServiceTokenId)>,
) -> Result<Json<api::ServiceToken>, Failure> {
    Ok(Json(views::service_token(&state.app.service_token(&who.caller, org, token).await?)))
}

/// Changes its name, roles, organizations or address ranges. It holds from the next request on.
#[utoipa::path(patch, path = "/orgs/{org}/tokens/{service_token}", tag = "tokens", request_body = api::EditServiceToken, responses((status = 200, body = api::ServiceToken)))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, token)): Ids<(OrgId, ServiceTokenId)>,
    Body(input): Body<api::EditServiceToken>,
) -> Result<Json<api::ServiceToken>, Failure> {
    let change = ServiceTokenChange {
        name: input.name,
        roles: input.roles,
        organizations: input.organizations,
        address_ranges: input.address_ranges,
    };
    let view = state.app.change_service_token(&who, org, token, change).await?;
    Ok(Json(views::service_token(&view)))
}

/// Gives it a fresh value and a fresh end. The value before is dead at once.
#[utoipa::path(post, path = "/orgs/{org}/tokens/{service_token}/rotate", tag = "tokens", request_body = api::RotateServiceToken, responses((status = 200, body = api::CreatedServiceToken)))]
pub(super) async fn rotate(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, token)): Ids<(OrgId, ServiceTokenId)>,
    Body(input): Body<api::RotateServiceToken>,
) -> Result<Secret, Failure> {
    let (view, value) = state.app.rotate_service_token(&who, org, token, input.expires_at).await?;
    Ok(with_value(&view, &value))
}

/// Ends it at once.
#[utoipa::path(delete, path = "/orgs/{org}/tokens/{service_token}", tag = "tokens", responses((status = 204)))]
pub(super) async fn revoke(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, token)): Ids<(OrgId, ServiceTokenId)>,
) -> Result<StatusCode, Failure> {
    state.app.revoke_service_token(&who.caller, org, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
