//! What TestFlight has of an app, as Apple lists it.

use super::{app_of, resolve};
use crate::{
    App, Caller, Problem,
    builds::{AppleBuild, app_unknown},
    key_use::reading,
    problem::Kind,
};
use apple::{BetaGroup, BetaTester, Session};
use domain::{Action, ApiKeyId, Feature, OrgId};
use jiff::Timestamp;

/// A group of testers.
#[derive(Debug, Clone)]
pub struct Group {
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

/// A group with who and what is in it.
#[derive(Debug, Clone)]
pub struct GroupDetails {
    /// The group.
    pub group: Group,
    /// Its testers.
    pub testers: Vec<Tester>,
    /// Its builds, newest first: version and number, and Apple's id.
    pub builds: Vec<AppleBuild>,
}

/// A tester.
#[derive(Debug, Clone)]
pub struct Tester {
    /// Apple's id.
    pub id: String,
    /// The e-mail address; Apple hides it of who came by a public link.
    pub email: Option<String>,
    /// The name.
    pub name: String,
    /// Apple's word for how they came: `EMAIL`, `PUBLIC_LINK`.
    pub invited_by: Option<String>,
    /// Apple's word for how far they are.
    pub state: Option<String>,
    /// The names of their groups, where they were asked for.
    pub groups: Vec<String>,
}

/// A build with who gets it and what they read.
#[derive(Debug, Clone)]
pub struct BuildInTesting {
    /// The build.
    pub build: AppleBuild,
    /// The groups that have it.
    pub groups: Vec<Group>,
    /// "What to Test": language and text.
    pub texts: Vec<(String, String)>,
    /// Apple's word for how far beta review is; none when it was not handed in.
    pub review: Option<String>,
    /// When it was handed in.
    pub submitted_at: Option<Timestamp>,
    /// Whether these are all groups and texts.
    pub is_complete: bool,
}

/// Whom beta review asks. The password is not among it.
#[derive(Debug, Clone, Default)]
pub struct ReviewContact {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether one must sign in.
    pub sign_in_required: bool,
    /// The account to sign in with.
    pub demo_account: Option<String>,
    /// Whether Apple has a password to it.
    pub has_demo_password: bool,
    /// What else there is to know.
    pub notes: Option<String>,
}

/// What testers and beta review read of an app.
#[derive(Debug, Clone)]
pub struct AppInfo {
    /// Per language.
    pub texts: Vec<(String, domain::operation::AppTexts)>,
    /// For beta review.
    pub review: ReviewContact,
    /// The license agreement; empty for Apple's own.
    pub license: String,
}

impl App {
    /// The groups of an app.
    ///
    /// # Errors
    /// `app_unknown`, `app_not_shared`; `key_not_usable` before the call; what Apple answers; `not_found`, `not_allowed`.
    pub async fn testing_groups(&self, caller: &Caller, org: OrgId, key: ApiKeyId, identifier: &str) -> Result<Vec<Group>, Problem> {
        self.in_app(caller, Action::SeeBinaries, org, key, identifier, async |apple, app| {
            let groups = resolve::groups_of(apple, app).await?;
            Ok(groups.into_iter().map(group).collect())
        })
        .await
    }

    /// A group, by name or Apple's id, with its testers and builds.
    ///
    /// # Errors
    /// As [`App::testing_groups`]; `group_unknown`.
    pub async fn testing_group(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        wanted: &str,
    ) -> Result<GroupDetails, Problem> {
        let found = self
            .in_app(caller, Action::SeeTesters, org, key, identifier, async |apple, app| {
                let groups = resolve::groups_of(apple, app).await?.into_iter().map(group);
                let groups: Vec<_> = groups.collect();
                let by_id = groups.iter().find(|group| group.id == wanted || group.name == wanted);
                let is_called = |group: &&Group| group.name.to_lowercase() == wanted.trim().to_lowercase();
                let Some(group) = by_id.or_else(|| groups.iter().find(is_called)).cloned() else {
                    return Ok(None);
                };
                let testers = apple.beta_groups().testers(&group.id).await?;
                let filter = apple::BuildFilter {
                    apps: vec![app.to_owned()],
                    groups: vec![group.id.clone()],
                    at_most: Some(200),
                    ..apple::BuildFilter::default()
                };
                let builds = apple.builds().list(&filter).await?;
                Ok(Some(GroupDetails {
                    testers: testers.into_iter().map(|one| tester(one, &groups)).collect(),
                    builds: builds.into_iter().map(AppleBuild::of).collect(),
                    group,
                }))
            })
            .await?;
        found.ok_or_else(|| Problem::new(Kind::NotFound, "group_unknown", format!("The app has no group “{wanted}”.")))
    }

    /// The testers of an app, with their groups.
    ///
    /// # Errors
    /// As [`App::testing_groups`].
    pub async fn testers(&self, caller: &Caller, org: OrgId, key: ApiKeyId, identifier: &str) -> Result<Vec<Tester>, Problem> {
        self.in_app(caller, Action::SeeTesters, org, key, identifier, async |apple, app| {
            let groups: Vec<_> = resolve::groups_of(apple, app).await?.into_iter().map(group).collect();
            let testers = resolve::testers_of(apple, app).await?;
            Ok(testers.into_iter().map(|one| tester(one, &groups)).collect())
        })
        .await
    }

