//! PKCS#12 bundles: a private key with its certificate and the way up, under a password.
//!
//! Two forms are written (facts L). *Compatible*, the default, has triple-DES for key and certificates and a SHA-1 MAC,
//! never RC2: every macOS, OpenSSL and Java reads it. *Modern* is PBES2 with AES-256-CBC and an HMAC-SHA-256 MAC: older
//! macOS does not read it. Nothing is ever written unencrypted.
//!
//! Reading is bounded (1 MB, 1,000,000 iterations for each part) and insists on a MAC, because without one a wrong
//! password and a changed file look the same. The bound on all parts together sees only those outside the encryption: a
//! file made for it can hide many keys inside, so read a stranger's bundle where it may be given up on.
//!
//! This module must not choose certificates: the caller passes the chain. It must not keep passwords or keys.
//! The surprising thing: salts and nonces come from the PKCS#12 library's own random source, so two bundles of the same
//! key differ.

mod password;
mod reading;

use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey, PrivateKeyChain};
use zeroize::Zeroizing;

use crate::Explanation;
use crate::certificate::Certificate;
use crate::explanation::explained;
use crate::rsa_key::RsaKeyPair;

pub use password::{PasswordAdvice, advice, generate_password};
pub use reading::{MAX_BYTES, MAX_ITERATIONS, ReadIdentity, read};

/// Which algorithms protect a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Triple-DES for key and certificates, SHA-1 MAC: read everywhere.
    #[default]
    Compatible,
    /// PBES2 with AES-256-CBC, HMAC-SHA-256 MAC: for OpenSSL 3, Java and newer macOS (`-f pkcs12`).
    Modern,
}

/// What goes into a bundle.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The private key of `certificate`.
    pub key: &'a RsaKeyPair,
    /// The leaf.
    pub certificate: &'a Certificate,
    /// Its issuer, the issuer's issuer, and so on; may end with the root, may be empty.
    pub chain: &'a [Certificate],
    /// What keychains show. Characters outside the Basic Multilingual Plane are replaced, the format has no place for them.
    pub friendly_name: &'a str,
}

/// Why a bundle was not written or not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum P12Error {
    /// The private key is not the one of the certificate.
    KeyDoesNotMatch,
    /// The password holds control characters, or characters outside the Basic Multilingual Plane.
    PasswordCharacters,
    /// The bundle could not be encoded.
    WritingFailed,
    /// Above 1 MB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// Not PKCS#12, or damaged.
    NotAP12,
    /// No MAC: neither the password nor the contents can be checked.
    NoMac,
    /// More password iterations than are worth computing.
    TooManyIterations,
    /// The password does not open it.
    WrongPassword,
    /// An encryption that is not read (RC2-128, RC4, scrypt, …).
    UnsupportedEncryption,
    /// No private key inside.
    NoPrivateKey,
    /// Several private keys inside.
    SeveralPrivateKeys,
    /// The private key is not RSA.
    NotAnRsaKey,
    /// No certificate inside belongs to the private key.
    NoMatchingCertificate,
}

