//! Who is asking. The console knows people by a cookie and ties each form to it; the REST API knows them by a bearer
//! token. Neither believes the other's sign.

use crate::{State, origin, reply::Failure};
use app::{Kind, Problem, accounts::SignedIn};
use aws_lc_rs::digest;
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use subtle::ConstantTimeEq;

/// Somebody with a valid bearer token: the caller of a REST handler.
#[derive(Clone)]
pub(crate) struct Bearer(pub(crate) SignedIn);

/// The token of the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl<S> FromRequestParts<S> for Bearer
where
    S: Send + Sync,
    State: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // The idempotency layer has asked already.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let refused = || {
            Problem::new(
                Kind::SignInNeeded,
                "sign_in_needed",
                "This needs a token of Russet's, sent as “Authorization: Bearer russet_…”. It is missing, ended or revoked. Make one in the console under your name, or run russet login.",
            )
        };
        let token = bearer(&parts.headers).ok_or_else(refused)?.to_owned();
        let origin = parts.extensions.get::<origin::From>().cloned().unwrap_or_default().0;
        let who = State::from_ref(state).app.by_token(&token, origin).await?.ok_or_else(refused)?;
        let bearer = Self(who);
        parts.extensions.insert(bearer.clone());
        Ok(bearer)
    }
}

/// The same where an address is open to everybody: nobody without a token, and a refusal for one that does not work.
pub(crate) struct OptionalBearer(pub(crate) Option<SignedIn>);

impl<S> FromRequestParts<S> for OptionalBearer
where
    S: Send + Sync,
    State: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        let Bearer(who) = Bearer::from_request_parts(parts, state).await?;
        Ok(Self(Some(who)))
    }
}

/// The name of the session cookie. `__Host-` ties it to this host and to https.
pub(crate) fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-russet" } else { "russet" }
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, value)| value)
}

/// The `Set-Cookie` value that begins a session.
pub(crate) fn begin(https: bool, value: &str) -> String {
    let secure = if https { "; Secure" } else { "" };
    let days = domain::account::SESSION_DAYS * 24 * 3600;
    format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={days}{secure}",
        cookie_name(https)
    )
}

/// The `Set-Cookie` value that ends it.
pub(crate) fn end(https: bool) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}", cookie_name(https))
}

/// The token that a form of this session carries. Derived from the cookie, so there is nothing to store; a digest, so
/// that a page's text does not give the cookie away.
pub(crate) fn form_token(cookie: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"russet form token\0");
    context.update(cookie.as_bytes());
    hex::encode(context.finish())
}

/// Whether a form belongs to the session of this cookie.
pub(crate) fn form_fits(cookie: &str, token: &str) -> bool {
    form_token(cookie).as_bytes().ct_eq(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_fits_its_own_session_only() {
        assert!(form_fits("one", &form_token("one")));
        assert!(!form_fits("two", &form_token("one")));
        assert!(!form_fits("one", ""));
        assert!(!form_token("one").contains("one"));
    }

    #[test]
    fn cookies_and_bearers_are_read_as_browsers_and_programs_write_them() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; russet=v; __Host-russet=w".parse().unwrap());
        assert_eq!(cookie(&headers, cookie_name(false)), Some("v"));
        assert_eq!(cookie(&headers, cookie_name(true)), Some("w"));
        headers.insert(header::AUTHORIZATION, "bearer russet_x".parse().unwrap());
        assert_eq!(bearer(&headers), Some("russet_x"));
        headers.insert(header::AUTHORIZATION, "Basic russet_x".parse().unwrap());
        assert_eq!(bearer(&headers), None);
    }

    #[test]
    fn under_https_the_cookie_is_tied_to_the_host() {
        assert!(begin(true, "v").starts_with("__Host-russet=v; Path=/; HttpOnly"));
        assert!(begin(true, "v").contains("Secure"));
        assert!(!begin(false, "v").contains("Secure"));
    }
}
