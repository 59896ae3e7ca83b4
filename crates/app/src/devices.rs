//! Devices at Apple: registered, renamed, enabled, disabled. Apple has a hundred places for each class in a membership year,
//! and a device that is disabled keeps its place (facts E5).
//!
//! What somebody wants is judged in `wanted`, what is asked of Apple is in `calls`; several devices are a plan of such calls.

mod calls;
mod wanted;

pub(crate) use calls::{Changing, Registering};
pub(crate) use wanted::name;
pub use wanted::{DevicesToRegister, EnteredDevice, FaultyRow, JudgedDevices};

use crate::{
    App, Caller, Kind, Problem,
    apple_account::{AppleDevice, AppleProfile, ListQuery},
    key_use::reading,
    operations::{Next, Plan, at_apple},
};
use apple::DeviceFilter;
use async_trait::async_trait;
use domain::{
    Action, ApiKeyId, Event, Feature, Made, Operation, OperationKind, OperationState, OrgId, Permit,
    operation::{DeviceChange, NewDevice, NewDevices},
};

use jiff::{Span, civil::Date, tz::TimeZone};

/// Apple's places for each class of devices in a membership year. One that is disabled keeps its place.
pub const PLACES: usize = 100;

/// How many devices are registered by one act: all places of a class.
const AT_ONCE: usize = PLACES;

/// The same day of the year, today or later.
fn next_end(entered: Date, today: Date) -> Date {
    let mut end = entered;
    while end < today && end < Date::MAX {
        let years = end.year() - entered.year() + 1;
        // From the day that was entered, so that 29 February comes back in leap years.
        end = entered.saturating_add(Span::new().years(years));
    }
    end
}

fn nothing_going_on() -> Problem {
    Problem::new(
        Kind::Conflict,
        "nothing_to_change",
        "The account has all of these devices already. Nothing was changed.",
    )
}

/// A device at Apple, and what needs it.
#[derive(Debug, Clone)]
pub struct DeviceWithProfiles {
    /// The device.
    pub device: AppleDevice,
    /// The profiles that list it. Disabled, it is missing from each when it is made anew.
    /// None where the key may not read profiles.
    pub profiles: Option<Vec<AppleProfile>>,
}

