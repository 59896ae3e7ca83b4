//! The list of signing sets: those that miss something first, each with what that is.

use super::super::{
    filters,
    listing::{Asked, Bar},
    parts::{Mark, Tone},
    profiles::{list::title, register::types},
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::signing_sets::SigningSetView;
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::OrgId;

/// The page.
#[derive(Template)]
#[template(path = "signing_sets/list.html")]
pub(crate) struct SigningSetsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<SigningSetView>,
}

impl SigningSetsPage {
    fn state(&self, view: &SigningSetView) -> Mark {
        state(view)
    }

    fn missing(&self, view: &SigningSetView) -> String {
        missing(view)
    }

    fn title(&self, view: &SigningSetView) -> String {
        title(&view.set.profile_type)
    }

    /// The first bundle identifier, which is mostly the app's, and how many there are beside.
    fn identifiers(&self, view: &SigningSetView) -> String {
        match view.items.split_first() {
            None => "No bundle ID".to_owned(),
            Some((first, [])) => first.identifier.clone(),
            Some((first, rest)) => format!("{} and {} more", first.identifier, rest.len()),
        }
    }
}

/// Whether a build can be signed with it, as people see it.
pub(super) fn state(view: &SigningSetView) -> Mark {
    match view.state() {
        "complete" => Mark::new(Tone::Ok, "ok", "Complete"),
        "ending" => Mark::new(Tone::Warn, "warn", "Ends within a day"),
        _ => Mark::new(Tone::Bad, "bad", "Incomplete"),
    }
}

/// What is missing first, and how much beside; nothing where nothing is.
fn missing(view: &SigningSetView) -> String {
    let all: Vec<&str> = view.items.iter().filter_map(|item| item.missing.as_deref()).collect();
    match all.split_first() {
        None if view.items.is_empty() => "It has no bundle ID.".to_owned(),
        None => String::new(),
        Some((first, [])) => (*first).to_owned(),
        Some((first, rest)) => format!("{first} And {} more.", rest.len()),
    }
}

const STATES: &[(&str, &str)] = &[
    ("incomplete", "Incomplete"),
    ("ending", "Ends within a day"),
    ("complete", "Complete"),
];

/// `GET /o/{org}/signing-sets`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::SigningSets).await?;
    let types = types();
    let types: Vec<(&str, &str)> = types.iter().map(|(word, title)| (*word, title.as_str())).collect();
    let mut bar = Bar::new(
        format!("/o/{org}/signing-sets"),
        "signing set",
        "Name or bundle ID",
        "state",
        &asked,
        shell.now,
    )
    .filter("kind", "Type", "Every type", &types, &asked.kind)
    .filter("state", "State", "Every state", STATES, &asked.state);
    let found = state.app.signing_sets_by_need(&visitor.who.caller, org, &asked.query()).await?;
    let items = bar.fill_rows(found.items, found.total);
    page(&SigningSetsPage { shell, org, bar, items })
}
