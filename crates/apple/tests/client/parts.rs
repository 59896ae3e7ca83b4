//! The sender of parts, against a socket: what goes over the line, and what is made of the answers.

use std::io;
use std::time::Duration;

use apple::{Apple, Config, PartError, PartReceipt, PartSender, UploadOperation};
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};
use serde_json::json;

use crate::silence::Log;
use crate::stage::{Play, Seen, Stage, answer, with_headers};

const QUERY: &str = "partNumber=1&X-Amz-Signature=canary-signature";

fn operation(url: &str, length: usize) -> UploadOperation {
    operation_with(url, length, &json!([{"name": "Content-Type", "value": "application/octet-stream"}]))
}

fn operation_with(url: &str, length: usize, headers: &serde_json::Value) -> UploadOperation {
    let operation = json!({"method": "PUT", "url": url, "length": length, "offset": 0, "requestHeaders": headers});
    serde_json::from_value(operation).expect("an operation")
}

fn bytes(text: &str) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    stream::iter([Ok(Bytes::from(text.to_owned()))])
}

fn sender_of(config: Config) -> PartSender {
    Apple::new(config).expect("a client").part_sender()
}

impl Stage {
    fn sender(&self) -> PartSender {
        let mut config = self.config();
        config.part_idle_timeout = Duration::from_secs(5);
        sender_of(config)
    }

    fn part(&self) -> String {
        format!("{}/bucket/part?{QUERY}", self.url)
    }

    async fn send(&self, text: &str) -> Result<PartReceipt, PartError> {
        self.sender().send(&operation(&self.part(), text.len()), bytes(text)).await
    }
}

