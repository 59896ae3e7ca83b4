//! Devices of the Apple account, and registering them.
use crate::{AppleDevice, ProfileRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A device to register.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// What it is to be called: 50 characters at most.
    pub name: String,
    /// Its UDID, in any case, with or without dashes.
    pub udid: String,
    /// `ios` (phones, tablets, watches, TVs, headsets) or `mac`; left out, it goes by the UDID, and is `ios` where that does
    /// not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// Registers devices: one by one, from a file, or both. What the account has already is left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevices {
    /// One by one.
    #[serde(default)]
    pub devices: Vec<NewDevice>,
    /// A list as Apple's developer site takes it (text with tabs, or a property list), base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether rows of the file that do not fit are left out; otherwise one of them stops all.
    #[serde(default)]
    pub leave_out_faulty: bool,
}

/// What registering would do. Nothing was changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DevicesPreview {
    /// What would be registered, with its UDID in one spelling and Apple's platform.
    pub new: Vec<NewDevice>,
    /// What the account has already, as it has it.
    pub known: Vec<AppleDevice>,
    /// What cannot go on.
    pub faults: Vec<FaultyRow>,
}

/// A row of a file that cannot go on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FaultyRow {
    /// The line of a text, the entry of a property list; counted from 1.
    pub row: usize,
    /// What was found, why it does not fit, what to do.
    pub message: String,
}

/// Changes a device at Apple. What is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditDevice {
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it can be used. One that is disabled keeps its place among Apple's 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A device and what needs it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleDeviceDetails {
    /// The device.
    #[serde(flatten)]
    pub device: AppleDevice,
    /// The profiles that list it; null where the key may not read profiles.
    pub profiles: Option<Vec<ProfileRef>>,
}

/// How many of Apple's places for a class of devices are taken. A device that is disabled keeps its place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DevicePlaces {
    /// Apple's class.
    pub device_class: String,
    /// Taken.
    pub used: usize,
    /// Of so many.
    pub of: usize,
}

/// When the membership year of the account ends, as a person enters it: then Apple frees the places of disabled devices.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipYear {
    /// The day, as `2027-03-01`, at most a year away; null when nobody entered one, and to forget it.
    #[schema(value_type = Option<String>, format = Date)]
    pub ends_on: Option<jiff::civil::Date>,
}
