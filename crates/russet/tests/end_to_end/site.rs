//! A server of one's own on one database, beside an Apple of its own, to be killed and started again.

use crate::http::control;
use crate::postgres::Database;
use crate::process::{Person, Process, word};
use crate::serving::{Apple, PASSWORD, serve, set_up};
use serde_json::{Value, json};

/// What stays when the server is killed.
pub(crate) struct Site {
    pub(crate) apple: Apple,
    pub(crate) person: Person,
    options: Vec<String>,
}

impl Site {
    /// On PostgreSQL where a database is given.
    pub(crate) fn new(database: Option<&Database>) -> Self {
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

    /// Starts the server, and answers what it said up to the line that holds `ready`.
    pub(crate) fn start(&self, listen: &str, ready: &str) -> (Process, String) {
        let options: Vec<_> = self.options.iter().map(String::as_str).collect();
        serve(&[&options[..], &["--listen", listen]].concat(), ready)
    }

    /// Starts the server for the first time, signs the person in and links an Admin key; answers the address, too.
    pub(crate) fn open(&self) -> (Process, String) {
        let (server, said) = self.start("127.0.0.1:0", "/setup?token=");
        let link = said.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
        set_up(&link.replace("localhost", "127.0.0.1"), PASSWORD);
        let url = word(&said, "http://").trim_end_matches('/').to_owned();
        self.person
            .type_in(&["login", &url, "--email", "nora@example.com", "--password-stdin"], PASSWORD)
            .expect(0);
        self.link_key(|key| key["roles"][0] == "ADMIN", "Admin");
        (server, url)
    }

    /// Starts the server again where it was.
    pub(crate) fn restart(&self, url: &str) -> Process {
        self.start(&url.replace("http://localhost", "127.0.0.1"), "people reach it at").0
    }

    /// How many requests of a method the simulated Apple got whose path begins so.
    pub(crate) fn asked(&self, method: &str, path: &str) -> usize {
        let journal = control("GET", &format!("{}/journal", self.apple.control_url), &Value::Null);
        let is_it = |exchange: &&Value| exchange["method"] == method && exchange["path"].as_str().is_some_and(|of| of.starts_with(path));
        journal.as_array().unwrap().iter().filter(is_it).count()
    }

    /// How many objects of a kind the simulated Apple has.
    pub(crate) fn at_apple(&self, kind: &str) -> usize {
        let objects = format!("{}/objects/app-store/{kind}", self.apple.control_url);
        control("GET", &objects, &Value::Null).as_array().unwrap().len()
    }

    /// Lets the next such request go wrong.
    pub(crate) fn fault(&self, method: &str, route: &str, effect: Value) {
        let fault = json!({ "method": method, "route": route, "effect": effect });
        control("POST", &format!("{}/faults", self.apple.control_url), &fault);
    }

    /// The team keys that the simulated Apple has written down.
    pub(crate) fn team_keys(&self) -> Vec<Value> {
        let keys: Vec<Value> = serde_json::from_slice(&std::fs::read(self.apple.keys.join("keys.json")).unwrap()).unwrap();
        keys.into_iter().filter(|key| key["kind"] == "team").collect()
    }

    /// Links the first team key that is wanted; the person is signed in.
    pub(crate) fn link_key(&self, wanted: impl Fn(&Value) -> bool, name: &str) -> Value {
        let key = self.team_keys().into_iter().find(wanted).unwrap();
        let file = self.apple.keys.join(key["file"].as_str().unwrap());
        let role = key["roles"][0].as_str().unwrap().to_lowercase().replace('_', "-");
        let (file, issuer) = (file.to_str().unwrap(), key["issuer_id"].as_str().unwrap());
        let linked = self.person.run(&[
            "keys",
            "add",
            "--file",
            file,
            "--issuer-id",
            issuer,
            "--name",
            name,
            "--role",
            &role,
        ]);
        linked.expect(0).json()
    }
}
