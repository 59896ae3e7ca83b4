//! Which entries of an archive are bundles, and which files of them are read.
//!
//! ```text
//! Payload/Name.app                      the app, exactly one
//!     PlugIns/*.appex, Extensions/*.appex
//!     AppClips/*.app                    with PlugIns and Extensions of its own
//!     Watch/*.app                       with PlugIns and Extensions of its own
//! ```
//!
//! Frameworks, resource bundles and tests have an `Info.plist`, too, and are none of our business.
//!
//! The surprising thing: names are compared without regard to case first. On a Mac `info.plist` is `Info.plist`, so an archive
//! in which both could be meant is refused instead of read.

use std::collections::BTreeMap;

use super::directory::Entry;
use super::error::{Contents, IpaError, NameProblem};
use super::{BundleKind, MAX_BUNDLES};

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// By the path in one case, so that what a Mac takes for one is one.
    bundles: BTreeMap<String, Found>,
    apps: usize,
    hint: Option<Contents>,
    entries: bool,
}

/// A bundle, and where its files are.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: BundleKind,
    pub(super) path: String,
    pub(super) info_plist: Option<Entry>,
    pub(super) profile: Option<Entry>,
    mac: bool,
}

/// The innermost bundle that a path leads into.
struct Place<'a> {
    kind: BundleKind,
    bundle: &'a str,
    /// What follows the bundle and a slash.
    rest: &'a str,
}

impl Layout {
    /// Takes an entry into account.
    pub(super) fn take(&mut self, name: &str, entry: Entry) -> Result<(), IpaError> {
        self.entries = true;
        let Some(place) = Place::of(name)? else {
            self.hint = self.hint.or_else(|| hint(name));
            return Ok(());
        };
        let key = fold(place.bundle);
        if !self.bundles.contains_key(&key) {
            self.add(&place, key.clone())?;
        }
        let Some(found) = self.bundles.get_mut(&key) else {
            return Ok(());
        };
        if found.path != place.bundle {
            return Err(IpaError::Name(NameProblem::Case));
        }
        found.mac |= place.rest == "Contents/Info.plist";
        for (known, slot) in [
            ("Info.plist", &mut found.info_plist),
            ("embedded.mobileprovision", &mut found.profile),
        ] {
            if same(place.rest, known)? {
                *slot = Some(entry);
            }
        }
        Ok(())
    }

    fn add(&mut self, place: &Place, key: String) -> Result<(), IpaError> {
        if place.bundle.chars().any(char::is_control) {
            return Err(IpaError::Name(NameProblem::Control));
        }
        self.apps += usize::from(place.kind == BundleKind::App);
        match (self.apps, self.bundles.len()) {
            (2.., _) => return Err(IpaError::SeveralApps),
            (_, MAX_BUNDLES..) => return Err(IpaError::TooManyBundles),
            _ => {}
        }
        self.bundles.insert(
            key,
            Found {
                kind: place.kind,
                path: place.bundle.to_owned(),
                info_plist: None,
                profile: None,
                mac: false,
            },
        );
        Ok(())
    }

