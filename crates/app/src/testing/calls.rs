//! One change in TestFlight, as one request of Apple's API, and several as a plan.
//!
//! Every change may come twice without harm: what is in a group already is put in once more, a text is written over by
//! itself, what is gone stays gone. So a lost answer is followed by the same request, where the lists do not show that it was
//! done; the few that Apple refuses a second time (a group of the same name, a build that is in review) are looked for.

use crate::{
    App, Problem,
    operations::{Answer, Call, Kept, Next, Plan, at_apple, gone},
};
use apple::{
    BetaAppTexts, BetaGroupFilter, BetaGroupPatch, BetaTesterFilter, BuildPatch, Error, NewBetaGroup, NewBetaTester, Session, TesterOf,
};
use async_trait::async_trait;
use domain::{
    Feature, Made, Operation, OperationKind, OperationState, Permit,
    operation::{AppTestingChange, AppTestingChanges, TestingChange},
};
use store::{KeyToUse, Tx};

/// A change that is being made.
pub(crate) struct Changing(pub(crate) AppTestingChange);

#[async_trait]
impl Call for Changing {
    fn thing(&self) -> &'static str {
        "the change"
    }

    fn list(&self) -> Feature {
        Feature::ManageTestFlight
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let id = match &self.0.change {
            TestingChange::CreateGroup {
                name,
                internal,
                all_builds,
            } => {
                let new = NewBetaGroup {
                    app: self.0.app.clone(),
                    name: name.clone(),
                    is_internal_group: *internal,
                    has_access_to_all_builds: internal.then_some(*all_builds),
                    ..NewBetaGroup::default()
                };
                session.beta_groups().create(&new).await?.id
            }
            TestingChange::ChangeGroup {
                group,
                rename_to,
                public_link,
                public_link_limit,
                feedback,
            } => {
                let patch = BetaGroupPatch {
                    name: rename_to.clone(),
                    public_link_enabled: *public_link,
                    public_link_limit_enabled: public_link_limit.map(|limit| limit > 0),
                    public_link_limit: public_link_limit.filter(|limit| *limit > 0),
                    feedback_enabled: *feedback,
                    ..BetaGroupPatch::default()
                };
                session.beta_groups().patch(&group.id, &patch).await?.id
            }
            TestingChange::DeleteGroup { group } => return gone(session.beta_groups().delete(&group.id).await, &group.id),
            TestingChange::GiveBuild { group, build } => {
                session.beta_groups().add_builds(&group.id, std::slice::from_ref(&build.id)).await?;
                group.id.clone()
            }
            TestingChange::TakeBuild { group, build } => {
                session
                    .beta_groups()
                    .remove_builds(&group.id, std::slice::from_ref(&build.id))
                    .await?;
                group.id.clone()
            }
            TestingChange::AddTester {
                tester: Some(tester),
                group,
                ..
            } => {
                session.beta_groups().add_testers(&group.id, std::slice::from_ref(tester)).await?;
                tester.clone()
            }
            TestingChange::AddTester {
                tester: None,
                group,
                email,
                first_name,
                last_name,
            } => {
                let new = NewBetaTester {
                    email: email.clone(),
                    first_name: first_name.clone(),
                    last_name: last_name.clone(),
                    of: TesterOf::Groups(vec![group.id.clone()]),
                };
                session.beta_testers().create(&new).await?.id
            }
            TestingChange::RemoveTester {
                tester,
                group: Some(group),
            } => {
                session
                    .beta_groups()
                    .remove_testers(&group.id, std::slice::from_ref(&tester.id))
                    .await?;
                tester.id.clone()
            }
            TestingChange::RemoveTester { tester, group: None } => {
                let taken = session
                    .beta_testers()
                    .remove_from_app(&self.0.app, std::slice::from_ref(&tester.id))
                    .await;
                return gone(taken, &tester.id);
            }
            TestingChange::Invite { tester } => {
                session.beta_testers().invite(&self.0.app, &tester.id).await?;
                tester.id.clone()
            }
            TestingChange::Describe {
                build,
                locale,
                text,
                present,
            } => {
                let texts = session.beta_build_localizations();
                match present {
                    Some(present) => texts.patch(present, text).await?.id,
                    None => texts.create(&build.id, locale, text).await?.id,
                }
            }
            TestingChange::AnswerCompliance { build, uses_encryption } => {
                let patch = BuildPatch {
                    uses_non_exempt_encryption: Some(*uses_encryption),
                    ..BuildPatch::default()
                };
                session.builds().patch(&build.id, &patch).await?.id
            }
            TestingChange::ExpireBuild { build } => {
                let patch = BuildPatch {
                    expired: Some(true),
                    ..BuildPatch::default()
                };
                session.builds().patch(&build.id, &patch).await?.id
            }
            TestingChange::SubmitForReview { build } => session.beta_app_review_submissions().create(&build.id).await?.id,
            TestingChange::Notify { build } => {
                session.build_beta_notifications().create(&build.id).await?;
                build.id.clone()
            }
            TestingChange::DescribeApp { locale, texts, present } => {
                let texts = BetaAppTexts {
                    feedback_email: texts.feedback_email.clone(),
                    marketing_url: texts.marketing_url.clone(),
                    privacy_policy_url: texts.privacy_policy_url.clone(),
                    description: texts.description.clone(),
                    ..BetaAppTexts::default()
                };
                let known = session.beta_app_localizations();
                match present {
                    Some(present) => known.patch(present, &texts).await?.id,
                    None => known.create(&self.0.app, locale, &texts).await?.id,
                }
            }
            TestingChange::SetLicense { agreement, text } => session.beta_license_agreements().patch(agreement, text).await?.id,
        };
        Ok(Answer::AtApple(id))
    }

    /// Only what Apple would refuse a second time is looked for; the rest is asked for again.
    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let found = match &self.0.change {
            TestingChange::CreateGroup { name, internal, .. } => {
                let filter = BetaGroupFilter {
                    apps: vec![self.0.app.clone()],
                    names: vec![name.clone()],
                    ..BetaGroupFilter::default()
                };
                let listed = session.beta_groups().list(&filter).await?;
                let is_ours = |group: &apple::BetaGroup| {
                    group.attributes.name.as_ref() == Some(name) && group.attributes.is_internal_group == Some(*internal)
                };
                listed.into_iter().find(is_ours).map(|group| group.id)
            }
            TestingChange::AddTester {
                tester: None,
                group,
                email,
                ..
            } => {
                let filter = BetaTesterFilter {
                    groups: vec![group.id.clone()],
                    emails: vec![email.clone()],
                    ..BetaTesterFilter::default()
                };
                let listed = session.beta_testers().list(&filter).await?;
                let is_ours = |known: &String| known.eq_ignore_ascii_case(email);
                listed
                    .into_iter()
                    .find(|tester| tester.attributes.email.as_ref().is_some_and(is_ours))
                    .map(|tester| tester.id)
            }
            TestingChange::Describe {
                build,
                locale,
                text,
                present: None,
            } => {
                let listed = session.beta_build_localizations().list(std::slice::from_ref(&build.id)).await?;
                let is_ours = |known: &apple::BetaBuildLocalization| {
                    known.attributes.locale.as_ref() == Some(locale) && known.attributes.whats_new.as_ref() == Some(text)
                };
                listed.into_iter().find(is_ours).map(|text| text.id)
            }
            TestingChange::AnswerCompliance { build, uses_encryption } => {
                let known = session.builds().get(&build.id).await?.build;
                (known.attributes.uses_non_exempt_encryption == Some(*uses_encryption)).then_some(known.id)
            }
            TestingChange::SubmitForReview { build } => {
                let listed = session.beta_app_review_submissions().list(std::slice::from_ref(&build.id)).await?;
                let is_ours = |known: &apple::BetaAppReviewSubmission| known.related("build").is_none_or(|of| of.id == build.id);
                listed.into_iter().find(is_ours).map(|submission| submission.id)
            }
            TestingChange::DescribeApp {
                locale,
                texts,
                present: None,
            } => {
                let listed = super::resolve::app_texts_of(session, &self.0.app).await?;
                // Another's texts in this language are not ours: then Apple says so when it is asked again.
                let is_so = |wanted: &Option<String>, known: &Option<String>| wanted.is_none() || wanted == known;
                let is_ours = |known: &apple::BetaAppLocalization| {
                    let known = &known.attributes;
                    known.locale.as_ref() == Some(locale)
                        && is_so(&texts.description, &known.description)
                        && is_so(&texts.feedback_email, &known.feedback_email)
                        && is_so(&texts.marketing_url, &known.marketing_url)
                        && is_so(&texts.privacy_policy_url, &known.privacy_policy_url)
                };
                listed.into_iter().find(is_ours).map(|text| text.id)
            }
            _ => None,
        };
        Ok(found.map(Answer::AtApple))
    }

    async fn keep(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        answer.nothing_but_its_id()
    }
}

