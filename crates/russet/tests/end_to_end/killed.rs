//! Apple's answer is lost and the server is killed: one certificate at Apple, one in Russet, on both databases. And a
//! renewal that is killed at each of its steps.

use crate::postgres::Database;
use crate::process::until;
use crate::site::Site;
use serde_json::json;

const CERTIFICATES: &str = "/v1/certificates";
const PROFILES: &str = "/v1/profiles";

fn one_certificate(database: Option<&Database>) {
    let site = Site::new(database);
    let (server, url) = site.open();
    let person = &site.person;
    let before = site.at_apple("certificates");
    site.fault("POST", CERTIFICATES, json!({ "kind": "lose_answer" }));
    let mut waiting = person
        .command(&["certificates", "create", "--key", "Admin", "--type", "DISTRIBUTION"])
        .spawn()
        .unwrap();
    until("Apple is asked", || (site.asked("POST", CERTIFICATES) > 0).then_some(()));
    server.kill();
    waiting.kill().unwrap();
    waiting.wait().unwrap();

    let server = site.restart(&url);
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
    let made = (site.asked("POST", CERTIFICATES), site.at_apple("certificates"));
    assert_eq!(made, (1, before + 1), "asked once, made once");
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

/// Each kill costs half a minute: so long another server would take it for alive.
#[test]
fn a_renewal_that_is_killed_at_each_of_its_steps_does_each_once() {
    let site = Site::new(None);
    let (mut server, url) = site.open();
    let person = &site.person;
    let create = ["certificates", "create", "--key", "Admin", "--type", "DISTRIBUTION"];
    let old = person.run(&create).expect(0).json();
    let old = old["id"].as_str().unwrap();
    for (name, kind) in [("Tram Store", "IOS_APP_STORE"), ("Tram Crew", "IOS_APP_ADHOC")] {
        let devices: &[&str] = if kind == "IOS_APP_ADHOC" { &["--all-devices"] } else { &[] };
        let register = ["profiles", "register", "--key", "Admin", "--bundle-id", "no.halden.ferry"];
        let register = [&register[..], &["--type", kind, "--name", name], devices].concat();
        person.run(&register).expect(0);
    }
    let before = (site.at_apple("certificates"), site.at_apple("profiles"));
    let asked = (site.asked("POST", CERTIFICATES), site.asked("POST", PROFILES));

    // What each step asks of Apple. Each answer is late, so that the kill comes while the server waits for it.
    let one_profile = [("DELETE", PROFILES), ("POST", PROFILES)];
    let steps = [[("DELETE", CERTIFICATES), ("POST", CERTIFICATES)], one_profile, one_profile].concat();
    let late = |(method, path): (&str, &str)| {
        let route = if method == "DELETE" {
            format!("{path}/{{id}}")
        } else {
            path.to_owned()
        };
        site.fault(method, &route, json!({ "kind": "delay", "milliseconds": 600_000 }));
        site.asked(method, path)
    };
    let mut seen = late(steps[0]);
    let renew = ["certificates", "renew", old, "--key", "Admin", "--revoke", "--yes"];
    let mut waiting = person.command(&renew).spawn().unwrap();
    until("the renewal has begun", || {
        (site.asked(steps[0].0, steps[0].1) > seen).then_some(())
    });
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    for (number, step) in steps.iter().enumerate() {
        until("the step is on its way", || (site.asked(step.0, step.1) > seen).then_some(()));
        server.kill();
        if let Some(next) = steps.get(number + 1) {
            seen = late(*next);
        }
        server = site.restart(&url);
    }
    let held = until("the renewal is over", || {
        let listed = person.run(&["profiles", "list", "--state", "ready"]).expect(0).json();
        let items = listed["items"].as_array().unwrap().clone();
        let is_renewed = items.iter().all(|one| one["matched"] == "key-held" && one["certificate"] != old);
        (items.len() == 2 && is_renewed).then_some(items)
    });
    assert_eq!(held[0]["certificate"], held[1]["certificate"], "one new certificate");
    let after = (site.at_apple("certificates"), site.at_apple("profiles"));
    assert_eq!(
        after, before,
        "the old certificate went, the new one came; each profile is there once"
    );
    let asked_since = (site.asked("POST", CERTIFICATES) - asked.0, site.asked("POST", PROFILES) - asked.1);
    assert_eq!(asked_since, (1, 2), "nothing twice");
    for one in &held {
        let file = person.path("it.mobileprovision");
        let id = one["id"].as_str().unwrap();
        let path = file.to_str().unwrap();
        person.run(&["profiles", "download", id, "--out", path, "--force"]).expect(0);
        assert!(!std::fs::read(&file).unwrap().is_empty());
    }
    drop(server);
}
