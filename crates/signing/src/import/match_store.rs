//! Stores of fastlane match: git repositories and buckets with certificates, keys and profiles, encrypted file by file.
//!
//! [`inventory`] makes sense of the paths without opening anything:
//! `certs/TYPE/ID.cer`, `certs/TYPE/ID.p12` and `profiles/TYPE/METHOD_BUNDLE[_PLATFORM].mobileprovision`, in buckets below a
//! folder named after the team. [`decrypt`] opens one file. Buckets may hold files that are not encrypted, see
//! [`is_encrypted`].
//!
//! This module must not trust names: what type a certificate has and what a profile covers is read from the files; the names
//! only say which files belong together, and let a dry run show something before anything is fetched.

mod encryption;

use std::collections::BTreeMap;

use super::{MAX_PATHS, inner_path};
use crate::Explanation;
use crate::explanation::explained;
use crate::profile::Method;

pub use encryption::{Decrypted, Encryption, MAX_BYTES, MatchError, decrypt, is_encrypted};

/// What a store holds, by its names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Certificates with their keys, by team, type and id.
    pub certificates: Vec<StoredCertificate>,
    /// Profiles, by path.
    pub profiles: Vec<StoredProfile>,
    /// Paths that nothing is imported from.
    pub others: Vec<String>,
}

/// The two files of one certificate. One of them may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCertificate {
    /// The team's folder, in buckets.
    pub team: Option<String>,
    /// The folder's name, as in `distribution` or `developer_id_application`.
    pub folder: String,
    /// Apple's id of the certificate.
    pub id: String,
    /// Where the `.cer` lies.
    pub certificate_path: Option<String>,
    /// Where the private key lies: a `.p12` by name, mostly PEM inside.
    pub key_path: Option<String>,
}

/// One profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// The team's folder, in buckets.
    pub team: Option<String>,
    /// The method that the folder stands for; `None` for folders of other names.
    pub method: Option<Method>,
    /// The bundle identifier in the file's name, with `*` where it is a wildcard.
    pub bundle_identifier: String,
    /// `tvos` or `catalyst`, where the name says so; else `macos` or `ios` by its ending.
    pub platform: &'static str,
    /// Where it lies.
    pub path: String,
}

/// A listing has more than 100,000 paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyPaths;

impl TooManyPaths {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        Explanation::new(
            "The store lists too many files.",
            format!("The limit is {MAX_PATHS}; real stores have a few hundred."),
            "Give the folder that match itself uses.",
        )
    }
}

explained!(TooManyPaths);

/// Makes sense of the paths of a store. Paths that lead out of it are among the others.
///
/// # Errors
/// [`TooManyPaths`].
pub fn inventory<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<Inventory, TooManyPaths> {
    let mut found = Inventory::default();
    let mut certificates: BTreeMap<(Option<String>, String, String), StoredCertificate> = BTreeMap::new();
    for (index, path) in paths.into_iter().enumerate() {
        if index == MAX_PATHS {
            return Err(TooManyPaths);
        }
        match inner_path(path).as_deref().and_then(place) {
            Some(Place::Certificate { team, folder, id, is_key }) => {
                let key = (team.clone(), folder.clone(), id.clone());
                let stored = certificates.entry(key).or_insert(StoredCertificate {
                    team,
                    folder,
                    id,
                    certificate_path: None,
                    key_path: None,
                });
                let slot = match is_key {
                    true => &mut stored.key_path,
                    false => &mut stored.certificate_path,
                };
                *slot = Some(path.to_owned());
            }
            Some(Place::Profile(profile)) => found.profiles.push(StoredProfile {
                path: path.to_owned(),
                ..profile
            }),
            None => found.others.push(path.to_owned()),
        }
    }
    found.certificates = certificates.into_values().collect();
    found.profiles.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

enum Place {
    Certificate {
        team: Option<String>,
        folder: String,
        id: String,
        is_key: bool,
    },
    Profile(StoredProfile),
}

fn place(path: &str) -> Option<Place> {
    let parts: Vec<&str> = path.split('/').collect();
    let [above @ .., top, folder, name] = parts.as_slice() else {
        return None;
    };
    let team = above
        .last()
        .filter(|team| crate::certificate::is_team_id(team))
        .map(|team| (*team).to_owned());
    let (stem, ending) = name.rsplit_once('.')?;
    match (*top, ending) {
        ("certs", "cer" | "p12") => Some(Place::Certificate {
            team,
            folder: (*folder).to_owned(),
            id: stem.to_owned(),
            is_key: ending == "p12",
        }),
        ("profiles", "mobileprovision" | "provisionprofile") => {
            let (_, rest) = stem.split_once('_')?;
            let (bundle_identifier, platform) = match (rest.strip_suffix("_tvos"), rest.strip_suffix("_catalyst")) {
                (Some(bundle), _) => (bundle, "tvos"),
                (_, Some(bundle)) => (bundle, "catalyst"),
                _ if ending == "provisionprofile" => (rest, "macos"),
                _ => (rest, "ios"),
            };
            Some(Place::Profile(StoredProfile {
                team,
                method: method_of(folder),
                bundle_identifier: bundle_identifier.to_owned(),
                platform,
                path: String::new(),
            }))
        }
        _ => None,
    }
}

fn method_of(folder: &str) -> Option<Method> {
    Some(match folder {
        "development" => Method::Development,
        "adhoc" => Method::AdHoc,
        "enterprise" => Method::Enterprise,
        "appstore" => Method::AppStore,
        "developer_id" => Method::Direct,
        _ => return None,
    })
}
