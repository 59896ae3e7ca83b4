//! An organization's own settings: its name, what it is, and the end of it.

use super::{
    super::{
        filters,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    },
    below::RemovePage,
    losses, part_of,
};
use crate::State;
use app::{Problem, organizations::OrganizationView};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, OrgId};

/// The settings.
#[derive(Template)]
#[template(path = "organizations/settings.html")]
pub(crate) struct SettingsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) view: OrganizationView,
    /// The name entered.
    pub(crate) name: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
    /// Whether the person may rename it.
    pub(crate) may_rename: bool,
    /// Where it is deleted, for who may.
    pub(crate) removal: Option<String>,
}

impl SettingsPage {
    fn org(&self) -> OrgId {
        self.view.organization.id
    }

    fn part_of(&self) -> String {
        part_of(self.view.parent_name.as_ref())
    }

    fn is_root(&self) -> bool {
        self.view.organization.parent.is_none()
    }
}

async fn settings(state: &State, visitor: &Visitor, org: &str, name: Option<&str>, wrong: Wrong) -> Result<SettingsPage, Problem> {
    let org = id(org)?;
    let shell = visitor.shell_in(state, org, Place::Settings).await?;
    let view = state.app.organization_view(&visitor.who.caller, org).await?;
    let removal = match view.organization.parent {
        None => shell.may(Action::DeleteOrganization).then(|| format!("/o/{org}/settings/remove")),
        // Decided in the root organization, where the same people may do it.
        Some(root) => visitor
            .may(Action::ManageSubOrganizations, domain::Tenant::root(root))
            .then(|| format!("/o/{root}/sub-organizations/{org}/remove")),
    };
    Ok(SettingsPage {
        name: name.map_or_else(|| view.organization.name.to_string(), str::to_owned),
        may_rename: shell.may(Action::RenameOrganization),
        removal,
        shell,
        view,
        wrong,
    })
}

/// `GET /o/{org}/settings`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&settings(&state, &visitor, &org, None, Wrong::default()).await?)
}

/// `POST /o/{org}/settings`
pub(crate) async fn rename(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let name = sent.fields.text("name");
    match state.app.rename_organization(&sent.visitor.who.caller, id(&org)?, name).await {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/settings"), "org-renamed")),
        Err(problem) if belongs_in_form(&problem) => form_again(
            &problem,
            &settings(&state, &sent.visitor, &org, Some(name), Wrong::from(&problem)).await?,
        ),
        Err(problem) => Err(problem.into()),
    }
}

async fn remove_page(state: &State, visitor: &Visitor, org: &str, wrong: Wrong) -> Result<RemovePage, Problem> {
    let org = id(org)?;
    let shell = visitor.shell_for(state, org, Place::Settings, Action::DeleteOrganization).await?;
    let lost = state.app.organization_losses(&visitor.who.caller, org).await?;
    Ok(RemovePage {
        shell,
        name: lost.organization.name.to_string(),
        address: format!("/o/{org}/settings/remove"),
        back: format!("/o/{org}/settings"),
        back_name: "Settings",
        losses: losses(&lost),
        wrong,
    })
}

/// `GET /o/{org}/settings/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&remove_page(&state, &visitor, &org, Wrong::default()).await?)
}

/// `POST /o/{org}/settings/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let typed = sent.fields.text("name");
    match state.app.delete_root_organization(&sent.visitor.who.caller, id(&org)?, typed).await {
        Ok(()) => Ok(done(&state, "/orgs", "org-removed")),
        Err(problem) if belongs_in_form(&problem) => {
            form_again(&problem, &remove_page(&state, &sent.visitor, &org, Wrong::from(&problem)).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}
