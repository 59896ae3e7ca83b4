//! Who sends this request? The bearer token, checked as facts A say.
//!
//! Every failure is the same to the outside: one 401, byte for byte. The reason goes to the log only, because a client
//! that learnt it here would learn something that Apple never tells.

use crate::api::Api;
use crate::keys::{KeyKind, RegisteredKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// The longest life of an ordinary token, in seconds (facts A2).
const ORDINARY_LIFE: i64 = 20 * 60;

/// The longest life of a scoped token for the resources that allow it: six months, in seconds (facts A2).
const LONG_LIFE: i64 = 183 * 24 * 60 * 60;

/// Resource types that accept long-lived tokens (facts A2), by the beginning of their names.
const LONG_LIVED: [&str; 4] = ["ci", "scm", "perfPower", "diagnostic"];

/// Query parameters that the match of a scope ignores (facts A3).
const IGNORED_IN_SCOPE: [&str; 3] = ["limit", "cursor", "sort"];

/// What of a request a token is checked against.
pub(crate) struct Presented<'a> {
    pub(crate) authorization: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
}

/// The key that the token proves, or why it proves none (for the log).
pub(crate) fn check<'k>(
    presented: &Presented<'_>,
    keys: &'k [RegisteredKey],
    api: Api,
    now: Timestamp,
) -> Result<&'k RegisteredKey, &'static str> {
    let token = presented
        .authorization
        .ok_or("no authorization header")?
        .strip_prefix("Bearer ")
        .ok_or("not a bearer token")?
        .trim();
    let (signed, signature) = token.rsplit_once('.').ok_or("not a JWS")?;
    let (header, claims) = signed.split_once('.').ok_or("not a JWS")?;
    let header = part(header)?;
    let claims = part(claims)?;

    if header["alg"] != "ES256" {
        return Err("the algorithm is not ES256");
    }
    if !header["typ"].is_null() && header["typ"] != "JWT" {
        return Err("the type is not JWT");
    }
    let key = keys
        .iter()
        .find(|key| header["kid"] == key.key_id.as_str() && key.kind.api() == api)
        .ok_or("no such key at this API")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the signature is not base64url")?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "the signature does not verify")?;
    if key.revoked {
        return Err("the key is revoked");
    }

    check_identity(&claims, key)?;
    if claims["aud"] != api.audience() {
        return Err("the audience is another");
    }
    let long_lived = check_scope(&claims, presented)?;
    check_times(&claims, now, long_lived)?;
    Ok(key)
}

fn part(text: &str) -> Result<Value, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part is not base64url")?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| "a part is not JSON")?;
    if value.is_object() {
        Ok(value)
    } else {
        Err("a part is not an object")
    }
}

/// Two claim shapes: `iss` for team and enterprise keys, `sub` and no `iss` for individual ones (facts A1).
fn check_identity(claims: &Value, key: &RegisteredKey) -> Result<(), &'static str> {
    match (key.kind, &key.issuer_id) {
        (KeyKind::Individual, _) => {
            if !claims["iss"].is_null() {
                return Err("an individual key with an issuer");
            }
            if claims["sub"] != "user" {
                return Err("an individual key without its subject");
            }
        }
        (_, Some(issuer)) if claims["iss"] == issuer.as_str() => {}
        _ => return Err("the issuer is another"),
    }
    Ok(())
}

fn check_times(claims: &Value, now: Timestamp, long_lived: bool) -> Result<(), &'static str> {
    let now = now.as_second();
    let expires = seconds(&claims["exp"]).ok_or("no expiry")?;
    if expires <= now {
        return Err("expired");
    }
    // Clients without `iat` worked for years; their lifetime is counted from now (facts A1, L).
    let issued = match &claims["iat"] {
        Value::Null => now,
        given => seconds(given).ok_or("the time of issue is not a number")?,
    };
    if issued > now {
        return Err("issued in the future");
    }
    let longest = if long_lived { LONG_LIFE } else { ORDINARY_LIFE };
    if expires.saturating_sub(issued) > longest {
        return Err("lives too long");
    }
    Ok(())
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a date outside of i64 saturates and is refused by the comparison"
        )]
        value.as_f64().map(|float| float.floor() as i64)
    })
}

/// Checks the request against the scope; true when the scope allows a long life.
fn check_scope(claims: &Value, presented: &Presented<'_>) -> Result<bool, &'static str> {
    let entries = match &claims["scope"] {
        Value::Null => return Ok(false),
        Value::Array(entries) => entries,
        _ => return Err("the scope is not a list"),
    };
    let mut matched = false;
    let mut long_lived = true;
    for entry in entries {
        let target = entry
            .as_str()
            .and_then(|entry| entry.strip_prefix("GET "))
            .ok_or("a scope entry that is not a GET")?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = without_version(path);
        let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        matched |=
            presented.method == "GET" && path == without_version(presented.path) && comparable(&query) == comparable(presented.query);
        let kind = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        long_lived &= LONG_LIVED.iter().any(|beginning| kind.starts_with(beginning));
    }
    if matched {
        Ok(long_lived)
    } else {
        Err("no scope entry fits the request")
    }
}

/// The path of a scope is reported both with and without its version; both are taken.
fn without_version(path: &str) -> &str {
    ["/v1/", "/v2/", "/v3/"]
        .into_iter()
        .find_map(|version| path.strip_prefix(version))
        .unwrap_or(path)
        .trim_start_matches('/')
}

fn comparable(query: &[(String, String)]) -> BTreeSet<(&str, &str)> {
    query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !IGNORED_IN_SCOPE.contains(name))
        .collect()
}
