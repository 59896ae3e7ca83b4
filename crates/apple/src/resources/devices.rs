//! Devices: listed, registered, renamed, enabled and disabled (facts E1, E5).
//!
//! Apple deletes no device through the API, and disabling one frees no place. Compare UDIDs without
//! regard to case: Apple changes it.
//!
//! The surprising thing: of a long list Apple refuses the later cursors, for good (facts E5). Then
//! it is read from both ends, and in parts.

use std::collections::HashSet;

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Platform;
use crate::document::Resource;
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::paging::{is_refused_cursor, walk_as_far};
use crate::session::{Query, Session};

open_enum! {
    /// What a device is (facts E1); 100 of each class per year.
    DeviceClass {
        AppleVisionPro = "APPLE_VISION_PRO",
        AppleWatch = "APPLE_WATCH",
        Ipad = "IPAD",
        Iphone = "IPHONE",
        Ipod = "IPOD",
        AppleTv = "APPLE_TV",
        Mac = "MAC",
    }
}

open_enum! {
    /// Whether a device can be put into profiles.
    DeviceStatus { Enabled = "ENABLED", Disabled = "DISABLED", }
}

/// A device for development and ad hoc distribution.
pub type Device = Resource<DeviceAttributes>;

/// What a device says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAttributes {
    /// The name that the team chose.
    pub name: Option<String>,
    /// The platform.
    pub platform: Option<Platform>,
    /// The UDID, in Apple's case.
    pub udid: Option<String>,
    /// What it is.
    pub device_class: Option<DeviceClass>,
    /// Whether it can be used.
    pub status: Option<DeviceStatus>,
    /// The model, such as `iPhone 15 Pro`.
    pub model: Option<String>,
    /// When it was registered.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub added_date: Option<Timestamp>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which devices to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct DeviceFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// UDIDs.
    pub udids: Vec<String>,
    /// Platforms.
    pub platforms: Vec<Platform>,
    /// States.
    pub statuses: Vec<DeviceStatus>,
}

/// A device to be registered.
#[derive(Debug, Clone, Serialize)]
pub struct NewDevice {
    /// The name.
    pub name: String,
    /// The UDID.
    pub udid: String,
    /// The platform.
    pub platform: Platform,
}

/// What to change on a device; `None` leaves it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DevicePatch {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Enable or disable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DeviceStatus>,
}

/// The operations on devices.
pub struct Devices<'s> {
    session: &'s Session,
}

impl<'s> Devices<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All devices that the filter lets through.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &DeviceFilter) -> Result<Vec<Device>, Error> {
        match self.session.get_all(&["devices"], query(filter)).await {
            Err(error) if is_refused_cursor(&error) => self.list_in_parts(filter, error).await,
            listed => Ok(listed?.data),
        }
    }

    /// Where Apple's cursors end before the list does: as far as they reach from its beginning and from its end, of all
    /// devices, then by state, then by platform as well, until the two ends meet in each part.
    async fn list_in_parts(&self, filter: &DeviceFilter, refused: Error) -> Result<Vec<Device>, Error> {
        for parts in [
            vec![filter.clone()],
            by_status(filter),
            by_status(filter).iter().flat_map(by_platform).collect(),
        ] {
            if let Some(all) = self.list_parts(&parts).await? {
                return Ok(all);
            }
        }
        Err(refused)
    }

    /// The devices of all parts; none when one of them cannot be read whole.
    async fn list_parts(&self, parts: &[DeviceFilter]) -> Result<Option<Vec<Device>>, Error> {
        let mut all = Vec::new();
        for part in parts {
            let (beginning, is_whole) = self.walk_sorted(part, "id").await?;
            if is_whole {
                all.extend(beginning);
                continue;
            }
            let (end, is_whole) = self.walk_sorted(part, "-id").await?;
            let known: HashSet<&str> = beginning.iter().map(|device| device.id.as_str()).collect();
            let (again, further): (Vec<_>, Vec<_>) = end.into_iter().partition(|device| known.contains(device.id.as_str()));
            if again.is_empty() && !is_whole {
                return Ok(None);
            }
            all.extend(beginning);
            all.extend(further);
        }
        // One that changed in the middle of the walk stands in two parts.
        let mut ids = HashSet::new();
        all.retain(|device: &Device| ids.insert(device.id.clone()));
        Ok(Some(all))
    }

    async fn walk_sorted(&self, part: &DeviceFilter, order: &str) -> Result<(Vec<Device>, bool), Error> {
        let first = self.session.url(&["devices"], &query(part).with("sort", order))?;
        let (listing, is_whole) = walk_as_far(self.session, first).await?;
        Ok((listing.data, is_whole))
    }

    /// One device by Apple's id.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<Device, Error> {
        let path = ["devices", id];
        Ok(self.session.get_one(&path, Query::default()).await?.data)
    }

    /// Registers a device, once. It takes one of the year's places and does not give it back.
    ///
    /// # Errors
    /// [`Error::is_device_already_registered`] tells a duplicate. [`Error::LostAnswer`]: it may
    /// exist now; look by UDID.
    pub async fn create(&self, new: &NewDevice) -> Result<Device, Error> {
        let document = json!({"data": {"type": "devices", "attributes": new}});
        self.session.write(Method::POST, &["devices"], &document).await
    }

    /// Renames, enables or disables a device.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, patch: &DevicePatch) -> Result<Device, Error> {
        let document = json!({"data": {"type": "devices", "id": id, "attributes": patch}});
        self.session.write(Method::PATCH, &["devices", id], &document).await
    }
}

fn query(filter: &DeviceFilter) -> Query {
    let platforms: Vec<&str> = filter.platforms.iter().map(Platform::as_str).collect();
    let statuses: Vec<&str> = filter.statuses.iter().map(DeviceStatus::as_str).collect();
    Query::list()
        .filter("id", &filter.ids)
        .filter("name", &filter.names)
        .filter("udid", &filter.udids)
        .filter("platform", &platforms)
        .filter("status", &statuses)
}

fn by_status(filter: &DeviceFilter) -> Vec<DeviceFilter> {
    let all = [DeviceStatus::Enabled, DeviceStatus::Disabled];
    let wanted = if filter.statuses.is_empty() { &all[..] } else { &filter.statuses };
    let part = |status: &DeviceStatus| DeviceFilter {
        statuses: vec![status.clone()],
        ..filter.clone()
    };
    wanted.iter().map(part).collect()
}

fn by_platform(filter: &DeviceFilter) -> Vec<DeviceFilter> {
    let all = [Platform::Ios, Platform::MacOs, Platform::Universal];
    let wanted = if filter.platforms.is_empty() { &all[..] } else { &filter.platforms };
    let part = |platform: &Platform| DeviceFilter {
        platforms: vec![platform.clone()],
        ..filter.clone()
    };
    wanted.iter().map(part).collect()
}
