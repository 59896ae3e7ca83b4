//! What other tools keep signing files in: match stores of both encryptions, EAS and fastlane JSON, plain folders.

#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use std::fs;

use signing::certificate::Certificate;
use signing::import::folder::{FileKind, kind_of};
use signing::import::match_store::{Encryption, MAX_BYTES, MatchError, StoredCertificate, decrypt, inventory, is_encrypted};
use signing::import::sources::{self, Source, SourceError};
use signing::import::{self, ImportedKeyError, JsonFileError, MAX_JSON_BYTES, api_key_file, eas, inner_path, private_key_of};
use signing::p8::{EcPrivateKey, P8Error};
use signing::p12::{self, Form, Identity, P12Error};
use signing::pairing::PairingError;
use signing::private_key::KeyFileError;
use signing::profile::{Method, Profile};
use support::judges::{Judge, script};
use support::{house, now};

const PASSWORD: &str = r##"$#"'\ påss"##;

fn profile() -> Vec<u8> {
    let xml = b"<?xml version=\"1.0\"?><plist><dict><key>Name</key><string>x</string><key>UUID</key><string>y</string></dict></plist>";
    let house = house();
    signing::cms_signed::sign(xml, &house.signer_key, &house.signer, &house.chain(), now()).unwrap()
}

#[test]
fn stores_of_both_encryptions_open_whole() {
    let Some(python) = Judge::python() else { return };
    let house = house();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("certificate.cer", house.leaf.der());
    put("key.pem", house.leaf_key.pkcs8_pem().as_bytes());
    put("profile", &profile());
    let arguments = [&script("write_match_store.py"), "certificate.cer", "key.pem", "profile", "store"];
    python.run_with_password(PASSWORD, folder.path(), &arguments).agreed();
    for (version, encryption) in [
        ("md5", Encryption::FirstMd5),
        ("sha256", Encryption::FirstSha256),
        ("v2", Encryption::Second),
    ] {
        let store = folder.path().join("store").join(version);
        let paths = [
            "certs/distribution/ABC123DEFG.cer",
            "certs/distribution/ABC123DEFG.p12",
            "profiles/appstore/AppStore_com.example.app.mobileprovision",
        ];
        // The whole of it, as a clone lies below its own folder, with what git keeps beside.
        let clone: Vec<String> = paths
            .iter()
            .map(|path| format!("clone/{path}"))
            .chain(["clone/.git/config.p12".to_owned()])
            .collect();
        let fetch = |path: &str| {
            let below = path.strip_prefix("clone/").unwrap();
            Ok(zeroize::Zeroizing::new(fs::read(store.join(below)).unwrap()))
        };
        assert_eq!(sources::recognized(&clone), Source::Match);
        let mut whole = sources::match_store(&clone, PASSWORD, fetch).unwrap();
        let [certificate] = whole.certificates().try_into().ok().unwrap();
        assert!(
            certificate.has_key && certificate.certificate.der() == house.leaf.der(),
            "{version}"
        );
        assert_eq!((whole.profiles.len(), whole.left_out.as_slice()), (1, [].as_slice()), "{version}");
        let closed = sources::match_store(&clone, "wrong", fetch).err();
        let first = format!("clone/{}", paths[0]);
        assert_eq!(closed, Some(SourceError::WrongPassword { path: first }));
        let missing = sources::match_store(&clone, PASSWORD, |_| Err("gone".to_owned())).unwrap();
        assert_eq!(missing.left_out.len(), 3);
        let found = inventory(paths).unwrap();
        let open = |path: &str| {
            let file = fs::read(store.join(path)).unwrap();
            for wrong in ["", "wrong", "$#\"'\\ pass"] {
                assert_eq!(decrypt(&file, wrong).unwrap_err(), MatchError::WrongPassword, "{version} {path}");
            }
            let opened = decrypt(&file, PASSWORD).unwrap();
            assert_eq!(opened.encryption, encryption, "{path}");
            opened.bytes
        };
        let [stored] = found.certificates.as_slice() else {
            panic!("{found:?}")
        };
        let certificate = Certificate::read(&open(stored.certificate_path.as_deref().unwrap())).unwrap();
        assert_eq!(certificate, house.leaf);
        let key = private_key_of(&certificate, &open(stored.key_path.as_deref().unwrap()), "").unwrap();
        assert_eq!(key.pkcs8_der(), house.leaf_key.pkcs8_der());
        let opened = Profile::read(&open(&found.profiles[0].path), &house.trust()).unwrap();
        assert_eq!(opened.info.uuid, "y");
    }
}

