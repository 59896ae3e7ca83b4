//! Why a file is not read as an `.ipa`.

use std::io;

use super::sniff::FileKind;
use super::{BundleKind, MAX_BUNDLES, MAX_DIRECTORY_BYTES, MAX_ENTRIES, MAX_FILE_BYTES, MAX_NAME_BYTES, MAX_RATIO, MAX_TOTAL_BYTES};
use crate::Explanation;
use crate::explanation::explained;
use crate::property_list::PropertyListError;

/// Why a file is not read as an `.ipa`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpaError {
    /// The source failed while it was read; says nothing about the file.
    Source(io::ErrorKind),
    /// It does not begin as a zip archive does.
    NotAnArchive(FileKind),
    /// It begins as a zip archive and ends before its directory does.
    Truncated,
    /// One part of a split archive.
    Split,
    /// The archive contradicts itself.
    Damaged(Damage),
    /// More than 100,000 entries.
    TooManyEntries {
        /// How many it states.
        entries: u64,
    },
    /// A directory above 64 MB.
    DirectoryTooLarge {
        /// Its size in bytes.
        bytes: u64,
    },
    /// An entry has a name that no app needs.
    Name(NameProblem),
    /// Two entries have the same name.
    Duplicate,
    /// Two entries share bytes of the file.
    Overlap,
    /// An entry is encrypted.
    Encrypted,
    /// No app of this form is inside.
    NoApp(Contents),
    /// More than one app in `Payload`.
    SeveralApps,
    /// More app extensions, watch apps and App Clips than are read.
    TooManyBundles,
    /// A bundle without `Info.plist`.
    NoInfoPlist(BundleKind),
    /// An `Info.plist` that cannot be read.
    InfoPlist(BundleKind, PropertyListError),
    /// An `Info.plist` without `CFBundleIdentifier`.
    NoBundleId(BundleKind),
    /// A file that has to be read cannot be.
    File(KnownFile, FileProblem),
    /// The files that have to be read are too large together.
    TooMuch,
}

/// How an archive contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The directory does not lie where the archive's end says.
    DirectoryPlace,
    /// The directory is not what the archive's end says.
    DirectoryContent,
    /// An entry lies outside of the archive.
    EntryPlace,
}

/// What is wrong with an entry's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// It has no character.
    Empty,
    /// It has more than 1,024 bytes.
    TooLong,
    /// It is no UTF-8.
    NotUtf8,
    /// It holds a zero byte.
    ZeroByte,
    /// It begins at the root or at a drive.
    Absolute,
    /// It holds `..`, `.` or an empty folder name.
    Detour,
    /// It holds a backslash.
    Backslash,
    /// It is a name that Apple reads, but for the case of its letters.
    Case,
    /// It is that of a bundle and holds a control character.
    Control,
}

/// What an archive holds that is a zip archive and no `.ipa`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Nothing.
    Nothing,
    /// An `.app` folder that lies in no `Payload` folder.
    AppFolder,
    /// An Xcode archive.
    Xcarchive,
    /// An app for the Mac.
    MacApp,
    /// An app for Android.
    AndroidApp,
    /// An `.ipa` in the archive.
    AnotherIpa,
    /// An empty `Payload` folder, or none.
    Other,
}

/// A file of a bundle that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownFile {
    /// `Info.plist`.
    InfoPlist,
    /// `embedded.mobileprovision`.
    Profile,
    /// The executable.
    Executable,
    /// The app's icon.
    Icon,
}

impl KnownFile {
    fn label(self) -> &'static str {
        match self {
            Self::InfoPlist => "Info.plist",
            Self::Profile => "embedded.mobileprovision",
            Self::Executable => "executable",
            Self::Icon => "icon",
        }
    }
}

/// Why one file of an archive is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileProblem {
    /// Above 5 MB.
    TooLarge {
        /// Its size in bytes, unpacked.
        bytes: u64,
    },
    /// It would unpack to more than 200 times its size.
    Bomb,
    /// Neither stored nor deflated.
    Compression {
        /// The number of the method in the zip format.
        method: u16,
    },
    /// A link to another file.
    Link,
    /// What stands before it differs from the directory.
    Header,
    /// Its content is not what the directory says.
    Content,
}

