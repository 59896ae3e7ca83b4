//! Revoking a certificate at Apple at the command line.

use crate::process::{Ended, demo};

#[test]
fn a_certificate_is_revoked_by_whoever_is_sure() {
    let person = demo().person();
    let create = ["certificates", "create", "--key", "Admin", "--type", "MAC_APP_DISTRIBUTION"];
    let made = person.run(&create).expect(0).json();
    let serial = made["serial"].as_str().unwrap();
    let revoke = |words: &[&str]| -> Ended { person.run(&[&["certificates", "revoke", "--key", "Admin"], words].concat()) };
    let gone = revoke(&["nowhere", "--yes"]).expect(4);
    assert!(gone.err.contains("has no certificate “nowhere”"), "{}", gone.err);
    let unasked = revoke(&[serial]).expect(2);
    assert!(
        unasked.err.contains("cannot be undone") && unasked.err.contains("private key is held here") && unasked.err.contains("--yes"),
        "{}",
        unasked.err
    );
    let at_apple = || {
        person
            .run(&["certificates", "list", "--key", "Admin", "--search", serial])
            .expect(0)
            .json()["items"]
            .clone()
    };
    assert_eq!(at_apple().as_array().unwrap().len(), 1, "nothing was done");
    let weak = person
        .run(&["certificates", "revoke", serial, "--key", "CI uploads", "--yes"])
        .expect(3);
    assert!(weak.err.contains("Keys that would work"), "{}", weak.err);
    let done = revoke(&[serial, "--yes", "--output", "table"]).expect(0);
    assert!(done.out.contains("is revoked at Apple"), "{}", done.out);
    assert_eq!(at_apple(), serde_json::json!([]));
    let held = person.run(&["certificates", "list", "--search", serial]).expect(0).json();
    assert_eq!(held["items"].as_array().unwrap().len(), 1, "what is held here stays");
    revoke(&[serial, "--yes"]).expect(4);
}
