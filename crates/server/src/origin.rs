//! From where a request comes: its id, and the client's address, which a proxy may tell only if it is trusted.

use crate::{State, reply};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, request::Parts},
    middleware::Next,
    response::Response,
};
use domain::Origin;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};
use tracing::Instrument;

/// The origin of the request, for use cases and the activity log.
#[derive(Debug, Clone, Default)]
pub(crate) struct From(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Gives the request its id, notes its origin, and writes one log line when it is answered. The query is not logged: a
/// set-up token may stand in it.
pub(crate) async fn note(axum::extract::State(state): axum::extract::State<State>, mut request: Request, next: Next) -> Response {
    let mut random = [0; 8];
    state.entropy.fill(&mut random);
    let id = hex::encode(random);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| client_address(peer, request.headers(), |a| state.settings.trusted_proxies.contains(a)));
    let origin = Origin {
        address: address.map(|a| a.to_string()),
        request_id: Some(id.clone()),
    };
    request.extensions_mut().insert(From(origin));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let in_clear = peer.is_some_and(|peer| state.settings.would_be_in_the_clear(peer));
    // At the level of errors, so that it names the request in their lines however little is logged.
    let span = tracing::error_span!("request", id);
    let answered = async {
        let response = if in_clear {
            reply::respond(https_needed(&state.settings.public_url))
        } else {
            next.run(request).await
        };
        tracing::info!(%method, path = %shown(&path), status = response.status().as_u16(), "answered");
        response
    };
    let mut response = reply::name_request(answered.instrument(span).await, &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// For who comes past the proxy that does TLS.
fn https_needed(public_url: &url::Url) -> api::Problem {
    reply::plain(
        StatusCode::FORBIDDEN,
        "https_needed",
        &format!("This way into the server is not encrypted and open to its trusted proxies only. Use {public_url}"),
    )
}

/// A path as the log may hold it: long or odd ones are cut, and what opens an invitation is left out.
fn shown(path: &str) -> String {
    const SECRET: [&str; 4] = ["/invitations/", "/device/", "/calendar/", "/apple/webhooks/"];
    if let Some(secret) = SECRET.into_iter().find(|secret| path.starts_with(secret)) {
        return format!("{secret}…");
    }
    path.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The nearest address that is not a trusted proxy, read from the right, where the trusted ones wrote.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    if !trusted(peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    let mut nearest = peer;
    for hop in forwarded.iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        nearest = address;
        if !trusted(address) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        let trusted = |a: IpAddr| a.to_string().starts_with("10.");
        client_address(peer.parse().unwrap(), &headers, trusted).to_string()
    }

    #[test]
    fn the_log_has_no_link_that_opens_something() {
        assert_eq!(shown("/invitations/0f3a"), "/invitations/…");
        assert_eq!(shown("/o/org_1/invitations/inv_1/revoke"), "/o/org_1/invitations/inv_1/revoke");
        assert_eq!(shown("/a\nb"), "/ab");
    }

    #[test]
    fn a_client_cannot_choose_its_own_address() {
        assert_eq!(address("203.0.113.9", "1.1.1.1"), "203.0.113.9");
        assert_eq!(address("10.0.0.1", "1.1.1.1, 203.0.113.9"), "203.0.113.9");
        assert_eq!(address("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(address("10.0.0.1", "nonsense"), "10.0.0.1");
    }
}
