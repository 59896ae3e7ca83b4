//! No reader panics on what a stranger might send: random bytes, random text, and real files with random damage.

#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use signing::certificate::Certificate;
use signing::chain::TrustRoot;
use signing::cms_signed;
use signing::csr::{self, CsrInfo};
use signing::import::{self, api_key_file, eas, folder, match_store};
use signing::ipa;
use signing::p8::{EcPrivateKey, key_id_from_file_name};
use signing::p12::{self, Form, Identity};
use signing::private_key;
use signing::profile::{BundlePattern, Profile};
use signing::udid::Udid;
use signing::{device_file, enrollment};
use std::sync::OnceLock;
use support::der::{as_ber, bare_bundle, certificate_bag, key_bag, without_mac};
use support::house;
use support::ipa::{ARM64, executable};
use support::raw_zip::{End, archive, entry};

/// Every reader once; the verdicts do not matter here.
fn read_with_everything(bytes: &[u8]) {
    let _ = EcPrivateKey::read(bytes);
    let _ = CsrInfo::read(bytes);
    let _ = Certificate::read(bytes);
    let _ = TrustRoot::read(bytes);
    let _ = cms_signed::read(bytes);
    let _ = Profile::read(bytes, &TrustRoot::none());
    let _ = p12::open(bytes, "secret");
    let _ = private_key::read(bytes, Some("secret"));
    let _ = enrollment::read_answer(bytes, &TrustRoot::none());
    let _ = enrollment::ProfileSigner::read(house().leaf.pem().as_bytes(), bytes, Some("secret"));
    let _ = enrollment::ProfileSigner::read(bytes, house().leaf_key.pkcs8_der(), None);
    let _ = device_file::read(bytes);
    let _ = match_store::decrypt(bytes, "secret");
    let _ = eas::read(bytes);
    let _ = api_key_file::read(bytes);
    let _ = import::private_key_of(&house().leaf, bytes, "secret");
    if let Ok(app) = ipa::inspect(std::io::Cursor::new(bytes), &TrustRoot::none()) {
        let _ = ipa::findings(&app, support::now(), ipa::Destination::AppStoreConnect);
    }
}

/// One real file of each kind, as DER and as PEM where there is one.
fn real_files() -> &'static Vec<Vec<u8>> {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let house = house();
        let key = EcPrivateKey::generate().unwrap();
        let request = csr::create(&house.leaf_key, "Anna", "anna@example.com", "SE").unwrap();
        let identity = Identity {
            key: &house.leaf_key,
            certificate: &house.leaf,
            chain: &house.chain(),
            friendly_name: "x",
        };
        let p12 = p12::write(&identity, "secret", Form::Compatible).unwrap();
        let plist =
            b"<?xml version=\"1.0\"?><plist><dict><key>Name</key><string>x</string><key>UUID</key><string>y</string></dict></plist>";
        let profile = cms_signed::sign(plist, &house.signer_key, &house.signer, &house.chain(), support::now()).unwrap();
        vec![
            key.pkcs8_pem().as_bytes().to_vec(),
            key.pkcs8_der().to_vec(),
            request.pem.into_bytes(),
            request.der,
            house.leaf.der().to_vec(),
            house.leaf.pem().into_bytes(),
            p12.to_vec(),
            profile,
            // Damage shows in the innermost layers of this one: neither encryption nor MAC stand before them.
            bare_bundle(&[certificate_bag(house.leaf.der()), key_bag(house.leaf_key.pkcs8_der())]),
            without_mac(&p12),
            as_ber(&p12),
            [b"Salted__12345678", house.leaf.der()].concat(),
            b"match_encrypted_v2__12345678 and a tag of 16 and more".to_vec(),
            br#"{"ios": {"provisioningProfilePath": "a", "distributionCertificate": {"path": "b", "password": "c"}}}"#.to_vec(),
            app(End::default()),
            app(End {
                large: true,
                ..End::default()
            }),
        ]
    })
}

/// An app whose files are stored, so that damage reaches them: without a checksum it would end at the archive's.
fn app(end: End) -> Vec<u8> {
    let executable = &executable(ARM64, 2)[..200];
    archive(
        &[
            entry("Payload/A.app/Info.plist", &binary_plist()),
            entry("Payload/A.app/A", executable),
        ],
        &end,
    )
}

