//! Binaries: app files that were uploaded here, to be sent to Apple from here.
//!
//! A file arrives in pieces and becomes a [`HeldBinary`] when it is whole: only then is it known what is inside. What a
//! page shows of the inside is kept beside it as [`Contents`]; what Apple would refuse is looked up anew in the file each
//! time, because it depends on the day.
//!
//! The surprising thing: a `.pkg` is kept and sent without a look inside. Its [`HeldBinary::contents`] stay empty, and who
//! sends it says which app, version and build number it is.

use crate::{
    id::{BinaryId, BinaryUploadId, OrgId},
    policy::Subject,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest file that is taken, in bytes. Apple takes apps of up to 4 GB; symbols and extensions make files larger than apps.
pub const MOST_BYTES: u64 = 8_000_000_000;

/// Longest file name, in characters.
pub const FILE_NAME_CHARACTERS: usize = 200;

/// How long an upload that nobody goes on with is kept.
pub const UPLOAD_PATIENCE: SignedDuration = SignedDuration::from_hours(48);

/// What sort of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryKind {
    /// An app for iOS, iPadOS, tvOS, visionOS, with what is inside of it.
    Ipa,
    /// An installer of a Mac app.
    Pkg,
}

impl BinaryKind {
    /// The word in the database, the API and at the end of file names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipa => "ipa",
            Self::Pkg => "pkg",
        }
    }
}

impl std::str::FromStr for BinaryKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ipa" => Ok(Self::Ipa),
            "pkg" => Ok(Self::Pkg),
            other => Err(format!("“{other}” is no sort of binary")),
        }
    }
}

/// A file on its way here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryUpload {
    /// Its id.
    pub id: BinaryUploadId,
    /// Whose it is.
    pub organization: OrgId,
    /// What the sender calls the file.
    pub file_name: String,
    /// How many bytes it will have.
    pub size: u64,
    /// How many of them are kept: the sender goes on there.
    pub received: u64,
    /// SHA-256 that the sender announced, lower-case hex.
    pub sha256: Option<String>,
    /// Who sends it.
    pub created_by: Subject,
    /// When it began.
    pub created_at: Timestamp,
    /// When something of it came last.
    pub touched_at: Timestamp,
}

impl BinaryUpload {
    /// When it is given up unless something of it comes.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.touched_at.saturating_add(UPLOAD_PATIENCE).unwrap_or(Timestamp::MAX)
    }
}

/// A binary held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBinary {
    /// Its id.
    pub id: BinaryId,
    /// Whose it is.
    pub organization: OrgId,
    /// What its sender called the file.
    pub file_name: String,
    /// What sort of file it is.
    pub kind: BinaryKind,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// What is inside of an `.ipa`.
    pub contents: Option<Contents>,
    /// Whether it has an icon that can be shown.
    pub has_icon: bool,
    /// Whether somebody marked it as a release candidate. Retention leaves those alone.
    pub is_release_candidate: bool,
    /// Who uploaded it.
    pub uploaded_by: Subject,
    /// When it was whole.
    pub uploaded_at: Timestamp,
}

impl HeldBinary {
    /// The app inside, where it is known.
    #[must_use]
    pub fn app(&self) -> Option<&BundleInside> {
        self.contents.as_ref().map(|contents| &contents.app)
    }

    /// What people call it: `Tern 2.1 (47)`, or the file's name.
    #[must_use]
    pub fn title(&self) -> String {
        match self.app() {
            Some(app) => format!("{} {} ({})", app.name, app.version, app.build_number),
            None => self.file_name.clone(),
        }
    }
}

/// What is inside of an app file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The app.
    pub app: BundleInside,
    /// Its extensions, watch app and app clips, by their path.
    pub nested: Vec<BundleInside>,
}

impl Contents {
    /// All bundles, the app first.
    pub fn bundles(&self) -> impl Iterator<Item = &BundleInside> {
        std::iter::once(&self.app).chain(&self.nested)
    }
}

/// One bundle inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleInside {
    /// `app`, `app extension`, `watch app`, `app clip`, as people call it.
    pub kind: String,
    /// Where it lies in the archive.
    pub path: String,
    /// `CFBundleIdentifier`; empty where it is missing.
    pub bundle_id: String,
    /// The name that people see.
    pub name: String,
    /// `CFBundleShortVersionString`; empty where it is missing.
    pub version: String,
    /// `CFBundleVersion`; empty where it is missing.
    pub build_number: String,
    /// Apple's word of the platform: `IOS`, `TV_OS`, `VISION_OS`, `MAC_OS`.
    pub platform: Option<String>,
    /// The oldest system that it runs on.
    pub minimum_os: Option<String>,
    /// `arm64`, `armv7`, ….
    pub architectures: Vec<String>,
    /// `ITSAppUsesNonExemptEncryption`, where it is answered in the app.
    pub uses_non_exempt_encryption: Option<bool>,
    /// Why it wants to reach what is private: key of the property list and text.
    pub purposes: BTreeMap<String, String>,
    /// The provisioning profile inside, or what is wrong with it.
    pub profile: Option<Result<ProfileInside, String>>,
}

/// A provisioning profile inside of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileInside {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub uuid: String,
    /// `App Store`, `ad hoc`, …, as people call it.
    pub method: String,
    /// Apple's team.
    pub team: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The certificates it lets sign: name and end.
    pub certificates: Vec<(String, Timestamp)>,
    /// What the app may do: entitlement and value, as text.
    pub entitlements: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl crate::Entropy for Sevens {
        fn fill(&self, out: &mut [u8]) {
            out.fill(7);
        }
    }

    #[test]
    fn a_binary_is_called_by_what_is_inside() {
        let app = BundleInside {
            kind: "app".to_owned(),
            path: "Payload/Tern.app".to_owned(),
            bundle_id: "com.example.tern".to_owned(),
            name: "Tern".to_owned(),
            version: "2.1".to_owned(),
            build_number: "47".to_owned(),
            platform: None,
            minimum_os: None,
            architectures: vec![],
            uses_non_exempt_encryption: None,
            purposes: BTreeMap::new(),
            profile: None,
        };
        let contents = Contents { app, nested: vec![] };
        let (clock, entropy) = (crate::SteppedClock::starting(Timestamp::UNIX_EPOCH), Sevens);
        let mut binary = HeldBinary {
            id: BinaryId::fresh(&clock, &entropy),
            organization: OrgId::fresh(&clock, &entropy),
            file_name: "tern.ipa".to_owned(),
            kind: BinaryKind::Ipa,
            size: 1,
            sha256: String::new(),
            contents: Some(contents),
            has_icon: false,
            is_release_candidate: false,
            uploaded_by: Subject::User(crate::UserId::fresh(&clock, &entropy)),
            uploaded_at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(binary.title(), "Tern 2.1 (47)");
        binary.contents = None;
        assert_eq!(binary.title(), "tern.ipa");
    }
}
