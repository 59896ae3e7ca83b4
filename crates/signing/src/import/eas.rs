//! `credentials.json` of EAS Build: for each target a `.p12` with its password and a profile, by path.
//!
//! Its `ios` is either one target or several by name. The Android part is not looked at.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{JsonFileError, inner_path, json};

const EXPECTED: &str = "a credentials.json of EAS Build with an ios part";
/// What a `credentials.json` may name at most: each is a bundle to open, which is slow on purpose.
const MAX_TARGETS: usize = 200;
const EXPECTED_FEWER: &str = "a credentials.json of EAS Build with at most 200 targets";

/// What one target is signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct EasTarget {
    /// The target's name, where the file has several.
    pub name: Option<String>,
    /// Where the profile lies, relative to the file.
    pub profile_path: String,
    /// Where the `.p12` lies, relative to the file.
    pub p12_path: String,
    /// What opens the `.p12`. Wiped on drop.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for EasTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EasTarget")
            .field("name", &self.name)
            .field("profile_path", &self.profile_path)
            .field("p12_path", &self.p12_path)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct File {
    ios: Ios,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ios {
    One(Target),
    Several(BTreeMap<String, Target>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    provisioning_profile_path: String,
    distribution_certificate: P12,
}

#[derive(Deserialize)]
struct P12 {
    path: String,
    #[serde(default)]
    password: String,
}

/// Reads a `credentials.json`.
///
/// # Errors
/// [`JsonFileError`].
pub fn read(bytes: &[u8]) -> Result<Vec<EasTarget>, JsonFileError> {
    let file: File = json(bytes, EXPECTED)?;
    let targets: Vec<EasTarget> = match file.ios {
        Ios::One(target) => vec![checked(None, target)?],
        Ios::Several(targets) => targets
            .into_iter()
            .map(|(name, target)| checked(Some(name), target))
            .collect::<Result<_, _>>()?,
    };
    match targets.len() {
        1..=MAX_TARGETS => Ok(targets),
        0 => Err(JsonFileError::Shape { expected: EXPECTED }),
        _ => Err(JsonFileError::Shape { expected: EXPECTED_FEWER }),
    }
}

fn checked(name: Option<String>, target: Target) -> Result<EasTarget, JsonFileError> {
    Ok(EasTarget {
        name,
        profile_path: inner_path(&target.provisioning_profile_path).ok_or(JsonFileError::Path)?,
        p12_path: inner_path(&target.distribution_certificate.path).ok_or(JsonFileError::Path)?,
        password: Zeroizing::new(target.distribution_certificate.password),
    })
}
