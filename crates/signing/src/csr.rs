//! Certificate signing requests: made from our key pairs, read and checked from anybody.
//!
//! Apple takes PEM text, and base64 without the BEGIN and END lines too (facts E1); [`CsrInfo::read`] takes both and DER.
//! Reading reports what is there, a bad signature included; whether that is acceptable is the reader's decision.
//!
//! It must not decide about Apple's rules (RSA 2048 only, and so on): the simulator does that from [`CsrInfo`].

use rcgen::string::{Ia5String, PrintableString};
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::Explanation;
use crate::certificate::names;
use crate::explanation::explained;
use crate::rsa_key::RsaKeyPair;

/// The most that is read as a request.
pub const MAX_BYTES: usize = 16 * 1024;

const EMAIL_ADDRESS: &[u64] = &[1, 2, 840, 113_549, 1, 9, 1];

/// A certificate signing request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csr {
    /// PEM `CERTIFICATE REQUEST`: what Apple's `csrContent` takes.
    pub pem: String,
    /// The same as DER.
    pub der: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsrError {
    /// Above 16 KB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// Not a PKCS#10 request in PEM, base64 or DER.
    NotACsr,
    /// The e-mail address holds characters outside ASCII, which the field does not know.
    EmailNotAscii,
    /// The country is not a two-letter code.
    Country,
    /// Signing the request failed inside the crypto library.
    CryptoFailed,
}

impl CsrError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("A certificate signing request has about 1,000; the limit is {MAX_BYTES} bytes."),
                "Choose the .certSigningRequest or .csr file.",
            ),
            Self::NotACsr => Explanation::new(
                "This is not a certificate signing request.",
                "Expected is PKCS#10, as PEM, base64 or DER.",
                "Choose the .certSigningRequest or .csr file.",
            ),
            Self::EmailNotAscii => Explanation::new(
                "The e-mail address holds characters outside ASCII.",
                "A certificate signing request can only carry ASCII there.",
                "Enter another address, or none.",
            ),
            Self::Country => Explanation::new(
                "The country is not a two-letter code.",
                "A certificate signing request carries ISO 3166 codes only.",
                "Enter two letters, as in US, or nothing.",
            ),
            Self::CryptoFailed => Explanation::new(
                "The request could not be signed.",
                "The crypto library refused the key.",
                "Try again with a new key.",
            ),
        }
    }
}

explained!(CsrError);

/// Makes a request for `key`, signed with SHA-256. An empty `email` or `country` is left out.
///
/// # Errors
/// [`CsrError::EmailNotAscii`], [`CsrError::Country`], [`CsrError::CryptoFailed`].
pub fn create(key: &RsaKeyPair, common_name: &str, email: &str, country: &str) -> Result<Csr, CsrError> {
    let mut subject = DistinguishedName::new();
    if !email.is_empty() {
        let email = Ia5String::try_from(email).map_err(|_| CsrError::EmailNotAscii)?;
        subject.push(DnType::from_oid(EMAIL_ADDRESS), DnValue::Ia5String(email));
    }
    subject.push(DnType::CommonName, common_name);
    if !country.is_empty() {
        let two_letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_alphabetic());
        let code = PrintableString::try_from(country.to_ascii_uppercase());
        let (true, Ok(code)) = (two_letters, code) else {
            return Err(CsrError::Country);
        };
        subject.push(DnType::CountryName, DnValue::PrintableString(code));
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    let request = params.serialize_request(key).map_err(|_| CsrError::CryptoFailed)?;
    let pem = request.pem().map_err(|_| CsrError::CryptoFailed)?;
    Ok(Csr {
        pem: pem.replace("\r\n", "\n"),
        der: request.der().to_vec(),
    })
}

/// The public key algorithm in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA with a modulus of so many bits.
    Rsa {
        /// Size of the modulus.
        bits: usize,
    },
    /// Elliptic curve with a field of so many bits.
    Ec {
        /// Size of the field.
        bits: usize,
    },
    /// Anything else.
    Other,
}

/// What a certificate signing request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsrInfo {
    /// CN of the subject.
    pub common_name: Option<String>,
    /// E-mail address of the subject.
    pub email: Option<String>,
    /// C of the subject.
    pub country: Option<String>,
    /// Algorithm and size of the public key.
    pub key: KeyAlgorithm,
    /// Whether the request is signed by the key it carries.
    pub signature_valid: bool,
    /// The public key as DER `SubjectPublicKeyInfo`.
    pub spki_der: Vec<u8>,
    /// SHA-256 of [`Self::spki_der`], lower hex.
    pub public_key_fingerprint: String,
    /// The whole request as DER.
    pub der: Vec<u8>,
}

impl CsrInfo {
    /// Reads a request from PEM, base64 without its BEGIN and END lines, or DER.
    ///
    /// # Errors
    /// [`CsrError::TooLarge`], [`CsrError::NotACsr`]. A wrong signature is no error, see [`Self::signature_valid`].
    pub fn read(bytes: &[u8]) -> Result<Self, CsrError> {
        if bytes.len() > MAX_BYTES {
            return Err(CsrError::TooLarge { bytes: bytes.len() });
        }
        let der = crate::certificate::der_of(bytes, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]).ok_or(CsrError::NotACsr)?;
        let Ok(([], request)) = X509CertificationRequest::from_der(&der) else {
            return Err(CsrError::NotACsr);
        };
        let body = &request.certification_request_info;
        let spki_der = body.subject_pki.raw.to_vec();
        Ok(Self {
            common_name: names::first(body.subject.iter_common_name()),
            email: names::first(body.subject.iter_email()),
            country: names::first(body.subject.iter_country()),
            key: algorithm(&body.subject_pki),
            signature_valid: request.verify_signature().is_ok(),
            public_key_fingerprint: crate::fingerprint_of_spki(&spki_der),
            spki_der,
            der: der.clone(),
        })
    }
}

fn algorithm(key: &SubjectPublicKeyInfo<'_>) -> KeyAlgorithm {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let leading_zeros = rsa.modulus.iter().take_while(|byte| **byte == 0).count();
            KeyAlgorithm::Rsa {
                bits: (rsa.modulus.len() - leading_zeros) * 8,
            }
        }
        Ok(PublicKey::EC(point)) => KeyAlgorithm::Ec { bits: point.key_size() },
        _ => KeyAlgorithm::Other,
    }
}
