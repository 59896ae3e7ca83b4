//! We open every `.p12` and private key that other people's programs write: OpenSSL, Java's keytool, Python's cryptography.

#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use std::fs;
use std::path::Path;

use signing::p12::{self, P12Error};
use signing::private_key::{self, KeyFileError};
use support::judges::{Judge, script, skipped};
use support::{House, house};

const SHELL_TRAPS: &str = r##"$#"'\ and `!*&"##;

/// A folder with the house's identity in it.
fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let House { leaf, leaf_key, .. } = house();
    let chain = house().intermediate.pem() + &house().root.pem();
    for (name, text) in [
        ("leaf.pem", leaf.pem()),
        ("leaf.key", leaf_key.pkcs8_pem().to_string()),
        ("chain.pem", chain),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap()
}

/// Opens what was written from the desk, and makes sure that it is what lay there.
#[track_caller]
fn opens(file: &[u8], password: &str, context: &str) {
    let read = p12::read(file, password).unwrap_or_else(|refusal| panic!("{context} {password:?}: {refusal}"));
    assert_eq!(read.key.pkcs8_der(), house().leaf_key.pkcs8_der(), "{context}");
    assert_eq!(read.certificate, house().leaf, "{context}");
    assert_eq!(read.others.len(), 2, "{context}");
}

/// Runs OpenSSL with blank-separated arguments; `None` where this one lacks the algorithm.
fn openssl(judge: &Judge, folder: &Path, password: &str, command: &str) -> Option<Vec<u8>> {
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let verdict = judge.run_with_password(password, folder, &arguments);
    let lacking = [
        "unsupported",
        "unknown",
        "Unknown",
        "unable to load provider",
        "inner_evp_generic_fetch",
    ];
    if !verdict.success && lacking.iter().any(|word| verdict.words.contains(word)) {
        skipped(&format!("openssl {command}"));
        return None;
    }
    verdict.agreed();
    Some(bytes(folder, "out"))
}

const EXPORT: &str = "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile chain.pem -name Exported -passout env:P12_PASSWORD -out out";

