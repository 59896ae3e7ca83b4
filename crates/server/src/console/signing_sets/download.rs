//! Taking the files of a signing set away: all of them in one archive, which is recorded before a byte leaves.

use super::super::{
    certificates::export::{self, ExportChoice},
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, form_again, id, page},
};
use crate::State;
use app::{Problem, signing_sets::SigningSetView};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, HeldCertificate, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "signing_sets/download.html")]
pub(crate) struct DownloadSetPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The set.
    pub(crate) view: SigningSetView,
    /// In which form, under which password.
    pub(crate) export: ExportChoice,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl DownloadSetPage {
    /// Its certificates, each once.
    fn certificates(&self) -> Vec<&HeldCertificate> {
        let mut each: Vec<&HeldCertificate> = Vec::new();
        for of in self.view.items.iter().filter_map(|item| item.certificate.as_ref()) {
            if each.iter().all(|one| one.id != of.certificate.id) {
                each.push(&of.certificate);
            }
        }
        each
    }
}

type Ids = Path<(String, String)>;

async fn download_page(
    state: &State,
    visitor: &Visitor,
    ids: (&str, &str),
    chosen: (&str, &str),
    wrong: Wrong,
) -> Result<DownloadSetPage, Problem> {
    let org = id(ids.0)?;
    Ok(DownloadSetPage {
        shell: visitor.shell_for(state, org, Place::SigningSets, Action::UseSigningSets).await?,
        org,
        view: state.app.signing_set(&visitor.who.caller, org, ids.1).await?,
        export: ExportChoice::again(state, chosen),
        wrong,
    })
}

/// `GET /o/{org}/signing-sets/{signing_set}/download`
pub(crate) async fn form(Reach(state): Reach<State>, Path((org, set)): Ids, visitor: Visitor) -> Answer {
    page(&download_page(&state, &visitor, (&org, &set), ("", ""), Wrong::default()).await?)
}

/// `POST /o/{org}/signing-sets/{signing_set}/download`
pub(crate) async fn download(Reach(state): Reach<State>, Path((org, set)): Ids, sent: Sent) -> Answer {
    let taken = match export::wanted(&sent.fields) {
        Ok((form, password)) => {
            let caller = &sent.visitor.who.caller;
            state.app.signing_set_files(caller, id(&org)?, &set, form, password).await
        }
        Err(problem) => Err(problem),
    };
    match taken {
        Ok(files) => Ok(crate::attachment::attachment(&files.archive()?)),
        Err(problem) if belongs_in_form(&problem) => {
            let chosen = (sent.fields.text("form"), sent.fields.text("password_kind"));
            let again = download_page(&state, &sent.visitor, (&org, &set), chosen, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
