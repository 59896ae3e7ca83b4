//! OpenSSL signs profiles of every method and verifies them, Python's plistlib reads what is inside, and we agree with both.

#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use std::fs;

use plist::{Dictionary, Value};
use serde_json::json;
use signing::profile::{Method, Profile, ProfileInfo, SignedBy};
use signing::udid::Udid;
use support::judges::{Judge, script};
use support::{TEAM, house, now};

const DEVICES: [&str; 3] = [
    "00008110-000A1B2C3D4E5F67",
    "2b6f0cc904d137be2e1730235f5664094b831186",
    "564D2B9C-1111-2222-3333-0123456789AB",
];

/// A profile as Apple makes it for this platform; `devices` listed, or every one.
fn entries(platform: &[&str], identifier: &str, devices: bool, every_device: bool, debug: bool) -> Dictionary {
    let date = |text: &str| Value::Date(plist::Date::from_xml_format(text).unwrap());
    let name = match platform.contains(&"OSX") {
        true => "com.apple.application-identifier",
        false => "application-identifier",
    };
    let mut entitlements = Dictionary::new();
    entitlements.insert(name.into(), format!("{TEAM}.{identifier}").into());
    entitlements.insert("com.apple.developer.team-identifier".into(), TEAM.into());
    if name == "application-identifier" {
        entitlements.insert("get-task-allow".into(), debug.into());
    }
    entitlements.insert("keychain-access-groups".into(), vec![Value::from(format!("{TEAM}.*"))].into());
    entitlements.insert("aps-environment".into(), "production".into());
    entitlements.insert("com.apple.developer.associated-domains".into(), "*".into());
    let mut entries = Dictionary::new();
    entries.insert("AppIDName".into(), "Example <b>App</b> & more".into());
    entries.insert("ApplicationIdentifierPrefix".into(), vec![Value::from(TEAM)].into());
    entries.insert("CreationDate".into(), date("2026-11-01T10:00:00Z"));
    entries.insert("ExpirationDate".into(), date("2027-11-01T10:00:00Z"));
    entries.insert(
        "DeveloperCertificates".into(),
        vec![Value::Data(house().leaf.der().to_vec())].into(),
    );
    entries.insert("DER-Encoded-Profile".into(), Value::Data(vec![0x30, 0x80]));
    entries.insert("Entitlements".into(), entitlements.into());
    entries.insert("Name".into(), "Täst 名前 \"profile\"".into());
    let platform: Vec<Value> = platform.iter().map(|platform| Value::from(*platform)).collect();
    entries.insert("Platform".into(), platform.into());
    if devices {
        let devices: Vec<Value> = DEVICES.map(Value::from).to_vec();
        entries.insert("ProvisionedDevices".into(), devices.into());
    }
    if every_device {
        entries.insert("ProvisionsAllDevices".into(), true.into());
    }
    entries.insert("TeamIdentifier".into(), vec![Value::from(TEAM)].into());
    entries.insert("TimeToLive".into(), Value::from(365));
    entries.insert("UUID".into(), "8d6caf15-ac71-4f0b-9b1a-1d5a5b2c3d4e".into());
    entries.insert("Version".into(), Value::from(1));
    entries
}

/// What Python says of the same file.
fn facts(info: &ProfileInfo) -> serde_json::Value {
    let certificates: Vec<&str> = info
        .certificates
        .iter()
        .map(|certificate| certificate.sha256_fingerprint.as_str())
        .collect();
    json!({
        "name": info.name,
        "uuid": info.uuid,
        "team": info.team_ids,
        "platforms": info.platforms,
        "devices": info.devices,
        "every device": info.provisions_all_devices,
        "created": info.created.unwrap().to_string(),
        "expires": info.expires.unwrap().to_string(),
        "entitlements": info.entitlements,
        "certificates": certificates,
    })
}

#[test]
fn plistlib_and_openssl_agree_on_profiles_of_every_method() {
    let (Some(openssl), Some(python)) = (Judge::openssl(), Judge::python()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let house = house();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("root.pem", house.root.pem().as_bytes());
    put("chain.pem", (house.intermediate.pem() + &house.root.pem()).as_bytes());
    put("signer.pem", house.signer.pem().as_bytes());
    put("signer.key", house.signer_key.pkcs8_pem().as_bytes());
    let run = |command: &str| openssl.run(folder.path(), &command.split(' ').collect::<Vec<_>>()).agreed();
    let ios: &[&str] = &["iOS", "xrOS", "visionOS"];
    for (method, platform, identifier, devices, every_device, debug) in [
        (Method::Development, ios, "com.example.*", true, false, true),
        (Method::Development, &["OSX"], "com.example.mac", true, false, false),
        (Method::Development, &["tvOS"], "com.example.tv", false, false, true),
        (Method::AdHoc, ios, "com.example.app", true, false, false),
        (Method::AppStore, ios, "com.example.app", false, false, false),
        (Method::AppStore, &["OSX"], "com.example.mac", false, false, false),
        (Method::Enterprise, ios, "*", false, true, false),
        (Method::Direct, &["OSX"], "com.example.mac", false, true, false),
    ] {
        let mut xml = Vec::new();
        let entries = entries(platform, identifier, devices, every_device, debug);
        Value::Dictionary(entries).to_writer_xml(&mut xml).unwrap();
        put("content", &xml);
        for digest in ["sha1", "sha256"] {
            run(&format!(
                "cms -sign -binary -nodetach -md {digest} -in content -signer signer.pem -inkey signer.key -certfile chain.pem -outform DER -out profile"
            ));
            run("cms -verify -inform DER -in profile -CAfile root.pem -purpose any -out verified");
            let judged = python
                .run(folder.path(), &[&script("signing_artefacts.py"), "content", "verified"])
                .agreed();
            let judged: serde_json::Value = serde_json::from_str(&judged).unwrap();
            let profile = Profile::read(&fs::read(folder.path().join("profile")).unwrap(), &house.trust()).unwrap();
            assert_eq!(profile.signed_by, SignedBy::Trusted);
            assert_eq!(facts(&profile.info), judged);
            assert_eq!(profile.info.method(), method, "{platform:?} {identifier}");
            assert_eq!(profile.info.bundle_identifier.as_deref(), Some(identifier));
        }
    }
}

#[test]
fn a_profile_answers_whom_it_is_for() {
    let mut xml = Vec::new();
    let entries = entries(&["iOS"], "com.example.*", true, false, false);
    Value::Dictionary(entries).to_writer_xml(&mut xml).unwrap();
    let house = house();
    let der = signing::cms_signed::sign(&xml, &house.signer_key, &house.signer, &house.chain(), now()).unwrap();
    let info = Profile::read(&der, &house.trust()).unwrap().info;
    assert!(info.covers("com.example.app") && !info.covers("com.example") && !info.covers("org.example.app"));
    for spelling in ["00008110000a1b2c3d4e5f67", "2B6F0CC904D137BE2E1730235F5664094B831186"] {
        assert!(info.lists(&Udid::parse(spelling).unwrap()), "{spelling}");
    }
    assert!(!info.lists(&Udid::parse("00008110-000A1B2C3D4E5F68").unwrap()));
    let held = info.certificate_of_key(&house.leaf_key.public_key_fingerprint()).unwrap();
    assert_eq!(held, house.leaf.info());
    assert!(info.certificate_of_key(&house.signer_key.public_key_fingerprint()).is_none());
    assert!(!info.is_expired("2027-11-01T09:59:59Z".parse().unwrap()));
    assert!(info.is_expired("2027-11-01T10:00:00Z".parse().unwrap()));
}
