//! The REST API under `/api/v1`, and the OpenAPI document that is made from it.
//!
//! One route table for both: a handler that is not in the document is not served.

mod account;
mod activity;
mod apple_account;
mod certificates;
mod document;
mod extract;
mod idempotency;
mod keys;
pub(crate) mod views;

use crate::{
    State,
    reply::{self, Failure},
};
use app::Problem;
use axum::{
    Router,
    body::Bytes,
    http::{StatusCode, header},
    middleware,
    response::Response,
    routing::{any, get},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The URL table.
fn table() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(document::frame()).nest(
        api::ROOT,
        OpenApiRouter::new()
            .routes(routes!(account::status))
            .routes(routes!(account::login))
            .routes(routes!(account::me))
            .routes(routes!(account::tokens, account::create_token))
            .routes(routes!(account::revoke_token))
            .routes(routes!(keys::list, keys::add))
            .routes(routes!(keys::show, keys::edit))
            .routes(routes!(keys::remove))
            .routes(routes!(keys::check))
            .routes(routes!(keys::rotate))
            .routes(routes!(keys::dependents))
            .routes(routes!(keys::override_feature))
            .routes(routes!(keys::apple_token))
            .routes(routes!(keys::choices))
            .routes(routes!(apple_account::certificates))
            .routes(routes!(apple_account::profiles))
            .routes(routes!(apple_account::download_profile))
            .routes(routes!(apple_account::bundle_ids))
            .routes(routes!(apple_account::devices))
            .routes(routes!(certificates::list, certificates::create))
            .routes(routes!(certificates::show))
            .routes(routes!(certificates::export))
            .routes(routes!(certificates::operation))
            .routes(routes!(activity::list)),
    )
}

/// The OpenAPI 3.1 document.
#[must_use]
pub fn openapi() -> OpenApi {
    document::whole(table().split_for_parts().1)
}

/// The routes.
pub(crate) fn router(state: &State) -> Router {
    let document = Bytes::from(openapi().to_json().unwrap_or_default());
    let (routes, _) = table().split_for_parts();
    routes
        .layer(middleware::from_fn_with_state(state.clone(), idempotency::once))
        .route(
            "/api/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], document) }),
        )
        .route("/api", any(unknown))
        .route("/api/", any(unknown))
        .route("/api/{*rest}", any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .with_state(state.clone())
}

async fn unknown() -> Failure {
    Problem::not_found().into()
}

async fn wrong_method() -> Response {
    reply::respond(reply::plain(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address exists, but not with this method. /api/openapi.json lists what does.",
    ))
}
