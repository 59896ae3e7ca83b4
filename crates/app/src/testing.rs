//! TestFlight: groups, testers, what they read and what they get.
//!
//! ```text
//! wishes, by name ── the account's lists (testing/resolve.rs) ── changes, by Apple's id ── one call each (testing/calls.rs)
//! ```
//!
//! Who wishes something names groups, builds and testers as people do. All of them are looked up in the lists of the one app
//! that is meant, so that a key that is lent for an app reaches nothing of another one. What can be known to be refused is
//! refused there, all of it before anything is changed; then the changes go one after the other, and one that Apple refuses
//! does not stop those behind it.
//!
//! The surprising thing: the details for beta review hold a password, so they are no act of their own that is kept. They are
//! written at once (testing/review.rs), which does no harm twice.

mod calls;
mod file;
mod resolve;
mod review;
mod show;

pub use file::{MAX_BYTES, MAX_TESTERS};
pub use review::ReviewDetails;
pub use show::{AppInfo, BuildInTesting, Group, GroupDetails, ReviewContact, Tester};

pub(crate) use calls::Changing;

use crate::{
    App, Caller, Problem,
    builds::{AppleApp, app_at_apple, app_unknown},
    key_use::reading,
    operations::OperationView,
};
use apple::Session;
use domain::{
    Action, ApiKeyId, Feature, Operation, OperationId, OperationKind, OrgId,
    operation::{AppTestingChange, AppTestingChanges, AppTexts, TestingChange},
};
use std::time::Duration;

/// What somebody wishes to change. Groups are named by name or Apple's id, testers by e-mail address, builds by build number,
/// by `1.0 (42)` or by Apple's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Make a group.
    CreateGroup {
        /// Its name.
        name: String,
        /// Whether its testers are members of the team.
        internal: bool,
        /// Whether it gets every build by itself; internal groups only.
        all_builds: bool,
    },
    /// Change a group; none leaves something as it is.
    ChangeGroup {
        /// Which.
        group: String,
        /// A new name.
        rename_to: Option<String>,
        /// Whether there is a public link.
        public_link: Option<bool>,
        /// How many can join by it; zero for as many as Apple lets.
        public_link_limit: Option<u32>,
        /// Whether its testers can send feedback.
        feedback: Option<bool>,
    },
    /// Delete a group.
    DeleteGroup {
        /// Which.
        group: String,
    },
    /// Give a build to a group.
    GiveBuild {
        /// To which.
        group: String,
        /// Which.
        build: String,
    },
    /// Take a build from a group.
    TakeBuild {
        /// From which.
        group: String,
        /// Which.
        build: String,
    },
    /// Put a tester into a group.
    AddTester {
        /// Into which.
        group: String,
        /// The e-mail address.
        email: String,
        /// Given name.
        first_name: Option<String>,
        /// Family name.
        last_name: Option<String>,
    },
    /// Put the testers of a list into a group.
    AddTesters {
        /// Into which.
        group: String,
        /// CSV: e-mail address, given name, family name, in this order or named by a first row.
        file: String,
        /// Whether rows that do not fit are left out. Otherwise one of them stops all.
        leave_out_faulty: bool,
    },
    /// Take a tester out of a group, or away from the app.
    RemoveTester {
        /// Who.
        tester: String,
        /// Out of which; none for the whole app.
        group: Option<String>,
    },
    /// Have Apple send the invitation again.
    Invite {
        /// To whom.
        tester: String,
    },
    /// Write "What to Test".
    Describe {
        /// Of which build.
        build: String,
        /// In which language, such as `en-US`.
        locale: String,
        /// The text.
        text: String,
    },
    /// Answer export compliance.
    AnswerCompliance {
        /// Of which build.
        build: String,
        /// Whether it uses encryption that is not exempt.
        uses_encryption: bool,
    },
    /// Expire a build.
    ExpireBuild {
        /// Which.
        build: String,
    },
    /// Hand a build in for beta review.
    SubmitForReview {
        /// Which.
        build: String,
    },
    /// Tell the testers that there is a build.
    Notify {
        /// Which.
        build: String,
    },
    /// Write what testers read of the app.
    DescribeApp {
        /// In which language.
        locale: String,
        /// The texts.
        texts: AppTexts,
    },
    /// Write the license agreement.
    SetLicense {
        /// The text; Apple's own agreement where it is empty.
        text: String,
    },
}

