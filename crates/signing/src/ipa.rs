//! What is inside an `.ipa`, read from the zip archive's directory and a handful of small files.
//!
//! | part | knows |
//! |---|---|
//! | [`sniff`] | what a file is by its first bytes |
//! | `directory`, `content` | the zip archive: what lies where, one entry's bytes |
//! | `layout` | which folders are bundles |
//! | [`Bundle`] | what `Info.plist`, profile and executable of one say |
//! | `icon` | the app's icon, in a form that a browser shows |
//! | [`findings`] | what will make Apple refuse it, as far as the file alone tells |
//!
//! [`inspect`] reads the directory twice and of the content only each bundle's `Info.plist` and `embedded.mobileprovision`,
//! the first 64 KiB of each executable and the app's icon: the size of an archive does not matter, and an archive in an object
//! store costs a few ranges. Nothing is ever written, and no name of an archive becomes a path.
//!
//! An archive is refused where it is dangerous, or two readers could see two apps in it. What is merely wrong with the app
//! (no profile, an expired one, a strange version) is no refusal: it is shown, and [`findings`] says so in words.
//!
//! An [`Ipa`] can be kept as JSON, so that a list of many needs no second look. A field that is added later is an `Option`; what
//! was kept in a form that does not read any more is looked at again.
//!
//! The surprising thing: neither signature nor signing certificate are looked at. They stand at the end of executables, which
//! would have to be unpacked whole; what the profile allows is what can be known quickly.

mod bundle;
mod content;
mod directory;
mod error;
mod findings;
mod icon;
mod layout;
mod macho;
mod sniff;

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::io::{Read, Seek, SeekFrom};

use crate::Explanation;
use crate::chain::TrustRoot;
use crate::profile::Profile;
use crate::property_list;
use bundle::Names;
use content::Contents as Opened;
use directory::{Directory, Entry, read_at};
use layout::{Layout, file_of, fold};

pub use bundle::{Bundle, BundleKind, EmbeddedProfile, Executable, Platform};
pub use error::{Contents, Damage, FileProblem, IpaError, KnownFile, NameProblem};
pub use findings::{Destination, Finding, FindingCode, Severity, findings};
pub use macho::{Architecture, Slice};
pub use sniff::{FileKind, sniff};

/// The most entries of an archive.
pub const MAX_ENTRIES: u64 = 100_000;
/// The longest name of an entry, in bytes.
pub const MAX_NAME_BYTES: usize = 1_024;
/// The largest directory of an archive.
pub const MAX_DIRECTORY_BYTES: u64 = 64 * 1024 * 1024;
/// The largest `Info.plist`, profile or icon, unpacked.
pub const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;
/// The most that the `Info.plist` files and profiles of one archive have together, unpacked.
pub const MAX_TOTAL_BYTES: u64 = 8 * 1024 * 1024;
/// How many times its size a file may unpack to, where it is above 64 KiB then.
pub const MAX_RATIO: u64 = 200;
/// The most bundles, the app counted.
pub const MAX_BUNDLES: usize = 100;

/// What is inside an `.ipa`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ipa {
    /// The app.
    pub app: Bundle,
    /// Its extensions, watch app and App Clips, by path.
    pub nested: Vec<Bundle>,
    /// Its largest icon; not part of what is serialized.
    #[serde(skip)]
    pub icon: Option<Icon>,
    /// How many entries the archive has.
    pub entries: u64,
    /// What was passed over, and why.
    pub notes: Vec<Explanation>,
}

/// A PNG picture that any browser shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Icon {
    /// The file.
    pub png: Vec<u8>,
}

impl fmt::Debug for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Icon({} bytes)", self.png.len())
    }
}

impl Ipa {
    /// The app, then what lies within it.
    pub fn bundles(&self) -> impl Iterator<Item = &Bundle> {
        std::iter::once(&self.app).chain(&self.nested)
    }

    /// The bundle that a nested one lies in; `None` for the app.
    pub fn holder_of(&self, bundle: &Bundle) -> Option<&Bundle> {
        let holds = |holder: &&Bundle| bundle.path.strip_prefix(&holder.path).is_some_and(|rest| rest.starts_with('/'));
        self.bundles().filter(holds).max_by_key(|holder| holder.path.len())
    }
}

/// Reads what is inside an `.ipa`; the signatures of its profiles are checked up to `trusted`.
///
/// Moves the place of reading about in `source`, in steps of up to 64 KiB. Holds less than 64 MB, whatever the archive's size:
/// a hostile one was seen to take 48.
///
/// # Errors
/// [`IpaError`].
pub fn inspect(mut source: impl Read + Seek, trusted: &TrustRoot) -> Result<Ipa, IpaError> {
    let source = &mut source;
    let directory = open(source)?;
    let mut layout = Layout::default();
    directory.survey(source, |name, entry| layout.take(name, entry))?;
    let mut opened = Opened::new(source, directory);
    let mut bundles = Vec::new();
    let mut names = Vec::new();
    for found in layout.bundles()? {
        let name_of = |file: &str| format!("{}/{file}", found.path);
        let info_plist = found.info_plist.ok_or(IpaError::NoInfoPlist(found.kind))?;
        let info_plist = opened.whole(&name_of("Info.plist"), info_plist, KnownFile::InfoPlist)?;
        let entries = property_list::read_any(&info_plist).map_err(|cause| IpaError::InfoPlist(found.kind, cause))?;
        let profile = match found.profile {
            Some(entry) => read_profile(
                &opened.whole(&name_of("embedded.mobileprovision"), entry, KnownFile::Profile)?,
                trusted,
            ),
            None => EmbeddedProfile::Missing,
        };
        let (mut bundle, named) = bundle::described(found.kind, found.path, &entries).ok_or(IpaError::NoBundleId(found.kind))?;
        bundle.profile = profile;
        bundles.push(bundle);
        names.push(named);
    }
    let chosen = Chosen::find(&mut opened, &bundles, &names)?;
    chosen.read_executables(&mut opened, &mut bundles, &names)?;
    let mut notes = Vec::new();
    let icon = chosen.read_icon(&mut opened, &mut notes)?;
    let mut bundles = bundles.into_iter();
    Ok(Ipa {
        app: bundles.next().ok_or(IpaError::NoApp(Contents::Other))?,
        nested: bundles.collect(),
        icon,
        entries: directory.entries(),
        notes,
    })
}