#[test]
fn every_protection_of_openssl_with_every_password() {
    let Some(judge) = Judge::openssl() else { return };
    let folder = desk();
    for options in [
        "",
        "-legacy",
        "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-40",
        "-legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-40",
        "-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-3DES -macalg sha1",
        "-keypbe DES-EDE3-CBC -certpbe DES-EDE3-CBC",
        "-keypbe AES-128-CBC -certpbe AES-192-CBC",
        "-certpbe NONE",
        "-keypbe NONE -certpbe NONE",
        "-macalg md5",
        "-macalg sha224",
        "-macalg sha384",
        "-macalg sha512",
        "-macalg sha512-256",
        "-nomaciter",
        "-iter 1",
        "-CSP Provider",
        "-nomac",
        "-nomac -legacy",
        "-nomac -legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-40",
        "-nomac -certpbe NONE",
    ] {
        for password in ["secret", "", SHELL_TRAPS, "påsswörd", "密码", "🔑"] {
            let Some(file) = openssl(&judge, folder.path(), password, &format!("{EXPORT} {options}")) else {
                continue;
            };
            opens(&file, password, options);
            let read = p12::open(&file, password).unwrap();
            assert_eq!(read.has_mac, !options.split(' ').any(|option| option == "-nomac"), "{options}");
            assert_eq!(read.identities[0].friendly_name.as_deref(), Some("Exported"), "{options}");
            for wrong in ["Secret", "sécret", if password.is_empty() { "x" } else { "" }] {
                assert_eq!(
                    p12::open(&file, wrong).unwrap_err(),
                    P12Error::WrongPassword,
                    "{options} {password:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_protected_at_all_opens_with_any_password_and_says_so() {
    let Some(judge) = Judge::openssl() else { return };
    let folder = desk();
    let bare = openssl(&judge, folder.path(), "", &format!("{EXPORT} -nomac -keypbe NONE -certpbe NONE")).unwrap();
    opens(&bare, "", "bare");
    opens(&bare, "anything", "bare");
    assert!(!p12::open(&bare, "").unwrap().has_mac);
}

#[test]
fn without_mac_hundreds_of_wrong_passwords_never_pass_for_right_or_for_damage() {
    // One wrong password in 256 has the right padding; with RC4 there is none at all.
    let Some(judge) = Judge::openssl() else { return };
    let folder = desk();
    for options in ["-legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-40", "-legacy"] {
        let Some(file) = openssl(&judge, folder.path(), "secret", &format!("{EXPORT} -iter 1 -nomac {options}")) else {
            continue;
        };
        assert!(
            !p12::open(&file, "secret").unwrap().has_mac,
            "openssl takes the last of -iter and -nomac"
        );
        for number in 0..1_000 {
            let refusal = p12::open(&file, &number.to_string()).unwrap_err();
            assert_eq!(refusal, P12Error::WrongPassword, "{options} {number}");
        }
    }
}

#[test]
fn bundles_of_openssl_without_an_identity_are_opened_for_what_they_hold() {
    let Some(judge) = Judge::openssl() else { return };
    let folder = desk();
    let of = |command: &str| openssl(&judge, folder.path(), "secret", command).unwrap();
    let only_certificates = of("pkcs12 -export -nokeys -in chain.pem -passout env:P12_PASSWORD -out out");
    let opened = p12::open(&only_certificates, "secret").unwrap();
    assert_eq!((opened.identities.len(), opened.certificates.len()), (0, 2));
    let only_key = of("pkcs12 -export -nocerts -inkey leaf.key -in leaf.key -passout env:P12_PASSWORD -out out");
    let opened = p12::open(&only_key, "secret").unwrap();
    assert_eq!(opened.lone_keys[0].key.pkcs8_der(), house().leaf_key.pkcs8_der());
}

#[test]
fn every_protection_of_java_with_one_and_two_entries() {
    let (Some(judge), Some(keytool)) = (Judge::openssl(), Judge::keytool()) else {
        return;
    };
    let folder = desk();
    let password = r##"$#"'\ secret"##;
    let first = openssl(&judge, folder.path(), password, EXPORT).unwrap();
    fs::write(folder.path().join("first.p12"), first).unwrap();
    let House { signer, signer_key, .. } = house();
    fs::write(folder.path().join("other.pem"), signer.pem()).unwrap();
    fs::write(folder.path().join("other.key"), signer_key.pkcs8_pem().as_bytes()).unwrap();
    let other = "pkcs12 -export -inkey other.key -in other.pem -name Other -passout env:P12_PASSWORD -out out";
    fs::write(
        folder.path().join("other.p12"),
        openssl(&judge, folder.path(), password, other).unwrap(),
    )
    .unwrap();
    for (key, certificates, mac) in [
        ("", "", ""),
        ("PBEWithSHA1AndDESede", "PBEWithSHA1AndRC2_40", "HmacPBESHA1"),
        ("PBEWithSHA1AndRC2_128", "PBEWithSHA1AndRC4_128", "HmacPBESHA1"),
        ("PBEWithSHA1AndRC4_40", "PBEWithSHA1AndDESede", "HmacPBESHA512"),
        ("PBEWithHmacSHA1AndAES_128", "PBEWithHmacSHA512AndAES_256", "HmacPBESHA384"),
        ("PBEWithHmacSHA224AndAES_256", "NONE", "NONE"),
    ] {
        let settings = [
            ("keyProtectionAlgorithm", key),
            ("certProtectionAlgorithm", certificates),
            ("macAlgorithm", mac),
        ];
        let settings: Vec<String> = settings
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("-J-Dkeystore.pkcs12.{name}={value}"))
            .collect();
        let _ = fs::remove_file(folder.path().join("both.p12"));
        for source in ["first.p12", "other.p12"] {
            let fixed = "-importkeystore -noprompt -srckeystore SOURCE -srcstorepass:env P12_PASSWORD \
                 -srcstoretype PKCS12 -destkeystore both.p12 -deststorepass:env P12_PASSWORD -deststoretype PKCS12";
            let arguments = settings
                .iter()
                .map(String::as_str)
                .chain(fixed.split_whitespace().map(|word| if word == "SOURCE" { source } else { word }));
            let arguments: Vec<&str> = arguments.collect();
            keytool.run_with_password(password, folder.path(), &arguments).agreed();
            if source == "first.p12" {
                opens(&bytes(folder.path(), "both.p12"), password, &settings.join(" "));
            }
        }
        let both = bytes(folder.path(), "both.p12");
        let opened = p12::open(&both, password).unwrap();
        let mut found: Vec<_> = opened
            .identities
            .iter()
            .map(|identity| (identity.friendly_name.clone().unwrap().to_lowercase(), identity.certificate.clone()))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            found,
            [("exported".to_owned(), house().leaf.clone()), ("other".to_owned(), signer.clone())]
        );
        assert_eq!(opened.certificates.len(), 2, "the chain, once");
        assert_eq!(opened.has_mac, mac != "NONE");
        assert_eq!(p12::read(&both, password).unwrap_err(), P12Error::SeveralPrivateKeys);
        assert_eq!(p12::open(&both, "wrong one").unwrap_err(), P12Error::WrongPassword);
    }
}

#[test]
fn every_protection_of_python_with_every_password() {
    let Some(python) = Judge::python() else { return };
    for password in ["secret", SHELL_TRAPS, "påsswörd", "密码 🔑"] {
        let folder = desk();
        let arguments = [&script("write_bundles.py"), "leaf.key", "leaf.pem", "chain.pem", "."];
        python.run_with_password(password, folder.path(), &arguments).agreed();
        let mut files = 0;
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let file = fs::read(&path).unwrap();
            if name.ends_with(".p12") {
                opens(&file, password, &name);
                assert_eq!(p12::open(&file, "wrong").unwrap_err(), P12Error::WrongPassword, "{name}");
            } else if name.starts_with("pkcs8.") || name.starts_with("traditional.") {
                key_opens(&file, Some(password), &name);
                assert_eq!(
                    private_key::read(&file, Some("wrong")).unwrap_err(),
                    KeyFileError::WrongPassword,
                    "{name}"
                );
            } else {
                continue;
            }
            files += 1;
        }
        assert_eq!(files, 13);
    }
}

#[track_caller]
fn key_opens(file: &[u8], password: Option<&str>, context: &str) {
    let key = private_key::read(file, password).unwrap_or_else(|refusal| panic!("{context} {password:?}: {refusal}"));
    assert_eq!(key.pkcs8_der(), house().leaf_key.pkcs8_der(), "{context}");
}

#[test]
fn every_form_of_openssls_private_keys() {
    let Some(judge) = Judge::openssl() else { return };
    let folder = desk();
    let of = |command: &str, password: &str| openssl(&judge, folder.path(), password, command);
    for command in [
        "rsa -in leaf.key -traditional -out out",
        "rsa -in leaf.key -traditional -outform DER -out out",
        "pkcs8 -topk8 -nocrypt -in leaf.key -out out",
        "pkcs8 -topk8 -nocrypt -in leaf.key -outform DER -out out",
    ] {
        let file = of(command, "").unwrap();
        key_opens(&file, None, command);
        key_opens(&file, Some("a password that is not needed"), command);
    }
    for password in ["secret", SHELL_TRAPS, "påsswörd 密码"] {
        for command in [
            "pkcs8 -topk8 -in leaf.key",
            "pkcs8 -topk8 -in leaf.key -outform DER",
            "pkcs8 -topk8 -in leaf.key -v2 aes128 -v2prf hmacWithSHA1",
            "pkcs8 -topk8 -in leaf.key -v2 aes-192-cbc -v2prf hmacWithSHA512",
            "pkcs8 -topk8 -in leaf.key -v2 des3",
            "pkcs8 -topk8 -in leaf.key -v1 PBE-SHA1-3DES",
            "pkcs8 -topk8 -in leaf.key -v1 PBE-SHA1-RC2-40 -provider legacy -provider default",
            "pkcs8 -topk8 -in leaf.key -v1 PBE-MD5-DES -provider legacy -provider default",
            "pkcs8 -topk8 -in leaf.key -v1 PBE-SHA1-DES -provider legacy -provider default",
            "rsa -in leaf.key -traditional -aes128",
            "rsa -in leaf.key -traditional -aes192",
            "rsa -in leaf.key -traditional -aes256",
            "rsa -in leaf.key -traditional -des3",
        ] {
            let Some(file) = of(&format!("{command} -passout env:P12_PASSWORD -out out"), password) else {
                continue;
            };
            key_opens(&file, Some(password), command);
            assert_eq!(private_key::read(&file, None).unwrap_err(), KeyFileError::Encrypted, "{command}");
            assert_eq!(
                private_key::read(&file, Some("wrong")).unwrap_err(),
                KeyFileError::WrongPassword,
                "{command}"
            );
        }
    }
    let camellia = of(
        "rsa -in leaf.key -traditional -camellia256 -passout env:P12_PASSWORD -out out",
        "secret",
    )
    .unwrap();
    assert_eq!(
        private_key::read(&camellia, Some("secret")).unwrap_err(),
        KeyFileError::UnsupportedEncryption
    );
    let scrypt = of("pkcs8 -topk8 -scrypt -in leaf.key -passout env:P12_PASSWORD -out out", "secret").unwrap();
    assert_eq!(
        private_key::read(&scrypt, Some("secret")).unwrap_err(),
        KeyFileError::UnsupportedEncryption
    );
    let many = of(
        "pkcs8 -topk8 -iter 2000001 -in leaf.key -passout env:P12_PASSWORD -out out",
        "secret",
    )
    .unwrap();
    assert_eq!(
        private_key::read(&many, Some("secret")).unwrap_err(),
        KeyFileError::TooManyIterations
    );
    for (command, refusal) in [
        (
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out out",
            KeyFileError::NotRsa,
        ),
        ("genpkey -algorithm ED25519 -out out", KeyFileError::NotRsa),
        ("genrsa -out out 1024", KeyFileError::Unusable),
        ("pkey -in leaf.key -pubout -out out", KeyFileError::NotAPrivateKey),
        ("x509 -in leaf.pem -out out", KeyFileError::NotAPrivateKey),
    ] {
        assert_eq!(
            private_key::read(&of(command, "").unwrap(), None).unwrap_err(),
            refusal,
            "{command}"
        );
    }
}
