//! One module per resource of Apple's.
//!
//! Each has its attributes (all optional, unknown members kept in `other`), its filters, and a
//! handle with the operations that Apple offers. Filters are hints: Apple matches by substring and
//! writes UDIDs in its own case (facts E5), so compare results exactly.

mod apps;
mod beta_app_localizations;
mod beta_app_review_details;
mod beta_app_review_submissions;
mod beta_build_localizations;
mod beta_groups;
mod beta_license_agreements;
mod beta_testers;
mod build_beta_details;
mod build_beta_notifications;
mod build_upload_files;
mod build_uploads;
mod builds;
mod bundle_ids;
mod certificates;
mod devices;
mod pre_release_versions;
mod profiles;
mod webhooks;

pub use apps::{App, AppAttributes, AppFilter, Apps};
pub use beta_app_localizations::{BetaAppLocalization, BetaAppLocalizationAttributes, BetaAppLocalizations, BetaAppTexts};
pub use beta_app_review_details::{BetaAppReviewDetail, BetaAppReviewDetailAttributes, BetaAppReviewDetailPatch, BetaAppReviewDetails};
pub use beta_app_review_submissions::{
    BetaAppReviewSubmission, BetaAppReviewSubmissionAttributes, BetaAppReviewSubmissions, BetaReviewRefusal, BetaReviewState,
};
pub use beta_build_localizations::{BetaBuildLocalization, BetaBuildLocalizationAttributes, BetaBuildLocalizations};
pub use beta_groups::{BetaGroup, BetaGroupAttributes, BetaGroupFilter, BetaGroupPatch, BetaGroups, NewBetaGroup};
pub use beta_license_agreements::{BetaLicenseAgreement, BetaLicenseAgreementAttributes, BetaLicenseAgreements};
pub use beta_testers::{
    AppDevice, BetaInviteType, BetaTester, BetaTesterAttributes, BetaTesterFilter, BetaTesterState, BetaTesters, NewBetaTester, TesterOf,
};
pub use build_beta_details::{BuildBetaDetail, BuildBetaDetailAttributes, BuildBetaDetails, ExternalBetaState, InternalBetaState};
pub use build_beta_notifications::BuildBetaNotifications;
pub use build_upload_files::{
    AssetDeliveryState, AssetState, BuildUploadFile, BuildUploadFileAttributes, BuildUploadFiles, Checksum, ChecksumAlgorithm, Checksums,
    NewBuildUploadFile, UniformType, UploadAssetType, UploadHeader, UploadOperation,
};
pub use build_uploads::{
    BuildNumberTaken, BuildUpload, BuildUploadAttributes, BuildUploadDetail, BuildUploadFilter, BuildUploadProgress, BuildUploadState,
    BuildUploads, NewBuildUpload, StateDetail,
};
pub use builds::{
    Build, BuildAttributes, BuildAudienceType, BuildDetail, BuildDistribution, BuildFilter, BuildPatch, Builds, ProcessingState,
};
pub use bundle_ids::{
    BundleId, BundleIdAttributes, BundleIdCapability, BundleIdCapabilityAttributes, BundleIdDetail, BundleIdFilter, BundleIds,
    CapabilityOption, CapabilitySetting, CapabilityType, NewBundleId,
};
pub use certificates::{Certificate, CertificateAttributes, CertificateFilter, CertificateType, Certificates};
pub use devices::{Device, DeviceAttributes, DeviceClass, DeviceFilter, DevicePatch, DeviceStatus, Devices, NewDevice};
pub use pre_release_versions::{PreReleaseVersion, PreReleaseVersionAttributes, PreReleaseVersionFilter, PreReleaseVersions};
pub use profiles::{NewProfile, Profile, ProfileAttributes, ProfileDetail, ProfileFilter, ProfileState, ProfileType, Profiles};
pub use webhooks::{
    DeliveryResponse, DeliveryState, NewWebhook, Webhook, WebhookAttributes, WebhookDelivery, WebhookDeliveryAttributes, WebhookEventType,
    WebhookPatch, Webhooks,
};

use base64::Engine as _;

crate::open_enum::open_enum! {
    /// `BundleIdPlatform`: of bundle IDs, devices, certificates and profiles (facts E4).
    /// `SERVICES` is not in Apple's document but in live answers.
    Platform { Ios = "IOS", MacOs = "MAC_OS", Universal = "UNIVERSAL", Services = "SERVICES", }
}

crate::open_enum::open_enum! {
    /// `Platform`: of apps, versions, builds and uploads (facts E4). What is signed has a [`Platform`] instead.
    AppPlatform { Ios = "IOS", MacOs = "MAC_OS", TvOs = "TV_OS", VisionOs = "VISION_OS", }
}

/// Base64 as Apple sends it, line breaks tolerated.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.split_ascii_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(compact).ok()
}
