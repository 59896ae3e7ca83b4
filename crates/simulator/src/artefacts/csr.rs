//! The certificate signing request as a client submits it, checked as a certificate authority checks it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::SubjectPublicKeyInfo;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;

const RSA_BITS: usize = 2048;

/// A request whose own signature holds and whose key is RSA 2048. Only its public key goes into the certificate: the
/// subject is the authority's to choose, as at Apple.
#[derive(Debug)]
pub(crate) struct CheckedCsr {
    pub(super) public_key: SubjectPublicKeyInfo,
}

/// Why a certificate signing request is refused. Apple's own text for this is not known (facts K), so the simulator
/// answers all of them alike; the distinction is for its log and its tests.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CsrRefusal {
    /// Neither PEM nor base64.
    #[error("csrContent is neither PEM nor base64")]
    NotBase64,
    /// PEM or base64, but of something else.
    #[error("csrContent holds no PKCS#10 certificate signing request")]
    NotARequest,
    /// Not signed by the key that it carries.
    #[error("the request is not signed by the key that it carries")]
    Signature,
    /// The key is not RSA.
    #[error("the key of the request is not an RSA key")]
    NotRsa,
    /// The key is RSA of another size.
    #[error("the RSA key of the request has {0} bits instead of 2048")]
    KeySize(usize),
}

pub(super) fn check(csr_content: &str) -> Result<CheckedCsr, CsrRefusal> {
    let der = decode(csr_content).ok_or(CsrRefusal::NotBase64)?;
    let (rest, request) = X509CertificationRequest::from_der(&der).map_err(|_| CsrRefusal::NotARequest)?;
    if !rest.is_empty() {
        return Err(CsrRefusal::NotARequest);
    }
    let public_key = &request.certification_request_info.subject_pki;
    let Ok(PublicKey::RSA(rsa)) = public_key.parsed() else {
        return Err(CsrRefusal::NotRsa);
    };
    let bits = bit_length(rsa.modulus);
    if bits != RSA_BITS {
        return Err(CsrRefusal::KeySize(bits));
    }
    request.verify_signature().map_err(|_| CsrRefusal::Signature)?;
    let public_key = SubjectPublicKeyInfo::from_der(public_key.raw).map_err(|_| CsrRefusal::NotRsa)?;
    Ok(CheckedCsr { public_key })
}

/// The DER inside of PEM armor (either of the two labels in use) or of bare base64.
fn decode(content: &str) -> Option<Vec<u8>> {
    let body: String = content
        .lines()
        .filter(|line| !line.trim_start().starts_with("-----"))
        .flat_map(|line| line.chars().filter(|character| !character.is_whitespace()))
        .collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}

fn bit_length(big_endian: &[u8]) -> usize {
    let significant = big_endian
        .iter()
        .position(|byte| *byte != 0)
        .map_or(&[][..], |first| &big_endian[first..]);
    significant
        .first()
        .map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize};

    use super::*;

    fn request(key: &KeyPair) -> (String, Vec<u8>) {
        let request = CertificateParams::default().serialize_request(key).unwrap();
        (request.pem().unwrap(), request.der().to_vec())
    }

    #[test]
    fn pem_and_its_bare_body_give_the_same_key() {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let (pem, der) = request(&key);
        let from_pem = check(&pem).unwrap();
        let from_body = check(&STANDARD.encode(der)).unwrap();
        assert_eq!(from_pem.public_key.der_bytes(), key.der_bytes());
        assert_eq!(from_body.public_key.der_bytes(), key.der_bytes());
    }

    #[test]
    fn a_request_with_one_flipped_bit_in_its_subject_is_refused() {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let (_, mut der) = request(&key);
        let name = der.windows(5).position(|window| window == b"rcgen").unwrap();
        der[name] ^= 1;
        assert_eq!(check(&STANDARD.encode(der)).unwrap_err(), CsrRefusal::Signature);
    }

    #[test]
    fn other_keys_and_other_text_are_refused_by_cause() {
        let elliptic = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        assert_eq!(check(&request(&elliptic).0).unwrap_err(), CsrRefusal::NotRsa);
        let large = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072).unwrap();
        assert_eq!(check(&request(&large).0).unwrap_err(), CsrRefusal::KeySize(3072));
        assert_eq!(check("").unwrap_err(), CsrRefusal::NotBase64);
        assert_eq!(check("not base64 at all!").unwrap_err(), CsrRefusal::NotBase64);
        assert_eq!(check(&elliptic.serialize_pem()).unwrap_err(), CsrRefusal::NotARequest);
    }
}
