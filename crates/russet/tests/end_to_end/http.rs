//! As much HTTP as the tests need to speak to a control port and to send a form.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Status and body of one exchange over a connection of its own.
pub(crate) fn exchange(method: &str, url: &str, media: &str, body: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no HTTP: {head}")), body.to_owned())
}

/// Asks a control port.
pub(crate) fn control(method: &str, url: &str, body: &Value) -> Value {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, answer) = exchange(method, url, "application/json", &text);
    assert_eq!(status, 200, "{method} {url}: {answer}");
    serde_json::from_str(&answer).unwrap()
}
