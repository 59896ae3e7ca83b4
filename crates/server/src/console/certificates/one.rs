//! One certificate held here, and taking it away.

use super::super::{
    filters,
    parts::{Notice, Tone, Wrong},
    shell::Shell,
    when::{Urgency, distance, urgency},
};
use askama::Template;
use domain::{ApiKey, HeldCertificate, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "certificates/certificate.html")]
pub(crate) struct CertificatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The certificate.
    pub(crate) of: HeldCertificate,
    /// The key it was made through, while that is here.
    pub(crate) through: Option<ApiKey>,
    /// What to know.
    pub(crate) notice: Option<Notice>,
}

impl CertificatePage {
    /// One certificate.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, of: HeldCertificate, through: Option<ApiKey>) -> Self {
        let create = format!("/o/{org}/certificates/create?certificate_type={}", of.certificate_type);
        let notice = match urgency(of.expires_at, shell.now) {
            Urgency::Calm => None,
            Urgency::Soon => Some(
                Notice::new(Tone::Warn, format!("It expires {}", distance(of.expires_at, shell.now)), "Create its successor in time: what it has signed stays signed, new builds need a new one.")
                    .way("Create successor", create),
            ),
            Urgency::Past => Some(Notice::new(Tone::Bad, "It has expired", "Nothing new can be signed with it.").way("Create successor", create)),
        };
        Self { shell, org, of, through, notice }
    }

    fn is_over(&self) -> bool {
        urgency(self.of.expires_at, self.shell.now) == Urgency::Past
    }
}

/// Taking it away.
#[derive(Template)]
#[template(path = "certificates/download.html")]
pub(crate) struct DownloadPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The certificate.
    pub(crate) of: HeldCertificate,
    /// `p12-compatible`, `p12-modern` or `pem`.
    pub(crate) form: &'static str,
    /// `generated`, `given` or `empty`.
    pub(crate) password_kind: &'static str,
    /// A password made for this page, kept nowhere.
    pub(crate) generated: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}