#[test]
fn hundreds_of_wrong_passwords_never_pass_for_right() {
    // Without authentication about one in 256 has right padding; what comes out gives it away.
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain"), house().leaf.der()).unwrap();
    let command = "enc -aes-256-cbc -a -md md5 -in plain -out sealed -pass env:P12_PASSWORD";
    let arguments: Vec<&str> = command.split(' ').collect();
    openssl.run_with_password(PASSWORD, folder.path(), &arguments).agreed();
    let sealed = fs::read(folder.path().join("sealed")).unwrap();
    assert_eq!(decrypt(&sealed, PASSWORD).unwrap().bytes.as_slice(), house().leaf.der());
    for number in 0..2_000 {
        let refusal = decrypt(&sealed, &number.to_string()).unwrap_err();
        assert_eq!(refusal, MatchError::WrongPassword, "{number}");
    }
}

#[test]
fn files_that_match_did_not_encrypt_are_named() {
    let of = |bytes: &[u8]| decrypt(bytes, PASSWORD).unwrap_err();
    for plain in [&b""[..], b"# A README", house().leaf.der(), house().leaf.pem().as_bytes()] {
        assert_eq!(of(plain), MatchError::NotEncrypted);
        assert!(!is_encrypted(plain));
    }
    for cut in [
        &b"Salted__"[..],
        b"Salted__12345678",
        b"Salted__123456781234567",
        b"match_encrypted_v2__12345678123",
    ] {
        assert_eq!(of(cut), MatchError::Truncated);
    }
    assert_eq!(of(b"match_encrypted_v2__123456781234567812345678"), MatchError::WrongPassword);
    let large = MAX_BYTES + 1;
    assert_eq!(of(&vec![b'A'; large]), MatchError::TooLarge { bytes: large });
}

#[test]
fn the_names_of_a_store_become_an_inventory() {
    let found = inventory([
        "README.md",
        "match_version.txt",
        "certs/distribution/B2.cer",
        "certs/development/A1.p12",
        "certs/development/A1.cer",
        "A1B2C3D4E5/certs/developer_id_application/C3.p12",
        "profiles/development/Development_com.example.*.mobileprovision",
        "profiles/adhoc/AdHoc_com.example.tv_tvos.mobileprovision",
        "deep/A1B2C3D4E5/profiles/developer_id/Direct_com.example.mac.provisionprofile",
        "profiles/appstore/AppStore_com.example.app_catalyst.provisionprofile",
        "profiles/other/Odd_com.example_under_score.mobileprovision",
        "../certs/distribution/D4.cer",
    ])
    .unwrap();
    let text = |text: &str| Some(text.to_owned());
    let stored = |team: Option<&str>, folder: &str, id: &str, certificate_path, key_path| StoredCertificate {
        team: team.map(str::to_owned),
        folder: folder.to_owned(),
        id: id.to_owned(),
        certificate_path,
        key_path,
    };
    assert_eq!(
        found.certificates,
        [
            stored(
                None,
                "development",
                "A1",
                text("certs/development/A1.cer"),
                text("certs/development/A1.p12")
            ),
            stored(None, "distribution", "B2", text("certs/distribution/B2.cer"), None),
            stored(
                Some("A1B2C3D4E5"),
                "developer_id_application",
                "C3",
                None,
                text("A1B2C3D4E5/certs/developer_id_application/C3.p12")
            ),
        ]
    );
    let profiles: Vec<_> = found
        .profiles
        .iter()
        .map(|profile| {
            (
                profile.team.as_deref(),
                profile.method,
                profile.bundle_identifier.as_str(),
                profile.platform,
            )
        })
        .collect();
    assert_eq!(
        profiles,
        [
            (Some("A1B2C3D4E5"), Some(Method::Direct), "com.example.mac", "macos"),
            (None, Some(Method::AdHoc), "com.example.tv", "tvos"),
            (None, Some(Method::AppStore), "com.example.app", "catalyst"),
            (None, Some(Method::Development), "com.example.*", "ios"),
            (None, None, "com.example_under_score", "ios"),
        ]
    );
    assert_eq!(found.others, ["README.md", "match_version.txt", "../certs/distribution/D4.cer"]);
    assert!(inventory(std::iter::repeat_n("x", import::MAX_PATHS + 1)).is_err());
}

