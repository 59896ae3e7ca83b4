//! Each rule alone, on apps that lack nothing else.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::certificate::{CertificateInfo, CertificateKind};
use crate::ipa::{EmbeddedProfile, Slice};
use crate::profile::{Profile, ProfileInfo, SignedBy};

const NOW: &str = "2026-11-23T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn certificate(not_after: &str) -> CertificateInfo {
    CertificateInfo {
        common_name: None,
        organization: None,
        team_id: None,
        user_id: None,
        country: None,
        issuer_cn: None,
        serial_hex: String::new(),
        not_before: at("2025-01-01T00:00:00Z"),
        not_after: at(not_after),
        public_key_fingerprint: String::new(),
        sha1_fingerprint: String::new(),
        sha256_fingerprint: String::new(),
        kind: CertificateKind::Distribution,
        authority_key_id: None,
        subject_key_id: None,
        aia_ca_issuers: Vec::new(),
        is_ca: false,
    }
}

fn profile(bundle_id: &str) -> Profile {
    let entitlements = json!({"beta-reports-active": true, "get-task-allow": false});
    let info = ProfileInfo {
        name: "Store".into(),
        uuid: "u".into(),
        app_id_name: None,
        application_identifier: None,
        bundle_identifier: Some(bundle_id.into()),
        application_identifier_prefixes: Vec::new(),
        team_ids: vec!["A1B2C3D4E5".into()],
        team_name: None,
        platforms: vec!["iOS".into()],
        created: None,
        expires: Some(at("2027-01-01T00:00:00Z")),
        entitlements: entitlements.as_object().cloned().unwrap(),
        certificates: vec![certificate("2026-01-01T00:00:00Z"), certificate("2027-01-01T00:00:00Z")],
        devices: Vec::new(),
        provisions_all_devices: false,
        xcode_managed: false,
    };
    Profile {
        info,
        signed_by: SignedBy::Trusted,
    }
}

fn slice(architecture: Architecture) -> Slice {
    Slice {
        architecture,
        encrypted: Some(false),
        signed: Some(true),
        for_simulator: Some(false),
    }
}

fn bundle(kind: BundleKind, path: &str, bundle_id: &str) -> Bundle {
    Bundle {
        kind,
        path: path.into(),
        bundle_id: bundle_id.into(),
        name: None,
        version: Some("1.2.3".into()),
        build_number: Some("45".into()),
        platform: Some(Platform::Ios),
        for_simulator: false,
        minimum_os: Some("16.0".into()),
        extension_point: None,
        uses_non_exempt_encryption: Some(false),
        purposes: BTreeMap::new(),
        executable: Executable::Slices(vec![slice(Architecture::Arm64)]),
        profile: EmbeddedProfile::Read(Box::new(profile(bundle_id))),
    }
}

fn ipa() -> Ipa {
    Ipa {
        app: bundle(BundleKind::App, "Payload/A.app", "com.example.app"),
        nested: vec![
            bundle(BundleKind::AppExtension, "Payload/A.app/PlugIns/S.appex", "com.example.app.share"),
            bundle(BundleKind::WatchApp, "Payload/A.app/Watch/W.app", "com.example.app.watch"),
            bundle(
                BundleKind::AppExtension,
                "Payload/A.app/Watch/W.app/PlugIns/X.appex",
                "com.example.app.watch.x",
            ),
        ],
        icon: None,
        entries: 9,
        notes: Vec::new(),
    }
}

/// What is found on the way to a destination, after a change.
fn found_for(destination: Destination, change: impl FnOnce(&mut Ipa)) -> Vec<(FindingCode, Severity)> {
    let mut ipa = ipa();
    change(&mut ipa);
    let all = findings(&ipa, at(NOW), destination);
    for finding in &all {
        assert!(finding.message.ends_with('.'), "{}", finding.message);
    }
    all.iter().map(|finding| (finding.code, finding.severity)).collect()
}

fn found(change: impl FnOnce(&mut Ipa)) -> Vec<(FindingCode, Severity)> {
    found_for(Destination::AppStoreConnect, change)
}

fn info(bundle: &mut Bundle) -> &mut ProfileInfo {
    match &mut bundle.profile {
        EmbeddedProfile::Read(profile) => &mut profile.info,
        other => panic!("{other:?}"),
    }
}

fn refused(code: FindingCode) -> Vec<(FindingCode, Severity)> {
    vec![(code, Severity::Refused)]
}

fn warned(code: FindingCode) -> Vec<(FindingCode, Severity)> {
    vec![(code, Severity::Warning)]
}

#[test]
fn codes_are_the_same_wherever_they_are_written() {
    for code in [
        FindingCode::ProfileMissing,
        FindingCode::Arm64Missing,
        FindingCode::MinimumOsMissing,
        FindingCode::TestflightNotAllowed,
    ] {
        assert_eq!(serde_json::to_value(code).unwrap(), code.code());
    }
}

