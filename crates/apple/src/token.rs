//! Tokens for Apple: the two claim shapes, signed with ES256.
//!
//! Facts A1 and A2. A team or enterprise token names its issuer, an individual one must not and
//! says `sub: user` instead; the enterprise program has its own audience. Our own requests never carry a `scope`; only a
//! token that is handed out may.
//!
//! The signature is made with aws-lc-rs directly and not through a JWT library: such a library
//! wants to own the key, while here it is borrowed for the length of one call and every copy is
//! wiped. The tests check the tokens with an independent library.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use zeroize::Zeroizing;

/// The three kinds of keys that Apple issues (facts A4, A5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A key of the team, with roles of its own.
    Team,
    /// A key of one person, with that person's access. No provisioning.
    Individual,
    /// A key of the Apple Developer Enterprise Program, which is another API on another host.
    Enterprise,
}

/// What a token is made from, borrowed for one call.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The kind, which decides the claims.
    pub kind: KeyKind,
    /// The Key ID, ten characters.
    pub key_id: &'a str,
    /// The Issuer ID: present for team and enterprise keys, absent for individual ones.
    pub issuer_id: Option<&'a str>,
    /// The private key, PKCS#8 DER, EC P-256.
    pub private_key_pkcs8: &'a [u8],
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("kind", &self.kind)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Why no token can be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// A team or enterprise key without its issuer.
    #[error("a team or enterprise key needs its Issuer ID, and there is none")]
    IssuerMissing,
    /// An individual key with an issuer.
    #[error("an individual key has no Issuer ID, but one was given; is it a team key?")]
    IssuerNotAllowed,
    /// The bytes are not a P-256 private key in PKCS#8.
    #[error("the private key is not an EC P-256 key in PKCS#8")]
    NotP256,
    /// The crypto library failed.
    #[error("the token could not be signed")]
    Signing,
}

/// A signed token. Secret: opaque in Debug, wiped when dropped.
pub struct Token {
    text: Zeroizing<String>,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

/// `iat` lies this far back (facts A1: an `iat` in Apple's future is refused).
const BACKDATED: SignedDuration = SignedDuration::from_secs(60);
/// `exp - iat`. Apple's limit is 20 minutes; exactly 20 fail under skew (facts A2).
const LIFETIME: SignedDuration = SignedDuration::from_mins(19);
/// A token is not used any more when it has less than this to live.
const MARGIN: SignedDuration = SignedDuration::from_secs(120);

impl Token {
    /// The token itself, to be put into an `Authorization` header and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The instant of `exp`.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether the token should still be used at `now`: it has two minutes to live, and `now` does
    /// not lie before its `iat` (a clock that was set back makes it a token from the future).
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now >= self.issued_at && now.saturating_add(MARGIN).is_ok_and(|t| t < self.expires_at)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'static str,
}

#[derive(Serialize)]
struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'static str>,
    iat: i64,
    exp: i64,
    aud: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scope: &'a [String],
}

pub(crate) fn mint(credentials: &Credentials<'_>, now: Timestamp) -> Result<Token, MintError> {
    sign(credentials, now, LIFETIME, &[])
}

/// A token that leaves this program: with a life of its own, at most [`LIFETIME`], and perhaps a `scope` (facts A3).
pub(crate) fn mint_to_hand_out(
    credentials: &Credentials<'_>,
    now: Timestamp,
    lifetime: SignedDuration,
    scope: &[String],
) -> Result<Token, MintError> {
    sign(credentials, now, lifetime.clamp(SignedDuration::from_secs(1), LIFETIME), scope)
}

fn sign(credentials: &Credentials<'_>, now: Timestamp, lifetime: SignedDuration, scope: &[String]) -> Result<Token, MintError> {
    let (iss, sub) = match (credentials.kind, credentials.issuer_id) {
        (KeyKind::Individual, None) => (None, Some("user")),
        (KeyKind::Individual, Some(_)) => return Err(MintError::IssuerNotAllowed),
        (KeyKind::Team | KeyKind::Enterprise, Some(issuer)) => (Some(issuer), None),
        (KeyKind::Team | KeyKind::Enterprise, None) => return Err(MintError::IssuerMissing),
    };
    let aud = match credentials.kind {
        KeyKind::Team | KeyKind::Individual => "appstoreconnect-v1",
        KeyKind::Enterprise => "apple-developer-enterprise-v1",
    };
    let whole_second = Timestamp::from_second(now.as_second()).map_err(|_| MintError::Signing)?;
    let issued_at = whole_second - BACKDATED;
    let expires_at = issued_at + lifetime;
    let header = Header {
        alg: "ES256",
        kid: credentials.key_id,
        typ: "JWT",
    };
    let claims = Claims {
        iss,
        sub,
        iat: issued_at.as_second(),
        exp: expires_at.as_second(),
        aud,
        scope,
    };

    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, credentials.private_key_pkcs8).map_err(|_| MintError::NotP256)?;
    let mut text = Zeroizing::new(String::with_capacity(512));
    encode(&header, &mut text)?;
    text.push('.');
    encode(&claims, &mut text)?;
    // Fixed-width r‖s: the other encoding fails once in 256 times (facts A1).
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).map_err(|_| MintError::Signing)?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut text);
    Ok(Token {
        text,
        issued_at,
        expires_at,
    })
}

