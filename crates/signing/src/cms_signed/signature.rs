//! The signature of one signer: which bytes are signed, by which algorithm, and whether it fits.

use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use cms::signed_data::{SignedAttributes, SignerIdentifier, SignerInfo};
use der::asn1::{GeneralizedTime, ObjectIdentifier, OctetString, OctetStringRef, SetOfVec, UtcTime};
use der::{Any, DateTime, Encode};
use jiff::Timestamp;
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::time::Time;

use super::{DATA, ECDSA_WITH_SHA_256, RSA_ENCRYPTION, SHA_256};

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

const SHA_1_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const SHA_256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA_384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA_512_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_WITH_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// Which of `certificates` made this signer's signature over `content`; `None` where none of them did.
pub(super) fn verifying_certificate(
    signer: &SignerInfo,
    content_type: ObjectIdentifier,
    content: &[u8],
    certificates: &[&Certificate],
) -> Option<usize> {
    let index = certificates.iter().position(|certificate| is_named(&signer.sid, certificate))?;
    let signed_bytes = match &signer.signed_attrs {
        Some(attributes) => signed_attributes(attributes, signer, content_type, content)?,
        // Without attributes only plain data may be signed (RFC 5652, 5.3).
        None if content_type == DATA => content.to_vec(),
        None => return None,
    };
    let public_key = certificates[index].tbs_certificate().subject_public_key_info();
    let algorithm = algorithm(signer, public_key)?;
    UnparsedPublicKey::new(algorithm, public_key.subject_public_key.as_bytes()?)
        .verify(&signed_bytes, signer.signature.as_bytes())
        .ok()?;
    Some(index)
}

fn is_named(signer: &SignerIdentifier, certificate: &Certificate) -> bool {
    let body = certificate.tbs_certificate();
    match signer {
        SignerIdentifier::IssuerAndSerialNumber(name) => name.issuer == *body.issuer() && name.serial_number == *body.serial_number(),
        SignerIdentifier::SubjectKeyIdentifier(wanted) => {
            matches!(body.get_extension::<SubjectKeyIdentifier>(), Ok(Some((_, id))) if id == *wanted)
        }
    }
}

/// The attributes as they are signed (a DER SET), after checking that they speak of this content.
fn signed_attributes(
    attributes: &SignedAttributes,
    signer: &SignerInfo,
    content_type: ObjectIdentifier,
    content: &[u8],
) -> Option<Vec<u8>> {
    let digest_of_content = digest(hash(signer.digest_alg.oid)?, content);
    let stated_digest = single(attributes, MESSAGE_DIGEST)?;
    let stated_type: ObjectIdentifier = single(attributes, CONTENT_TYPE)?.decode_as().ok()?;
    let speaks_of_content = stated_type == content_type
        && stated_digest
            .decode_as::<&OctetStringRef>()
            .is_ok_and(|stated| stated.as_bytes() == digest_of_content.as_ref());
    speaks_of_content.then(|| attributes.to_der().ok()).flatten()
}

/// The one value of an attribute that must stand there exactly once.
fn single(attributes: &SignedAttributes, oid: ObjectIdentifier) -> Option<&Any> {
    let mut named = attributes.iter().filter(|attribute| attribute.oid == oid);
    match (named.next(), named.next()) {
        (Some(attribute), None) if attribute.values.len() == 1 => attribute.values.get(0),
        _ => None,
    }
}

fn hash(oid: ObjectIdentifier) -> Option<&'static digest::Algorithm> {
    match oid {
        SHA_1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        SHA_256 => Some(&digest::SHA256),
        SHA_384 => Some(&digest::SHA384),
        SHA_512 => Some(&digest::SHA512),
        _ => None,
    }
}

fn algorithm(signer: &SignerInfo, public_key: &SubjectPublicKeyInfoOwned) -> Option<&'static dyn VerificationAlgorithm> {
    match (signer.signature_algorithm.oid, signer.digest_alg.oid) {
        // Certificates that Apple gave to devices have keys of 1024 bits.
        (RSA_ENCRYPTION | SHA_1_WITH_RSA, SHA_1) => Some(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        (RSA_ENCRYPTION | SHA_256_WITH_RSA, SHA_256) => Some(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        (RSA_ENCRYPTION | SHA_384_WITH_RSA, SHA_384) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        (RSA_ENCRYPTION | SHA_512_WITH_RSA, SHA_512) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        (ECDSA_WITH_SHA_256, SHA_256) => on_curve(public_key, &signature::ECDSA_P256_SHA256_ASN1, &signature::ECDSA_P384_SHA256_ASN1),
        (ECDSA_WITH_SHA_384, SHA_384) => on_curve(public_key, &signature::ECDSA_P256_SHA384_ASN1, &signature::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

fn on_curve(
    public_key: &SubjectPublicKeyInfoOwned,
    p256: &'static dyn VerificationAlgorithm,
    p384: &'static dyn VerificationAlgorithm,
) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = public_key.algorithm.parameters.as_ref()?;
    match curve.decode_as::<ObjectIdentifier>().ok()? {
        P_256 => Some(p256),
        P_384 => Some(p384),
        _ => None,
    }
}

/// The attributes of a new signature by SHA-256.
pub(super) fn attributes(content_type: ObjectIdentifier, content: &[u8], at: Timestamp) -> Option<SignedAttributes> {
    let message_digest = digest(&digest::SHA256, content);
    let message_digest = OctetString::new(message_digest.as_ref()).ok()?;
    let values = [
        (CONTENT_TYPE, Any::encode_from(&content_type).ok()?),
        (MESSAGE_DIGEST, Any::encode_from(&message_digest).ok()?),
        (SIGNING_TIME, Any::encode_from(&time_of(at)?).ok()?),
    ];
    let mut attributes = SetOfVec::new();
    for (oid, value) in values {
        let values = SetOfVec::try_from(vec![value]).ok()?;
        attributes.insert(Attribute { oid, values }).ok()?;
    }
    Some(attributes)
}

/// UTCTime up to 2049, GeneralizedTime after (RFC 5652, 11.3).
fn time_of(at: Timestamp) -> Option<Time> {
    let since_epoch = std::time::Duration::from_secs(at.as_second().try_into().ok()?);
    let date = DateTime::from_unix_duration(since_epoch).ok()?;
    let time = UtcTime::from_date_time(date)
        .map(Time::UtcTime)
        .unwrap_or_else(|_| Time::GeneralTime(GeneralizedTime::from_date_time(date)));
    Some(time)
}

pub(super) fn signing_time(signer: &SignerInfo) -> Option<Timestamp> {
    let attributes = signer.signed_attrs.as_ref()?;
    let time: Time = single(attributes, SIGNING_TIME)?.decode_as().ok()?;
    let seconds = time.to_unix_duration().as_secs();
    Timestamp::from_second(seconds.try_into().ok()?).ok()
}
