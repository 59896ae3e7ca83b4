//! Certificates that strangers made: OpenSSL, Java's keytool and Python write, the command line takes in and gives out,
//! strangers open it again. A judge that is missing is said aloud, and is a failure under `CI=true`.
#![expect(clippy::print_stdout, reason = "a judge that is left out is said aloud")]

use crate::process::{Person, demo};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What a shell, a form and a program might each stumble over.
pub(crate) const PASSWORD: &str = r##"$#"'\ p"##;

/// Runs a judge in a folder, with the password in a variable so that nothing trims it; none where there is no such program.
pub(crate) fn judge(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .env("P12_PASSWORD", PASSWORD)
        .current_dir(folder)
        .output();
    let Ok(output) = output else {
        println!("SKIPPED judge: {program}");
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "under CI=true every judge must be there: {program}"
        );
        return None;
    };
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {told}");
    Some(told)
}

pub(crate) fn openssl(folder: &Path, command: &str) -> Option<String> {
    judge(folder, "openssl", &command.split_whitespace().collect::<Vec<_>>())
}

/// An organization of its own below the demo's, and somebody who works there.
pub(crate) fn team(name: &str) -> Person {
    let person = demo().person();
    person.run(&["orgs", "create", name, "--below", "Halden Mobile"]).expect(0);
    std::fs::write(person.path("password"), PASSWORD).unwrap();
    person
}

fn taken(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = answer["taken"].as_array().unwrap();
    rows.iter()
        .map(|one| (text(&one["outcome"]), text(&one["certificate"]["sha1"])))
        .collect()
}

/// The SHA-1 of a certificate file, as OpenSSL tells it.
fn sha1(folder: &Path, file: &str) -> String {
    let told = openssl(folder, &format!("x509 -in {file} -noout -fingerprint -sha1")).unwrap();
    told.split_once('=').unwrap().1.trim().replace(':', "")
}

#[test]
fn a_request_goes_to_another_authority_and_comes_back_as_a_certificate_with_its_key() {
    let org = "Requests";
    let person = team(org);
    let folder = person.path("");
    let run = |arguments: &[&str]| person.run(&[&["--org", org], arguments].concat());
    let file = person.path("request.csr");
    run(&[
        "csrs",
        "create",
        "Build machine",
        "--email",
        "ci@halden.example",
        "--country",
        "no",
        "--out",
        file.to_str().unwrap(),
    ])
    .expect(0);
    let Some(told) = openssl(&folder, "req -in request.csr -verify -noout -subject -text") else {
        return;
    };
    assert!(
        told.contains("Build machine") && told.contains("ci@halden.example") && told.contains("2048 bit"),
        "{told}"
    );
    openssl(
        &folder,
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Other",
    );
    openssl(
        &folder,
        "x509 -req -in request.csr -CA ca.pem -CAkey ca.key -days 20 -outform DER -out made.cer",
    );
    openssl(&folder, "x509 -req -in request.csr -CA ca.pem -CAkey ca.key -days 20 -out made.pem");

    let wrong = run(&[
        "csrs",
        "complete",
        "Build machine",
        "--file",
        person.path("ca.pem").to_str().unwrap(),
    ])
    .expect(5);
    assert!(wrong.err.contains("another public key"), "{}", wrong.err);
    let done = run(&[
        "csrs",
        "complete",
        "Build machine",
        "--file",
        person.path("made.cer").to_str().unwrap(),
    ])
    .expect(0);
    assert!(
        done.err.contains("none of the marks"),
        "it is not Apple's, and that is said: {}",
        done.err
    );
    let certificate = done.json()["certificate"]["id"].as_str().unwrap().to_owned();
    assert_eq!(done.json()["certificate"]["key_held"], true);
    let listed = run(&["csrs", "list"]).expect(0).json();
    assert_eq!(
        (&listed["items"][0]["open"], &listed["items"][0]["certificates"]),
        (&false.into(), &1.into())
    );

    let password = person.path("password");
    let out = person.path("out.p12");
    let download = ["certificates", "download", &certificate, "--form", "p12-modern"];
    let to = ["--password-file", password.to_str().unwrap(), "--out", out.to_str().unwrap()];
    run(&[&download[..], &to[..]].concat()).expect(0);
    let opened = openssl(&folder, "pkcs12 -in out.p12 -nodes -passin env:P12_PASSWORD").unwrap();
    assert!(opened.contains("BEGIN PRIVATE KEY"), "{opened}");
    run(&["csrs", "remove", "Build machine", "--yes"]).expect(0);
    run(&["certificates", "rename", &certificate, "Nightly"]).expect(0);
    let asked = run(&["certificates", "remove", "Nightly"]).expect(2);
    assert!(
        asked.err.contains("private key, for good") && asked.err.contains("--yes"),
        "{}",
        asked.err
    );
    run(&["certificates", "remove", "Nightly", "--yes"]).expect(0);
    run(&["certificates", "remove", "Nightly", "--yes"]).expect(4);
    demo().person().run(&["orgs", "delete", org, "--yes"]).expect(0);
}

