//! A bundle: the app, or one that lies within it, as its `Info.plist`, profile and executable describe it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use plist::{Dictionary, Value};
use serde_json::Map;

use super::macho::{Architecture, Slice};
use crate::Explanation;
use crate::profile::Profile;

/// How many characters of a text are kept; what is longer is cut.
const MAX_TEXT: usize = 1_000;
/// How many purpose strings are kept. Apple knows about 60.
const MAX_PURPOSES: usize = 100;

/// What a bundle is to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BundleKind {
    /// The app itself.
    App,
    /// Under `PlugIns` or `Extensions`: widgets, share sheets, notification services.
    AppExtension,
    /// Under `Watch`.
    WatchApp,
    /// Under `AppClips`.
    AppClip,
}

impl BundleKind {
    /// A stable name for programs: `app`, `app_extension`, `watch_app`, `app_clip`.
    pub fn code(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::AppExtension => "app_extension",
            Self::WatchApp => "watch_app",
            Self::AppClip => "app_clip",
        }
    }

    /// What a person calls it, within a sentence.
    pub fn label(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::AppExtension => "app extension",
            Self::WatchApp => "watch app",
            Self::AppClip => "App Clip",
        }
    }
}

/// Where a bundle runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// iPhone and iPad.
    Ios,
    /// Apple TV.
    TvOs,
    /// Apple Vision.
    VisionOs,
    /// Mac.
    MacOs,
    /// Apple Watch: never an upload of its own.
    WatchOs,
}

impl Platform {
    /// As Apple spells it in `Info.plist` and in the names of its SDKs, and whether that is its simulator.
    fn of(name: &str) -> Option<(Self, bool)> {
        Some(match name.to_ascii_lowercase().as_str() {
            "iphoneos" => (Self::Ios, false),
            "iphonesimulator" => (Self::Ios, true),
            "appletvos" => (Self::TvOs, false),
            "appletvsimulator" => (Self::TvOs, true),
            "xros" => (Self::VisionOs, false),
            "xrsimulator" => (Self::VisionOs, true),
            "watchos" => (Self::WatchOs, false),
            "watchsimulator" => (Self::WatchOs, true),
            "macosx" => (Self::MacOs, false),
            _ => return None,
        })
    }

    /// What App Store Connect calls it in uploads and builds; `None` for watches, whose apps travel within another.
    pub fn app_store_connect(self) -> Option<&'static str> {
        match self {
            Self::Ios => Some("IOS"),
            Self::TvOs => Some("TV_OS"),
            Self::VisionOs => Some("VISION_OS"),
            Self::MacOs => Some("MAC_OS"),
            Self::WatchOs => None,
        }
    }

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ios => "iOS",
            Self::TvOs => "tvOS",
            Self::VisionOs => "visionOS",
            Self::MacOs => "macOS",
            Self::WatchOs => "watchOS",
        }
    }
}

/// A bundle of an `.ipa`. Texts are cut after 1,000 characters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// What it is to the app.
    pub kind: BundleKind,
    /// Where it lies, as in `Payload/Name.app/PlugIns/Share.appex`.
    pub path: String,
    /// `CFBundleIdentifier`.
    pub bundle_id: String,
    /// What people see: `CFBundleDisplayName`, else `CFBundleName`.
    pub name: Option<String>,
    /// `CFBundleShortVersionString`.
    pub version: Option<String>,
    /// `CFBundleVersion`.
    pub build_number: Option<String>,
    /// `CFBundleSupportedPlatforms` or `DTPlatformName`; of old apps, that they require iOS.
    pub platform: Option<Platform>,
    /// Whether its `Info.plist` says that it is for a simulator.
    pub for_simulator: bool,
    /// `MinimumOSVersion`.
    pub minimum_os: Option<String>,
    /// What an extension extends, as in `com.apple.widgetkit-extension`.
    pub extension_point: Option<String>,
    /// `ITSAppUsesNonExemptEncryption`: the answer about export compliance.
    pub uses_non_exempt_encryption: Option<bool>,
    /// Keys like `NSCameraUsageDescription` with what people are told.
    pub purposes: BTreeMap<String, String>,
    /// What it runs.
    pub executable: Executable,
    /// Who lets it run.
    pub profile: EmbeddedProfile,
}

