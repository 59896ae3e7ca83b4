//! TestFlight: groups, testers, what they read and what they get.
use crate::Build;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One change in TestFlight. Groups are named by name or Apple's id, testers by e-mail address, builds by build number, by
/// `1.0 (42)` or by Apple's id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "change", deny_unknown_fields)]
pub enum TestingChange {
    /// Make a group of testers.
    CreateGroup {
        /// Its name, unique in the app.
        name: String,
        /// Whether its testers are members of the team. It cannot be changed.
        internal: bool,
        /// Whether it gets every build by itself; internal groups only.
        #[serde(default)]
        all_builds: bool,
    },
    /// Change a group; what is left out stays.
    ChangeGroup {
        /// Which.
        group: String,
        /// A new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rename_to: Option<String>,
        /// Whether whoever has the public link can join; external groups only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_link: Option<bool>,
        /// How many can join by it, at most 10,000; 0 for as many as Apple lets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_link_limit: Option<u32>,
        /// Whether its testers can send feedback.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feedback: Option<bool>,
    },
    /// Delete a group. Its testers lose the builds that they have through it.
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
    /// Put a tester into a group; who is no tester of the app yet is made one.
    AddTester {
        /// Into which.
        group: String,
        /// E-mail address.
        email: String,
        /// Given name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_name: Option<String>,
        /// Family name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_name: Option<String>,
    },
    /// Put the testers of a list into a group.
    AddTesters {
        /// Into which.
        group: String,
        /// CSV of at most 1 MiB: e-mail address, given name, family name, in this order or named by a first row.
        file: String,
        /// Whether lines that do not fit are left out. Otherwise one of them stops all.
        #[serde(default)]
        leave_out_faulty: bool,
    },
    /// Take a tester out of a group, or away from the app with all its groups.
    RemoveTester {
        /// Who.
        tester: String,
        /// Out of which; left out for the whole app.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// Have Apple send the invitation again.
    Invite {
        /// To whom.
        tester: String,
    },
    /// Write "What to Test" of a build in one language.
    Describe {
        /// Of which.
        build: String,
        /// Such as `en-US`.
        locale: String,
        /// At most 4,000 characters, without emoji.
        text: String,
    },
    /// Answer export compliance of a build. Apple takes one answer.
    AnswerCompliance {
        /// Of which.
        build: String,
        /// Whether it uses encryption that is not exempt.
        uses_encryption: bool,
    },
    /// Expire a build: it is taken from all testers, for good.
    ExpireBuild {
        /// Which.
        build: String,
    },
    /// Hand a build in for beta review, which external testers need.
    SubmitForReview {
        /// Which.
        build: String,
    },
    /// Tell the testers that there is a build.
    Notify {
        /// Which.
        build: String,
    },
    /// Write what testers read of the app in one language; what is left out stays.
    DescribeApp {
        /// Such as `en-US`.
        locale: String,
        /// Where feedback goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feedback_email: Option<String>,
        /// The app's page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        marketing_url: Option<String>,
        /// The page about privacy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        privacy_policy_url: Option<String>,
        /// The description, at most 4,000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Write the license agreement that testers accept.
    SetLicense {
        /// The text; Apple's own agreement where it is empty.
        text: String,
    },
}

/// Changes of one app in TestFlight. They are made one after the other; one that Apple refuses does not stop those behind it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestingChanges {
    /// Which, in their order; 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    pub changes: Vec<TestingChange>,
}

/// A group of testers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestingGroup {
    /// Apple's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether its testers are members of the team.
    pub internal: bool,
    /// Whether it gets every build by itself; then Apple lets nobody put one in.
    pub all_builds: bool,
    /// The public link, where it is on.
    pub public_link: Option<String>,
    /// How many can join by it, where that is limited.
    pub public_link_limit: Option<u32>,
    /// Whether its testers can send feedback.
    pub feedback: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// Groups of testers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestingGroups {
    /// By name.
    pub items: Vec<TestingGroup>,
}

/// A group with who and what is in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TestingGroupDetails {
    /// The group.
    pub group: TestingGroup,
    /// Its testers.
    pub testers: Vec<Tester>,
    /// Its builds, newest first.
    pub builds: Vec<Build>,
}

/// A tester.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Tester {
    /// Apple's id.
    pub id: String,
    /// E-mail address; Apple hides it of who came by a public link.
    pub email: Option<String>,
    /// The name.
    pub name: String,
    /// Apple's word for how they came: `EMAIL`, `PUBLIC_LINK`.
    pub invited_by: Option<String>,
    /// Apple's word for how far they are: `INVITED`, `ACCEPTED`, `INSTALLED`, …
    pub state: Option<String>,
    /// The names of their groups.
    pub groups: Vec<String>,
}

/// Testers of an app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Testers {
    /// By e-mail address.
    pub items: Vec<Tester>,
}

/// A text in one language.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TextIn {
    /// Such as `en-US`.
    pub locale: String,
    /// The text.
    pub text: String,
}

/// A build with who gets it and what they read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BuildInTesting {
    /// The build.
    pub build: Build,
    /// The groups that have it.
    pub groups: Vec<TestingGroup>,
    /// "What to Test".
    pub what_to_test: Vec<TextIn>,
    /// Apple's word for how far beta review is: `WAITING_FOR_REVIEW`, `IN_REVIEW`, `REJECTED`, `APPROVED`; none when it was not
    /// handed in.
    pub review: Option<String>,
    /// When it was handed in.
    pub submitted_at: Option<Timestamp>,
    /// Whether these are all groups and texts: Apple tells at most 50 of each.
    pub is_complete: bool,
}

/// What testers read of an app in one language.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct BetaAppTexts {
    /// Such as `en-US`.
    pub locale: String,
    /// Where feedback goes.
    pub feedback_email: Option<String>,
    /// The app's page.
    pub marketing_url: Option<String>,
    /// The page about privacy.
    pub privacy_policy_url: Option<String>,
    /// The description.
    pub description: Option<String>,
}

/// Whom beta review asks. The password of the demo account is never told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BetaReviewContact {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether one must sign in to review the app.
    pub sign_in_required: bool,
    /// The account to sign in with.
    pub demo_account: Option<String>,
    /// Whether Apple has a password to it.
    pub has_demo_password: bool,
    /// What else there is to know.
    pub notes: Option<String>,
}

/// What testers and beta review read of an app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BetaInfo {
    /// Per language.
    pub texts: Vec<BetaAppTexts>,
    /// For beta review.
    pub review: BetaReviewContact,
    /// The license agreement; empty for Apple's own.
    pub license: String,
}

/// What beta review needs to know; what is left out stays. It cannot be printed: there is a password in it.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewBetaReviewDetails {
    /// Given name of whom to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Telephone number, with `+` and country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether one must sign in to review the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_required: Option<bool>,
    /// The account to sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_account: Option<String>,
    /// Its password. It goes to Apple and is kept nowhere here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_password: Option<String>,
    /// What else there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}
