//! `Idempotency-Key`: the same POST sent twice does its work once and is answered twice alike.
//!
//! The key counts within one organization and one principal. An answer that carried a secret is not kept; its replay is a
//! conflict that says so.

use crate::{State, reply::Failure, session::Bearer};
use app::{Kind, Problem, idempotency::Replay};
use aws_lc_rs::digest;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::OrgId;
use http_body_util::BodyExt;

/// Longest key, in characters.
const KEY_CHARACTERS: usize = 200;

/// Marks an answer that must not be kept.
#[derive(Clone, Copy)]
pub(crate) struct CarriesSecret;

/// The layer.
pub(crate) async fn once(axum::extract::State(state): axum::extract::State<State>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").cloned();
    match (key, organization(request.uri().path())) {
        (Some(key), Some(org)) if request.method() == Method::POST => match answer_once(&state, &key, org, request, next).await {
            Ok(response) => response,
            Err(failure) => failure.into_response(),
        },
        _ => next.run(request).await,
    }
}

/// The organization that an address is about.
fn organization(path: &str) -> Option<OrgId> {
    path.strip_prefix(api::ROOT)?
        .strip_prefix("/orgs/")?
        .split('/')
        .next()?
        .parse()
        .ok()
}

async fn answer_once(state: &State, key: &HeaderValue, org: OrgId, request: Request, next: Next) -> Result<Response, Failure> {
    let key = key
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= KEY_CHARACTERS)
        .ok_or_else(|| {
            Problem::new(
                Kind::Invalid,
                "idempotency_key_malformed",
                format!("The Idempotency-Key must be 1 to {KEY_CHARACTERS} printable ASCII characters."),
            )
        })?;
    let (mut parts, body) = request.into_parts();
    let who = Bearer::from_request_parts(&mut parts, state).await?;
    let too_large = || {
        Problem::new(
            Kind::TooLarge,
            "body_too_large",
            "The request's body is larger than 1 MB, which is the most that fits.",
        )
    };
    let bytes = http_body_util::Limited::new(body, crate::JSON_BYTES)
        .collect()
        .await
        .map_err(|_| too_large())?
        .to_bytes();
    let hash = request_hash(parts.method.as_str(), parts.uri.path(), &bytes);
    if let Replay::Answered { status, body } = state.app.replay(&who.0.caller, org, key, hash).await? {
        return Ok(replayed(status, body));
    }
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|b| b.to_bytes()).map_err(Problem::internal)?;
    let secret = parts.extensions.get::<CarriesSecret>().is_some();
    // What a second try may answer otherwise (our fault, Apple's, a limit) is let go of by `remember`.
    state
        .app
        .remember(&who.0.caller, org, key, parts.status.as_u16(), &bytes, secret)
        .await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn request_hash(method: &str, path: &str, body: &Bytes) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [method.as_bytes(), path.as_bytes(), body.as_ref()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn replayed(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let media = if status.is_client_error() {
        "application/problem+json"
    } else {
        "application/json"
    };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
        .headers_mut()
        .insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
