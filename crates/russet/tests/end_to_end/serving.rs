//! `russet serve`: first start, TLS, unsealing, and the refusals to start.

use crate::http::exchange;
use crate::process::{Person, Process, until, word};
use std::path::Path;

/// A simulated Apple of its own, with its key files.
pub(crate) struct Apple {
    _process: Process,
    pub(crate) keys: std::path::PathBuf,
    url: String,
    enterprise_url: String,
    pub(crate) control_url: String,
}

impl Apple {
    pub(crate) fn start(keys: &Path) -> Self {
        let arguments = ["simulator", "--listen", "127.0.0.1:0", "--keys-dir", keys.to_str().unwrap()];
        let (process, said) = Process::start(&arguments, "stop with");
        let url = |line: &str| {
            let line = said.lines().find(|l| l.starts_with(line)).unwrap();
            word(line, "http://").trim_end_matches('/').to_owned()
        };
        Self {
            url: url("App Store Connect"),
            enterprise_url: url("Enterprise"),
            control_url: url("control"),
            keys: keys.to_owned(),
            _process: process,
        }
    }

    /// The options of a server that asks it.
    pub(crate) fn options(&self) -> Vec<String> {
        let root = self.keys.join("apple-root.pem");
        [
            "--apple-url",
            &self.url,
            "--apple-enterprise-url",
            &self.enterprise_url,
            "--apple-root",
            root.to_str().unwrap(),
        ]
        .map(str::to_owned)
        .to_vec()
    }
}

/// Starts a server and answers what it said.
pub(crate) fn serve(options: &[&str], ready: &str) -> (Process, String) {
    Process::start(&[&["serve"], options].concat(), ready)
}

/// Becomes the Owner by the link that the server printed.
pub(crate) fn set_up(link: &str, password: &str) {
    let (address, token) = link.split_once("?token=").unwrap();
    let form = format!(
        "token={token}&name=Nora&email=nora%40example.com&organization=Fjord&password={}",
        password.replace(' ', "+")
    );
    let (status, answer) = exchange("POST", address, "application/x-www-form-urlencoded", &form);
    assert_eq!(status, 303, "{answer}");
}

pub(crate) const PASSWORD: &str = "an early autumn morning";

#[test]
fn the_first_start_prints_a_link_and_the_second_does_not() {
    let person = Person::new();
    let data = person.path("data");
    let data = data.to_str().unwrap();
    let options = ["--data", data, "--listen", "127.0.0.1:0"];
    let (server, said) = serve(&options, "/setup?token=");
    assert!(said.contains("root.key") && said.contains("Keep a copy"), "{said}");
    let link = word(&said, "http://localhost").to_owned();
    assert!(!link.contains(":0/"), "the port that was chosen: {link}");
    let link = said.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
    set_up(&link.replace("localhost", "127.0.0.1"), PASSWORD);
    let (again, _) = exchange(
        "POST",
        &link.replace("localhost", "127.0.0.1"),
        "application/x-www-form-urlencoded",
        "",
    );
    assert_ne!(again, 200, "the link opens once");
    assert!(server.terminate(), "a stop that was asked for is no failure");

    let (server, said) = serve(&options, "people reach it at");
    let url = word(&said, "http://").to_owned();
    let login = ["login", &url, "--email", "nora@example.com", "--password-stdin"];
    person.type_in(&login, PASSWORD).expect(0);
    let found = person.run(&["doctor"]).expect(0).json();
    assert!(found.to_string().contains("No API key is linked"), "{found}");

    // A second server on the same port stops before it opens anything.
    let port = url.trim_end_matches('/').rsplit_once(':').unwrap().1.to_owned();
    let other = person.path("other");
    let second = person
        .run(&["serve", "--data", other.to_str().unwrap(), "--listen", &format!("127.0.0.1:{port}")])
        .expect(1);
    assert!(second.err.contains("--listen"), "{}", second.err);
    assert!(!other.exists());
    drop(server);
}

