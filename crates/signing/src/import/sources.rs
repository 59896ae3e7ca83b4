//! The sources that teams have, each read whole into [`Findings`]: a fastlane match store, what EAS's `credentials.json`
//! names, a folder with files.
//!
//! A caller lists the paths and hands over one file at a time, from a disk or out of what a browser sent; a file that it
//! cannot give is left out with its reason. What is encrypted is opened here.
//!
//! The surprising thing: a store of match that lies in a bucket may hold files in the clear, so each file is asked.

use zeroize::Zeroizing;

use super::eas;
use super::findings::Findings;
use super::folder::{FileKind, kind_of};
use super::match_store::{self, MatchError, TooManyPaths};
use super::{JsonFileError, MAX_PATHS};
use crate::Explanation;
use crate::explanation::explained;

/// The bytes of a file, or why they cannot be had.
pub type Fetched = Result<Zeroizing<Vec<u8>>, String>;

/// What a listing looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A fastlane match store.
    Match,
    /// A `credentials.json` of EAS Build with the files that it names.
    Eas,
    /// Files, perhaps in folders.
    Folder,
}

/// Why nothing of a source could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// More paths than any store has.
    TooManyPaths,
    /// Nothing in the listing is where match keeps things.
    NoStore,
    /// The password does not open the store.
    WrongPassword {
        /// The first file that it did not open.
        path: String,
    },
    /// The JSON file.
    Json(JsonFileError),
}

impl SourceError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::TooManyPaths => TooManyPaths.explain(),
            Self::NoStore => Explanation::new(
                "This is no store of fastlane match.",
                "It has neither certs/…/….cer nor profiles/…/….mobileprovision.",
                "Give the folder that match's repository was cloned to.",
            ),
            Self::WrongPassword { path } => Explanation::new(
                format!("The password does not open {path}."),
                "A store of match is under one password.",
                "Give the one that match calls MATCH_PASSWORD; nothing was taken in.",
            ),
            Self::Json(cause) => cause.explain(),
        }
    }
}

explained!(SourceError);

/// What a listing looks like, by the names in it. Hidden folders do not count.
pub fn recognized(paths: &[String]) -> Source {
    let seen = || paths.iter().map(String::as_str).filter(|path| !is_hidden(path));
    if seen().any(is_credentials) {
        return Source::Eas;
    }
    match match_store::inventory(seen()) {
        Ok(found) if !found.certificates.is_empty() || !found.profiles.is_empty() => Source::Match,
        _ => Source::Folder,
    }
}

/// Whether a path is that of a `credentials.json`.
pub fn is_credentials(path: &str) -> bool {
    path.rsplit('/').next() == Some("credentials.json")
}

/// Whether a path leads through a folder that is hidden, `.git` among them.
pub fn is_hidden(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    folders.any(|folder| folder.starts_with('.'))
}

/// A fastlane match store of either encryption. The password is that of the store.
///
/// # Errors
/// [`SourceError::TooManyPaths`], [`SourceError::NoStore`], [`SourceError::WrongPassword`].
pub fn match_store(paths: &[String], password: &str, mut fetch: impl FnMut(&str) -> Fetched) -> Result<Findings, SourceError> {
    let seen = paths.iter().map(String::as_str).filter(|path| !is_hidden(path));
    let inventory = match_store::inventory(seen).map_err(|TooManyPaths| SourceError::TooManyPaths)?;
    if inventory.certificates.is_empty() && inventory.profiles.is_empty() {
        return Err(SourceError::NoStore);
    }
    let mut findings = Findings::default();
    let mut open = |path: &str, kind: FileKind| {
        let file = match fetch(path) {
            Ok(file) => file,
            Err(why) => {
                findings.leave_out(path, why);
                return Ok(());
            }
        };
        let bytes = match match_store::decrypt(&file, password) {
            Ok(opened) => opened.bytes,
            Err(MatchError::NotEncrypted) => file,
            Err(MatchError::WrongPassword) => return Err(SourceError::WrongPassword { path: path.to_owned() }),
            Err(cause) => {
                findings.leave_out(path, cause.to_string());
                return Ok(());
            }
        };
        findings.read(path, kind, &bytes, "");
        Ok(())
    };
    for stored in &inventory.certificates {
        if let Some(path) = &stored.certificate_path {
            open(path, FileKind::Certificate)?;
        }
        if let Some(path) = &stored.key_path {
            open(path, FileKind::P12)?;
        }
    }
    for stored in &inventory.profiles {
        open(&stored.path, FileKind::Profile)?;
    }
    Ok(findings)
}

/// A folder and those below it. The password is that of every `.p12` and key in it.
///
/// # Errors
/// [`SourceError::TooManyPaths`].
pub fn folder(paths: &[String], password: &str, mut fetch: impl FnMut(&str) -> Fetched) -> Result<Findings, SourceError> {
    if paths.len() > MAX_PATHS {
        return Err(SourceError::TooManyPaths);
    }
    let mut findings = Findings::default();
    for path in paths.iter().filter(|path| !is_hidden(path)) {
        if let Some(kind) = kind_of(path) {
            read(&mut findings, path, kind, password, fetch(path));
        }
    }
    Ok(findings)
}

/// What a `credentials.json` of EAS Build names; `fetch` is asked for paths as they stand in it.
///
/// # Errors
/// [`SourceError::Json`].
pub fn eas(credentials: &[u8], mut fetch: impl FnMut(&str) -> Fetched) -> Result<Findings, SourceError> {
    let targets = eas::read(credentials).map_err(SourceError::Json)?;
    let mut findings = Findings::default();
    // Targets share files: each is read once with each password.
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for target in &targets {
        let password: &str = &target.password;
        for (path, kind, password) in [
            (&target.p12_path, FileKind::P12, password),
            (&target.profile_path, FileKind::Profile, ""),
        ] {
            if !seen.contains(&(path.as_str(), password)) {
                seen.push((path.as_str(), password));
                read(&mut findings, path, kind, password, fetch(path));
            }
        }
    }
    Ok(findings)
}

fn read(findings: &mut Findings, path: &str, kind: FileKind, password: &str, file: Fetched) {
    match file {
        Ok(bytes) => findings.read(path, kind, &bytes, password),
        Err(why) => findings.leave_out(path, why),
    }
}
