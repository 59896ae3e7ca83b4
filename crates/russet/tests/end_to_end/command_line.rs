//! The command line as a person uses it.

use crate::process::{Ended, Person, demo};
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What OpenSSL makes of a `.p12`; none where there is no OpenSSL.
fn opened(file: &str, password: &str) -> Option<String> {
    let given = format!("pass:{password}");
    let output = Command::new("openssl")
        .args(["pkcs12", "-info", "-nodes", "-in", file, "-passin", &given])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("BEGIN PRIVATE KEY"), "{told}");
    assert!(told.matches("BEGIN CERTIFICATE").count() >= 2, "the intermediate is in it: {told}");
    Some(told)
}

#[test]
fn somebody_signs_in_and_out() {
    let person = Person::new();
    let url = demo().text("url");
    let login = ["login", url, "--email", demo().text("email"), "--password-stdin"];
    person.type_in(&login, "wrong\n").expect(3);
    assert!(!person.path(".config").exists(), "nothing is remembered of a refusal");

    let welcome = person.type_in(&login, &format!("{}\n", demo().text("password"))).expect(0);
    assert!(welcome.out.contains(demo().text("email")));
    let remembered = person.path(".config/russet/login.json");
    assert_eq!(mode(&remembered), 0o600);
    let me = person.run(&["whoami"]).expect(0).json();
    assert_eq!(me["email"], demo().text("email"));
    assert_eq!(me["works_in"]["name"], "Halden Mobile");
    let orgs = person.run(&["orgs", "list", "--search", "halden"]).expect(0).json();
    let names: Vec<_> = orgs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|org| org["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Halden Mobile", "Halden Retail", "Halden Transit"]);
    person.run(&["orgs", "switch", "Halden Mobile/halden transit"]).expect(0);
    let there = person.run(&["whoami"]).expect(0).json();
    assert_eq!(
        (&there["works_in"]["name"], &there["works_in"]["roles"][0]["held"]),
        (&"Halden Transit".into(), &"inherited".into())
    );
    person.run(&["orgs", "switch", "halden mobile"]).expect(0);

    let token: Value = serde_json::from_slice(&std::fs::read(&remembered).unwrap()).unwrap();
    let token = token["token"].as_str().unwrap();
    person.run(&["logout"]).expect(0);
    assert!(!remembered.exists());
    person.run(&["whoami"]).expect(2);
    Person::with(url, token).run(&["whoami"]).expect(3);
    // The environment's token is not ours to end.
    demo().person().run(&["logout"]).expect(0);
    demo().person().run(&["whoami"]).expect(0);
}

#[test]
fn a_team_is_made_named_used_and_deleted_and_refusals_are_plain() {
    let person = demo().person();
    person.run(&["orgs", "create", "Nowhere"]).expect(2);
    let made = person
        .run(&["orgs", "create", "Night Shift", "--below", "Halden Mobile"])
        .expect(0)
        .json();
    let id = made["id"].as_str().unwrap();
    let twin = person.run(&["orgs", "create", "night shift", "--below", "Halden Mobile"]).expect(5);
    assert!(twin.err.contains("so alike that one could be taken for the other"), "{}", twin.err);
    let deeper = person.run(&["orgs", "create", "Deeper", "--below", id]).expect(3);
    assert!(deeper.err.contains("done in its root organization"), "{}", deeper.err);
    person.run(&["orgs", "rename", "Halden Mobile/Night Shift", "Day Shift"]).expect(0);
    let keys = person.run(&["--org", "Day Shift", "keys", "list"]).expect(0).json();
    let lent: Vec<_> = keys["items"].as_array().unwrap().iter().map(|key| &key["name"]).collect();
    assert_eq!(lent, ["CI uploads"], "what is shared with all is there at once");
    person.run(&["--org", "Night Shift", "keys", "list"]).expect(4);
    let asked = person.run(&["orgs", "delete", "Day Shift"]).expect(2);
    assert!(
        asked.err.contains("holds nothing that would be lost") && asked.err.contains("--yes"),
        "{}",
        asked.err
    );
    person.run(&["orgs", "delete", id, "--yes"]).expect(0);
    person.run(&["orgs", "delete", id, "--yes"]).expect(4);
    let last = person.run(&["orgs", "delete", "Halden Mobile", "--yes"]).expect(5);
    assert!(last.err.contains("still has sub-organizations"), "{}", last.err);
}

