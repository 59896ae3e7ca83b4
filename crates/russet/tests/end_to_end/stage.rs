//! A server of one's own with its Owner signed in, for stories of several people.

use crate::process::{Person, Process, word};
use crate::serving::{PASSWORD, set_up};
use crate::site::Site;
use serde_json::Value;

/// The Owner's address; their organization is “Fjord”.
pub(crate) const NORA: &str = "nora@example.com";

pub(crate) struct Stage {
    pub(crate) site: Site,
    pub(crate) url: String,
    _server: Process,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let site = Site::new(None);
        let (server, said) = site.start("127.0.0.1:0", "/setup?token=");
        let link = said.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
        set_up(&link.replace("localhost", "127.0.0.1"), PASSWORD);
        let url = word(&said, "http://").trim_end_matches('/').replace("localhost", "127.0.0.1");
        let stage = Self {
            site,
            url,
            _server: server,
        };
        stage.sign_in(stage.nora(), NORA);
        // Soon there is more than one to choose from.
        stage.nora().run(&["orgs", "switch", "Fjord"]).expect(0);
        stage
    }

    pub(crate) fn nora(&self) -> &Person {
        &self.site.person
    }

    pub(crate) fn sign_in(&self, person: &Person, email: &str) {
        let login = ["login", &self.url, "--email", email, "--password-stdin"];
        person.type_in(&login, PASSWORD).expect(0);
    }

    /// The link of a fresh invitation by Nora, alone on standard output.
    pub(crate) fn invited(&self, org: &str, email: &str, roles: &[&str]) -> String {
        let mut words = vec!["members", "invite", email, "--org", org, "--output", "table"];
        words.extend(roles.iter().flat_map(|role| ["--role", role]));
        let told = self.nora().run(&words).expect(0);
        let link = told.out.trim().to_owned();
        assert!(link.contains("/invitations/") && link.lines().count() == 1, "{link}");
        assert!(!told.err.contains(&link) && told.err.contains("not shown again"), "{}", told.err);
        link
    }

    /// Somebody who was invited to an organization and made an account with the link, signed in at a terminal.
    pub(crate) fn joined(&self, org: &str, name: &str, email: &str, roles: &[&str]) -> Person {
        let link = self.invited(org, email, roles);
        let person = Person::new();
        let password = person.write("password", PASSWORD);
        let accept = ["members", "accept", "--link-stdin", "--name", name, "--password-file", &password];
        let told = person.type_in(&accept, &link).expect(0);
        assert!(told.err.contains(&format!("Nora invites {email} to ")), "{}", told.err);
        assert!(told.err.contains(&format!("--email {email}”")), "{}", told.err);
        self.sign_in(&person, email);
        person
    }
}

/// The only text at a place.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
