//! A request that changes something is carried to its end, also when its client hangs up.
//!
//! A server stops working on a request whose connection is gone. For reading that is right; a change would be left
//! between its intent and its outcome, and its `Idempotency-Key` taken for ever. So it runs in a task of its own.

use crate::reply;
use app::Problem;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::time::Duration;
use tower_http::timeout::TimeoutBody;
use tracing::Instrument;

/// How long a client may take between two pieces of a body.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// Gives up on a body that does not come: carried to its end, such a request would else be waited for without end.
pub(crate) async fn wait_for_body(request: Request) -> Request {
    bounded(request, BODY_PATIENCE)
}

fn bounded(request: Request, patience: Duration) -> Request {
    request.map(|body| Body::new(TimeoutBody::new(patience, body)))
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream::{self, StreamExt as _};

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        type Piece = Result<&'static str, std::io::Error>;
        let stuck = stream::iter([Piece::Ok("{")]).chain(stream::pending::<Piece>());
        let request = bounded(Request::new(Body::from_stream(stuck)), Duration::from_millis(5));
        let read = axum::body::to_bytes(request.into_body(), 100);
        let given_up = tokio::time::timeout(Duration::from_secs(3), read).await;
        assert!(given_up.expect("not waited for").is_err());
        let whole = bounded(Request::new(Body::from("{}")), Duration::from_secs(60));
        assert_eq!(axum::body::to_bytes(whole.into_body(), 100).await.unwrap(), "{}");
    }
}