impl IpaError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const EXPORT: &str = "Export the app again as .ipa, and upload that file as it is.";
        const AGAIN: &str = "Compare its size with the original's, and upload it again.";
        let say = |found: &str, why: &str, next_step: &str| Explanation::new(found, why, next_step);
        match self {
            Self::Source(kind) => Explanation::new(
                format!("The stored file could not be read ({kind})."),
                "The storage failed, which says nothing about the file.",
                "Try again; if it happens again, look at the storage.",
            ),
            Self::NotAnArchive(FileKind::Empty) => say("The file is empty.", "An .ipa is a zip archive with an app in it.", AGAIN),
            Self::NotAnArchive(FileKind::Package) => say(
                "This is an installer package (.pkg).",
                "Those hold apps for the Mac and are sent to Apple without a look inside.",
                "Upload it under a name that ends in .pkg.",
            ),
            Self::NotAnArchive(FileKind::WebPage) => say(
                "This is a web page.",
                "A download that asks for signing in often leaves one under the file's name.",
                "Open the file in a browser to see what it says, then download the .ipa again.",
            ),
            Self::NotAnArchive(kind) => Explanation::new(
                format!("This is {}.", kind.label()),
                "An .ipa is a zip archive with an app in its folder Payload.",
                EXPORT,
            ),
            Self::Truncated => say(
                "The file ends early.",
                "It begins as a zip archive, and its directory, which is the end of one, is missing.",
                AGAIN,
            ),
            Self::Split => say(
                "This is one part of a split archive.",
                "Apple takes an .ipa in one file only.",
                EXPORT,
            ),
            Self::Damaged(damage) => Explanation::new("The archive is damaged.", damage.sentence(), EXPORT),
            Self::TooManyEntries { entries } => Explanation::new(
                format!("The archive states {entries} entries."),
                format!("The limit is {MAX_ENTRIES}."),
                "Pack the app's many small files into few, and export it again.",
            ),
            Self::DirectoryTooLarge { bytes } => Explanation::new(
                format!("The archive's directory has {bytes} bytes."),
                format!("The limit is {MAX_DIRECTORY_BYTES} bytes; an app of 100,000 files needs about a third."),
                EXPORT,
            ),
            Self::Name(problem) => Explanation::new(
                problem.sentence(),
                "Unpacked, it could become another file than the one that was looked at.",
                EXPORT,
            ),
            Self::Duplicate => say(
                "Two entries of the archive have the same name.",
                "Which of them counts would depend on who unpacks it.",
                "Zip the app anew instead of adding to an archive, or export it again.",
            ),
            Self::Overlap => say(
                "Entries of the archive share bytes of the file.",
                "No tool that packs apps does that; archives made to hurt do.",
                EXPORT,
            ),
            Self::Encrypted => say(
                "An entry of the archive is encrypted.",
                "Neither Russet nor Apple can open it.",
                "Zip the app without a password, or export it again.",
            ),
            Self::NoApp(contents) => contents.explain(),
            Self::SeveralApps => say(
                "The folder Payload holds more than one app.",
                "An .ipa holds one; its extensions, watch app and App Clips lie within that.",
                "Export each app into an .ipa of its own.",
            ),
            Self::TooManyBundles => Explanation::new(
                "The app holds too many extensions, watch apps and App Clips.",
                format!("The limit is {MAX_BUNDLES} together with the app."),
                "Leave out those that are not needed.",
            ),
            Self::NoInfoPlist(kind) => Explanation::new(
                format!("The {} has no Info.plist.", kind.label()),
                "It says who the bundle is; without it Apple takes none.",
                EXPORT,
            ),
            Self::InfoPlist(kind, cause) => {
                let cause = cause.explain(EXPORT);
                let found = format!(
                    "The Info.plist of the {} cannot be read: {}",
                    kind.label(),
                    lower_first(&cause.found)
                );
                let why = match *self {
                    Self::InfoPlist(_, PropertyListError::NotAPropertyList) => {
                        "Expected is a property list with a dictionary, XML or binary.".to_owned()
                    }
                    _ => cause.why,
                };
                Explanation::new(found, why, EXPORT)
            }
            Self::NoBundleId(kind) => Explanation::new(
                format!("The Info.plist of the {} has no bundle ID.", kind.label()),
                "CFBundleIdentifier is missing, empty or no text; without it nobody can tell whose app it is.",
                "Set the bundle ID in the target, and export the app again.",
            ),
            Self::File(file, problem) => Explanation::new(problem.found(*file), problem.why(), EXPORT),
            Self::TooMuch => Explanation::new(
                "The archive's Info.plist files and profiles are too large together.",
                format!("The limit is {MAX_TOTAL_BYTES} bytes; genuine ones have some hundred thousand."),
                EXPORT,
            ),
        }
    }
}

