//! Binaries: uploaded in pieces, looked into, kept.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Announces a file. Its pieces follow.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBinary {
    /// Its name, 200 characters at most; folders before it are left out.
    pub file_name: String,
    /// How many bytes it has, 8,000,000,000 at most.
    #[schema(minimum = 1)]
    pub size: u64,
    /// SHA-256 of the file, 64 hexadecimal digits: what arrives is held against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What became of an announcement: an upload to go on with, or the binary with these very bytes, which is here already.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BegunUpload {
    /// Send pieces to this one. It may be one that was begun before for the same bytes, with some of them kept.
    pub upload: Option<BinaryUpload>,
    /// Nothing has to be sent.
    pub binary: Option<BinaryDetails>,
}

/// A file on its way here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BinaryUpload {
    /// Id.
    pub id: String,
    /// Its name.
    pub file_name: String,
    /// How many bytes it will have.
    pub size: u64,
    /// How many are kept: the next piece begins there.
    pub received: u64,
    /// When it is given up unless something of it comes.
    pub ends_at: Timestamp,
}

/// A binary held here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Binary {
    /// Id.
    pub id: String,
    /// What people call it: name, version and build number, or the file's name.
    pub title: String,
    /// The file's name.
    pub file_name: String,
    /// `ipa` or `pkg`.
    pub kind: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Bundle identifier of the app inside; none for what is not looked into.
    pub identifier: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its build number.
    pub build_number: Option<String>,
    /// Its platform: `IOS`, `TV_OS`, `VISION_OS`, `MAC_OS`.
    pub platform: Option<String>,
    /// Whether its icon can be shown.
    pub has_icon: bool,
    /// Whether somebody marked it as a release candidate.
    pub release_candidate: bool,
    /// Who uploaded it, by name.
    pub uploaded_by: String,
    /// When it was whole.
    pub uploaded_at: Timestamp,
}

/// A page of the binaries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Binaries {
    /// Newest first.
    pub items: Vec<Binary>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// A binary with what is inside.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BinaryDetails {
    /// The binary.
    pub binary: Binary,
    /// The app first, then its extensions, watch app and app clips. Empty for what is not looked into.
    pub bundles: Vec<BundleInside>,
    /// Whether the same bytes were here already; told when an upload is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_here: Option<bool>,
}

/// One bundle inside.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BundleInside {
    /// `app`, `app extension`, `watch app`, `app clip`, ….
    pub kind: String,
    /// Where it lies in the file.
    pub path: String,
    /// Bundle identifier.
    pub identifier: String,
    /// The name that people see.
    pub name: String,
    /// Version.
    pub version: String,
    /// Build number.
    pub build_number: String,
    /// `IOS`, `TV_OS`, `VISION_OS`, `MAC_OS`.
    pub platform: Option<String>,
    /// The oldest system that it runs on.
    pub minimum_os: Option<String>,
    /// `arm64`, ….
    pub architectures: Vec<String>,
    /// What the app itself answers about export compliance.
    pub uses_non_exempt_encryption: Option<bool>,
    /// Why it wants to reach what is private: key of the property list and text.
    pub purposes: BTreeMap<String, String>,
    /// The provisioning profile inside.
    pub profile: Option<ProfileInside>,
    /// Why that could not be read.
    pub profile_problem: Option<String>,
}

/// A provisioning profile inside of a bundle.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProfileInside {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// The way of distribution that it is for.
    pub method: String,
    /// Apple's team.
    pub team: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The certificates it lets sign.
    pub certificates: Vec<CertificateInside>,
    /// Entitlements and their values.
    pub entitlements: BTreeMap<String, String>,
}

/// A certificate inside of a profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CertificateInside {
    /// Name.
    pub name: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What should be known before a binary is sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BinaryFindings {
    /// The worst first; empty where nothing was found.
    pub items: Vec<BinaryFinding>,
}

/// Something that should be known.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BinaryFinding {
    /// A stable word.
    pub code: String,
    /// `refused`: Apple will not take it. `warning`: it may go on.
    pub severity: String,
    /// In which bundle, by its identifier.
    pub bundle: String,
    /// What was found and what to do.
    pub message: String,
}

/// Changes a binary.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditBinary {
    /// Whether it is a release candidate.
    pub release_candidate: bool,
}

/// What differs between two binaries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BinaryDifferences {
    /// What differs; empty for two of the same content.
    pub items: Vec<BinaryDifference>,
}

/// One thing that differs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BinaryDifference {
    /// In which bundle, by its identifier; none for the file itself.
    pub bundle: Option<String>,
    /// What.
    pub what: String,
    /// How it is in the first.
    pub before: Option<String>,
    /// How it is in the second.
    pub after: Option<String>,
}

/// How long binaries are kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BinaryRetention {
    /// Days after a binary was last sent or added; 0 keeps it for ever. Release candidates, and what is being sent, stay.
    #[schema(maximum = 3650)]
    pub days: u16,
}
