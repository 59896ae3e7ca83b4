//! One member: what they may, from where, and the way out.

use super::grid::{self, RoleGrid};
use crate::{
    State,
    console::{
        filters,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, done, form_again, id, page},
    },
};
use app::{Kind, Problem, members::MemberDetails};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, ItemName, Member, OrgId, Role, UserId, policy::HeldBy};
use std::collections::BTreeSet;

/// The page.
#[derive(Template)]
#[template(path = "members/member.html")]
pub(crate) struct MemberPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Who looks.
    pub(crate) you: UserId,
    /// Who.
    pub(crate) member: Member,
    /// What they may.
    pub(crate) grid: RoleGrid,
    /// Whether whoever looks may change roles at all.
    pub(crate) may_manage: bool,
    /// What is wrong with what was sent.
    pub(crate) wrong: Wrong,
}

impl MemberPage {
    /// From what `app` knows; `ticked` are the boxes of a form that was sent.
    pub(crate) fn new(
        shell: Shell,
        org: OrgId,
        you: UserId,
        details: MemberDetails,
        ticked: Option<&BTreeSet<Role>>,
        wrong: Wrong,
    ) -> Self {
        Self {
            grid: RoleGrid::new(&details.member.roles, &details.in_reach, ticked, &details.who_can),
            may_manage: !details.in_reach.is_empty(),
            member: details.member,
            shell,
            org,
            you,
            wrong,
        }
    }

    fn is_you(&self) -> bool {
        self.member.user.id == self.you
    }

    /// Whether something was given here that can be taken here.
    fn is_here(&self) -> bool {
        self.member.roles.values().any(|by| *by == HeldBy::Membership)
    }

    /// Whether something comes from the root organization.
    fn inherits(&self) -> bool {
        self.member.roles.values().any(|by| *by == HeldBy::Inheritance)
    }
}

/// Taking somebody out.
#[derive(Template)]
#[template(path = "members/remove.html")]
pub(crate) struct RemovePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Who.
    pub(crate) member: Member,
    /// Where they keep roles of their own.
    pub(crate) below: Vec<ItemName>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl RemovePage {
    fn inherits(&self) -> bool {
        self.member.roles.values().any(|by| *by == HeldBy::Inheritance)
    }
}

type Ids = Path<(String, String)>;

/// Whether a refusal is told beside the roles, with what was ticked still ticked.
fn is_about_roles(problem: &Problem) -> bool {
    problem.code == "role_out_of_reach" || matches!(problem.kind, Kind::Invalid | Kind::Conflict)
}

/// `GET /o/{org}/members/{user}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, user)): Ids, visitor: Visitor) -> Answer {
    let (org, user) = (id(&org)?, id(&user)?);
    let details = state.app.member(&visitor.who.caller, org, user).await?;
    let shell = visitor.shell_in(&state, org, Place::Members).await?;
    page(&MemberPage::new(shell, org, visitor.person.id, details, None, Wrong::default()))
}

/// `POST /o/{org}/members/{user}`
pub(crate) async fn save(Reach(state): Reach<State>, Path((org, user)): Ids, sent: Sent) -> Answer {
    let caller = &sent.visitor.who.caller;
    let (org, user) = (id(&org)?, id(&user)?);
    let saved = match grid::change(&sent.fields) {
        Ok(change) => state.app.set_member_roles(caller, org, user, change).await,
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/members/{user}"), "member-roles")),
        Err(problem) if is_about_roles(&problem) => {
            let details = state.app.member(caller, org, user).await?;
            let shell = sent.visitor.shell_in(&state, org, Place::Members).await?;
            let ticked = grid::ticked(&sent.fields).ok();
            let wrong = Wrong::from(&problem);
            let again = MemberPage::new(shell, org, sent.visitor.person.id, details, ticked.as_ref(), wrong);
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn remove_page(state: &State, visitor: &Visitor, org: OrgId, user: UserId, wrong: Wrong) -> Result<RemovePage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Members, Action::ManageMembers).await?;
    let details = state.app.member(&visitor.who.caller, org, user).await?;
    Ok(RemovePage {
        shell,
        org,
        member: details.member,
        below: details.below,
        wrong,
    })
}

/// `GET /o/{org}/members/{user}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, user)): Ids, visitor: Visitor) -> Answer {
    page(&remove_page(&state, &visitor, id(&org)?, id(&user)?, Wrong::default()).await?)
}

/// `POST /o/{org}/members/{user}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, user)): Ids, sent: Sent) -> Answer {
    let (org, user) = (id(&org)?, id(&user)?);
    let asked = remove_page(&state, &sent.visitor, org, user, Wrong::default()).await?;
    if let Err(problem) = sent.fields.confirms("remove this member", &asked.member.user.name) {
        let wrong = Wrong::from(&problem);
        return form_again(&problem, &RemovePage { wrong, ..asked });
    }
    match state.app.remove_member(&sent.visitor.who.caller, org, user).await {
        Ok(()) if user == sent.visitor.person.id => Ok(done(&state, "/", "left")),
        Ok(()) => Ok(done(&state, &format!("/o/{org}/members"), "member-removed")),
        Err(problem) if is_about_roles(&problem) => {
            let again = remove_page(&state, &sent.visitor, org, user, Wrong::told(Notice::problem(&problem))).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
