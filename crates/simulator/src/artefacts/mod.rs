//! Real signing artefacts from an authority that is plainly not Apple's.
//!
//! Clients do not merely store what App Store Connect hands out: they parse certificates, compare public keys, open
//! profiles and check signatures. So the simulator signs the submitted request into an X.509 certificate under its own
//! chain, and signs profiles as CMS over a property list, in the shapes of facts L.
//!
//! What must never happen here: an authority whose names could be mistaken for Apple's. Issuers carry
//! "Russet Simulator, not Apple"; only the leaf's common name and the marker extensions imitate.
//!
//! The surprising thing: marker extensions are not critical although Apple's are. A plain `openssl verify` refuses a
//! certificate with a critical extension that it does not know, and being judged by plain tools matters more here.

mod authority;
mod certificate;
mod csr;
mod der_profile;
mod entitlements;
mod profile;

pub(crate) use authority::Authority;
pub(crate) use certificate::{CertificateOrder, IssuedCertificate};
pub(crate) use csr::{CheckedCsr, CsrRefusal};
pub(crate) use profile::ProfileOrder;

/// Why an artefact could not be made. None of these is a client's fault: requests are checked before.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArtefactError {
    /// The certificate library refused the parameters.
    #[error("the simulated authority could not make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A profile could not be signed.
    #[error("the simulated authority could not sign a profile: {0}")]
    Signature(#[from] signing::cms_signed::CmsError),
    /// Its own certificate could not be read back.
    #[error("the simulated authority could not read its own certificate: {0}")]
    OwnCertificate(#[from] signing::certificate::CertificateError),
    /// An ASN.1 structure could not be written.
    #[error("the simulated authority could not write an ASN.1 structure: {0}")]
    Asn1(#[from] der::Error),
    /// The property list of a profile could not be written.
    #[error("the property list of the profile could not be written: {0}")]
    PropertyList(#[from] plist::Error),
    /// No certificate of this type is made here.
    #[error("the simulated authority issues no certificate of type {0}; it issues the signing types of facts L")]
    CertificateType(String),
    /// No profile of this type is known.
    #[error("profile type {0} is unknown; it is none of the types of facts E3")]
    ProfileType(String),
    /// A date lies outside of what certificates can express.
    #[error("the date {0} does not fit into a certificate")]
    Date(jiff::Timestamp),
    /// The system gave no randomness, or a thread that made a key died.
    #[error("a key pair could not be made")]
    KeyPair,
}
