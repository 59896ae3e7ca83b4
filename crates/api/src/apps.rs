//! What is set for an app at Apple, and the build numbers that are handed out for it.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is set for an app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppSettings {
    /// The app's bundle identifier.
    pub identifier: String,
    /// How the question of export compliance is answered for builds that do not answer it themselves: `exempt`,
    /// `non-exempt`, or `ask` where somebody answers each.
    pub export_compliance: String,
    /// The build number that was reserved last.
    pub last_build_number: Option<String>,
    /// When any of it changed; none where nothing was ever set.
    pub changed_at: Option<Timestamp>,
}

/// Sets something for an app.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetApp {
    /// `exempt`: no encryption, or none but what is exempt. `non-exempt`: Apple then wants documents. `ask`: somebody
    /// answers each build.
    pub export_compliance: String,
}

/// Reserves a build number.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBuildNumber {
    /// Of what Apple has, only builds of this version count; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A build number that nobody else is given.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BuildNumber {
    /// The number, for `CFBundleVersion`.
    pub build_number: String,
    /// The highest that Apple has; none where it has none.
    pub highest_at_apple: Option<String>,
}
