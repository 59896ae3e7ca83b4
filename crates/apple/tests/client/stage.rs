//! A server that plays one scripted answer per request and keeps what it was sent.
//!
//! It speaks HTTP by hand over TCP, because half of the scripts are broken HTTP: answers cut off,
//! connections closed without one, pages that are not Apple's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apple::{Apple, Clock, Config, Credentials, HeldKey, KeyKind, RetryPolicy, Session};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// 2026-10-21T07:28:00Z, the time of all tests.
pub(crate) const NOW: i64 = 1_792_567_680;
/// The same as a `Date` header.
pub(crate) const DATE: &str = "Wed, 21 Oct 2026 07:28:00 GMT";

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    /// The method and the target, decoded enough to read.
    pub(crate) fn target(&self) -> String {
        let target = self.line.trim_end_matches(" HTTP/1.1");
        target.replace("%5B", "[").replace("%5D", "]").replace("%2C", ",")
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().skip(1);
        let mut pairs = lines.filter_map(|line| line.split_once(':'));
        let (_, value) = pairs.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value.trim().to_owned())
    }
}

/// What the server does with one request.
pub(crate) enum Play {
    /// Writes these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Closes the connection without an answer.
    HangUp,
    /// Never answers.
    Silence,
}

/// An answer with a status, a JSON content type, Apple's `Date` and a body.
pub(crate) fn answer(status: u16, body: &str) -> Play {
    with_headers(status, "", body)
}

/// The same with further header lines, each ended by CRLF.
pub(crate) fn with_headers(status: u16, headers: &str, body: &str) -> Play {
    let date = if headers.contains("Date:") {
        String::new()
    } else {
        format!("Date: {DATE}\r\n")
    };
    Play::Bytes(
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{date}Connection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

/// An error document with one error.
pub(crate) fn error(status: u16, code: &str, title: &str, detail: &str) -> Play {
    answer(status, &error_body(status, code, title, detail))
}

pub(crate) fn error_body(status: u16, code: &str, title: &str, detail: &str) -> String {
    serde_json::json!({"errors": [{
        "status": status.to_string(), "code": code, "title": title, "detail": detail,
    }]})
    .to_string()
}

/// Apple's one 401 (facts B5).
pub(crate) fn unauthorized() -> Play {
    error(
        401,
        "NOT_AUTHORIZED",
        "Authentication credentials are missing or invalid.",
        "Provide a properly configured and signed bearer token, and make sure that it has not expired.",
    )
}

pub(crate) struct Stage {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Arc<Mutex<VecDeque<Play>>>,
}

impl Stage {
    /// Starts a server that plays `script` in order; a request beyond its end is hung up on.
    pub(crate) async fn new(script: Vec<Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stage = Self {
            url,
            seen: Arc::default(),
            script: Arc::new(Mutex::new(script.into())),
        };
        let (seen, script) = (stage.seen.clone(), stage.script.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), script.clone()));
            }
        });
        stage
    }

    /// What was asked, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("lock").clone()
    }

    /// Methods, targets and bodies of what was written, in order.
    pub(crate) fn written(&self) -> Vec<(String, serde_json::Value)> {
        let read = |seen: Seen| (seen.target(), serde_json::from_str(&seen.body).expect("JSON"));
        self.seen().into_iter().map(read).collect()
    }

    /// Methods and targets, in order.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.seen().iter().map(Seen::target).collect()
    }

    pub(crate) fn add(&self, play: Play) {
        self.script.lock().expect("lock").push_back(play);
    }

    /// A configuration for this server: a standing clock and no waits between repetitions.
    pub(crate) fn config(&self) -> Config {
        let clock: Clock = Arc::new(|| Timestamp::from_second(NOW).expect("an instant"));
        let url: url::Url = self.url.parse().expect("a URL");
        let enterprise = url.join("/enterprise/v1").expect("a URL");
        let mut config = Config::new(url, enterprise, clock);
        config.timeout = Duration::from_millis(500);
        config.read_timeout = Duration::from_millis(500);
        config.retries = RetryPolicy {
            base: Duration::ZERO,
            ..RetryPolicy::default()
        };
        config
    }

    pub(crate) fn session(&self, kind: KeyKind) -> Session {
        session(&Apple::new(self.config()).expect("a client"), kind)
    }

    pub(crate) fn team(&self) -> Session {
        self.session(KeyKind::Team)
    }
}

/// A session with a key that was made for it.
pub(crate) fn session(apple: &Apple, kind: KeyKind) -> Session {
    let rng = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).expect("a key");
    let credentials = Credentials {
        kind,
        key_id: "ABCDE12345",
        issuer_id: (kind != KeyKind::Individual).then_some("69a6de7e-0000-47e3-e053-5b8c7c11a4d1"),
        private_key_pkcs8: key.as_ref(),
    };
    apple.session(kind, Arc::new(HeldKey::new(apple, &credentials)))
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Seen>>>, script: Arc<Mutex<VecDeque<Play>>>) {
    let Some(request) = read(&mut stream).await else { return };
    seen.lock().expect("lock").push(request);
    let play = script.lock().expect("lock").pop_front();
    match play {
        Some(Play::Bytes(bytes)) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Some(Play::Silence) => tokio::time::sleep(Duration::from_secs(60)).await,
        Some(Play::HangUp) | None => {}
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let seen = Seen {
            line: head.lines().next().unwrap_or_default().to_owned(),
            head: head.to_owned(),
            body: body.to_owned(),
        };
        let length = seen.header("content-length").map_or(0, |l| l.parse().unwrap_or(0));
        if body.len() >= length {
            return Some(seen);
        }
    }
}
