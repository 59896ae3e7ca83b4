//! CMS signed messages (RFC 5652): the envelope of provisioning profiles.
//!
//! [`read`] opens an envelope and checks its signature against the signer's certificate inside; [`SignedMessage::signed_by`]
//! then asks whether that signer leads to a trusted root. [`sign`] makes an envelope, as the simulator needs for its profiles.
//!
//! This module must not know what a profile is, nor treat a bad signature as unreadable: a person wants to see what is
//! inside *and* that it is not genuine.
//!
//! The surprising things: genuine Apple profiles are signed with SHA-1 and have to verify; and a certificate that signs
//! apps leads to Apple's root just as Apple's own do, so a developer's certificate is never accepted as a profile's signer.

mod signature;

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode, Tag, Tagged};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use spki::AlgorithmIdentifierOwned;

use crate::certificate::Certificate;
use crate::chain::{Trust, TrustRoot, chain};
use crate::explanation::explained;
use crate::p8::EcPrivateKey;
use crate::rsa_key::RsaKeyPair;
use crate::{Explanation, asn1};

/// The most that is read as a signed message.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Real profiles carry three certificates and one signer.
const MAX_CERTIFICATES: usize = 64;
const MAX_SIGNERS: usize = 8;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ECDSA_WITH_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// Why bytes are not a signed message, or why none could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CmsError {
    /// Above 5 MB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// The message is cut short.
    Truncated,
    /// Not CMS SignedData with its content inside.
    NotASignedMessage,
    /// More certificates or signers than any real message has.
    TooManyParts,
    /// The content could not be signed.
    SigningFailed,
}

impl CmsError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("The limit for signed messages is {MAX_BYTES} bytes."),
                "Choose the file that Apple's developer site offers for download.",
            ),
            Self::Truncated => Explanation::new(
                "The file ends too early.",
                "Its last part is missing, so its signature cannot be checked.",
                "Download or copy it again.",
            ),
            Self::NotASignedMessage => Explanation::new(
                "This is not a signed message.",
                "Expected is CMS SignedData that carries its content.",
                "Choose the file that Apple's developer site offers for download.",
            ),
            Self::TooManyParts => Explanation::new(
                "The message carries too many certificates or signers.",
                format!("The limits are {MAX_CERTIFICATES} certificates and {MAX_SIGNERS} signers; genuine ones have three and one."),
                "Download it again from Apple.",
            ),
            Self::SigningFailed => Explanation::new(
                "The message could not be signed.",
                "The signer's key or certificate was refused.",
                "Check that both belong together.",
            ),
        }
    }
}

explained!(CmsError);

/// An opened envelope.
#[derive(Debug, Clone)]
pub struct SignedMessage {
    /// What was signed.
    pub content: Vec<u8>,
    /// Every certificate inside, in the order of the envelope (which DER sorts).
    pub certificates: Vec<Certificate>,
    /// The certificate whose key made the signature; absent where a signature is wrong or its certificate is missing.
    pub signer: Option<Certificate>,
    /// When the signer says it signed.
    pub signing_time: Option<Timestamp>,
}

/// Who vouches for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedBy {
    /// The signature is right and its signer leads to the trusted root.
    Trusted,
    /// The signature is right; its signer leads to no trusted root, or is a developer's own certificate.
    UnverifiedRoot,
    /// The signature does not fit the content, or its certificate is missing.
    BadSignature,
}

impl SignedMessage {
    /// Who vouches for this message, where `trusted` is believed.
    pub fn signed_by(&self, trusted: &TrustRoot) -> SignedBy {
        let Some(signer) = &self.signer else {
            return SignedBy::BadSignature;
        };
        let way = chain(signer, &self.certificates, trusted);
        if way.trust == Trust::Verified && !signer.info().kind.is_developers_own() {
            SignedBy::Trusted
        } else {
            SignedBy::UnverifiedRoot
        }
    }
}

/// Opens an envelope (DER, or BER with indefinite lengths) and checks its signatures.
///
/// # Errors
/// [`CmsError`] where it cannot be read. A wrong signature is no error: `signer` is then absent.
pub fn read(bytes: &[u8]) -> Result<SignedMessage, CmsError> {
    if bytes.len() > MAX_BYTES {
        return Err(CmsError::TooLarge { bytes: bytes.len() });
    }
    let der = asn1::to_der(bytes).map_err(|fault| match fault {
        asn1::Fault::Truncated if bytes.first() == Some(&asn1::SEQUENCE) => CmsError::Truncated,
        _ => CmsError::NotASignedMessage,
    })?;
    let envelope = ContentInfo::from_der(&der).map_err(|_| CmsError::NotASignedMessage)?;
    if envelope.content_type != SIGNED_DATA {
        return Err(CmsError::NotASignedMessage);
    }
    let signed: SignedData = envelope.content.decode_as().map_err(|_| CmsError::NotASignedMessage)?;
    let inside = signed.encap_content_info.econtent.as_ref();
    let content = inside
        .filter(|content| content.tag() == Tag::OctetString)
        .map(|content| content.value().to_vec())
        .ok_or(CmsError::NotASignedMessage)?;
    let parsed = x509_certificates(&signed);
    if parsed.len() > MAX_CERTIFICATES || signed.signer_infos.0.len() > MAX_SIGNERS {
        return Err(CmsError::TooManyParts);
    }
    let mut certificates = Vec::with_capacity(parsed.len());
    for certificate in &parsed {
        let der = certificate.to_der().map_err(|_| CmsError::NotASignedMessage)?;
        certificates.push(Certificate::from_der(&der).map_err(|_| CmsError::NotASignedMessage)?);
    }
    let content_type = signed.encap_content_info.econtent_type;
    let signers = signed.signer_infos.0.as_slice();
    // Who is vouched for by several has to be vouched for by each of them.
    let verified: Option<Vec<usize>> = signers
        .iter()
        .map(|signer| signature::verifying_certificate(signer, content_type, &content, &parsed))
        .collect();
    let signer = verified
        .and_then(|found| found.first().copied())
        .map(|index| certificates[index].clone());
    Ok(SignedMessage {
        content,
        certificates,
        signer,
        signing_time: signers.first().and_then(signature::signing_time),
    })
}

