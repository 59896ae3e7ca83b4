//! Certificates held here: create at Apple, list, export.
//!
//! Pressing *Create certificate* writes an act down in `begin`, with its key pair; `creation` is what the act asks of Apple
//! and keeps, in the order of [`crate::operations`]. `revoking` gives a place back. Exporting is in `export`, listing in
//! `list`.

mod begin;
mod creation;
mod export;
mod held;
mod list;
mod revoking;

pub(crate) use creation::Creation;
pub(crate) use revoking::Revoking;

pub(crate) use held::{Held, parsed};
pub(crate) use list::{past, soon};

pub use list::CertificateCounts;

use crate::{App, Caller, Problem, Shown, apple_account::Download};
use domain::{Action, CertificateId, HeldCertificate, OrgId, SecretId};
use jiff::Timestamp;
use vault::Place as Sealing;

/// A certificate that holds one of Apple's places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Apple's id.
    pub apple_id: String,
    /// Apple's name.
    pub name: String,
    /// Upper-case hex.
    pub serial: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether Russet has its private key.
    pub key_held: bool,
    /// Here, if held here.
    pub held: Option<CertificateId>,
}

/// The password of a `.p12`.
pub enum P12Password {
    /// Given by the person.
    Given(zeroize::Zeroizing<String>),
    /// Made here, alphanumeric, shown once.
    Generated,
    /// Empty, with a warning.
    Empty,
}

/// An exported certificate.
pub struct Export {
    /// The file.
    pub download: Download,
    /// The password, if it was made here.
    pub generated_password: Option<Shown>,
    /// What to know: chain missing, empty password, signed by another root.
    pub warnings: Vec<String>,
}

/// The kind of sealed secrets that certificates' private keys have in the store.
pub(crate) const SIGNING_KEY: &str = "signing_key";

/// The address of a certificate's sealed private key. It is never changed, so it has one version.
pub(crate) struct SigningKeyPlace {
    owner: String,
    object: String,
}

impl SigningKeyPlace {
    pub(crate) fn of(org: OrgId, secret: SecretId) -> Self {
        Self {
            owner: org.to_string(),
            object: secret.to_string(),
        }
    }

    pub(crate) fn place(&self) -> Sealing<'_> {
        Sealing {
            owner: &self.owner,
            kind: SIGNING_KEY,
            object: &self.object,
            field: crate::key_use::PRIVATE_KEY,
            version: 1,
        }
    }
}

impl App {
    /// A certificate held here.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn certificate(&self, caller: &Caller, org: OrgId, certificate: CertificateId) -> Result<HeldCertificate, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        Ok(self.inner.store.read_for(&permit).await?.certificate(&permit, certificate).await?)
    }
}
