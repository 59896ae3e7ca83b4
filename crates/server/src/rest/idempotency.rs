//! `Idempotency-Key`: the same POST sent twice does its work once and is answered twice alike.
//!
//! The key counts within one organization and one principal; for what belongs to a person, within the oldest of their
//! organizations. An answer that carried a secret is not kept; its replay is a conflict that says so.

use super::extract::too_large;
use crate::{
    State,
    reply::{self, Failure},
    session::{self, Bearer},
};
use app::{
    Kind, Problem,
    accounts::SignedIn,
    idempotency::{Kept, Replay},
};
use aws_lc_rs::digest;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, MatchedPath, Request},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::OrgId;
use futures::FutureExt;
use http_body_util::BodyExt;
use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc};

/// The addresses that take more than the usual body, with how much.
pub(crate) type LargerBodies = Arc<BTreeMap<String, usize>>;

/// Marks an answer that must not be kept.
#[derive(Clone, Copy)]
pub(crate) struct CarriesSecret;

/// The layer.
pub(crate) async fn once(
    axum::extract::State((state, larger)): axum::extract::State<(State, LargerBodies)>,
    request: Request,
    next: Next,
) -> Response {
    let key = request.headers().get("idempotency-key").cloned();
    // Who signs in or holds an invitation need not be anybody yet.
    let path = request.uri().path().strip_prefix(api::ROOT).unwrap_or_default();
    let open = path == "/login" || path.starts_with("/invitations/");
    match key {
        Some(key) if request.method() == Method::POST && !open => {
            let address = request.extensions().get::<MatchedPath>();
            let most = address
                .and_then(|address| larger.get(address.as_str()))
                .copied()
                .unwrap_or(crate::JSON_BYTES);
            match answer_once(&state, &key, most, request, next).await {
                Ok(response) => response,
                Err(failure) => failure.into_response(),
            }
        }
        _ => next.run(request).await,
    }
}

/// The organization in which the key counts: the one that the address is about. Whoever deletes or leaves it finds nothing
/// there when they ask again, so then it is another one of theirs, as long as there is one.
fn scope(path: &str, who: &SignedIn) -> Option<OrgId> {
    let Some(rest) = path.strip_prefix(api::ROOT)?.strip_prefix("/orgs/") else {
        return who.home();
    };
    let (org, act) = rest.split_once('/').unwrap_or((rest, ""));
    let org = org.parse().ok()?;
    let mut theirs = who.caller.principal.organizations();
    match act {
        "remove" | "leave" if who.person().is_ok() => theirs.find(|other| *other != org).or(Some(org)),
        _ => Some(org),
    }
}

async fn answer_once(state: &State, key: &HeaderValue, most: usize, request: Request, next: Next) -> Result<Response, Failure> {
    let (mut parts, body) = request.into_parts();
    let who = Bearer::from_request_parts(&mut parts, state).await?;
    let key = key.to_str().map_err(|_| {
        Problem::new(
            Kind::Invalid,
            "idempotency_key_unfit",
            "The Idempotency-Key is not ASCII. A random UUID is a good one.",
        )
    })?;
    let Some(org) = scope(parts.uri.path(), &who.0) else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let bytes = http_body_util::Limited::new(body, most)
        .collect()
        .await
        .map_err(|_| too_large(most))?
        .to_bytes();
    let token = session::bearer(&parts.headers).unwrap_or_default();
    let hash = request_hash(token, parts.method.as_str(), parts.uri.path(), &bytes);
    if let Replay::Answered { status, body } = state.app.replay(&who.0.caller, org, key, hash).await? {
        return Ok(replayed(status, body));
    }
    // A panic must not leave the key taken.
    let answered = AssertUnwindSafe(next.run(Request::from_parts(parts, Body::from(bytes)))).catch_unwind();
    let (parts, body) = answered.await.unwrap_or_else(reply::after_panic).into_parts();
    let bytes = body.collect().await.map(|b| b.to_bytes()).map_err(Problem::internal)?;
    let secret = parts.extensions.get::<CarriesSecret>().is_some();
    let refusal = parts.extensions.get::<Arc<api::Problem>>();
    let code = refusal.map(|document| document.code.as_str());
    let kept = Kept::of(parts.status.as_u16(), code, &bytes, secret);
    let kept = state.app.remember(&who.0.caller, org, key, kept).await;
    // What was asked for is done; that a repetition will be told less is no reason to answer a failure.
    if let Err(problem) = kept {
        reply::log(&problem);
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// What is kept of the request. The body may hold a short password; with the token in the hash, which nobody can guess and
/// the database does not have, a copy of the database is of no use for guessing it.
fn request_hash(token: &str, method: &str, path: &str, body: &Bytes) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [token.as_bytes(), method.as_bytes(), path.as_bytes(), body.as_ref()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn replayed(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = match serde_json::from_slice::<api::Problem>(&body) {
        Ok(document) if status.is_client_error() => reply::respond(document),
        _ if body.is_empty() => status.into_response(),
        _ => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
    };
    response
        .headers_mut()
        .insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_request_cannot_be_guessed_from() {
        let hash = |token, body: &'static str| request_hash(token, "POST", "/api/v1/orgs/o/x", &Bytes::from_static(body.as_bytes()));
        assert_eq!(
            hash("russet_a", r#"{"password":"1234"}"#),
            hash("russet_a", r#"{"password":"1234"}"#)
        );
        assert_ne!(
            hash("russet_a", r#"{"password":"1234"}"#),
            hash("russet_b", r#"{"password":"1234"}"#)
        );
        assert_ne!(
            hash("russet_a", r#"{"password":"1234"}"#),
            hash("russet_a", r#"{"password":"1235"}"#)
        );
    }
}
