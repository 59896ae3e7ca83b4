//! What will make Apple refuse an app, as far as its file tells: no account is asked.
//!
//! Each [`Finding`] is one sentence about one bundle with a stable code. Whether a build number was used before, whether the
//! account has the bundle ID, what the current key may do: that is the account's business and not decided here.
//!
//! This module must not invent rules. What Apple refuses is [`Severity::Refused`]; where it warns, or takes the app and leaves
//! it waiting, or where documents and experience differ, it is a warning.
//!
//! The surprising thing: the fourth number of a build number is only warned of. Apple documents three, and has taken four.

mod of_profile;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Architecture, Bundle, BundleKind, Executable, Ipa, Platform};

/// The longest version and build number that Apple takes, in characters.
const MAX_VERSION: usize = 18;

/// Where an app is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// TestFlight and the App Store.
    AppStoreConnect,
    /// Listed devices, past the store.
    AdHoc,
    /// Every device of a company, by its enterprise team.
    Enterprise,
}

/// How bad a finding is. The worse sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Apple, or the devices, will not take it.
    Refused,
    /// It may go on, and somebody should know.
    Warning,
}

/// Something about a bundle that somebody should know before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule it is.
    pub code: FindingCode,
    /// How bad.
    pub severity: Severity,
    /// Where the bundle lies in the archive.
    pub path: String,
    /// Its bundle ID.
    pub bundle_id: String,
    /// What was found and what to do, in plain words. Holds names and versions out of the file.
    pub message: String,
}

/// The rules, by stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// No `embedded.mobileprovision`.
    ProfileMissing,
    /// An `embedded.mobileprovision` that cannot be read.
    ProfileUnreadable,
    /// A profile that nobody vouches for.
    ProfileNotTrusted,
    /// A profile for another way of distribution.
    ProfileMethod,
    /// A profile for other devices than the bundle's.
    ProfilePlatform,
    /// A profile that has ended.
    ProfileExpired,
    /// No certificate of the profile is valid any more.
    CertificateExpired,
    /// The profile is for another bundle ID.
    ProfileBundleId,
    /// A bundle of another team than the app's.
    TeamDiffers,
    /// A debugger may attach.
    DebuggingAllowed,
    /// The profile does not allow TestFlight.
    TestflightNotAllowed,
    /// A bundle ID with characters that Apple does not take.
    BundleIdMalformed,
    /// A bundle ID that does not go on where the holder's ends.
    BundleIdNotPrefixed,
    /// No `CFBundleShortVersionString`.
    VersionMissing,
    /// A `CFBundleShortVersionString` that is no version.
    VersionMalformed,
    /// Another version than the app's.
    VersionDiffers,
    /// No `CFBundleVersion`.
    BuildNumberMissing,
    /// A `CFBundleVersion` that is no build number.
    BuildNumberMalformed,
    /// Another build number than the app's.
    BuildNumberDiffers,
    /// No platform that App Store Connect takes.
    PlatformUnknown,
    /// No `MinimumOSVersion`.
    MinimumOsMissing,
    /// No answer about export compliance.
    ExportComplianceMissing,
    /// A purpose string without text.
    PurposeEmpty,
    /// No executable.
    ExecutableMissing,
    /// An executable that is no Mach-O file.
    ExecutableUnreadable,
    /// Built for the simulator.
    SimulatorBuild,
    /// Not for the processors of today.
    Arm64Missing,
    /// An executable without a code signature.
    NotSigned,
    /// An executable that the App Store has encrypted.
    Encrypted,
}

impl FindingCode {
    /// A stable name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::ProfileMissing => "profile_missing",
            Self::ProfileUnreadable => "profile_unreadable",
            Self::ProfileNotTrusted => "profile_not_trusted",
            Self::ProfileMethod => "profile_method",
            Self::ProfilePlatform => "profile_platform",
            Self::ProfileExpired => "profile_expired",
            Self::CertificateExpired => "certificate_expired",
            Self::ProfileBundleId => "profile_bundle_id",
            Self::TeamDiffers => "team_differs",
            Self::DebuggingAllowed => "debugging_allowed",
            Self::TestflightNotAllowed => "testflight_not_allowed",
            Self::BundleIdMalformed => "bundle_id_malformed",
            Self::BundleIdNotPrefixed => "bundle_id_not_prefixed",
            Self::VersionMissing => "version_missing",
            Self::VersionMalformed => "version_malformed",
            Self::VersionDiffers => "version_differs",
            Self::BuildNumberMissing => "build_number_missing",
            Self::BuildNumberMalformed => "build_number_malformed",
            Self::BuildNumberDiffers => "build_number_differs",
            Self::PlatformUnknown => "platform_unknown",
            Self::MinimumOsMissing => "minimum_os_missing",
            Self::ExportComplianceMissing => "export_compliance_missing",
            Self::PurposeEmpty => "purpose_empty",
            Self::ExecutableMissing => "executable_missing",
            Self::ExecutableUnreadable => "executable_unreadable",
            Self::SimulatorBuild => "simulator_build",
            Self::Arm64Missing => "arm64_missing",
            Self::NotSigned => "not_signed",
            Self::Encrypted => "encrypted",
        }
    }
}

