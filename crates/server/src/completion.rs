//! A request that changes something is carried to its end, also when its client hangs up.
//!
//! A server stops working on a request whose connection is gone. For reading that is right; a change would be left
//! between its intent and its outcome, and its `Idempotency-Key` taken for ever. So it runs in a task of its own.

use crate::reply;
use app::Problem;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;

/// The layer.
pub(crate) async fn carry_to_the_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(ended) => match ended.try_into_panic() {
            Ok(cause) => reply::after_panic(cause),
            Err(stopped) => reply::Failure::from(Problem::internal(stopped)).into_response(),
        },
    }
}
