//! One team's key in another team's hands, told at the terminal: lent to all, used by somebody who joined by a link, refused
//! whatever is its owner's, taken back.

use crate::http::try_exchange;
use crate::process::{Ended, Person, Process, word};
use crate::serving::{PASSWORD, set_up};
use crate::site::Site;
use serde_json::{Value, json};

/// A server with its Owner signed in, and one key linked.
struct Stage {
    site: Site,
    url: String,
    token: String,
    _server: Process,
}

impl Stage {
    fn new() -> Self {
        let site = Site::new(None);
        let (server, said) = site.start("127.0.0.1:0", "/setup?token=");
        let link = said.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
        set_up(&link.replace("localhost", "127.0.0.1"), PASSWORD);
        let url = word(&said, "http://").trim_end_matches('/').replace("localhost", "127.0.0.1");
        sign_in(&site.person, &url, "nora@example.com");
        site.link_key(|key| key["roles"][0] == "ADMIN", "Store");
        // Soon there is more than one to choose from.
        site.person.run(&["orgs", "switch", "Fjord"]).expect(0);
        let token = site.person.run(&["tokens", "create", "Story"]);
        Self {
            token: token.expect(0).json()["value"].as_str().unwrap().to_owned(),
            site,
            url,
            _server: server,
        }
    }

    fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        let address = format!("{}/api/v1{path}", self.url);
        let (status, answer) = try_exchange("POST", &address, "application/json", token, &body.to_string()).unwrap();
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// Somebody who was invited to an organization by a link and made an account with it, signed in at a terminal.
    fn joined(&self, org: &str, email: &str, roles: &[&str]) -> Person {
        let invited = json!({ "email": email, "roles": roles });
        let invited = self.post(&format!("/orgs/{org}/invitations"), Some(&self.token), &invited);
        let (_, token) = invited["link"].as_str().unwrap().rsplit_once('/').unwrap();
        let account = json!({ "token": token, "name": "Jonas", "password": PASSWORD });
        assert_eq!(self.post("/invitations/accept", None, &account)["organization"], org);
        let person = Person::new();
        sign_in(&person, &self.url, email);
        person
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn sign_in(person: &Person, url: &str, email: &str) {
    person
        .type_in(&["login", url, "--email", email, "--password-stdin"], PASSWORD)
        .expect(0);
}

fn certificate(person: &Person, kind: &str) -> Ended {
    person.run(&["certificates", "create", "--key", "Store", "--type", kind])
}

#[test]
fn a_key_is_lent_used_guarded_and_taken_back() {
    let stage = Stage::new();
    let nora = &stage.site.person;
    let before = nora.run(&["keys", "shares", "Store"]).expect(0).json();
    assert_eq!((&before["all"], &before["items"]), (&Value::Null, &json!([])));
    let shared = nora.run(&["keys", "share", "Store", "--all", "--output", "table"]).expect(0);
    assert!(shared.out.contains("“Store” is shared: All sub-organizations"), "{}", shared.out);

    // Made after the share, and in it all the same.
    let transit = text(&nora.run(&["orgs", "create", "Transit", "--below", "Fjord"]).expect(0).json()["id"]);
    // With every right that there is in his own team.
    let jonas = stage.joined(&transit, "jonas@example.com", &["owner"]);
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

    each_act_of_the_owner_is_refused(&stage, &jonas, lent);
    let still = nora.run(&["keys", "show", "Store"]).expect(0).json();
    assert_eq!(
        (&still["name"], &still["sharing"]["all"]),
        (&json!("Store"), &json!(true)),
        "nothing came of it"
    );
    let denied = jonas.run(&["activity", "list", "--limit", "50"]).expect(0).json();
    assert!(denied.to_string().contains("rotate a key that is lent to it"), "{denied}");

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
            told.contains("“Store” belongs to Fjord, and only there this can be done."),
            "{act:?}: {told}"
        );
        assert!(told.contains(why), "{act:?}: {told}");
        assert!(refused.out.is_empty(), "{act:?}: {}", refused.out);
    }
}
