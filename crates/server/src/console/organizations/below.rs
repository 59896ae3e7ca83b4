//! The sub-organizations of a root: list, create, rename, delete.

use super::{
    super::{
        filters,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    },
    Loss,
    choose::Asked,
    losses,
};
use crate::State;
use app::{Problem, organizations::SubOrganization};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, OrgId, Organization};

/// The list.
#[derive(Template)]
#[template(path = "organizations/below.html")]
pub(crate) struct BelowPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The root organization.
    pub(crate) org: OrgId,
    /// By name.
    pub(crate) items: Vec<SubOrganization>,
    /// What is searched for.
    pub(crate) search: String,
    /// The next page.
    pub(crate) next: Option<String>,
    /// Whether this is not the first page.
    pub(crate) further: bool,
    /// Whether the person may create, rename and delete them.
    pub(crate) may_manage: bool,
}

/// A new one.
#[derive(Template)]
#[template(path = "organizations/below_new.html")]
pub(crate) struct NewBelowPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The root organization.
    pub(crate) org: OrgId,
    /// The name entered.
    pub(crate) name: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// Another name.
#[derive(Template)]
#[template(path = "organizations/below_rename.html")]
pub(crate) struct RenameBelowPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The root organization.
    pub(crate) org: OrgId,
    /// The sub-organization.
    pub(crate) sub: Organization,
    /// The name entered.
    pub(crate) name: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// Deleting one, with what is lost.
#[derive(Template)]
#[template(path = "organizations/remove.html")]
pub(crate) struct RemovePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Its name.
    pub(crate) name: String,
    /// Where the form is sent.
    pub(crate) address: String,
    /// Where the quiet button leads.
    pub(crate) back: String,
    /// What that page is called.
    pub(crate) back_name: &'static str,
    /// Line by line.
    pub(crate) losses: Vec<Loss>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl RemovePage {
    /// Whether something has to go before.
    fn is_blocked(&self) -> bool {
        self.losses.iter().any(|loss| loss.blocks)
    }
}

fn list_of(org: impl std::fmt::Display) -> String {
    format!("/o/{org}/sub-organizations")
}

/// `GET /o/{org}/sub-organizations`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor
        .shell_for(&state, org, Place::SubOrganizations, Action::SeeSubOrganizations)
        .await?;
    let found = state
        .app
        .sub_organizations(&visitor.who.caller, org, &asked.filter(), &asked.paging())
        .await?;
    page(&BelowPage {
        may_manage: shell.may(Action::ManageSubOrganizations),
        shell,
        org,
        items: found.items,
        next: asked.next(&list_of(org), found.next),
        further: !asked.cursor.is_empty(),
        search: asked.q,
    })
}

async fn new_page(state: &State, visitor: &Visitor, org: &str, name: &str, wrong: Wrong) -> Result<NewBelowPage, Problem> {
    let org = id(org)?;
    Ok(NewBelowPage {
        shell: visitor
            .shell_for(state, org, Place::SubOrganizations, Action::ManageSubOrganizations)
            .await?,
        org,
        name: name.to_owned(),
        wrong,
    })
}

/// `GET /o/{org}/sub-organizations/new`
pub(crate) async fn new_form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&new_page(&state, &visitor, &org, "", Wrong::default()).await?)
}

/// `POST /o/{org}/sub-organizations/new`
pub(crate) async fn create(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let name = sent.fields.text("name");
    match state.app.create_sub_organization(&sent.visitor.who.caller, id(&org)?, name).await {
        Ok(_) => Ok(done(&state, &list_of(&org), "sub-created")),
        Err(problem) if belongs_in_form(&problem) => {
            form_again(&problem, &new_page(&state, &sent.visitor, &org, name, Wrong::from(&problem)).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

type Ids = Path<(String, String)>;

async fn rename_page(
    state: &State,
    visitor: &Visitor,
    (org, sub): (&str, &str),
    name: Option<&str>,
    wrong: Wrong,
) -> Result<RenameBelowPage, Problem> {
    let (org, sub) = (id(org)?, id(sub)?);
    let shell = visitor
        .shell_for(state, org, Place::SubOrganizations, Action::ManageSubOrganizations)
        .await?;
    let sub = state.app.sub_organization(&visitor.who.caller, org, sub).await?;
    Ok(RenameBelowPage {
        shell,
        org,
        name: name.map_or_else(|| sub.name.to_string(), str::to_owned),
        sub,
        wrong,
    })
}

/// `GET /o/{org}/sub-organizations/{sub}/rename`
pub(crate) async fn rename_form(Reach(state): Reach<State>, Path((org, sub)): Ids, visitor: Visitor) -> Answer {
    page(&rename_page(&state, &visitor, (&org, &sub), None, Wrong::default()).await?)
}

/// `POST /o/{org}/sub-organizations/{sub}/rename`
pub(crate) async fn rename(Reach(state): Reach<State>, Path((org, sub)): Ids, sent: Sent) -> Answer {
    let caller = &sent.visitor.who.caller;
    let name = sent.fields.text("name");
    // That it is below this root, and that the person manages those.
    let below = state.app.sub_organization(caller, id(&org)?, id(&sub)?).await?;
    match state.app.rename_organization(caller, below.id, name).await {
        Ok(_) => Ok(done(&state, &list_of(&org), "org-renamed")),
        Err(problem) if belongs_in_form(&problem) => form_again(
            &problem,
            &rename_page(&state, &sent.visitor, (&org, &sub), Some(name), Wrong::from(&problem)).await?,
        ),
        Err(problem) => Err(problem.into()),
    }
}

async fn remove_page(state: &State, visitor: &Visitor, (org, sub): (&str, &str), wrong: Wrong) -> Result<RemovePage, Problem> {
    let (org, sub) = (id(org)?, id(sub)?);
    let shell = visitor
        .shell_for(state, org, Place::SubOrganizations, Action::ManageSubOrganizations)
        .await?;
    let lost = state.app.sub_organization_losses(&visitor.who.caller, org, sub).await?;
    Ok(RemovePage {
        shell,
        name: lost.organization.name.to_string(),
        address: format!("{}/{sub}/remove", list_of(org)),
        back: list_of(org),
        back_name: "Sub-organizations",
        losses: losses(&lost),
        wrong,
    })
}

/// `GET /o/{org}/sub-organizations/{sub}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, sub)): Ids, visitor: Visitor) -> Answer {
    page(&remove_page(&state, &visitor, (&org, &sub), Wrong::default()).await?)
}

/// `POST /o/{org}/sub-organizations/{sub}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, sub)): Ids, sent: Sent) -> Answer {
    let typed = sent.fields.text("name");
    let caller = &sent.visitor.who.caller;
    match state.app.delete_sub_organization(caller, id(&org)?, id(&sub)?, typed).await {
        Ok(()) => Ok(done(&state, &list_of(&org), "org-removed")),
        Err(problem) if belongs_in_form(&problem) => form_again(
            &problem,
            &remove_page(&state, &sent.visitor, (&org, &sub), Wrong::from(&problem)).await?,
        ),
        Err(problem) => Err(problem.into()),
    }
}
