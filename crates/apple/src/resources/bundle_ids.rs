//! Bundle IDs and their capabilities: listed, created, renamed, deleted (facts E1, E4).
//!
//! Only the name of a bundle ID can be changed. Capabilities have no list of their own; they are
//! read through their bundle ID. Enabling a capability, or deleting a bundle ID, makes the profiles
//! of the bundle ID INVALID.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Platform;
use crate::document::{Resource, null_is_default};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};

open_enum! {
    /// What an app may use (facts E4). Apple refuses types outside its list on writes.
    CapabilityType {
        Icloud = "ICLOUD",
        InAppPurchase = "IN_APP_PURCHASE",
        GameCenter = "GAME_CENTER",
        PushNotifications = "PUSH_NOTIFICATIONS",
        Wallet = "WALLET",
        InterAppAudio = "INTER_APP_AUDIO",
        Maps = "MAPS",
        AssociatedDomains = "ASSOCIATED_DOMAINS",
        PersonalVpn = "PERSONAL_VPN",
        AppGroups = "APP_GROUPS",
        Healthkit = "HEALTHKIT",
        Homekit = "HOMEKIT",
        WirelessAccessoryConfiguration = "WIRELESS_ACCESSORY_CONFIGURATION",
        ApplePay = "APPLE_PAY",
        DataProtection = "DATA_PROTECTION",
        Sirikit = "SIRIKIT",
        NetworkExtensions = "NETWORK_EXTENSIONS",
        Multipath = "MULTIPATH",
        HotSpot = "HOT_SPOT",
        NfcTagReading = "NFC_TAG_READING",
        Classkit = "CLASSKIT",
        AutofillCredentialProvider = "AUTOFILL_CREDENTIAL_PROVIDER",
        AccessWifiInformation = "ACCESS_WIFI_INFORMATION",
        NetworkCustomProtocol = "NETWORK_CUSTOM_PROTOCOL",
        CoremediaHlsLowLatency = "COREMEDIA_HLS_LOW_LATENCY",
        SystemExtensionInstall = "SYSTEM_EXTENSION_INSTALL",
        UserManagement = "USER_MANAGEMENT",
        AppleIdAuth = "APPLE_ID_AUTH",
    }
}

/// A bundle ID (App ID).
pub type BundleId = Resource<BundleIdAttributes>;

/// What a bundle ID says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BundleIdAttributes {
    /// The name that the team chose.
    pub name: Option<String>,
    /// The platform.
    pub platform: Option<Platform>,
    /// The identifier, such as `com.example.app` or `com.example.*`.
    pub identifier: Option<String>,
    /// The prefix of the app; not the team ID in old accounts.
    pub seed_id: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A capability of a bundle ID. Its id is `<bundle id>_<TYPE>`, sometimes with `_IOS` (facts E1).
pub type BundleIdCapability = Resource<BundleIdCapabilityAttributes>;

/// What a capability says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BundleIdCapabilityAttributes {
    /// The kind.
    pub capability_type: Option<CapabilityType>,
    /// Its settings, for iCloud, data protection and Sign in with Apple.
    #[serde(deserialize_with = "null_is_default")]
    pub settings: Vec<CapabilitySetting>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A setting of a capability, such as `ICLOUD_VERSION`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CapabilitySetting {
    /// Which setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The chosen options.
    #[serde(default, deserialize_with = "null_is_default")]
    pub options: Vec<CapabilityOption>,
}

/// An option of a setting, such as `XCODE_6`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityOption {
    /// Which option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether it is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A bundle ID with its capabilities.
#[derive(Debug, Clone)]
pub struct BundleIdDetail {
    /// The bundle ID.
    pub bundle_id: BundleId,
    /// Its capabilities; at most 50 are included, there are 28 kinds.
    pub capabilities: Vec<BundleIdCapability>,
}

/// Which bundle IDs to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct BundleIdFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Identifiers; matched by substring.
    pub identifiers: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Platforms.
    pub platforms: Vec<Platform>,
}

impl BundleIdFilter {
    fn query(&self) -> Query {
        let platforms: Vec<&str> = self.platforms.iter().map(Platform::as_str).collect();
        Query::list()
            .filter("id", &self.ids)
            .filter("identifier", &self.identifiers)
            .filter("name", &self.names)
            .filter("platform", &platforms)
    }
}

