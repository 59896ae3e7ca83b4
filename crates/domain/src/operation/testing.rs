//! What can be changed in TestFlight: each change is one request of Apple's API, and several of an app are a plan that
//! carries them out in their order.
//!
//! Everything is named by Apple's id and by what people call it, so that an act can be told without asking Apple again.

use crate::{id::ApiKeyId, policy::Action};
use serde::{Deserialize, Serialize};

/// A group of testers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupName {
    /// Apple's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether its testers are members of the team.
    pub internal: bool,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildName {
    /// Apple's id.
    pub id: String,
    /// Version and build number: `1.0 (42)`.
    pub title: String,
}

/// A tester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TesterName {
    /// Apple's id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
}

/// What testers read of an app in one language; none leaves a text as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppTexts {
    /// Where feedback goes.
    pub feedback_email: Option<String>,
    /// The app's page.
    pub marketing_url: Option<String>,
    /// The page about privacy.
    pub privacy_policy_url: Option<String>,
    /// The description.
    pub description: Option<String>,
}

/// One change in TestFlight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum TestingChange {
    /// Make a group.
    CreateGroup {
        /// Its name, unique in the app.
        name: String,
        /// Whether its testers are members of the team.
        internal: bool,
        /// Whether it gets every build by itself; internal groups only.
        all_builds: bool,
    },
    /// Rename a group, or change its public link and whether its testers can send feedback.
    ChangeGroup {
        /// Which.
        group: GroupName,
        /// A new name.
        rename_to: Option<String>,
        /// Whether whoever has the public link can join.
        public_link: Option<bool>,
        /// So many can join by it; zero for as many as Apple lets.
        public_link_limit: Option<u32>,
        /// Whether its testers can send feedback.
        feedback: Option<bool>,
    },
    /// Delete a group: its testers lose what they have through it.
    DeleteGroup {
        /// Which.
        group: GroupName,
    },
    /// Give a build to a group.
    GiveBuild {
        /// To which.
        group: GroupName,
        /// Which.
        build: BuildName,
    },
    /// Take a build from a group.
    TakeBuild {
        /// From which.
        group: GroupName,
        /// Which.
        build: BuildName,
    },
    /// Put a tester into a group; who is no tester of the app yet is made one.
    AddTester {
        /// Into which.
        group: GroupName,
        /// The e-mail address.
        email: String,
        /// Given name, of a new one.
        first_name: Option<String>,
        /// Family name, of a new one.
        last_name: Option<String>,
        /// Apple's id, of one that is there already.
        tester: Option<String>,
    },
    /// Take a tester out of a group, or away from the app with all its groups.
    RemoveTester {
        /// Who.
        tester: TesterName,
        /// Out of which group; none for the whole app.
        group: Option<GroupName>,
    },
    /// Have Apple send the invitation again.
    Invite {
        /// To whom.
        tester: TesterName,
    },
    /// Write "What to Test" of a build in one language.
    Describe {
        /// Of which.
        build: BuildName,
        /// Such as `en-US`.
        locale: String,
        /// The text.
        text: String,
        /// Apple's id of the text that is there.
        present: Option<String>,
    },
    /// Answer export compliance. Apple takes the answer once.
    AnswerCompliance {
        /// Of which build.
        build: BuildName,
        /// Whether it uses encryption that is not exempt.
        uses_encryption: bool,
    },
    /// Expire a build: it is taken from all testers, for good.
    ExpireBuild {
        /// Which.
        build: BuildName,
    },
    /// Hand a build in for beta review, which external testers need.
    SubmitForReview {
        /// Which.
        build: BuildName,
    },
    /// Tell the testers that there is a build.
    Notify {
        /// Which.
        build: BuildName,
    },
    /// Write what testers read of the app in one language.
    DescribeApp {
        /// Such as `en-US`.
        locale: String,
        /// The texts.
        texts: AppTexts,
        /// Apple's id of the texts that are there.
        present: Option<String>,
    },
    /// Write the license agreement that testers accept; Apple's own where the text is empty.
    SetLicense {
        /// Apple's id of the agreement.
        agreement: String,
        /// The text.
        text: String,
    },
}

