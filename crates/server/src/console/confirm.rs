//! Confirming who is at the browser, before what wants it (`Action::wants_confirmation`): the password once more, then on to where
//! they were going.

use super::{
    filters,
    parts::{Tone, Wrong},
    shell::Shell,
    visit::{Answer, Sent, Visitor, back, belongs_in_form, form_again, page},
};
use crate::State;
use app::Problem;
use askama::Template;
use axum::{
    extract::{Query, State as Reach},
    response::{IntoResponse, Redirect},
};

/// The page.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// For password managers.
    pub(crate) email: String,
    /// Where to go on.
    pub(crate) back: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// Where to go on.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    back: String,
}

async fn confirm_page(state: &State, visitor: &Visitor, to: &str, wrong: Wrong) -> Result<ConfirmPage, Problem> {
    Ok(ConfirmPage {
        shell: visitor.shell(state).await?,
        email: visitor.person.email.to_string(),
        back: back(to).to_owned(),
        wrong,
    })
}

/// `GET /confirm?back=`
pub(crate) async fn form(Reach(state): Reach<State>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    page(&confirm_page(&state, &visitor, &asked.back, Wrong::default()).await?)
}

/// `POST /confirm`
pub(crate) async fn confirm(Reach(state): Reach<State>, sent: Sent) -> Answer {
    let to = sent.fields.text("back");
    match state.app.confirm_session(&sent.visitor.who, sent.fields.text("password")).await {
        Ok(()) => Ok(Redirect::to(back(to)).into_response()),
        Err(problem) if belongs_in_form(&problem) || problem.code == "sign_in_limited" => {
            let again = confirm_page(&state, &sent.visitor, to, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
