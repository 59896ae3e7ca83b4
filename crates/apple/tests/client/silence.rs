//! Nothing secret is logged, not even at the most talkative level.

use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use apple::{AppFilter, CertificateType};
use tracing_subscriber::fmt::MakeWriter;

use crate::stage::{Play, Stage, answer};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes everything that this thread logs until the guard falls.
    ///
    /// The subscriber is everybody's, though: of a subscriber of one thread the places that log learn only sometimes
    /// when other threads come upon them first.
    pub(crate) fn listen(&self) -> Listening {
        static EVERYBODYS: Once = Once::new();
        EVERYBODYS.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(ThreadsLog)
                .finish();
            tracing::subscriber::set_global_default(subscriber).expect("there is no other");
        });
        LISTENING.with_borrow_mut(|log| *log = Some(self.clone()));
        Listening
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("lock").clone()).expect("text")
    }
}

thread_local! {
    static LISTENING: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// As long as it lives, a [`Log`] listens to this thread.
pub(crate) struct Listening;

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.with_borrow_mut(Option::take);
    }
}

/// Writes to the log that listens to the thread, or to one that nobody reads.
struct ThreadsLog;

impl MakeWriter<'_> for ThreadsLog {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        LISTENING.with_borrow(Clone::clone).unwrap_or_default()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_have_no_token_no_query_and_no_body() {
    let log = Log::default();
    let _guard = log.listen();

    let stage = Stage::new(vec![
        answer(
            201,
            r#"{"data":{"type":"certificates","id":"A","attributes":{"name":"canary-body"}}}"#,
        ),
        answer(200, r#"{"data":[]}"#),
        answer(409, r#"{"errors":[{"code":"ENTITY_ERROR","detail":"canary-detail"}]}"#),
        Play::HangUp,
    ])
    .await;
    let session = stage.team();
    let certificates = session.certificates();
    certificates
        .create("canary-csr", &CertificateType::Distribution)
        .await
        .expect("created");
    let filter = AppFilter {
        names: vec!["canary-query".to_owned()],
        ..AppFilter::default()
    };
    session.apps().list(&filter).await.expect("a list");
    for _ in 0..2 {
        certificates
            .create("canary-csr", &CertificateType::Distribution)
            .await
            .expect_err("no certificate");
    }

    let log = log.text();
    assert!(log.contains("/v1/certificates") && log.contains("201"), "{log}");
    let bearer = stage.seen()[0].header("authorization").expect("a token");
    let token = bearer.trim_start_matches("Bearer ");
    for secret in token.split('.').chain(["canary-", "eyJ"]) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
