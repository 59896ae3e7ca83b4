//! TestFlight in the console: an app through a key, its builds, its groups and what testers read.
//!
//! ```text
//! key ── app ──┬── build ── bring it to testers ──┐
//!              ├── group ── testers ──────────────┼── the act, step by step (changes.rs)
//!              └── what testers read ─────────────┘
//! ```
//!
//! Everything is read from Apple when a page is opened, and everything is changed through one use case that takes a list of
//! wishes. So a form is turned into wishes, and whatever is wrong with one of them comes back in the form.
//!
//! The surprising thing: the key stands in the address. Two keys of one account may do different things here, and who opens
//! a page should see for which of them it speaks.

pub(crate) mod app_page;
pub(crate) mod ask;
pub(crate) mod build;
pub(crate) mod changes;
pub(crate) mod group;
pub(crate) mod info;
pub(crate) mod standing;
pub(crate) mod testers;
pub(crate) mod words;

use super::{
    apple::path_part,
    visit::{Visitor, id},
};
use crate::{
    State,
    doors::{Demand::*, Doors},
};
use app::{Problem, testing::Wish};
use axum::response::{IntoResponse, Redirect, Response};
use domain::{
    Action::{self, EditTesting, EditTestingTexts, SeeBinaries, SeeTesters, SubmitForBetaReview},
    ApiKeyId, OrgId,
};

/// What bringing a build to its testers demands: one of these, and for each part of the form what it is about.
const BRING: &[Action] = &[EditTesting, EditTestingTexts, SubmitForBetaReview];

/// The addresses of TestFlight.
pub(super) fn doors() -> Doors {
    let below = |rest: &str| format!("/o/{{org}}/keys/{{key}}/apps/{{identifier}}/test-flight{rest}");
    Doors::new()
        .page("/o/{org}/test-flight", In(SeeBinaries), app_page::choose)
        .page("/o/{org}/test-flight-changes/{change}", In(SeeBinaries), changes::show)
        .page(&below(""), In(SeeBinaries), app_page::show)
        .page(&below("/builds/{build}"), In(SeeBinaries), build::show)
        // Whoever may do one of these acts may write texts, and is shown the form.
        .page(&below("/builds/{build}/bring"), In(EditTestingTexts), build::bring_form)
        .act(&below("/builds/{build}/bring"), InOneOf(BRING), build::bring)
        .form(&below("/builds/{build}/expire"), In(EditTesting), ask::expire_form, ask::expire)
        .form(&below("/groups/new"), In(EditTesting), group::new_form, group::make)
        .page(&below("/groups/{group}"), In(SeeTesters), group::show)
        .form(&below("/groups/{group}/edit"), In(EditTesting), group::edit_form, group::edit)
        .form(&below("/groups/{group}/delete"), In(EditTesting), ask::delete_form, ask::delete)
        .form(
            &below("/groups/{group}/builds/{build}/take"),
            In(EditTesting),
            ask::take_build_form,
            ask::take_build,
        )
        .form(
            &below("/groups/{group}/testers/new"),
            In(EditTesting),
            testers::new_form,
            testers::add,
        )
        .form_with_file(
            &below("/groups/{group}/testers/list"),
            In(EditTesting),
            testers::FORM_BYTES,
            testers::list_form,
            testers::add_list,
        )
        .form(
            &below("/groups/{group}/testers/{tester}/invite"),
            In(EditTesting),
            ask::invite_form,
            ask::invite,
        )
        .form(
            &below("/groups/{group}/testers/{tester}/remove"),
            In(EditTesting),
            ask::take_out_form,
            ask::take_out,
        )
        .page(&below("/info"), In(SeeBinaries), info::show)
        .form(&below("/info/texts"), In(EditTestingTexts), info::texts_form, info::write_texts)
        .form(&below("/info/review"), In(EditTestingTexts), info::review_form, info::write_review)
        .form(
            &below("/info/license"),
            In(EditTestingTexts),
            info::license_form,
            info::write_license,
        )
}

/// An app in TestFlight, and the key that it is seen through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tested {
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKeyId,
    /// The app's bundle identifier.
    pub(crate) identifier: String,
}

impl Tested {
    /// From the parts of an address.
    ///
    /// # Errors
    /// `not_found` for what is no id.
    pub(crate) fn of(org: &str, key: &str, identifier: &str) -> Result<Self, Problem> {
        Ok(Self {
            org: id(org)?,
            key: id(key)?,
            identifier: identifier.to_owned(),
        })
    }

    /// The apps of its key.
    pub(crate) fn list(&self) -> String {
        format!("/o/{}/test-flight?key={}", self.org, self.key)
    }

    /// The app's page.
    pub(crate) fn address(&self) -> String {
        format!("/o/{}/keys/{}/apps/{}/test-flight", self.org, self.key, path_part(&self.identifier))
    }

    /// A build's page.
    pub(crate) fn build(&self, build: &str) -> String {
        format!("{}/builds/{}", self.address(), path_part(build))
    }

    /// A group's page.
    pub(crate) fn group(&self, group: &str) -> String {
        format!("{}/groups/{}", self.address(), path_part(group))
    }
}

/// Begins to fulfil wishes, and goes on to where that is told.
async fn begin(state: &State, visitor: &Visitor, app: &Tested, wishes: &[Wish]) -> Result<Response, Problem> {
    let caller = &visitor.who.caller;
    let begun = state.app.change_testing(caller, app.org, app.key, &app.identifier, wishes).await?;
    Ok(Redirect::to(&format!("/o/{}/test-flight-changes/{}", app.org, begun.id)).into_response())
}

/// What was written into a field; none when it was left empty.
fn written(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
