//! Certificates held here: create at Apple, take in from files and from the account, list, rename, export, remove.
//!
//! Pressing *Create certificate* writes an act down in `begin`, with its key pair; `creation` is what the act asks of Apple
//! and keeps, in the order of [`crate::operations`]. `revoking` gives a place back. Exporting is in `export`, listing in
//! `list`. What was made elsewhere comes in through `import` and `fetch`, and by `take_in` in either case; `edit` renames and
//! removes; lending is in [`crate::lending`], and `lent` is what borrowers find.

mod automatic;
mod begin;
mod creation;
mod edit;
mod export;
mod fetch;
mod held;
mod import;
mod lent;
mod list;
mod revoking;
mod take_in;

pub(crate) use begin::Request;
pub(crate) use creation::Creation;
pub(crate) use export::{SealedSigningKey, about_password, sealed_signing_key};
pub(crate) use revoking::Revoking;

pub(crate) use held::{Held, as_place, parsed};
pub(crate) use list::{past, soon};

pub use automatic::DAYS as AUTOMATIC_RENEWAL_DAYS;
pub use edit::CertificateDependents;
pub use import::{Imported, LeftOut};
pub use lent::InheritedCertificate;
pub use list::CertificateCounts;
pub use revoking::CertificateWithProfiles;
pub(crate) use take_in::Incoming;
pub use take_in::{Taken, TakenIn};

use crate::{App, Caller, Problem, Shown, apple_account::Download, lending::SigningItem, sharing::Sharing, signing_sets::SetName};
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

/// A certificate's page: what is kept of it, and what it says itself.
#[derive(Debug, Clone)]
pub struct CertificateDetails {
    /// As it is held, by its owner where it is lent.
    pub held: HeldCertificate,
    /// The name of the organization whose it is, where it is lent.
    pub lent_by: Option<String>,
    /// The signing sets that it is in here.
    pub sets: Vec<SetName>,
    /// How far it is shared, in a root organization.
    pub sharing: Option<Sharing>,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The issuer's common name.
    pub issuer: Option<String>,
    /// When it began.
    pub valid_from: Timestamp,
    /// SHA-256 of the certificate, upper-case hex.
    pub sha256: String,
    /// Whether it leads to a root that this server trusts.
    pub is_verified: bool,
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
    /// A certificate held here, or lent to it, and what it says itself.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn certificate_details(
        &self,
        caller: &Caller,
        org: OrgId,
        certificate: CertificateId,
    ) -> Result<CertificateDetails, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let found = tx.certificate_to_use(&permit, certificate, self.now()).await?;
        let (mut lent_by, mut sharing) = (None, None);
        if found.permit.is_lent() {
            lent_by = Some(tx.owner_of(&found.permit).await?.name.to_string());
        } else {
            sharing = self
                .sharing_of_item(&mut tx, &permit, SigningItem::Certificate(certificate))
                .await?;
        }
        let sets = tx.sets_of_certificate(&permit, certificate).await?;
        drop(tx);
        let held = found.certificate;
        let parsed = signing::certificate::Certificate::from_der(&held.der).map_err(Problem::internal)?;
        let way = signing::chain::chain(&parsed, &[], &self.inner.roots);
        let info = parsed.info();
        Ok(CertificateDetails {
            common_name: info.common_name.clone(),
            issuer: info.issuer_cn.clone(),
            valid_from: info.not_before,
            sha256: info.sha256_fingerprint.to_uppercase(),
            is_verified: way.trust == signing::chain::Trust::Verified,
            sets: sets.into_iter().map(SetName::from).collect(),
            lent_by,
            sharing,
            held,
        })
    }

    /// A certificate held here.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn certificate(&self, caller: &Caller, org: OrgId, certificate: CertificateId) -> Result<HeldCertificate, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        Ok(self.inner.store.read_for(&permit).await?.certificate(&permit, certificate).await?)
    }
}
