//! What teams keep their signing files in, read as it lies there.
//!
//! | module | reads |
//! |---|---|
//! | [`match_store`] | files and folders of fastlane match, both encryptions |
//! | [`folder`] | what a file of a folder is, by its name |
//! | [`eas`] | `credentials.json` of EAS Build |
//! | [`sources`] | each of these whole, through a caller who has the files |
//! | [`findings`] | what was found, and what belongs together |
//! | [`api_key_file`] | App Store Connect keys in fastlane's JSON |
//!
//! Everything works on bytes and listed paths. This module must not open files or follow paths, and changes nothing at the
//! source: a caller lists, shows what would be taken, and fetches only that. Paths inside of foreign files are taken only
//! where they stay inside of the folder ([`inner_path`]).
//!
//! The surprising thing: a `.p12` in a match store is mostly a PEM key with another ending. [`private_key_of`] reads both.

pub mod api_key_file;
pub mod eas;
pub mod findings;
pub mod folder;
pub mod match_store;
pub mod sources;

use crate::Explanation;
use crate::certificate::Certificate;
use crate::explanation::explained;
use crate::p12::{self, P12Error};
use crate::pairing::PairingError;
use crate::private_key::{self, KeyFileError};
use crate::rsa_key::RsaKeyPair;

/// The most that is read as a JSON file.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;
/// The longest path that is taken from a listing or a file, in bytes.
pub const MAX_PATH: usize = 1024;
/// The most paths of one listing.
pub const MAX_PATHS: usize = 100_000;

/// Why the private key of a certificate was not found in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportedKeyError {
    /// A `.p12` that cannot be used.
    P12(P12Error),
    /// A private key file that cannot be used.
    KeyFile(KeyFileError),
    /// The keys in the file are those of other certificates.
    Pairing(PairingError),
}

impl ImportedKeyError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::P12(cause) => cause.explain(),
            Self::KeyFile(cause) => cause.explain(),
            Self::Pairing(cause) => cause.explain(),
        }
    }
}

explained!(ImportedKeyError);

/// The private key of `certificate` out of a `.p12` or a key file, whatever its ending says.
///
/// # Errors
/// [`ImportedKeyError`].
pub fn private_key_of(certificate: &Certificate, file: &[u8], password: &str) -> Result<RsaKeyPair, ImportedKeyError> {
    let other_key = ImportedKeyError::Pairing(PairingError::OtherKey);
    let wanted = &certificate.info().public_key_fingerprint;
    match private_key::read(file, Some(password)) {
        Ok(key) if key.public_key_fingerprint() == *wanted => return Ok(key),
        Ok(_) => return Err(other_key),
        Err(KeyFileError::NotAPrivateKey | KeyFileError::TooLarge { .. }) => {}
        Err(cause) => return Err(ImportedKeyError::KeyFile(cause)),
    }
    let bundle = p12::open(file, password).map_err(ImportedKeyError::P12)?;
    let keys = bundle.identities.into_iter().map(|identity| identity.key);
    keys.chain(bundle.lone_keys.into_iter().map(|lone| lone.key))
        .find(|key| key.public_key_fingerprint() == *wanted)
        .ok_or(other_key)
}

/// A path out of a foreign file, cleaned; `None` where it leaves the folder, is absolute, too long or not plain text.
pub fn inner_path(path: &str) -> Option<String> {
    let slashes = path.replace('\\', "/");
    let drive = slashes.as_bytes().get(1) == Some(&b':');
    if slashes.is_empty() || slashes.len() > MAX_PATH || slashes.starts_with('/') || drive || slashes.chars().any(char::is_control) {
        return None;
    }
    let parts: Vec<&str> = slashes.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// Why a JSON file of another tool was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFileError {
    /// Above 1 MB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// Not JSON, or not of the shape that the tool writes.
    Shape {
        /// What was expected, as in `credentials.json of EAS Build`.
        expected: &'static str,
    },
    /// A path in it leaves the folder.
    Path,
    /// The key in it is no App Store Connect key.
    Key(crate::p8::P8Error),
}

impl JsonFileError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("The limit for JSON files is {MAX_JSON_BYTES} bytes."),
                "Choose the file that the tool wrote.",
            ),
            Self::Shape { expected } => Explanation::new(
                format!("This is not {expected}."),
                "It is no JSON, or a field that belongs in it is missing.",
                "Choose the file that the tool wrote.",
            ),
            Self::Path => Explanation::new(
                "A path in the file leads out of its folder.",
                "Only files beside it and below are read.",
                "Put the files beside it and name them by relative paths.",
            ),
            Self::Key(cause) => cause.explain(),
        }
    }
}

explained!(JsonFileError);

/// Reads JSON with a bound; `expected` names the file in refusals.
fn json<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8], expected: &'static str) -> Result<T, JsonFileError> {
    if bytes.len() > MAX_JSON_BYTES {
        return Err(JsonFileError::TooLarge { bytes: bytes.len() });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|_| JsonFileError::Shape { expected })
}
