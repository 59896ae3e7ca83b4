//! RSA 2048 key pairs of signing certificates.
//!
//! Every client seen at Apple's API makes RSA 2048 requests and elliptic curves are untested there (facts E1), so this
//! is the one kind that Russet makes. Larger RSA keys are read, for certificates that were made elsewhere.
//!
//! This module must not write a key anywhere and shows nothing of one. Loading costs about 35 ms, because the numbers
//! are checked: hold the parsed pair rather than its bytes where it is used again (it is cheap to share in an `Arc`).
//!
//! The surprising thing: the pair is an [`rcgen::SigningKey`], so requests and certificates are signed with it directly.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use zeroize::Zeroizing;

use crate::Explanation;
use crate::explanation::explained;

/// An RSA private key with its public half. Wiped on drop; prints nothing of itself.
pub struct RsaKeyPair {
    pair: KeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
    spki: Vec<u8>,
}

/// Why there is no RSA key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaKeyError {
    /// The bytes are not an RSA private key of 2048 bits or more whose numbers hold together.
    NotAnRsaKey,
    /// Making or using a key failed inside the crypto library.
    CryptoFailed,
}

impl RsaKeyError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::NotAnRsaKey => Explanation::new(
                "The private key is not an RSA key that can be used.",
                "Signing certificates have RSA keys of 2048 bits or more in PKCS#8.",
                "Export the certificate again together with its private key.",
            ),
            Self::CryptoFailed => Explanation::new(
                "The crypto library could not make or use an RSA key.",
                "The system gave it no randomness or no memory.",
                "Try again; if it stays, look at the machine's health.",
            ),
        }
    }
}

explained!(RsaKeyError);

impl RsaKeyPair {
    /// Makes a new RSA 2048 pair (60 to 80 ms).
    ///
    /// # Errors
    /// [`RsaKeyError::CryptoFailed`] where the system gives no randomness.
    pub fn generate() -> Result<Self, RsaKeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| RsaKeyError::CryptoFailed)?;
        Self::from_pair(pair)
    }

    /// Reads PKCS#8 DER, checking that the numbers belong together (about 35 ms).
    ///
    /// # Errors
    /// [`RsaKeyError::NotAnRsaKey`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, RsaKeyError> {
        let pair = KeyPair::from_pkcs8(der).map_err(|_| RsaKeyError::NotAnRsaKey)?;
        Self::from_pair(pair)
    }

    /// Reads PKCS#1 or PKCS#8 DER, with the same checks.
    ///
    /// # Errors
    /// [`RsaKeyError::NotAnRsaKey`].
    pub fn from_der(der: &[u8]) -> Result<Self, RsaKeyError> {
        Self::from_pkcs8_der(der).or_else(|_| {
            let pair = KeyPair::from_der(der).map_err(|_| RsaKeyError::NotAnRsaKey)?;
            Self::from_pair(pair)
        })
    }

    fn from_pair(pair: KeyPair) -> Result<Self, RsaKeyError> {
        let failed = |_| RsaKeyError::CryptoFailed;
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(failed)?;
        let pkcs8 = Zeroizing::new(pkcs8.as_ref().to_vec());
        let spki = spki.as_ref().to_vec();
        Ok(Self { pair, pkcs8, spki })
    }

    /// The private key as PKCS#8 DER: what is sealed and stored.
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key as PEM `PRIVATE KEY`.
    pub fn pkcs8_pem(&self) -> Zeroizing<String> {
        crate::p8::pem_of("PRIVATE KEY", &self.pkcs8)
    }

    /// The public key as DER `SubjectPublicKeyInfo`.
    pub fn public_spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of [`Self::public_spki_der`], lower hex; equals that of the certificate made from this pair.
    pub fn public_key_fingerprint(&self) -> String {
        crate::fingerprint_of_spki(&self.spki)
    }

    /// Size of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.pair.public_modulus_len() * 8
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 over `message`.
    ///
    /// # Errors
    /// [`RsaKeyError::CryptoFailed`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, RsaKeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| RsaKeyError::CryptoFailed)?;
        Ok(signature)
    }
}

impl fmt::Debug for RsaKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKeyPair(…)")
    }
}

impl rcgen::PublicKeyData for RsaKeyPair {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for RsaKeyPair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Self::sign(self, message).map_err(|_| rcgen::Error::RingUnspecified)
    }
}
