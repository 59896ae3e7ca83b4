//! Every class of refusal with its documented exit code; nothing is saved and nothing is written on any of them.

use crate::http::control;
use crate::process::{Person, demo};
use serde_json::{Value, json};

#[test]
fn words_that_do_not_fit_end_with_2() {
    let person = demo().person();
    person.run(&[]).expect(2);
    person.run(&["keys", "add"]).expect(2);
    person.run(&["keys", "list", "--colour"]).expect(2);
    person.run(&["whoami", "--url", "http://russet.example.com"]).expect(2);
    person.run(&["whoami", "--url", "ftp://x"]).expect(2);
    let without = Person::new().run(&["whoami"]).expect(2);
    assert!(without.err.contains("russet login"), "{}", without.err);
}

#[test]
fn a_file_that_is_no_key_ends_with_2_and_says_what_it_is() {
    let person = demo().person();
    let issuer = "57246542-96fe-1a63-e053-0824d011072a";
    let add = |file: &str| {
        person
            .run(&["keys", "add", "--file", file, "--key-id", "ABCDEFGHIJ", "--issuer-id", issuer])
            .expect(2)
    };
    let before = person.run(&["keys", "list"]).expect(0).json();

    assert!(add("no-such-file.p8").err.contains("no-such-file.p8"));
    assert!(add(&person.write("large.p8", vec![b'A'; 2_000_000])).err.contains("900 KB"));
    assert!(!add(&person.write("empty.p8", "")).err.is_empty());
    let der_certificate = [&[0x30, 0x82, 0x03, 0x00][..], &[0xA5; 700]].concat();
    add(&person.write("distribution.cer", der_certificate));
    let (admin, _) = demo().key("team", "ADMIN");
    let whole = std::fs::read_to_string(&admin).unwrap();
    let cut = add(&person.write("cut.p8", &whole[..120]));
    assert!(!cut.err.contains(&whole[30..60]), "the file is not quoted");
    let renamed = person.write("AuthKey_ZZZZZZZZZZ.p8", &whole);
    let differs = add(&renamed);
    assert!(
        differs.err.contains("ZZZZZZZZZZ") && differs.err.contains("ABCDEFGHIJ"),
        "{}",
        differs.err
    );
    let kind = person
        .run(&["keys", "add", "--file", &admin, "--issuer-id", issuer, "--kind", "individual"])
        .expect(2);
    assert!(kind.err.contains("issuer_id") || kind.err.contains("Issuer ID"), "{}", kind.err);
    assert_eq!(
        ids(&person.run(&["keys", "list"]).expect(0).json(), "ABCDEFGHIJ"),
        ids(&before, "ABCDEFGHIJ")
    );
}

/// How many keys have this Key ID.
fn ids(keys: &Value, key_id: &str) -> usize {
    keys["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["key_id"] == key_id)
        .count()
}

#[test]
fn nobody_and_nothing_and_once_more_end_with_3_4_and_5() {
    let person = demo().person();
    Person::with(demo().text("url"), "russet_wrong").run(&["keys", "list"]).expect(3);
    person.run(&["keys", "show", "nobody's key"]).expect(4);
    person.run(&["certificates", "download", "cert_none"]).expect(4);
    person
        .run(&["profiles", "download", "AAAAAAAAAA", "--key", "Admin", "--out", "x.mobileprovision"])
        .expect(4);
    assert!(!person.path("x.mobileprovision").exists());
    person.run(&["keys", "list", "--org", "Nobody"]).expect(4);
    let (admin, issuer) = demo().key("team", "ADMIN");
    person.run(&["keys", "add", "--file", &admin, "--issuer-id", &issuer]).expect(5);
}

#[test]
fn too_many_sign_ins_end_with_6() {
    let person = Person::new();
    let login = ["login", demo().text("url"), "--email", "nobody@halden.example", "--password-stdin"];
    let codes: Vec<_> = (0..12).map(|_| person.type_in(&login, "wrong\n").code).collect();
    assert_eq!((codes[0], codes[11]), (3, 6), "{codes:?}");
}

#[test]
fn a_wrong_issuer_ends_with_7_and_nothing_is_saved() {
    let person = demo().person();
    let (file, _) = demo().key("enterprise", "ADMIN");
    let key_id = file.rsplit_once("AuthKey_").unwrap().1.trim_end_matches(".p8");
    let wrong = [
        "keys",
        "add",
        "--file",
        &file,
        "--issuer-id",
        "57246542-96fe-1a63-e053-0824d011072a",
        "--kind",
        "enterprise",
    ];
    let refused = person.run(&wrong).expect(7);
    assert!(refused.out.is_empty());
    assert!(
        refused.err.contains("do not belong together") && refused.err.contains("401"),
        "{}",
        refused.err
    );
    let in_json = person.run(&[&wrong[..], &["--output", "json"]].concat()).expect(7);
    let document: Value = serde_json::from_str(&in_json.err).unwrap();
    assert_eq!((&document["code"], &document["exit"]), (&json!("key_mismatch"), &json!(7)));
    assert!(document["request_id"].is_string());
    assert_eq!(ids(&person.run(&["keys", "list"]).expect(0).json(), key_id), 0);

    // Apple does not answer: another code, nothing saved either.
    let (_, issuer) = demo().key("enterprise", "ADMIN");
    let url = demo().text("simulator_control_url");
    let silent = json!({ "api": "enterprise", "times": 50, "effect": { "kind": "bad_gateway" } });
    control("POST", &format!("{url}/faults"), &silent);
    person
        .run(&["keys", "add", "--file", &file, "--issuer-id", &issuer, "--kind", "enterprise"])
        .expect(8);
    control("DELETE", &format!("{url}/faults"), &Value::Null);
    assert_eq!(ids(&person.run(&["keys", "list"]).expect(0).json(), key_id), 0);
    person
        .run(&["keys", "add", "--file", &file, "--issuer-id", &issuer, "--kind", "enterprise"])
        .expect(0);
}

#[test]
fn a_server_that_is_none_ends_with_9() {
    let nowhere = Person::with("http://127.0.0.1:9", "russet_x").run(&["keys", "list"]).expect(9);
    assert!(nowhere.err.contains("cannot be reached"), "{}", nowhere.err);
    let apple = demo().text("simulator_url");
    let other = Person::with(apple, "russet_x").run(&["keys", "list"]).expect(9);
    assert!(other.err.contains("does not speak Russet's API"), "{}", other.err);
}
