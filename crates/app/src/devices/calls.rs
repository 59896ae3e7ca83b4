//! What is asked of Apple about devices. Each request may come twice without harm: a UDID is there once in a team, and a
//! device that is disabled stays disabled.

use crate::{
    App, Problem,
    operations::{Answer, Call, Kept},
};
use apple::{Device, DeviceAttributes, DeviceFilter, DevicePatch, DeviceStatus, Error, Platform, Session};
use async_trait::async_trait;
use domain::{
    Feature, OperationState, Permit,
    operation::{DeviceChange, NewDevice},
};
use store::{KeyToUse, Tx};

/// A device that is being registered.
pub(crate) struct Registering(pub(crate) NewDevice);

#[async_trait]
impl Call for Registering {
    fn thing(&self) -> &'static str {
        "the device"
    }

    fn list(&self) -> Feature {
        Feature::BundleIds
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let new = apple::NewDevice {
            name: self.0.name.clone(),
            udid: self.0.udid.clone(),
            platform: Platform::from(self.0.platform.as_str()),
        };
        Ok(Answer::AtApple(session.devices().create(&new).await?.id))
    }

    /// Apple writes UDIDs in its own case.
    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.devices().list(&DeviceFilter::default()).await?;
        let is_ours = |udid: &String| udid.eq_ignore_ascii_case(&self.0.udid);
        let ours = listed.into_iter().find(|found| found.attributes.udid.as_ref().is_some_and(is_ours));
        Ok(ours.map(|found| Answer::AtApple(found.id)))
    }

    /// It is not among those any more that are not yet registered.
    async fn keep(&self, _app: &App, tx: &mut Tx, permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        tx.pending_device_was_tried(permit, &self.0.udid, self.0.key, None).await?;
        answer.nothing_but_its_id()
    }

    async fn give_up(&self, tx: &mut Tx, permit: &Permit, end: &OperationState) -> Result<(), Problem> {
        if let OperationState::Refused { why, .. } | OperationState::Failed { why } = end {
            tx.pending_device_was_tried(permit, &self.0.udid, self.0.key, Some(why)).await?;
        }
        Ok(())
    }
}

/// A device that is being changed.
pub(crate) struct Changing(pub(crate) DeviceChange);

impl Changing {
    fn is_done(&self, now: &DeviceAttributes) -> bool {
        let is_called = self.0.rename_to.as_ref().is_none_or(|name| now.name.as_ref() == Some(name));
        let wanted = self.0.enabled.map(status);
        is_called && wanted.is_none_or(|wanted| now.status == Some(wanted))
    }
}

fn status(enabled: bool) -> DeviceStatus {
    if enabled { DeviceStatus::Enabled } else { DeviceStatus::Disabled }
}

#[async_trait]
impl Call for Changing {
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
        let patch = DevicePatch {
            name: self.0.rename_to.clone(),
            status: self.0.enabled.map(status),
        };
        Ok(Answer::AtApple(session.devices().patch(&self.0.apple_id, &patch).await?.id))
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let filter = DeviceFilter {
            ids: vec![self.0.apple_id.clone()],
            ..DeviceFilter::default()
        };
        let listed = session.devices().list(&filter).await?;
        let is_it = |device: &Device| device.id == self.0.apple_id && self.is_done(&device.attributes);
        Ok(listed.into_iter().find(is_it).map(|device| Answer::AtApple(device.id)))
    }

    async fn keep(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        answer.nothing_but_its_id()
    }
}
