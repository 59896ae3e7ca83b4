//! Opening a `.p12` that somebody uploads: bags made into identities.

use super::P12Error;
use super::contents::{self, Contents};
use crate::asn1;
use crate::certificate::Certificate;
use crate::pbe::Password;
use crate::rsa_key::RsaKeyPair;

/// The most that is read as a bundle.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most password iterations that all parts of a bundle may ask for together: MAC, certificates and each key.
pub const MAX_ITERATIONS: u64 = crate::pbe::MAX_ITERATIONS;

/// Everything that a bundle held.
#[derive(Debug)]
pub struct Bundle {
    /// Each private key that has a certificate in the file, in the file's order.
    pub identities: Vec<ReadIdentity>,
    /// Private keys whose certificate is not in the file: it may be one that is known from elsewhere.
    pub lone_keys: Vec<LoneKey>,
    /// Certificates of no key in the file: candidates for chains.
    pub certificates: Vec<Certificate>,
    /// How many private keys were passed over because they are not RSA of 2048 bits or more.
    pub other_keys: usize,
    /// Whether a MAC held the file together. Without one nobody vouches that certificates were not swapped or added;
    /// that keys and certificates belong together is checked in either case.
    pub has_mac: bool,
}

/// A private key with its certificate.
#[derive(Debug)]
pub struct ReadIdentity {
    /// The private key.
    pub key: RsaKeyPair,
    /// The certificate of that key: of several, the one that the file ties to it, else the one that ends last.
    pub certificate: Certificate,
    /// Further certificates. Out of [`read`], all others of the file, candidates for the chain; out of [`open`], only
    /// those that were made for the same key.
    pub others: Vec<Certificate>,
    /// The name that the exporting program gave to the key, else to the certificate.
    pub friendly_name: Option<String>,
}

/// A private key without certificate.
#[derive(Debug)]
pub struct LoneKey {
    /// The private key.
    pub key: RsaKeyPair,
    /// The name that the exporting program gave to it.
    pub friendly_name: Option<String>,
}

/// Opens a bundle with all that is in it, which may be nothing that signs.
///
/// # Errors
/// [`P12Error`]: `TooLarge`, `NotAP12`, `TooManyIterations`, `TooManyEntries`, `WrongPassword`, `UnsupportedEncryption`.
pub fn open(bytes: &[u8], password: &str) -> Result<Bundle, P12Error> {
    if bytes.len() > MAX_BYTES {
        return Err(P12Error::TooLarge { bytes: bytes.len() });
    }
    let der = asn1::to_der(bytes).map_err(|_| P12Error::NotAP12)?;
    for reading in Password::readings(password) {
        match contents::open(&der, &reading) {
            Err(P12Error::WrongPassword) => {}
            opened => return opened.and_then(bundle),
        }
    }
    Err(P12Error::WrongPassword)
}

/// Opens a bundle with exactly one RSA private key and its certificate.
///
/// # Errors
/// [`P12Error`], each cause by itself.
pub fn read(bytes: &[u8], password: &str) -> Result<ReadIdentity, P12Error> {
    let mut bundle = open(bytes, password)?;
    match (bundle.identities.pop(), bundle.lone_keys.len()) {
        (Some(mut only), 0) if bundle.identities.is_empty() => {
            only.others.append(&mut bundle.certificates);
            Ok(only)
        }
        (None, 0) if bundle.other_keys > 0 => Err(P12Error::NotAnRsaKey),
        (None, 0) => Err(P12Error::NoPrivateKey),
        (None, 1) => Err(P12Error::NoMatchingCertificate),
        _ => Err(P12Error::SeveralPrivateKeys),
    }
}

/// A certificate with what the file wrote on it.
struct Labeled {
    certificate: Certificate,
    friendly_name: Option<String>,
    local_key_id: Option<Vec<u8>>,
}

/// Ties keys to certificates by their public keys; what the file says only chooses among several that fit.
fn bundle(contents: Contents) -> Result<Bundle, P12Error> {
    let mut certificates: Vec<Labeled> = Vec::with_capacity(contents.certificates.len());
    for bag in contents.certificates {
        let certificate = Certificate::from_der(&bag.der).map_err(|_| P12Error::NotAP12)?;
        if certificates.iter().all(|known| known.certificate != certificate) {
            certificates.push(Labeled {
                certificate,
                friendly_name: bag.friendly_name,
                local_key_id: bag.local_key_id,
            });
        }
    }
    let mut bundle = Bundle {
        identities: Vec::new(),
        lone_keys: Vec::new(),
        certificates: Vec::new(),
        other_keys: 0,
        has_mac: contents.has_mac,
    };
    let mut seen: Vec<String> = Vec::new();
    for bag in contents.keys {
        let Ok(key) = RsaKeyPair::from_pkcs8_der(&bag.der) else {
            bundle.other_keys += 1;
            continue;
        };
        let fingerprint = key.public_key_fingerprint();
        if seen.contains(&fingerprint) {
            continue;
        }
        let is_its_own = |labeled: &mut Labeled| labeled.certificate.info().public_key_fingerprint == fingerprint;
        let mut own: Vec<Labeled> = certificates.extract_if(.., is_its_own).collect();
        seen.push(fingerprint);
        own.sort_by_key(|labeled| {
            let tied = bag.local_key_id.is_some() && labeled.local_key_id == bag.local_key_id;
            (tied, labeled.certificate.info().not_after)
        });
        let friendly_name = bag.friendly_name.clone();
        match own.pop() {
            None => bundle.lone_keys.push(LoneKey { key, friendly_name }),
            Some(best) => bundle.identities.push(ReadIdentity {
                key,
                certificate: best.certificate,
                others: own.into_iter().rev().map(|labeled| labeled.certificate).collect(),
                friendly_name: friendly_name.or(best.friendly_name),
            }),
        }
    }
    bundle.certificates = certificates.into_iter().map(|labeled| labeled.certificate).collect();
    Ok(bundle)
}
