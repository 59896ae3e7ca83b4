//! Recognizes what a DER file is from its outermost shape, so that a wrong file can be named instead of just refused.

use crate::asn1::{self, BIT_STRING, CONTEXT_0, Element, Fault, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// What a DER file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// PKCS#8 or SEC1, on the curve that Apple uses.
    EcP256Key,
    /// An EC private key on another curve, with the curve's name where it is a common one.
    OtherEcKey(&'static str),
    RsaKey,
    /// PKCS#8 of an algorithm that is neither RSA nor ECDSA.
    OtherKey,
    EncryptedKey,
    PublicKey,
    Certificate,
    CertificateRequest,
    Pkcs12,
    /// CMS, as a provisioning profile is.
    SignedMessage,
    /// The outermost element is cut short.
    Truncated,
    Unknown,
}

const ID_EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const PKCS7_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const PKCS7_SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const OTHER_CURVES: [(&[u8], &str); 4] = [
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "P-384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "P-521"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x21], "P-224"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x0a], "secp256k1"),
];

/// Names the structure in `der`. A key is only recognized here; whether its numbers hold together is checked later.
pub(crate) fn of(der: &[u8]) -> Shape {
    let outer = match asn1::read(der) {
        Ok((outer, [])) if outer.tag == SEQUENCE => outer,
        Err(Fault::Truncated) if der.first() == Some(&SEQUENCE) => return Shape::Truncated,
        _ => return Shape::Unknown,
    };
    let children = outer.leading(4);
    let tags: Vec<u8> = children.iter().map(|child| child.tag).collect();
    match tags.as_slice() {
        [INTEGER, SEQUENCE, OCTET_STRING, ..] => pkcs8(&children[1]),
        [INTEGER, OCTET_STRING, rest @ ..] => sec1(rest.first().map(|_| &children[2])),
        [INTEGER, INTEGER, INTEGER, ..] => Shape::RsaKey,
        [INTEGER, SEQUENCE, ..] if starts_with_oid(&children[1], PKCS7_DATA) => Shape::Pkcs12,
        [SEQUENCE, OCTET_STRING] => Shape::EncryptedKey,
        [SEQUENCE, BIT_STRING] | [INTEGER, INTEGER] => Shape::PublicKey,
        [SEQUENCE, SEQUENCE, BIT_STRING] => signed_structure(&children[0]),
        [OBJECT_IDENTIFIER, CONTEXT_0] if children[0].content == PKCS7_SIGNED_DATA => Shape::SignedMessage,
        _ => Shape::Unknown,
    }
}

fn pkcs8(algorithm: &Element<'_>) -> Shape {
    let parts = algorithm.leading(2);
    match parts.first().map(|oid| oid.content) {
        Some(ID_EC_PUBLIC_KEY) => curve(parts.get(1)),
        Some(RSA_ENCRYPTION) => Shape::RsaKey,
        _ => Shape::OtherKey,
    }
}

fn sec1(parameters: Option<&Element<'_>>) -> Shape {
    let named = parameters
        .filter(|parameters| parameters.tag == CONTEXT_0)
        .and_then(|parameters| parameters.leading(1).first().copied());
    curve(named.as_ref())
}

fn curve(named: Option<&Element<'_>>) -> Shape {
    let oid = named
        .filter(|parameters| parameters.tag == OBJECT_IDENTIFIER)
        .map(|parameters| parameters.content);
    if oid == Some(PRIME256V1) {
        return Shape::EcP256Key;
    }
    let name = OTHER_CURVES
        .iter()
        .find(|(known, _)| oid == Some(known))
        .map_or("an unnamed curve", |(_, name)| name);
    Shape::OtherEcKey(name)
}

/// Certificates and requests look alike outside; a request's body has the key third, a certificate's an algorithm or a date range.
fn signed_structure(body: &Element<'_>) -> Shape {
    let parts = body.leading(4);
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
    match tags.as_slice() {
        [CONTEXT_0, INTEGER, SEQUENCE, ..] => Shape::Certificate,
        [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE] => Shape::Certificate,
        [INTEGER, SEQUENCE, SEQUENCE, ..] => Shape::CertificateRequest,
        _ => Shape::Unknown,
    }
}

fn starts_with_oid(element: &Element<'_>, oid: &[u8]) -> bool {
    element
        .leading(1)
        .first()
        .is_some_and(|first| first.tag == OBJECT_IDENTIFIER && first.content == oid)
}