fn header_names(seen: &Seen) -> Vec<String> {
    let lines = seen.head.lines().skip(1);
    let mut names: Vec<String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_part_is_sent_as_its_operation_says_and_as_nothing_else() {
    let stage = Stage::new(vec![with_headers(200, "ETag: \"0a\"\r\n", "")]).await;
    let headers = json!([{"name": "Content-Type", "value": "application/octet-stream"}, {"name": "x-amz-meta-a", "value": "b c"},
        {"name": "Content-Length", "value": "11"}]);
    let pieces = stream::iter(["hello", " ", "", "world"].map(|piece| Ok(Bytes::from_static(piece.as_bytes()))));
    let receipt = stage
        .sender()
        .send(&operation_with(&stage.part(), 11, &headers), pieces)
        .await
        .expect("it arrives");
    assert_eq!(receipt.entity_tag.as_deref(), Some("\"0a\""));
    let [seen] = &stage.seen()[..] else { panic!("one request") };
    assert_eq!(seen.line, format!("PUT /bucket/part?{QUERY} HTTP/1.1"));
    assert_eq!(seen.body, "hello world");
    assert_eq!(
        header_names(seen),
        ["accept", "content-length", "content-type", "host", "x-amz-meta-a"],
        "no token, no chunks, no user agent"
    );
    assert_eq!(seen.header("content-length").as_deref(), Some("11"));
    assert_eq!(seen.header("content-type").as_deref(), Some("application/octet-stream"));
    assert_eq!(seen.header("x-amz-meta-a").as_deref(), Some("b c"));
}

#[tokio::test]
async fn parts_travel_side_by_side() {
    let file: String = ('a'..='z').cycle().take(300_000).collect();
    let stage = Stage::new((0..4).map(|_| answer(200, "")).collect()).await;
    let sender = stage.sender();
    let parts = file.as_bytes().chunks(100_000).map(|part| {
        let part = String::from_utf8(part.to_vec()).expect("text");
        let operation = operation(&stage.part(), part.len());
        let sender = sender.clone();
        async move { sender.send(&operation, bytes(&part)).await }
    });
    for receipt in futures::future::join_all(parts).await {
        receipt.expect("it arrives");
    }
    let seen = stage.seen();
    let length: usize = seen.iter().map(|seen| seen.body.len()).sum();
    assert_eq!((seen.len(), length), (3, file.len()));
}

#[tokio::test]
async fn what_can_be_repeated_is_told_from_what_cannot() {
    let s3 = |status, code: &str| {
        answer(
            status,
            &format!("<Error><Code>{code}</Code><StringToSign>canary-body</StringToSign></Error>"),
        )
    };
    for (play, repeat, words) in [
        (Play::HangUp, true, ""),
        (Play::Bytes(b"HTTP/1.1 2".to_vec()), true, ""),
        (s3(500, "InternalError"), true, "status 500, InternalError"),
        (s3(503, "SlowDown"), true, "SlowDown"),
        (answer(429, ""), true, "status 429"),
        (answer(408, ""), true, "status 408"),
        (s3(400, "RequestTimeout"), true, "waited too long"),
        (s3(403, "AccessDenied"), false, "status 403, AccessDenied"),
        (s3(400, "BadDigest"), false, "BadDigest"),
        (s3(404, "No <b>Such"), false, "(status 404)"),
        (answer(304, ""), false, "status 304"),
    ] {
        let stage = Stage::new(vec![play, answer(200, "")]).await;
        let error = stage.send("hello").await.expect_err(words);
        assert_eq!(error.can_be_repeated(), repeat, "{error}");
        let printed = format!("{error} {error:?}");
        assert!(printed.contains(words), "{printed}");
        assert!(!printed.contains("canary"), "{printed}");
        assert_eq!(stage.seen().len(), 1, "one call is one attempt: {printed}");
    }
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_told() {
    let stage = Stage::new(vec![with_headers(503, "Retry-After: 7\r\n", "")]).await;
    let error = stage.send("hello").await.expect_err("later");
    assert!(
        matches!(error, PartError::Again { status: Some(503), retry_after: Some(wait), .. } if wait == Duration::from_secs(7)),
        "{error:?}"
    );
}

#[tokio::test]
async fn nothing_listening_can_be_repeated() {
    let stage = Stage::new(vec![]).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/part?{QUERY}", free.local_addr().expect("an address"));
    drop(free);
    let error = stage
        .sender()
        .send(&operation(&url, 5), bytes("hello"))
        .await
        .expect_err("no server");
    assert!(error.can_be_repeated() && error.to_string().contains("refused"), "{error}");
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let thief = Stage::new(vec![answer(200, "")]).await;
    for status in [301, 302, 307, 308] {
        let location = format!("Location: {}/\r\n", thief.url);
        let stage = Stage::new(vec![with_headers(status, &location, "")]).await;
        let error = stage.send("hello").await.expect_err("a redirect");
        assert!(
            matches!(error, PartError::Refused { status: told, .. } if told == status),
            "{error:?}"
        );
    }
    assert!(thief.seen().is_empty());
}

#[tokio::test]
async fn a_source_that_is_too_short_too_long_or_broken_is_told() {
    let stage = Stage::new(vec![]).await;
    let broken = || Err(io::Error::other("the disk is gone"));
    let hello = || Ok(Bytes::from_static(b"hello"));
    for (pieces, words) in [
        (vec![hello()], "they end after 5 of 10"),
        (vec![hello(), hello(), hello()], ""),
        (vec![Ok(Bytes::from_static(b"hello hello hello"))], "there are more than 10"),
        (vec![hello(), broken()], "the disk is gone"),
    ] {
        let result = stage.sender().send(&operation(&stage.part(), 10), stream::iter(pieces)).await;
        let error = result.expect_err(words);
        assert!(!words.is_empty() == matches!(error, PartError::Source { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
    // What came after the tenth byte never left.
    let seen: Vec<String> = stage.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(seen, ["hellohello"]);
}

#[tokio::test(start_paused = true)]
async fn a_standstill_ends_the_attempt() {
    // Nobody answers.
    let stage = Stage::new(vec![Play::Silence]).await;
    let start = tokio::time::Instant::now();
    let error = stage.send("hello").await.expect_err("silence");
    assert!(
        error.can_be_repeated() && error.to_string().contains("nothing moved for 5 seconds"),
        "{error}"
    );
    assert_eq!(start.elapsed().as_secs(), 5);
    // The source gives nothing more.
    let stage = Stage::new(vec![]).await;
    let stuck = bytes("hello").chain(stream::pending());
    let error = stage.sender().send(&operation(&stage.part(), 10), stuck).await.expect_err("stuck");
    assert!(error.to_string().contains("nothing moved for 5 seconds"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_part_that_moves_has_all_the_time_it_needs() {
    let stage = Stage::new(vec![answer(200, "")]).await;
    let slow = stream::iter(0..100).then(|_| async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        Ok(Bytes::from_static(b"x"))
    });
    let start = tokio::time::Instant::now();
    let sent = stage.sender().send(&operation(&stage.part(), 100), slow).await;
    sent.expect("it arrives");
    assert!(start.elapsed() >= Duration::from_secs(400));
    assert_eq!(stage.seen()[0].body.len(), 100);
}

#[tokio::test]
async fn plain_http_is_for_the_simulator_only() {
    let stage = Stage::new(vec![answer(200, "")]).await;
    let mut real = stage.config();
    real.app_store_url = "https://127.0.0.1:9".parse().expect("a URL");
    let refused = sender_of(real).send(&operation(&stage.part(), 5), bytes("hello")).await;
    let error = refused.expect_err("plain http");
    assert!(error.to_string().contains("is http and not https"), "{error}");
    for url in [
        "http://storage.example/part?canary",
        "ftp://127.0.0.1/part?canary",
        "https://user:canary@127.0.0.1/part",
        "data:canary",
        "canary",
        "",
    ] {
        let error = stage.sender().send(&operation(url, 5), bytes("hello")).await.expect_err(url);
        assert!(matches!(error, PartError::Unusable { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    assert!(stage.seen().is_empty());
}

#[tokio::test]
async fn an_operation_that_contradicts_itself_is_not_sent() {
    let stage = Stage::new(vec![]).await;
    for headers in [
        json!([{"name": "Content-Length", "value": "6"}]),
        json!([{"name": "Transfer-Encoding", "value": "chunked"}]),
        json!([{"name": "Host", "value": "elsewhere.example"}]),
        json!([{"name": "a b", "value": "canary"}]),
        json!([{"name": "a", "value": "canary\r\nb: c"}]),
        json!([{"value": "canary"}]),
    ] {
        let operation = operation_with(&stage.part(), 5, &headers);
        let error = stage.sender().send(&operation, bytes("hello")).await.expect_err("unusable");
        assert!(matches!(error, PartError::Unusable { .. }), "{error:?}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let empty = UploadOperation::default();
    let error = stage.sender().send(&empty, bytes("")).await.expect_err("unusable");
    assert!(error.to_string().contains("no address"), "{error}");
    assert!(stage.seen().is_empty());
}

#[tokio::test]
async fn logs_have_no_address() {
    let log = Log::default();
    let guard = log.listen();
    let stage = Stage::new(vec![answer(200, ""), answer(403, ""), Play::HangUp]).await;
    stage.send("canary-body").await.expect("it arrives");
    stage.send("canary-body").await.expect_err("refused");
    stage.send("canary-body").await.expect_err("lost");
    drop(guard);
    let log = log.text();
    assert!(log.contains("part") && log.contains("127.0.0.1") && log.contains("403"), "{log}");
    for secret in ["canary", "Signature", "/bucket"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
