//! What Apple asks of a certificate signing request, as far as it is known: its own signature, and RSA 2048.

use rcgen::SubjectPublicKeyInfo;
use signing::csr::{CsrError, CsrInfo, KeyAlgorithm};

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
    /// Something else, in PEM, base64 or neither.
    #[error("csrContent is no certificate signing request: {0}")]
    NotARequest(CsrError),
    /// The key is not RSA. Whether Apple takes elliptic curves is not known (facts K).
    #[error("the key of the request is not an RSA key")]
    NotRsa,
    /// The key is RSA of another size.
    #[error("the RSA key of the request has {0} bits instead of 2048")]
    KeySize(usize),
    /// Not signed by the key that it carries.
    #[error("the request is not signed by the key that it carries")]
    Signature,
}

pub(super) fn check(csr_content: &str) -> Result<CheckedCsr, CsrRefusal> {
    let request = CsrInfo::read(csr_content.as_bytes()).map_err(CsrRefusal::NotARequest)?;
    match request.key {
        KeyAlgorithm::Rsa { bits: RSA_BITS } => {}
        KeyAlgorithm::Rsa { bits } => return Err(CsrRefusal::KeySize(bits)),
        KeyAlgorithm::Ec { .. } | KeyAlgorithm::Other => return Err(CsrRefusal::NotRsa),
    }
    if !request.signature_valid {
        return Err(CsrRefusal::Signature);
    }
    let public_key = SubjectPublicKeyInfo::from_der(&request.spki_der).map_err(|_| CsrRefusal::NotRsa)?;
    Ok(CheckedCsr { public_key })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
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
        for text in ["", "not base64 at all!", &elliptic.serialize_pem()] {
            assert_eq!(check(text).unwrap_err(), CsrRefusal::NotARequest(CsrError::NotACsr));
        }
    }
}
