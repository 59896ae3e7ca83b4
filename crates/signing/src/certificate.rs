//! X.509 certificates: what they say, and who signed them.
//!
//! [`Certificate`] is the bytes together with their meaning, [`CertificateInfo`]. The team ID is read from the subject's
//! OU and never from CN: Apple Development certificates end their CN in a certificate's or person's id (facts L).
//!
//! This module must not decide whom to trust (see [`crate::chain`]) and does not look at the clock: validity is shown as
//! two instants.
//!
//! The surprising thing: fields that a certificate lacks are absent, never guessed; a strange certificate is still read.

mod kind;
pub(crate) mod names;

use serde::{Deserialize, Serialize};
use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine;
use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::Explanation;
use crate::explanation::explained;

pub use kind::CertificateKind;

/// The most that is read as one certificate. Real ones have 1 to 2 KB.
pub const MAX_BYTES: usize = 64 * 1024;

const USER_ID: &str = "0.9.2342.19200300.100.1.1";
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// A certificate: its DER and what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    info: CertificateInfo,
    subject: Vec<u8>,
    issuer: Vec<u8>,
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateInfo {
    /// CN of the subject.
    pub common_name: Option<String>,
    /// O of the subject: the team's name.
    pub organization: Option<String>,
    /// Apple team ID: the subject's OU, where it has the shape of one (ten of `A-Z0-9`).
    pub team_id: Option<String>,
    /// UID of the subject.
    pub user_id: Option<String>,
    /// C of the subject.
    pub country: Option<String>,
    /// CN of the issuer.
    pub issuer_cn: Option<String>,
    /// Serial number, upper hex, two digits per byte, as Apple's `serialNumber`.
    pub serial_hex: String,
    /// First instant of validity.
    pub not_before: Timestamp,
    /// Last instant of validity.
    pub not_after: Timestamp,
    /// SHA-256 of the DER `SubjectPublicKeyInfo`, lower hex: recognizes the key pair it was made from.
    pub public_key_fingerprint: String,
    /// SHA-1 of the whole certificate, lower hex (what Keychain and codesign show).
    pub sha1_fingerprint: String,
    /// SHA-256 of the whole certificate, lower hex.
    pub sha256_fingerprint: String,
    /// What it is for, by Apple's marker extensions.
    pub kind: CertificateKind,
    /// Key identifier of the issuer, lower hex.
    pub authority_key_id: Option<String>,
    /// Key identifier of the subject, lower hex.
    pub subject_key_id: Option<String>,
    /// Where the issuer's certificate can be fetched (authority information access). Anybody can write anything here.
    pub aia_ca_issuers: Vec<String>,
    /// Whether it may issue certificates (basic constraints).
    pub is_ca: bool,
}

/// Why bytes are not a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateError {
    /// Above 64 KB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// Not X.509 in DER, PEM or base64.
    NotACertificate,
}

impl CertificateError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("A certificate has about 1,500; the limit is {MAX_BYTES} bytes."),
                "Choose the .cer file of one certificate.",
            ),
            Self::NotACertificate => Explanation::new(
                "This is not a certificate.",
                "Expected is X.509, as DER, PEM or base64.",
                "Choose the .cer file that Apple's developer site offers for download.",
            ),
        }
    }
}