impl TestingChange {
    /// Whether a key that manages internal testers only can do it (facts B3: a Developer key makes internal groups and is
    /// refused external ones, texts and beta review).
    #[must_use]
    pub fn is_internal(&self) -> bool {
        match self {
            Self::CreateGroup { internal, .. } => *internal,
            Self::ChangeGroup { group, .. }
            | Self::DeleteGroup { group }
            | Self::GiveBuild { group, .. }
            | Self::TakeBuild { group, .. }
            | Self::AddTester { group, .. }
            | Self::RemoveTester { group: Some(group), .. } => group.internal,
            Self::RemoveTester { group: None, .. }
            | Self::Invite { .. }
            | Self::Describe { .. }
            | Self::AnswerCompliance { .. }
            | Self::ExpireBuild { .. }
            | Self::SubmitForReview { .. }
            | Self::Notify { .. }
            | Self::DescribeApp { .. }
            | Self::SetLicense { .. } => false,
        }
    }

    /// What whoever begins it must be allowed to do.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::SubmitForReview { .. } => Action::SubmitForBetaReview,
            Self::Describe { .. } | Self::DescribeApp { .. } | Self::SetLicense { .. } => Action::EditTestingTexts,
            _ => Action::EditTesting,
        }
    }

    /// What people call it: "Give 1.0 (42) to “Friends”".
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::CreateGroup { name, internal, .. } => {
                format!("Make the {} group “{name}”", if *internal { "internal" } else { "external" })
            }
            Self::ChangeGroup { group, .. } => format!("Change the group “{}”", group.name),
            Self::DeleteGroup { group } => format!("Delete the group “{}”", group.name),
            Self::GiveBuild { group, build } => format!("Give {} to “{}”", build.title, group.name),
            Self::TakeBuild { group, build } => format!("Take {} from “{}”", build.title, group.name),
            Self::AddTester { group, email, .. } => format!("Put {email} into “{}”", group.name),
            Self::RemoveTester {
                tester,
                group: Some(group),
            } => format!("Take {} out of “{}”", tester.email, group.name),
            Self::RemoveTester { tester, group: None } => format!("Take {} away from the app", tester.email),
            Self::Invite { tester } => format!("Invite {} again", tester.email),
            Self::Describe { build, locale, .. } => format!("Write “What to Test” of {} in {locale}", build.title),
            Self::AnswerCompliance { build, .. } => format!("Answer export compliance of {}", build.title),
            Self::ExpireBuild { build } => format!("Expire {}", build.title),
            Self::SubmitForReview { build } => format!("Submit {} for beta review", build.title),
            Self::Notify { build } => format!("Tell testers of {}", build.title),
            Self::DescribeApp { locale, .. } => format!("Write the beta description in {locale}"),
            Self::SetLicense { .. } => "Write the beta license agreement".to_owned(),
        }
    }

    /// Whether its title names a person who tests.
    #[must_use]
    pub fn names_tester(&self) -> bool {
        matches!(self, Self::AddTester { .. } | Self::RemoveTester { .. } | Self::Invite { .. })
    }

    /// The same as [`TestingChange::title`] without a person's address: for the log, which stays, and which people read who may
    /// not see testers.
    #[must_use]
    pub fn impersonal_title(&self) -> String {
        match self {
            Self::AddTester { group, .. } => format!("Put a tester into “{}”", group.name),
            Self::RemoveTester { group: Some(group), .. } => format!("Take a tester out of “{}”", group.name),
            Self::RemoveTester { group: None, .. } => "Take a tester away from the app".to_owned(),
            Self::Invite { .. } => "Invite a tester again".to_owned(),
            other => other.title(),
        }
    }

    /// What of Apple's it changes, by Apple's id or, of what is new in the app, by its name: one act at a time does that. An act
    /// whose answer was lost is asked for again, and would undo what another did meanwhile.
    fn subject(&self) -> &str {
        match self {
            Self::CreateGroup { name, .. } => name,
            Self::ChangeGroup { group, .. } | Self::DeleteGroup { group } => &group.id,
            Self::GiveBuild { build, .. }
            | Self::TakeBuild { build, .. }
            | Self::Describe { build, .. }
            | Self::AnswerCompliance { build, .. }
            | Self::ExpireBuild { build }
            | Self::SubmitForReview { build }
            | Self::Notify { build } => &build.id,
            Self::AddTester { tester, email, .. } => tester.as_ref().unwrap_or(email),
            Self::RemoveTester { tester, .. } | Self::Invite { tester } => &tester.id,
            Self::DescribeApp { locale, .. } => locale,
            Self::SetLicense { agreement, .. } => agreement,
        }
    }

    /// What people call several: the one, or how many.
    #[must_use]
    pub fn title_of(changes: &[Self]) -> String {
        match changes {
            [one] => one.title(),
            [Self::AddTester { group, .. }, ..] if changes.iter().all(|change| matches!(change, Self::AddTester { .. })) => {
                format!("Put {} testers into “{}”", changes.len(), group.name)
            }
            [
                ..,
                Self::GiveBuild { build, .. } | Self::SubmitForReview { build } | Self::Notify { build },
            ] => format!("Bring {} to its testers", build.title),
            _ => format!("Make {} changes in TestFlight", changes.len()),
        }
    }
}