#[test]
fn a_sound_app_passes() {
    assert_eq!(found(|_| ()), []);
}

#[test]
fn profiles_fit_the_destination_and_have_not_ended() {
    assert_eq!(
        found(|ipa| info(&mut ipa.app).devices = vec!["u".into()]),
        refused(FindingCode::ProfileMethod)
    );
    assert_eq!(
        found(|ipa| info(&mut ipa.app).provisions_all_devices = true),
        refused(FindingCode::ProfileMethod)
    );
    let everywhere = |ipa: &mut Ipa| {
        info(&mut ipa.app).devices = vec!["u".into()];
        ipa.nested.iter_mut().for_each(|bundle| info(bundle).devices = vec!["u".into()]);
    };
    assert_eq!(found_for(Destination::AdHoc, everywhere), []);
    assert_eq!(found_for(Destination::Enterprise, everywhere).len(), 4);
    assert_eq!(
        found(|ipa| info(&mut ipa.app).expires = Some(at(NOW))),
        refused(FindingCode::ProfileExpired)
    );
    assert_eq!(found(|ipa| info(&mut ipa.app).expires = Some(at("2026-11-23T12:00:01Z"))), []);
    assert_eq!(
        found(|ipa| drop(info(&mut ipa.app).certificates.pop())),
        refused(FindingCode::CertificateExpired),
        "the other one has ended"
    );
    assert_eq!(
        found(|ipa| ipa.nested[0].profile = EmbeddedProfile::Missing),
        refused(FindingCode::ProfileMissing)
    );
    let unreadable = crate::Explanation::new("It is cut off.", "Half is missing.", "Try again.");
    assert_eq!(
        found(|ipa| ipa.app.profile = EmbeddedProfile::Unreadable(unreadable)),
        refused(FindingCode::ProfileUnreadable)
    );
}

#[test]
fn profiles_are_apples_and_for_this_bundle() {
    let signed_by = |signed_by| {
        found(|ipa| {
            if let EmbeddedProfile::Read(profile) = &mut ipa.app.profile {
                profile.signed_by = signed_by;
            }
        })
    };
    assert_eq!(signed_by(SignedBy::UnverifiedRoot), warned(FindingCode::ProfileNotTrusted));
    assert_eq!(signed_by(SignedBy::BadSignature), refused(FindingCode::ProfileNotTrusted));
    assert_eq!(
        found(|ipa| info(&mut ipa.app).bundle_identifier = Some("com.example.other".into())),
        refused(FindingCode::ProfileBundleId)
    );
    assert_eq!(found(|ipa| info(&mut ipa.app).bundle_identifier = Some("com.example.*".into())), []);
    assert_eq!(
        found(|ipa| info(&mut ipa.app).platforms = vec!["tvOS".into()]),
        refused(FindingCode::ProfilePlatform)
    );
    assert_eq!(
        found(|ipa| ipa.app.platform = Some(Platform::TvOs)),
        refused(FindingCode::ProfilePlatform)
    );
    assert_eq!(found(|ipa| ipa.app.platform = Some(Platform::VisionOs)), []);
    assert_eq!(
        found(|ipa| info(&mut ipa.nested[0]).team_ids = vec!["ZZZZZZZZZZ".into()]),
        refused(FindingCode::TeamDiffers)
    );
}

#[test]
fn entitlements_decide_about_debuggers_and_testflight() {
    let debugged = found(|ipa| drop(info(&mut ipa.app).entitlements.insert("get-task-allow".into(), true.into())));
    assert_eq!(
        debugged,
        [refused(FindingCode::ProfileMethod), refused(FindingCode::DebuggingAllowed)].concat()
    );
    let untested = |ipa: &mut Ipa| drop(info(&mut ipa.app).entitlements.remove("beta-reports-active"));
    assert_eq!(found(untested), warned(FindingCode::TestflightNotAllowed));
    assert_eq!(
        found(|ipa| drop(info(&mut ipa.nested[0]).entitlements.remove("beta-reports-active"))),
        []
    );
}

#[test]
fn bundle_ids_go_on_where_the_holders_end() {
    for other in ["com.example.other", "com.example.app", "com.example.apps", "com.example.app."] {
        let all = found(|ipa| {
            ipa.nested[0].bundle_id = other.into();
            info(&mut ipa.nested[0]).bundle_identifier = Some(other.into());
        });
        assert_eq!(all, refused(FindingCode::BundleIdNotPrefixed), "{other}");
    }
    let all = found(|ipa| {
        ipa.nested[2].bundle_id = "com.example.app.x".into();
        info(&mut ipa.nested[2]).bundle_identifier = Some("*".into());
    });
    assert_eq!(all, refused(FindingCode::BundleIdNotPrefixed), "of the watch app");
    let all = found(|ipa| {
        ipa.nested[0].bundle_id = "com.example.app.my_share".into();
        info(&mut ipa.nested[0]).bundle_identifier = Some("*".into());
    });
    assert_eq!(all, refused(FindingCode::BundleIdMalformed));
}

