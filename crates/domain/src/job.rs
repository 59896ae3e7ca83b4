//! Background work. A job is enqueued in the transaction of the change that asks for it, claimed with a lease, and done
//! at least once; so each kind must be safe to repeat.

use crate::{
    id::{ApiKeyId, CertificateId, DeliveryId, DeviceInvitationId, InvitationId, JobId, OperationId, OrgId, PendingDeviceId},
    policy::Subject,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "job")]
pub enum JobPayload {
    /// The daily check of a key; enqueues the next one.
    CheckKey {
        /// Which key.
        key: ApiKeyId,
    },
    /// Carry a long act on from where it stands: go on, or find out what Apple did.
    Continue {
        /// Which act.
        operation: OperationId,
    },
    /// Renew a certificate, when its time has come and that is still wished.
    RenewCertificate {
        /// Which one.
        certificate: CertificateId,
    },
    /// Send an invitation by mail, with a link that is made then.
    MailInvitation {
        /// Which one.
        invitation: InvitationId,
    },
    /// Send a device invitation by mail, with a link that is made then.
    MailDeviceInvitation {
        /// Which one.
        invitation: DeviceInvitationId,
    },
    /// Send a notice by a channel.
    DeliverNotice {
        /// Which delivery.
        delivery: DeliveryId,
    },
    /// Register a device that came by a link which says that nobody need be asked.
    RegisterArrived {
        /// Which one.
        device: PendingDeviceId,
    },
    /// Put the devices that were registered through a key into the profiles that are to have all of them.
    KeepDeviceRule {
        /// Through which key.
        key: ApiKeyId,
        /// On whose rights: of several who registered devices, whoever came first.
        by: Subject,
    },
}

impl JobPayload {
    /// [`Self::kind`] of a delivery, which waits for somebody else's server.
    pub const DELIVER_NOTICE: &'static str = "deliver-notice";

    /// The word in the database; one waiting job per kind and object is enough.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CheckKey { .. } => "check-key",
            Self::Continue { .. } => "continue",
            Self::RenewCertificate { .. } => "renew-certificate",
            Self::MailInvitation { .. } => "mail-invitation",
            Self::MailDeviceInvitation { .. } => "mail-device-invitation",
            Self::DeliverNotice { .. } => Self::DELIVER_NOTICE,
            Self::RegisterArrived { .. } => "register-arrived",
            Self::KeepDeviceRule { .. } => "keep-device-rule",
        }
    }

    /// The id of the object it is about.
    #[must_use]
    pub fn object(&self) -> String {
        match self {
            Self::CheckKey { key } => key.to_string(),
            Self::Continue { operation } => operation.to_string(),
            Self::RenewCertificate { certificate } => certificate.to_string(),
            Self::MailInvitation { invitation } => invitation.to_string(),
            Self::MailDeviceInvitation { invitation } => invitation.to_string(),
            Self::DeliverNotice { delivery } => delivery.to_string(),
            Self::RegisterArrived { device } => device.to_string(),
            Self::KeepDeviceRule { key, .. } => key.to_string(),
        }
    }
}

/// A claimed job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// For which organization.
    pub organization: OrgId,
    /// What is to be done.
    pub payload: JobPayload,
    /// When it was due.
    pub run_at: Timestamp,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    /// Until when the claimer has it.
    pub lease_until: Timestamp,
}