impl Wish {
    fn action(&self) -> Action {
        match self {
            Self::SubmitForReview { .. } => Action::SubmitForBetaReview,
            Self::Describe { .. } | Self::DescribeApp { .. } | Self::SetLicense { .. } => Action::EditTestingTexts,
            _ => Action::EditTesting,
        }
    }
}

impl App {
    /// Begins to change what is wished. All of it is looked up first, and nothing is changed where something does not fit.
    ///
    /// # Errors
    /// `not_allowed` for whoever may not do all of it; `app_unknown`, `app_not_shared`; `nothing_to_change`; a problem at the
    /// field of a wish; `key_not_usable` with the keys that would work, before Apple is asked to change anything; Apple's.
    pub async fn change_testing(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        wishes: &[Wish],
    ) -> Result<Operation, Problem> {
        for wish in wishes {
            self.permit(caller, wish.action(), org).await?;
        }
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        self.refuse_beyond_apps(caller, &permit, key, identifier).await?;
        let (_, resolved) = self
            .use_key(caller, &permit, key, reading(Feature::ManageTestFlight), async |apple| {
                let Some(app) = app_of(apple, identifier).await? else {
                    return Ok(Err(app_unknown(identifier)));
                };
                let changes = Box::pin(resolve::resolved(apple, &app, wishes)).await?;
                Ok(changes.map(|changes| (app, changes)))
            })
            .await?;
        let (app, mut changes) = resolved?;
        let (app, identifier) = (app.id, identifier.to_owned());
        let kind = match changes.pop() {
            None => {
                return Err(Problem::field(
                    "nothing_to_change",
                    "changes",
                    "There is nothing to change: all of this is so already.",
                ));
            }
            Some(change) if changes.is_empty() => OperationKind::ChangeTesting(AppTestingChange {
                key,
                app,
                identifier,
                change,
            }),
            Some(last) => {
                changes.push(last);
                OperationKind::ChangeTestings(AppTestingChanges {
                    key,
                    app,
                    identifier,
                    changes,
                })
            }
        };
        self.begin_operation(caller, org, kind).await
    }

    /// How far changes came.
    ///
    /// # Errors
    /// `not_found`, also for an act of another sort; `not_allowed`.
    pub async fn testing_change(&self, caller: &Caller, org: OrgId, id: OperationId) -> Result<OperationView, Problem> {
        self.wait_for_testing_change(caller, org, id, Duration::ZERO).await
    }

    /// The same once they are over, or when so much time has passed.
    ///
    /// # Errors
    /// As [`App::testing_change`].
    pub async fn wait_for_testing_change(
        &self,
        caller: &Caller,
        org: OrgId,
        id: OperationId,
        at_most: Duration,
    ) -> Result<OperationView, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let view = self.view(&permit, id).await?;
        let names_tester = match &view.operation.kind {
            OperationKind::ChangeTesting(of) => of.change.names_tester(),
            OperationKind::ChangeTestings(of) => of.changes.iter().any(TestingChange::names_tester),
            _ => return Err(Problem::not_found()),
        };
        if names_tester {
            // Its steps name people.
            self.permit(caller, Action::SeeTesters, org).await?;
        }
        self.wait_for(&permit, id, at_most).await
    }
}

/// The app with this bundle identifier, if the key sees it.
async fn app_of(session: &Session, identifier: &str) -> Result<Option<AppleApp>, apple::Error> {
    Ok(app_at_apple(session, identifier).await?.and_then(AppleApp::of))
}
