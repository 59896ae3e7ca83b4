//! Bundle IDs at the command line: registered, and changed after the difference was shown.

use crate::process::{Ended, demo};
use serde_json::Value;

fn words(capabilities: &Value) -> Vec<&str> {
    let words = capabilities.as_array().unwrap().iter().map(|c| c["capability"].as_str().unwrap());
    words.filter(|word| *word != "IN_APP_PURCHASE").collect()
}

#[test]
fn a_bundle_id_is_registered_and_changed_and_only_what_is_named_is_touched() {
    let person = demo().person();
    let bundle_ids = |words: &[&str]| -> Ended { person.run(&[&["bundle-ids"], words, &["--key", "Admin"]].concat()) };
    let unfit = bundle_ids(&["register", "com.exämple.app"]).expect(2);
    assert!(unfit.err.contains("is not a bundle identifier"), "{}", unfit.err);
    let unfit = bundle_ids(&["register", "com.halden.cli", "--capability", "push;drop"]).expect(2);
    assert!(unfit.err.contains("is not a capability"), "{}", unfit.err);
    let register = [
        "register",
        "com.halden.cli",
        "--capability",
        "PUSH_NOTIFICATIONS",
        "--capability",
        "maps",
    ];
    let done = bundle_ids(&[&register[..], &["--output", "table"]].concat()).expect(0);
    assert!(done.out.starts_with("com.halden.cli is registered as "), "{}", done.out);
    let taken = bundle_ids(&register).expect(5);
    assert!(taken.err.contains("has the bundle ID com.halden.cli already"), "{}", taken.err);

    let told = bundle_ids(&["edit", "com.halden.cli", "--add", "healthkit", "--add", "MAPS", "--dry-run"])
        .expect(0)
        .json();
    assert_eq!(words(&told["add"]), ["HEALTHKIT"], "what is there already is no change");
    assert_eq!(
        (&told["remove"], &told["invalid_profiles"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let asked = bundle_ids(&["edit", "com.halden.cli", "--remove", "PUSH_NOTIFICATIONS"]).expect(2);
    assert!(
        asked.err.contains("- PUSH_NOTIFICATIONS") && asked.err.contains("--yes"),
        "{}",
        asked.err
    );
    bundle_ids(&[
        "edit",
        "com.halden.cli",
        "--add",
        "healthkit",
        "--remove",
        "push-notifications",
        "--yes",
    ])
    .expect(0);
    let now = bundle_ids(&["show", "com.halden.cli"]).expect(0).json();
    let mut capabilities = words(&now["capabilities"]);
    capabilities.sort_unstable();
    assert_eq!(capabilities, ["HEALTHKIT", "MAPS"]);
    bundle_ids(&["edit", "com.halden.cli", "--add", "MAPS"]).expect(5);
    bundle_ids(&["edit", "com.halden.nowhere", "--add", "MAPS"]).expect(4);
    bundle_ids(&["edit", "com.halden.cli"]).expect(2);
}

#[test]
fn the_profiles_that_a_change_makes_invalid_are_named_before() {
    let person = demo().person();
    let profiles = |state: &str| {
        person
            .run(&["profiles", "list", "--key", "Admin", "--state", state])
            .expect(0)
            .json()
    };
    let active = profiles("ACTIVE");
    let profile = &active["items"][0];
    let (identifier, name) = (profile["bundle_identifier"].as_str().unwrap(), profile["name"].as_str().unwrap());
    let edit = ["bundle-ids", "edit", identifier, "--key", "Admin", "--add", "CLASSKIT"];
    let asked = person.run(&edit).expect(2);
    assert!(asked.err.contains("+ CLASSKIT") && asked.err.contains(name), "{}", asked.err);
    assert_eq!(
        profiles("ACTIVE")["items"].as_array().unwrap().len(),
        active["items"].as_array().unwrap().len()
    );
}
