//! The question of export compliance, answered by what is set for the app: the fifth step of a sending.
//!
//! Apple asks it of each build whose `Info.plist` does not answer (`ITSAppUsesNonExemptEncryption`), and gives the build to
//! no tester until somebody does. Where nothing is set for the app, that is left to people.
//!
//! The surprising thing: the build is there whatever becomes of this step. So one that is refused ends nothing; it is told
//! with the build.

use super::plan::Built;
use crate::{
    App, Problem,
    operations::{Answer, Call, Kept, Next},
};
use apple::{BuildPatch, Error, Session};
use async_trait::async_trait;
use domain::{
    Feature, Operation, OperationKind, OperationState, Permit,
    operation::{BuildAnswer, BuildToSend},
};
use store::{KeyToUse, Tx};

/// The answer for one build.
pub(crate) struct Answering(pub(crate) BuildAnswer);

#[async_trait]
impl Call for Answering {
    fn thing(&self) -> &'static str {
        "the answer about export compliance"
    }

    fn list(&self) -> Feature {
        Feature::ManageTestFlight
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    /// Apple takes one answer. That ours was given before is fine; that another was is told.
    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let patch = BuildPatch {
            uses_non_exempt_encryption: Some(self.0.uses_encryption),
            ..BuildPatch::default()
        };
        match session.builds().patch(&self.0.build, &patch).await {
            Ok(build) => Ok(Answer::AtApple(build.id)),
            Err(error) if error.is_already_set() => self.look(session).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let build = session.builds().get(&self.0.build).await?.build;
        let is_ours = build.attributes.uses_non_exempt_encryption == Some(self.0.uses_encryption);
        Ok(is_ours.then_some(Answer::AtApple(build.id)))
    }

    async fn keep(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        answer.nothing_but_its_id()
    }
}

/// What is left to do once a build is there: the answer, where it is wanted and set, and was not tried yet.
pub(super) async fn after(
    app: &App,
    permit: &Permit,
    of: &BuildToSend,
    mut built: Built,
    answered: Option<&Operation>,
) -> Result<Next, Problem> {
    match answered.map(|step| &step.state) {
        None if !built.is_answered => {
            let set = app.inner.store.read_for(permit).await?.app_settings(permit, &of.identifier).await?;
            if let Some(uses_encryption) = set.export_compliance.uses_encryption() {
                let answer = BuildAnswer {
                    of: Box::new(of.clone()),
                    build: built.apple_id,
                    uses_encryption,
                };
                return Ok(Next::Begin(Box::new(OperationKind::AnswerCompliance(answer))));
            }
        }
        Some(OperationState::Refused { why, .. } | OperationState::Failed { why }) => built.warnings.push(format!(
            "The answer about export compliance that is set for the app could not be given: {why} See in App Store Connect what the build has."
        )),
        _ => {}
    }
    Ok(Next::End(built.done()))
}
