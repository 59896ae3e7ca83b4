//! Signed messages and the provisioning profiles inside them.
#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use plist::{Dictionary, Value};
use signing::certificate::Certificate;
use signing::chain::TrustRoot;
use signing::cms_signed::{self, CmsError};
use signing::profile::{Profile, ProfileError, SignedBy};
use signing::property_list::PropertyListError;
use signing::rsa_key::RsaKeyPair;
use support::{House, TEAM, house, now};

fn example() -> Dictionary {
    let house = house();
    let mut entitlements = Dictionary::new();
    entitlements.insert("application-identifier".into(), format!("{TEAM}.com.example.*").into());
    entitlements.insert("get-task-allow".into(), true.into());
    entitlements.insert("keychain-access-groups".into(), vec![Value::from(format!("{TEAM}.*"))].into());
    entitlements.insert("data".into(), Value::Data(vec![1, 2, 3]));
    let date = |text: &str| Value::Date(plist::Date::from_xml_format(text).unwrap());
    let mut entries = Dictionary::new();
    entries.insert("AppIDName".into(), "Example <b>App</b> & more".into());
    entries.insert("ApplicationIdentifierPrefix".into(), vec![Value::from(TEAM)].into());
    entries.insert("CreationDate".into(), date("2026-11-01T10:00:00Z"));
    entries.insert("ExpirationDate".into(), date("2027-11-01T10:00:00Z"));
    entries.insert("DeveloperCertificates".into(), vec![Value::Data(house.leaf.der().to_vec())].into());
    entries.insert("Entitlements".into(), entitlements.into());
    entries.insert("IsXcodeManaged".into(), false.into());
    entries.insert("Name".into(), "Täst 名前 profile".into());
    entries.insert("Platform".into(), vec![Value::from("iOS"), Value::from("xrOS")].into());
    entries.insert("ProvisionedDevices".into(), vec![Value::from("00008110-000A1B2C3D4E5F67")].into());
    entries.insert("TeamIdentifier".into(), vec![Value::from(TEAM)].into());
    entries.insert("TeamName".into(), "Müller & Søn".into());
    entries.insert("TimeToLive".into(), Value::from(365));
    entries.insert("UUID".into(), "8d6caf15-ac71-4f0b-9b1a-1d5a5b2c3d4e".into());
    entries.insert("Version".into(), Value::from(1));
    entries
}

fn xml(entries: &Dictionary) -> Vec<u8> {
    let mut xml = Vec::new();
    Value::Dictionary(entries.clone()).to_writer_xml(&mut xml).unwrap();
    xml
}

fn signed(content: &[u8]) -> Vec<u8> {
    let House { signer, signer_key, .. } = house();
    cms_signed::sign(content, signer_key, signer, &house().chain(), now()).unwrap()
}

#[test]
fn a_profile_says_everything_it_holds() {
    let profile = Profile::read(&signed(&xml(&example())), &house().trust()).unwrap();
    let info = profile.info;
    assert_eq!(profile.signed_by, SignedBy::Trusted);
    assert_eq!(info.name, "Täst 名前 profile");
    assert_eq!(info.uuid, "8d6caf15-ac71-4f0b-9b1a-1d5a5b2c3d4e");
    assert_eq!(info.app_id_name.as_deref(), Some("Example <b>App</b> & more"));
    assert_eq!(info.application_identifier, Some(format!("{TEAM}.com.example.*")));
    assert_eq!(info.bundle_identifier.as_deref(), Some("com.example.*"));
    assert_eq!(info.application_identifier_prefixes, [TEAM]);
    assert_eq!(info.team_ids, [TEAM]);
    assert_eq!(info.team_name.as_deref(), Some("Müller & Søn"));
    assert_eq!(info.platforms, ["iOS", "xrOS"]);
    assert_eq!(info.created.unwrap().to_string(), "2026-11-01T10:00:00Z");
    assert_eq!(info.expires.unwrap().to_string(), "2027-11-01T10:00:00Z");
    assert_eq!(info.entitlements["get-task-allow"], true);
    assert_eq!(info.entitlements["data"], "AQID");
    assert_eq!(info.certificates, [house().leaf.info().clone()]);
    assert_eq!(info.devices, ["00008110-000A1B2C3D4E5F67"]);
    assert!(!info.provisions_all_devices);
    assert!(!info.xcode_managed);
}

#[test]
fn a_mac_profile_has_its_identifier_under_another_name() {
    let mut entries = example();
    let mut entitlements = Dictionary::new();
    entitlements.insert("com.apple.application-identifier".into(), format!("{TEAM}.com.example.mac").into());
    entries.insert("Entitlements".into(), entitlements.into());
    let profile = Profile::read(&signed(&xml(&entries)), &house().trust()).unwrap();
    assert_eq!(profile.info.bundle_identifier.as_deref(), Some("com.example.mac"));
}