    /// The app first, then what it holds, by path.
    pub(super) fn bundles(self) -> Result<Vec<Found>, IpaError> {
        let mut bundles: Vec<Found> = self.bundles.into_values().collect();
        bundles.sort_by(|one, other| (one.kind != BundleKind::App, &one.path).cmp(&(other.kind != BundleKind::App, &other.path)));
        match bundles.first() {
            Some(app) if app.kind == BundleKind::App && app.mac && app.info_plist.is_none() => Err(IpaError::NoApp(Contents::MacApp)),
            Some(app) if app.kind == BundleKind::App => Ok(bundles),
            _ if !self.entries => Err(IpaError::NoApp(Contents::Nothing)),
            _ => Err(IpaError::NoApp(self.hint.unwrap_or(Contents::Other))),
        }
    }
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Result<Option<Self>, IpaError> {
        let mut parts = path.split('/').scan(0, |end, part| {
            *end += part.len() + 1;
            Some((part, *end - 1))
        });
        let (Some((payload, _)), Some((app, mut end))) = (parts.next(), parts.next()) else {
            return Ok(None);
        };
        let mut kind = BundleKind::App;
        if !is(payload, "Payload") || !ends(app, ".app") {
            return Ok(None);
        }
        let mut spelled = payload == "Payload" && app.ends_with(".app");
        while let (Some((folder, _)), Some((name, name_end))) = (parts.next(), parts.next()) {
            let inner = [
                ("PlugIns", ".appex", BundleKind::AppExtension),
                ("Extensions", ".appex", BundleKind::AppExtension),
                ("Watch", ".app", BundleKind::WatchApp),
                ("AppClips", ".app", BundleKind::AppClip),
            ];
            let Some((known, ending, inner)) = inner.into_iter().find(|(known, ending, _)| is(folder, known) && ends(name, ending)) else {
                break;
            };
            // Extensions hold nothing, and only the app holds watch apps and App Clips.
            if kind == BundleKind::AppExtension || (kind != BundleKind::App && inner != BundleKind::AppExtension) {
                break;
            }
            spelled &= folder == known && name.ends_with(ending);
            (kind, end) = (inner, name_end);
        }
        if !spelled {
            return Err(IpaError::Name(NameProblem::Case));
        }
        Ok(Some(Self {
            kind,
            bundle: &path[..end],
            rest: path.get(end + 1..).unwrap_or(""),
        }))
    }
}

/// The rest of `path` within this bundle, where it is a file right in it.
pub(super) fn file_of<'a>(bundle: &str, path: &'a str) -> Option<&'a str> {
    let file = path.strip_prefix(bundle)?.strip_prefix('/')?;
    (!file.is_empty() && !file.contains('/')).then_some(file)
}

/// Whether a name is this known one; an error where only the case tells them apart.
fn same(name: &str, known: &str) -> Result<bool, IpaError> {
    match name == known {
        false if is(name, known) => Err(IpaError::Name(NameProblem::Case)),
        equal => Ok(equal),
    }
}

/// What an archive without an app is, by one of its names.
fn hint(name: &str) -> Option<Contents> {
    let parts: Vec<&str> = name.trim_end_matches('/').split('/').collect();
    let folders_end = |ending: &str| parts.iter().any(|part| ends(part, ending));
    match parts.as_slice() {
        ["AndroidManifest.xml" | "classes.dex"] => Some(Contents::AndroidApp),
        ["__MACOSX", ..] => None,
        _ if folders_end(".xcarchive") || parts.starts_with(&["Products", "Applications"]) => Some(Contents::Xcarchive),
        [.., "Contents", "Info.plist"] if folders_end(".app") => Some(Contents::MacApp),
        [.., app, "Info.plist"] if ends(app, ".app") => Some(Contents::AppFolder),
        [.., file] if ends(file, ".ipa") => Some(Contents::AnotherIpa),
        _ => None,
    }
}

fn is(name: &str, known: &str) -> bool {
    name.eq_ignore_ascii_case(known) || (!name.is_ascii() && fold(name) == fold(known))
}

fn ends(name: &str, ending: &str) -> bool {
    name.len() > ending.len() && fold(name).ends_with(ending)
}

