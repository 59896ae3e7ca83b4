//! `POST /apple/webhooks/{apple_webhook}`: where Apple delivers what happened to an app's uploads and builds.
//!
//! Nobody is signed in, so every answer that is not "taken" says nothing but its status, whether the address belongs to
//! somebody or not. The body is bounded here and read as bytes; what it holds is looked at after its signature.

use crate::{State, reply};
use app::apple_webhooks::SIGNATURE_HEADER;
use axum::{
    body::Bytes,
    extract::{Path, State as Reach, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};

/// The most that is read. Apple's notifications have less than a kilobyte.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// Takes a delivery.
pub(crate) async fn take(
    Reach(state): Reach<State>,
    Path(id): Path<String>,
    origin: crate::origin::From,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> StatusCode {
    let body = match body {
        Ok(body) => body,
        Err(refused) => return refused.status(),
    };
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    match state.app.take_apple_notification(&id, signature, &body, &origin.0).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(problem) => {
            reply::log(&problem);
            reply::status(problem.kind)
        }
    }
}
