//! App Store Connect keys: tolerant reading, strict result.
//!
//! What comes in may be PKCS#8 or SEC1, PEM or base64 of it, with CRLF, literal `\n`, quotes, blanks or a byte order mark,
//! as it survives e-mail, CI secrets and editors. What comes out is always one EC P-256 private key in PKCS#8 DER, with
//! its numbers checked. Anything else is refused by name ([`P8Error`]): "this is a certificate" helps, "invalid PEM" does not.
//!
//! Apple never states the encoding; observed is PEM PKCS#8 on P-256 (facts A1).
//!
//! This module must not keep, print or echo key material: what it holds is wiped on drop, and errors carry no input.
//! The surprising thing: PEM labels are ignored. What a file is, is told by its DER shape.

mod framing;
mod refusal;
pub(crate) mod shape;

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use zeroize::Zeroizing;

pub use refusal::P8Error;
use shape::Shape;

/// The most that is read as a key file. Real ones have about 250 bytes.
pub const MAX_BYTES: usize = 16 * 1024;

/// An EC P-256 private key, as App Store Connect hands out. Wiped on drop; prints nothing of itself.
#[derive(Clone)]
pub struct EcPrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    spki: Vec<u8>,
}

impl EcPrivateKey {
    /// Reads a key file, or what a person pasted, tolerantly.
    ///
    /// # Errors
    /// [`P8Error`], which names what the input is instead of an EC P-256 private key.
    pub fn read(bytes: &[u8]) -> Result<Self, P8Error> {
        if bytes.len() > MAX_BYTES {
            return Err(P8Error::TooLarge { bytes: bytes.len() });
        }
        if bytes.is_empty() {
            return Err(P8Error::Empty);
        }
        let der = framing::unpack(bytes)?;
        match shape::of(&der) {
            Shape::EcP256Key => Self::from_der(&der),
            Shape::OtherEcKey(curve) => Err(P8Error::OtherCurve { curve }),
            Shape::RsaKey => Err(P8Error::RsaKey),
            Shape::OtherKey => Err(P8Error::OtherKey),
            Shape::EncryptedKey => Err(P8Error::Encrypted),
            Shape::PublicKey => Err(P8Error::PublicKey),
            Shape::Certificate => Err(P8Error::Certificate),
            Shape::CertificateRequest => Err(P8Error::CertificateRequest),
            Shape::Pkcs12 => Err(P8Error::Pkcs12),
            Shape::SignedMessage => Err(P8Error::SignedMessage),
            Shape::Truncated => Err(P8Error::Truncated),
            Shape::Unknown if der.as_slice() == bytes => Err(P8Error::Binary),
            Shape::Unknown => Err(P8Error::NotAKey),
        }
    }

    /// Reads DER that is already known to be a P-256 key (PKCS#8 or SEC1), such as [`Self::pkcs8_der`] gave before.
    ///
    /// # Errors
    /// [`P8Error::Damaged`] where it is none.
    pub fn from_der(der: &[u8]) -> Result<Self, P8Error> {
        EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .ok()
            .and_then(|pair| Self::from_pair(&pair))
            .ok_or(P8Error::Damaged)
    }

    /// Makes a new key, for the simulator's teams and for stand-in keys.
    ///
    /// # Errors
    /// [`P8Error::Damaged`] where the system's random source fails, which on a running Linux it does not.
    pub fn generate() -> Result<Self, P8Error> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .ok()
            .and_then(|pair| Self::from_pair(&pair))
            .ok_or(P8Error::Damaged)
    }

    fn from_pair(pair: &EcdsaKeyPair) -> Option<Self> {
        let pkcs8 = Zeroizing::new(pair.to_pkcs8v1().ok()?.as_ref().to_vec());
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
        Some(Self {
            pkcs8,
            spki: spki.as_ref().to_vec(),
        })
    }

    /// The private key as PKCS#8 DER, with the public key inside: what ES256 signers take.
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key as Apple hands it out: PEM `PRIVATE KEY`, 64 columns, ending in a newline.
    pub fn pkcs8_pem(&self) -> Zeroizing<String> {
        pem_of("PRIVATE KEY", &self.pkcs8)
    }

    /// ECDSA with SHA-256 over `message`, in ASN.1. Tokens have another form and are not signed here.
    ///
    /// # Errors
    /// [`P8Error::Damaged`] where the system's random source fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, P8Error> {
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pkcs8).map_err(|_| P8Error::Damaged)?;
        let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| P8Error::Damaged)?;
        Ok(signature.as_ref().to_vec())
    }

    /// The public key as DER `SubjectPublicKeyInfo`.
    pub fn public_spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of [`Self::public_spki_der`], lower hex: what may be shown of a key.
    pub fn public_key_sha256_fingerprint(&self) -> String {
        crate::fingerprint_of_spki(&self.spki)
    }
}

impl fmt::Debug for EcPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EcPrivateKey(…)")
    }
}

/// PEM of secret DER, without a copy left behind.
pub(crate) fn pem_of(label: &str, der: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    let lines = digits.len() / 64 + 1;
    let mut pem = Zeroizing::new(String::with_capacity(digits.len() + lines + 2 * label.len() + 34));
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

/// The Key ID in a file name of Apple's pattern, `AuthKey_ABC123DEFG.p8` (ten of `A-Z0-9`).
///
/// Also takes what browsers and file managers add, `AuthKey_ABC123DEFG (1).p8`, and a leading path.
pub fn key_id_from_file_name(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next()?;
    let after = base.strip_prefix("AuthKey_")?;
    let (key_id, rest) = after.split_at_checked(10)?;
    let shaped = key_id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let copy_mark = rest.strip_suffix(".p8")?.trim();
    let unmarked = copy_mark.is_empty()
        || copy_mark
            .strip_prefix('(')
            .and_then(|mark| mark.strip_suffix(')'))
            .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
    (shaped && unmarked).then(|| key_id.to_owned())
}
