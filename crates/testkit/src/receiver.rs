//! A program that takes webhooks and keeps what it is given, for tests: enough of HTTP/1.1 for one request per connection.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A request that was taken.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The first line.
    pub line: String,
    /// The header fields, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Posted {
    /// A header field.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}"))
    }
}

#[derive(Default)]
struct State {
    posted: Vec<Posted>,
    answers: VecDeque<u16>,
}

/// The program.
pub struct Receiver {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Listens on a free port of this machine, for as long as the runtime lives. It answers 200.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = take(stream, &shared).await;
            }
        });
        Self { port, state }
    }

    /// Its address, in plain http.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?of=russet", self.port)
    }

    /// Gives these answers next, in their order, and 200 after them.
    pub fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        lock(&self.state).answers.extend(statuses);
    }

    /// What it was given so far.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        lock(&self.state).posted.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn take(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(&mut stream);
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    let mut headers = BTreeMap::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).await?;
        let Some((name, value)) = field.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).await?;
    let status = {
        let mut state = lock(state);
        state.posted.push(Posted {
            line: line.trim_end().to_owned(),
            headers,
            body,
        });
        state.answers.pop_front().unwrap_or(200)
    };
    let answer = format!("HTTP/1.1 {status} told\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await
}
