//! Devices on their way into an Apple account: invited by a link, or arrived and not yet registered.
//!
//! Whoever invites lends their rights to the link, as with an invitation of members: what arrives by it is taken on their
//! rights of that moment. A device that comes twice is one row; it leaves the list once every account that it is meant
//! for has it.

use crate::{
    id::{ApiKeyId, DeviceInvitationId, OrgId, PendingDeviceId},
    membership::Delivery,
    name::{Email, ItemName},
    policy::Subject,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long the link of a device invitation works unless told otherwise, in days.
pub const DEVICE_INVITATION_DAYS: u32 = 7;
/// The longest that one may work, in days.
pub const DEVICE_INVITATION_DAYS_MOST: u32 = 90;
/// How long an invitation is still shown after its end, in days.
pub const DEVICE_INVITATION_KEPT_DAYS: i64 = 30;
/// Most devices that one link may bring.
pub const DEVICES_BY_LINK_MOST: u32 = 100;
/// Most invitations of an organization at once, those that have ended included.
pub const DEVICE_INVITATIONS_MOST: u32 = 500;
/// Most devices of an organization that wait.
pub const PENDING_DEVICES_MOST: u32 = 1000;
/// How long a challenge can be answered, in minutes: as long as somebody takes to install a profile.
pub const CHALLENGE_MINUTES: i64 = 60;
/// Most challenges of one link that can be answered at once; a further one ends the oldest.
pub const CHALLENGES_MOST: u32 = 2 * DEVICES_BY_LINK_MOST;

/// A link that asks a device for its UDID. Its token is known only to its holder; the store keeps its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInvitation {
    /// Its id.
    pub id: DeviceInvitationId,
    /// Whose it is.
    pub organization: OrgId,
    /// For whom: a person, or a note.
    pub name: ItemName,
    /// Where the link is mailed to, if it is.
    pub email: Option<Email>,
    /// The keys of the accounts that the device is to be registered in.
    pub keys: Vec<ApiKeyId>,
    /// Whether a device that arrives is registered without anybody being asked.
    pub automatic: bool,
    /// How many devices it may bring.
    pub uses: u32,
    /// How many it has brought.
    pub used: u32,
    /// Who invites; without their rights of the moment the link does nothing.
    pub invited_by: Subject,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its present link was made.
    pub sent_at: Timestamp,
    /// Until when the present link works.
    pub expires_at: Timestamp,
    /// How the link comes to whom it is for.
    pub delivery: Delivery,
}

/// What can become of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It works.
    Open,
    /// It has brought all that it may.
    Used,
    /// Its time is over.
    Ended,
}

impl LinkState {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Ended => "ended",
        }
    }
}

impl DeviceInvitation {
    /// Whether its link works now.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> LinkState {
        if self.used >= self.uses {
            LinkState::Used
        } else if self.expires_at <= now {
            LinkState::Ended
        } else {
            LinkState::Open
        }
    }
}

/// How a device came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "way")]
pub enum CameBy {
    /// By a link, with an answer to one of its challenges.
    Invitation {
        /// Which one.
        invitation: DeviceInvitationId,
        /// What the invitation was called.
        name: String,
        /// Whether the answer was signed by a certificate of Apple's device authority that leads to a trusted root. Where
        /// that root is not had, nothing but the challenge speaks for an answer.
        by_apple_device: bool,
    },
    /// Somebody wrote it down.
    Hand {
        /// Who.
        by: Subject,
    },
}

impl CameBy {
    /// The word in the API.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::Hand { .. } => "hand",
        }
    }
}

/// A device that is not yet registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDevice {
    /// Its id.
    pub id: PendingDeviceId,
    /// Whose it is to be.
    pub organization: OrgId,
    /// Normalized; one row for each in an organization.
    pub udid: String,
    /// What it is to be called at Apple.
    pub name: String,
    /// Its model, as in `iPhone15,2`, where it told.
    pub product: Option<String>,
    /// The build of its system, where it told.
    pub version: Option<String>,
    /// The keys of the accounts that do not have it yet and are to have it.
    pub keys: Vec<ApiKeyId>,
    /// How it came, the last time.
    pub came: CameBy,
    /// Why registering it did not work, where that was tried.
    pub trouble: Option<String>,
    /// When it came, the last time.
    pub arrived_at: Timestamp,
}