#[async_trait]
impl Plan for AppTestingChanges {
    /// Of several groups the others get the build, too.
    fn goes_on_without(&self, _step: &OperationKind) -> bool {
        true
    }

    async fn next(&self, _app: &App, _permit: &Permit, _plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        // What Apple says to every request, it would say to all that come behind.
        let is_stopped = steps
            .last()
            .is_some_and(|step| matches!(step.state, OperationState::Refused { status: 401 | 429, .. }));
        if let Some(change) = self.changes.get(steps.len()).filter(|_| !is_stopped) {
            return Ok(Next::Begin(Box::new(OperationKind::ChangeTesting(AppTestingChange {
                key: self.key,
                app: self.app.clone(),
                identifier: self.identifier.clone(),
                change: change.clone(),
            }))));
        }
        let mut by_apple = Vec::new();
        let mut undone = Vec::new();
        for step in steps {
            match &step.state {
                OperationState::Refused { status, code, why, .. } => {
                    by_apple.push((*status, code.clone()));
                    undone.push(format!("{}: {why}", step.kind.title()));
                }
                OperationState::Failed { why } => undone.push(format!("{}: {why}", step.kind.title())),
                _ => {}
            }
        }
        if undone.is_empty() {
            let id = steps.last().and_then(at_apple).unwrap_or_default().to_owned();
            return Ok(Next::End(OperationState::Done { made: Made::AtApple(id) }));
        }
        let left = self.changes.len().saturating_sub(steps.len());
        let mut why = format!(
            "{} of {} changes were not made. {}",
            undone.len() + left,
            self.changes.len(),
            undone.join(" ")
        );
        if left > 0 {
            why.push_str(" The rest was not tried: Apple would answer the same. Begin again later; what was made is left out then.");
        }
        // Where it was Apple that said no, each time, that is the end of the whole.
        let all_by_apple = by_apple.len() == undone.len();
        Ok(Next::End(match by_apple.into_iter().next().filter(|_| all_by_apple) {
            Some((status, code)) => OperationState::Refused {
                status,
                code,
                why,
                places: vec![],
            },
            None => OperationState::Failed { why },
        }))
    }
}
