//! Certificate signing requests that Russet made and whose private key it holds.
//!
//! A request is made for Apple's website: what the API cannot create (Developer ID), or what somebody with other rights
//! than ours shall create. Its certificate comes back as a file, and joins the key that has been here all the time.
//!
//! The surprising thing: a request is not used up. Apple makes several certificates of one, for other types and later
//! years, and each of them has the same private key; that goes only with the last that needs it.

use crate::{
    id::{CsrId, OrgId, SecretId},
    name::{Email, ItemName},
    policy::Subject,
};
use jiff::Timestamp;

/// Longest common name that fits into a request, in characters (X.509's upper bound).
pub const COMMON_NAME_CHARACTERS: usize = 64;

/// A certificate signing request held here. Its private key is the sealed secret `private_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCsr {
    /// Its id here.
    pub id: CsrId,
    /// Whose it is.
    pub organization: OrgId,
    /// The subject's common name, by which people know it.
    pub name: ItemName,
    /// The subject's e-mail address.
    pub email: Option<Email>,
    /// The subject's country, two upper-case letters.
    pub country: Option<String>,
    /// The request itself, PEM.
    pub pem: String,
    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER), lower-case hex.
    pub public_key_fingerprint: String,
    /// The sealed private key.
    pub private_key: SecretId,
    /// Who made it.
    pub created_by: Subject,
    /// When.
    pub created_at: Timestamp,
    /// How many certificates held here have its key; none while it is open.
    pub certificates: u32,
}

impl HeldCsr {
    /// Whether its certificate has not come yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.certificates == 0
    }
}
