//! Where teams keep their signing files, read where it lies: a fastlane match store, a folder, what EAS's `credentials.json`
//! names. Nothing there is changed, and what is encrypted is opened on this machine: a store's password goes nowhere.
//!
//! Links are not followed, so that a foreign repository shows nothing but what is in it.

use super::findings::Findings;
use crate::{Exit, Failure};
use signing::import::{
    MAX_PATHS, eas,
    folder::{FileKind, kind_of},
    match_store::{self, MatchError},
};
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};
use zeroize::Zeroizing;

/// A fastlane match store of either encryption. The password is that of the store.
pub(super) fn match_store(root: &Path, password: &str) -> Result<Findings, Failure> {
    let paths = tree(root)?;
    let inventory =
        match_store::inventory(paths.iter().map(String::as_str)).map_err(|cause| Failure::new(Exit::Usage, cause.to_string()))?;
    if inventory.certificates.is_empty() && inventory.profiles.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "{} is no store of fastlane match: it has neither certs/…/….cer nor profiles/…/….mobileprovision. Give the folder that match's repository was cloned to.",
                root.display()
            ),
        ));
    }
    let mut findings = Findings::default();
    let mut open = |path: &str, kind: FileKind| -> Result<(), Failure> {
        let file = read(&root.join(path), match_store::MAX_BYTES)?;
        let bytes = match match_store::decrypt(&file, password) {
            Ok(opened) => opened.bytes,
            // In a bucket files may lie in the clear.
            Err(MatchError::NotEncrypted) => file,
            Err(MatchError::WrongPassword) => {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("The password does not open {path}. Give the one that match calls MATCH_PASSWORD; nothing was taken in."),
                ));
            }
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
pub(super) fn folder(root: &Path, password: &str) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    for path in tree(root)? {
        if let Some(kind) = kind_of(&path) {
            findings_of(&mut findings, root, &path, kind, password);
        }
    }
    Ok(findings)
}

/// What `credentials.json` of EAS Build names, beside it and below.
pub(super) fn eas(file: &Path) -> Result<Findings, Failure> {
    let bytes = read(file, signing::import::MAX_JSON_BYTES)?;
    let targets = eas::read(&bytes).map_err(|cause| Failure::new(Exit::Usage, format!("{}: {cause}", file.display())))?;
    let beside = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut findings = Findings::default();
    for target in targets {
        for (path, kind) in [(&target.p12_path, FileKind::P12), (&target.profile_path, FileKind::Profile)] {
            if is_within(beside, path) {
                findings_of(&mut findings, beside, path, kind, &target.password);
            } else {
                findings.leave_out(
                    path,
                    "It is no file in the folder of credentials.json: it is missing, or a link leads out of it.",
                );
            }
        }
    }
    Ok(findings)
}

/// Whether this is a file below the folder, wherever links lead.
fn is_within(folder: &Path, path: &str) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let (Some(folder), Some(file)) = (real(folder), real(&folder.join(path))) else {
        return false;
    };
    file.starts_with(folder) && file.is_file()
}

/// One file of a folder; one that cannot be read is left out.
fn findings_of(findings: &mut Findings, root: &Path, path: &str, kind: FileKind, password: &str) {
    match read(&root.join(path), signing::p12::MAX_BYTES.max(signing::profile::MAX_BYTES)) {
        Ok(bytes) => findings.read(path, kind, &bytes, password),
        Err(failure) => findings.leave_out(path, failure.message),
    }
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
