//! Devices on their way into an Apple account: invitations by link, and devices that are not yet registered.

use crate::Operation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Invites devices by a link.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeviceInvitation {
    /// For whom: a person, or a note. Devices are called so at Apple.
    pub name: String,
    /// The API key of each account to register in, by id or name.
    pub keys: Vec<String>,
    /// Where to mail the link to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether a device that answers is registered without anybody being asked.
    #[serde(default)]
    pub automatic: bool,
    /// How many devices the link may bring, 100 at most; one unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub uses: Option<u32>,
    /// How many days it works, 90 at most; seven unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 90)]
    pub days: Option<u32>,
    /// Answer the link instead of mailing it, where the server can send mail.
    #[serde(default)]
    pub show_link: bool,
}

/// An invitation of devices.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeviceInvitation {
    /// Id.
    pub id: String,
    /// For whom.
    pub name: String,
    /// Where the link is mailed to.
    pub email: Option<String>,
    /// The accounts to register in, by the names of their keys.
    pub accounts: Vec<String>,
    /// Whether a device that answers is registered without anybody being asked.
    pub automatic: bool,
    /// How many devices the link may bring.
    pub uses: u32,
    /// How many it has brought.
    pub used: u32,
    /// Who invited, by name.
    pub invited_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the present link was asked for.
    pub sent_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// `open`, `used`, `ended`.
    pub state: String,
    /// `shown` to whoever invited, or by mail: `waiting`, `sent`, `failed`.
    pub delivery: String,
    /// Why the mail could not be delivered.
    pub trouble: Option<String>,
}

/// The device invitations of an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeviceInvitations {
    /// Newest first.
    pub items: Vec<DeviceInvitation>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// A device invitation that was sent, with its link where that is not mailed.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SentDeviceInvitation {
    /// The invitation.
    pub invitation: DeviceInvitation,
    /// The link to open on the device; shown once, here. None when it travels by mail.
    pub link: Option<String>,
}

/// A device that is not yet registered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PendingDevice {
    /// Id here, not Apple's.
    pub id: String,
    /// What it is to be called.
    pub name: String,
    /// Its UDID.
    pub udid: String,
    /// Its model, as in `iPhone15,2`, where it told.
    pub product: Option<String>,
    /// The build of its system, where it told.
    pub version: Option<String>,
    /// The accounts that are to have it and do not, by the names of their keys.
    pub accounts: Vec<String>,
    /// How it came: by `invitation`, whose challenge it answered, or by `hand`.
    pub came_by: String,
    /// What the invitation was called that it came by.
    pub invitation: Option<String>,
    /// Whether Apple's device authority vouches for it. Where its root is not had, nothing but the challenge does.
    pub by_apple_device: bool,
    /// The act that registers it, while one does.
    pub registering: Option<String>,
    /// Why registering it did not work, where that was tried.
    pub trouble: Option<String>,
    /// When it came, the last time.
    pub arrived_at: Timestamp,
}

/// The devices of an organization that are not yet registered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PendingDevices {
    /// Newest first.
    pub items: Vec<PendingDevice>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// Writes a device down for somebody else to approve.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPendingDevice {
    /// What it is to be called: 50 characters at most.
    pub name: String,
    /// Its UDID, in any case, with or without dashes.
    pub udid: String,
    /// The API key of each account to register in, by id or name.
    pub keys: Vec<String>,
}

/// Approves a device. What is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveDevice {
    /// Another name: 50 characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Other accounts, by the ids or names of their keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// What came of an approval.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovedDevice {
    /// The acts that register it, one for each account.
    pub operations: Vec<Operation>,
    /// The ids of the keys of accounts that have it already.
    pub known: Vec<String>,
}
