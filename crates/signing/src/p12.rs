//! PKCS#12 bundles: a private key with its certificate and the way up, under a password.
//!
//! Two forms are written (facts L). *Compatible*, the default, has triple-DES for key and certificates and a SHA-1 MAC,
//! never RC2: every macOS, OpenSSL and Java reads it. *Modern* is PBES2 with AES-256-CBC and an HMAC-SHA-256 MAC: older
//! macOS does not read it. Nothing is ever written unencrypted.
//!
//! Much more is read than written: what Keychains, OpenSSL, Java and Python ever wrote, with one or many identities, with
//! a MAC of any kind or none. Reading is bounded for the whole file: 1 MB, 2,000,000 password iterations over all of its
//! parts (also those that only show after decrypting), 32 keys, 256 certificates.
//!
//! This module must not choose certificates: the caller passes the chain. It must not keep passwords or keys.
//! The surprising thing: salts and nonces come from the PKCS#12 library's own random source, so two bundles of the same
//! key differ.

mod contents;
mod mac;
mod password;
mod reading;
mod refusal;

use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey, PrivateKeyChain};
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::rsa_key::RsaKeyPair;

pub use contents::{MAX_CERTIFICATES, MAX_KEYS};
pub use password::{PasswordAdvice, advice, generate_password};
pub use reading::{Bundle, LoneKey, MAX_BYTES, MAX_ITERATIONS, ReadIdentity, open, read};
pub use refusal::P12Error;

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

/// Password iterations: OpenSSL's default is 2,048, Java's 10,000; macOS reads far more.
const COMPATIBLE_ITERATIONS: u32 = 10_000;
const MODERN_ITERATIONS: u32 = 100_000;

/// Whether a bundle can be written under this password.
///
/// # Errors
/// [`P12Error::PasswordCharacters`].
pub fn check_password(password: &str) -> Result<(), P12Error> {
    match password.chars().any(|c| c.is_control() || c > '\u{ffff}') {
        true => Err(P12Error::PasswordCharacters),
        false => Ok(()),
    }
}

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
    check_password(password)?;
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