/// A bundle ID to be registered.
#[derive(Debug, Clone, Serialize)]
pub struct NewBundleId {
    /// The identifier, unique over all teams at Apple.
    pub identifier: String,
    /// The name.
    pub name: String,
    /// The platform.
    pub platform: Platform,
}

/// The operations on bundle IDs and their capabilities.
pub struct BundleIds<'s> {
    session: &'s Session,
}

impl<'s> BundleIds<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All bundle IDs that the filter lets through.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &BundleIdFilter) -> Result<Vec<BundleId>, Error> {
        Ok(self.session.get_all(&["bundleIds"], filter.query()).await?.data)
    }

    /// The same with their capabilities.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list_with_capabilities(&self, filter: &BundleIdFilter) -> Result<Vec<BundleIdDetail>, Error> {
        let query = filter
            .query()
            .with("include", "bundleIdCapabilities")
            .with("limit[bundleIdCapabilities]", "50");
        let listing = self.session.get_all::<BundleIdAttributes>(&["bundleIds"], query).await?;
        let detail = |bundle_id: BundleId| BundleIdDetail {
            capabilities: listing.included.find_all(bundle_id.related_many("bundleIdCapabilities")),
            bundle_id,
        };
        Ok(listing.data.into_iter().map(detail).collect())
    }

    /// One bundle ID by Apple's id.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<BundleId, Error> {
        let path = ["bundleIds", id];
        Ok(self.session.get_one(&path, Query::default()).await?.data)
    }

    /// Registers a bundle ID, once.
    ///
    /// # Errors
    /// [`Error::is_identifier_taken`] tells when any team has it. [`Error::LostAnswer`]: it may
    /// exist now; look by identifier.
    pub async fn create(&self, new: &NewBundleId) -> Result<BundleId, Error> {
        let document = json!({"data": {"type": "bundleIds", "attributes": new}});
        self.session.write(Method::POST, &["bundleIds"], &document).await
    }

    /// Changes the name, the only thing that can be changed.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn rename(&self, id: &str, name: &str) -> Result<BundleId, Error> {
        let document = json!({"data": {"type": "bundleIds", "id": id, "attributes": {"name": name}}});
        self.session.write(Method::PATCH, &["bundleIds", id], &document).await
    }

    /// Deletes a bundle ID. Apple refuses it for an app that was uploaded (facts E6).
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["bundleIds", id]).await
    }

    /// The capabilities of a bundle ID. Sent without `limit`, which Apple refuses here (facts E4).
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn capabilities(&self, id: &str) -> Result<Vec<BundleIdCapability>, Error> {
        let path = ["bundleIds", id, "bundleIdCapabilities"];
        Ok(self.session.get_all(&path, Query::default()).await?.data)
    }

    /// Enables a capability. Enabling it again gives the existing one (facts E4).
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn add_capability(
        &self,
        id: &str,
        capability: &CapabilityType,
        settings: &[CapabilitySetting],
    ) -> Result<BundleIdCapability, Error> {
        let document = json!({"data": {
            "type": "bundleIdCapabilities",
            "attributes": attributes(capability, settings),
            "relationships": {"bundleId": {"data": {"type": "bundleIds", "id": id}}},
        }});
        self.session.write(Method::POST, &["bundleIdCapabilities"], &document).await
    }

    /// Changes the settings of a capability, by the capability's id.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn change_capability(
        &self,
        capability_id: &str,
        capability: &CapabilityType,
        settings: &[CapabilitySetting],
    ) -> Result<BundleIdCapability, Error> {
        let document = json!({"data": {
            "type": "bundleIdCapabilities",
            "id": capability_id,
            "attributes": attributes(capability, settings),
        }});
        let path = ["bundleIdCapabilities", capability_id];
        self.session.write(Method::PATCH, &path, &document).await
    }

    /// Disables a capability, by the capability's id.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn remove_capability(&self, capability_id: &str) -> Result<(), Error> {
        self.session.delete(&["bundleIdCapabilities", capability_id]).await
    }
}

fn attributes(capability: &CapabilityType, settings: &[CapabilitySetting]) -> Value {
    if settings.is_empty() {
        json!({"capabilityType": capability})
    } else {
        json!({"capabilityType": capability, "settings": settings})
    }
}
