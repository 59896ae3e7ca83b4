//! How a [`Problem`] of a use case leaves the REST API: `application/problem+json` with a stable code.

use app::{Kind, Problem};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A problem on its way out of a REST handler.
pub(crate) struct Failure(pub(crate) Box<Problem>);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

/// The status that a class of problems has.
pub(crate) fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::SignInNeeded => StatusCode::UNAUTHORIZED,
        Kind::NotAllowed => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::AppleRefused => StatusCode::BAD_GATEWAY,
        Kind::AppleUnreachable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Writes the inside of a problem to the log, where it belongs and nowhere else.
pub(crate) fn log(problem: &Problem) {
    if let Some(cause) = &problem.inside {
        tracing::error!(code = problem.code, cause, "a request failed");
    }
}

/// The document.
pub(crate) fn document(problem: &Problem) -> api::Problem {
    let status = status(problem.kind);
    api::Problem {
        kind: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or("Problem").to_owned(),
        status: status.as_u16(),
        detail: problem.message.clone(),
        code: problem.code.to_owned(),
        request_id: None,
        fields: problem
            .fields
            .iter()
            .map(|f| api::Field {
                field: f.field.to_owned(),
                message: f.message.clone(),
            })
            .collect(),
        apple: problem.apple.as_ref().map(|a| api::AppleAnswer {
            status: a.status,
            code: a.code.clone(),
            detail: a.detail.clone(),
            see: a.see.clone(),
        }),
        usable_keys: problem
            .usable_keys
            .iter()
            .map(|(id, name)| api::UsableKey {
                id: id.to_string(),
                name: name.clone(),
            })
            .collect(),
        places: problem.places.iter().map(crate::rest::views::place).collect(),
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        log(&self.0);
        let document = document(&self.0);
        let status = status(self.0.kind);
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A panic in a handler is our fault and says no more than that.
pub(crate) fn panicked(cause: Box<dyn std::any::Any + Send>) -> Problem {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("a panic");
    Problem::internal(cause)
}

/// A panic anywhere but in the console.
pub(crate) fn after_panic(cause: Box<dyn std::any::Any + Send>) -> Response {
    Failure::from(panicked(cause)).into_response()
}