impl P12Error {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const EXPORT: &str = "Export the certificate together with its private key from Keychain Access again.";
        match self {
            Self::KeyDoesNotMatch => Explanation::new(
                "The private key is not the one of this certificate.",
                "A bundle of the two could sign nothing.",
                "Use the certificate that was made from this key.",
            ),
            Self::PasswordCharacters => Explanation::new(
                "The password holds control characters or emoji.",
                "The .p12 format or the programs that read it cannot carry them.",
                "Choose letters, digits, punctuation and spaces.",
            ),
            Self::WritingFailed => Explanation::new(
                "The .p12 could not be written.",
                "The certificate or the key could not be encoded.",
                "Export as PEM instead, and report this.",
            ),
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("A .p12 has about 3,000; the limit is {MAX_BYTES} bytes."),
                EXPORT,
            ),
            Self::NotAP12 => Explanation::new("This is not a .p12, or it is damaged.", "Expected is PKCS#12.", EXPORT),
            Self::NoMac => Explanation::new(
                "The .p12 has no integrity check (MAC).",
                "Neither its password nor its contents can be verified.",
                EXPORT,
            ),
            Self::TooManyIterations => Explanation::new(
                "The .p12 asks for too many password iterations.",
                format!("The limit for each of its parts is {MAX_ITERATIONS}; usual are 2,000 to 600,000."),
                EXPORT,
            ),
            Self::WrongPassword => Explanation::new(
                "The password does not open the .p12.",
                "Its integrity check failed.",
                "Enter the password that was set when it was exported.",
            ),
            Self::UnsupportedEncryption => Explanation::new(
                "The .p12 is encrypted in a way that is not read.",
                "Read are triple-DES, RC2-40 and AES (PBES2).",
                EXPORT,
            ),
            Self::NoPrivateKey => Explanation::new("The .p12 holds no private key.", "A certificate alone cannot sign.", EXPORT),
            Self::SeveralPrivateKeys => Explanation::new(
                "The .p12 holds several private keys.",
                "Which of them is meant cannot be told.",
                "Export one certificate with its key at a time.",
            ),
            Self::NotAnRsaKey => Explanation::new(
                "The private key in the .p12 is not an RSA key.",
                "Apple's signing certificates have RSA keys.",
                EXPORT,
            ),
            Self::NoMatchingCertificate => Explanation::new(
                "No certificate in the .p12 belongs to its private key.",
                "A key alone cannot sign.",
                EXPORT,
            ),
        }
    }
}

explained!(P12Error);

/// Password iterations: OpenSSL's default is 2,048, Java's 10,000; macOS reads far more.
const COMPATIBLE_ITERATIONS: u32 = 10_000;
const MODERN_ITERATIONS: u32 = 100_000;

/// Writes a bundle: leaf first, then its chain; friendly name on the key, local key id on key and leaf.
///
/// The password may be empty (see [`advice`]) or hold any printable character of the Basic Multilingual Plane.
///
/// # Errors
/// [`P12Error::KeyDoesNotMatch`], [`P12Error::PasswordCharacters`], [`P12Error::WritingFailed`].
pub fn write(identity: &Identity<'_>, password: &str, form: Form) -> Result<Zeroizing<Vec<u8>>, P12Error> {
    if identity.key.public_key_fingerprint() != identity.certificate.info().public_key_fingerprint {
        return Err(P12Error::KeyDoesNotMatch);
    }
    if password.chars().any(|c| c.is_control() || c > '\u{ffff}') {
        return Err(P12Error::PasswordCharacters);
    }
    let failed = |_| P12Error::WritingFailed;
    let key = PrivateKey::from_der(identity.key.pkcs8_der()).map_err(failed)?;
    let certificates = std::iter::once(identity.certificate)
        .chain(identity.chain)
        .map(|certificate| p12_keystore::Certificate::from_der(certificate.der()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    // OpenSSL's habit, which keychains know: the local key id is the leaf's SHA-1.
    let local_key_id = hex::decode(&identity.certificate.info().sha1_fingerprint).map_err(|_| P12Error::WritingFailed)?;
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(local_key_id, key, certificates);
    store.add_entry(&bmp(identity.friendly_name), KeyStoreEntry::PrivateKeyChain(chain));
    let (encryption, mac, iterations) = match form {
        Form::Compatible => (
            EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
            MacAlgorithm::HmacSha1,
            COMPATIBLE_ITERATIONS,
        ),
        Form::Modern => (
            EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
            MacAlgorithm::HmacSha256,
            MODERN_ITERATIONS,
        ),
    };
    store
        .writer(password)
        .encryption_algorithm(encryption)
        .encryption_iterations(iterations)
        .mac_algorithm(mac)
        .mac_iterations(iterations)
        .write()
        .map(Zeroizing::new)
        .map_err(failed)
}

/// Key, leaf and chain as PEM blocks in this order. The key is not encrypted: the caller warns.
pub fn pem_bundle(identity: &Identity<'_>) -> Zeroizing<String> {
    let mut bundle = identity.key.pkcs8_pem();
    for certificate in std::iter::once(identity.certificate).chain(identity.chain) {
        bundle.push_str(&certificate.pem());
    }
    bundle
}

fn bmp(name: &str) -> String {
    let plain = |c: char| if c > '\u{ffff}' { '\u{fffd}' } else { c };
    name.chars().map(plain).collect()
}
