//! The members: who is invited first, then everybody by name.

use crate::{
    State,
    console::{
        filters,
        shell::{Place, Shell},
        visit::{Answer, Visitor, id, page},
    },
};
use app::{Page, Paging, invitations::InvitationView};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, Delivery, Member, OrgId, UserId, policy::HeldBy};
use url::form_urlencoded::Serializer;

/// Members on one page.
const ROWS: u32 = 50;

/// What the address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Search.
    q: String,
    /// Where a page of members begins.
    cursor: String,
    /// Where a page of invitations begins.
    invited_cursor: String,
}

/// The page.
#[derive(Template)]
#[template(path = "members/list.html")]
pub(crate) struct MembersPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Who looks.
    pub(crate) you: UserId,
    /// Whether they may invite and change roles.
    pub(crate) may_manage: bool,
    /// Invited and not yet here.
    pub(crate) pending: Page<InvitationView>,
    /// Here.
    pub(crate) members: Page<Member>,
    /// What is searched for.
    pub(crate) search: String,
    /// Whether it is the first page of members.
    pub(crate) is_first: bool,
}

impl MembersPage {
    /// Whether whoever looks is the only one.
    fn is_alone(&self) -> bool {
        self.is_first && self.search.is_empty() && self.members.items.len() == 1 && self.pending.items.is_empty()
    }

    fn is_you(&self, member: &Member) -> bool {
        member.user.id == self.you
    }

    fn address(&self, name: &str, cursor: &str) -> String {
        let mut query = Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        query.append_pair(name, cursor);
        format!("/o/{}/members?{}", self.org, query.finish())
    }

    fn next_members(&self) -> Option<String> {
        Some(self.address("cursor", self.members.next.as_deref()?))
    }

    fn next_invitations(&self) -> Option<String> {
        Some(self.address("invited_cursor", self.pending.next.as_deref()?))
    }

    /// Why a mail was not delivered.
    fn trouble<'v>(&self, view: &'v InvitationView) -> Option<&'v str> {
        match &view.invitation.delivery {
            Delivery::Failed { why, .. } => Some(why),
            _ => None,
        }
    }

    /// How the link travels.
    fn way(&self, view: &InvitationView) -> &'static str {
        match &view.invitation.delivery {
            Delivery::Shown => "Link handed on",
            Delivery::Waiting => "Mail is on its way",
            Delivery::Sent { .. } => "Mail sent",
            Delivery::Failed { .. } => "Mail not delivered",
        }
    }
}

/// `GET /o/{org}/members`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let caller = &visitor.who.caller;
    let shell = visitor.shell_for(&state, org, Place::Members, Action::SeeMembers).await?;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (after, invited) = (some(&asked.cursor), some(&asked.invited_cursor));
    let is_first = after.is_none();
    let search = asked.q.trim().to_owned();
    let paging = Paging { after, limit: ROWS };
    let members = state.app.members(caller, org, Some(&search), &paging).await?;
    // Behind the first page and in a search, only members are looked for.
    let pending = if is_first && search.is_empty() {
        let paging = Paging {
            after: invited,
            limit: ROWS,
        };
        state.app.invitations(caller, org, &paging).await?
    } else {
        Page {
            items: Vec::new(),
            next: None,
            previous: None,
            skipped: 0,
        }
    };
    page(&MembersPage {
        may_manage: state.app.holds(caller, Action::ManageMembers, org).await?,
        shell,
        org,
        you: visitor.person.id,
        pending,
        members,
        search,
        is_first,
    })
}
