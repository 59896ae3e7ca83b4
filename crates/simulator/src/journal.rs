//! What went over the wire: every exchange, for tests that count calls and for the check against Apple's documents.
//!
//! The journal holds bodies as they were sent, but never a token: the `authorization` header is left out. The newest
//! exchanges stay in memory, up to [`CAPACITY`]; with a journal directory each one is also a JSON line in a file of its own
//! simulator, so that a checker can read the traffic of a whole test run afterwards.

use crate::api::Api;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// How much text of exchanges is kept in memory, in bytes: lists of profiles are large, and a simulator may run for days.
const CAPACITY: usize = 64 * 1024 * 1024;

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

impl Exchange {
    /// About how much memory it takes.
    fn size(&self) -> usize {
        1024 + self.query.len() + self.request_body.len() + self.response_body.len()
    }
}

/// The exchanges of one simulator.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    exchanges: VecDeque<Exchange>,
    held: usize,
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
        self.count(&format!("{} {route}", exchange.method));
        if let Some(file) = &mut self.file {
            let line = serde_json::to_string(&exchange).map(|line| line + "\n");
            let written = line.map_err(std::io::Error::other).and_then(|line| file.write_all(line.as_bytes()));
            if let Err(error) = written {
                tracing::warn!(%error, "the journal file cannot be written, it ends here");
                self.file = None;
            }
        }
        self.held += exchange.size();
        self.exchanges.push_back(exchange);
        while self.held > CAPACITY
            && let Some(oldest) = self.exchanges.pop_front()
        {
            self.held -= oldest.size();
        }
    }

    /// Counts a call that is no exchange with Apple's API.
    pub(crate) fn count(&mut self, call: &str) {
        *self.counters.entry(call.to_owned()).or_default() += 1;
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
        self.held = 0;
        self.counters.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_exchanges_make_room_and_are_still_counted() {
        let exchange = |path: String| Exchange {
            time: Timestamp::UNIX_EPOCH,
            api: Api::AppStore,
            method: "GET".into(),
            path,
            query: String::new(),
            route: Some("/v1/profiles/{id}".into()),
            key_id: None,
            user_agent: None,
            request_headers: BTreeMap::new(),
            request_body: String::new(),
            status: Some(200),
            response_headers: BTreeMap::new(),
            response_body: "x".repeat(CAPACITY / 4),
            injected: false,
            lost: false,
        };
        let mut journal = Journal::default();
        for i in 0..5 {
            journal.note(exchange(format!("/v1/profiles/{i}")));
        }
        let paths: Vec<_> = journal.exchanges().into_iter().map(|exchange| exchange.path).collect();
        assert_eq!(paths, ["/v1/profiles/2", "/v1/profiles/3", "/v1/profiles/4"]);
        assert_eq!(journal.counters()["GET /v1/profiles/{id}"], 5);
    }
}
