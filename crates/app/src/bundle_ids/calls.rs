//! What is asked of Apple about bundle IDs. Each request may come twice without harm: an identifier is there once in a team,
//! a capability that is added again is the one that is there (facts E4), and one that is gone stays gone.

use crate::{
    App, Problem,
    operations::{Answer, Call, Kept, gone},
};
use apple::{BundleIdFilter, CapabilityOption, CapabilitySetting, CapabilityType, Error, Platform, Session};
use async_trait::async_trait;
use domain::{
    Feature, Permit,
    operation::{CapabilityChange, CapabilityRemoval, NewBundleId},
};
use store::{KeyToUse, Tx};

/// A bundle ID that is being registered.
pub(crate) struct Registering(pub(crate) NewBundleId);

#[async_trait]
impl Call for Registering {
    fn thing(&self) -> &'static str {
        "the bundle ID"
    }

    fn list(&self) -> Feature {
        Feature::BundleIds
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let new = apple::NewBundleId {
            identifier: self.0.identifier.clone(),
            name: self.0.name.clone(),
            platform: Platform::from(self.0.platform.as_str()),
        };
        Ok(Answer::AtApple(session.bundle_ids().create(&new).await?.id))
    }

    /// Apple's filter finds what contains the text, too.
    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let filter = BundleIdFilter {
            identifiers: vec![self.0.identifier.clone()],
            ..BundleIdFilter::default()
        };
        let listed = session.bundle_ids().list(&filter).await?;
        let ours = listed
            .into_iter()
            .find(|found| found.attributes.identifier.as_deref() == Some(self.0.identifier.as_str()));
        Ok(ours.map(|found| Answer::AtApple(found.id)))
    }

    async fn keep(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        answer.nothing_but_its_id()
    }
}

/// A capability that is being added, or whose settings are being changed.
pub(crate) struct Setting(pub(crate) CapabilityChange);

#[async_trait]
impl Call for Setting {
    fn thing(&self) -> &'static str {
        "the capability"
    }

    fn list(&self) -> Feature {
        Feature::BundleIds
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let capability = CapabilityType::from(self.0.capability.as_str());
        let settings: Vec<_> = self.0.settings.iter().map(setting).collect();
        let bundle_ids = session.bundle_ids();
        let answer = match &self.0.present {
            Some(present) => bundle_ids.change_capability(present, &capability, &settings).await?,
            None => bundle_ids.add_capability(&self.0.bundle_id, &capability, &settings).await?,
        };
        Ok(Answer::AtApple(answer.id))
    }

    /// That it is there says nothing of its settings, so it is asked for again.
    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        if self.0.present.is_some() || !self.0.settings.is_empty() {
            return Ok(None);
        }
        let listed = session.bundle_ids().capabilities(&self.0.bundle_id).await?;
        let ours = listed
            .into_iter()
            .find(|found| found.attributes.capability_type.as_ref().map(CapabilityType::as_str) == Some(self.0.capability.as_str()));
        Ok(ours.map(|found| Answer::AtApple(found.id)))
    }

    /// Apple makes the profiles of the bundle ID INVALID with it (facts E4): so they are here, too.
    async fn keep(&self, _app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        tx.profiles_became_invalid(permit, &self.0.identifier, used.key.team_id.as_ref())
            .await?;
        answer.nothing_but_its_id()
    }
}

fn setting(wanted: &domain::operation::CapabilitySetting) -> CapabilitySetting {
    let option = |option: &domain::operation::CapabilityOption| CapabilityOption {
        key: Some(option.key.clone()),
        enabled: Some(option.enabled),
    };
    CapabilitySetting {
        key: Some(wanted.key.clone()),
        options: wanted.options.iter().map(option).collect(),
    }
}

/// A capability that is being taken away.
pub(crate) struct Taking(pub(crate) CapabilityRemoval);

#[async_trait]
impl Call for Taking {
    fn thing(&self) -> &'static str {
        "the change"
    }

    fn list(&self) -> Feature {
        Feature::BundleIds
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        gone(session.bundle_ids().remove_capability(&self.0.present).await, &self.0.present)
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.bundle_ids().capabilities(&self.0.bundle_id).await?;
        let is_there = listed.iter().any(|found| found.id == self.0.present);
        Ok((!is_there).then(|| Answer::AtApple(self.0.present.clone())))
    }

    /// Apple makes the profiles of the bundle ID INVALID with it (facts E4): so they are here, too.
    async fn keep(&self, _app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        tx.profiles_became_invalid(permit, &self.0.identifier, used.key.team_id.as_ref())
            .await?;
        answer.nothing_but_its_id()
    }
}
