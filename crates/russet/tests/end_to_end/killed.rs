//! Apple's answer is lost and the server is killed: one certificate at Apple, one in Russet, on both databases.

use crate::http::control;
use crate::postgres::Database;
use crate::process::{Person, Process, until, word};
use crate::serving::{Apple, PASSWORD, serve, set_up};
use serde_json::{Value, json};

struct Site {
    apple: Apple,
    person: Person,
    options: Vec<String>,
}

impl Site {
    fn new(database: Option<&Database>) -> Self {
        let person = Person::new();
        let apple = Apple::start(&person.path("keys"));
        let mut options = vec!["--data".to_owned(), person.path("data").to_str().unwrap().to_owned()];
        options.extend(apple.options());
        options.extend(
            database
                .into_iter()
                .flat_map(|database| ["--database".to_owned(), database.url.clone()]),
        );
        Self { apple, person, options }
    }

    fn start(&self, listen: &str, ready: &str) -> (Process, String) {
        let options: Vec<_> = self.options.iter().map(String::as_str).collect();
        serve(&[&options[..], &["--listen", listen]].concat(), ready)
    }

    fn posts(&self) -> usize {
        let journal = control("GET", &format!("{}/journal", self.apple.control_url), &Value::Null);
        let is_post =
            |exchange: &&Value| exchange["method"] == "POST" && exchange["path"].as_str().is_some_and(|p| p.contains("/v1/certificates"));
        journal.as_array().unwrap().iter().filter(is_post).count()
    }

    fn at_apple(&self) -> usize {
        let all = control(
            "GET",
            &format!("{}/objects/app-store/certificates", self.apple.control_url),
            &Value::Null,
        );
        all.as_array().unwrap().len()
    }
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
    let keys: Value = serde_json::from_slice(&std::fs::read(site.apple.keys.join("keys.json")).unwrap()).unwrap();
    let admin = keys
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kind"] == "team" && key["roles"][0] == "ADMIN")
        .unwrap();
    let file = site.apple.keys.join(admin["file"].as_str().unwrap());
    let issuer = admin["issuer_id"].as_str().unwrap();
    person
        .run(&[
            "keys",
            "add",
            "--file",
            file.to_str().unwrap(),
            "--issuer-id",
            issuer,
            "--name",
            "Admin",
            "--role",
            "admin",
        ])
        .expect(0);

    let before = site.at_apple();
    let lose = json!({ "method": "POST", "route": "/v1/certificates", "effect": { "kind": "lose_answer" } });
    control("POST", &format!("{}/faults", site.apple.control_url), &lose);
    let mut waiting = person
        .command(&["certificates", "create", "--key", "Admin", "--type", "DISTRIBUTION"])
        .spawn()
        .unwrap();
    until("Apple is asked", || (site.posts() > 0).then_some(()));
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
    assert_eq!((site.posts(), site.at_apple()), (1, before + 1), "asked once, made once");
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
