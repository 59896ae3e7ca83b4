//! The web console: server-rendered pages over the use cases of `app`. It has no powers of its own.
//!
//! A page is a struct with plain data (its file says what it shows) and a template of the same name under
//! `templates/`; handlers fill the struct. Everything works without a script: each act is a form with an address,
//! answered by a redirect; the modules under `assets/scripts` only make it faster.
//!
//! The one surprising thing: the content security policy forbids inline styles and scripts, so whatever depends on
//! data is drawn with SVG attributes or a class, and a test looks for anything else.

pub(crate) mod activity;
pub(crate) mod apple;
pub(crate) mod assets;
pub(crate) mod certificates;
pub(crate) mod filters;
pub(crate) mod gate;
pub(crate) mod keys;
pub(crate) mod listing;
pub(crate) mod me;
pub(crate) mod operation;
pub(crate) mod overview;
pub(crate) mod parts;
pub(crate) mod pictures;
pub(crate) mod shell;
pub(crate) mod visit;
pub(crate) mod when;

use crate::{State, reply};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

/// Every page and every act, with their addresses.
pub(crate) fn router(state: &State) -> Router {
    let with_file = DefaultBodyLimit::max(visit::FILE_FORM_BYTES);
    Router::new()
        .route("/", get(gate::start))
        .route("/setup", get(gate::set_up_form).post(gate::set_up))
        .route("/sign-in", get(gate::sign_in_form).post(gate::sign_in))
        .route("/sign-out", post(gate::sign_out))
        .route("/o/{org}", get(overview::show))
        .route("/o/{org}/keys", get(keys::list::show))
        .route("/o/{org}/keys/new", get(keys::add::form).post(keys::add::add).layer(with_file))
        .route("/o/{org}/keys/{key}", get(keys::one::show))
        .route("/o/{org}/keys/{key}/check", post(keys::one::check))
        .route("/o/{org}/keys/{key}/override", post(keys::one::override_feature))
        .route("/o/{org}/keys/{key}/rename", get(keys::acts::rename_form).post(keys::acts::rename))
        .route("/o/{org}/keys/{key}/roles", get(keys::acts::roles_form).post(keys::acts::roles))
        .route(
            "/o/{org}/keys/{key}/rotate",
            get(keys::acts::rotate_form).post(keys::acts::rotate).layer(with_file),
        )
        .route("/o/{org}/keys/{key}/remove", get(keys::acts::remove_form).post(keys::acts::remove))
        .route("/o/{org}/certificates", get(certificates::list::show))
        .route("/o/{org}/certificates/new", get(certificates::create::form))
        .route(
            "/o/{org}/certificates/create",
            get(certificates::create::form).post(certificates::create::create),
        )
        .route("/o/{org}/certificates/{certificate}", get(certificates::one::show))
        .route(
            "/o/{org}/certificates/{certificate}/download",
            get(certificates::one::download_form).post(certificates::one::download),
        )
        .route("/o/{org}/operations/{operation}", get(operation::show))
        .route("/o/{org}/operations/{operation}/events", get(operation::events))
        .route("/o/{org}/profiles", get(apple::profiles))
        .route("/o/{org}/profiles/{profile}", get(apple::profile))
        .route("/o/{org}/profiles/{profile}/download", get(apple::download_profile))
        .route("/o/{org}/bundle-ids", get(apple::bundle_ids))
        .route("/o/{org}/devices", get(apple::devices))
        .route("/o/{org}/activity", get(activity::show))
        .route("/me", get(me::profile))
        .route("/me/theme", post(me::theme))
        .route("/me/shortcuts", post(me::shortcuts))
        .route("/me/security", get(me::security).post(me::change_password))
        .route("/me/sessions", get(me::sessions))
        .route("/me/sessions/{session}/end", post(me::end_session))
        .route("/me/tokens", get(me::tokens).post(me::create_token))
        .route("/me/tokens/{token}/revoke", post(me::revoke_token))
        .merge(assets::router())
        .fallback(visit::nowhere)
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(state.clone(), visit::dress))
        .with_state(state.clone())
}

/// A panic in a handler is our fault and says no more than that.
fn after_panic(cause: Box<dyn std::any::Any + Send>) -> Response {
    visit::Refusal::from(reply::panicked(cause)).into_response()
}

#[cfg(test)]
mod tests;