#[test]
fn versions_are_whole_numbers_with_dots() {
    let version = |version: &str| {
        found(|ipa| {
            ipa.nested.clear();
            ipa.app.version = Some(version.into());
        })
    };
    for sound in ["1", "1.2", "10.20.30", "2026.1123.123456789"] {
        let expected = if sound.len() > 18 {
            refused(FindingCode::VersionMalformed)
        } else {
            Vec::new()
        };
        assert_eq!(version(sound), expected, "{sound}");
    }
    for malformed in ["1.2.3.4", "1.", ".1", "1..2", "1.0-beta", "v1", "1.٣", "1 2"] {
        assert_eq!(version(malformed), refused(FindingCode::VersionMalformed), "{malformed}");
    }
    let build = |number: Option<&str>| {
        found(|ipa| {
            ipa.nested.clear();
            ipa.app.build_number = number.map(str::to_owned);
        })
    };
    assert_eq!(build(None), refused(FindingCode::BuildNumberMissing));
    assert_eq!(build(Some("7b")), refused(FindingCode::BuildNumberMalformed));
    assert_eq!(build(Some("2.0.53.731")), warned(FindingCode::BuildNumberMalformed));
    assert_eq!(found(|ipa| ipa.nested[0].version = None), refused(FindingCode::VersionMissing));
}

#[test]
fn extensions_have_the_apps_version_and_build_number() {
    assert_eq!(
        found(|ipa| ipa.nested[0].version = Some("1.2.4".into())),
        warned(FindingCode::VersionDiffers)
    );
    assert_eq!(
        found(|ipa| ipa.nested[0].build_number = Some("44".into())),
        warned(FindingCode::BuildNumberDiffers)
    );
}

#[test]
fn the_info_plist_answers_what_apple_asks() {
    assert_eq!(found(|ipa| ipa.app.minimum_os = None), refused(FindingCode::MinimumOsMissing));
    let empty = BTreeMap::from([("NSCameraUsageDescription".to_owned(), String::new())]);
    assert_eq!(found(|ipa| ipa.nested[0].purposes = empty), refused(FindingCode::PurposeEmpty));
    assert_eq!(found(|ipa| ipa.app.platform = None), refused(FindingCode::PlatformUnknown));
    assert_eq!(
        found(|ipa| ipa.app.uses_non_exempt_encryption = None),
        warned(FindingCode::ExportComplianceMissing)
    );
    assert_eq!(found(|ipa| ipa.nested[0].uses_non_exempt_encryption = None), []);
}

#[test]
fn executables_are_signed_and_for_devices_of_today() {
    let runs = |index: usize, slices: &[Slice]| {
        let slices = slices.to_vec();
        found(|ipa| match index {
            0 => ipa.app.executable = Executable::Slices(slices),
            index => ipa.nested[index - 1].executable = Executable::Slices(slices),
        })
    };
    let simulator = Slice {
        for_simulator: Some(true),
        ..slice(Architecture::X86_64)
    };
    assert_eq!(runs(0, &[simulator]), refused(FindingCode::SimulatorBuild));
    assert_eq!(runs(0, &[slice(Architecture::Armv7), slice(Architecture::Arm64)]), []);
    assert_eq!(runs(0, &[slice(Architecture::Armv7)]), refused(FindingCode::Arm64Missing));
    assert_eq!(runs(0, &[slice(Architecture::Arm64_32)]), refused(FindingCode::Arm64Missing));
    assert_eq!(runs(2, &[slice(Architecture::Arm64_32), slice(Architecture::Armv7k)]), []);
    let unsigned = Slice {
        signed: Some(false),
        ..slice(Architecture::Arm64)
    };
    assert_eq!(runs(0, &[unsigned]), refused(FindingCode::NotSigned));
    let encrypted = Slice {
        encrypted: Some(true),
        ..slice(Architecture::Arm64)
    };
    assert_eq!(runs(1, &[encrypted]), refused(FindingCode::Encrypted));
    let unknown = Slice {
        signed: None,
        encrypted: None,
        for_simulator: None,
        ..slice(Architecture::Arm64)
    };
    assert_eq!(runs(0, &[unknown]), [], "what was not seen is not held against it");
    for (executable, code) in [
        (Executable::Unnamed, FindingCode::ExecutableMissing),
        (Executable::Missing, FindingCode::ExecutableMissing),
        (Executable::Unreadable, FindingCode::ExecutableUnreadable),
    ] {
        assert_eq!(found(|ipa| ipa.app.executable = executable), refused(code));
    }
}
