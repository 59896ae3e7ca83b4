//! From a certificate up to a trusted one.
//!
//! No Apple certificate is built in: whom to trust is a parameter, [`TrustRoot`], read from the file that the operator
//! names with `--apple-root`. It may hold roots and intermediates, and *all of it* is trusted, because the operator put it
//! there. Candidates (what came inside a message or was fetched) only help to find the way and are never trusted.
//!
//! The intermediate that ships with an export is chosen by authority key identifier (facts L).
//!
//! The surprising thing: dates are not checked. A profile signed by a certificate that expired since is still Apple's.

use crate::Explanation;
use crate::certificate::{Certificate, CertificateError};
use crate::explanation::explained;

/// Apple's chains have three certificates; the bound keeps crossed ones from circling.
const MAX_LENGTH: usize = 8;
/// The most that is read as a bundle of trusted certificates.
const MAX_BUNDLE_BYTES: usize = 1024 * 1024;

/// The certificates that the operator trusts to be Apple's.
#[derive(Debug, Clone, Default)]
pub struct TrustRoot {
    certificates: Vec<Certificate>,
}

/// Why a bundle of trusted certificates was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustRootError {
    /// Above 1 MB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// No certificate in it.
    Empty,
    /// Its PEM is broken.
    Damaged,
    /// One of the PEM blocks is not a certificate.
    NotACertificate {
        /// Which block, counted from 1.
        position: usize,
    },
    /// One of the certificates may not issue others.
    NotACa {
        /// Which block, counted from 1.
        position: usize,
    },
}

impl TrustRootError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const NEXT: &str = "Give a PEM file with Apple's root certificate and, if wanted, its intermediates.";
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file of trusted certificates has {bytes} bytes."),
                format!("The limit is {MAX_BUNDLE_BYTES} bytes."),
                NEXT,
            ),
            Self::Empty => Explanation::new(
                "The file of trusted certificates holds none.",
                "Without one no certificate and no profile can be verified.",
                NEXT,
            ),
            Self::Damaged => Explanation::new(
                "The file of trusted certificates is damaged.",
                "One of its PEM blocks is not well formed or has no end.",
                NEXT,
            ),
            Self::NotACertificate { position } => Explanation::new(
                format!("Block {position} of the file of trusted certificates is not a certificate."),
                "Trusting a part of the file only would be a surprise.",
                NEXT,
            ),
            Self::NotACa { position } => Explanation::new(
                format!("Certificate {position} of the file of trusted certificates is not a certificate authority."),
                "It can vouch for no other certificate.",
                NEXT,
            ),
        }
    }
}

explained!(TrustRootError);

impl TrustRoot {
    /// Trusts nobody: everything is [`Trust::Unverified`].
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads a PEM bundle, or one certificate in DER.
    ///
    /// # Errors
    /// [`TrustRootError`].
    pub fn read(bytes: &[u8]) -> Result<Self, TrustRootError> {
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(TrustRootError::TooLarge { bytes: bytes.len() });
        }
        const DER_START: u8 = 0x30;
        const PEM_BEGIN: &[u8] = b"-----BEGIN ";
        let blocks = if bytes.first() == Some(&DER_START) {
            vec![bytes.to_vec()]
        } else {
            let blocks = pem::parse_many(bytes).map_err(|_| TrustRootError::Damaged)?;
            // The PEM reader silently leaves out a block that has no end.
            let begun = bytes.windows(PEM_BEGIN.len()).filter(|window| *window == PEM_BEGIN);
            if begun.count() != blocks.len() {
                return Err(TrustRootError::Damaged);
            }
            blocks.into_iter().map(pem::Pem::into_contents).collect()
        };
        let read_one = |(index, der): (usize, Vec<u8>)| {
            Certificate::from_der(&der).map_err(|_: CertificateError| TrustRootError::NotACertificate { position: index + 1 })
        };
        let certificates = blocks.into_iter().enumerate().map(read_one).collect::<Result<Vec<_>, _>>()?;
        Self::from_certificates(certificates)
    }

    /// Trusts these certificates.
    ///
    /// # Errors
    /// [`TrustRootError::Empty`], [`TrustRootError::NotACa`].
    pub fn from_certificates(certificates: Vec<Certificate>) -> Result<Self, TrustRootError> {
        if certificates.is_empty() {
            return Err(TrustRootError::Empty);
        }
        let stranger = certificates.iter().position(|certificate| !certificate.info().is_ca);
        match stranger {
            Some(index) => Err(TrustRootError::NotACa { position: index + 1 }),
            None => Ok(Self { certificates }),
        }
    }

    /// The trusted certificates, in the file's order.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

/// Whether a way leads to a trusted certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Every signature on the way up to a trusted certificate was checked.
    Verified,
    /// No trusted certificate was reached.
    Unverified,
}

/// The way up from a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The issuer, its issuer, and so on, without the root.
    pub intermediates: Vec<Certificate>,
    /// The self-issued certificate at the top, where it is known.
    pub root: Option<Certificate>,
    /// Whether the way reaches a trusted certificate.
    pub trust: Trust,
}

/// Finds the way up from `leaf` through the trusted certificates and, where those lack a step, `candidates`.
///
/// Every step's signature is checked. Finding no issuer at all is not an error: the chain is then empty and unverified.
pub fn chain(leaf: &Certificate, candidates: &[Certificate], trusted: &TrustRoot) -> Chain {
    let mut way: Vec<Certificate> = Vec::new();
    let mut trust = Trust::Unverified;
    let mut top = leaf;
    loop {
        if trusted.certificates.contains(top) {
            trust = Trust::Verified;
        }
        if top.is_self_issued() || way.len() == MAX_LENGTH {
            break;
        }
        let issuer = trusted
            .certificates
            .iter()
            .chain(candidates)
            .find(|candidate| top.is_issued_by(candidate));
        let Some(issuer) = issuer else { break };
        way.push(issuer.clone());
        top = issuer;
    }
    let root = way.pop_if(|last| last.is_self_issued());
    Chain {
        intermediates: way,
        root,
        trust,
    }
}
