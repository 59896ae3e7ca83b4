//! The REST API under `/api/v1`, and the OpenAPI document that is made from it.
//!
//! One route table for both: a handler that is not in the document is not served.

mod account;
mod activity;
mod apple_account;
mod certificates;
mod extract;
mod idempotency;
mod keys;
pub(crate) mod views;

use crate::{State, reply::Failure};
use app::Problem;
use axum::{Json, Router, middleware, response::IntoResponse, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Russet",
        description = "Use an organization's App Store Connect API keys without holding one. Problems are RFC 9457 documents with a stable `code`; lists are whole unless they have `next`; every POST with effects takes an `Idempotency-Key`.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    modifiers(&BearerScheme),
    security(("bearer" = [])),
    tags(
        (name = "account", description = "Signing in, tokens, organizations"),
        (name = "keys", description = "App Store Connect API keys"),
        (name = "apple", description = "The Apple account, read through a key"),
        (name = "certificates", description = "Certificates held here, and long acts"),
        (name = "activity", description = "What was done, by whom")
    )
)]
struct Document;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A personal token of Russet's, `russet_…`"))
                .build(),
        );
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The URL table.
fn table() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi()).nest(
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
pub fn openapi() -> utoipa::openapi::OpenApi {
    table().split_for_parts().1
}

/// The routes.
pub(crate) fn router(state: &State) -> Router {
    let (routes, document) = table().split_for_parts();
    let document = axum::body::Bytes::from(document.to_json().unwrap_or_default());
    routes
        .layer(middleware::from_fn_with_state(state.clone(), idempotency::once))
        .route(
            "/api/openapi.json",
            get(move || async move { ([("content-type", "application/json")], document) }),
        )
        .route("/api/{*rest}", axum::routing::any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .with_state(state.clone())
}

async fn unknown() -> impl IntoResponse {
    Failure::from(Problem::not_found())
}

async fn wrong_method() -> impl IntoResponse {
    let problem = api::Problem {
        kind: "about:blank".to_owned(),
        title: "Method Not Allowed".to_owned(),
        status: 405,
        detail: "This address exists, but not with this method. /api/openapi.json lists what does.".to_owned(),
        code: "method_not_allowed".to_owned(),
        request_id: None,
        fields: vec![],
        apple: None,
        usable_keys: vec![],
        places: vec![],
    };
    (
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        [("content-type", "application/problem+json")],
        Json(problem),
    )
}
