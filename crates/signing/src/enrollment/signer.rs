//! The operator's certificate for signing enrollment profiles: mostly the one of his web server.

use std::fmt;

use jiff::Timestamp;

use crate::Explanation;
use crate::certificate::Certificate;
use crate::cms_signed::{self, CmsError, SigningKey};
use crate::explanation::explained;
use crate::p8::EcPrivateKey;
use crate::p8::shape::Shape;
use crate::private_key::{self, KeyFileError};
use crate::rsa_key::RsaKeyPair;

/// The most that is read as a file of certificates.
const MAX_CHAIN_BYTES: usize = 256 * 1024;

/// A key with its certificate and the way up, ready to sign profiles. Prints nothing of the key.
pub struct ProfileSigner {
    key: Key,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

enum Key {
    Rsa(RsaKeyPair),
    P256(EcPrivateKey),
}

/// Why two files are no signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerError {
    /// The file of certificates is above 256 KB, damaged, or holds none.
    Certificates,
    /// The private key cannot be read.
    Key(KeyFileError),
    /// The private key is neither RSA nor on P-256.
    KeyKind,
    /// The private key is not the one of the first certificate.
    OtherKey,
}

impl SignerError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Certificates => Explanation::new(
                "The file of certificates cannot be used.",
                format!("Expected are PEM certificates, the signer's first, in at most {MAX_CHAIN_BYTES} bytes."),
                "Give the file that a web server takes as its chain (fullchain.pem).",
            ),
            Self::Key(cause) => cause.explain(),
            Self::KeyKind => Explanation::new(
                "The private key is neither RSA nor on P-256.",
                "Profiles are signed with one of the two.",
                "Give a certificate with an RSA key of 2048 bits or more, or with one on P-256.",
            ),
            Self::OtherKey => Explanation::new(
                "The private key is not the one of the first certificate.",
                "What is signed with one could not be verified with the other.",
                "Give the key that the certificate was issued for, and put its certificate first.",
            ),
        }
    }
}

explained!(SignerError);

impl ProfileSigner {
    /// Reads a PEM file of certificates, the signer's first, and its private key, with a password where it has one.
    ///
    /// # Errors
    /// [`SignerError`], each cause by itself.
    pub fn read(certificates: &[u8], key: &[u8], password: Option<&str>) -> Result<Self, SignerError> {
        if certificates.len() > MAX_CHAIN_BYTES {
            return Err(SignerError::Certificates);
        }
        let blocks = pem::parse_many(certificates).map_err(|_| SignerError::Certificates)?;
        let mut chain = blocks
            .iter()
            .filter(|block| block.tag() == "CERTIFICATE")
            .map(|block| Certificate::from_der(block.contents()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| SignerError::Certificates)?;
        if chain.is_empty() {
            return Err(SignerError::Certificates);
        }
        let certificate = chain.remove(0);
        let signer = Self {
            key: key_of(key, password)?,
            certificate,
            chain,
        };
        match signer.key.borrowed().public_key_fingerprint() == signer.certificate.info().public_key_fingerprint {
            true => Ok(signer),
            false => Err(SignerError::OtherKey),
        }
    }

    /// The signer's certificate: its name is what a device shows.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// A profile in an envelope with its signature, the signer's certificate and the way up.
    ///
    /// # Errors
    /// [`CmsError::SigningFailed`] where the crypto library fails.
    pub fn sign(&self, profile: &[u8], at: Timestamp) -> Result<Vec<u8>, CmsError> {
        cms_signed::sign_with(profile, self.key.borrowed(), &self.certificate, &self.chain, at)
    }
}

impl fmt::Debug for ProfileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileSigner")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl Key {
    fn borrowed(&self) -> SigningKey<'_> {
        match self {
            Self::Rsa(key) => SigningKey::Rsa(key),
            Self::P256(key) => SigningKey::P256(key),
        }
    }
}

fn key_of(file: &[u8], password: Option<&str>) -> Result<Key, SignerError> {
    let (der, shape) = private_key::plain(file, password).map_err(SignerError::Key)?;
    let unusable = SignerError::Key(KeyFileError::Unusable);
    match shape {
        Shape::RsaKey => RsaKeyPair::from_der(&der).map(Key::Rsa).map_err(|_| unusable),
        Shape::EcP256Key => EcPrivateKey::from_der(&der).map(Key::P256).map_err(|_| unusable),
        _ => Err(SignerError::KeyKind),
    }
}
