//! What the simulator reads of a binary after the commit: whether all of it came, its checksum, its `Info.plist`.
//!
//! Far less than Apple looks at: enough that a client which sends the wrong bytes, or the right bytes to the wrong
//! place, is told so. Packages and archives other than `.ipa` are taken as they are.

use super::binary::Reader;
use aws_lc_rs::digest;
use md5::Digest;
use plist::Dictionary;
use std::io::{BufReader, Read, Seek};
use zip::ZipArchive;

/// The largest `Info.plist` that is read, in bytes.
const LARGEST_PLIST: u64 = 1024 * 1024;

/// What the client said of the binary.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    /// Parts that have not come, from 1.
    pub(crate) missing: Vec<usize>,
    pub(crate) checksum: Option<Checksum>,
    /// Whether it is an `.ipa`, of which the `Info.plist` is read.
    pub(crate) is_ipa: bool,
    pub(crate) bundle_id: String,
    pub(crate) version: String,
    pub(crate) build: String,
}

/// `sourceFileChecksums.file`.
#[derive(Debug, Clone)]
pub(crate) struct Checksum {
    pub(crate) algorithm: String,
    /// In hexadecimal.
    pub(crate) hash: String,
}

/// One word of Apple's processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: String,
    pub(crate) description: String,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    pub(crate) errors: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
    pub(crate) min_os: Option<String>,
    /// `ITSAppUsesNonExemptEncryption`.
    pub(crate) uses_encryption: Option<bool>,
}

impl Findings {
    fn refuse(&mut self, code: &str, description: String) {
        self.errors.push(finding(code, description));
    }
}

pub(crate) fn finding(code: &str, description: String) -> Finding {
    Finding {
        code: code.to_owned(),
        description,
    }
}

/// Inspects a binary. Reads it as a whole only where there is a checksum to compare.
pub(crate) fn inspect(mut reader: Reader, expected: &Expected) -> Findings {
    let mut findings = Findings::default();
    if !expected.missing.is_empty() {
        findings.refuse(
            "SIMULATOR.PARTS_MISSING",
            format!("These parts were never sent: {:?}.", expected.missing),
        );
        return findings;
    }
    if let Some(checksum) = &expected.checksum {
        match checksum_of(&mut reader, &checksum.algorithm) {
            Ok(actual) if actual.eq_ignore_ascii_case(&checksum.hash) => {}
            Ok(actual) => findings.refuse(
                "SIMULATOR.CHECKSUM_MISMATCH",
                format!(
                    "The {} of the file is {actual}, its sourceFileChecksums say {}.",
                    checksum.algorithm, checksum.hash
                ),
            ),
            Err(error) => findings.refuse("SIMULATOR.UNREADABLE", error.to_string()),
        }
    }
    if findings.errors.is_empty() && expected.is_ipa {
        match property_lists(reader) {
            Ok((app, extensions)) => compare(&app, &extensions, expected, &mut findings),
            Err(reason) => findings.refuse("SIMULATOR.NOT_AN_IPA", reason),
        }
    }
    findings
}

fn checksum_of(reader: &mut Reader, algorithm: &str) -> std::io::Result<String> {
    reader.rewind()?;
    let mut buffer = vec![0; 1024 * 1024];
    let mut sha256 = digest::Context::new(&digest::SHA256);
    let mut md5 = md5::Md5::new();
    loop {
        let read = reader.read(&mut buffer)?;
        match (read, algorithm) {
            (0, "MD5") => return Ok(hex::encode(md5.finalize())),
            (0, _) => return Ok(hex::encode(sha256.finish())),
            (_, "MD5") => md5.update(&buffer[..read]),
            _ => sha256.update(&buffer[..read]),
        }
    }
}

/// The `Info.plist` of the app, and those of its extensions with their folders.
fn property_lists(mut reader: Reader) -> Result<(Dictionary, Vec<(String, Dictionary)>), String> {
    reader.rewind().map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(BufReader::new(reader)).map_err(|error| format!("The file is not a ZIP archive: {error}."))?;
    let (mut app, mut extensions) = (Vec::new(), Vec::new());
    for name in archive.file_names() {
        let Ok(name) = name else { continue };
        match name.split('/').collect::<Vec<_>>()[..] {
            ["Payload", folder, "Info.plist"] if folder.ends_with(".app") => app.push(name.into_owned()),
            ["Payload", folder, "PlugIns", _, "Info.plist"] if folder.ends_with(".app") => extensions.push(name.into_owned()),
            _ => {}
        }
    }
    let [app] = &app[..] else {
        return Err(format!(
            "There are {} files Payload/*.app/Info.plist in the archive, not one.",
            app.len()
        ));
    };
    let app = property_list(&mut archive, app)?;
    let extensions = extensions.into_iter().map(|name| {
        let list = property_list(&mut archive, &name)?;
        Ok((name.trim_end_matches("/Info.plist").to_owned(), list))
    });
    Ok((app, extensions.collect::<Result<_, String>>()?))
}

fn property_list<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<Dictionary, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("{name} cannot be read: {error}.");
    let mut text = Vec::new();
    let entry = archive.by_name(name).map_err(|error| unreadable(&error))?;
    entry
        .take(LARGEST_PLIST)
        .read_to_end(&mut text)
        .map_err(|error| unreadable(&error))?;
    plist::from_bytes(&text).map_err(|error| unreadable(&error))
}

/// Holds what the app says of itself against what was reserved, and its extensions against the app (facts D1).
fn compare(app: &Dictionary, extensions: &[(String, Dictionary)], expected: &Expected, findings: &mut Findings) {
    let text = |list: &Dictionary, key: &str| list.get(key).and_then(|value| value.as_string()).unwrap_or_default().to_owned();
    let found = text(app, "CFBundleIdentifier");
    if found != expected.bundle_id {
        findings.refuse(
            "90054",
            format!(
                "The bundle identifier of the binary is '{found}', that of the app '{}'. (90054)",
                expected.bundle_id
            ),
        );
    }
    for (key, reserved) in [
        ("CFBundleShortVersionString", &expected.version),
        ("CFBundleVersion", &expected.build),
    ] {
        let found = text(app, key);
        if found != *reserved {
            findings.refuse(
                "SIMULATOR.VERSION_MISMATCH",
                format!("The {key} of the binary is '{found}', the upload was reserved for '{reserved}'."),
            );
        }
        for (folder, extension) in extensions {
            let other = text(extension, key);
            if other != found {
                findings.warnings.push(finding(
                    "90473",
                    format!("The {key} '{other}' of '{folder}' is not the '{found}' of the app that contains it. (90473)"),
                ));
            }
        }
    }
    findings.min_os = Some(text(app, "MinimumOSVersion")).filter(|version| !version.is_empty());
    findings.uses_encryption = app.get("ITSAppUsesNonExemptEncryption").and_then(plist::Value::as_boolean);
}
