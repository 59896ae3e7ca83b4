//! What ensuring a set would do, without doing it.
//!
//! It is the same look and the same decision, in a transaction that is thrown away: so it tells what would happen, and not
//! what somebody thought of it.

use super::{SetWish, plan::survey_for, survey::Surveying};
use crate::{App, Caller, Problem, key_use::reading, problem::Kind};
use domain::{
    Action, ApiKeyId, Feature, OrgId,
    operation::{CertificateNeed, ProfileNeed},
};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Registers a bundle ID at Apple.
    Register,
    /// Uses what is there.
    Use,
    /// Builds a profile anew under its name.
    Rebuild,
    /// Creates a certificate, which takes one of Apple's few places.
    CreateCertificate,
    /// Creates a profile.
    CreateProfile,
}

/// A step that ensuring a set would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetStep {
    /// What it does.
    pub kind: StepKind,
    /// That, with what it does it to.
    pub words: String,
}

impl SetStep {
    fn new(kind: StepKind, words: String) -> Self {
        Self { kind, words }
    }
}

impl App {
    /// The steps of [`App::ensure_signing_set`], in words, as the account is now. Nothing is changed, here or at Apple.
    ///
    /// # Errors
    /// As [`App::ensure_signing_set`]; `set_cannot_be` with why; what Apple answers.
    pub async fn preview_signing_set(&self, caller: &Caller, org: OrgId, key: ApiKeyId, wish: SetWish) -> Result<Vec<SetStep>, Problem> {
        let permit = self.permit(caller, Action::EditSigningSets, org).await?;
        let mut wanted = wish.read(key)?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        self.also_what_is_missing(&mut tx, &permit, &mut wanted).await?;
        self.refuse_wish(&mut tx, &permit, &wanted).await?;
        let surveying = Surveying(survey_for(&mut tx, &permit, wanted, self.now()).await?);
        drop(tx);
        let (used, survey) = self
            .use_key(caller, &permit, key, reading(Feature::Profiles), async |apple| {
                surveying.read(apple).await
            })
            .await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let needs = surveying.decided(self, &mut tx, &permit, &used, &survey).await?;
        if let Some(why) = needs.refused {
            return Err(Problem::new(Kind::Conflict, "set_cannot_be", why));
        }
        let mut steps = Vec::new();
        for item in &needs.items {
            if item.register.is_some() {
                let words = format!("Register the bundle ID {}", item.identifier);
                steps.push(SetStep::new(StepKind::Register, words));
            }
        }
        steps.push(match &needs.certificate {
            CertificateNeed::Held(id, _) => {
                let held = tx.certificate(&permit, *id).await?;
                SetStep::new(StepKind::Use, format!("Use the certificate “{}”", held.name))
            }
            CertificateNeed::New(certificate_type) => {
                let words = format!("Create a certificate of the type {}", certificate_type.title());
                SetStep::new(StepKind::CreateCertificate, words)
            }
        });
        for item in &needs.items {
            let (kind, act, name) = match &item.profile {
                ProfileNeed::Held(id) => (StepKind::Use, "Use", tx.profile(&permit, *id).await?.name),
                ProfileNeed::Rebuild(rebuild) => (StepKind::Rebuild, "Rebuild", rebuild.new.name.clone()),
                ProfileNeed::New(new) => (StepKind::CreateProfile, "Create", new.name.clone()),
            };
            let words = format!("{act} the profile “{name}” for {}", item.identifier);
            steps.push(SetStep::new(kind, words));
        }
        // Never committed: what was taken in to decide is not kept.
        drop(tx);
        Ok(steps)
    }
}
