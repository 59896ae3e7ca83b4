//! A team moves in: out of fastlane match of both encryptions, out of EAS, out of a folder, with fastlane's API key. What is
//! read was written by others' programs, by the algorithms that the tools document.

use crate::imports::{PASSWORD, judge, openssl, team};
use crate::process::{Person, demo};
use crate::stage::text;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Python with `cryptography`.
fn python() -> String {
    std::env::var("RUSSET_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// A certificate, its key and a profile that has it, all made with OpenSSL. None where there is no OpenSSL.
fn material(folder: &Path, name: &str) -> Option<()> {
    openssl(
        folder,
        &format!("req -new -newkey rsa:2048 -nodes -subj /CN={name}/OU=DEMO123456 -keyout key.pem -out request.csr"),
    )?;
    openssl(folder, "x509 -req -days 300 -in request.csr -signkey key.pem -out cert.pem")?;
    openssl(folder, "x509 -in cert.pem -outform der -out certificate.cer")?;
    let pem = std::fs::read_to_string(folder.join("cert.pem")).unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let plist = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>Name</key><string>{name} store</string>
<key>UUID</key><string>0F0F0F0F-0000-4000-8000-{:012}</string>
<key>TeamIdentifier</key><array><string>DEMO123456</string></array>
<key>ApplicationIdentifierPrefix</key><array><string>DEMO123456</string></array>
<key>Platform</key><array><string>iOS</string></array>
<key>CreationDate</key><date>2026-01-01T00:00:00Z</date>
<key>ExpirationDate</key><date>2036-01-01T00:00:00Z</date>
<key>Entitlements</key><dict><key>application-identifier</key><string>DEMO123456.com.example.app</string><key>get-task-allow</key><false/></dict>
<key>DeveloperCertificates</key><array><data>{der}</data></array>
</dict></plist>"#,
        name.len()
    );
    std::fs::write(folder.join("plist"), plist).unwrap();
    openssl(
        folder,
        "cms -sign -binary -nodetach -in plist -signer cert.pem -inkey key.pem -outform der -out profile",
    )
    .map(drop)
}

/// Every file below, with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(contents(&path)),
            false => drop(all.insert(path.clone(), std::fs::read(path).unwrap())),
        }
    }
    all
}

fn outcomes(report: &Value) -> Vec<String> {
    let rows = |kind: &str| report[kind].as_array().unwrap().clone();
    let all = rows("certificates").into_iter().chain(rows("profiles"));
    all.map(|row| text(&row["outcome"])).collect()
}

/// What is held: whether each certificate has its key, and how each profile matches.
fn held(person: &Person, org: &str) -> (Vec<bool>, Vec<String>) {
    let items = |noun: &str| {
        person.run(&["--org", org, noun, "list"]).expect(0).json()["items"]
            .as_array()
            .unwrap()
            .clone()
    };
    let keys = items("certificates").iter().map(|one| one["key_held"].as_bool().unwrap()).collect();
    (keys, items("profiles").iter().map(|one| text(&one["matched"])).collect())
}

