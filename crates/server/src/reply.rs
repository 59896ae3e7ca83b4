//! How a [`Problem`] of a use case leaves the REST API: `application/problem+json` with a stable code.
//!
//! The one surprising thing: the document goes out beside the body, as an extension of the response. Only the outermost
//! layer knows the id that the request has in the log; it writes the body once more with it ([`name_request`]).

use app::{Kind, Problem};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

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
        Kind::AppleUnreachable | Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Writes the inside of a problem to the log, where it belongs and nowhere else. Only what is our fault is an error there.
pub(crate) fn log(problem: &Problem) {
    let Some(cause) = &problem.inside else { return };
    let code = problem.code;
    match problem.kind {
        Kind::Internal => tracing::error!(code, cause, "a request failed"),
        Kind::AppleUnreachable => tracing::warn!(code, cause, "Apple gave no usable answer"),
        _ => tracing::info!(code, cause, "a request was refused"),
    }
}

/// The document.
pub(crate) fn document(problem: &Problem) -> api::Problem {
    api::Problem {
        fields: problem
            .fields
            .iter()
            .map(|f| api::Field {
                field: member(problem.code, f.field).to_owned(),
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
        ..plain(status(problem.kind), problem.code, &problem.message)
    }
}

/// What a form calls its fields, the API's bodies call otherwise: which one, the code tells.
fn member<'a>(code: &str, field: &'a str) -> &'a str {
    match field {
        "file" if !code.starts_with("device") && !code.contains("testers") => "private_key",
        "type" if code.starts_with("profile") => "profile_type",
        "type" => "certificate_type",
        other => other,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        log(&self.0);
        respond(document(&self.0))
    }
}

/// The media type of every refusal.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The response that carries a document.
pub(crate) fn respond(document: api::Problem) -> Response {
    let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(&document)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response.extensions_mut().insert(Arc::new(document));
    response
}

/// Tells the request's id in the document of a refusal; other responses go through as they are.
pub(crate) fn name_request(mut response: Response, id: &str) -> Response {
    if let Some(document) = response.extensions_mut().remove::<Arc<api::Problem>>() {
        let named = api::Problem {
            request_id: Some(id.to_owned()),
            ..Arc::unwrap_or_clone(document)
        };
        if let Ok(body) = serde_json::to_vec(&named) {
            *response.body_mut() = body.into();
        }
    }
    response
}

/// A refusal that comes from no use case.
pub(crate) fn plain(status: StatusCode, code: &str, detail: &str) -> api::Problem {
    api::Problem {
        kind: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or("Problem").to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        code: code.to_owned(),
        request_id: None,
        fields: vec![],
        apple: None,
        usable_keys: vec![],
        places: vec![],
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
