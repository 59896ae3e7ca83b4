//! HTTP in and out: the REST API, the web console, and the listener with its TLS.
//!
//! A handler asks `app` and renders the answer. No rule, no SQL, no call to Apple and no key lives here; the console has
//! no powers that the REST API lacks.
//!
//! The one surprising thing: the REST API believes bearer tokens only and the console cookies only, so a page of another
//! site that makes a browser send its cookie finds no API to misuse.

mod activity_file;
mod activity_query;
mod apple_webhook;
mod attachment;
mod completion;
mod console;
pub mod doors;
mod headers;
mod listen;
mod origin;
mod reply;
pub mod rest;
mod session;
mod settings;

pub use listen::{Bound, Listening, ServeError};
pub use settings::{Settings, SettingsError, Tls, TrustedProxies};

use app::App;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use std::sync::Arc;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
};

/// Largest JSON body, in bytes.
const JSON_BYTES: usize = 1_000_000;

/// Largest body of an address that takes more, for whoever tells it.
#[derive(Clone, Copy)]
pub(crate) struct MostBytes(pub(crate) usize);

/// What every handler can reach.
#[derive(Clone)]
pub struct State {
    /// The use cases.
    pub app: App,
    /// How the server is reached.
    pub settings: Arc<Settings>,
    /// Random bytes for request ids.
    pub entropy: Arc<dyn domain::Entropy>,
    /// The time, for "in 12 days".
    pub clock: Arc<dyn domain::Clock>,
}

/// The whole server as one router.
pub fn router(state: &State) -> Router {
    rest::router(state)
        .and(console::router(state))
        .layer(DefaultBodyLimit::max(JSON_BYTES))
        .layer(middleware::from_fn(completion::carry_to_the_end))
        .layer(middleware::map_request(completion::wait_for_body))
        .layer(CatchPanicLayer::custom(reply::after_panic))
        .layer(middleware::from_fn_with_state(state.clone(), headers::guard))
        .layer(middleware::from_fn_with_state(state.clone(), origin::note))
        // What is of no known type is an archive: it is as small as it gets, and its length is told.
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::const_new("application/octet-stream"))))
        .open(state)
}
