//! Devices at Apple: registered, renamed, enabled, disabled. Apple has a hundred places for each class in a membership year,
//! and a device that is disabled keeps its place (facts E5).
//!
//! What is asked of Apple is in `calls`; several devices are a plan of such calls.

mod calls;

pub(crate) use calls::{Changing, Registering};

use crate::{
    App, Caller, Kind, Problem,
    key_use::reading,
    operations::{Next, Plan, at_apple},
};
use apple::DeviceFilter;
use async_trait::async_trait;
use domain::{
    Action, ApiKeyId, Feature, Made, Operation, OperationKind, OperationState, OrgId, Permit,
    operation::{DeviceChange, NewDevice, NewDevices},
};

/// How many devices are registered by one act: all places of a class.
const AT_ONCE: usize = 100;

impl App {
    /// Begins to register devices. Those that the account has already are left out: Apple takes a UDID once.
    ///
    /// # Errors
    /// `no_devices`, `too_many_devices`; `nothing_to_change` where all are there; `key_not_usable`, what Apple answers,
    /// `not_found`, `not_allowed`.
    pub async fn register_devices(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        devices: Vec<NewDevice>,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        if devices.is_empty() {
            return Err(Problem::field(
                "no_devices",
                "devices",
                "There is no device to register. Name at least one.",
            ));
        }
        if devices.len() > AT_ONCE {
            return Err(Problem::field(
                "too_many_devices",
                "devices",
                format!(
                    "{} devices are more than Apple has places for in a class. Register at most {AT_ONCE} at once.",
                    devices.len()
                ),
            ));
        }
        let (_, listed) = self
            .use_key(caller, &permit, key, reading(Feature::BundleIds), async |apple| {
                apple.devices().list(&DeviceFilter::default()).await
            })
            .await?;
        let mut known: Vec<String> = listed
            .into_iter()
            .filter_map(|device| Some(device.attributes.udid?.to_ascii_lowercase()))
            .collect();
        let devices: Vec<_> = devices
            .into_iter()
            .filter(|device| {
                let udid = device.udid.to_ascii_lowercase();
                let is_new = !known.contains(&udid);
                known.push(udid);
                is_new
            })
            .collect();
        if devices.is_empty() {
            return Err(Problem::new(
                Kind::Conflict,
                "nothing_to_change",
                "The account has all of these devices already. Nothing was changed.",
            ));
        }
        let kind = OperationKind::RegisterDevices(NewDevices { key, devices });
        self.begin_operation(caller, org, kind).await
    }

    /// Begins to rename, enable or disable a device.
    ///
    /// # Errors
    /// `nothing_to_change`; `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn change_device(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        device: &str,
        rename_to: Option<String>,
        enabled: Option<bool>,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let (_, found) = self
            .use_key(caller, &permit, key, reading(Feature::BundleIds), async |apple| {
                apple.devices().get(device).await
            })
            .await?;
        let name = found.attributes.name.unwrap_or_default();
        let is_enabled = found.attributes.status.map(|status| status == apple::DeviceStatus::Enabled);
        let rename_to = rename_to.map(|to| to.trim().to_owned()).filter(|to| !to.is_empty() && *to != name);
        let enabled = enabled.filter(|enabled| Some(*enabled) != is_enabled);
        if rename_to.is_none() && enabled.is_none() {
            return Err(Problem::new(
                Kind::Conflict,
                "nothing_to_change",
                "The device is so already. Nothing was changed.",
            ));
        }
        let change = DeviceChange {
            key,
            apple_id: found.id,
            udid: found.attributes.udid.unwrap_or_default(),
            name,
            rename_to,
            enabled,
        };
        self.begin_operation(caller, org, OperationKind::ChangeDevice(change)).await
    }
}

#[async_trait]
impl Plan for NewDevices {
    /// One after the other. A device that Apple refuses does not stop those behind it; the end names it.
    async fn next(&self, _app: &App, _permit: &Permit, _plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        if let Some(device) = self.devices.get(steps.len()) {
            return Ok(Next::Begin(Box::new(OperationKind::RegisterDevice(NewDevice {
                key: self.key,
                ..device.clone()
            }))));
        }
        let refused: Vec<String> = steps
            .iter()
            .filter_map(|step| match &step.state {
                OperationState::Refused { why, .. } | OperationState::Failed { why } => Some(format!("{}: {why}", step.kind.title())),
                _ => None,
            })
            .collect();
        Ok(Next::End(if refused.is_empty() {
            OperationState::Done {
                made: Made::AtApple(steps.last().and_then(at_apple).unwrap_or_default().to_owned()),
            }
        } else {
            OperationState::Failed {
                why: format!(
                    "{} of {} devices were not registered. {}",
                    refused.len(),
                    self.devices.len(),
                    refused.join(" ")
                ),
            }
        }))
    }
}
