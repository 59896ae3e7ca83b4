//! An act in TestFlight: each of its changes with its own result.

use super::{
    super::{
        filters,
        operation::{Progress, Step, steps},
        parts::{Mark, Notice, Tone},
        shell::{Place, Shell},
        visit::{Answer, Visitor, id, page},
    },
    Tested,
};
use crate::State;
use app::operations::OperationView;
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{OperationKind, OperationState, operation::TestingChange};
use std::time::Duration;

/// How far it came.
#[derive(Template)]
#[template(path = "testing/changes.html")]
pub(crate) struct ChangesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// What is known.
    pub(crate) view: OperationView,
}

impl ChangesPage {
    fn title(&self) -> String {
        self.view.operation.kind.title()
    }

    fn is_over(&self) -> bool {
        self.view.operation.state.is_over()
    }

    /// Those that were begun, then those to come.
    fn steps(&self) -> Vec<Step> {
        let mut shown = steps(&self.view);
        if let OperationKind::ChangeTestings(plan) = &self.view.operation.kind
            && !self.is_over()
        {
            let to_come = plan.changes.iter().skip(self.view.steps.len());
            if self.view.steps.is_empty() {
                shown.clear();
            }
            shown.extend(to_come.map(|change| Step {
                title: change.title(),
                note: String::new(),
                progress: Progress::Waiting,
                at: None,
            }));
        }
        shown
    }

    fn done(&self) -> usize {
        self.steps().iter().filter(|step| step.is_done()).count()
    }

    fn counted(&self) -> String {
        let steps = self.steps();
        format!("{} of {} done", self.done(), steps.len())
    }

    fn state(&self) -> Mark {
        match &self.view.operation.state {
            OperationState::Done { .. } => Mark::new(Tone::Ok, "ok", "Done"),
            _ if self.is_over() && self.done() > 0 => Mark::new(Tone::Warn, "warn", "Done in part"),
            OperationState::Refused { .. } => Mark::new(Tone::Bad, "bad", "Refused by Apple"),
            OperationState::Failed { .. } => Mark::new(Tone::Bad, "bad", "Failed"),
            OperationState::Unknown { .. } => Mark::new(Tone::Warn, "warn", "Answer lost"),
            _ => Mark::new(Tone::Info, "half", "Under way"),
        }
    }

    fn notice(&self) -> Option<Notice> {
        match &self.view.operation.state {
            OperationState::Refused { .. } | OperationState::Failed { .. } if self.done() > 0 => Some(Notice::new(
                Tone::Warn,
                "Some of it was done, some was not",
                "Each step says below what became of it. What was done stays done; begin again with the rest.",
            )),
            OperationState::Refused { status, code, why, .. } => {
                Some(Notice::new(Tone::Bad, format!("Apple refused ({status} {code})"), why.clone()))
            }
            OperationState::Failed { why } => Some(Notice::new(Tone::Bad, "It could not be done", why.clone())),
            OperationState::Unknown { why, .. } => Some(Notice::new(
                Tone::Warn,
                "Apple’s answer was lost",
                format!("{why} Russet looks at what Apple lists, and asks again only where that does no harm."),
            )),
            _ => None,
        }
    }

    /// What it was about besides the app, when that is still there: words and address.
    fn about(&self) -> Option<(String, String)> {
        let change = match &self.view.operation.kind {
            OperationKind::ChangeTesting(of) => &of.change,
            OperationKind::ChangeTestings(of) => of.changes.first()?,
            _ => return None,
        };
        match change {
            TestingChange::GiveBuild { build, .. }
            | TestingChange::Describe { build, .. }
            | TestingChange::AnswerCompliance { build, .. }
            | TestingChange::ExpireBuild { build }
            | TestingChange::SubmitForReview { build }
            | TestingChange::Notify { build } => Some((format!("See {}", build.title), self.app.build(&build.id))),
            TestingChange::ChangeGroup { group, .. }
            | TestingChange::TakeBuild { group, .. }
            | TestingChange::AddTester { group, .. }
            | TestingChange::RemoveTester { group: Some(group), .. } => Some((format!("See “{}”", group.name), self.app.group(&group.id))),
            TestingChange::DescribeApp { .. } | TestingChange::SetLicense { .. } => {
                Some(("See what testers read".to_owned(), format!("{}/info", self.app.address())))
            }
            _ => None,
        }
    }
}

/// `GET /o/{org}/test-flight-changes/{change}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, change)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let (org, change) = (id(&org)?, id(&change)?);
    let shell = visitor.shell_in(&state, org, Place::TestFlight).await?;
    let caller = &visitor.who.caller;
    // Most of Apple's answers take a second: a short wait spares most visitors the page in between.
    let view = state
        .app
        .wait_for_testing_change(caller, org, change, Duration::from_secs(1))
        .await?;
    let (key, identifier) = match &view.operation.kind {
        OperationKind::ChangeTesting(of) => (of.key, of.identifier.clone()),
        OperationKind::ChangeTestings(of) => (of.key, of.identifier.clone()),
        _ => return Err(app::Problem::not_found().into()),
    };
    let app = Tested { org, key, identifier };
    page(&ChangesPage { shell, app, view })
}
