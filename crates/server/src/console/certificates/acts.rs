//! Acts on a certificate held here that have a page of their own: rename, remove. Each is also shown as a dialog.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{Problem, certificates::CertificateDependents};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, HeldCertificate, OrgId};

/// Another name.
#[derive(Template)]
#[template(path = "certificates/rename.html")]
pub(crate) struct RenameCertificatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The certificate.
    pub(crate) of: HeldCertificate,
    /// The name entered.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// Taking it away here, with what is lost.
#[derive(Template)]
#[template(path = "certificates/remove.html")]
pub(crate) struct RemoveCertificatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The certificate, and what depends on it.
    pub(crate) dependents: CertificateDependents,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

async fn rename_page(
    state: &State,
    visitor: &Visitor,
    ids: (&str, &str),
    name: Option<&str>,
    wrong: Wrong,
) -> Result<RenameCertificatePage, Problem> {
    let (org, certificate) = (id(ids.0)?, id(ids.1)?);
    let shell = visitor.shell_for(state, org, Place::Certificates, Action::EditCertificate).await?;
    let of = state.app.certificate(&visitor.who.caller, org, certificate).await?;
    Ok(RenameCertificatePage {
        shell,
        org,
        name: name.unwrap_or(&of.name).to_owned(),
        of,
        wrong,
    })
}

/// `GET /o/{org}/certificates/{certificate}/rename`
pub(crate) async fn rename_form(Reach(state): Reach<State>, Path((org, certificate)): Ids, visitor: Visitor) -> Answer {
    page(&rename_page(&state, &visitor, (&org, &certificate), None, Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/{certificate}/rename`
pub(crate) async fn rename(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    let (caller, name) = (&sent.visitor.who.caller, sent.fields.text("name"));
    match state.app.rename_certificate(caller, id(&org)?, id(&certificate)?, name).await {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/certificates/{certificate}"), "certificate-renamed")),
        Err(problem) if belongs_in_form(&problem) => {
            let again = rename_page(&state, &sent.visitor, (&org, &certificate), Some(name), Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn remove_page(state: &State, visitor: &Visitor, ids: (&str, &str), wrong: Wrong) -> Result<RemoveCertificatePage, Problem> {
    let (org, certificate) = (id(ids.0)?, id(ids.1)?);
    let dependents = state.app.certificate_dependents(&visitor.who.caller, org, certificate).await?;
    Ok(RemoveCertificatePage {
        shell: visitor.shell_in(state, org, Place::Certificates).await?,
        org,
        dependents,
        wrong,
    })
}

/// `GET /o/{org}/certificates/{certificate}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, certificate)): Ids, visitor: Visitor) -> Answer {
    page(&remove_page(&state, &visitor, (&org, &certificate), Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/{certificate}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    let (caller, typed) = (&sent.visitor.who.caller, sent.fields.text("name"));
    match state.app.remove_certificate(caller, id(&org)?, id(&certificate)?, typed).await {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/certificates?held=only"), "certificate-removed")),
        Err(problem) if belongs_in_form(&problem) => {
            let again = remove_page(&state, &sent.visitor, (&org, &certificate), Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