impl App {
    /// The day on which the membership year of a key's account ends next, as far as a person entered one: that of an earlier
    /// year is taken for the same day of this one. Apple then frees the places of disabled devices; no API tells when.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn membership_year_end(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<Option<Date>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        tx.key_to_use(&permit, key, None, self.now()).await?;
        let entered = tx.membership_year_end(&permit, key).await?;
        let today = self.now().to_zoned(TimeZone::UTC).date();
        Ok(entered.map(|day| next_end(day, today)))
    }

    /// Enters that day for a key, or forgets it. Apple is not asked.
    ///
    /// # Errors
    /// `day_unfit` for one that is more than a year away; `not_found`, `not_allowed`.
    pub async fn set_membership_year_end(&self, caller: &Caller, org: OrgId, key: ApiKeyId, day: Option<Date>) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let today = self.now().to_zoned(TimeZone::UTC).date();
        if let Some(day) = day {
            let next_year = today.saturating_add(Span::new().years(1).days(1));
            let last_year = today.saturating_sub(Span::new().years(1).days(1));
            if day > next_year || day < last_year {
                let message = format!(
                    "{day} is more than a year away. Enter the day on which the membership is renewed next, as developer.apple.com/account shows it."
                );
                return Err(Problem::field("day_unfit", "ends_on", message));
            }
        }
        let mut tx = self.begin_for(caller, &permit).await?;
        let used = tx.key_to_use(&permit, key, None, self.now()).await?;
        tx.set_membership_year_end(&permit, key, day).await?;
        let event = Event::MembershipYearSet {
            key,
            name: used.key.name.to_string(),
            ends_on: day,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A device with the profiles that list it.
    ///
    /// # Errors
    /// `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn apple_device(&self, caller: &Caller, org: OrgId, key: ApiKeyId, device: &str) -> Result<DeviceWithProfiles, Problem> {
        let all = ListQuery::default();
        let devices = self.apple_devices(caller, org, key, &all).await?.items;
        let device = devices.into_iter().find(|one| one.id == device).ok_or_else(Problem::not_found)?;
        let mut profiles = self.apple_profiles_if_readable(caller, org, key).await?;
        if let Some(profiles) = &mut profiles {
            profiles.retain(|profile| profile.devices.iter().any(|(id, _)| *id == device.id));
        }
        Ok(DeviceWithProfiles { device, profiles })
    }

    /// What registering would do: which devices are new, which the account has, which rows of a file do not fit.
    ///
    /// # Errors
    /// As [`App::register_devices`], but for bad rows, which are told, and for what is there already.
    pub async fn preview_devices(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        wanted: DevicesToRegister,
    ) -> Result<JudgedDevices, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        self.judge_devices(caller, &permit, key, wanted).await
    }

    /// Begins to register devices. Those that the account has already are left out: Apple takes a UDID once.
    ///
    /// # Errors
    /// A problem at `name`, `udid`, `platform` or `file`; `device_rows_unfit` with the rows, unless they are to be left out;
    /// `no_devices`, `too_many_devices`; `nothing_to_change` where all are there; `key_not_usable`, what Apple answers,
    /// `not_found`, `not_allowed`.
    pub async fn register_devices(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        wanted: DevicesToRegister,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let leave_out_faulty = wanted.leave_out_faulty;
        let judged = self.judge_devices(caller, &permit, key, wanted).await?;
        let devices = judged.going_on(leave_out_faulty)?;
        let kind = OperationKind::RegisterDevices(NewDevices { key, devices });
        self.begin_operation(caller, org, kind).await
    }

    /// What is entered is judged alone first: Apple is not asked about what cannot go on.
    async fn judge_devices(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        wanted: DevicesToRegister,
    ) -> Result<JudgedDevices, Problem> {
        wanted.clone().judged(key, Vec::new())?;
        let (_, listed) = self
            .use_key(caller, permit, key, reading(Feature::BundleIds), async |apple| {
                apple.devices().list(&DeviceFilter::default()).await
            })
            .await?;
        wanted.judged(key, listed.into_iter().map(AppleDevice::from).collect())
    }

    /// Begins to rename, enable or disable a device.
    ///
    /// # Errors
    /// A problem at `name`; `nothing_to_change`; `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
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
        let rename_to = rename_to.map(|to| wanted::name(&to)).transpose()?;
        let (_, found) = self
            .use_key(caller, &permit, key, reading(Feature::BundleIds), async |apple| {
                apple.devices().get(device).await
            })
            .await?;
        let name = found.attributes.name.unwrap_or_default();
        let is_enabled = found.attributes.status.map(|status| status == apple::DeviceStatus::Enabled);
        let rename_to = rename_to.filter(|to| *to != name);
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
        // Where it was Apple that said no, to all of them, that is the end of the whole.
        let by_apple = steps.iter().filter_map(|step| match &step.state {
            OperationState::Refused { status, code, .. } => Some((*status, code.clone())),
            _ => None,
        });
        let by_apple: Vec<_> = by_apple.collect();
        let words = || {
            format!(
                "{} of {} devices were not registered. {}",
                refused.len(),
                self.devices.len(),
                refused.join(" ")
            )
        };
        Ok(Next::End(if refused.is_empty() {
            OperationState::Done {
                made: Made::AtApple(steps.last().and_then(at_apple).unwrap_or_default().to_owned()),
            }
        } else {
            match by_apple.first() {
                Some((status, code)) if by_apple.len() == refused.len() => OperationState::Refused {
                    status: *status,
                    code: code.clone(),
                    why: words(),
                    places: vec![],
                },
                _ => OperationState::Failed { why: words() },
            }
        }))
    }
}
