//! Opening a `.p12` that somebody uploads.

use p12_keystore::{Pkcs12Archive, error::Error};

use super::P12Error;
use crate::asn1::{self, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};
use crate::certificate::Certificate;
use crate::rsa_key::RsaKeyPair;

/// The most that is read as a bundle.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most password iterations that one part of a bundle may ask for: the PKCS#12 library's own bound, inside the
/// 2,000,000 that the design allows.
pub const MAX_ITERATIONS: u64 = 1_000_000;
/// The most that the visible parts may ask for together: MAC, certificates and key, each at its bound.
const MAX_TOTAL_ITERATIONS: u64 = 3 * MAX_ITERATIONS;

/// The element 1.3.6.1.4.1.11591.4.11: scrypt may ask for a gigabyte, and no keychain writes it.
const SCRYPT: &[u8] = &[OBJECT_IDENTIFIER, 9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];

/// What a bundle held.
#[derive(Debug)]
pub struct ReadIdentity {
    /// The private key.
    pub key: RsaKeyPair,
    /// The certificate of that key.
    pub certificate: Certificate,
    /// The other certificates, in the file's order: candidates for the chain.
    pub others: Vec<Certificate>,
    /// The name that the exporting program gave to the key.
    pub friendly_name: Option<String>,
}

/// Opens a bundle with exactly one RSA private key and its certificate.
///
/// # Errors
/// [`P12Error`], each cause by itself.
pub fn read(bytes: &[u8], password: &str) -> Result<ReadIdentity, P12Error> {
    if bytes.len() > MAX_BYTES {
        return Err(P12Error::TooLarge { bytes: bytes.len() });
    }
    let der = asn1::to_der(bytes).map_err(|_| P12Error::NotAP12)?;
    check_limits(&der)?;
    let archive = Pkcs12Archive::from_pkcs12(&der, password).map_err(refusal)?;
    let key_bag = match archive.keys.as_slice() {
        [only] => only,
        [] => return Err(P12Error::NoPrivateKey),
        _ => return Err(P12Error::SeveralPrivateKeys),
    };
    let key = RsaKeyPair::from_pkcs8_der(key_bag.key.as_der()).map_err(|_| P12Error::NotAnRsaKey)?;
    let mut others = archive
        .certs
        .iter()
        .map(|bag| Certificate::from_der(bag.cert.as_der()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| P12Error::NotAP12)?;
    let fingerprint = key.public_key_fingerprint();
    let position = others
        .iter()
        .position(|certificate| certificate.info().public_key_fingerprint == fingerprint)
        .ok_or(P12Error::NoMatchingCertificate)?;
    Ok(ReadIdentity {
        certificate: others.remove(position),
        key,
        others,
        friendly_name: key_bag.friendly_name.clone(),
    })
}

/// The MAC is there, and what can be seen before the password stays within the iteration limits.
fn check_limits(der: &[u8]) -> Result<(), P12Error> {
    let (outer, _) = asn1::read(der).map_err(|_| P12Error::NotAP12)?;
    let parts = outer.leading(3);
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
    match tags.as_slice() {
        [INTEGER, SEQUENCE, SEQUENCE] => {}
        [INTEGER, SEQUENCE] => return Err(P12Error::NoMac),
        _ => return Err(P12Error::NotAP12),
    }
    let mac_iterations = parts[2].leading(3).get(2).map_or(1, integer);
    if der.windows(SCRYPT.len()).any(|window| window == SCRYPT) {
        return Err(P12Error::UnsupportedEncryption);
    }
    let content = octets_within(&parts[1]);
    let safes = content.map_or(0, |content| iterations_in(content, 0));
    if mac_iterations > MAX_ITERATIONS || mac_iterations.saturating_add(safes) > MAX_TOTAL_ITERATIONS {
        return Err(P12Error::TooManyIterations);
    }
    Ok(())
}

/// The contents of the data's OCTET STRING: SEQUENCE { OID data, [0] { OCTET STRING } }.
fn octets_within<'a>(content_info: &Element<'a>) -> Option<&'a [u8]> {
    let parts = content_info.leading(2);
    let [oid, explicit] = parts.as_slice() else { return None };
    let inner = explicit.leading(1).first().copied()?;
    (oid.tag == OBJECT_IDENTIFIER && inner.tag == OCTET_STRING).then_some(inner.content)
}

/// Adds up the iteration counts in `bytes`: each INTEGER right after an OCTET STRING salt, wherever it stands.
fn iterations_in(bytes: &[u8], depth: usize) -> u64 {
    const MAX_DEPTH: usize = 16;
    let mut sum = 0_u64;
    let mut rest = bytes;
    let mut after_salt = false;
    while let Ok((element, after)) = asn1::read(rest) {
        let holds_elements = element.tag & 0x20 != 0 || element.tag == OCTET_STRING && element.content.first() == Some(&SEQUENCE);
        if after_salt && element.tag == INTEGER {
            sum = sum.saturating_add(integer(&element));
        } else if holds_elements && depth < MAX_DEPTH {
            sum = sum.saturating_add(iterations_in(element.content, depth + 1));
        }
        after_salt = element.tag == OCTET_STRING;
        rest = after;
    }
    sum
}

fn integer(element: &Element<'_>) -> u64 {
    match element.content {
        [first, ..] if *first >= 0x80 => 0,
        digits if digits.iter().skip_while(|digit| **digit == 0).count() > 8 => u64::MAX,
        digits => digits.iter().fold(0_u64, |sum, digit| (sum << 8) | u64::from(*digit)),
    }
}

fn refusal(error: Error) -> P12Error {
    match error {
        Error::MacError(_) => P12Error::WrongPassword,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => P12Error::UnsupportedEncryption,
        Error::InvalidParameters => P12Error::TooManyIterations,
        Error::InvalidPrivateKey => P12Error::NotAnRsaKey,
        _ => P12Error::NotAP12,
    }
}
