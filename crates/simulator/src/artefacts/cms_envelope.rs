//! The CMS envelope of a provisioning profile: signed data with the content inside, SHA-256 and RSA, DER.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use der::{Decode as _, Encode as _};
use jiff::Timestamp;
use rcgen::{KeyPair, SigningKey as _};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;

use super::ArtefactError;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Who signs, and the certificates that travel along.
pub(super) struct Signer<'a> {
    /// An RSA key; it belongs to the certificate below.
    pub key: &'a KeyPair,
    /// The signer's certificate, DER.
    pub certificate_der: &'a [u8],
    /// The issuers up to the root, DER.
    pub chain_der: [&'a [u8]; 2],
}

/// Wraps `content` into CMS signed data, signed at `signing_time`.
pub(super) fn sign(content: &[u8], signer: &Signer<'_>, signing_time: Timestamp) -> Result<Vec<u8>, ArtefactError> {
    let certificate = Certificate::from_der(signer.certificate_der)?;
    let signed_attributes = SignedAttributes::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(SIGNING_TIME, Any::encode_from(&utc_time(signing_time)?)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(sha256(content))?)?)?,
    ])?;
    let signature = signer.key.sign(&signed_attributes.to_der()?)?;
    let sha_256 = AlgorithmIdentifierOwned {
        oid: SHA_256,
        parameters: None,
    };
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate().issuer().clone(),
            serial_number: certificate.tbs_certificate().serial_number().clone(),
        }),
        digest_alg: sha_256.clone(),
        signed_attrs: Some(signed_attributes),
        signature_algorithm: AlgorithmIdentifierOwned {
            oid: RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        },
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let mut certificates = vec![CertificateChoices::Certificate(certificate)];
    for der in signer.chain_der {
        certificates.push(CertificateChoices::Certificate(Certificate::from_der(der)?));
    }
    let signed_data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![sha_256])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: DATA,
            econtent: Some(Any::encode_from(&OctetString::new(content)?)?),
        },
        certificates: Some(SetOfVec::try_from(certificates)?.into()),
        crls: None,
        signer_infos: SetOfVec::try_from(vec![signer_info])?.into(),
    };
    Ok(ContentInfo {
        content_type: SIGNED_DATA,
        content: Any::encode_from(&signed_data)?,
    }
    .to_der()?)
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, ArtefactError> {
    Ok(Attribute {
        oid,
        values: SetOfVec::try_from(vec![value])?,
    })
}

fn sha256(content: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content).as_ref().to_vec()
}

fn utc_time(at: Timestamp) -> Result<UtcTime, ArtefactError> {
    let seconds = u64::try_from(at.as_second()).map_err(|_| ArtefactError::Date(at))?;
    Ok(UtcTime::from_unix_duration(std::time::Duration::from_secs(seconds))?)
}
