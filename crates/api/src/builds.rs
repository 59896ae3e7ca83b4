//! Builds: a binary is checked, sent to Apple and watched; and the builds that Apple has.
use crate::{BinaryFinding, Operation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Sends a binary to Apple, or looks whether it can be sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBuild {
    /// Through which API key, by id or name.
    pub key: String,
    /// The bundle identifier of the app: only for a `.pkg`, into which nobody looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// Its version, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its build number, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_number: Option<String>,
    /// Whether it is sent although something was found that Apple refuses. An app that Apple does not have is in the way all
    /// the same.
    #[serde(default)]
    pub anyway: bool,
}

/// What is known before a binary is sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BuildCheck {
    /// Apple's id of the app; none where the key sees no such app.
    pub app: Option<String>,
    /// Its name.
    pub app_name: Option<String>,
    /// Whether nothing was found that Apple refuses.
    pub can_be_sent: bool,
    /// What was found, the worst first.
    pub findings: Vec<BinaryFinding>,
}

/// How far the sending of a build came.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BuildSending {
    /// The act, with its steps.
    pub operation: Operation,
    /// The binary.
    pub binary: String,
    /// The app's bundle identifier.
    pub identifier: String,
    /// Version.
    pub version: String,
    /// Build number.
    pub build_number: String,
    /// How many bytes have arrived at Apple.
    pub arrived: u64,
    /// Of how many.
    pub size: u64,
    /// What it waits for, in words; none when it is over.
    pub waits_for: Option<String>,
    /// Apple's id of the build, once there is one.
    pub build: Option<String>,
    /// What Apple warned of when it took the file in.
    pub warnings: Vec<String>,
}

/// An app at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct App {
    /// Apple's id.
    pub id: String,
    /// Its name in the store.
    pub name: String,
    /// Bundle identifier.
    pub identifier: String,
    /// The SKU that the team chose.
    pub sku: Option<String>,
    /// Its first language.
    pub primary_locale: Option<String>,
}

/// The apps that a key sees.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Apps {
    /// By name.
    pub items: Vec<App>,
}

/// A build at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Build {
    /// Apple's id.
    pub id: String,
    /// Version; none where Apple does not tell it.
    pub version: Option<String>,
    /// Build number.
    pub build_number: String,
    /// Apple's platform.
    pub platform: Option<String>,
    /// Apple's state of its processing: `PROCESSING`, `VALID`, `INVALID`, `FAILED`.
    pub processing: String,
    /// Apple's state for testers of the team.
    pub internal: Option<String>,
    /// Apple's state for other testers.
    pub external: Option<String>,
    /// Where it stands, in words.
    pub state: String,
    /// What was answered about export compliance.
    pub uses_non_exempt_encryption: Option<bool>,
    /// The oldest system that it runs on.
    pub minimum_os: Option<String>,
    /// When it was uploaded.
    pub uploaded_at: Option<Timestamp>,
    /// When it ends for testers.
    pub expires_at: Option<Timestamp>,
    /// Whether it has ended.
    pub expired: bool,
}

/// The builds of an app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Builds {
    /// Newest first, at most 200.
    pub items: Vec<Build>,
}
