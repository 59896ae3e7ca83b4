//! Certificates held here: create at Apple, list, export.
use crate::{App, Caller, Problem, Shown, apple_account::Download};
use domain::{ApiKeyId, CertificateId, HeldCertificate, Operation, OrgId, activity::ExportForm};
use jiff::Timestamp;

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

impl App {
    /// Begins to create a certificate: permission, usability of the key, key pair and CSR, operation, intent and job, all
    /// in one transaction. The worker goes on.
    pub async fn create_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate_type: &str,
    ) -> Result<Operation, Problem> {
        todo!()
    }
    /// What is held here, soonest expiry first.
    pub async fn certificates(&self, caller: &Caller, org: OrgId) -> Result<Vec<HeldCertificate>, Problem> {
        todo!()
    }
    /// One of them.
    pub async fn certificate(&self, caller: &Caller, org: OrgId, certificate: CertificateId) -> Result<HeldCertificate, Problem> {
        todo!()
    }
    /// Takes it away: recorded and committed before a byte leaves.
    pub async fn export_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        certificate: CertificateId,
        form: ExportForm,
        password: P12Password,
    ) -> Result<Export, Problem> {
        todo!()
    }
}
