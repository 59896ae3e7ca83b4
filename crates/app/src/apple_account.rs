//! Reading the Apple account through a key: certificates, profiles, bundle IDs, devices. Read fresh at each call.
//!
//! Apple's own filters match by substring and quietly ignore what they do not know (facts E5). So the whole list is read,
//! and searching, filtering and sorting are ours, exact, and the same for every list ([`narrow`]).

mod lists;
mod narrow;
mod profile_file;

use domain::{CertificateId, ItemOrigin};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(crate) use lists::is_lent_for;
pub(crate) use narrow::EXPIRING_DAYS;
pub(crate) use profile_file::file_name;

/// What to show of a list; filters are applied exactly by us, whatever Apple's filters do.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Substring of name, identifier, serial, UDID; case does not matter.
    pub search: Option<String>,
    /// Apple's type (certificate type, profile type, platform, device class).
    pub kind: Option<String>,
    /// State (profile: ACTIVE, INVALID, EXPIRED; device: ENABLED, DISABLED; certificate: valid, expiring, expired).
    pub state: Option<String>,
    /// Field to sort by: name, type, expires, identifier…; a leading `-` turns it around.
    pub sort: Option<String>,
}

/// A list and how old it is.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    /// What fits the query.
    pub items: Vec<T>,
    /// How many there are without the query.
    pub total: usize,
    /// How many of each of Apple's types there are without the query.
    pub kinds: BTreeMap<String, usize>,
    /// When Apple gave it.
    pub at: Timestamp,
}

/// A certificate at Apple.
#[derive(Debug, Clone)]
pub struct AppleCertificate {
    /// Apple's id.
    pub id: String,
    /// Apple's name, or display name.
    pub name: String,
    /// Apple's type.
    pub certificate_type: String,
    /// Upper-case hex.
    pub serial: String,
    /// From the certificate's OU.
    pub team_id: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Here, if held here.
    pub held: Option<CertificateId>,
    /// Where it came from, if held here.
    pub origin: Option<ItemOrigin>,
    /// Whether Russet has its private key.
    pub key_held: bool,
}

/// A provisioning profile at Apple.
#[derive(Debug, Clone)]
pub struct AppleProfile {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Apple's type, such as IOS_APP_STORE.
    pub profile_type: String,
    /// ACTIVE, INVALID, EXPIRED, or what Apple says.
    pub state: String,
    /// Inside UUID.
    pub uuid: String,
    /// The bundle ID's identifier.
    pub bundle_identifier: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Its certificates: Apple's id, name, whether Russet has the private key.
    pub certificates: Vec<(String, String, bool)>,
    /// Its devices: Apple's id, name.
    pub devices: Vec<(String, String)>,
}

/// A bundle ID at Apple.
#[derive(Debug, Clone)]
pub struct AppleBundleId {
    /// Apple's id.
    pub id: String,
    /// Description.
    pub name: String,
    /// Such as com.example.app or com.example.*.
    pub identifier: String,
    /// IOS, MAC_OS, UNIVERSAL, SERVICES…
    pub platform: String,
    /// Apple's capability types.
    pub capabilities: Vec<String>,
}

/// A device at Apple.
#[derive(Debug, Clone)]
pub struct AppleDevice {
    /// Apple's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// As Apple writes it.
    pub udid: String,
    /// IPHONE, IPAD…
    pub device_class: String,
    /// Model.
    pub model: Option<String>,
    /// IOS, MAC_OS…
    pub platform: String,
    /// ENABLED or DISABLED.
    pub status: String,
    /// When it was added.
    pub added_at: Option<Timestamp>,
}

/// A file to take away.
pub struct Download {
    /// Its name, safe for a file system.
    pub file_name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes; may hold a private key.
    pub bytes: zeroize::Zeroizing<Vec<u8>>,
}