#[test]
fn a_key_is_found_in_pem_and_in_p12_and_only_the_right_one() {
    let house = house();
    let of = |file: &[u8], password: &str| private_key_of(&house.leaf, file, password).map(|key| key.public_key_fingerprint());
    let own = Ok(house.leaf_key.public_key_fingerprint());
    let identity = Identity {
        key: &house.leaf_key,
        certificate: &house.leaf,
        chain: &[],
        friendly_name: "x",
    };
    let bundle = p12::write(&identity, "secret", Form::Modern).unwrap();
    assert_eq!(of(&bundle, "secret"), own);
    assert_eq!(of(&bundle, "wrong"), Err(ImportedKeyError::P12(P12Error::WrongPassword)));
    assert_eq!(of(house.leaf_key.pkcs8_der(), ""), own);
    let other = Err(ImportedKeyError::Pairing(PairingError::OtherKey));
    assert_eq!(of(house.signer_key.pkcs8_pem().as_bytes(), ""), other);
    assert_eq!(
        of(EcPrivateKey::generate().unwrap().pkcs8_pem().as_bytes(), ""),
        Err(ImportedKeyError::KeyFile(KeyFileError::NotRsa))
    );
    assert_eq!(of(b"hello", ""), Err(ImportedKeyError::P12(P12Error::NotAP12)));
}

#[test]
fn credentials_of_eas_are_read_for_one_target_and_for_several() {
    let one = br#"{"android": {"keystore": {}}, "ios": {"provisioningProfilePath": "ios/certs/./profile.mobileprovision",
        "distributionCertificate": {"path": "ios\\certs\\dist.p12", "password": "$#\"'\\"}}}"#;
    let targets = eas::read(one).unwrap();
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0].name, None);
    assert_eq!(targets[0].profile_path, "ios/certs/profile.mobileprovision");
    assert_eq!(targets[0].p12_path, "ios/certs/dist.p12");
    assert_eq!(targets[0].password.as_str(), r##"$#"'\"##);
    assert!(!format!("{targets:?}").contains("$#"));
    let several = br#"{"ios": {"app": {"provisioningProfilePath": "a", "distributionCertificate": {"path": "b", "password": "c"}},
        "widget": {"provisioningProfilePath": "d", "distributionCertificate": {"path": "e"}}}}"#;
    let names: Vec<_> = eas::read(several).unwrap().into_iter().map(|target| target.name.unwrap()).collect();
    assert_eq!(names, ["app", "widget"]);
    let of = |text: &str| eas::read(text.as_bytes()).unwrap_err();
    for text in ["", "{}", "[]", r#"{"ios": {}}"#, r#"{"ios": {"provisioningProfilePath": "a"}}"#] {
        assert!(matches!(of(text), JsonFileError::Shape { .. }), "{text}");
    }
    for path in ["../x", "/etc/passwd", "a/../../x", "C:\\x", "\\\\host\\x", ""] {
        let path = path.replace('\\', "\\\\");
        let text = format!(r#"{{"ios": {{"provisioningProfilePath": "{path}", "distributionCertificate": {{"path": "b"}}}}}}"#);
        assert_eq!(of(&text), JsonFileError::Path, "{path}");
    }
    assert!(matches!(of(&"[".repeat(100_000)), JsonFileError::Shape { .. }));
    let large = MAX_JSON_BYTES + 1;
    assert_eq!(eas::read(&vec![b' '; large]).unwrap_err(), JsonFileError::TooLarge { bytes: large });
}

