//! What stands in the Apple account, read through a key.
use crate::DevicePlaces;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! listing {
    ($(#[$doc:meta])* $name:ident of $item:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
        pub struct $name {
            /// What fits the query.
            pub items: Vec<$item>,
            /// How many there are without the query.
            pub total: usize,
            /// When Apple gave it.
            pub at: Timestamp,
        }
    };
}

listing!(/** Certificates at Apple. */ AppleCertificates of AppleCertificate);
listing!(/** Profiles at Apple. */ AppleProfiles of AppleProfile);
listing!(/** Bundle IDs at Apple. */ AppleBundleIds of AppleBundleId);

/// Devices at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleDevices {
    /// What fits the query.
    pub items: Vec<AppleDevice>,
    /// How many there are without the query.
    pub total: usize,
    /// Apple's places, for each class that there is one of, without the query.
    pub places: Vec<DevicePlaces>,
    /// When places of disabled devices come free, as far as a person entered the end of the membership year.
    #[schema(value_type = Option<String>, format = Date)]
    pub places_free_on: Option<jiff::civil::Date>,
    /// When Apple gave it.
    pub at: Timestamp,
}

/// A certificate at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleCertificate {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Apple's type.
    pub certificate_type: String,
    /// Upper-case hex.
    pub serial: String,
    /// From the subject's OU.
    pub team_id: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Days of the calendar (UTC) until then, 0 on the day itself; -1 when it ended today, -2 when yesterday.
    pub days_left: Option<i64>,
    /// Its id here, when held here.
    pub held: Option<String>,
    /// Whether Russet has its private key.
    pub key_held: bool,
}

/// A certificate at Apple, and what needs it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleCertificateDetails {
    /// The certificate.
    #[serde(flatten)]
    pub certificate: AppleCertificate,
    /// The profiles that hold it; null where the key may not read profiles.
    pub profiles: Option<Vec<ProfileRef>>,
}

/// Revokes a certificate at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeCertificate {
    /// Its name, repeated: the one that it has here, or Apple's.
    pub name: String,
}

/// A profile at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleProfile {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Apple's type.
    pub profile_type: String,
    /// ACTIVE, INVALID, EXPIRED.
    pub state: String,
    /// The UUID inside.
    pub uuid: String,
    /// The bundle ID's identifier.
    pub bundle_identifier: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Days of the calendar (UTC) until then, 0 on the day itself; -1 when it ended today, -2 when yesterday.
    pub days_left: Option<i64>,
    /// Its certificates.
    pub certificates: Vec<CertificateRef>,
    /// Its devices.
    pub devices: Vec<DeviceRef>,
}

/// A profile that something needs or changes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProfileRef {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Apple's type.
    pub profile_type: String,
    /// ACTIVE, INVALID, EXPIRED.
    pub state: String,
}

/// A certificate of a profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CertificateRef {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether Russet has its private key.
    pub key_held: bool,
}

/// A device of a profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeviceRef {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A bundle ID at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleBundleId {
    /// Apple's id.
    pub id: String,
    /// Description.
    pub name: String,
    /// Identifier.
    pub identifier: String,
    /// Platform.
    pub platform: String,
    /// Capability types.
    pub capabilities: Vec<String>,
}

/// A device at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppleDevice {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// As Apple writes it.
    pub udid: String,
    /// Class.
    pub device_class: String,
    /// Model.
    pub model: Option<String>,
    /// Platform.
    pub platform: String,
    /// ENABLED or DISABLED.
    pub status: String,
    /// When it was added.
    pub added_at: Option<Timestamp>,
}