fn open(source: &mut (impl Read + Seek)) -> Result<Directory, IpaError> {
    let length = source.seek(SeekFrom::End(0)).map_err(|cause| IpaError::Source(cause.kind()))?;
    let start = read_at(source, 0, usize::try_from(length.min(512)).unwrap_or(0))?;
    match sniff(&start) {
        FileKind::Zip => Directory::find(source, length),
        FileKind::SplitZip => Err(IpaError::Split),
        // The last part of a split archive begins anywhere and ends like a whole one.
        FileKind::Other if Directory::find(source, length) == Err(IpaError::Split) => Err(IpaError::Split),
        other => Err(IpaError::NotAnArchive(other)),
    }
}

fn read_profile(bytes: &[u8], trusted: &TrustRoot) -> EmbeddedProfile {
    match Profile::read(bytes, trusted) {
        Ok(profile) => EmbeddedProfile::Read(Box::new(profile)),
        Err(cause) => EmbeddedProfile::Unreadable(cause.explain()),
    }
}

/// The entries that the `Info.plist` files name, found by a second pass over the directory.
struct Chosen {
    /// By full name.
    executables: HashMap<String, Entry>,
    /// The largest file of the app's icon.
    icon: Option<(String, Entry)>,
}

impl Chosen {
    fn find<S: Read + Seek>(opened: &mut Opened<'_, S>, bundles: &[Bundle], names: &[Names]) -> Result<Self, IpaError> {
        let wanted: HashMap<String, String> = executables(bundles, names).flatten().map(|name| (fold(&name), name)).collect();
        let mut chosen = Self {
            executables: HashMap::new(),
            icon: None,
        };
        let directory = opened.directory;
        let app = bundles.first().map_or("", |app| app.path.as_str());
        let icons = names.first().map_or(&[][..], |names| names.icons.as_slice());
        directory.walk(opened.source, |name, entry| {
            match wanted.get(&fold(name)) {
                Some(executable) if executable == name => drop(chosen.executables.insert(name.to_owned(), entry)),
                Some(_) => return Err(IpaError::Name(NameProblem::Case)),
                None => {}
            }
            let begins = |file: &str| icons.iter().any(|icon| file.starts_with(icon.as_str()));
            let is_icon = file_of(app, name).is_some_and(|file| file.ends_with(".png") && begins(file));
            let largest = chosen.icon.as_ref().map_or(0, |(_, icon)| icon.size);
            if is_icon && entry.size > largest && entry.size <= MAX_FILE_BYTES {
                chosen.icon = Some((name.to_owned(), entry));
            }
            Ok(())
        })?;
        Ok(chosen)
    }

    fn read_executables<S: Read + Seek>(
        &self,
        opened: &mut Opened<'_, S>,
        bundles: &mut [Bundle],
        names: &[Names],
    ) -> Result<(), IpaError> {
        let wanted: Vec<Option<String>> = executables(bundles, names).collect();
        for (bundle, name) in bundles.iter_mut().zip(wanted) {
            let Some(name) = name else {
                continue;
            };
            bundle.executable = match self.executables.get(&name) {
                None => Executable::Missing,
                Some(entry) => {
                    let start = opened.start(&name, *entry, KnownFile::Executable, macho::START_BYTES as u64)?;
                    macho::read(&start).map_or(Executable::Unreadable, Executable::Slices)
                }
            };
        }
        Ok(())
    }

    /// An icon that cannot be read is passed over: it decides nothing.
    fn read_icon<S: Read + Seek>(&self, opened: &mut Opened<'_, S>, notes: &mut Vec<Explanation>) -> Result<Option<Icon>, IpaError> {
        let Some((name, entry)) = &self.icon else {
            return Ok(None);
        };
        match opened.whole(name, *entry, KnownFile::Icon) {
            Ok(png) => {
                let icon = icon::for_browsers(png).map_err(|cause| notes.push(cause.explain()));
                Ok(icon.ok().map(|png| Icon { png }))
            }
            Err(cause @ IpaError::Source(_)) => Err(cause),
            Err(cause) => {
                notes.push(cause.explain());
                Ok(None)
            }
        }
    }
}

/// The full name of each bundle's executable. A name that leads elsewhere is none: no entry has it.
fn executables(bundles: &[Bundle], names: &[Names]) -> impl Iterator<Item = Option<String>> {
    bundles.iter().zip(names).map(|(bundle, names)| {
        let executable = names.executable.as_deref()?;
        Some(format!("{}/{executable}", bundle.path))
    })
}