#[test]
fn from_a_key_file_to_certificates_that_others_open() {
    let person = demo().person();
    let (file, issuer) = demo().key("team", "APP_MANAGER");
    let added = person.run(&[
        "keys",
        "add",
        "--file",
        &file,
        "--issuer-id",
        &issuer,
        "--role",
        "app-manager",
        "--name",
        "Łukasz <b>& co</b> 🍎",
    ]);
    let added = added.expect(0).json();
    assert_eq!((&added["health"], &added["roles"][0]), (&"working".into(), &"app-manager".into()));
    let keys = person.run(&["keys", "list"]).expect(0).json();
    assert!(
        keys["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key["name"] == "Łukasz <b>& co</b> 🍎")
    );
    let table = person.run(&["keys", "list", "--output", "table"]).expect(0).out;
    assert!(table.contains("KEY ID") && table.contains("Łukasz"), "{table}");

    let refused = person
        .run(&[
            "certificates",
            "create",
            "--key",
            "Łukasz <b>& co</b> 🍎",
            "--type",
            "DISTRIBUTION",
            "--download",
            "out",
        ])
        .expect(3);
    assert!(refused.err.contains("Keys that would work: “Admin”"), "{}", refused.err);
    assert!(files(&person.path("out")).is_empty());

    let password = r##"!"#$%&'()*+,-./09:;<=>?@AZ[\]^_`az{|}~"##;
    let kept = person.write("password", format!("{password}\n"));
    let made = person
        .run(&[
            "certificates",
            "create",
            "--key",
            "Admin",
            "--type",
            "IOS_DISTRIBUTION",
            "--download",
            "out",
            "--password-file",
            &kept,
        ])
        .expect(0)
        .json();
    let p12 = made["file"].as_str().unwrap().to_owned();
    assert_eq!(mode(&person.path(&p12)), 0o600);
    let p12 = person.path(&p12).to_str().unwrap().to_owned();
    if let Some(told) = opened(&p12, password) {
        assert!(told.contains("MAC: sha1"), "{told}");
        assert!(told.contains("pbeWithSHA1And3-KeyTripleDES-CBC"), "{told}");
    }
    let certificate = made["certificate"].as_str().unwrap();

    let download = |more: &[&str], input: &str| -> Ended {
        let all = [&["certificates", "download", certificate], more].concat();
        person.type_in(&all, input)
    };
    download(
        &["--out", "modern.p12", "--form", "p12-modern", "--password-stdin"],
        &format!("{password}\n"),
    )
    .expect(0);
    if let Some(told) = opened(person.path("modern.p12").to_str().unwrap(), password) {
        assert!(told.contains("MAC: sha256") && told.contains("AES-256-CBC"), "{told}");
    }
    let generated = download(&["--out", "generated.p12"], "").expect(0).json();
    let generated = generated["generated_password"].as_str().unwrap().to_owned();
    assert!(generated.len() >= 16 && generated.bytes().all(|b| b.is_ascii_alphanumeric()));
    opened(person.path("generated.p12").to_str().unwrap(), &generated);

    let in_words = download(&["--out", "flag.p12", "--password", password], "").expect(0);
    assert!(in_words.err.contains("can be seen by other users"));
    let empty = download(&["--out", "empty.p12", "--password", ""], "").expect(0);
    assert!(empty.err.contains("password"), "{}", empty.err);
    opened(person.path("empty.p12").to_str().unwrap(), "");
    let nothing = person.write("nothing", "");
    download(&["--out", "x.p12", "--password-file", &nothing], "").expect(2);

    download(&["--out", "all.pem", "--form", "pem"], "").expect(0);
    let pem = std::fs::read_to_string(person.path("all.pem")).unwrap();
    assert!(pem.contains("BEGIN PRIVATE KEY") && pem.matches("BEGIN CERTIFICATE").count() >= 2);
    let again = download(&["--out", "all.pem", "--form", "cer"], "").expect(2);
    assert!(again.err.contains("--force"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(person.path("all.pem")).unwrap(), pem, "what is there stays");
    download(&["--out", "all.pem", "--form", "cer", "--force"], "").expect(0);
    // All certificates of a team and type have one name: in a directory the second gets a number instead of a refusal.
    let first = download(&["--form", "cer"], "").expect(0).json();
    let second = download(&["--form", "cer"], "").expect(0).json();
    assert_ne!(first["file"], second["file"]);
    assert!(second["file"].as_str().unwrap().ends_with(" 2.cer"), "{second}");
    assert!(!files(person.home.path()).iter().any(|name| name.ends_with(".part")));

    let held = person.run(&["certificates", "list"]).expect(0).json();
    assert!(
        held["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["id"] == certificate && c["key_held"] == true)
    );
    let at_apple = person
        .run(&["certificates", "list", "--key", "admin", "--type", "IOS_DISTRIBUTION"])
        .expect(0)
        .json();
    assert_eq!(at_apple["items"].as_array().unwrap().len(), 1, "asked once, made once");
}

#[test]
fn a_rehearsal_creates_nothing() {
    let person = demo().person();
    let count = || person.run(&["certificates", "list", "--key", "Admin"]).expect(0).json()["total"].clone();
    let before = count();
    let told = person
        .run(&[
            "certificates",
            "create",
            "--key",
            "Admin",
            "--type",
            "MAC_APP_DISTRIBUTION",
            "--dry-run",
            "--output",
            "table",
        ])
        .expect(0);
    assert!(told.out.contains("Nothing was done"), "{}", told.out);
    let refused = person
        .run(&[
            "certificates",
            "create",
            "--key",
            "CI uploads",
            "--type",
            "MAC_APP_DISTRIBUTION",
            "--dry-run",
        ])
        .expect(3);
    assert!(refused.err.contains("Admin"), "{}", refused.err);
    assert_eq!(count(), before);
}

#[test]
fn the_account_is_listed_and_a_profile_downloaded() {
    let person = demo().person();
    let profiles = person
        .run(&["profiles", "list", "--key", "Admin", "--state", "ACTIVE", "--sort", "-expires"])
        .expect(0)
        .json();
    let items = profiles["items"].as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|p| p["state"] == "ACTIVE"));
    let id = items[0]["id"].as_str().unwrap();
    for arguments in [&["--key", "Admin"][..], &[]] {
        let out = format!("{}.mobileprovision", arguments.len());
        let all = [&["profiles", "download", id, "--out", &out], arguments].concat();
        let told = person.run(&all).expect(0).json();
        assert!(told["signature"].as_str().is_some(), "{told}");
        let bytes = std::fs::read(person.path(&out)).unwrap();
        let uuid = items[0]["uuid"].as_str().unwrap().as_bytes();
        assert!(bytes.windows(uuid.len()).any(|window| window == uuid));
    }
    let bundles = person
        .run(&["bundle-ids", "list", "--key", "Admin", "--search", "FERRY"])
        .expect(0)
        .json();
    assert!(bundles["items"].as_array().unwrap().len() > 1);
    let devices = person
        .run(&["devices", "list", "--key", "Admin", "--type", "IPHONE"])
        .expect(0)
        .json();
    assert!(devices["items"].as_array().unwrap().iter().all(|d| d["device_class"] == "IPHONE"));
}

#[test]
fn doctor_looks_at_everything() {
    let person = demo().person();
    let found = person.run(&["doctor"]).expect(0).json();
    let of = |what: &str| {
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["what"] == what && f["state"] == "ok")
    };
    for what in ["Server", "Clock", "Sign-in", "Key “Admin”"] {
        assert!(of(what), "{what}: {found}");
    }
    let stranger = Person::with(demo().text("url"), "russet_x")
        .run(&["doctor", "--output", "table"])
        .expect(3);
    assert!(
        stranger.out.contains("✓ Server") && stranger.out.contains("✗ Sign-in"),
        "{}",
        stranger.out
    );
    let nowhere = Person::with("http://127.0.0.1:9", "russet_x").run(&["doctor"]).expect(9);
    assert_eq!(nowhere.json()["items"][0]["state"], "bad");
}

