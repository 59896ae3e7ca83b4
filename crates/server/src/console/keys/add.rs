//! Adding a key: the form beside the guide.

use super::{
    super::{
        filters,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, SentFile, Visitor, belongs_in_form, done, form_again, id, page},
    },
    KeyForm, RoleRow,
};
use crate::State;
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "keys/add.html")]
pub(crate) struct AddKeyPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What was entered.
    pub(crate) form: KeyForm,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl AddKeyPage {
    fn role_table(&self) -> Vec<RoleRow> {
        super::role_table()
    }
}

/// `GET /o/{org}/keys/new`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_for(&state, org, Place::Keys, Action::AddKey).await?;
    page(&AddKeyPage {
        shell,
        org,
        form: KeyForm::default(),
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/keys/new`
pub(crate) async fn add(Reach(state): Reach<State>, Path(org): Path<String>, sent: SentFile) -> Answer {
    let org = id(&org)?;
    let form = KeyForm::read(&sent);
    match state.app.add_key(&sent.visitor.who.caller, org, form.with_file(&sent)).await {
        Ok(details) => Ok(done(&state, &format!("/o/{org}/keys/{}", details.summary.key.id), "key-added")),
        Err(problem) if belongs_in_form(&problem) => {
            let shell = sent.visitor.shell_for(&state, org, Place::Keys, Action::AddKey).await?;
            form_again(
                &problem,
                &AddKeyPage {
                    shell,
                    org,
                    form,
                    wrong: Wrong::from(&problem),
                },
            )
        }
        Err(problem) => Err(problem.into()),
    }
}
