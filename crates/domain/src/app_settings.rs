//! What an organization has set for an app at Apple. An app is named by its bundle identifier: it may be seen through
//! several keys, and is the same app.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the question of export compliance is answered for builds that do not answer it themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportCompliance {
    /// Not: somebody answers each build.
    #[default]
    Ask,
    /// No encryption, or none but what is exempt.
    Exempt,
    /// Encryption that is not exempt; Apple then wants documents about it.
    NonExempt,
}

impl ExportCompliance {
    /// All of them, as they are offered.
    pub const ALL: [Self; 3] = [Self::Exempt, Self::NonExempt, Self::Ask];

    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Exempt => "exempt",
            Self::NonExempt => "non-exempt",
        }
    }

    /// Reads [`Self::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// What Apple is told: whether the build uses encryption that is not exempt. None where somebody is to say.
    #[must_use]
    pub fn uses_encryption(self) -> Option<bool> {
        match self {
            Self::Ask => None,
            Self::Exempt => Some(false),
            Self::NonExempt => Some(true),
        }
    }

    /// The answer that Apple has, or is to be told.
    #[must_use]
    pub fn of(uses_encryption: Option<bool>) -> Self {
        match uses_encryption {
            None => Self::Ask,
            Some(false) => Self::Exempt,
            Some(true) => Self::NonExempt,
        }
    }
}

impl fmt::Display for ExportCompliance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is set for an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppSettings {
    /// The app's bundle identifier.
    pub identifier: String,
    /// How builds without an answer are answered.
    pub export_compliance: ExportCompliance,
    /// The build number that was reserved last.
    pub last_build_number: Option<String>,
    /// When any of it changed; none where nothing was ever set.
    pub changed_at: Option<Timestamp>,
}
