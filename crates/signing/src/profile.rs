//! Provisioning profiles: a property list in a signed message.
//!
//! [`Profile::read`] gives what a `.mobileprovision` (or `.provisionprofile`) says *and* who vouches for it, because both
//! are shown side by side: signed by an unknown root is a state of a profile, not a reason to hide it.
//!
//! Fields follow facts L. Missing ones are absent or empty; unknown ones are ignored. This module must not decide whether a
//! profile is usable (expired, invalid, lacking a device): it only reads.
//!
//! The surprising thing: the bundle identifier is not a field. It is what remains of the entitlement
//! `application-identifier` (on macOS `com.apple.application-identifier`) after its prefix, and may end in `*`.

mod bundle_pattern;
mod method;

use jiff::Timestamp;
use plist::{Dictionary, Value};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::Explanation;
use crate::certificate::{Certificate, CertificateInfo};
use crate::chain::TrustRoot;
use crate::cms_signed::{self, CmsError};
use crate::explanation::explained;
use crate::property_list::{self, PropertyListError, text};
use crate::udid::Udid;

pub use crate::cms_signed::SignedBy;
pub use bundle_pattern::BundlePattern;
pub use method::Method;

/// The most that is read as a profile.
pub const MAX_BYTES: usize = cms_signed::MAX_BYTES;

/// A profile: what it says, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What it says.
    pub info: ProfileInfo,
    /// Who vouches for it.
    pub signed_by: SignedBy,
}

/// What a profile says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileInfo {
    /// `Name`.
    pub name: String,
    /// `UUID`, which is also the file name under which Xcode installs it.
    pub uuid: String,
    /// `AppIDName`: the name of the bundle ID at Apple.
    pub app_id_name: Option<String>,
    /// The application identifier among the entitlements: prefix, dot, bundle identifier.
    pub application_identifier: Option<String>,
    /// The bundle identifier, exact or with a `*` at its end.
    pub bundle_identifier: Option<String>,
    /// `ApplicationIdentifierPrefix`: usually the team ID.
    pub application_identifier_prefixes: Vec<String>,
    /// `TeamIdentifier`.
    pub team_ids: Vec<String>,
    /// `TeamName`.
    pub team_name: Option<String>,
    /// `Platform`, as in `iOS`, `OSX`, `xrOS`.
    pub platforms: Vec<String>,
    /// `CreationDate`.
    pub created: Option<Timestamp>,
    /// `ExpirationDate`.
    pub expires: Option<Timestamp>,
    /// `Entitlements` as JSON (dates as text, data as base64).
    pub entitlements: Map<String, serde_json::Value>,
    /// `DeveloperCertificates`: the certificates that may sign with it.
    pub certificates: Vec<CertificateInfo>,
    /// `ProvisionedDevices`: UDIDs, empty for store, in-house and Developer ID profiles.
    pub devices: Vec<String>,
    /// `ProvisionsAllDevices`: in-house and Developer ID profiles.
    pub provisions_all_devices: bool,
    /// `IsXcodeManaged`.
    pub xcode_managed: bool,
}

/// Why bytes are not a provisioning profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileError {
    /// The envelope cannot be read.
    Envelope(CmsError),
    /// The content cannot be read.
    Content(PropertyListError),
    /// The property list lacks `Name` or `UUID`, or one of its certificates is unreadable.
    NotAProfile,
}

impl ProfileError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const CHOOSE: &str = "Choose the .mobileprovision or .provisionprofile file that Apple offers for download.";
        match self {
            Self::Envelope(cause) => {
                let cause = cause.explain();
                Explanation::new(cause.found, cause.why, CHOOSE)
            }
            Self::Content(cause) => cause.explain(CHOOSE),
            Self::NotAProfile => Explanation::new(
                "The property list is not that of a provisioning profile.",
                "Name, UUID or a readable developer certificate is missing.",
                CHOOSE,
            ),
        }
    }
}

explained!(ProfileError);