/// What stands in an app's way to its destination at `now`, bundle by bundle, the app first.
pub fn findings(ipa: &Ipa, now: Timestamp, destination: Destination) -> Vec<Finding> {
    let mut all = Vec::new();
    for bundle in ipa.bundles() {
        let mut look = Look {
            ipa,
            bundle,
            now,
            destination,
            found: Vec::new(),
        };
        look.at_profile();
        look.at_identity();
        look.at_versions();
        look.at_info();
        look.at_executable();
        // Stable: within a severity in the order of the looks.
        look.found.sort_by_key(|finding| finding.severity);
        all.extend(look.found);
    }
    all
}

/// One look at one bundle.
struct Look<'a> {
    ipa: &'a Ipa,
    bundle: &'a Bundle,
    now: Timestamp,
    destination: Destination,
    found: Vec<Finding>,
}

impl Look<'_> {
    fn refuse(&mut self, code: FindingCode, message: impl Into<String>) {
        self.note(code, Severity::Refused, message);
    }

    fn warn(&mut self, code: FindingCode, message: impl Into<String>) {
        self.note(code, Severity::Warning, message);
    }

    fn note(&mut self, code: FindingCode, severity: Severity, message: impl Into<String>) {
        self.found.push(Finding {
            code,
            severity,
            path: self.bundle.path.clone(),
            bundle_id: self.bundle.bundle_id.clone(),
            message: message.into(),
        });
    }

    /// The bundle within a sentence, as in `the app extension com.example.app.share`.
    fn subject(&self) -> String {
        format!("the {} {}", self.bundle.kind.label(), self.bundle.bundle_id)
    }

    fn for_store(&self) -> bool {
        self.destination == Destination::AppStoreConnect
    }

    fn is_app(&self) -> bool {
        self.bundle.kind == BundleKind::App
    }

    fn at_identity(&mut self) {
        let bundle = self.bundle;
        if !bundle
            .bundle_id
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-'))
        {
            let subject = self.subject();
            self.refuse(
                FindingCode::BundleIdMalformed,
                format!("The bundle ID of {subject} holds other characters than letters of A to Z, digits, hyphens and dots. Correct it in the target."),
            );
        }
        if let Some(holder) = self.ipa.holder_of(bundle) {
            let rest = bundle.bundle_id.strip_prefix(&holder.bundle_id);
            if rest.and_then(|rest| rest.strip_prefix('.')).is_none_or(str::is_empty) {
                let (subject, kind, prefix) = (self.subject(), holder.kind.label(), &holder.bundle_id);
                self.refuse(
                    FindingCode::BundleIdNotPrefixed,
                    format!("The bundle ID of {subject} does not begin with that of the {kind} that holds it. Give it one that begins with \"{prefix}.\"."),
                );
            }
        }
    }

    fn at_versions(&mut self) {
        let bundle = self.bundle;
        self.at_number(
            "version",
            "CFBundleShortVersionString",
            bundle.version.as_deref(),
            [FindingCode::VersionMissing, FindingCode::VersionMalformed],
        );
        self.at_number(
            "build number",
            "CFBundleVersion",
            bundle.build_number.as_deref(),
            [FindingCode::BuildNumberMissing, FindingCode::BuildNumberMalformed],
        );
        let app = &self.ipa.app;
        for (what, own, apps, code) in [
            ("version", &bundle.version, &app.version, FindingCode::VersionDiffers),
            (
                "build number",
                &bundle.build_number,
                &app.build_number,
                FindingCode::BuildNumberDiffers,
            ),
        ] {
            if let (Some(own), Some(apps)) = (own, apps)
                && own != apps
            {
                let subject = self.subject();
                self.warn(
                    code,
                    format!(
                        "{} has the {what} {own}, and the app has {apps}. Apple warns of that: give both the same.",
                        capital(&subject)
                    ),
                );
            }
        }
    }

    fn at_number(&mut self, what: &str, key: &str, number: Option<&str>, [missing, malformed]: [FindingCode; 2]) {
        let subject = self.subject();
        let Some(number) = number else {
            return self.refuse(
                missing,
                format!("The Info.plist of {subject} has no {what} ({key}). Set it in the target."),
            );
        };
        let numbers: Vec<&str> = number.split('.').collect();
        let plain = numbers
            .iter()
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
        let rule = format!("Apple wants up to three whole numbers with dots between, {MAX_VERSION} characters at most, as in 1.2.3");
        if !plain || number.chars().count() > MAX_VERSION || (numbers.len() > 3 && malformed == FindingCode::VersionMalformed) {
            let shown: String = number.chars().take(40).collect();
            self.refuse(malformed, format!("The {what} of {subject} is \"{shown}\". {rule}. Correct {key}."));
        } else if numbers.len() > 3 {
            self.warn(
                malformed,
                format!("The {what} of {subject} is {number}. {rule}; it has taken four of them in build numbers."),
            );
        }
    }

    fn at_info(&mut self) {
        let (bundle, subject) = (self.bundle, self.subject());
        if bundle.minimum_os.is_none() {
            self.refuse(
                FindingCode::MinimumOsMissing,
                format!("The Info.plist of {subject} has no MinimumOSVersion. Set a deployment target and export the app again."),
            );
        }
        for (key, text) in &bundle.purposes {
            if text.is_empty() {
                self.refuse(
                    FindingCode::PurposeEmpty,
                    format!("{key} of {subject} has no text. Say there what the access is for, or remove it."),
                );
            }
        }
        if !self.for_store() || !self.is_app() {
            return;
        }
        if !matches!(bundle.platform, Some(Platform::Ios | Platform::TvOs | Platform::VisionOs)) {
            self.refuse(
                FindingCode::PlatformUnknown,
                "The app's Info.plist names none of the platforms iOS, tvOS and visionOS (CFBundleSupportedPlatforms, DTPlatformName). Export it with Xcode, which writes them.",
            );
        }
        if bundle.uses_non_exempt_encryption.is_none() {
            self.warn(
                FindingCode::ExportComplianceMissing,
                "The app does not say whether it uses encryption that needs papers (ITSAppUsesNonExemptEncryption). TestFlight will wait until somebody answers for this build.",
            );
        }
    }

    fn at_executable(&mut self) {
        let (bundle, subject) = (self.bundle, self.subject());
        match &bundle.executable {
            Executable::Unnamed => self.refuse(
                FindingCode::ExecutableMissing,
                format!("The Info.plist of {subject} names no executable (CFBundleExecutable). Export the app again."),
            ),
            Executable::Missing => self.refuse(
                FindingCode::ExecutableMissing,
                format!("The executable of {subject} is not in the archive. Export the app again."),
            ),
            Executable::Unreadable => self.refuse(
                FindingCode::ExecutableUnreadable,
                format!("The executable of {subject} is no Mach-O file. Export the app again."),
            ),
            Executable::Slices(_) => self.at_slices(&subject),
        }
    }

    fn at_slices(&mut self, subject: &str) {
        let slices = self.bundle.slices();
        let shown = slices
            .iter()
            .map(|slice| slice.architecture.to_string())
            .collect::<Vec<_>>()
            .join(", ");
        if self.bundle.for_simulator || slices.iter().any(|slice| slice.for_simulator == Some(true)) {
            self.refuse(
                FindingCode::SimulatorBuild,
                format!(
                    "{} is built for the simulator ({shown}). Archive it for a device.",
                    capital(subject)
                ),
            );
        } else if !slices.iter().any(|slice| runs_today(self.bundle, slice.architecture)) {
            let severity = if self.for_store() { Severity::Refused } else { Severity::Warning };
            self.note(
                FindingCode::Arm64Missing,
                severity,
                format!(
                    "{} is built for {shown} and not for arm64. Archive it with the standard architectures.",
                    capital(subject)
                ),
            );
        }
        if slices.iter().any(|slice| slice.signed == Some(false)) {
            self.refuse(
                FindingCode::NotSigned,
                format!("The executable of {subject} has no code signature. Sign it when it is exported."),
            );
        }
        if slices.iter().any(|slice| slice.encrypted == Some(true)) {
            self.refuse(
                FindingCode::Encrypted,
                format!(
                    "The executable of {subject} is encrypted by the App Store: it was taken from a device. Upload what Xcode exported."
                ),
            );
        }
    }
}

/// Whether devices of today run it; watches have processors of their own.
fn runs_today(bundle: &Bundle, architecture: Architecture) -> bool {
    let on_watches = bundle.kind == BundleKind::WatchApp || bundle.platform == Some(Platform::WatchOs);
    match architecture {
        Architecture::Arm64 | Architecture::Arm64e => true,
        Architecture::Arm64_32 | Architecture::Armv7k => on_watches,
        _ => false,
    }
}

fn capital(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests;
