//! A server of one's own on one database, beside an Apple of its own, to be killed and started again.

use crate::postgres::Database;
use crate::process::{Person, Process};
use crate::serving::{Apple, serve};
use serde_json::Value;

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
