//! The activity log against somebody who can write the database: every way of touching it is found, on the host and by
//! the exit code, with the file that they cannot write.

use crate::process::word;
use crate::serving::{PASSWORD, set_up};
use crate::site::Site;
use std::fs;
use store::{Location, Store};

fn run(data: &str, statements: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&Location::parse(data)).await.unwrap();
        let mut tx = store.begin_over_all().await.unwrap();
        tx.run(String::leak(statements.to_owned())).await.unwrap();
        tx.commit().await.unwrap();
    });
}

#[test]
fn a_log_that_was_touched_is_told_on_the_host() {
    let site = Site::new(None);
    let (server, said) = site.start("127.0.0.1:0", "/setup?token=");
    let link = said.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
    set_up(&link.replace("localhost", "127.0.0.1"), PASSWORD);
    let url = word(&said, "http://").trim_end_matches('/').to_owned();
    let person = &site.person;
    person
        .type_in(&["login", &url, "--email", "nora@example.com", "--password-stdin"], PASSWORD)
        .expect(0);
    site.link_key(|key| key["roles"][0] == "ADMIN", "Admin");
    let asked = person.run(&["activity", "verify"]).expect(0).json();
    assert_eq!((&asked["whole"], &asked["count"]), (&true.into(), &0.into()), "{asked}");
    let csv = person.run(&["activity", "export", "--action", "key.add"]).expect(0).out;
    assert!(
        csv.starts_with("number,time,actor,") && csv.matches("key.add").count() == 2,
        "{csv}"
    );
    let lines = person
        .run(&["activity", "export", "--format", "jsonl", "--key", "Admin"])
        .expect(0)
        .out;
    assert!(
        lines.lines().count() >= 2 && lines.lines().all(|line| line.starts_with('{')),
        "{lines}"
    );
    // A stop lets the last checkpoint be written.
    assert!(server.terminate());

    let data = person.path("data");
    let data = data.to_str().unwrap();
    let look = |code| {
        person
            .run(&["activity", "verify", "--data", data, "--output", "json"])
            .expect(code)
            .json()
    };
    let whole = look(0);
    assert_eq!(whole["signed_up_to"], whole["records"], "{whole}");
    let key = whole["public_key"].as_str().unwrap().to_owned();
    let kinds = |found: &serde_json::Value| -> Vec<String> {
        let findings = found["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|finding| finding["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    run(data, "CREATE TABLE kept AS SELECT * FROM activity");
    for (tampering, kind) in [
        (
            "UPDATE activity SET actor = replace(actor, 'user_', 'user_0') WHERE sequence = 1",
            "changed",
        ),
        ("DELETE FROM activity WHERE sequence = 2", "missing"),
        (
            "UPDATE activity SET sequence = -1 WHERE sequence = 1; UPDATE activity SET sequence = 1 WHERE sequence = 2;
             UPDATE activity SET sequence = 2 WHERE sequence = -1",
            "changed",
        ),
        (
            "INSERT INTO activity (sequence, id, at, actor, action, event, outcome) VALUES (0, 'act_x', 0, '', '', '', 'done')",
            "unnumbered",
        ),
        ("UPDATE activity SET event = substr(event, 1, 9) WHERE sequence = 3", "changed"),
    ] {
        run(data, tampering);
        assert!(kinds(&look(5)).iter().any(|found| found == kind), "{tampering}");
        run(data, "DELETE FROM activity; INSERT INTO activity SELECT * FROM kept");
        look(0);
    }

    // Somebody keeps the file elsewhere, and cuts both ends here.
    let copy = format!("{data}/activity-checkpoints.jsonl");
    let elsewhere = person.write("kept.jsonl", fs::read(&copy).unwrap());
    run(
        data,
        "DELETE FROM activity WHERE sequence > 2; DELETE FROM activity_checkpoints;
         UPDATE activity_sequence SET last = 2, head = (SELECT hash FROM activity WHERE sequence = 2)",
    );
    fs::remove_file(&copy).unwrap();
    look(0);
    let with_copy = [
        "activity",
        "verify",
        "--data",
        data,
        "--checkpoints",
        &elsewhere,
        "--public-key",
        &key,
        "--output",
        "json",
    ];
    assert_eq!(kinds(&person.run(&with_copy).expect(5).json()), ["cut"]);
    let torn = fs::read_to_string(&elsewhere).unwrap();
    person.write("kept.jsonl", &torn[..torn.len() - 9]);
    assert!(kinds(&person.run(&with_copy).expect(5).json()).contains(&"checkpoint-torn".to_owned()));

    person.run(&["activity", "verify", "--data", "nowhere"]).expect(4);
    person
        .run(&["activity", "verify", "--data", data, "--checkpoints", "nowhere"])
        .expect(4);
    person.run(&["activity", "verify", "--data", data, "--public-key", "abc"]).expect(2);
}
