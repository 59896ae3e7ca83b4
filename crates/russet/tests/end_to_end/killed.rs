//! Apple's answer is lost and the server is killed: one certificate at Apple, one in Russet, on both databases.

use crate::http::control;
use crate::postgres::Database;
use crate::process::{until, word};
use crate::serving::{PASSWORD, set_up};
use crate::site::Site;
use serde_json::{Value, json};

fn posts(site: &Site) -> usize {
    let journal = control("GET", &format!("{}/journal", site.apple.control_url), &Value::Null);
    let is_post =
        |exchange: &&Value| exchange["method"] == "POST" && exchange["path"].as_str().is_some_and(|p| p.contains("/v1/certificates"));
    journal.as_array().unwrap().iter().filter(is_post).count()
}

fn at_apple(site: &Site) -> usize {
    let certificates = format!("{}/objects/app-store/certificates", site.apple.control_url);
    control("GET", &certificates, &Value::Null).as_array().unwrap().len()
}

fn one_certificate(database: Option<&Database>) {
    let site = Site::new(database);
    let (server, said) = site.start("127.0.0.1:0", "/setup?token=");
    let link = said.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
    set_up(&link.replace("localhost", "127.0.0.1"), PASSWORD);
    let url = word(&said, "http://").trim_end_matches('/').to_owned();
    let person = &site.person;
    person
        .type_in(&["login", &url, "--email", "nora@example.com", "--password-stdin"], PASSWORD)
        .expect(0);
    site.link_key(|key| key["roles"][0] == "ADMIN", "Admin");

    let before = at_apple(&site);
    let lose = json!({ "method": "POST", "route": "/v1/certificates", "effect": { "kind": "lose_answer" } });
    control("POST", &format!("{}/faults", site.apple.control_url), &lose);
    let mut waiting = person
        .command(&["certificates", "create", "--key", "Admin", "--type", "DISTRIBUTION"])
        .spawn()
        .unwrap();
    until("Apple is asked", || (posts(&site) > 0).then_some(()));
    server.kill();
    waiting.kill().unwrap();
    waiting.wait().unwrap();

    let address = url.replace("http://localhost", "127.0.0.1");
    let (server, _) = site.start(&address, "people reach it at");
    let held = until("the certificate is found again", || {
        let listed = person.run(&["certificates", "list"]).expect(0).json();
        let items = listed["items"].as_array().unwrap().clone();
        (!items.is_empty()).then_some(items)
    });
    assert_eq!(held.len(), 1);
    assert_eq!(held[0]["key_held"], true);
    person
        .run(&["certificates", "download", held[0]["id"].as_str().unwrap(), "--out", "it.p12"])
        .expect(0);
    assert_eq!((posts(&site), at_apple(&site)), (1, before + 1), "asked once, made once");
    drop(server);
}

#[test]
fn a_lost_answer_and_a_killed_server_end_in_one_certificate_on_sqlite() {
    one_certificate(None);
}

#[test]
fn a_lost_answer_and_a_killed_server_end_in_one_certificate_on_postgres() {
    if let Some(database) = Database::fresh() {
        one_certificate(Some(&database));
    }
}
