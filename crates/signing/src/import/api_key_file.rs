//! App Store Connect keys in the JSON that fastlane's actions take: `key_id`, `issuer_id`, `key`, `in_house`.
//!
//! The key is PEM, or base64 of it where `is_key_content_base64` says so; the reader of `.p8` files takes both unasked.
//! `duration` is not looked at: how long tokens live is not for a file to say.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{JsonFileError, json};
use crate::p8::EcPrivateKey;

const EXPECTED: &str = "an API key file of fastlane (key_id, issuer_id, key)";
/// Key IDs have 10 characters, issuer IDs 36.
const MAX_ID: usize = 64;

/// A key with what is needed to use it.
#[derive(Debug, Clone)]
pub struct ApiKeyFile {
    /// `key_id`.
    pub key_id: String,
    /// `issuer_id`; an individual key has none.
    pub issuer_id: Option<String>,
    /// `key`.
    pub key: EcPrivateKey,
    /// `in_house`: a key of an enterprise team.
    pub in_house: bool,
}

#[derive(Deserialize)]
struct File {
    key_id: String,
    issuer_id: Option<String>,
    key: String,
    in_house: Option<bool>,
}

/// Reads an API key file.
///
/// # Errors
/// [`JsonFileError`].
pub fn read(bytes: &[u8]) -> Result<ApiKeyFile, JsonFileError> {
    let file: File = json(bytes, EXPECTED)?;
    let key = Zeroizing::new(file.key);
    let is_id = |id: &str| !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let issuer_id = file.issuer_id.filter(|id| !id.is_empty());
    if !is_id(&file.key_id) || issuer_id.as_deref().is_some_and(|id| !is_id(id)) {
        return Err(JsonFileError::Shape { expected: EXPECTED });
    }
    Ok(ApiKeyFile {
        key: EcPrivateKey::read(key.as_bytes()).map_err(JsonFileError::Key)?,
        key_id: file.key_id,
        issuer_id,
        in_house: file.in_house.unwrap_or(false),
    })
}
