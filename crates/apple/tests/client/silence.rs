//! Nothing secret is logged, not even at the most talkative level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use apple::{AppFilter, CertificateType};
use tracing_subscriber::fmt::MakeWriter;

use crate::stage::{Play, Stage, answer};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_have_no_token_no_query_and_no_body() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

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

    let log = String::from_utf8(log.0.lock().expect("lock").clone()).expect("text");
    assert!(log.contains("/v1/certificates") && log.contains("201"), "{log}");
    let bearer = stage.seen()[0].header("authorization").expect("a token");
    let token = bearer.trim_start_matches("Bearer ");
    for secret in token.split('.').chain(["canary-", "eyJ"]) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
