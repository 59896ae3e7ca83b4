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

impl App {
    /// The steps of [`App::ensure_signing_set`], in words, as the account is now. Nothing is changed, here or at Apple.
    ///
    /// # Errors
    /// As [`App::ensure_signing_set`]; `set_cannot_be` with why; what Apple answers.
    pub async fn preview_signing_set(&self, caller: &Caller, org: OrgId, key: ApiKeyId, wish: SetWish) -> Result<Vec<String>, Problem> {
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
                steps.push(format!("Register the bundle ID {}", item.identifier));
            }
        }
        steps.push(match &needs.certificate {
            CertificateNeed::Held(id, _) => format!("Use the certificate “{}”", tx.certificate(&permit, *id).await?.name),
            CertificateNeed::New(certificate_type) => format!("Create a certificate of the type {}", certificate_type.title()),
        });
        for item in &needs.items {
            steps.push(match &item.profile {
                ProfileNeed::Held(id) => format!("Use the profile “{}” for {}", tx.profile(&permit, *id).await?.name, item.identifier),
                ProfileNeed::Rebuild(rebuild) => format!("Rebuild the profile “{}” for {}", rebuild.new.name, item.identifier),
                ProfileNeed::New(new) => format!("Create the profile “{}” for {}", new.name, item.identifier),
            });
        }
        // Never committed: what was taken in to decide is not kept.
        drop(tx);
        Ok(steps)
    }
}
