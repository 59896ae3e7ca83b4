//! Making a request, completing it with its certificate, removing it.

use super::super::{
    filters, once,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Fields, Sent, SentFile, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{Problem, csrs::NewCsr};
use askama::Template;
use axum::{
    extract::{Path, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, HeldCsr, OrgId};

/// A new request.
#[derive(Template)]
#[template(path = "csrs/new.html")]
pub(crate) struct NewCsrPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// What was entered.
    pub(crate) form: NewCsr,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// Bringing back its certificate.
#[derive(Template)]
#[template(path = "csrs/complete.html")]
pub(crate) struct CompleteCsrPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The request.
    pub(crate) csr: HeldCsr,
    /// What is wrong with the file.
    pub(crate) wrong: Wrong,
}

/// Taking it away.
#[derive(Template)]
#[template(path = "csrs/remove.html")]
pub(crate) struct RemoveCsrPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The request.
    pub(crate) csr: HeldCsr,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

fn entered(fields: &Fields) -> NewCsr {
    NewCsr {
        name: fields.text("name").to_owned(),
        email: fields.text("email").to_owned(),
        country: fields.text("country").to_owned(),
    }
}

async fn new_page(state: &State, visitor: &Visitor, org: OrgId, form: NewCsr, wrong: Wrong) -> Result<NewCsrPage, Problem> {
    Ok(NewCsrPage {
        shell: visitor.shell_for(state, org, Place::Certificates, Action::ManageCsrs).await?,
        org,
        once: once::fresh(state),
        form,
        wrong,
    })
}

/// `GET /o/{org}/csrs/new`
pub(crate) async fn new_form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&new_page(&state, &visitor, id(&org)?, NewCsr::default(), Wrong::default()).await?)
}

/// `POST /o/{org}/csrs/new`
pub(crate) async fn create(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org: OrgId = id(&org)?;
    let caller = &sent.visitor.who.caller;
    let form = entered(&sent.fields);
    let make = state.app.create_csr(caller, org, form.clone());
    match once::once(&state, caller, org, sent.fields.text("once"), make).await {
        Ok(made) => Ok(done(&state, &format!("/o/{org}/csrs/{}", made.id), "csr-made")),
        Err(problem) if problem.code == once::DONE_BEFORE => Ok(Redirect::to(&format!("/o/{org}/csrs")).into_response()),
        Err(problem) if belongs_in_form(&problem) => {
            let again = new_page(&state, &sent.visitor, org, form, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The request that an act is about, and what stands around its page.
async fn about(state: &State, visitor: &Visitor, org: &str, csr: &str) -> Result<(Shell, OrgId, HeldCsr), Problem> {
    let (org, csr) = (id(org)?, id(csr)?);
    let shell = visitor.shell_for(state, org, Place::Certificates, Action::ManageCsrs).await?;
    let csr = state.app.csr(&visitor.who.caller, org, csr).await?.view.csr;
    Ok((shell, org, csr))
}

/// `GET /o/{org}/csrs/{csr}/complete`
pub(crate) async fn complete_form(Reach(state): Reach<State>, Path((org, csr)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, csr) = about(&state, &visitor, &org, &csr).await?;
    let wrong = Wrong::default();
    page(&CompleteCsrPage { shell, org, csr, wrong })
}

/// `POST /o/{org}/csrs/{csr}/complete`: sent twice, the certificate is here already, which is as good.
pub(crate) async fn complete(Reach(state): Reach<State>, Path((org, csr)): Ids, sent: SentFile) -> Answer {
    let caller = &sent.visitor.who.caller;
    match state.app.complete_csr(caller, id(&org)?, id(&csr)?, &sent.file).await {
        Ok(taken) => {
            let certificate = format!("/o/{org}/certificates/{}", taken.certificate.id);
            Ok(done(&state, &certificate, "csr-completed"))
        }
        Err(problem) if belongs_in_form(&problem) => {
            let (shell, org, csr) = about(&state, &sent.visitor, &org, &csr).await?;
            let wrong = Wrong::from(&problem);
            form_again(&problem, &CompleteCsrPage { shell, org, csr, wrong })
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/csrs/{csr}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, csr)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, csr) = about(&state, &visitor, &org, &csr).await?;
    let wrong = Wrong::default();
    page(&RemoveCsrPage { shell, org, csr, wrong })
}

/// `POST /o/{org}/csrs/{csr}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, csr)): Ids, sent: Sent) -> Answer {
    let caller = &sent.visitor.who.caller;
    match state.app.remove_csr(caller, id(&org)?, id(&csr)?, sent.fields.text("name")).await {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/csrs"), "csr-removed")),
        Err(problem) if belongs_in_form(&problem) => {
            let (shell, org, csr) = about(&state, &sent.visitor, &org, &csr).await?;
            let wrong = Wrong::from(&problem);
            form_again(&problem, &RemoveCsrPage { shell, org, csr, wrong })
        }
        Err(problem) => Err(problem.into()),
    }
}
