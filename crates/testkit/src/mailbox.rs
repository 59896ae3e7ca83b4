//! A mail server that keeps what it is given, for tests: enough of SMTP for one client at a time, and no more.
//!
//! It can be told to refuse, for now or for ever. Lines come and go as RFC 5321 has them; what a message means is left to
//! whoever reads it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its sender, as the envelope has it.
    pub from: String,
    /// Its recipients, as the envelope has them.
    pub to: Vec<String>,
    /// Header fields and text, with plain line breaks.
    pub text: String,
}

impl Mail {
    /// The link in it.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn link(&self) -> String {
        // Long lines are broken by a "=" at their end.
        let whole = self.text.replace("=\n", "");
        let link = whole
            .split_whitespace()
            .find(|word| word.starts_with("http") && (word.contains("/invitations/") || word.contains("/device/")));
        link.expect("a link").to_owned()
    }
}

/// The server.
pub struct Mailbox {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    refusal: Option<String>,
}

impl Mailbox {
    /// Listens on a free port, for as long as the runtime lives.
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
                let _ = converse(stream, &shared).await;
            }
        });
        Self { port, state }
    }

    /// Its address, as `--smtp-url` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// What it was given so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.state).mails.clone()
    }

    /// Refuses recipients with this line from now on, such as `550 no such mailbox`; none: takes them again.
    pub fn refuse(&self, line: Option<&str>) {
        lock(&self.state).refusal = line.map(str::to_owned);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands between `<` and `>`.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

async fn converse(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let (mut from, mut to) = (String::new(), Vec::new());
    writer.write_all(b"220 mailbox.test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let word: String = line.chars().take(4).collect::<String>().to_ascii_uppercase();
        let refusal = lock(state).refusal.clone();
        let answer = match (word.as_str(), refusal) {
            ("EHLO", _) => "250-mailbox.test\r\n250 8BITMIME".to_owned(),
            ("MAIL", _) => {
                from = address(&line);
                "250 yes".to_owned()
            }
            ("RCPT", Some(refusal)) => refusal,
            ("RCPT", None) => {
                to.push(address(&line));
                "250 yes".to_owned()
            }
            ("DATA", _) => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                let mail = Mail {
                    from: std::mem::take(&mut from),
                    to: std::mem::take(&mut to),
                    text,
                };
                lock(state).mails.push(mail);
                "250 taken".to_owned()
            }
            ("QUIT", _) => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 yes".to_owned(),
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
