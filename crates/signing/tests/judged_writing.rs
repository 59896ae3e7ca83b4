//! Other people's programs open what we write: OpenSSL, Java's keytool, Python's cryptography and plistlib.

#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use std::fs;
use std::path::Path;

use plist::{Dictionary, Value};
use signing::p12::{Form, Identity, pem_bundle, write};
use signing::{cms_signed, csr};
use support::judges::{Judge, script};
use support::{House, house, now};

const NAME: &str = "Apple Distribution: Müller & Søn (A1B2C3D4E5)";

fn with_identity<T>(use_it: impl FnOnce(&Identity<'_>) -> T) -> T {
    let House { leaf, leaf_key, .. } = house();
    let chain = house().chain();
    use_it(&Identity {
        key: leaf_key,
        certificate: leaf,
        chain: &chain,
        friendly_name: NAME,
    })
}

fn forms() -> [(Form, &'static str); 2] {
    [(Form::Compatible, "compatible.p12"), (Form::Modern, "modern.p12")]
}

fn write_both(folder: &Path, password: &str) {
    for (form, file) in forms() {
        let bytes = with_identity(|identity| write(identity, password, form)).unwrap();
        fs::write(folder.join(file), bytes).unwrap();
    }
}

/// Printable ASCII whole, and the characters that shells, forms and config files stumble over.
fn ascii_passwords() -> Vec<String> {
    let all: String = (' '..='~').collect();
    let mut passwords: Vec<String> = ["secret", "\"double\" 'single' `back`", "  blanks  around  ", "-dash first"]
        .map(str::to_owned)
        .to_vec();
    passwords.push(all);
    passwords
}

#[test]
fn openssl_finds_exactly_the_promised_algorithms() {
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_both(folder.path(), "secret");
    let info = |file: &str| {
        let arguments = ["pkcs12", "-info", "-nodes", "-in", file, "-passin", "env:P12_PASSWORD"];
        openssl.run_with_password("secret", folder.path(), &arguments).agreed()
    };
    let compatible = info("compatible.p12");
    assert!(compatible.contains("MAC: sha1, Iteration 10000"), "{compatible}");
    assert!(
        compatible.contains("PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000"),
        "{compatible}"
    );
    assert!(
        compatible.contains("Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000"),
        "{compatible}"
    );
    assert!(!compatible.contains("RC2"));
    let modern = info("modern.p12");
    let pbes2 = "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256";
    assert!(modern.contains("MAC: sha256, Iteration 100000"), "{modern}");
    assert!(modern.contains(&format!("PKCS7 Encrypted data: {pbes2}")), "{modern}");
    assert!(modern.contains(&format!("Shrouded Keybag: {pbes2}")), "{modern}");
    for words in [compatible, modern] {
        assert_eq!(words.matches("BEGIN CERTIFICATE").count(), 3);
        assert_eq!(words.matches("BEGIN PRIVATE KEY").count(), 1);
        let id = house().leaf.info().sha1_fingerprint.to_uppercase();
        let spaced: Vec<&str> = (0..id.len()).step_by(2).map(|at| &id[at..at + 2]).collect();
        assert_eq!(
            words.matches(&format!("localKeyID: {}", spaced.join(" "))).count(),
            2,
            "on key and leaf:\n{words}"
        );
    }
}

#[test]
fn openssl_opens_both_forms_with_every_password() {
    let Some(openssl) = Judge::openssl() else { return };
    let mut passwords = ascii_passwords();
    passwords.extend(["", "påsswörd", "пароль", "密码 ü"].map(str::to_owned));
    let folder = tempfile::tempdir().unwrap();
    for password in passwords {
        write_both(folder.path(), &password);
        for (_, file) in forms() {
            let arguments = ["pkcs12", "-nodes", "-nocerts", "-in", file, "-passin", "env:P12_PASSWORD"];
            let words = openssl.run_with_password(&password, folder.path(), &arguments).agreed();
            assert!(words.contains("BEGIN PRIVATE KEY"), "{password}: {words}");
            let wrong = openssl.run_with_password("no, not this", folder.path(), &arguments);
            assert!(!wrong.success, "any password opens it");
        }
    }
}

#[test]
fn openssl_verifies_the_chain_out_of_the_bundle() {
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_both(folder.path(), "secret");
    fs::write(folder.path().join("root.pem"), house().root.pem()).unwrap();
    for (_, file) in forms() {
        let extract = |kind: &str, out: &str| {
            let arguments = ["pkcs12", "-nokeys", kind, "-in", file, "-out", out, "-passin", "env:P12_PASSWORD"];
            openssl.run_with_password("secret", folder.path(), &arguments).agreed();
        };
        extract("-clcerts", "leaf.pem");
        extract("-cacerts", "ca.pem");
        let arguments = ["verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "ca.pem", "leaf.pem"];
        assert!(openssl.run(folder.path(), &arguments).agreed().contains("leaf.pem: OK"));
        fs::write(
            folder.path().join("other.pem"),
            support::read(support::root("Test Root").as_ref()).pem(),
        )
        .unwrap();
        let arguments = ["verify", "-CAfile", "other.pem", "-untrusted", "ca.pem", "leaf.pem"];
        assert!(!openssl.run(folder.path(), &arguments).success);
    }
}

#[test]
fn java_lists_a_private_key_entry_with_its_chain() {
    let Some(keytool) = Judge::keytool() else { return };
    let folder = tempfile::tempdir().unwrap();
    for password in ascii_passwords() {
        write_both(folder.path(), &password);
        for (_, file) in forms() {
            let arguments = [
                "-list",
                "-v",
                "-storetype",
                "PKCS12",
                "-keystore",
                file,
                "-storepass:env",
                "P12_PASSWORD",
            ];
            let words = keytool.run_with_password(&password, folder.path(), &arguments).agreed();
            assert!(words.contains("PrivateKeyEntry"), "{words}");
            assert!(words.contains("chain length: 3"), "{words}");
        }
    }
}

#[test]
fn python_opens_both_forms_and_uses_the_key() {
    let Some(python) = Judge::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut passwords = ascii_passwords();
    passwords.push(String::new());
    let script = script("signing_artefacts.py");
    for password in passwords {
        write_both(folder.path(), &password);
        for (_, file) in forms() {
            let words = python.run_with_password(&password, folder.path(), &[&script, "p12", file]).agreed();
            assert!(words.contains("certificates: 3"), "{words}");
            assert!(words.contains("OU=A1B2C3D4E5"), "{words}");
        }
    }
}

#[test]
fn python_and_openssl_read_the_pem_bundle() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bundle.pem"), with_identity(pem_bundle)).unwrap();
    if let Some(python) = Judge::python() {
        let words = python
            .run(folder.path(), &[&script("signing_artefacts.py"), "pem", "bundle.pem"])
            .agreed();
        assert!(words.contains("certificates: 3"), "{words}");
    }
    if let Some(openssl) = Judge::openssl() {
        openssl
            .run(folder.path(), &["pkey", "-check", "-noout", "-in", "bundle.pem"])
            .agreed();
    }
}

fn profile() -> Vec<u8> {
    let mut entries = Dictionary::new();
    entries.insert("Name".into(), "Täst & 名前".into());
    entries.insert("UUID".into(), "8d6caf15-ac71-4f0b-9b1a-1d5a5b2c3d4e".into());
    let expires = plist::Date::from_xml_format("2027-11-01T10:00:00Z").unwrap();
    entries.insert("ExpirationDate".into(), Value::Date(expires));
    entries.insert(
        "DeveloperCertificates".into(),
        vec![Value::Data(house().leaf.der().to_vec())].into(),
    );
    let mut xml = Vec::new();
    Value::Dictionary(entries).to_writer_xml(&mut xml).unwrap();
    let House { signer, signer_key, .. } = house();
    cms_signed::sign(&xml, signer_key, signer, &house().chain(), now()).unwrap()
}

#[test]
fn openssl_verifies_a_profile_by_both_of_its_commands() {
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("root.pem"), house().root.pem()).unwrap();
    fs::write(folder.path().join("profile"), profile()).unwrap();
    for command in ["cms", "smime"] {
        let verify = |file: &str| {
            let arguments = [
                command, "-verify", "-inform", "DER", "-in", file, "-CAfile", "root.pem", "-purpose", "any", "-out", "content",
            ];
            openssl.run(folder.path(), &arguments)
        };
        let words = verify("profile").agreed();
        assert!(words.to_lowercase().contains("verification successful"), "{words}");
        assert!(fs::read(folder.path().join("content")).unwrap().starts_with(b"<?xml"));
        let mut changed = profile();
        let at = changed.windows(4).position(|window| window == b"8d6c").unwrap();
        changed[at] ^= 1;
        fs::write(folder.path().join("changed"), changed).unwrap();
        assert!(!verify("changed").success);
    }
    let print = ["cms", "-cmsout", "-print", "-inform", "DER", "-in", "profile"];
    let words = openssl.run(folder.path(), &print).agreed();
    for attribute in ["contentType", "messageDigest", "signingTime", "Nov 23 12:00:00 2026"] {
        assert!(words.contains(attribute), "{attribute}: {words}");
    }
}

#[test]
fn python_finds_the_property_list_in_a_profile() {
    let Some(python) = Judge::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profile"), profile()).unwrap();
    let words = python
        .run(folder.path(), &[&script("signing_artefacts.py"), "profile", "profile"])
        .agreed();
    assert!(words.contains("name: Täst & 名前"), "{words}");
    assert!(words.contains("expires: 2027-11-01T10:00:00"), "{words}");
    assert!(words.contains("OU=A1B2C3D4E5"), "{words}");
}

#[test]
fn openssl_accepts_our_requests() {
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    let request = csr::create(&house().leaf_key, "Anna Ångström", "anna@example.com", "SE").unwrap();
    fs::write(folder.path().join("request.pem"), request.pem).unwrap();
    let arguments = [
        "req",
        "-verify",
        "-noout",
        "-subject",
        "-nameopt",
        "utf8,sep_comma_plus",
        "-in",
        "request.pem",
    ];
    let words = openssl.run(folder.path(), &arguments).agreed();
    assert!(words.contains("verify OK"), "{words}");
    assert!(words.contains("emailAddress=anna@example.com,CN=Anna Ångström,C=SE"), "{words}");
}

#[test]
fn openssl_accepts_keys_that_we_write() {
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = signing::p8::EcPrivateKey::generate().unwrap();
    fs::write(folder.path().join("key.p8"), key.pkcs8_pem()).unwrap();
    let words = openssl
        .run(folder.path(), &["pkey", "-check", "-text", "-noout", "-in", "key.p8"])
        .agreed();
    assert!(words.contains("prime256v1"), "{words}");
    let arguments = ["pkey", "-in", "key.p8", "-pubout", "-outform", "DER", "-out", "public.der"];
    openssl.run(folder.path(), &arguments).agreed();
    assert_eq!(fs::read(folder.path().join("public.der")).unwrap(), key.public_spki_der());
    let words = openssl.run(folder.path(), &["dgst", "-sha256", "-r", "public.der"]).agreed();
    assert!(words.starts_with(&key.public_key_sha256_fingerprint()), "{words}");
}
