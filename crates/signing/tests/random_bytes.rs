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
use signing::p8::{EcPrivateKey, key_id_from_file_name};
use signing::p12::{self, Form, Identity};
use signing::profile::Profile;
use std::sync::OnceLock;
use support::house;

/// Every reader once; the verdicts do not matter here.
fn read_with_everything(bytes: &[u8]) {
    let _ = EcPrivateKey::read(bytes);
    let _ = CsrInfo::read(bytes);
    let _ = Certificate::read(bytes);
    let _ = TrustRoot::read(bytes);
    let _ = cms_signed::read(bytes);
    let _ = Profile::read(bytes, &TrustRoot::none());
    let _ = p12::read(bytes, "secret");
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
        ]
    })
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
    fn random_names_never_panic(name in "(AuthKey_)?\\PC{0,20}(\\.p8)?") {
        let _ = key_id_from_file_name(&name);
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn damaged_files_never_panic(which in 0_usize..8, cut in any::<prop::sample::Index>(), hits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), truncate in any::<bool>()) {
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
