//! Where teams keep their signing files, read where it lies: a fastlane match store, a folder, what EAS's `credentials.json`
//! names. Nothing there is changed, and what is encrypted is opened on this machine: a store's password goes nowhere.
//!
//! Links are not followed, so that a foreign repository shows nothing but what is in it.

use crate::{Exit, Failure};
use signing::import::{
    MAX_PATHS,
    findings::Findings,
    match_store,
    sources::{self, Fetched, SourceError},
};
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};
use zeroize::Zeroizing;

/// A fastlane match store of either encryption. The password is that of the store.
pub(super) fn match_store(root: &Path, password: &str) -> Result<Findings, Failure> {
    sources::match_store(&tree(root)?, password, |path| fetch(root, path)).map_err(|cause| unfit(root, &cause))
}

/// A folder and those below it. The password is that of every `.p12` and key in it.
pub(super) fn folder(root: &Path, password: &str) -> Result<Findings, Failure> {
    sources::folder(&tree(root)?, password, |path| fetch(root, path)).map_err(|cause| unfit(root, &cause))
}

/// What `credentials.json` of EAS Build names, beside it and below.
pub(super) fn eas(file: &Path) -> Result<Findings, Failure> {
    let bytes = read(file, signing::import::MAX_JSON_BYTES)?;
    let beside = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let within = |path: &str| match is_within(beside, path) {
        true => fetch(beside, path),
        false => Err("It is no file in the folder of credentials.json: it is missing, or a link leads out of it.".to_owned()),
    };
    sources::eas(&bytes, within).map_err(|cause| unfit(file, &cause))
}

fn unfit(source: &Path, cause: &SourceError) -> Failure {
    Failure::new(Exit::Usage, format!("{}: {cause}", source.display()))
}

/// One file of a folder, or why it cannot be had.
fn fetch(root: &Path, path: &str) -> Fetched {
    let most = signing::profile::MAX_BYTES.max(match_store::MAX_BYTES);
    read(&root.join(path), most).map_err(|failure| failure.message)
}

/// Whether this is a file below the folder, wherever links lead.
fn is_within(folder: &Path, path: &str) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let (Some(folder), Some(file)) = (real(folder), real(&folder.join(path))) else {
        return false;
    };
    file.starts_with(folder) && file.is_file()
}

/// The files below a folder by their paths within it, sorted. Hidden folders are passed over, `.git` among them.
fn tree(root: &Path) -> Result<Vec<String>, Failure> {
    let (mut paths, mut waiting) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = waiting.pop() {
        let at = root.join(&folder);
        let cannot = |cause: std::io::Error| Failure::new(Exit::Usage, format!("Cannot read the folder {}: {cause}.", at.display()));
        for entry in fs::read_dir(&at).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let kind = entry.file_type().map_err(cannot)?;
            // A name that is no text is none of a signing file.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if kind.is_dir() && !path.rsplit('/').next().unwrap_or_default().starts_with('.') {
                waiting.push(path);
            } else if kind.is_file() {
                paths.push(path);
            }
            if paths.len() + waiting.len() > MAX_PATHS {
                return Err(Failure::new(
                    Exit::Usage,
                    format!(
                        "{} has more than {MAX_PATHS} files. Give the folder that has the signing files.",
                        root.display()
                    ),
                ));
            }
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file of at most so many bytes. Wiped on drop.
pub(super) fn read(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let cannot = |cause: std::io::Error| Failure::new(Exit::Usage, format!("Cannot read {}: {cause}.", path.display()));
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes))
        .map_err(cannot)?;
    if bytes.len() > most {
        let message = format!("{} is larger than {} KB. No signing file is.", path.display(), most / 1000);
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(bytes)
}