explained!(IpaError);

fn lower_first(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

impl Damage {
    fn sentence(self) -> &'static str {
        match self {
            Self::DirectoryPlace => "Its directory does not lie where its end says: bytes were added, lost or changed.",
            Self::DirectoryContent => "Its directory is not what its end says, as if bytes had been lost or changed.",
            Self::EntryPlace => "Its directory names an entry that lies outside of the archive.",
        }
    }
}

impl NameProblem {
    fn sentence(self) -> String {
        let problem = match self {
            Self::Empty => "is empty",
            Self::TooLong => return format!("The name of an entry has more than {MAX_NAME_BYTES} bytes."),
            Self::NotUtf8 => "is no UTF-8, which iOS wants",
            Self::ZeroByte => "holds a zero byte",
            Self::Absolute => "begins at the root or at a drive",
            Self::Detour => "holds \"..\", \".\" or an empty folder name",
            Self::Backslash => "holds a backslash",
            Self::Case => "differs from one that Apple reads in capital letters alone",
            Self::Control => "holds a control character where a bundle is named",
        };
        format!("The name of an entry {problem}.")
    }
}

impl Contents {
    fn explain(self) -> Explanation {
        let (found, next_step) = match self {
            Self::Nothing => ("The archive is empty.", "Export the app as .ipa."),
            Self::AppFolder => (
                "The archive holds an .app folder that lies in no folder Payload.",
                "Put the .app folder into a folder named Payload and zip that, or export the app as .ipa.",
            ),
            Self::Xcarchive => (
                "This is a zipped Xcode archive (.xcarchive).",
                "Export it with xcodebuild -exportArchive, and upload the .ipa that comes out.",
            ),
            Self::MacApp => (
                "The archive holds an app for the Mac.",
                "Mac apps go to Apple as installer packages: export a .pkg.",
            ),
            Self::AndroidApp => ("This is an app for Android.", "Choose the .ipa of the iOS app."),
            Self::AnotherIpa => (
                "The archive holds an .ipa, packed once more.",
                "Unzip it once, and upload the .ipa from inside.",
            ),
            Self::Other => (
                "The archive holds no app.",
                "Export the app as .ipa, and upload that file as it is.",
            ),
        };
        Explanation::new(found, "An .ipa holds one app in its folder Payload.", next_step)
    }
}

impl FileProblem {
    fn found(self, file: KnownFile) -> String {
        let file = file.label();
        match self {
            Self::TooLarge { bytes } => format!("An {file} in the archive has {bytes} bytes."),
            Self::Bomb => format!("An {file} in the archive would unpack to very much more than it weighs."),
            Self::Compression { method } => format!("An {file} in the archive is compressed by method {method}."),
            Self::Link => format!("An {file} in the archive is a link to another file."),
            Self::Header => format!("What stands before an {file} in the archive differs from the archive's directory."),
            Self::Content => format!("The content of an {file} in the archive is damaged."),
        }
    }

    fn why(self) -> String {
        match self {
            Self::TooLarge { .. } => format!("The limit is {MAX_FILE_BYTES} bytes, and genuine ones have a hundredth of that."),
            Self::Bomb => format!("The limit is {MAX_RATIO} times; archives that are made to eat memory look like this."),
            Self::Compression { .. } => "Apps are stored (0) or deflated (8), which every reader understands.".to_owned(),
            Self::Link => "Links are not followed; what Apple reads is a file.".to_owned(),
            Self::Header => "One reader would see this file, another that one.".to_owned(),
            Self::Content => "It cannot be unpacked, or its size or checksum is not the one in the directory.".to_owned(),
        }
    }
}
