//! One team's key in another team's hands, told at the terminal: lent to all, used by somebody who joined by a link, refused
//! whatever is its owner's, taken back.

use crate::process::{Ended, Person};
use crate::stage::{Stage, text};
use serde_json::{Value, json};

fn certificate(person: &Person, kind: &str) -> Ended {
    person.run(&["certificates", "create", "--key", "Store", "--type", kind])
}

#[test]
fn a_key_is_lent_used_guarded_and_taken_back() {
    let stage = Stage::new();
    let nora = stage.nora();
    stage.site.link_key(|key| key["roles"][0] == "ADMIN", "Store");
    let before = nora.run(&["keys", "shares", "Store"]).expect(0).json();
    assert_eq!((&before["all"], &before["items"]), (&Value::Null, &json!([])));
    let shared = nora.run(&["keys", "share", "Store", "--all", "--output", "table"]).expect(0);
    assert!(shared.out.contains("“Store” is shared: All sub-organizations"), "{}", shared.out);

    // Made after the share, and in it all the same.
    let transit = text(&nora.run(&["orgs", "create", "Transit", "--below", "Fjord"]).expect(0).json()["id"]);
    // With every right that there is in his own team.
    let jonas = stage.joined(&transit, "Jonas", "jonas@example.com", &["owner"]);
    assert_eq!(jonas.run(&["whoami"]).expect(0).json()["works_in"]["name"], "Transit");
    let keys = jonas.run(&["keys", "list"]).expect(0).json();
    let lent = &keys["items"][0];
    assert_eq!((&lent["name"], &lent["shared_from"]), (&json!("Store"), &json!("Fjord")));
    let table = jonas.run(&["keys", "list", "--output", "table"]).expect(0).out;
    assert!(table.contains("Root"), "{table}");
    let used = certificate(&jonas, "DISTRIBUTION").expect(0).json();
    let certificate_id = used["id"].as_str().unwrap();
    let held = jonas.run(&["certificates", "list"]).expect(0).json();
    assert_eq!(
        (&held["items"][0]["id"], &held["items"][0]["key_held"]),
        (&json!(certificate_id), &json!(true))
    );

    let list_with_it = ["bundle-ids", "list", "--key", "Store"];
    assert_ne!(jonas.run(&list_with_it).expect(0).json()["items"], json!([]));

    each_act_of_the_owner_is_refused(&stage, &jonas, lent);
    let still = nora.run(&["keys", "show", "Store"]).expect(0).json();
    assert_eq!(
        (&still["name"], &still["sharing"]["all"]),
        (&json!("Store"), &json!(true)),
        "nothing came of it"
    );
    let denied = jonas.run(&["activity", "list", "--limit", "50"]).expect(0).json();
    assert!(denied.to_string().contains("rotate a key that is lent to it"), "{denied}");

    // Who ends it for all means everybody, those with terms of their own included.
    nora.run(&["keys", "share", "Store", "--with", "Fjord/Transit", "--feature", "certificates"])
        .expect(0);
    let nothing = nora.run(&["keys", "unshare", "Store", "--with", "Transit"]).expect(0);
    assert!(nothing.err.contains("it is shared with all sub-organizations"), "{}", nothing.err);
    nora.run(&["keys", "share", "Store", "--with", "transit", "--feature", "certificates"])
        .expect(0);
    let written = nora.run(&["activity", "list", "--limit", "5"]).expect(0).json().to_string();
    assert!(written.contains("shared the key “Store” with “Transit”, only for"), "{written}");
    let stopped = nora.run(&["keys", "unshare", "Store", "--all", "--output", "table"]).expect(0);
    assert!(stopped.out.contains("Not shared"), "{}", stopped.out);
    let next = certificate(&jonas, "DEVELOPMENT").expect(4);
    assert!(next.err.contains("No key here has this name"), "{}", next.err);
    let by_id = [
        "certificates",
        "create",
        "--key",
        lent["id"].as_str().unwrap(),
        "--type",
        "DEVELOPMENT",
    ];
    jonas.run(&by_id).expect(4);
    jonas.run(&list_with_it).expect(4);
    jonas.run(&["keys", "show", "Store"]).expect(4);
    assert_eq!(jonas.run(&["keys", "list"]).expect(0).json()["items"], json!([]));
    // What was made with it stays whose it is.
    jonas
        .run(&["certificates", "download", certificate_id, "--form", "cer", "--out", "kept.cer"])
        .expect(0);
    assert!(jonas.path("kept.cer").exists());
}

/// Each is told whose key it is and why not.
fn each_act_of_the_owner_is_refused(stage: &Stage, jonas: &Person, lent: &Value) {
    // A key file that would do, so that nothing but the share is in the way.
    let key = stage
        .site
        .team_keys()
        .into_iter()
        .find(|key| key["key_id"] == lent["key_id"])
        .unwrap();
    let file = stage.site.apple.keys.join(text(&key["file"]));
    let (file, issuer) = (file.to_str().unwrap(), text(&key["issuer_id"]));
    let acts: [(&[&str], &str); 8] = [
        (
            &["keys", "rename", "Store", "Ours"],
            "The name is the same in every organization that uses the key.",
        ),
        (
            &["keys", "set-roles", "Store", "--role", "admin"],
            "Which roles Apple gave the key is entered once",
        ),
        (
            &["keys", "rotate", "Store", "--file", file, "--issuer-id", &issuer],
            "Replacing the key is done once",
        ),
        (&["keys", "share", "Store", "--all"], "A shared item cannot be passed on."),
        (&["keys", "unshare", "Store", "--all"], "A shared item cannot be passed on."),
        (&["keys", "remove", "Store", "--yes"], "The key is not yours to remove"),
        (
            &["apple-token", "create", "--key", "Store"],
            "A token for Apple would reach beyond the share.",
        ),
        (
            &["keys", "override", "Store", "certificates"],
            "What the key may try despite its role is decided once",
        ),
    ];
    for (act, why) in acts {
        let refused = jonas.run(act).expect(3);
        let told = refused.err;
        assert!(
            told.contains("“Store” belongs to Fjord, and only there this can be done, by a"),
            "{act:?}: {told}"
        );
        assert!(told.contains(why), "{act:?}: {told}");
        assert!(refused.out.is_empty(), "{act:?}: {}", refused.out);
    }
}