#[test]
fn tokens_come_and_go_and_the_record_tells() {
    let person = demo().person();
    let made = person.run(&["tokens", "create", "Build machine", "--days", "30"]).expect(0);
    let value = made.json()["value"].as_str().unwrap().to_owned();
    assert!(made.err.contains("only time"));
    let machine = Person::with(demo().text("url"), &value);
    machine.run(&["whoami"]).expect(0);
    let apple = machine
        .run(&["apple-token", "create", "--key", "Admin", "--minutes", "5"])
        .expect(0)
        .json();
    assert_eq!(apple["token"].as_str().unwrap().split('.').count(), 3);
    person.run(&["tokens", "revoke", "Build machine"]).expect(0);
    machine.run(&["whoami"]).expect(3);

    let page = person.run(&["activity", "list", "--limit", "5"]).expect(0).json();
    let next = page["next_cursor"].as_str().unwrap();
    let older = person.run(&["activity", "list", "--limit", "5", "--cursor", next]).expect(0).json();
    assert_ne!(page["items"][0]["id"], older["items"][0]["id"]);
}

#[test]
fn a_token_of_the_organization_has_roles_of_its_own() {
    let person = demo().person();
    let create = ["tokens", "create", "Farm", "--role", "signing-viewer", "--expires-in", "90d"];
    let value = person.run(&[&create[..], &["--output", "table"]].concat()).expect(0);
    assert!(
        value.out.starts_with("russet_") && value.out.trim().lines().count() == 1,
        "{}",
        value.out
    );
    assert!(value.err.contains("only time"), "{}", value.err);
    let farm = Person::with(demo().text("url"), value.out.trim());
    assert_eq!(farm.run(&["whoami"]).expect(0).json()["kind"], "service-token");
    farm.run(&["certificates", "list"]).expect(0);
    let refused = farm.run(&["keys", "list"]).expect(3);
    assert!(refused.err.contains("that needs Credentials Viewer"), "{}", refused.err);

    let items = person.run(&["tokens", "list"]).expect(0).json()["items"].clone();
    let farms: Vec<_> = items.as_array().unwrap().iter().filter(|token| token["name"] == "Farm").collect();
    assert_eq!((farms.len(), &farms[0]["kind"]), (1, &"organization".into()));
    person.run(&create).expect(5);
    let confined = [
        "tokens",
        "create",
        "Elsewhere",
        "--role",
        "signing-viewer",
        "--organization",
        "Nowhere",
    ];
    let told = person.run(&confined).expect(4).err;
    assert!(told.contains("“Nowhere”"), "{told}");
    let ranged = [
        "tokens",
        "create",
        "Elsewhere",
        "--role",
        "signing-viewer",
        "--address-range",
        "203.0.113.0/24",
    ];
    let elsewhere = person.run(&ranged).expect(0).json();
    let refused = Person::with(demo().text("url"), elsewhere["value"].as_str().unwrap())
        .run(&["whoami"])
        .expect(3);
    assert!(refused.err.contains("may not be used from 127.0.0.1"), "{}", refused.err);

    let rotated = person.run(&["tokens", "rotate", "Farm"]).expect(0).json();
    let ended = farm.run(&["whoami"]).expect(3);
    assert!(ended.err.contains("the token in RUSSET_TOKEN"), "{}", ended.err);
    let farm = Person::with(demo().text("url"), rotated["value"].as_str().unwrap());
    farm.run(&["whoami"]).expect(0);
    person.run(&["tokens", "revoke", "Farm"]).expect(0);
    farm.run(&["whoami"]).expect(3);
    let nobody = Person::new().run(&["whoami", "--url", demo().text("url")]).expect(3);
    assert!(
        nobody.err.contains("Nobody is signed in") && nobody.err.contains("RUSSET_TOKEN"),
        "{}",
        nobody.err
    );
}

#[test]
fn a_key_is_renamed_checked_and_removed_only_when_meant() {
    let person = demo().person();
    let own = "Elin's own key";
    person.run(&["keys", "check", own]).expect(0);
    person.run(&["keys", "rename", own, "Elin"]).expect(0);
    let unasked = person.run(&["keys", "remove", "Elin"]).expect(2);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    person.run(&["keys", "show", "Elin"]).expect(0);
    person.run(&["keys", "remove", "Elin", "--yes"]).expect(0);
    person.run(&["keys", "show", "Elin"]).expect(4);
}

#[test]
fn a_remembered_token_goes_to_no_other_server() {
    let person = Person::new();
    let login = ["login", demo().text("url"), "--email", demo().text("email"), "--password-stdin"];
    person.type_in(&login, demo().text("password")).expect(0);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut request = [0; 4096];
        let (mut stream, _) = other.accept().unwrap();
        let length = stream.read(&mut request).unwrap();
        String::from_utf8_lossy(&request[..length]).to_lowercase()
    });
    person.run(&["whoami", "--url", &url]).expect(9);
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("get /api/v1/me") && !asked.contains("authorization"), "{asked}");
}