#[test]
fn without_its_root_key_it_does_not_start_and_says_how_to_get_out() {
    let person = Person::new();
    let data = person.path("data");
    let data = data.to_str().unwrap();
    let options = ["serve", "--data", data, "--listen", "127.0.0.1:0"];
    let (server, _) = serve(&options[1..], "/setup?token=");
    server.kill();
    let key = person.path("data/root.key");
    let aside = person.path("aside.key");
    std::fs::rename(&key, &aside).unwrap();
    let sealed = person.run(&options).expect(9);
    assert!(
        sealed.err.contains("does not exist") && sealed.err.contains("Restore the file from your backup"),
        "{}",
        sealed.err
    );
    assert!(!key.exists(), "no new key is made over stored secrets");
    let phrase = person.write("phrase", "correct horse battery");
    let elsewhere = [&options[..], &["--passphrase-file", &phrase]].concat();
    let wrong_way = person.run(&elsewhere).expect(9);
    assert!(wrong_way.err.contains("key file"), "{}", wrong_way.err);
    let (server, _) = serve(
        &[&options[1..], &["--key-file", aside.to_str().unwrap()]].concat(),
        "people reach it at",
    );
    drop(server);
}

#[test]
fn a_passphrase_opens_what_it_sealed() {
    let person = Person::new();
    let data = person.path("data");
    let right = person.write("right", "nine blue herons at dusk\n");
    let wrong = person.write("wrong", "nine blue herons at dawn\n");
    let data = data.to_str().unwrap();
    fn options<'p>(data: &'p str, phrase: &'p str) -> [&'p str; 6] {
        ["--data", data, "--listen", "127.0.0.1:0", "--passphrase-file", phrase]
    }
    let run = |phrase: &str| person.run(&[&["serve"][..], &options(data, phrase)].concat());
    let (server, said) = serve(&options(data, &right), "/setup?token=");
    assert!(!said.contains("root key was made"));
    assert!(!person.path("data/root.key").exists());
    server.kill();
    let sealed = run(&wrong).expect(9);
    assert!(
        sealed.err.contains("not the one that this instance was sealed with"),
        "{}",
        sealed.err
    );
    assert!(!sealed.err.contains("herons"));
    let (server, _) = serve(&options(data, &right), "people reach it at");
    drop(server);
    run(&person.write("empty", "\n")).expect(2);
}

#[test]
fn settings_that_do_not_fit_leave_nothing_behind() {
    let person = Person::new();
    let data = person.path("data");
    let data = data.to_str().unwrap();
    for (options, told) in [
        (&["--listen", "0.0.0.0:0"][..], "--tls-cert"),
        (&["--public-url", "http://russet.example.com"], "https"),
        (&["--public-url", "https://russet.example.com/team"], "without a path"),
        (
            &["--tls-cert", "no.pem", "--tls-key", "no.key", "--public-url", "https://localhost"],
            "no.pem",
        ),
        (&["--tls-cert", "no.pem"], "--tls-key"),
        (&["--database", "mysql://x"], "postgres://"),
        (&["--trusted-proxy", "ten"], "10.0.0.0/8"),
        (&["--apple-root", "no.pem"], "--apple-root"),
        (&["--passphrase-file", "no.txt"], "no.txt"),
    ] {
        let refused = person.run(&[&["serve", "--data", data, "--listen", "127.0.0.1:0"][..], options].concat());
        // The last of two --listen would be an error of its own words.
        let refused = if options[0] == "--listen" {
            person.run(&[&["serve", "--data", data][..], options].concat())
        } else {
            refused
        };
        assert!([1, 2].contains(&refused.code), "{refused:?}");
        assert!(refused.err.contains(told), "{options:?}: {}", refused.err);
        assert!(!Path::new(data).exists(), "{options:?}");
    }
}

#[test]
fn tls_is_served_with_the_certificate_that_was_given() {
    let person = Person::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = person.write("tls.pem", made.cert.pem());
    let key = person.write("tls.key", made.signing_key.serialize_pem());
    let data = person.path("data");
    let options = [
        "--data",
        data.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
    ];
    let (server, said) = serve(&options, "/setup?token=");
    let url = word(&said, "https://localhost").to_owned();
    let trusting = Person::with(&url, "russet_x").set("SSL_CERT_FILE", &certificate);
    let found = trusting.run(&["doctor"]).expect(3).json();
    assert_eq!(
        (&found["items"][0]["what"], &found["items"][0]["state"]),
        (&"Server".into(), &"ok".into())
    );
    let wary = Person::with(&url, "russet_x").run(&["whoami"]).expect(9);
    assert!(wary.err.to_lowercase().contains("certificate"), "{}", wary.err);
    let in_the_clear = until("an answer", || {
        let plain = url.trim_end_matches('/').replace("https://localhost", "http://127.0.0.1");
        Some(std::panic::catch_unwind(|| exchange("GET", &plain, "text/plain", "")))
    });
    assert!(in_the_clear.is_err() || in_the_clear.is_ok_and(|(status, _)| status >= 400));
    drop(server);
}
