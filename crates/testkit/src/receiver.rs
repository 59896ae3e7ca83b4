//! A program that takes webhooks and keeps what it is given, for tests: enough of HTTP/1.1 for one request per connection.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// How long something may be on its way to it.
const PATIENCE: Duration = Duration::from_secs(20);

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
    came: Arc<Notify>,
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
        let came = Arc::new(Notify::new());
        let tell = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = take(stream, &shared).await;
                tell.notify_one();
            }
        });
        Self { port, state, came }
    }

    /// Its address, in plain http.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/hook?of=russet", self.origin())
    }

    /// The same without a path.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The first so many that it is given, once it was given them.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn first(&self, number: usize) -> Vec<Posted> {
        let all_came = async {
            loop {
                let came = self.came.notified();
                let posted = self.posted();
                if posted.len() >= number {
                    return posted;
                }
                came.await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, all_came).await;
        came.unwrap_or_else(|_| panic!("{} of {number} came", self.posted().len()))
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
