//! As much HTTP as the tests need to speak to a control port and to send a form.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Status and body of one exchange over a connection of its own.
pub(crate) fn exchange(method: &str, url: &str, media: &str, body: &str) -> (u16, String) {
    try_exchange(method, url, media, None, body).unwrap_or_else(|| panic!("{method} {url}: no answer"))
}

/// Status and body, or none where the server did not live to give them whole. `token` is sent as a bearer.
pub(crate) fn try_exchange(method: &str, url: &str, media: &str, token: Option<&str>, body: &str) -> Option<(u16, String)> {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).ok()?;
    let length = body.len();
    let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{bearer}content-type: {media}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (length.is_none_or(|length: usize| body.len() >= length)).then(|| (status, body.to_owned()))
}

/// Asks a control port.
pub(crate) fn control(method: &str, url: &str, body: &Value) -> Value {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, answer) = exchange(method, url, "application/json", &text);
    assert_eq!(status, 200, "{method} {url}: {answer}");
    serde_json::from_str(&answer).unwrap()
}
