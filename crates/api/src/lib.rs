//! The shapes of Russet's REST API, shared by the server that answers and the command line that asks.
//!
//! Only shapes and stable words: how anything is done stands elsewhere. Ids and enumerated words are plain texts here, so
//! that a client of an older version can read what a newer server says; times are RFC 3339.
//!
//! Every list that may grow is asked for with `limit` and `cursor` and answers `items` and `next_cursor`.
//!
//! The one surprising thing: no type here can hold an Apple private key on the way out. [`NewKey`] carries one in, and
//! nothing carries one back.

mod account;
mod activity;
mod apple_account;
mod apple_webhooks;
mod apps;
mod binaries;
mod builds;
mod bundle_ids;
mod certificates;
mod csrs;
mod days;
mod devices;
mod enrollment;
mod imports;
mod inbox;
mod keys;
mod members;
mod notification_channels;
mod organizations;
mod problem;
mod profiles;
mod service_tokens;
mod sharing;
mod signing_sets;
mod testing;

pub use account::{CreatedToken, Login, Me, NewToken, Organization, Status, Token, Tokens};
pub use activity::{ActivityFinding, ActivityPage, ActivityRecord, ActivityVerification};
pub use apple_account::{
    AppleBundleId, AppleBundleIds, AppleCertificate, AppleCertificateDetails, AppleCertificates, AppleDevice, AppleDevices, AppleProfile,
    AppleProfiles, CertificateRef, DeviceRef, ProfileRef, RevokeCertificate,
};
pub use apple_webhooks::{AppleWebhook, AppleWebhookChange, AppleWebhooks, WebhookAtApple};
pub use apps::{AppSettings, BuildNumber, NewBuildNumber, SetApp};
pub use binaries::{
    BegunUpload, Binaries, Binary, BinaryDetails, BinaryDifference, BinaryDifferences, BinaryFinding, BinaryFindings, BinaryRetention,
    BinaryUpload, BundleInside, CertificateInside, EditBinary, NewBinary, ProfileInside,
};
pub use builds::{App, Apps, Build, BuildCheck, BuildSending, Builds, NewBuild};
pub use bundle_ids::{
    AppleBundleIdDetails, CapabilitiesPreview, Capability, CapabilityOption, CapabilitySetting, EditCapabilities, NewBundleId,
};
pub use certificates::{Certificate, Certificates, Export, ExportRequest, NewCertificate, Operation, OperationStep, Place};
pub use csrs::{CompleteCsr, Csr, CsrDetails, Csrs, NewCsr, RemoveCsr, TakenIn};
pub use days::days_left;
pub use devices::{AppleDeviceDetails, DevicePlaces, DevicesPreview, EditDevice, FaultyRow, MembershipYear, NewDevice, NewDevices};
pub use enrollment::{
    ApproveDevice, ApprovedDevice, DeviceInvitation, DeviceInvitations, NewDeviceInvitation, NewPendingDevice, PendingDevice,
    PendingDevices, SentDeviceInvitation,
};
pub use imports::{
    CertificateDependents, CertificateDetails, EditCertificate, FetchCertificates, ImportCertificates, Imported, LeftOut, RemoveCertificate,
};
pub use inbox::{Notice, Notices, ReadNotices};
pub use keys::{
    AppleToken, Budget, DayMark, Dependents, EditKey, Feature, FeatureOverride, Key, KeyChoice, KeyChoices, KeyDetails, Keys, LastResult,
    NewAppleToken, NewKey, RemoveKey,
};
pub use members::{
    AcceptInvitation, AcceptedInvitation, EditMember, Invitation, InvitationToken, Invitations, Member, MemberRole, Members, NewInvitation,
    OpenInvitation, SendAgain, SentInvitation,
};
pub use notification_channels::{
    CreatedNotificationChannel, EditNotificationChannel, NewNotificationChannel, NoticeDeliveries, NoticeDelivery, NotificationChannel,
    NotificationChannels, RemoveNotificationChannel,
};
pub use organizations::{
    EditOrganization, HeldRole, NewOrganization, OrganizationDetails, OrganizationLosses, Organizations, RemoveOrganization,
    SubOrganization, SubOrganizations,
};
pub use problem::{AppleAnswer, Field, Problem, UsableKey};
pub use profiles::{
    AffectedProfile, AutomaticRenewal, CertificateInProfile, DeleteProfile, FetchProfiles, FetchedProfiles, ImportProfiles,
    ImportedProfile, ImportedProfiles, NewProfile, Profile, ProfileDetails, ProfileFile, Profiles, RebuildProfile, RemoveProfiles,
    RenewCertificate, RenewalPreview, SetAutomaticRenewal,
};
pub use service_tokens::{CreatedServiceToken, EditServiceToken, NewServiceToken, RotateServiceToken, ServiceToken, ServiceTokens};
pub use sharing::{
    ChangeItemShares, ChangeShares, InheritedCertificate, InheritedCertificates, InheritedProfile, InheritedProfiles, ItemSharedWith,
    ItemShares, KeyShares, ShareEnd, ShareItemWith, ShareLimits, ShareWith, SharedWith, Sharing,
};
pub use signing_sets::{
    CertificateInSet, EnsureSigningSet, EnsuredSigningSet, NewSigningSet, PickedItem, ProfileInSet, SigningSet, SigningSetFile,
    SigningSetFiles, SigningSetFilesRequest, SigningSetItem, SigningSetName, SigningSets,
};
pub use testing::{
    BetaAppTexts, BetaInfo, BetaReviewContact, BuildInTesting, NewBetaReviewDetails, Tester, Testers, TestingChange, TestingChanges,
    TestingGroup, TestingGroupDetails, TestingGroups, TextIn,
};

/// Where the API begins.
pub const ROOT: &str = "/api/v1";