fn encode(part: &impl Serialize, text: &mut String) -> Result<(), MintError> {
    let json = serde_json::to_vec(part).map_err(|_| MintError::Signing)?;
    URL_SAFE_NO_PAD.encode_string(json, text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, KeyPair as _};
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::{Value, json};

    const NOW: i64 = 1_790_000_000;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).expect("an instant")
    }

    fn key() -> Vec<u8> {
        let rng = SystemRandom::new();
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)
            .expect("a key")
            .as_ref()
            .to_vec()
    }

    /// Reads a token with a library that had no part in making it.
    fn judged(pkcs8: &[u8], token: &Token) -> (jsonwebtoken::Header, Value) {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).expect("a key");
        let point = pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let public = DecodingKey::from_ec_components(&URL_SAFE_NO_PAD.encode(x), &URL_SAFE_NO_PAD.encode(y)).expect("a public key");
        let mut rules = Validation::new(Algorithm::ES256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        let data = jsonwebtoken::decode(token.expose(), &public, &rules).expect("a valid token");
        (data.header, data.claims)
    }

    #[test]
    fn a_team_token_names_its_issuer() {
        let key = key();
        let token = mint(
            &Credentials {
                kind: KeyKind::Team,
                key_id: "ABCDE12345",
                issuer_id: Some("69a6de7e-0000-47e3-e053-5b8c7c11a4d1"),
                private_key_pkcs8: &key,
            },
            now(),
        )
        .expect("a token");
        let (header, claims) = judged(&key, &token);
        assert_eq!(header.kid.as_deref(), Some("ABCDE12345"));
        assert_eq!(header.typ.as_deref(), Some("JWT"));
        assert_eq!(
            claims,
            json!({
                "iss": "69a6de7e-0000-47e3-e053-5b8c7c11a4d1",
                "iat": NOW - 60,
                "exp": NOW - 60 + 19 * 60,
                "aud": "appstoreconnect-v1",
            })
        );
    }

    #[test]
    fn an_individual_token_says_user_and_no_issuer() {
        let key = key();
        let credentials = Credentials {
            kind: KeyKind::Individual,
            key_id: "ABCDE12345",
            issuer_id: None,
            private_key_pkcs8: &key,
        };
        let token = mint(&credentials, now()).expect("a token");
        let (_, claims) = judged(&key, &token);
        assert_eq!(claims["sub"], "user");
        assert_eq!(claims.get("iss"), None);
        let with_issuer = Credentials {
            issuer_id: Some("x"),
            ..credentials
        };
        assert_eq!(mint(&with_issuer, now()).err(), Some(MintError::IssuerNotAllowed));
    }

    #[test]
    fn an_enterprise_token_has_its_own_audience() {
        let key = key();
        let credentials = Credentials {
            kind: KeyKind::Enterprise,
            key_id: "ABCDE12345",
            issuer_id: Some("issuer"),
            private_key_pkcs8: &key,
        };
        let token = mint(&credentials, now()).expect("a token");
        assert_eq!(judged(&key, &token).1["aud"], "apple-developer-enterprise-v1");
        let without = Credentials {
            issuer_id: None,
            ..credentials
        };
        assert_eq!(mint(&without, now()).err(), Some(MintError::IssuerMissing));
    }

    #[test]
    fn every_signature_is_64_bytes_also_with_leading_zeros() {
        let key = key();
        for _ in 0..600 {
            let credentials = Credentials {
                kind: KeyKind::Individual,
                key_id: "ABCDE12345",
                issuer_id: None,
                private_key_pkcs8: &key,
            };
            let token = mint(&credentials, now()).expect("a token");
            let signature = token.expose().rsplit('.').next().expect("three parts");
            assert_eq!(URL_SAFE_NO_PAD.decode(signature).expect("base64url").len(), 64);
        }
    }

    #[test]
    fn other_keys_are_refused() {
        let rng = SystemRandom::new();
        let p384 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &rng).expect("a key");
        for bytes in [p384.as_ref(), b"".as_slice(), b"-----BEGIN"] {
            let credentials = Credentials {
                kind: KeyKind::Individual,
                key_id: "ABCDE12345",
                issuer_id: None,
                private_key_pkcs8: bytes,
            };
            assert_eq!(mint(&credentials, now()).err(), Some(MintError::NotP256));
        }
    }

    #[test]
    fn a_token_is_fresh_until_two_minutes_before_its_end() {
        let key = key();
        let token = mint(
            &Credentials {
                kind: KeyKind::Individual,
                key_id: "ABCDE12345",
                issuer_id: None,
                private_key_pkcs8: &key,
            },
            now(),
        )
        .expect("a token");
        let at = |seconds: i64| Timestamp::from_second(NOW + seconds).expect("an instant");
        assert!(token.is_fresh(now()));
        assert!(token.is_fresh(at(18 * 60 - 121)));
        assert!(!token.is_fresh(at(18 * 60 - 120)));
        assert!(!token.is_fresh(at(-61)), "the clock was set back");
    }

    #[test]
    fn nothing_prints_the_token_or_the_key() {
        let key = key();
        let credentials = Credentials {
            kind: KeyKind::Individual,
            key_id: "ABCDE12345",
            issuer_id: None,
            private_key_pkcs8: &key,
        };
        let token = mint(&credentials, now()).expect("a token");
        let shown = format!("{token:?} {credentials:?}");
        for part in token.expose().split('.') {
            assert!(!shown.contains(part));
        }
        assert!(!shown.contains(&format!("{:?}", &key[..8])[1..20]));
    }
}