impl Profile {
    /// Reads a profile and checks its signature up to `trusted`.
    ///
    /// # Errors
    /// [`ProfileError`]. A wrong or unknown signature is no error, see [`Self::signed_by`].
    pub fn read(bytes: &[u8], trusted: &TrustRoot) -> Result<Self, ProfileError> {
        let message = cms_signed::read(bytes).map_err(ProfileError::Envelope)?;
        let entries = property_list::read(&message.content).map_err(ProfileError::Content)?;
        Ok(Self {
            info: info_of(&entries).ok_or(ProfileError::NotAProfile)?,
            signed_by: message.signed_by(trusted),
        })
    }
}

impl ProfileInfo {
    /// How apps that are signed with it get to people.
    pub fn method(&self) -> Method {
        Method::of(self)
    }

    /// Whether an app with this bundle identifier may be signed with it.
    pub fn covers(&self, bundle_identifier: &str) -> bool {
        let pattern = self.bundle_identifier.as_deref().and_then(BundlePattern::parse);
        pattern.is_some_and(|pattern| pattern.matches(bundle_identifier))
    }

    /// Whether the certificate of this key may sign with it; named by the fingerprint of its public key.
    pub fn certificate_of_key(&self, public_key_fingerprint: &str) -> Option<&CertificateInfo> {
        self.certificates
            .iter()
            .find(|certificate| certificate.public_key_fingerprint == public_key_fingerprint)
    }

    /// Whether it lists this device, however the list spells it.
    pub fn lists(&self, device: &Udid) -> bool {
        self.devices
            .iter()
            .any(|listed| Udid::parse(listed).is_ok_and(|listed| listed == *device))
    }

    /// Whether it has ended at `now`; one that names no end never has.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether a debugger may attach to what is signed with it.
    pub fn allows_debugging(&self) -> bool {
        ["get-task-allow", "com.apple.security.get-task-allow"]
            .iter()
            .any(|name| self.entitlements.get(*name) == Some(&serde_json::Value::Bool(true)))
    }
}

fn info_of(entries: &Dictionary) -> Option<ProfileInfo> {
    let entitlements = entries
        .get("Entitlements")
        .and_then(Value::as_dictionary)
        .map(property_list::dictionary_to_json)
        .unwrap_or_default();
    let application_identifier = ["application-identifier", "com.apple.application-identifier"]
        .iter()
        .find_map(|name| entitlements.get(*name)?.as_str())
        .map(str::to_owned);
    let bundle_identifier = application_identifier
        .as_deref()
        .and_then(|identifier| identifier.split_once('.'))
        .map(|(_, bundle)| bundle.to_owned());
    let certificates = entries
        .get("DeveloperCertificates")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|data| Some(Certificate::from_der(data.as_data()?).ok()?.info().clone()))
        .collect::<Option<Vec<_>>>()?;
    Some(ProfileInfo {
        name: text(entries, "Name")?,
        uuid: text(entries, "UUID")?,
        app_id_name: text(entries, "AppIDName"),
        application_identifier,
        bundle_identifier,
        application_identifier_prefixes: texts(entries, "ApplicationIdentifierPrefix"),
        team_ids: texts(entries, "TeamIdentifier"),
        team_name: text(entries, "TeamName"),
        platforms: texts(entries, "Platform"),
        created: date(entries, "CreationDate"),
        expires: date(entries, "ExpirationDate"),
        entitlements,
        certificates,
        devices: texts(entries, "ProvisionedDevices"),
        provisions_all_devices: flag(entries, "ProvisionsAllDevices"),
        xcode_managed: flag(entries, "IsXcodeManaged"),
    })
}

fn texts(entries: &Dictionary, key: &str) -> Vec<String> {
    let items = entries.get(key).and_then(Value::as_array);
    let strings = items.into_iter().flatten().filter_map(Value::as_string);
    strings.map(str::to_owned).collect()
}

fn date(entries: &Dictionary, key: &str) -> Option<Timestamp> {
    Timestamp::try_from(std::time::SystemTime::from(entries.get(key)?.as_date()?)).ok()
}

fn flag(entries: &Dictionary, key: &str) -> bool {
    entries.get(key).and_then(Value::as_boolean).unwrap_or(false)
}