#[test]
fn an_unknown_root_is_unverified_but_readable() {
    let der = signed(&xml(&example()));
    let stranger = TrustRoot::from_certificates(vec![support::read(support::root("Test Root").as_ref())]).unwrap();
    assert_eq!(Profile::read(&der, &stranger).unwrap().signed_by, SignedBy::UnverifiedRoot);
    assert_eq!(Profile::read(&der, &TrustRoot::none()).unwrap().signed_by, SignedBy::UnverifiedRoot);
}

#[test]
fn a_developers_own_certificate_does_not_vouch_for_a_profile() {
    let House { leaf, leaf_key, .. } = house();
    let der = cms_signed::sign(&xml(&example()), leaf_key, leaf, &house().chain(), now()).unwrap();
    assert!(cms_signed::read(&der).unwrap().signer.is_some());
    assert_eq!(Profile::read(&der, &house().trust()).unwrap().signed_by, SignedBy::UnverifiedRoot);
}

#[test]
fn changed_content_and_changed_signatures_are_bad() {
    let der = signed(&xml(&example()));
    let at = der.windows(4).position(|window| window == b"xrOS").unwrap();
    let mut changed = der.clone();
    changed[at] = b'y';
    let profile = Profile::read(&changed, &house().trust()).unwrap();
    assert_eq!(profile.info.platforms, ["iOS", "yrOS"]);
    assert_eq!(profile.signed_by, SignedBy::BadSignature);
    let mut changed = der.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(Profile::read(&changed, &house().trust()).unwrap().signed_by, SignedBy::BadSignature);
}

#[test]
fn a_changed_signing_time_is_bad() {
    let der = signed(b"hello");
    assert_eq!(cms_signed::read(&der).unwrap().signing_time, Some(now()));
    let at = der.windows(13).position(|window| window == b"261123120000Z").unwrap();
    let mut changed = der.clone();
    changed[at + 1] = b'7';
    assert!(cms_signed::read(&changed).unwrap().signer.is_none());
}

#[test]
fn messages_are_opened_with_their_certificates_and_signer() {
    let message = cms_signed::read(&signed(b"hello")).unwrap();
    assert_eq!(message.content, b"hello");
    assert_eq!(message.certificates.len(), 3);
    assert_eq!(message.signer.as_ref(), Some(&house().signer));
    assert_eq!(message.signed_by(&house().trust()), SignedBy::Trusted);
}

#[test]
fn a_key_that_is_not_the_certificates_signs_nothing() {
    let stranger = RsaKeyPair::generate().unwrap();
    let refused = cms_signed::sign(b"x", &stranger, &house().signer, &[], now());
    assert_eq!(refused.unwrap_err(), CmsError::SigningFailed);
}

#[test]
fn wrong_files_are_named() {
    let trust = TrustRoot::none();
    let of = |bytes: &[u8]| Profile::read(bytes, &trust).unwrap_err();
    let der = signed(&xml(&example()));
    assert_eq!(of(b""), ProfileError::Envelope(CmsError::NotASignedMessage));
    assert_eq!(of(b"hello"), ProfileError::Envelope(CmsError::NotASignedMessage));
    assert_eq!(of(&der[..der.len() / 2]), ProfileError::Envelope(CmsError::Truncated));
    assert_eq!(of(house().leaf.der()), ProfileError::Envelope(CmsError::NotASignedMessage));
    assert_eq!(
        of(&vec![0; 6_000_000]),
        ProfileError::Envelope(CmsError::TooLarge { bytes: 6_000_000 })
    );
    assert_eq!(of(&signed(b"hello")), ProfileError::Content(PropertyListError::NotAPropertyList));
    assert_eq!(of(&signed(b"bplist00")), ProfileError::Content(PropertyListError::NotAPropertyList));
    assert_eq!(of(&signed(&xml(&Dictionary::new()))), ProfileError::NotAProfile);
    let mut entries = example();
    entries.insert("DeveloperCertificates".into(), vec![Value::Data(vec![1])].into());
    assert_eq!(of(&signed(&xml(&entries))), ProfileError::NotAProfile);
}

#[test]
fn bombs_are_refused() {
    let of = |xml: &str| Profile::read(&signed(xml.as_bytes()), &TrustRoot::none()).unwrap_err();
    let nested = |depth: usize| format!("<plist>{}{}</plist>", "<array>".repeat(depth), "</array>".repeat(depth));
    assert_eq!(of(&nested(65)), ProfileError::Content(PropertyListError::TooDeep));
    assert_eq!(of(&nested(300_000)), ProfileError::Content(PropertyListError::TooDeep));
    assert_eq!(
        of(&nested(64)),
        ProfileError::Content(PropertyListError::NotAPropertyList),
        "deep enough, but no dictionary"
    );
    let subset = r#"<!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><plist><dict/></plist>"#;
    assert_eq!(of(subset), ProfileError::Content(PropertyListError::DocumentType));
}

#[test]
fn a_message_with_too_many_certificates_is_refused() {
    let House {
        signer, signer_key, leaf, ..
    } = house();
    let extra: Vec<Certificate> = vec![leaf.clone(); 64];
    let der = cms_signed::sign(b"x", signer_key, signer, &extra, now()).unwrap();
    assert_eq!(cms_signed::read(&der).unwrap_err(), CmsError::TooManyParts);
}