/// The executable that an `Info.plist` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Executable {
    /// `CFBundleExecutable` names none.
    Unnamed,
    /// The named one is not in the archive.
    Missing,
    /// It is no Mach-O file.
    Unreadable,
    /// One slice per processor.
    Slices(Vec<Slice>),
}

/// The `embedded.mobileprovision` of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddedProfile {
    /// There is none.
    Missing,
    /// There is one that cannot be read.
    Unreadable(Explanation),
    /// What it says, and who vouches for it.
    Read(Box<Profile>),
}

impl Bundle {
    /// The profile, where there is one that can be read.
    pub fn profile(&self) -> Option<&Profile> {
        match &self.profile {
            EmbeddedProfile::Read(profile) => Some(profile),
            _ => None,
        }
    }

    /// The team of its profile.
    pub fn team_id(&self) -> Option<&str> {
        self.profile()?.info.team_ids.first().map(String::as_str)
    }

    /// What the profile allows it: at most what its signature claims, and all that can be seen without unpacking it.
    pub fn entitlements(&self) -> Option<&Map<String, serde_json::Value>> {
        Some(&self.profile()?.info.entitlements)
    }

    /// The slices of its executable; none where that cannot be read.
    pub fn slices(&self) -> &[Slice] {
        match &self.executable {
            Executable::Slices(slices) => slices,
            _ => &[],
        }
    }

    /// For which processors it is.
    pub fn architectures(&self) -> impl Iterator<Item = Architecture> {
        self.slices().iter().map(|slice| slice.architecture)
    }
}

/// What an `Info.plist` says that other files of the archive are chosen by.
pub(super) struct Names {
    /// `CFBundleExecutable`.
    pub(super) executable: Option<String>,
    /// How the files of the icon begin.
    pub(super) icons: Vec<String>,
}

/// A bundle as its `Info.plist` describes it, with neither executable nor profile; `None` without a bundle ID.
pub(super) fn described(kind: BundleKind, path: String, entries: &Dictionary) -> Option<(Bundle, Names)> {
    let platform = platform(entries);
    let bundle = Bundle {
        kind,
        path,
        bundle_id: text(entries, "CFBundleIdentifier")?,
        name: text(entries, "CFBundleDisplayName").or_else(|| text(entries, "CFBundleName")),
        version: text(entries, "CFBundleShortVersionString"),
        build_number: text(entries, "CFBundleVersion"),
        platform: platform.map(|(platform, _)| platform),
        for_simulator: platform.is_some_and(|(_, simulator)| simulator),
        minimum_os: text(entries, "MinimumOSVersion"),
        extension_point: inner_text(entries, "NSExtension", "NSExtensionPointIdentifier")
            .or_else(|| inner_text(entries, "EXAppExtensionAttributes", "EXExtensionPointIdentifier")),
        uses_non_exempt_encryption: flag(entries, "ITSAppUsesNonExemptEncryption"),
        purposes: purposes(entries),
        executable: Executable::Unnamed,
        profile: EmbeddedProfile::Missing,
    };
    let names = Names {
        executable: text(entries, "CFBundleExecutable"),
        icons: icons(entries),
    };
    Some((bundle, names))
}

fn platform(entries: &Dictionary) -> Option<(Platform, bool)> {
    let supported = entries.get("CFBundleSupportedPlatforms").and_then(Value::as_array);
    let mut named = supported
        .into_iter()
        .flatten()
        .filter_map(Value::as_string)
        .filter_map(Platform::of);
    named
        .next()
        .or_else(|| Platform::of(&text(entries, "DTPlatformName")?))
        .or_else(|| flag(entries, "LSRequiresIPhoneOS")?.then_some((Platform::Ios, false)))
}

fn purposes(entries: &Dictionary) -> BTreeMap<String, String> {
    let purposes = entries
        .iter()
        .filter(|(key, _)| key.starts_with("NS") && key.ends_with("UsageDescription"));
    purposes
        .take(MAX_PURPOSES)
        .map(|(key, value)| (cut(key), cut(value.as_string().unwrap_or("").trim())))
        .collect()
}

