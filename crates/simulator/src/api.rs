//! The two APIs that the simulator plays, and the words of the JSON:API surface they share.

use serde::{Deserialize, Serialize};

/// One of Apple's two APIs (facts A5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// `api.appstoreconnect.apple.com`.
    AppStore,
    /// `api.enterprise.developer.apple.com`: provisioning and users, with keys of its own.
    Enterprise,
}

impl Api {
    /// The audience that a token for this API must name (facts A1).
    pub fn audience(self) -> &'static str {
        match self {
            Api::AppStore => "appstoreconnect-v1",
            Api::Enterprise => "apple-developer-enterprise-v1",
        }
    }
}

/// What a request wants of a resource, in Apple's words (facts B5, "operation never offered").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    GetCollection,
    GetInstance,
    Create,
    Update,
    Delete,
}

impl Verb {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Verb::GetCollection => "GET_COLLECTION",
            Verb::GetInstance => "GET_INSTANCE",
            Verb::Create => "CREATE",
            Verb::Update => "UPDATE",
            Verb::Delete => "DELETE",
        }
    }

    pub(crate) fn reads(self) -> bool {
        matches!(self, Verb::GetCollection | Verb::GetInstance)
    }
}

/// The resource types that the simulator plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Apps,
    AppInfos,
    BetaAppLocalizations,
    BetaAppReviewDetails,
    BetaAppReviewSubmissions,
    BetaBuildLocalizations,
    BetaGroups,
    BetaLicenseAgreements,
    BetaTesterInvitations,
    BetaTesters,
    BuildBetaDetails,
    BuildBetaNotifications,
    BuildUploadFiles,
    BuildUploads,
    Builds,
    BundleIdCapabilities,
    BundleIds,
    Certificates,
    Devices,
    PassTypeIds,
    PreReleaseVersions,
    Profiles,
    ReviewSubmissions,
    UserInvitations,
    Users,
    WebhookDeliveries,
    WebhookEvents,
    WebhookPings,
    Webhooks,
}

impl Kind {
    const ALL: [Kind; 29] = [
        Kind::Apps,
        Kind::AppInfos,
        Kind::BetaAppLocalizations,
        Kind::BetaAppReviewDetails,
        Kind::BetaAppReviewSubmissions,
        Kind::BetaBuildLocalizations,
        Kind::BetaGroups,
        Kind::BetaLicenseAgreements,
        Kind::BetaTesterInvitations,
        Kind::BetaTesters,
        Kind::BuildBetaDetails,
        Kind::BuildBetaNotifications,
        Kind::BuildUploadFiles,
        Kind::BuildUploads,
        Kind::Builds,
        Kind::BundleIdCapabilities,
        Kind::BundleIds,
        Kind::Certificates,
        Kind::Devices,
        Kind::PassTypeIds,
        Kind::PreReleaseVersions,
        Kind::Profiles,
        Kind::ReviewSubmissions,
        Kind::UserInvitations,
        Kind::Users,
        Kind::WebhookDeliveries,
        Kind::WebhookEvents,
        Kind::WebhookPings,
        Kind::Webhooks,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Apps => "apps",
            Kind::AppInfos => "appInfos",
            Kind::BetaAppLocalizations => "betaAppLocalizations",
            Kind::BetaAppReviewDetails => "betaAppReviewDetails",
            Kind::BetaAppReviewSubmissions => "betaAppReviewSubmissions",
            Kind::BetaBuildLocalizations => "betaBuildLocalizations",
            Kind::BetaGroups => "betaGroups",
            Kind::BetaLicenseAgreements => "betaLicenseAgreements",
            Kind::BetaTesterInvitations => "betaTesterInvitations",
            Kind::BetaTesters => "betaTesters",
            Kind::BuildBetaDetails => "buildBetaDetails",
            Kind::BuildBetaNotifications => "buildBetaNotifications",
            Kind::BuildUploadFiles => "buildUploadFiles",
            Kind::BuildUploads => "buildUploads",
            Kind::Builds => "builds",
            Kind::BundleIdCapabilities => "bundleIdCapabilities",
            Kind::BundleIds => "bundleIds",
            Kind::Certificates => "certificates",
            Kind::Devices => "devices",
            Kind::PassTypeIds => "passTypeIds",
            Kind::PreReleaseVersions => "preReleaseVersions",
            Kind::Profiles => "profiles",
            Kind::ReviewSubmissions => "reviewSubmissions",
            Kind::UserInvitations => "userInvitations",
            Kind::Users => "users",
            Kind::WebhookDeliveries => "webhookDeliveries",
            Kind::WebhookEvents => "webhookEvents",
            Kind::WebhookPings => "webhookPings",
            Kind::Webhooks => "webhooks",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Resources of the developer portal: their dates, default page and error texts differ (facts E5, E6).
    pub(crate) fn is_provisioning(self) -> bool {
        matches!(
            self,
            Kind::BundleIdCapabilities | Kind::BundleIds | Kind::Certificates | Kind::Devices | Kind::PassTypeIds | Kind::Profiles
        )
    }
}
