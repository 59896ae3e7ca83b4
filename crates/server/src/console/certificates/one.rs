//! One certificate held here, and taking it away.

use super::{
    super::{
        filters,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, belongs_in_form, form_again, id, page},
        when::{Urgency, date, distance, urgency},
    },
    export::{self, ExportChoice},
};
use crate::State;
use app::{Problem, certificates::CertificateDetails, sharing::Sharing, signing_sets::SetName};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, ApiKey, CertificateType, HeldCertificate, ItemOrigin, OrgId, certificate::AutomaticRenewal};
use jiff::Timestamp;

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
    /// What it calls its subject itself.
    pub(crate) common_name: Option<String>,
    /// What it calls its issuer.
    pub(crate) issuer: Option<String>,
    /// When it began.
    pub(crate) valid_from: Timestamp,
    /// SHA-256 of the certificate, upper-case hex.
    pub(crate) sha256: String,
    /// Whether it leads to a root that this server trusts.
    pub(crate) is_verified: bool,
    /// The name of the organization whose it is, where it is lent.
    pub(crate) lent_by: Option<String>,
    /// How far it is shared, in a root organization.
    pub(crate) sharing: Option<Sharing>,
    /// The key it was made through, while that is here.
    pub(crate) through: Option<ApiKey>,
    /// The signing sets that it is in.
    pub(crate) sets: Vec<SetName>,
    /// How it is renewed by itself.
    pub(crate) automatic: Option<AutomaticRenewal>,
    /// What to know.
    pub(crate) notice: Option<Notice>,
}

impl CertificatePage {
    /// One certificate.
    #[must_use]
    pub(crate) fn new(
        shell: Shell,
        org: OrgId,
        details: CertificateDetails,
        through: Option<ApiKey>,
        automatic: Option<AutomaticRenewal>,
    ) -> Self {
        let of = details.held;
        // Whose type Apple's API does not create gets its successor in the portal.
        let (way, successor) = if CertificateType::creatable(of.certificate_type.as_str()).is_ok() && details.lent_by.is_none() {
            ("Renew", format!("/o/{org}/certificates/{}/renew", of.id))
        } else {
            ("Add its successor", format!("/o/{org}/certificates/new"))
        };
        let notice = match urgency(of.expires_at, shell.now) {
            _ if let Some(at) = of.revoked_at => Some(
                Notice::new(
                    Tone::Bad,
                    format!("It was revoked {}", date(at)),
                    "Nothing new can be signed with it, and profiles that have it do not work any more.",
                )
                .way("Add its successor", format!("/o/{org}/certificates/new")),
            ),
            Urgency::Calm => None,
            Urgency::Soon => Some(
                Notice::new(
                    Tone::Warn,
                    format!("It expires {}", distance(of.expires_at, shell.now)),
                    "Renew it in time: what it has signed stays signed, new builds need a new one.",
                )
                .way(way, successor),
            ),
            Urgency::Past => Some(Notice::new(Tone::Bad, "It has expired", "Nothing new can be signed with it.").way(way, successor)),
        };
        Self {
            shell,
            org,
            of,
            common_name: details.common_name,
            issuer: details.issuer,
            valid_from: details.valid_from,
            sha256: details.sha256,
            is_verified: details.is_verified,
            lent_by: details.lent_by,
            sharing: details.sharing,
            sets: details.sets,
            through,
            automatic,
            notice,
        }
    }

    fn is_made_here(&self) -> bool {
        self.of.origin == ItemOrigin::Created
    }

    /// Whether Apple's API makes certificates of its type.
    fn is_renewable(&self) -> bool {
        CertificateType::creatable(self.of.certificate_type.as_str()).is_ok()
    }

    /// Whether it can stand at Apple, and the person may end that.
    fn may_revoke(&self) -> bool {
        self.of.apple_id.is_some() && self.of.revoked_at.is_none() && !self.is_over() && self.shell.may(Action::RevokeCertificate)
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
    /// In which form, under which password.
    pub(crate) export: ExportChoice,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

/// `GET /o/{org}/certificates/{certificate}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, certificate)): Ids, visitor: Visitor) -> Answer {
    let (org, certificate) = (id(&org)?, id(&certificate)?);
    let shell = visitor.shell_in(&state, org, Place::Certificates).await?;
    let details = state.app.certificate_details(&visitor.who.caller, org, certificate).await?;
    let through = match details.held.api_key {
        Some(key) => state
            .app
            .key(&visitor.who.caller, org, key)
            .await
            .ok()
            .map(|details| details.summary.key),
        None => None,
    };
    let automatic = state.app.automatic_renewal(&visitor.who.caller, org, certificate).await?;
    page(&CertificatePage::new(shell, org, details, through, automatic))
}

async fn download_page(
    state: &State,
    visitor: &Visitor,
    org: &str,
    certificate: &str,
    chosen: (&str, &str),
    wrong: Wrong,
) -> Result<DownloadPage, Problem> {
    let (org, certificate) = (id(org)?, id(certificate)?);
    let shell = visitor
        .shell_for(state, org, Place::Certificates, Action::DownloadCertificate)
        .await?;
    let of = state.app.certificate(&visitor.who.caller, org, certificate).await?;
    if of.private_key.is_none() {
        return Err(Problem::not_found());
    }
    Ok(DownloadPage {
        shell,
        org,
        of,
        export: ExportChoice::again(state, chosen),
        wrong,
    })
}

/// `GET /o/{org}/certificates/{certificate}/download`
pub(crate) async fn download_form(Reach(state): Reach<State>, Path((org, certificate)): Ids, visitor: Visitor) -> Answer {
    page(&download_page(&state, &visitor, &org, &certificate, ("", ""), Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/{certificate}/download`
pub(crate) async fn download(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    let chosen = (sent.fields.text("form"), sent.fields.text("password_kind"));
    let (form, password) = match export::wanted(&sent.fields) {
        Ok(wanted) => wanted,
        Err(problem) => {
            let again = download_page(&state, &sent.visitor, &org, &certificate, chosen, Wrong::from(&problem)).await?;
            return form_again(&problem, &again);
        }
    };
    match state
        .app
        .export_certificate(&sent.visitor.who.caller, id(&org)?, id(&certificate)?, form, password)
        .await
    {
        Ok(export) => Ok(crate::attachment::attachment(&export.download)),
        Err(problem) if belongs_in_form(&problem) => {
            let again = download_page(&state, &sent.visitor, &org, &certificate, chosen, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
