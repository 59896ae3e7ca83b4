//! The web console.
pub(crate) fn router(_: &crate::State) -> axum::Router {
    axum::Router::new()
}
