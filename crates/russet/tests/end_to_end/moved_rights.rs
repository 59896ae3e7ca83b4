//! Rights that move under a request, as they do when somebody ends another session of theirs: the one request is sent
//! again, once, and the whole command is not.

use crate::process::{Ended, Person};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// A request as it came: its first line, its Idempotency-Key and its body.
#[derive(Debug, PartialEq)]
struct Asked {
    line: String,
    key: Option<String>,
    body: String,
}

fn read(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "cut off after {head:?}");
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let lines = head.iter().filter_map(|line| line.split_once(": "));
        lines
            .clone()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    Asked {
        line: head[0].clone(),
        key: header("idempotency-key"),
        body: String::from_utf8(body).unwrap(),
    }
}

/// A server that gives these answers, each over a connection of its own, and then is gone.
fn answering(answers: Vec<(u16, Value)>) -> (String, JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let answer = |(status, body): (u16, Value)| {
            let (mut stream, _) = listener.accept().unwrap();
            let asked = read(&stream);
            let (body, length) = (body.to_string(), body.to_string().len());
            write!(
                stream,
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .unwrap();
            asked
        };
        answers.into_iter().map(answer).collect()
    });
    (url, asked)
}

fn refusal(code: &str) -> (u16, Value) {
    let problem = json!({ "type": "about:blank", "title": "Conflict", "status": 409, "code": code, "detail": "Look, then try again." });
    (409, problem)
}

fn created() -> (u16, Value) {
    let made = json!({ "id": "org_1", "name": "Night", "roles": [], "created_at": "2026-11-23T08:00:00Z" });
    (201, made)
}

fn create(answers: Vec<(u16, Value)>) -> (Ended, Vec<Asked>) {
    let (url, asked) = answering(answers);
    let ended = Person::with(&url, "russet_x").run(&["orgs", "create", "Night", "--root"]);
    (ended, asked.join().unwrap())
}

#[test]
fn a_request_is_sent_once_more_under_the_same_key() {
    let (ended, asked) = create(vec![refusal("rights_changed"), created()]);
    assert_eq!(ended.expect(0).json()["name"], "Night");
    assert!(
        asked[0].line.starts_with("POST /api/v1/orgs ") && asked[0].key.is_some(),
        "{asked:?}"
    );
    assert_eq!(asked[0], asked[1]);
}

#[test]
fn what_moves_again_is_for_the_person_to_look_at() {
    let (ended, asked) = create(vec![refusal("rights_changed"), refusal("rights_changed")]);
    assert!(ended.expect(5).err.contains("Look, then try again."));
    assert_eq!(asked.len(), 2);
}

#[test]
fn another_conflict_is_not_sent_again() {
    let (ended, asked) = create(vec![refusal("name_taken")]);
    ended.expect(5);
    assert_eq!(asked.len(), 1);
}
