//! What is inside an `.ipa`: of those that our builder wrote, that Python wrote, and that somebody wrote to hurt.
#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use plist::{Dictionary, Value};
use signing::chain::TrustRoot;
use signing::cms_signed;
use signing::ipa::{
    self, Architecture, BundleKind, Contents, Damage, Destination, EmbeddedProfile, Executable, FileKind, FileProblem, FindingCode, Ipa,
    IpaError, KnownFile, NameProblem, Platform, Severity,
};
use signing::profile::{Method, SignedBy};
use signing::property_list::PropertyListError;
use support::ipa::{ARM64, Bundle, executable};
use support::judges::Judge;
use support::raw_zip::{End, RawEntry, archive, entry};
use support::{TEAM, house, now};

fn inspect(bytes: &[u8]) -> Result<Ipa, IpaError> {
    ipa::inspect(Cursor::new(bytes), &house().trust())
}

/// A store profile for this bundle ID.
fn profile(bundle_id: &str) -> Vec<u8> {
    let house = house();
    let entitlements: Dictionary = [
        ("application-identifier", Value::from(format!("{TEAM}.{bundle_id}"))),
        ("get-task-allow", false.into()),
        ("beta-reports-active", true.into()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into_iter()
    .collect();
    let date = |text: &str| Value::Date(plist::Date::from_xml_format(text).unwrap());
    let entries: Dictionary = [
        ("Name", Value::from("Store profile")),
        ("UUID", "8d6caf15-ac71-4f0b-9b1a-1d5a5b2c3d4e".into()),
        ("TeamIdentifier", vec![Value::from(TEAM)].into()),
        ("Platform", vec![Value::from("iOS")].into()),
        ("ExpirationDate", date("2027-11-01T10:00:00Z")),
        ("DeveloperCertificates", vec![Value::Data(house.leaf.der().to_vec())].into()),
        ("Entitlements", entitlements.into()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into_iter()
    .collect();
    let mut xml = Vec::new();
    Value::Dictionary(entries).to_writer_xml(&mut xml).unwrap();
    cms_signed::sign(&xml, &house.signer_key, &house.signer, &house.chain(), now()).unwrap()
}

fn app() -> Bundle {
    Bundle::app("com.example.app").profile(profile("com.example.app"))
}

fn codes(ipa: &Ipa) -> Vec<(FindingCode, Severity)> {
    let findings = ipa::findings(ipa, now(), Destination::AppStoreConnect);
    findings.iter().map(|finding| (finding.code, finding.severity)).collect()
}

#[test]
fn an_app_says_everything_it_holds() {
    let bytes = support::ipa::Ipa::of(app().version("2.1", "77").set("NSCameraUsageDescription", "To scan codes."))
        .holding(Bundle::extension("Share", "com.example.app.share").profile(profile("com.example.app.share")))
        .holding(Bundle::watch_app("Watch", "com.example.app.watch"))
        .holding(Bundle::app_clip("Clip", "com.example.app.Clip").profile(b"no profile".to_vec()))
        .filled_to(400_000)
        .bytes();
    assert_eq!(bytes.len(), 400_000);
    let ipa = inspect(&bytes).unwrap();
    let app = &ipa.app;
    assert_eq!(app.kind, BundleKind::App);
    assert_eq!(app.path, "Payload/Demo.app");
    assert_eq!(app.bundle_id, "com.example.app");
    assert_eq!(app.name.as_deref(), Some("Demo"));
    assert_eq!((app.version.as_deref(), app.build_number.as_deref()), (Some("2.1"), Some("77")));
    assert_eq!(app.platform, Some(Platform::Ios));
    assert_eq!(app.minimum_os.as_deref(), Some("16.0"));
    assert_eq!(app.uses_non_exempt_encryption, Some(false));
    assert_eq!(app.purposes["NSCameraUsageDescription"], "To scan codes.");
    assert_eq!(app.architectures().collect::<Vec<_>>(), [Architecture::Arm64]);
    assert_eq!((app.slices()[0].signed, app.slices()[0].encrypted), (Some(true), Some(false)));
    assert_eq!(app.team_id(), Some(TEAM));
    assert_eq!(app.entitlements().unwrap()["beta-reports-active"], true);
    let held = app.profile().unwrap();
    assert_eq!((held.signed_by, held.info.method()), (SignedBy::Trusted, Method::AppStore));
    assert_eq!(held.info.certificates, [house().leaf.info().clone()]);
    let nested: Vec<_> = ipa.nested.iter().map(|bundle| (bundle.kind, bundle.bundle_id.as_str())).collect();
    assert_eq!(
        nested,
        [
            (BundleKind::AppClip, "com.example.app.Clip"),
            (BundleKind::AppExtension, "com.example.app.share"),
            (BundleKind::WatchApp, "com.example.app.watch"),
        ]
    );
    assert!(matches!(&ipa.nested[0].profile, EmbeddedProfile::Unreadable(cause) if cause.found.contains("signed message")));
    assert_eq!(ipa.nested[1].extension_point.as_deref(), Some("com.apple.share-services"));
    assert_eq!(ipa.nested[2].architectures().collect::<Vec<_>>(), [Architecture::Arm64_32]);
    assert_eq!(ipa.nested[2].profile, EmbeddedProfile::Missing);
    assert_eq!(ipa.nested[2].platform, Some(Platform::WatchOs));
    assert!(ipa.notes.is_empty() && ipa.icon.is_none());
    let kept = serde_json::to_string(&ipa).unwrap();
    assert_eq!(serde_json::from_str::<Ipa>(&kept).unwrap(), ipa);
    assert!(kept.contains(r#""architecture":"arm64""#), "{kept}");
}

#[test]
fn a_sound_app_has_nothing_against_it() {
    let sound =
        support::ipa::Ipa::of(app()).holding(Bundle::extension("Share", "com.example.app.share").profile(profile("com.example.app.*")));
    assert_eq!(codes(&inspect(&sound.bytes()).unwrap()), []);
}

#[test]
fn what_is_wrong_with_the_app_is_found_and_not_refused() {
    let of = |app: Bundle| codes(&inspect(&support::ipa::Ipa::of(app).bytes()).unwrap());
    use FindingCode as Code;
    use Severity::{Refused, Warning};
    assert_eq!(of(Bundle::app("com.example.app")), [(Code::ProfileMissing, Refused)]);
    assert_eq!(
        of(app().without("ITSAppUsesNonExemptEncryption")),
        [(Code::ExportComplianceMissing, Warning)]
    );
    assert_eq!(of(app().without_executable()), [(Code::ExecutableMissing, Refused)]);
    assert_eq!(of(app().executable(b"#!/bin/sh".to_vec())), [(Code::ExecutableUnreadable, Refused)]);
    assert_eq!(of(app().executable(executable(ARM64, 7))), [(Code::SimulatorBuild, Refused)]);
    assert_eq!(of(app().executable(executable(12, 2))), [(Code::Arm64Missing, Refused)]);
    let mut broken = support::ipa::Ipa::of(app()).bytes();
    assert_eq!(
        inspect(&broken).unwrap().app.executable,
        Executable::Slices(inspect(&broken).unwrap().app.slices().to_vec())
    );
    broken.truncate(100);
    assert_eq!(inspect(&broken), Err(IpaError::Truncated));
}

/// Runs `tests/ipa/make.py` and gives what it wrote.
fn python(judge: &Judge, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profile"), profile("com.example.*")).unwrap();
    fs::write(folder.path().join("icon.png"), b"\x89PNG\r\n\x1a\n no picture").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/ipa/make.py");
    judge
        .run(folder.path(), &[&["-B", script, "--out", "made.ipa"], arguments].concat())
        .agreed();
    fs::read(folder.path().join("made.ipa")).unwrap()
}

#[test]
fn what_python_writes_is_read() {
    let Some(judge) = Judge::python() else {
        return;
    };
    for form in [&["--xml"][..], &["--size", "1000000"]] {
        let arguments = [
            &[
                "--bundle-id",
                "com.example.app",
                "--version",
                "3.2.1",
                "--build",
                "9",
                "--profile",
                "profile",
            ],
            &[
                "--watch",
                "com.example.app.watch",
                "--clip",
                "com.example.app.Clip",
                "--icon",
                "icon.png",
            ][..],
            &["--plugin", "com.example.app.share", "com.example.app.widget"],
            form,
        ]
        .concat();
        let bytes = python(&judge, &arguments);
        let ipa = inspect(&bytes).unwrap();
        assert!(form == ["--xml"] || bytes.len() == 1_000_000);
        assert_eq!(ipa.app.bundle_id, "com.example.app");
        assert!(
            ipa.bundles()
                .all(|bundle| bundle.version.as_deref() == Some("3.2.1") && bundle.build_number.as_deref() == Some("9"))
        );
        assert_eq!(ipa.nested.len(), 4);
        assert_eq!(ipa.app.purposes["NSCameraUsageDescription"], "To scan the code on a parcel.");
        assert!(ipa.bundles().all(|bundle| bundle.team_id() == Some(TEAM)));
        assert_eq!(codes(&ipa), []);
        assert!(ipa.icon.is_none() && ipa.notes.len() == 1, "the picture is none");
    }
}

#[test]
fn every_defect_that_python_makes_is_named() {
    let Some(judge) = Judge::python() else {
        return;
    };
    let info = |problem| IpaError::File(KnownFile::InfoPlist, problem);
    for (defect, expected) in [
        ("two-apps", IpaError::SeveralApps),
        ("no-plist", IpaError::NoInfoPlist(BundleKind::App)),
        (
            "bad-plist",
            IpaError::InfoPlist(BundleKind::App, PropertyListError::NotAPropertyList),
        ),
        ("endless-plist", IpaError::InfoPlist(BundleKind::App, PropertyListError::TooMany)),
        ("bomb", info(FileProblem::Bomb)),
        (
            "large-plist",
            info(FileProblem::TooLarge {
                bytes: 6 * 1024 * 1024 + 7,
            }),
        ),
        ("no-payload", IpaError::NoApp(Contents::AppFolder)),
        ("xcarchive", IpaError::NoApp(Contents::Xcarchive)),
        ("mac-app", IpaError::NoApp(Contents::MacApp)),
        ("many-entries", IpaError::TooManyEntries { entries: 100_001 }),
        ("parent-name", IpaError::Name(NameProblem::Detour)),
        ("absolute-name", IpaError::Name(NameProblem::Absolute)),
        ("case-name", IpaError::Name(NameProblem::Case)),
        ("duplicate", IpaError::Duplicate),
        ("truncated", IpaError::Truncated),
        ("cut-tail", IpaError::Truncated),
        ("overlap", IpaError::Overlap),
        ("encrypted", IpaError::Encrypted),
        ("compression", info(FileProblem::Header)),
        ("local-name", info(FileProblem::Header)),
        ("checksum", info(FileProblem::Content)),
        ("split", IpaError::Split),
        ("prepended", IpaError::Damaged(Damage::DirectoryPlace)),
        ("html", IpaError::NotAnArchive(FileKind::WebPage)),
        ("pkg", IpaError::NotAnArchive(FileKind::Package)),
        ("gzip", IpaError::NotAnArchive(FileKind::Gzip)),
        ("empty", IpaError::NotAnArchive(FileKind::Empty)),
    ] {
        assert_eq!(inspect(&python(&judge, &["--defect", defect])), Err(expected), "{defect}");
        let words = expected.explain();
        assert!(
            [&words.found, &words.why, &words.next_step]
                .iter()
                .all(|sentence| sentence.ends_with('.')),
            "{words}"
        );
    }
    for (defect, expected) in [
        ("simulator", FindingCode::SimulatorBuild),
        ("unsigned", FindingCode::NotSigned),
        ("encrypted-executable", FindingCode::Encrypted),
    ] {
        let ipa = inspect(&python(&judge, &["--profile", "profile", "--defect", defect])).unwrap();
        assert_eq!(codes(&ipa), [(expected, Severity::Refused)], "{defect}");
    }
}

fn info_plist() -> Vec<u8> {
    b"<plist><dict><key>CFBundleIdentifier</key><string>com.example.app</string><key>CFBundleExecutable</key><string>A</string></dict></plist>".to_vec()
}

fn small() -> Vec<RawEntry> {
    vec![
        entry("Payload/A.app/Info.plist", &info_plist()),
        entry("Payload/A.app/A", &executable(ARM64, 2)[..200]),
    ]
}

/// The verdict on the small app with one entry changed.
fn with(change: impl FnOnce(&mut RawEntry)) -> Result<Ipa, IpaError> {
    let mut entries = small();
    change(&mut entries[0]);
    inspect(&archive(&entries, &End::default()))
}

#[test]
fn archives_with_large_numbers_and_comments_are_read() {
    let plain = inspect(&archive(&small(), &End::default())).unwrap();
    assert_eq!(plain.entries, 2);
    for end in [
        End {
            large: true,
            ..End::default()
        },
        End {
            large: true,
            both: true,
            ..End::default()
        },
        End {
            comment: b"made by hand".to_vec(),
            ..End::default()
        },
        End {
            comment: b"PK\x05\x06 in a comment that is long enough".to_vec(),
            large: true,
            ..End::default()
        },
    ] {
        assert_eq!(inspect(&archive(&small(), &end)).as_ref(), Ok(&plain));
    }
    let large = |entry: &mut RawEntry| {
        let size = entry.content.len() as u64;
        entry.size = Some(u32::MAX);
        entry.packed = Some(u32::MAX);
        entry.extra = [&b"ut\x01\0x\x01\0\x10\0"[..], &size.to_le_bytes(), &size.to_le_bytes()].concat();
    };
    assert_eq!(with(large).as_ref(), Ok(&plain));
    let short = with(|entry| {
        large(entry);
        entry.extra.truncate(17);
    });
    assert_eq!(short, Err(IpaError::Damaged(Damage::DirectoryContent)));
}

#[test]
fn lies_of_an_archive_are_found() {
    let info = |problem| Err(IpaError::File(KnownFile::InfoPlist, problem));
    assert_eq!(
        with(|entry| entry.local_name = Some(b"Payload/A.app/info.plist".to_vec())),
        info(FileProblem::Header)
    );
    assert_eq!(with(|entry| entry.size = Some(10)), info(FileProblem::Header));
    assert_eq!(with(|entry| entry.method = 8), info(FileProblem::Content));
    assert_eq!(with(|entry| entry.method = 12), info(FileProblem::Compression { method: 12 }));
    assert_eq!(with(|entry| entry.mode = 0o120_777), info(FileProblem::Link));
    assert_eq!(with(|entry| entry.flags = 0x41), Err(IpaError::Encrypted));
    assert_eq!(with(|entry| entry.offset = Some(20)), Err(IpaError::Overlap));
    assert_eq!(
        with(|entry| entry.offset = Some(u32::MAX - 1)),
        Err(IpaError::Damaged(Damage::EntryPlace))
    );
    assert_eq!(with(|entry| entry.packed = Some(300)), Err(IpaError::Overlap));
    for (disk, entries, expected) in [
        (1, None, IpaError::Split),
        (0, Some(1), IpaError::Damaged(Damage::DirectoryContent)),
        (0, Some(3), IpaError::Damaged(Damage::DirectoryContent)),
    ] {
        let end = End {
            disk,
            entries,
            ..End::default()
        };
        assert_eq!(inspect(&archive(&small(), &end)), Err(expected));
    }
    let two_ends = End {
        large: true,
        both: true,
        entries: Some(1),
        ..End::default()
    };
    assert_eq!(
        inspect(&archive(&small(), &two_ends)),
        Err(IpaError::Damaged(Damage::DirectoryPlace))
    );
    assert_eq!(inspect(&archive(&[], &End::default())), Err(IpaError::NoApp(Contents::Nothing)));
    assert_eq!(inspect(b"PK\x07\x08PK\x03\x04"), Err(IpaError::Split));
    let last = End { disk: 3, ..End::default() };
    assert_eq!(inspect(&archive(&small(), &last)[50..]), Err(IpaError::Split));
}

#[test]
fn names_that_take_detours_are_refused_and_not_repeated() {
    let long = "x".repeat(1_025);
    for (name, problem) in [
        ("Payload/../secretly", NameProblem::Detour),
        ("Payload//secretly", NameProblem::Detour),
        ("./secretly", NameProblem::Detour),
        ("/secretly", NameProblem::Absolute),
        ("C:/secretly", NameProblem::Absolute),
        ("Payload\\secretly", NameProblem::Backslash),
        ("secretly\0.png", NameProblem::ZeroByte),
        ("", NameProblem::Empty),
        (&long, NameProblem::TooLong),
        ("Payload/A.app/PlugIns/secretly\u{1b}.appex/x", NameProblem::Control),
        ("Payload/a.app/secretly", NameProblem::Case),
        ("Payload/A.app/a", NameProblem::Case),
    ] {
        let mut entries = small();
        entries.push(entry(name, b""));
        let refused = inspect(&archive(&entries, &End::default())).unwrap_err();
        assert_eq!(refused, IpaError::Name(problem), "{name}");
        assert!(!refused.to_string().contains("secretly"));
    }
    let mut entries = small();
    entries.push(entry("x", b""));
    entries[2].name = b"\xff\xfe".to_vec();
    assert_eq!(
        inspect(&archive(&entries, &End::default())),
        Err(IpaError::Name(NameProblem::NotUtf8))
    );
}

#[test]
fn all_that_is_unpacked_is_bounded_together() {
    let text = "x".repeat(4_000_000);
    let info = format!(
        "<plist><dict><key>CFBundleIdentifier</key><string>com.example.app</string><key>x</key><string>{text}</string></dict></plist>"
    );
    let mut entries = vec![entry("Payload/A.app/Info.plist", info.as_bytes())];
    for number in 0..2 {
        entries.push(entry(&format!("Payload/A.app/PlugIns/{number}.appex/Info.plist"), info.as_bytes()));
    }
    assert!(inspect(&archive(&entries[..2], &End::default())).is_ok());
    assert_eq!(inspect(&archive(&entries, &End::default())), Err(IpaError::TooMuch));
}

#[test]
fn an_icon_is_shown_as_it_is_or_noted() {
    let png = [
        &b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0crc!"[..],
        b"\0\0\0\0IENDcrc!",
    ]
    .concat();
    let of = |app: support::ipa::Ipa| inspect(&app.bytes()).unwrap();
    let larger = [png.as_slice(), b"larger"].concat();
    let found = of(support::ipa::Ipa::of(app())
        .file("AppIcon60x60@2x.png", png.clone())
        .file("AppIcon60x60@3x.png", larger.clone())
        .file("Other.png", vec![0; 5_000])
        .file("Images/AppIcon60x60@9x.png", vec![0; 5_000]));
    assert_eq!(found.icon.as_ref().unwrap().png, larger);
    assert_eq!(format!("{:?}", found.icon), format!("Some(Icon({} bytes))", larger.len()));
    let noted = of(support::ipa::Ipa::of(app()).file("AppIcon60x60.png", vec![0; 1_000_000]));
    assert_eq!((noted.icon, noted.notes.len()), (None, 1));
    let found = of(support::ipa::Ipa::of(app()).file("AppIcon60x60.png", vec![0; 6_000_000]));
    assert_eq!((found.icon, found.notes.len()), (None, 0), "too large to be taken for one");
}

#[test]
fn cut_anywhere_it_is_refused_and_changed_anywhere_it_is_no_crash() {
    let whole = archive(&small(), &End::default());
    let genuine = inspect(&whole).unwrap();
    for length in 0..whole.len() {
        assert!(inspect(&whole[..length]).is_err(), "{length}");
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0xff;
        if let Ok(ipa) = inspect(&changed) {
            assert_eq!(ipa.app.bundle_id, genuine.app.bundle_id, "{at}");
        }
    }
}

/// A file whose storage counts what is read of it, and fails when told to.
struct Stored<'a> {
    content: Cursor<&'a [u8]>,
    read: u64,
    fails_after: u64,
}

impl Read for Stored<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.fails_after {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let most = usize::try_from(self.fails_after - self.read).map_or(buffer.len(), |most| most.min(buffer.len()));
        let count = self.content.read(&mut buffer[..most])?;
        self.read += count as u64;
        Ok(count)
    }
}

impl Seek for Stored<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

#[test]
fn a_large_app_is_hardly_read_and_a_failing_storage_is_no_verdict() {
    let bytes = support::ipa::Ipa::of(app()).filled_to(8_000_000).bytes();
    let mut stored = Stored {
        content: Cursor::new(&bytes),
        read: 0,
        fails_after: u64::MAX,
    };
    let whole = ipa::inspect(&mut stored, &TrustRoot::none()).unwrap();
    assert_eq!(whole.app.profile().unwrap().signed_by, SignedBy::UnverifiedRoot);
    assert!(stored.read < 200_000, "{} of 8,000,000", stored.read);
    // The executable's last bytes are read ahead, and its first 64 KiB unpacked without them.
    for fails_after in (0..stored.read - 1_000).step_by(997) {
        let failing = Stored {
            content: Cursor::new(&bytes),
            read: 0,
            fails_after,
        };
        assert_eq!(
            ipa::inspect(failing, &TrustRoot::none()),
            Err(IpaError::Source(io::ErrorKind::TimedOut)),
            "{fails_after}"
        );
    }
}