/// The names of the icon's files without size and scale, wherever they stand.
fn icons(entries: &Dictionary) -> Vec<String> {
    let modern = ["CFBundleIcons", "CFBundleIcons~ipad"]
        .into_iter()
        .filter_map(|key| entries.get(key)?.as_dictionary()?.get("CFBundlePrimaryIcon")?.as_dictionary());
    let mut names: Vec<String> = modern
        .chain([entries])
        .filter_map(|holder| holder.get("CFBundleIconFiles")?.as_array())
        .flatten()
        .filter_map(Value::as_string)
        .map(|name| cut(name.strip_suffix(".png").unwrap_or(name)))
        .filter(|name| !name.is_empty())
        .take(50)
        .collect();
    if names.is_empty() {
        names.push("AppIcon".to_owned());
    }
    names
}

fn text(entries: &Dictionary, key: &str) -> Option<String> {
    let text = entries.get(key)?.as_string()?.trim();
    (!text.is_empty()).then(|| cut(text))
}

fn inner_text(entries: &Dictionary, outer: &str, inner: &str) -> Option<String> {
    text(entries.get(outer)?.as_dictionary()?, inner)
}

/// A yes or no; also as the texts that hand-written lists hold.
fn flag(entries: &Dictionary, key: &str) -> Option<bool> {
    match entries.get(key)? {
        Value::Boolean(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("yes") || text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("no") || text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(&str, Value)]) -> Dictionary {
        entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    fn app(entries: &[(&str, Value)]) -> Option<Bundle> {
        let mut all = list(&[("CFBundleIdentifier", "com.example.app".into())]);
        all.extend(list(entries));
        described(BundleKind::App, "Payload/A.app".into(), &all).map(|(bundle, _)| bundle)
    }

    #[test]
    fn the_platform_stands_in_one_of_three_places() {
        let of = |entries: &[(&str, Value)]| {
            let app = app(entries).unwrap();
            (app.platform, app.for_simulator)
        };
        let supported = |name: &str| vec![Value::from(name)].into();
        assert_eq!(
            of(&[("CFBundleSupportedPlatforms", supported("iPhoneOS"))]),
            (Some(Platform::Ios), false)
        );
        assert_eq!(
            of(&[("CFBundleSupportedPlatforms", supported("XROS"))]),
            (Some(Platform::VisionOs), false)
        );
        assert_eq!(of(&[("DTPlatformName", "appletvsimulator".into())]), (Some(Platform::TvOs), true));
        assert_eq!(of(&[("LSRequiresIPhoneOS", true.into())]), (Some(Platform::Ios), false));
        assert_eq!(of(&[("LSRequiresIPhoneOS", false.into())]), (None, false));
        assert_eq!(Platform::VisionOs.app_store_connect(), Some("VISION_OS"));
    }

    #[test]
    fn texts_are_trimmed_cut_and_absent_where_they_say_nothing() {
        let bundle = app(&[
            ("CFBundleName", "Plain".into()),
            ("CFBundleDisplayName", "  ".into()),
            ("CFBundleVersion", "7".repeat(2_000).into()),
            ("CFBundleShortVersionString", 1.into()),
            ("ITSAppUsesNonExemptEncryption", "NO".into()),
            ("NSCameraUsageDescription", "".into()),
            ("NSCameraUsage", "x".into()),
        ])
        .unwrap();
        assert_eq!(bundle.name.as_deref(), Some("Plain"));
        assert_eq!(bundle.build_number.unwrap().len(), MAX_TEXT);
        assert_eq!(bundle.version, None);
        assert_eq!(bundle.uses_non_exempt_encryption, Some(false));
        assert_eq!(
            bundle.purposes,
            BTreeMap::from([("NSCameraUsageDescription".to_owned(), String::new())])
        );
        assert_eq!(app(&[("CFBundleIdentifier", " ".into())]), None);
    }

    #[test]
    fn icons_are_named_in_several_places() {
        let files: Value = vec![Value::from("AppIcon60x60"), Value::from("Other.png")].into();
        let primary = list(&[("CFBundlePrimaryIcon", list(&[("CFBundleIconFiles", files)]).into())]);
        assert_eq!(icons(&list(&[("CFBundleIcons", primary.into())])), ["AppIcon60x60", "Other"]);
        assert_eq!(icons(&Dictionary::new()), ["AppIcon"]);
    }
}