#[test]
fn what_others_write_is_taken_in_and_what_is_given_out_they_read() {
    let org = "Imports";
    let person = team(org);
    let folder = person.path("");
    let run = |arguments: &[&str]| person.run(&[&["--org", org], arguments].concat());
    let password = person.path("password").to_str().unwrap().to_owned();
    let import = |file: &str| {
        run(&[
            "certificates",
            "import",
            person.path(file).to_str().unwrap(),
            "--password-file",
            &password,
        ])
    };
    let Some(_) = openssl(&folder, "version") else { return };
    for name in ["one", "two"] {
        openssl(
            &folder,
            &format!("req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 30 -subj /CN={name}"),
        );
        openssl(
            &folder,
            &format!("pkcs12 -export -inkey {name}.key -in {name}.pem -passout env:P12_PASSWORD -name {name} -out {name}.p12"),
        );
    }
    let refused = run(&["certificates", "import", person.path("one.p12").to_str().unwrap()]).expect(2);
    assert!(refused.err.contains("under a password"), "{}", refused.err);
    std::fs::write(person.path("wrong"), "not it").unwrap();
    let wrong = person.path("wrong").to_str().unwrap().to_owned();
    let refused = run(&[
        "certificates",
        "import",
        person.path("one.p12").to_str().unwrap(),
        "--password-file",
        &wrong,
    ])
    .expect(2);
    assert!(refused.err.contains("The password does not open the .p12"), "{}", refused.err);

    let (one, two) = (sha1(&folder, "one.pem"), sha1(&folder, "two.pem"));
    assert_eq!(taken(&import("one.p12").expect(0).json()), [("new".to_owned(), one.clone())]);
    assert_eq!(taken(&import("one.p12").expect(0).json()), [("held".to_owned(), one.clone())]);
    // The certificate first, its key afterwards, under a password of OpenSSL's own kind.
    openssl(&folder, "x509 -in two.pem -outform DER -out two.cer");
    let bare = import("two.cer");
    assert!(
        bare.err.contains("authority"),
        "a certificate that may issue others is not taken alone: {}",
        bare.err
    );
    openssl(
        &folder,
        "req -x509 -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.pem -days 30 -subj /CN=leaf -addext basicConstraints=critical,CA:FALSE",
    );
    openssl(&folder, "x509 -in leaf.pem -outform DER -out leaf.cer");
    openssl(&folder, "pkcs8 -topk8 -in leaf.key -passout env:P12_PASSWORD -out leaf.pk8");
    let leaf = sha1(&folder, "leaf.pem");
    let bare = import("leaf.cer").expect(0);
    assert!(bare.err.contains("private key is not here"), "{}", bare.err);
    assert_eq!(taken(&bare.json()), [("new".to_owned(), leaf.clone())]);
    assert_eq!(taken(&import("leaf.pk8").expect(0).json()), [("joined".to_owned(), leaf.clone())]);

    // Java puts both into one file; the key of a third is not RSA.
    let keytool = |command: &str| {
        let arguments: Vec<_> = command
            .split_whitespace()
            .map(|word| if word == "PASSWORD" { PASSWORD } else { word })
            .collect();
        judge(&folder, "keytool", &arguments)
    };
    let store = "-keystore several.p12 -storetype PKCS12 -storepass PASSWORD";
    if keytool(&format!("-genkeypair -alias a -keyalg RSA -keysize 2048 -dname CN=a {store}")).is_some() {
        keytool(&format!("-genkeypair -alias b -keyalg RSA -keysize 2048 -dname CN=b {store}"));
        keytool(&format!("-genkeypair -alias c -keyalg EC -dname CN=c {store}"));
        let several = import("several.p12").expect(0);
        assert_eq!(taken(&several.json()).len(), 2, "{}", several.out);
        assert!(several.err.contains("not taken") && several.err.contains("RSA"), "{}", several.err);
    }
    let writes = r#"
import os, sys
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12, BestAvailableEncryption
key = load_pem_private_key(open("two.key", "rb").read(), None)
certificate = x509.load_pem_x509_certificate(open("two.pem", "rb").read())
encryption = BestAvailableEncryption(os.environ["P12_PASSWORD"].encode())
open("python.p12", "wb").write(pkcs12.serialize_key_and_certificates(b"two", key, certificate, None, encryption))
"#;
    let python = std::env::var("RUSSET_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_it = Command::new(&python)
        .args(["-c", "import cryptography"])
        .output()
        .is_ok_and(|output| output.status.success());
    if has_it && judge(&folder, &python, &["-c", writes]).is_some() {
        assert_eq!(taken(&import("python.p12").expect(0).json()), [("new".to_owned(), two)]);
    } else {
        println!("SKIPPED judge: {python} with cryptography");
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "under CI=true every judge must be there"
        );
    }

    let out = person.path("again.p12");
    let to = ["--password-file", &password, "--out", out.to_str().unwrap()];
    run(&[&["certificates", "download", "leaf"][..], &to[..]].concat()).expect(0);
    openssl(
        &folder,
        "pkcs12 -in again.p12 -nodes -clcerts -passin env:P12_PASSWORD -legacy -out again.pem",
    );
    assert_eq!(sha1(&folder, "again.pem"), leaf);
    let modulus = |file: &str| openssl(&folder, &format!("rsa -in {file} -noout -modulus")).unwrap();
    let same = |told: &str| told.lines().find(|line| line.starts_with("Modulus=")).unwrap().to_owned();
    assert_eq!(same(&modulus("again.pem")), same(&modulus("leaf.key")));
    demo().person().run(&["orgs", "delete", org, "--yes"]).expect(0);
}