    /// A build with who gets it and what they read, by number, `1.0 (42)` or Apple's id.
    ///
    /// # Errors
    /// As [`App::testing_groups`]; `build_unknown`, `build_ambiguous`.
    pub async fn testing_build(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        wanted: &str,
    ) -> Result<BuildInTesting, Problem> {
        self.in_app(caller, Action::SeeBinaries, org, key, identifier, async |apple, app| {
            let builds = resolve::builds_of(apple, app).await?;
            let id = match resolve::one_build(&builds, wanted) {
                Ok(build) => build.build.id.clone(),
                // It is named by an address here, and not in a form.
                Err(problem) => {
                    let kind = if problem.code == "build_unknown" {
                        Kind::NotFound
                    } else {
                        Kind::Conflict
                    };
                    return Ok(Err(Problem::new(kind, problem.code, problem.message)));
                }
            };
            let found = apple.builds().distribution(&id).await?;
            let review = found.review.map(|review| review.attributes);
            Ok(Ok(BuildInTesting {
                groups: found.groups.into_iter().map(group).collect(),
                texts: found
                    .texts
                    .into_iter()
                    .map(|text| {
                        (
                            text.attributes.locale.unwrap_or_default(),
                            text.attributes.whats_new.unwrap_or_default(),
                        )
                    })
                    .collect(),
                submitted_at: review.as_ref().and_then(|review| review.submitted_date),
                review: review.and_then(|review| Some(review.beta_review_state?.as_str().to_owned())),
                is_complete: found.is_complete,
                build: AppleBuild::of(found.detail),
            }))
        })
        .await?
    }

    /// What testers and beta review read of an app.
    ///
    /// # Errors
    /// As [`App::testing_groups`].
    pub async fn testing_info(&self, caller: &Caller, org: OrgId, key: ApiKeyId, identifier: &str) -> Result<AppInfo, Problem> {
        self.in_app(caller, Action::SeeBinaries, org, key, identifier, async |apple, app| {
            let texts = resolve::app_texts_of(apple, app).await?;
            let of = [app.to_owned()];
            let review = apple.beta_app_review_details().list(&of).await?;
            let license = apple.beta_license_agreements().list(&of).await?;
            Ok(AppInfo {
                texts: texts.into_iter().map(|text| text.attributes).map(texts_of).collect(),
                review: review
                    .into_iter()
                    .find(|details| details.related("app").is_none_or(|of| of.id == app))
                    .map(|details| contact(details.attributes))
                    .unwrap_or_default(),
                license: license
                    .into_iter()
                    .find(|agreement| agreement.related("app").is_none_or(|of| of.id == app))
                    .and_then(|agreement| agreement.attributes.agreement_text)
                    .unwrap_or_default(),
            })
        })
        .await
    }

    /// Reads something of one app, which must be one that the key sees and is lent for.
    async fn in_app<T>(
        &self,
        caller: &Caller,
        to: Action,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        read: impl AsyncFnOnce(&Session, &str) -> Result<T, apple::Error>,
    ) -> Result<T, Problem> {
        let permit = self.permit(caller, to, org).await?;
        self.refuse_beyond_apps(caller, &permit, key, identifier).await?;
        let (_, found) = self
            .use_key(
                caller,
                &permit,
                key,
                reading(Feature::ManageTestFlight),
                async |apple| match app_of(apple, identifier).await? {
                    Some(app) => Ok(Some(read(apple, &app.id).await?)),
                    None => Ok(None),
                },
            )
            .await?;
        found.ok_or_else(|| app_unknown(identifier))
    }
}

fn group(found: BetaGroup) -> Group {
    let attributes = found.attributes;
    let has_link = attributes.public_link_enabled == Some(true);
    Group {
        id: found.id,
        name: attributes.name.unwrap_or_default(),
        internal: attributes.is_internal_group == Some(true),
        all_builds: attributes.has_access_to_all_builds == Some(true),
        public_link: attributes.public_link.filter(|_| has_link),
        public_link_limit: attributes
            .public_link_limit
            .filter(|_| has_link && attributes.public_link_limit_enabled == Some(true)),
        feedback: attributes.feedback_enabled != Some(false),
        created_at: attributes.created_date,
    }
}

fn tester(found: BetaTester, groups: &[Group]) -> Tester {
    let of = found.related_many("betaGroups");
    let names = groups
        .iter()
        .filter(|group| of.iter().any(|of| of.id == group.id))
        .map(|group| group.name.clone())
        .collect();
    let attributes = found.attributes;
    let names_of_person = [attributes.first_name, attributes.last_name];
    Tester {
        groups: names,
        id: found.id,
        name: names_of_person.into_iter().flatten().collect::<Vec<_>>().join(" "),
        email: attributes.email,
        invited_by: attributes.invite_type.map(|kind| kind.as_str().to_owned()),
        state: attributes.state.map(|state| state.as_str().to_owned()),
    }
}

fn texts_of(found: apple::BetaAppLocalizationAttributes) -> (String, domain::operation::AppTexts) {
    let texts = domain::operation::AppTexts {
        feedback_email: found.feedback_email,
        marketing_url: found.marketing_url,
        privacy_policy_url: found.privacy_policy_url,
        description: found.description,
    };
    (found.locale.unwrap_or_default(), texts)
}

fn contact(found: apple::BetaAppReviewDetailAttributes) -> ReviewContact {
    ReviewContact {
        first_name: found.contact_first_name,
        last_name: found.contact_last_name,
        phone: found.contact_phone,
        email: found.contact_email,
        sign_in_required: found.demo_account_required == Some(true),
        demo_account: found.demo_account_name,
        has_demo_password: found.demo_account_password.is_some(),
        notes: found.notes,
    }
}