/// A name without its case, as far as file systems that ignore case may go: there are letters that only become plain ones by
/// way of their capitals.
pub(super) fn fold(name: &str) -> String {
    match name.is_ascii() {
        true => name.to_ascii_lowercase(),
        false => name.to_uppercase().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Entry = Entry {
        method: 0,
        crc: 0,
        packed: 0,
        size: 0,
        offset: 0,
        link: false,
    };

    fn layout(names: &[&str]) -> Result<Vec<Found>, IpaError> {
        let mut layout = Layout::default();
        names.iter().try_for_each(|name| layout.take(name, ENTRY))?;
        layout.bundles()
    }

    #[test]
    fn bundles_are_the_app_and_what_apple_signs_of_its_own() {
        let found = layout(&[
            "Payload/",
            "Payload/A.app/",
            "Payload/A.app/PlugIns/Share.appex/Info.plist",
            "Payload/A.app/Info.plist",
            "Payload/A.app/Frameworks/F.framework/Info.plist",
            "Payload/A.app/PlugIns/Tests.xctest/Info.plist",
            "Payload/A.app/Extensions/E.appex/Info.plist",
            "Payload/A.app/AppClips/C.app/embedded.mobileprovision",
            "Payload/A.app/AppClips/C.app/PlugIns/W.appex/Info.plist",
            "Payload/A.app/Watch/W.app/Info.plist",
            "Payload/A.app/Watch/W.app/PlugIns/X.appex/Info.plist",
            "Payload/A.app/Watch/W.app/PlugIns/X.appex/PlugIns/Y.appex/Info.plist",
            "Payload/A.app/Watch/W.app/Watch/V.app/Info.plist",
            "SwiftSupport/iphoneos/libswiftCore.dylib",
        ])
        .unwrap();
        let seen: Vec<(BundleKind, &str)> = found.iter().map(|found| (found.kind, found.path.as_str())).collect();
        assert_eq!(
            seen,
            [
                (BundleKind::App, "Payload/A.app"),
                (BundleKind::AppClip, "Payload/A.app/AppClips/C.app"),
                (BundleKind::AppExtension, "Payload/A.app/AppClips/C.app/PlugIns/W.appex"),
                (BundleKind::AppExtension, "Payload/A.app/Extensions/E.appex"),
                (BundleKind::AppExtension, "Payload/A.app/PlugIns/Share.appex"),
                (BundleKind::WatchApp, "Payload/A.app/Watch/W.app"),
                (BundleKind::AppExtension, "Payload/A.app/Watch/W.app/PlugIns/X.appex"),
            ]
        );
        assert!(found[0].info_plist.is_some() && found[0].profile.is_none());
        assert!(found[1].info_plist.is_none() && found[1].profile.is_some());
    }

    #[test]
    fn a_name_that_a_mac_takes_for_another_is_refused() {
        for name in [
            "Payload/A.app/info.plist",
            "Payload/A.app/Info.pli\u{17f}t",
            "payload/A.app/Info.plist",
            "Payload/A.APP/Info.plist",
            "Payload/a.app/x",
            "Payload/A.app/plugins/S.appex/Info.plist",
            "Payload/A.app/Embedded.mobileprovision",
        ] {
            let refused = layout(&["Payload/A.app/Info.plist", name]).unwrap_err();
            assert_eq!(refused, IpaError::Name(NameProblem::Case), "{name}");
        }
        assert!(layout(&["Payload/A.app/Info.plist", "Payload/A.app/x/info.plist", "Payload/A.app/plugins/x"]).is_ok());
    }

    #[test]
    fn an_archive_without_an_app_is_named() {
        let of = |names: &[&str]| match layout(names) {
            Err(IpaError::NoApp(contents)) => contents,
            other => panic!("{other:?}"),
        };
        assert_eq!(of(&[]), Contents::Nothing);
        assert_eq!(of(&["A.app/", "A.app/Info.plist"]), Contents::AppFolder);
        assert_eq!(of(&["A.app/Contents/Info.plist"]), Contents::MacApp);
        assert_eq!(of(&["Payload/A.app/Contents/Info.plist"]), Contents::MacApp);
        assert_eq!(of(&["A.xcarchive/Info.plist"]), Contents::Xcarchive);
        assert_eq!(of(&["Info.plist", "Products/Applications/A.app/Info.plist"]), Contents::Xcarchive);
        assert_eq!(of(&["META-INF/MANIFEST.MF", "AndroidManifest.xml"]), Contents::AndroidApp);
        assert_eq!(of(&["__MACOSX/A.app/Info.plist", "build/A.ipa"]), Contents::AnotherIpa);
        assert_eq!(of(&["Payload/", "Payload/readme.txt"]), Contents::Other);
    }

    #[test]
    fn there_is_one_app_and_no_end_of_bundles_is_an_end() {
        assert_eq!(layout(&["Payload/A.app/x", "Payload/B.app/x"]).unwrap_err(), IpaError::SeveralApps);
        let names: Vec<String> = (0..MAX_BUNDLES)
            .map(|number| format!("Payload/A.app/PlugIns/{number}.appex/x"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(layout(&names).map(|_| ()), Err(IpaError::NoApp(Contents::Other)));
        let names = [&["Payload/A.app/x"], names.as_slice()].concat();
        assert_eq!(layout(&names).unwrap_err(), IpaError::TooManyBundles);
    }
}