explained!(CertificateError);

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_BYTES {
            return Err(CertificateError::TooLarge { bytes: der.len() });
        }
        let Ok(([], parsed)) = X509Certificate::from_der(der) else {
            return Err(CertificateError::NotACertificate);
        };
        let info = info_of(der, &parsed).ok_or(CertificateError::NotACertificate)?;
        Ok(Self {
            der: der.to_vec(),
            info,
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
        })
    }

    /// Reads DER, PEM, or the base64 of DER that Apple's `certificateContent` is (facts E1).
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > 2 * MAX_BYTES {
            return Err(CertificateError::TooLarge { bytes: bytes.len() });
        }
        let der = der_of(bytes, &["CERTIFICATE"]).ok_or(CertificateError::NotACertificate)?;
        Self::from_der(&der)
    }

    /// The certificate as DER, byte for byte as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM, ending in a newline.
    pub fn pem(&self) -> String {
        crate::p8::pem_of("CERTIFICATE", &self.der).to_string()
    }

    /// What it says.
    pub fn info(&self) -> &CertificateInfo {
        &self.info
    }

    /// Whether subject and issuer are the same name, as in a root.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether `issuer` is a CA of the right name and key identifier whose key made this certificate's signature.
    ///
    /// Dates are not looked at: a signature stays what it was.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let key_ids_agree = match (&self.info.authority_key_id, &issuer.info.subject_key_id) {
            (Some(wanted), Some(offered)) => wanted == offered,
            _ => true,
        };
        issuer.info.is_ca && self.issuer == issuer.subject && key_ids_agree && self.is_signed_with_key_of(issuer)
    }

    fn is_signed_with_key_of(&self, issuer: &Self) -> bool {
        let (Ok((_, own)), Ok((_, by))) = (X509Certificate::from_der(&self.der), X509Certificate::from_der(&issuer.der)) else {
            return false;
        };
        own.verify_signature(Some(by.public_key())).is_ok()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.info).finish()
    }
}

fn info_of(der: &[u8], certificate: &X509Certificate<'_>) -> Option<CertificateInfo> {
    let subject = certificate.subject();
    let oids: Vec<String> = certificate
        .extensions()
        .iter()
        .map(|extension| extension.oid.to_id_string())
        .collect();
    let user_id = subject
        .iter_attributes()
        .filter(|attribute| attribute.attr_type().to_id_string() == USER_ID);
    let mut info = CertificateInfo {
        common_name: names::first(subject.iter_common_name()),
        organization: names::first(subject.iter_organization()),
        team_id: names::first(subject.iter_organizational_unit()).filter(|unit| is_team_id(unit)),
        user_id: names::first(user_id),
        country: names::first(subject.iter_country()),
        issuer_cn: names::first(certificate.issuer().iter_common_name()),
        serial_hex: serial_hex(certificate.raw_serial()),
        not_before: timestamp(&certificate.validity().not_before)?,
        not_after: timestamp(&certificate.validity().not_after)?,
        public_key_fingerprint: crate::fingerprint_of_spki(certificate.public_key().raw),
        sha1_fingerprint: hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, der)),
        sha256_fingerprint: hex::encode(digest(&SHA256, der)),
        kind: CertificateKind::from_extensions(&oids),
        authority_key_id: None,
        subject_key_id: None,
        aia_ca_issuers: Vec::new(),
        is_ca: false,
    };
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => info.is_ca = constraints.ca,
            ParsedExtension::SubjectKeyIdentifier(id) => info.subject_key_id = Some(hex::encode(id.0)),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                info.authority_key_id = id.key_identifier.as_ref().map(|id| hex::encode(id.0));
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for place in &access.accessdescs {
                    if let (CA_ISSUERS, GeneralName::URI(url)) = (place.access_method.to_id_string().as_str(), &place.access_location) {
                        info.aia_ca_issuers.push((*url).to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    Some(info)
}

/// Whether a text has the shape of Apple's team IDs: ten of `A-Z0-9`.
pub(crate) fn is_team_id(unit: &str) -> bool {
    unit.len() == 10 && unit.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// DER puts a zero before a serial whose first bit is set; Apple's API shows it without.
fn serial_hex(raw: &[u8]) -> String {
    match raw {
        [0, rest @ ..] if !rest.is_empty() => hex::encode_upper(rest),
        whole => hex::encode_upper(whole),
    }
}

fn timestamp(time: &ASN1Time) -> Option<Timestamp> {
    Timestamp::from_second(time.timestamp()).ok()
}

/// DER out of DER, out of the first PEM block with one of `labels`, or out of bare base64.
pub(crate) fn der_of(bytes: &[u8], labels: &[&str]) -> Option<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some(bytes.to_vec());
    };
    if text.contains("-----BEGIN") {
        let blocks = pem::parse_many(text).ok()?;
        let labeled = blocks.iter().find(|block| labels.contains(&block.tag()));
        return labeled.map(|block| block.contents().to_vec());
    }
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(digits).ok()
}