/// One change of an app in TestFlight: a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppTestingChange {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id of the app.
    pub app: String,
    /// Its bundle identifier.
    pub identifier: String,
    /// Which.
    pub change: TestingChange,
}

/// Several changes of an app in TestFlight, one after the other: a plan. One that Apple refuses does not stop those behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppTestingChanges {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id of the app.
    pub app: String,
    /// Its bundle identifier.
    pub identifier: String,
    /// Which, in their order.
    pub changes: Vec<TestingChange>,
}

impl AppTestingChange {
    /// What it changes; names are those of one app.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{} {}", self.app, self.change.subject())
    }
}

impl AppTestingChanges {
    /// What it changes. Of a build on its way to its testers the last change names it, as the others do.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        Some(format!("{} {}", self.app, self.changes.last()?.subject()))
    }

    /// The right that is asked for the whole: the rarest of its changes.
    #[must_use]
    pub fn action(&self) -> Action {
        let asks = |action| self.changes.iter().any(|change| change.action() == action);
        [Action::SubmitForBetaReview, Action::EditTesting]
            .into_iter()
            .find(|action| asks(*action))
            .unwrap_or(Action::EditTestingTexts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(internal: bool) -> GroupName {
        GroupName {
            id: "1".to_owned(),
            name: "Friends".to_owned(),
            internal,
        }
    }

    fn build() -> BuildName {
        BuildName {
            id: "2".to_owned(),
            title: "1.0 (42)".to_owned(),
        }
    }

    #[test]
    fn the_rarest_right_of_several_changes_is_asked() {
        let give = TestingChange::GiveBuild {
            group: group(false),
            build: build(),
        };
        let describe = TestingChange::Describe {
            build: build(),
            locale: "en-US".to_owned(),
            text: "All of it.".to_owned(),
            present: None,
        };
        let submit = TestingChange::SubmitForReview { build: build() };
        let of = |changes: &[&TestingChange]| AppTestingChanges {
            key: "key_01930000000070008000000000000001".parse().unwrap(),
            app: "1".to_owned(),
            identifier: "no.halden.ferry".to_owned(),
            changes: changes.iter().map(|&change| change.clone()).collect(),
        };
        assert_eq!(of(&[&describe]).action(), Action::EditTestingTexts);
        assert_eq!(of(&[&describe, &give]).action(), Action::EditTesting);
        assert_eq!(of(&[&describe, &give, &submit]).action(), Action::SubmitForBetaReview);
        assert_eq!(TestingChange::title_of(&[describe.clone(), give]), "Bring 1.0 (42) to its testers");
        assert!(!describe.is_internal() && !submit.is_internal());
        assert!(TestingChange::DeleteGroup { group: group(true) }.is_internal());
        let invite = TestingChange::Invite {
            tester: TesterName {
                id: "3".to_owned(),
                email: "ada@example.com".to_owned(),
            },
        };
        assert!(invite.names_tester() && invite.title().contains("ada@example.com"));
        assert_eq!(invite.impersonal_title(), "Invite a tester again");
    }
}
