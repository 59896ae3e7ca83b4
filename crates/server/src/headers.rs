//! What every answer carries, and the one question that every changing request of a browser is asked: do you come from
//! our own pages?

use crate::{State, reply};
use app::{Kind, Problem};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses changing requests from other sites and sets the headers.
pub(crate) async fn guard(axum::extract::State(state): axum::extract::State<State>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let mut response = if changes && is_cross_site(request.headers(), |origin| state.settings.is_public_origin(origin)) {
        let problem = Problem::new(
            Kind::NotAllowed,
            "cross_site",
            "This form was sent from another site. Open it in Russet and send it from there.",
        );
        reply::Failure::from(problem).into_response()
    } else {
        next.run(request).await
    };
    let https = state.settings.is_https();
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set("content-security-policy", CSP);
    set("x-content-type-options", "nosniff");
    // Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    set("referrer-policy", "same-origin");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("cache-control", "no-store");
    if https {
        set("strict-transport-security", "max-age=63072000");
    }
    response
}

/// Whether a browser says that the request comes from elsewhere. Clients that are no browsers say nothing and hold no
/// cookie that another page could borrow. Behind a proxy the `Host` may be the proxy's word for us, so the address that
/// people type counts too.
fn is_cross_site(headers: &HeaderMap, is_public: impl Fn(&str) -> bool) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok()) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let Ok(origin) = origin.to_str() else { return true };
    let from = origin.split_once("://").map(|(_, host)| host);
    !is_public(origin) && (from.is_none() || from != text(header::HOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        is_cross_site(&headers, |origin| origin == "https://russet.example.com")
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        assert!(!says(&[("sec-fetch-site", "same-origin")]));
        assert!(says(&[("sec-fetch-site", "cross-site")]));
        assert!(says(&[("sec-fetch-site", "same-site")]));
        assert!(!says(&[("origin", "http://localhost:7400"), ("host", "localhost:7400")]));
        assert!(says(&[("origin", "http://evil.example"), ("host", "localhost:7400")]));
        assert!(says(&[("origin", "null"), ("host", "localhost:7400")]));
        assert!(!says(&[("host", "localhost:7400")]));
        assert!(!says(&[("origin", "https://russet.example.com"), ("host", "127.0.0.1:7400")]));
    }
}
