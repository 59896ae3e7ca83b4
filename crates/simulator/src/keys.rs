//! API keys as a person gets them from App Store Connect: a `.p8` file, a Key ID, an Issuer ID, roles.
//!
//! The simulator makes real P-256 keys. [`KeyFile`] is the key holder's half and can mint any token, also wrong ones,
//! so that a test shows how every cause of a 401 is answered. The simulator itself keeps only the public half.

use crate::api::Api;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::io::Write;
use std::path::Path;

/// The three kinds of key (facts A1, A4, A5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Acts for the team; has an issuer and roles of its own.
    Team,
    /// Acts for its user; has no issuer and reaches no provisioning.
    Individual,
    /// Opens the Enterprise Program API and nothing else.
    Enterprise,
}

impl KeyKind {
    /// The API that accepts keys of this kind.
    pub fn api(self) -> Api {
        match self {
            KeyKind::Team | KeyKind::Individual => Api::AppStore,
            KeyKind::Enterprise => Api::Enterprise,
        }
    }
}

/// The roles that a key can be given (facts B1), spelled in JSON as Apple's `UserRole` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Everything.
    Admin,
    /// Apps: builds, texts, TestFlight, submission.
    AppManager,
    /// Builds, internal testing, development signing.
    Developer,
    /// Financial reports.
    Finance,
    /// Sales and trends.
    Sales,
    /// Artwork and texts; here: sees apps.
    Marketing,
    /// Reviews; here: sees apps.
    CustomerSupport,
}

/// A key as its holder has it. The private key never appears in `Debug`.
#[derive(Clone)]
pub struct KeyFile {
    /// Ten upper-case alphanumerics.
    pub key_id: String,
    /// The issuer UUID; none for an individual key.
    pub issuer_id: Option<String>,
    /// What kind of key.
    pub kind: KeyKind,
    /// What it was given.
    pub roles: Vec<Role>,
    pkcs8: Vec<u8>,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("key_id", &self.key_id)
            .field("issuer_id", &self.issuer_id)
            .field("kind", &self.kind)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// One line of `keys.json` in the keys directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyListing {
    /// The name of the file beside `keys.json`.
    pub file: String,
    /// The Key ID.
    pub key_id: String,
    /// The Issuer ID; none for an individual key.
    pub issuer_id: Option<String>,
    /// What kind of key.
    pub kind: KeyKind,
    /// What it was given.
    pub roles: Vec<Role>,
}

impl KeyFile {
    /// Makes a key pair.
    ///
    /// # Errors
    /// When the machine's randomness fails.
    pub(crate) fn generate(key_id: String, issuer_id: Option<String>, kind: KeyKind, roles: Vec<Role>) -> Result<Self, KeyError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(|_| KeyError)?;
        Ok(Self {
            key_id,
            issuer_id,
            kind,
            roles,
            pkcs8: pkcs8.as_ref().to_vec(),
        })
    }

    /// `AuthKey_<KEYID>.p8`: the name under which Apple lets the key be downloaded.
    pub fn file_name(&self) -> String {
        format!("AuthKey_{}.p8", self.key_id)
    }

    /// The content of the `.p8` file: PKCS#8 in PEM.
    pub fn pem(&self) -> String {
        let body = STANDARD.encode(&self.pkcs8);
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        let mut rest = body.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = more;
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        pem
    }

    /// The claims of a good token: issued at `now` minus a minute, good for ten.
    pub fn claims(&self, now: Timestamp) -> Value {
        let now = now.as_second();
        let mut claims = json!({
            "iat": now - 60,
            "exp": now + 600,
            "aud": self.kind.api().audience(),
        });
        match &self.issuer_id {
            Some(issuer) => claims["iss"] = json!(issuer),
            None => claims["sub"] = json!("user"),
        }
        claims
    }

    /// A good token at `now`.
    ///
    /// # Errors
    /// When the key does not sign, which a generated key does.
    pub fn token(&self, now: Timestamp) -> Result<String, KeyError> {
        self.mint(&self.claims(now))
    }

    /// A token over any claims, right or wrong.
    ///
    /// # Errors
    /// When the key does not sign, which a generated key does.
    pub fn mint(&self, claims: &Value) -> Result<String, KeyError> {
        let header = json!({ "alg": "ES256", "kid": self.key_id, "typ": "JWT" });
        self.mint_with_header(&header, claims)
    }

    /// A token over any header and claims, right or wrong.
    ///
    /// # Errors
    /// When the key does not sign, which a generated key does.
    pub fn mint_with_header(&self, header: &Value, claims: &Value) -> Result<String, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8).map_err(|_| KeyError)?;
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| KeyError)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The line of `keys.json`.
    pub fn listing(&self) -> KeyListing {
        KeyListing {
            file: self.file_name(),
            key_id: self.key_id.clone(),
            issuer_id: self.issuer_id.clone(),
            kind: self.kind,
            roles: self.roles.clone(),
        }
    }

    pub(crate) fn public_key(&self) -> Result<Vec<u8>, KeyError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8)
            .map(|pair| pair.public_key().as_ref().to_vec())
            .map_err(|_| KeyError)
    }
}

/// A key pair could not be made or used.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the P-256 key could not be made or used; the machine's randomness may have failed")]
pub struct KeyError;

/// What the simulator knows of a key: the public half and whether it still counts.
pub(crate) struct RegisteredKey {
    pub(crate) key_id: String,
    pub(crate) issuer_id: Option<String>,
    pub(crate) kind: KeyKind,
    pub(crate) roles: Vec<Role>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) revoked: bool,
}

impl RegisteredKey {
    pub(crate) fn of(key: &KeyFile) -> Result<Self, KeyError> {
        Ok(Self {
            key_id: key.key_id.clone(),
            issuer_id: key.issuer_id.clone(),
            kind: key.kind,
            roles: key.roles.clone(),
            public_key: key.public_key()?,
            revoked: false,
        })
    }
}

/// Writes the key files, `keys.json` and the authority's certificates into `directory`, making it where it is missing.
pub(crate) fn write_directory(directory: &Path, keys: &[KeyFile], authority_pem: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    for key in keys {
        write_secret(&directory.join(key.file_name()), &key.pem())?;
    }
    let listings: Vec<_> = keys.iter().map(KeyFile::listing).collect();
    let mut text = serde_json::to_string_pretty(&listings)?;
    text.push('\n');
    std::fs::write(directory.join("keys.json"), text)?;
    std::fs::write(directory.join("apple-root.pem"), authority_pem)
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