fn binary_plist() -> Vec<u8> {
    let names = ["CFBundleIdentifier", "CFBundleExecutable", "CFBundleName"];
    let mut entries: plist::Dictionary = names.map(|name| (name.to_owned(), plist::Value::from("A"))).into_iter().collect();
    entries.insert("CFBundleSupportedPlatforms".to_owned(), vec![plist::Value::from("iPhoneOS")].into());
    let mut bytes = Vec::new();
    plist::Value::Dictionary(entries).to_writer_binary(&mut bytes).unwrap();
    bytes
}

/// An app around these bytes: they get past the checks of the archive.
fn read_as_part_of_an_app(info_plist: &[u8], executable: &[u8], icon: &[u8]) {
    let files = [
        entry("Payload/A.app/Info.plist", info_plist),
        entry("Payload/A.app/A", executable),
        entry("Payload/A.app/AppIcon.png", icon),
        entry("Payload/A.app/embedded.mobileprovision", executable),
    ];
    read_with_everything(&archive(&files, &End::default()));
}

fn cases(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        read_with_everything(&bytes);
    }

    #[test]
    fn random_elements_never_panic(bytes in vec(prop_oneof![Just(0x30_u8), Just(0x80), Just(0x24), Just(0x02), Just(0xa0), Just(0x04), Just(0), Just(1), Just(6), any::<u8>()], 0..200)) {
        read_with_everything(&bytes);
    }

    #[test]
    fn random_text_never_panics(text in "(-----(BEGIN|END) [A-Z ]{0,20}-----|[A-Za-z0-9+/=\\\\n\"' \r\n:ü]{0,80}){0,6}") {
        read_with_everything(text.as_bytes());
    }

    #[test]
    fn random_lists_of_devices_never_panic(text in "(\u{feff})?([0-9a-fA-F-]{0,41}\t[ -~ü\t]{0,20}\t?(ios|mac|\\PC{0,3})\r?\n){0,12}") {
        let _ = device_file::read(text.as_bytes());
    }

    #[test]
    fn random_property_lists_never_panic(inner in "(</?(dict|array|key|string|data|date|integer|plist)>|Device UDIDs|UDID|[a-zA-Z0-9<&\\[\\]!-]{0,9}){0,30}") {
        let _ = device_file::read(format!("<plist><dict>{inner}</dict></plist>").as_bytes());
    }

    #[test]
    fn random_parts_of_apps_never_panic(
        hits in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        executable in vec(prop_oneof![Just(0xca_u8), Just(0xfe), Just(0xba), Just(0xbe), Just(0xcf), Just(0xfa), Just(0xed), Just(0), Just(1), any::<u8>()], 0..120),
        icon in vec(any::<u8>(), 0..200),
    ) {
        let mut info_plist = binary_plist();
        for (at, value) in hits {
            let at = at.index(info_plist.len());
            info_plist[at] = value;
        }
        let icon = [&b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI\0\0\0\0\0\0\0\0\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x02\x08\x06\0\0\0\0\0\0\0\0\0\0\xc8IDAT"[..], &icon].concat();
        read_as_part_of_an_app(&info_plist, &executable, &icon);
        let header = [&b"\xcf\xfa\xed\xfe\x0c\0\0\x01\0\0\0\0\x02\0\0\0\x03\0\0\0\x60\0\0\0"[..], &executable].concat();
        read_as_part_of_an_app(&binary_plist(), &header, &icon);
    }

    #[test]
    fn random_names_never_panic(name in "(AuthKey_)?\\PC{0,20}(\\.p8)?") {
        let _ = key_id_from_file_name(&name);
        let _ = Udid::parse(&name);
        let _ = BundlePattern::parse(&name).map(|pattern| pattern.matches(&name));
        let _ = folder::kind_of(&name);
        let _ = match_store::inventory([name.as_str()]);
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn damaged_files_never_panic(which in 0_usize..16, cut in any::<prop::sample::Index>(), hits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), truncate in any::<bool>()) {
        let mut bytes = real_files()[which].clone();
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if truncate {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_with_everything(&bytes);
    }
}