fn x509_certificates(signed: &SignedData) -> Vec<&x509_cert::Certificate> {
    let set = signed.certificates.iter().flat_map(|set| set.0.iter());
    set.filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => Some(certificate),
        CertificateChoices::Other(_) => None,
    })
    .collect()
}

/// The key that an envelope is signed with.
#[derive(Debug, Clone, Copy)]
pub enum SigningKey<'a> {
    /// RSA with SHA-256.
    Rsa(&'a RsaKeyPair),
    /// ECDSA on P-256 with SHA-256, as certificates of web servers mostly have it.
    P256(&'a EcPrivateKey),
}

impl SigningKey<'_> {
    /// SHA-256 of the DER `SubjectPublicKeyInfo`, lower hex.
    pub fn public_key_fingerprint(self) -> String {
        match self {
            Self::Rsa(key) => key.public_key_fingerprint(),
            Self::P256(key) => key.public_key_sha256_fingerprint(),
        }
    }

    fn sign(self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => key.sign(message).ok(),
            Self::P256(key) => key.sign(message).ok(),
        }
    }

    fn algorithm(self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Self::Rsa(_) => (RSA_ENCRYPTION, Some(Any::null())),
            Self::P256(_) => (ECDSA_WITH_SHA_256, None),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }
}

/// Makes an envelope around `content`: RSA with SHA-256, signed attributes contentType, messageDigest and signingTime.
///
/// `certificate` is the signer's and goes in with `extra`, usually the way up to the root.
///
/// # Errors
/// [`CmsError::SigningFailed`].
pub fn sign(
    content: &[u8],
    key: &RsaKeyPair,
    certificate: &Certificate,
    extra: &[Certificate],
    at: Timestamp,
) -> Result<Vec<u8>, CmsError> {
    sign_with(content, SigningKey::Rsa(key), certificate, extra, at)
}

/// The same with a key of either kind.
///
/// # Errors
/// [`CmsError::SigningFailed`].
pub fn sign_with(
    content: &[u8],
    key: SigningKey<'_>,
    certificate: &Certificate,
    extra: &[Certificate],
    at: Timestamp,
) -> Result<Vec<u8>, CmsError> {
    if certificate.info().public_key_fingerprint != key.public_key_fingerprint() {
        return Err(CmsError::SigningFailed);
    }
    signed_data(content, key, certificate, extra, at).ok_or(CmsError::SigningFailed)
}

fn signed_data(content: &[u8], key: SigningKey<'_>, certificate: &Certificate, extra: &[Certificate], at: Timestamp) -> Option<Vec<u8>> {
    let sha_256 = AlgorithmIdentifierOwned {
        oid: SHA_256,
        parameters: None,
    };
    let signer_certificate = x509_cert::Certificate::from_der(certificate.der()).ok()?;
    let attributes = signature::attributes(DATA, content, at)?;
    let signature = key.sign(&attributes.to_der().ok()?)?;
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: signer_certificate.tbs_certificate().issuer().clone(),
            serial_number: signer_certificate.tbs_certificate().serial_number().clone(),
        }),
        digest_alg: sha_256.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: key.algorithm(),
        signature: OctetString::new(signature).ok()?,
        unsigned_attrs: None,
    };
    let mut certificates = vec![CertificateChoices::Certificate(signer_certificate)];
    for other in extra {
        let other = x509_cert::Certificate::from_der(other.der()).ok()?;
        certificates.push(CertificateChoices::Certificate(other));
    }
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![sha_256]).ok()?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: DATA,
            econtent: Some(Any::new(Tag::OctetString, content).ok()?),
        },
        certificates: Some(CertificateSet(SetOfVec::try_from(certificates).ok()?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer]).ok()?),
    };
    let envelope = ContentInfo {
        content_type: SIGNED_DATA,
        content: Any::encode_from(&signed).ok()?,
    };
    envelope.to_der().ok()
}