#[test]
fn a_match_store_of_either_encryption_comes_in_whole() {
    let org = "Out of match";
    let person = team(org);
    let folder = person.path("");
    if material(&folder, "Match").is_none() {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/write_match_store.py");
    let arguments = [script.to_str().unwrap(), "certificate.cer", "key.pem", "profile", "store"];
    if judge(&folder, &python(), &arguments).is_none() {
        return;
    }
    let before = contents(&folder.join("store"));
    let run = |version: &str, more: &[&str]| {
        let store = folder.join("store").join(version);
        person.run(&[&["--org", org, "import", "match", store.to_str().unwrap()], more].concat())
    };
    let password = person.path("password");
    let password = ["--password-file", password.to_str().unwrap()];
    let wrong = person.write("wrong", "another\n");
    let ended = run("v2", &["--password-file", &wrong, "--yes"]).expect(2);
    assert!(
        ended.err.contains("MATCH_PASSWORD") && ended.err.contains("nothing was taken in"),
        "{}",
        ended.err
    );
    for version in ["md5", "sha256", "v2"] {
        let seen = run(version, &[&password[..], &["--dry-run"]].concat()).expect(0).json();
        let expected = if version == "md5" { "new" } else { "held" };
        assert_eq!(outcomes(&seen), [expected, expected], "{version}");
        assert_eq!(seen["certificates"][0]["private_key"], true);
        if version == "md5" {
            assert_eq!(held(&person, org), (vec![], vec![]), "looking takes nothing in");
            let unasked = run(version, &password).expect(2);
            assert!(unasked.err.contains("--yes"), "{}", unasked.err);
        }
        let done = run(version, &[&password[..], &["--yes"]].concat()).expect(0).json();
        assert_eq!(outcomes(&done), [expected, expected], "{version}");
        assert_eq!(held(&person, org), (vec![true], vec!["key-held".to_owned()]), "{version}");
    }
    assert_eq!(contents(&folder.join("store")), before, "nothing of the store is changed");
}

#[test]
fn what_eas_names_and_what_a_folder_has_come_in() {
    let org = "Out of EAS";
    let person = team(org);
    let folder = person.path("");
    if material(&folder, "EasBuild").is_none() {
        return;
    }
    openssl(
        &folder,
        "pkcs12 -export -in cert.pem -inkey key.pem -out dist.p12 -passout env:P12_PASSWORD",
    )
    .unwrap();
    let credentials = json!({"ios": {
        "provisioningProfilePath": "profile",
        "distributionCertificate": {"path": "dist.p12", "password": PASSWORD},
    }});
    let credentials = person.write("credentials.json", credentials.to_string());
    let done = person.run(&["--org", org, "import", "eas", &credentials, "--yes"]).expect(0).json();
    assert_eq!(outcomes(&done), ["new", "new"]);

    // The same once more from a folder, with files in it that are none of these or cannot be read.
    let files = folder.join("files/below");
    std::fs::create_dir_all(&files).unwrap();
    for (from, to) in [
        ("dist.p12", "dist.p12"),
        ("profile", "app.mobileprovision"),
        ("plist", "notes.txt"),
        ("plist", "broken.p12"),
    ] {
        std::fs::copy(folder.join(from), files.join(to)).unwrap();
    }
    let root = folder.join("files");
    let password = person.path("password");
    let arguments = ["--org", org, "import", "folder", root.to_str().unwrap(), "--yes"];
    let wrong = person.run(&arguments).expect(0);
    assert!(
        wrong.err.contains("below/dist.p12: ") && wrong.err.contains("password"),
        "{}",
        wrong.err
    );
    let done = person
        .run(&[&arguments[..], &["--password-file", password.to_str().unwrap()]].concat())
        .expect(0)
        .json();
    assert_eq!(outcomes(&done), ["held", "held"]);
    let left: Vec<_> = done["left_out"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
    assert_eq!(left, ["below/broken.p12"], "what is no signing file is passed over without a word");
    let empty = folder.join("empty");
    std::fs::create_dir(&empty).unwrap();
    let nothing = person
        .run(&["--org", org, "import", "folder", empty.to_str().unwrap(), "--yes"])
        .expect(2);
    assert!(nothing.err.contains("nothing to take in"), "{}", nothing.err);
}

#[test]
fn an_api_key_of_fastlane_is_linked() {
    let person = team("Out of fastlane");
    let (file, issuer) = demo().key("team", "ADMIN");
    let key = std::fs::read_to_string(&file).unwrap();
    let id = Path::new(&file)
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .trim_start_matches("AuthKey_")
        .to_owned();
    let file = person.write(
        "key.json",
        json!({"key_id": id, "issuer_id": issuer, "key": key, "in_house": false}).to_string(),
    );
    let arguments = [
        "--org",
        "Out of fastlane",
        "import",
        "api-key",
        &file,
        "--name",
        "Fastlane",
        "--role",
        "admin",
    ];
    let linked = person.run(&arguments).expect(0).json();
    assert_eq!((text(&linked["name"]), text(&linked["key_id"])), ("Fastlane".to_owned(), id));
    let broken = person.write("broken.json", "{}");
    let refused = person.run(&["import", "api-key", &broken]).expect(2);
    assert!(refused.err.contains("fastlane"), "{}", refused.err);
}
