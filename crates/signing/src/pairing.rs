//! Whether a certificate is the one that a key or a request waits for.
//!
//! A `.cer` from Apple's developer site carries no word on who asked for it. Its public key does: the SHA-256 of it is the
//! same in the key pair, in the request made from it and in the certificate issued for that. Names and dates decide nothing.

use crate::Explanation;
use crate::certificate::Certificate;
use crate::explanation::explained;

/// Why a certificate cannot complete a key or a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingError {
    /// It certifies another public key.
    OtherKey,
    /// It is the certificate of an authority, such as Apple's intermediate.
    Authority,
}

impl PairingError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::OtherKey => Explanation::new(
                "The certificate was issued for another key.",
                "Its public key is not the one of this signing request, so nothing could be signed with the two.",
                "Choose the .cer that Apple issued for this request, or the request that this certificate belongs to.",
            ),
            Self::Authority => Explanation::new(
                "This is the certificate of an authority, not one for signing apps.",
                "Apple offers its own intermediate certificates for download beside the ones of a team.",
                "Choose the .cer that Apple issued for this request.",
            ),
        }
    }
}

explained!(PairingError);

/// Checks that `certificate` was issued for the public key with this fingerprint, that of a key pair
/// ([`crate::rsa_key::RsaKeyPair::public_key_fingerprint`]) or of a request ([`crate::csr::CsrInfo::public_key_fingerprint`]).
///
/// # Errors
/// [`PairingError`].
pub fn check(certificate: &Certificate, public_key_fingerprint: &str) -> Result<(), PairingError> {
    let info = certificate.info();
    if info.public_key_fingerprint == public_key_fingerprint {
        Ok(())
    } else if info.is_ca {
        Err(PairingError::Authority)
    } else {
        Err(PairingError::OtherKey)
    }
}
