//! What sending a binary to Apple is: one plan and its four steps. What comes after them, Apple does, and the plan
//! watches; then there may be a fifth, the answer about export compliance.
//!
//! ```text
//! reserve the upload ── reserve its file ── send the parts ── commit ── Apple: processing ── a build
//! ```

use crate::id::{ApiKeyId, BinaryId};
use serde::{Deserialize, Serialize};

/// A binary that is to become a build at Apple: a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildToSend {
    /// Through which key.
    pub key: ApiKeyId,
    /// Which binary.
    pub binary: BinaryId,
    /// What people call it.
    pub title: String,
    /// Apple's id of the app.
    pub app: String,
    /// The app's bundle identifier.
    pub identifier: String,
    /// Version.
    pub version: String,
    /// Build number.
    pub build_number: String,
    /// Apple's platform: `IOS`, `MAC_OS`, `TV_OS`, `VISION_OS`.
    pub platform: String,
    /// Apple's type of the file: `com.apple.ipa` or `com.apple.pkg`.
    pub file_type: String,
    /// The file's name.
    pub file_name: String,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
    /// What of Apple's is changed: one act at a time makes this build of this app.
    pub subject: String,
}

/// The place for a build is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadReservation {
    /// For what.
    pub of: Box<BuildToSend>,
}

/// The place for the build's file is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReservation {
    /// For what.
    pub of: Box<BuildToSend>,
    /// Apple's id of the upload.
    pub upload: String,
}

/// The file's parts are sent, or it is said that they are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUpload {
    /// Of what.
    pub of: Box<BuildToSend>,
    /// Apple's id of the upload.
    pub upload: String,
    /// Apple's id of the file.
    pub file: String,
}

/// The question of export compliance is answered for a build that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildAnswer {
    /// What was sent.
    pub of: Box<BuildToSend>,
    /// Apple's id of the build.
    pub build: String,
    /// Whether it uses encryption that is not exempt.
    pub uses_encryption: bool,
}