#[test]
fn api_key_files_of_fastlane_are_read() {
    let key = EcPrivateKey::generate().unwrap();
    let pem = key.pkcs8_pem();
    let file = |key: &str| {
        serde_json::json!({"key_id": "ABC123DEFG", "issuer_id": "6053b7fe-68a8-4acb-89be-165aa6465141", "key": key, "duration": 1200, "in_house": true})
            .to_string()
    };
    use base64::Engine;
    let in_base64 = base64::engine::general_purpose::STANDARD.encode(pem.as_bytes());
    for text in [pem.as_str(), &in_base64, &pem.replace('\n', "\\n")] {
        let read = api_key_file::read(file(text).as_bytes()).unwrap();
        assert_eq!(read.key_id, "ABC123DEFG");
        assert_eq!(read.issuer_id.as_deref(), Some("6053b7fe-68a8-4acb-89be-165aa6465141"));
        assert!(read.in_house);
        assert_eq!(read.key.pkcs8_der(), key.pkcs8_der());
    }
    let individual = serde_json::json!({"key_id": "ABC123DEFG", "key": pem.as_str()}).to_string();
    assert_eq!(api_key_file::read(individual.as_bytes()).unwrap().issuer_id, None);
    let of = |text: String| api_key_file::read(text.as_bytes()).unwrap_err();
    assert_eq!(of(file(&house().leaf_key.pkcs8_pem())), JsonFileError::Key(P8Error::RsaKey));
    assert!(matches!(of("{}".to_owned()), JsonFileError::Shape { .. }));
    assert!(matches!(
        of(file(&pem).replace("ABC123DEFG", "../../x")),
        JsonFileError::Shape { .. }
    ));
}

#[test]
fn files_of_a_folder_are_told_by_their_endings() {
    assert_eq!(kind_of("a/b/Dist.P12"), Some(FileKind::P12));
    assert_eq!(kind_of("x.mobileprovision"), Some(FileKind::Profile));
    assert_eq!(kind_of("x.provisionprofile"), Some(FileKind::Profile));
    assert_eq!(kind_of("x.y.cer"), Some(FileKind::Certificate));
    assert_eq!(kind_of("AuthKey_ABC123DEFG.p8"), Some(FileKind::ApiKey));
    assert_eq!(kind_of("key.pem"), Some(FileKind::PrivateKey));
    for none in ["", "README.md", ".p12", "a/._Dist.p12", "p12", "x.p12.bak"] {
        assert_eq!(kind_of(none), None, "{none}");
    }
    assert_eq!(inner_path("./a//b").as_deref(), Some("a/b"));
    assert_eq!(inner_path(&"x".repeat(2_000)), None);
    assert_eq!(inner_path("a\0b"), None);
}

#[test]
fn a_listing_is_known_by_its_names() {
    let of = |paths: &[&str]| sources::recognized(&paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>());
    assert_eq!(of(&["app/credentials.json", "app/ios/dist.p12"]), Source::Eas);
    assert_eq!(of(&["x/certs/development/A1.cer"]), Source::Match);
    assert_eq!(of(&["dist.p12", "app.mobileprovision"]), Source::Folder);
    assert_eq!(
        of(&[".git/certs/development/A1.cer", ".x/credentials.json"]),
        Source::Folder,
        "what is hidden is nothing"
    );
    let none = sources::match_store(&["dist.p12".to_owned()], "", |_| Err(String::new()));
    assert_eq!(none.err(), Some(SourceError::NoStore));
}
