//! Going oneself.

use crate::{
    State,
    console::{
        filters,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    },
};
use app::Problem;
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, OrgId};

/// Going.
#[derive(Template)]
#[template(path = "members/leave.html")]
pub(crate) struct LeavePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What stands in the way.
    pub(crate) wrong: Wrong,
    /// Whether something has to happen before anybody could leave.
    pub(crate) is_kept: bool,
}

async fn leave_page(state: &State, visitor: &Visitor, org: OrgId, wrong: Wrong) -> Result<LeavePage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Members, Action::SeeOrganization).await?;
    let kept = state.app.kept_from_leaving(&visitor.who.caller, org).await?;
    Ok(LeavePage {
        shell,
        org,
        is_kept: kept.is_some(),
        wrong: kept.map_or(wrong, |problem| Wrong::told(Notice::problem(&problem))),
    })
}

/// `GET /o/{org}/leave`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&leave_page(&state, &visitor, id(&org)?, Wrong::default()).await?)
}

/// `POST /o/{org}/leave`
pub(crate) async fn leave(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    match state.app.leave(&sent.visitor.who.caller, org).await {
        Ok(()) => Ok(done(&state, "/", "left")),
        Err(problem) if belongs_in_form(&problem) => {
            let wrong = Wrong::told(Notice::problem(&problem));
            form_again(&problem, &leave_page(&state, &sent.visitor, org, wrong).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}
