//! The two encryptions of match. Both are base64 around a prefix, a salt of eight bytes and the ciphertext.
//!
//! The first is OpenSSL's own: `Salted__`, AES-256-CBC, key and first block by `EVP_BytesToKey` with MD5, or with SHA-256 where
//! OpenSSL 1.1 wrote it. Nothing says which, and nothing authenticates, so both are tried and what comes out is looked at:
//! a wrong password has right padding once in 256 times. The second is `match_encrypted_v2__`: PBKDF2-HMAC-SHA-256 with 10,000
//! rounds gives key, nonce and associated data of AES-256-GCM, whose tag stands before the ciphertext.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::pbkdf2;
use base64::Engine;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

use crate::Explanation;
use crate::asn1;
use crate::explanation::explained;
use crate::pbe::openssl::{self, Digests};

/// The most that is read as a file of a store: a profile of 5 MB in base64.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

const FIRST: &[u8] = b"Salted__";
const SECOND: &[u8] = b"match_encrypted_v2__";
const SALT: usize = 8;
const TAG: usize = 16;
const ROUNDS: NonZeroU32 = NonZeroU32::new(10_000).expect("is not zero");

/// Which encryption a file had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// OpenSSL's AES-256-CBC, key by MD5.
    FirstMd5,
    /// OpenSSL's AES-256-CBC, key by SHA-256.
    FirstSha256,
    /// AES-256-GCM.
    Second,
}

/// A file of a store in the clear. Wiped on drop.
pub struct Decrypted {
    /// The file.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Which encryption it had.
    pub encryption: Encryption,
}

impl std::fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decrypted(…, {:?})", self.encryption)
    }
}

/// Why a file of a store was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchError {
    /// Above 8 MB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// Neither of the two encryptions; it may lie there in the clear.
    NotEncrypted,
    /// Shorter than its encryption needs.
    Truncated,
    /// The password does not open it.
    WrongPassword,
}

impl MatchError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("The limit for files of a match store is {MAX_BYTES} bytes."),
                "Leave it out; no certificate and no profile is that large.",
            ),
            Self::NotEncrypted => Explanation::new(
                "The file is not encrypted by match.",
                "It has neither the beginning of the first nor of the second version.",
                "Check that this is the store's folder; stores without encryption are imported as a plain folder.",
            ),
            Self::Truncated => Explanation::new("The file ends too early.", "A part of it is missing.", "Fetch the store again."),
            Self::WrongPassword => Explanation::new(
                "The password does not open the file.",
                "What came out is no certificate, key or profile.",
                "Enter the store's MATCH_PASSWORD.",
            ),
        }
    }
}

explained!(MatchError);

/// Whether a file begins as match encrypts it.
pub fn is_encrypted(file: &[u8]) -> bool {
    unpacked(file).is_some()
}

/// Opens one file of a store.
///
/// # Errors
/// [`MatchError`].
pub fn decrypt(file: &[u8], password: &str) -> Result<Decrypted, MatchError> {
    if file.len() > MAX_BYTES {
        return Err(MatchError::TooLarge { bytes: file.len() });
    }
    let bytes = unpacked(file).ok_or(MatchError::NotEncrypted)?;
    match bytes.strip_prefix(SECOND) {
        Some(rest) => second(rest, password),
        None => first(bytes.strip_prefix(FIRST).ok_or(MatchError::NotEncrypted)?, password),
    }
}

/// The file without its base64, which a hand may have taken off already.
fn unpacked(file: &[u8]) -> Option<Vec<u8>> {
    let is_known = |bytes: &[u8]| bytes.starts_with(FIRST) || bytes.starts_with(SECOND);
    if is_known(file) {
        return Some(file.to_vec());
    }
    let digits: Vec<u8> = file
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(MAX_BYTES)
        .collect();
    // A short look first: most files of a bucket in the clear are no base64 at all.
    base64::engine::general_purpose::STANDARD
        .decode(digits)
        .ok()
        .filter(|bytes| is_known(bytes))
}

fn first(rest: &[u8], password: &str) -> Result<Decrypted, MatchError> {
    let (salt, data) = rest.split_at_checked(SALT).ok_or(MatchError::Truncated)?;
    if data.is_empty() || data.len() % 16 != 0 {
        return Err(MatchError::Truncated);
    }
    for (digest, encryption) in [(Digests::Md5, Encryption::FirstMd5), (Digests::Sha256, Encryption::FirstSha256)] {
        let opened = openssl::decrypt_aes(password.as_bytes(), salt, None, digest, 32, data);
        if let Some(bytes) = opened.ok().filter(|bytes| is_plausible(bytes)) {
            return Ok(Decrypted { bytes, encryption });
        }
    }
    Err(MatchError::WrongPassword)
}

fn second(rest: &[u8], password: &str) -> Result<Decrypted, MatchError> {
    let (salt, rest) = rest.split_at_checked(SALT).ok_or(MatchError::Truncated)?;
    let (tag, data) = rest.split_at_checked(TAG).ok_or(MatchError::Truncated)?;
    let mut derived = Zeroizing::new([0; 32 + 12 + 24]);
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        ROUNDS,
        salt,
        password.as_bytes(),
        derived.as_mut_slice(),
    );
    let (key, rest) = derived.split_at(32);
    let (nonce, associated) = rest.split_at(12);
    let wrong = |_| MatchError::WrongPassword;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(wrong)?);
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(wrong)?;
    let mut bytes = Zeroizing::new([data, tag].concat());
    let length = key.open_in_place(nonce, Aad::from(associated), &mut bytes).map_err(wrong)?.len();
    bytes.truncate(length);
    Ok(Decrypted {
        bytes,
        encryption: Encryption::Second,
    })
}

/// Whether this is what stores hold: text (PEM), or one DER or BER element from end to end.
fn is_plausible(bytes: &[u8]) -> bool {
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(|c| !c.is_control() || c.is_whitespace()));
    is_text || matches!(asn1::read(bytes), Ok((element, [])) if element.tag == asn1::SEQUENCE)
}
