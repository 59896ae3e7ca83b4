//! What Russet is about, as plain values and pure functions: ids, names, roles and the policy, what a key may
//! do, what its health is, what was done by whom, and the states that long acts go through.
//!
//! Nothing here waits, talks SQL or HTTP, knows Apple's wire format or touches a secret byte. Whatever needs
//! the time or randomness gets it from outside, as [`Clock`] and [`Entropy`].
//!
//! The one surprising thing: a [`Permit`] can only be made by [`policy::decide`], and the store's functions on
//! an organization's data ask for one. Forgetting to ask for permission does not compile.

pub mod account;
pub mod activity;
pub mod address_range;
pub mod app_settings;
pub mod apple_key;
pub mod apple_webhook;
pub mod binary;
pub mod certificate;
pub mod channel;
pub mod clock;
pub mod csr;
pub mod enrollment;
pub mod feature;
pub mod health;
pub mod id;
pub mod job;
pub mod membership;
pub mod name;
pub mod operation;
pub mod policy;
pub mod profile;
pub mod share;
pub mod signing_set;

pub use account::{ApiToken, Organization, Session, User};
pub use activity::{Activity, Actor, Event, Origin, Outcome};
pub use app_settings::{AppSettings, ExportCompliance};
pub use apple_key::{ApiKey, AppleKeyId, AppleRole, IssuerId, KeyKind, LastUse, TeamId};
pub use apple_webhook::AppleWebhook;
pub use binary::{BinaryKind, BinaryUpload, HeldBinary};
pub use certificate::{CertificateType, HeldCertificate, ItemOrigin, ListedCertificate};
pub use channel::{Channel, ChannelTarget, DeliveryState, NoticeContent, NoticeDelivery};
pub use clock::{Clock, Entropy, SteppedClock, SystemClock};
pub use csr::HeldCsr;
pub use enrollment::{CameBy, DeviceInvitation, LinkState, PendingDevice};
pub use feature::{Declared, Feature, FeatureRow, LastResult, Limit, Need, Probed, Usability};
pub use health::{CheckMark, KeyHealth, Verdict};
pub use id::{
    ActivityId, ApiKeyId, ApiTokenId, AppleWebhookId, BinaryId, BinaryUploadId, CertificateId, ChannelId, CsrId, DeliveryId,
    DeviceInvitationId, InvitationId, JobId, OperationId, OrgId, PendingDeviceId, ProfileId, SecretId, ServiceTokenId, SessionId,
    SigningSetId, UserId,
};
pub use job::{Job, JobPayload};
pub use membership::{Delivery, Invitation, Member, ServiceToken};
pub use name::{Email, ItemName, NameError};
pub use operation::{HeldPlace, Made, Operation, OperationKind, OperationState, StepOf};
pub use policy::{Action, Denied, Permit, Principal, Role, Standing, Subject, Tenant, decide};
pub use profile::{DeviceRule, HeldProfile, ProfileStanding, ProfileState, ProfileType};
pub use share::{AppPattern, Share, ShareLimits, ShareTarget, Shareable, UsePermit};
pub use signing_set::{SetItem, SigningSet};
