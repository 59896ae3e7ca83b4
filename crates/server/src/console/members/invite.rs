//! Inviting somebody, sending an invitation again, taking it back. Where no mail is sent, the one answer that shows the
//! link is here.

use super::grid::{self, RoleGrid};
use crate::{
    State,
    console::{
        filters, once,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    },
};
use app::{
    Problem,
    invitations::{Invited, NewInvitation},
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Invitation, InvitationId, OrgId, Role};
use std::collections::{BTreeMap, BTreeSet};

/// The form.
#[derive(Template)]
#[template(path = "members/invite.html")]
pub(crate) struct InvitePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The address entered.
    pub(crate) email: String,
    /// The roles.
    pub(crate) grid: RoleGrid,
    /// Whether the link can be mailed.
    pub(crate) sends_mail: bool,
    /// Whether the link shall be shown instead.
    pub(crate) show_link: bool,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// The link, shown once.
#[derive(Template)]
#[template(path = "members/invited.html")]
pub(crate) struct InvitedPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// For whom it is, and until when.
    pub(crate) invitation: Invitation,
    /// The link.
    pub(crate) link: String,
}

/// What was entered.
#[derive(Default)]
struct Entered {
    email: String,
    roles: BTreeSet<Role>,
    show_link: bool,
}

async fn invite_page(state: &State, visitor: &Visitor, org: OrgId, entered: Entered, wrong: Wrong) -> Result<InvitePage, Problem> {
    let (in_reach, who_can) = state.app.grantable_roles(&visitor.who.caller, org).await?;
    let shell = visitor.shell_in(state, org, Place::Members).await?;
    Ok(InvitePage {
        shell,
        org,
        once: once::fresh(state),
        email: entered.email,
        grid: RoleGrid::new(&BTreeMap::new(), &in_reach, Some(&entered.roles), &who_can),
        sends_mail: state.app.sends_mail(),
        show_link: entered.show_link,
        wrong,
    })
}

/// `GET /o/{org}/members/invite`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&invite_page(&state, &visitor, id(&org)?, Entered::default(), Wrong::default()).await?)
}

/// `POST /o/{org}/members/invite`: the one answer that carries the link, where it is not mailed.
pub(crate) async fn invite(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let new = NewInvitation {
        email: sent.fields.text("email").to_owned(),
        roles: sent.fields.all("role"),
        show_link: sent.fields.is_on("show_link"),
    };
    let caller = &sent.visitor.who.caller;
    match once::once(&state, caller, org, sent.fields.text("once"), state.app.invite(caller, org, new)).await {
        Ok(invited) => answer(&state, &sent.visitor, org, invited).await,
        Err(problem) if problem.code == once::DONE_BEFORE => again(&state, org),
        Err(problem) if belongs_in_form(&problem) || problem.code == "role_out_of_reach" => {
            let entered = Entered {
                email: sent.fields.text("email").to_owned(),
                roles: grid::ticked(&sent.fields).unwrap_or_default(),
                show_link: sent.fields.is_on("show_link"),
            };
            form_again(
                &problem,
                &invite_page(&state, &sent.visitor, org, entered, Wrong::from(&problem)).await?,
            )
        }
        Err(problem) => Err(problem.into()),
    }
}

type Ids = Path<(String, String)>;

/// `POST /o/{org}/invitations/{invitation}/send-again`
pub(crate) async fn send_again(Reach(state): Reach<State>, Path((org, invitation)): Ids, sent: Sent) -> Answer {
    let (org, invitation): (OrgId, InvitationId) = (id(&org)?, id(&invitation)?);
    let caller = &sent.visitor.who.caller;
    let show_link = sent.fields.is_on("show_link");
    let invited = state.app.send_invitation_again(caller, org, invitation, show_link);
    match once::once(&state, caller, org, sent.fields.text("once"), invited).await {
        Ok(invited) => answer(&state, &sent.visitor, org, invited).await,
        Err(problem) if problem.code == once::DONE_BEFORE => again(&state, org),
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /o/{org}/invitations/{invitation}/revoke`
pub(crate) async fn revoke(Reach(state): Reach<State>, Path((org, invitation)): Ids, sent: Sent) -> Answer {
    let (org, invitation) = (id(&org)?, id(&invitation)?);
    state.app.revoke_invitation(&sent.visitor.who.caller, org, invitation).await?;
    Ok(done(&state, &format!("/o/{org}/members"), "invitation-revoked"))
}

async fn answer(state: &State, visitor: &Visitor, org: OrgId, invited: Invited) -> Answer {
    let Some(token) = invited.token else {
        return Ok(done(state, &format!("/o/{org}/members"), "invitation-mailed"));
    };
    let shell = visitor.shell_in(state, org, Place::Members).await?;
    page(&InvitedPage {
        shell,
        org,
        link: state.settings.link(&format!("invitations/{}", token.expose())),
        invitation: invited.invitation,
    })
}

/// A form that was sent twice, or a page that was loaded again: the link is not made anew behind somebody's back.
fn again(state: &State, org: OrgId) -> Answer {
    Ok(done(state, &format!("/o/{org}/members"), "link-was-shown"))
}
