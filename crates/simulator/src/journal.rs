//! What went over the wire: every exchange, for tests that count calls and for the check against Apple's documents.
//!
//! The journal holds bodies as they were sent, but never a token: the `authorization` header is left out. The newest
//! [`CAPACITY`] exchanges stay in memory; with a journal directory each one is also a JSON line in a file of its own
//! simulator, so that a checker can read the traffic of a whole test run afterwards.

use crate::api::Api;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// How many exchanges are kept in memory.
const CAPACITY: usize = 20_000;

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// When the request was read, on the simulator's clock.
    pub time: Timestamp,
    /// Which API was asked.
    pub api: Api,
    /// The HTTP method.
    pub method: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// The path template of Apple's document, where the path fits one (`/v1/apps/{id}`).
    pub route: Option<String>,
    /// The Key ID whose token was accepted.
    pub key_id: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// The request headers in lower case, without `authorization`.
    pub request_headers: BTreeMap<String, String>,
    /// The request body as text; empty where there was none.
    pub request_body: String,
    /// The status of the answer; none where the connection was reset before one was made.
    pub status: Option<u16>,
    /// The response headers in lower case.
    pub response_headers: BTreeMap<String, String>,
    /// The response body as text.
    pub response_body: String,
    /// The answer was ordered by a fault, or says that the simulator does not play the operation: nothing of Apple.
    pub injected: bool,
    /// The answer was made (and what it says was done) but never reached the client.
    pub lost: bool,
}

/// The exchanges of one simulator.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    exchanges: VecDeque<Exchange>,
    counters: BTreeMap<String, u64>,
    file: Option<File>,
}

impl Journal {
    /// A journal that also writes to a new file in `directory`, where one is given.
    pub(crate) fn open(directory: Option<&Path>, instance: &str) -> std::io::Result<Self> {
        let file = match directory {
            None => None,
            Some(directory) => {
                std::fs::create_dir_all(directory)?;
                let name = format!("exchanges-{}-{instance}.jsonl", std::process::id());
                Some(File::options().append(true).create(true).open(directory.join(name))?)
            }
        };
        Ok(Self { file, ..Self::default() })
    }

    /// Notes one exchange. A file that cannot be written is logged and given up, never the exchange.
    pub(crate) fn note(&mut self, exchange: Exchange) {
        let route = exchange.route.as_deref().unwrap_or(&exchange.path);
        let counter = format!("{} {route}", exchange.method);
        *self.counters.entry(counter).or_default() += 1;
        if let Some(file) = &mut self.file {
            let line = serde_json::to_string(&exchange).map(|line| line + "\n");
            let written = line.map_err(std::io::Error::other).and_then(|line| file.write_all(line.as_bytes()));
            if let Err(error) = written {
                tracing::warn!(%error, "the journal file cannot be written, it ends here");
                self.file = None;
            }
        }
        if self.exchanges.len() == CAPACITY {
            self.exchanges.pop_front();
        }
        self.exchanges.push_back(exchange);
    }

    /// The exchanges, oldest first.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.iter().cloned().collect()
    }

    /// Calls per `METHOD route`.
    pub(crate) fn counters(&self) -> BTreeMap<String, u64> {
        self.counters.clone()
    }

    /// Forgets exchanges and counters; the file keeps its lines.
    pub(crate) fn clear(&mut self) {
        self.exchanges.clear();
        self.counters.clear();
    }
}
