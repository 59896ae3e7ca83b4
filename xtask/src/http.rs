//! As much of HTTP/1.1 as judging and measuring need: one connection, kept open, that counts the bytes it receives.
//!
//! Not a client for anything else: it trusts the server it has started itself, and speaks no TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// A connection that is kept open between requests.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    /// Header lines sent with every request.
    pub(crate) headers: Vec<String>,
}

/// An answer, and what it weighed.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Head and body as transferred, compressed or not.
    pub(crate) wire_bytes: usize,
}

impl Connection {
    /// Connects to the origin of a URL such as `http://localhost:7400`.
    pub(crate) fn open(url: &str) -> anyhow::Result<Self> {
        let host = url
            .strip_prefix("http://")
            .context("only plain HTTP is measured")?
            .trim_end_matches('/')
            .to_owned();
        let stream = TcpStream::connect(&host).with_context(|| format!("nothing answers at {host}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self {
            stream: BufReader::new(stream),
            host,
            headers: Vec::new(),
        })
    }

    /// Fetches a path.
    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send("GET", path, "", b"")
    }

    /// Posts JSON and reads JSON; an answer of refusal is an error.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.send("POST", path, "application/json", body.to_string().as_bytes())?;
        answer.json().with_context(|| format!("POST {path}"))
    }

    /// Changes with JSON and reads JSON; an answer of refusal is an error.
    pub(crate) fn patch(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.send("PATCH", path, "application/json", body.to_string().as_bytes())?;
        answer.json().with_context(|| format!("PATCH {path}"))
    }

    /// Posts a form.
    pub(crate) fn post_form(&mut self, path: &str, fields: &[(String, String)]) -> anyhow::Result<Answer> {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        self.send("POST", path, "application/x-www-form-urlencoded", body.join("&").as_bytes())
    }

    fn send(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for line in &self.headers {
            head += &format!("{line}\r\n");
        }
        if !content_type.is_empty() {
            head += &format!("content-type: {content_type}\r\ncontent-length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        self.receive()
    }

    fn receive(&mut self) -> anyhow::Result<Answer> {
        let mut wire_bytes = 0;
        let first = self.line(&mut wire_bytes)?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .with_context(|| format!("no status in `{first}`"))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line(&mut wire_bytes)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').with_context(|| format!("no header: `{line}`"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
            wire_bytes,
        };
        if answer.header("transfer-encoding") == Some("chunked") {
            self.chunks(&mut answer)?;
        } else {
            let length = answer.header("content-length").unwrap_or("0").parse()?;
            answer.body = self.exactly(length)?;
            answer.wire_bytes += length;
        }
        Ok(answer)
    }

    fn chunks(&mut self, answer: &mut Answer) -> anyhow::Result<()> {
        loop {
            let size = self.line(&mut answer.wire_bytes)?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16)?;
            answer.body.extend(self.exactly(size)?);
            answer.wire_bytes += size;
            self.line(&mut answer.wire_bytes)?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn line(&mut self, wire_bytes: &mut usize) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the server closed the connection");
        }
        *wire_bytes += line.len();
        Ok(line.trim_end().to_owned())
    }

    fn exactly(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Answer {
    /// The first header of this lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every cookie it sets, as one `cookie` header line.
    pub(crate) fn cookies(&self) -> String {
        let set = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        let pairs: Vec<&str> = set.filter_map(|(_, value)| value.split(';').next()).collect();
        pairs.join("; ")
    }

    /// The body as JSON, of an answer that is no refusal; nothing where there is none.
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        if self.status >= 400 {
            bail!("{}: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                (byte as char).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
