//! The property list inside a provisioning profile, with the keys that real ones have (facts L).

use std::time::SystemTime;

use jiff::Timestamp;
use plist::{Date, Dictionary, Value};
use serde_json::Value as Json;

use super::authority::ProfileSigner;
use super::{ArtefactError, der_profile, entitlements};

const SECONDS_PER_DAY: i64 = 86_400;

/// What the simulated profile shall say.
#[derive(Debug, Clone)]
pub(crate) struct ProfileOrder {
    /// The name the creator gave.
    pub name: String,
    /// Lower-case UUID, new with every profile.
    pub uuid: String,
    /// Apple's `profileType` (facts E3).
    pub profile_type: String,
    /// The name of the bundle ID.
    pub app_id_name: String,
    /// Ten characters.
    pub team_id: String,
    /// The team's name.
    pub team_name: String,
    /// The App ID prefix; the team id for all but very old teams.
    pub seed_id: String,
    /// For example `com.example.app`, or with a trailing `*`.
    pub bundle_identifier: String,
    /// `capabilityType` and its `settings` array (or null) of each capability that is switched on.
    pub capabilities: Vec<(String, Json)>,
    /// The certificates whose keys may sign, DER.
    pub certificates_der: Vec<Vec<u8>>,
    /// The devices of development and ad hoc profiles; ignored for the others.
    pub device_udids: Vec<String>,
    /// Date of creation, also the signing time.
    pub created: Timestamp,
    /// Date of expiry.
    pub expires: Timestamp,
}

/// What a profile's apps run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Ios,
    Tv,
    Mac,
}

/// What a profile's apps are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Development,
    AdHoc,
    InHouse,
    Store,
    Direct,
}

/// Takes a `profileType` such as `IOS_APP_STORE` apart.
fn parse_type(profile_type: &str) -> Option<(Platform, Purpose)> {
    let (platform, purpose) = profile_type.split_once("_APP_").and_then(|(platform, purpose)| {
        let platform = match platform {
            "IOS" => Platform::Ios,
            "TVOS" => Platform::Tv,
            "MAC" | "MAC_CATALYST" => Platform::Mac,
            _ => return None,
        };
        Some((platform, purpose))
    })?;
    let purpose = match (purpose, platform) {
        ("DEVELOPMENT", _) => Purpose::Development,
        ("STORE", _) => Purpose::Store,
        ("ADHOC", Platform::Ios | Platform::Tv) => Purpose::AdHoc,
        ("INHOUSE", Platform::Ios | Platform::Tv) => Purpose::InHouse,
        ("DIRECT", Platform::Mac) => Purpose::Direct,
        _ => return None,
    };
    Some((platform, purpose))
}

/// The XML property list, unsigned. The signer is needed already here, for the DER form of the profile inside of it.
pub(super) fn property_list(order: &ProfileOrder, signer: &ProfileSigner) -> Result<Vec<u8>, ArtefactError> {
    let (platform, purpose) = parse_type(&order.profile_type).ok_or_else(|| ArtefactError::ProfileType(order.profile_type.clone()))?;
    let mut profile = contents(order, platform, purpose);
    let der = der_profile::sign(&profile, signer, order.created)?;
    profile.insert("DER-Encoded-Profile".to_owned(), Value::Data(der));

    let mut xml = Vec::new();
    Value::Dictionary(profile).to_writer_xml(&mut xml)?;
    Ok(xml)
}

fn contents(order: &ProfileOrder, platform: Platform, purpose: Purpose) -> Dictionary {
    let certificates = order.certificates_der.iter().cloned().map(Value::Data).collect();
    let days = (order.expires.as_second() - order.created.as_second()) / SECONDS_PER_DAY;
    let mut profile = Dictionary::new();
    let mut put = |key: &str, value: Value| {
        profile.insert(key.to_owned(), value);
    };
    put("AppIDName", text(&order.app_id_name));
    put("ApplicationIdentifierPrefix", texts([&order.seed_id]));
    put("CreationDate", date(order.created));
    put("Platform", platform_names(platform));
    put("IsXcodeManaged", Value::Boolean(false));
    put("DeveloperCertificates", Value::Array(certificates));
    put("Entitlements", Value::Dictionary(entitlements::of(order, platform, purpose)));
    put("ExpirationDate", date(order.expires));
    put("Name", text(&order.name));
    match purpose {
        Purpose::Development | Purpose::AdHoc => put("ProvisionedDevices", texts(&order.device_udids)),
        Purpose::InHouse | Purpose::Direct => put("ProvisionsAllDevices", Value::Boolean(true)),
        Purpose::Store => {}
    }
    put("TeamIdentifier", texts([&order.team_id]));
    put("TeamName", text(&order.team_name));
    put("TimeToLive", Value::Integer(days.into()));
    put("UUID", text(&order.uuid));
    put("Version", Value::Integer(1.into()));
    profile
}

fn platform_names(platform: Platform) -> Value {
    match platform {
        Platform::Ios => texts(["iOS", "xrOS", "visionOS"]),
        Platform::Tv => texts(["tvOS"]),
        Platform::Mac => texts(["OSX"]),
    }
}

/// Whole seconds, because readers of property lists refuse fractions.
fn date(at: Timestamp) -> Value {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    Value::Date(Date::from(SystemTime::from(whole)))
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

fn texts(values: impl IntoIterator<Item = impl AsRef<str>>) -> Value {
    Value::Array(values.into_iter().map(|value| text(value.as_ref())).collect())
}
