//! Signing in, tokens.

use super::{
    extract::{Body, Ids},
    idempotency::CarriesSecret,
    views,
};
use crate::{State, origin, reply::Failure, session::Bearer};
use app::Problem;
use axum::{Extension, Json, extract, http::StatusCode};
use domain::ApiTokenId;

/// What the server says of itself to anybody.
#[utoipa::path(get, path = "/status", tag = "account", security(()), responses((status = 200, body = api::Status)))]
pub(super) async fn status(extract::State(state): extract::State<State>) -> Json<api::Status> {
    Json(api::Status {
        state: "ready".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: state.clock.now(),
        apple_clock_skew_seconds: state.app.apple_clock_skew_seconds(),
    })
}

/// Signs in with e-mail and password for a personal token.
#[utoipa::path(post, path = "/login", tag = "account", security(()), request_body = api::Login, responses((status = 201, body = api::CreatedToken), (status = 401), (status = 429)))]
pub(super) async fn login(
    extract::State(state): extract::State<State>,
    origin::From(origin): origin::From,
    Body(input): Body<api::Login>,
) -> Result<(StatusCode, Extension<CarriesSecret>, Json<api::CreatedToken>), Failure> {
    let session = state
        .app
        .sign_in(&input.email, &input.password, origin, Some("russet login"))
        .await?;
    let created = state.app.create_token(&session.signed_in, &input.token_name, None).await;
    state.app.sign_out(&session.signed_in).await?;
    let (token, value) = created?;
    Ok((
        StatusCode::CREATED,
        Extension(CarriesSecret),
        Json(api::CreatedToken {
            token: views::token(&token),
            value: value.expose().to_owned(),
        }),
    ))
}

/// Who the token stands for.
#[utoipa::path(get, path = "/me", tag = "account", responses((status = 200, body = api::Me)))]
pub(super) async fn me(extract::State(state): extract::State<State>, Bearer(who): Bearer) -> Result<Json<api::Me>, Failure> {
    let organizations = state.app.own_organizations(&who).await?;
    Ok(Json(views::me(&who, &organizations)))
}

/// The personal tokens.
#[utoipa::path(get, path = "/me/tokens", tag = "account", responses((status = 200, body = api::Tokens)))]
pub(super) async fn tokens(extract::State(state): extract::State<State>, Bearer(who): Bearer) -> Result<Json<api::Tokens>, Failure> {
    let tokens = state.app.tokens(&who).await?;
    Ok(Json(api::Tokens {
        items: tokens.iter().map(views::token).collect(),
    }))
}

/// Makes a personal token. Its value is in this answer and nowhere else.
#[utoipa::path(post, path = "/me/tokens", tag = "account", request_body = api::NewToken, responses((status = 201, body = api::CreatedToken)))]
pub(super) async fn create_token(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Body(input): Body<api::NewToken>,
) -> Result<(StatusCode, Extension<CarriesSecret>, Json<api::CreatedToken>), Failure> {
    let (token, value) = state.app.create_token(&who, &input.name, input.expires_at).await?;
    Ok((
        StatusCode::CREATED,
        Extension(CarriesSecret),
        Json(api::CreatedToken {
            token: views::token(&token),
            value: value.expose().to_owned(),
        }),
    ))
}

/// Ends a personal token at once; `current` names the one that asks.
#[utoipa::path(delete, path = "/me/tokens/{token}", tag = "account", responses((status = 204)))]
pub(super) async fn revoke_token(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(token): Ids<String>,
) -> Result<StatusCode, Failure> {
    let token = if token == "current" {
        who.personal_token().map(|token| token.id)
    } else {
        token.parse::<ApiTokenId>().ok()
    };
    who.person()?;
    let token = token.ok_or_else(Problem::not_found)?;
    state.app.revoke_token(&who, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
