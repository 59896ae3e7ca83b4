//! The organizations of a person: choose one, or create a root organization.

use super::{
    super::{
        filters,
        parts::{Notice, Tone, Wrong},
        shell::Shell,
        visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, page},
    },
    part_of,
};
use crate::State;
use app::{
    Paging, Problem,
    organizations::{OrganizationFilter, OrganizationView},
};
use askama::Template;
use axum::extract::{Query, State as Reach};
use domain::policy::HeldBy;

/// Rows on one page.
const ROWS: u32 = 50;

/// What the address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Part of a name.
    pub(crate) q: String,
    /// The cursor of the page before.
    pub(crate) cursor: String,
}

impl Asked {
    /// For `app`.
    pub(crate) fn filter(&self) -> OrganizationFilter {
        OrganizationFilter {
            search: Some(self.q.clone()),
            ..OrganizationFilter::default()
        }
    }

    /// For `app`.
    pub(crate) fn paging(&self) -> Paging {
        Paging {
            after: (!self.cursor.is_empty()).then(|| self.cursor.clone()),
            limit: ROWS,
        }
    }

    /// The address of the next page.
    pub(crate) fn next(&self, path: &str, cursor: Option<String>) -> Option<String> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        query.append_pair("cursor", &cursor?);
        Some(format!("{path}?{}", query.finish()))
    }
}

/// All of them.
#[derive(Template)]
#[template(path = "organizations/choose.html")]
pub(crate) struct ChoosePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Those used last; on the first page without a search.
    pub(crate) recent: Vec<OrganizationView>,
    /// All, by name.
    pub(crate) all: Vec<OrganizationView>,
    /// What is searched for.
    pub(crate) search: String,
    /// The next page.
    pub(crate) next: Option<String>,
    /// Whether this is not the first page.
    pub(crate) further: bool,
    /// Whether the person may create a root organization.
    pub(crate) may_create: bool,
}

impl ChoosePage {
    fn part_of(&self, view: &OrganizationView) -> String {
        part_of(view.parent_name.as_ref())
    }

    /// The roles in words, each with where it comes from.
    fn roles(&self, view: &OrganizationView) -> String {
        let words: Vec<_> = view.roles.keys().map(|role| role.title()).collect();
        words.join(", ")
    }

    fn is_inherited(&self, view: &OrganizationView) -> bool {
        view.roles.values().all(|by| *by == HeldBy::Inheritance)
    }
}

/// A new root organization.
#[derive(Template)]
#[template(path = "organizations/new.html")]
pub(crate) struct NewPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The name entered.
    pub(crate) name: String,
    /// Why the person may not, in the place of the button.
    pub(crate) refused: Option<Notice>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// `GET /orgs`
pub(crate) async fn show(Reach(state): Reach<State>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let caller = &visitor.who.caller;
    let found = state.app.organizations(caller, &asked.filter(), &asked.paging()).await?;
    let plain = asked.q.trim().is_empty() && asked.cursor.is_empty();
    let recent = if plain {
        state.app.organizations_among(caller, &visitor.recent).await?
    } else {
        Vec::new()
    };
    page(&ChoosePage {
        shell: visitor.shell(&state).await?,
        recent,
        all: found.items,
        next: asked.next("/orgs", found.next),
        further: !asked.cursor.is_empty(),
        may_create: state.app.may_create_root(caller).await?,
        search: asked.q,
    })
}

async fn new_page(state: &State, visitor: &Visitor, name: &str, wrong: Wrong) -> Result<NewPage, Problem> {
    let refused = Notice::new(
        Tone::Info,
        "You may not create a root organization.",
        "That needs somebody who is Owner of one here already. Ask one of them, or create a sub-organization.",
    );
    Ok(NewPage {
        shell: visitor.shell(state).await?,
        name: name.to_owned(),
        refused: (!state.app.may_create_root(&visitor.who.caller).await?).then_some(refused),
        wrong,
    })
}

/// `GET /orgs/new`
pub(crate) async fn form(Reach(state): Reach<State>, visitor: Visitor) -> Answer {
    page(&new_page(&state, &visitor, "", Wrong::default()).await?)
}

/// `POST /orgs/new`
pub(crate) async fn create(Reach(state): Reach<State>, sent: Sent) -> Answer {
    let name = sent.fields.text("name");
    match state.app.create_root_organization(&sent.visitor.who.caller, name).await {
        Ok(made) => Ok(done(&state, &format!("/o/{}", made.organization.id), "org-created")),
        Err(problem) if belongs_in_form(&problem) => {
            form_again(&problem, &new_page(&state, &sent.visitor, name, Wrong::from(&problem)).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}
