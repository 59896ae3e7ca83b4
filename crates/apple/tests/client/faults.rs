//! What the client makes of an Apple that fails, lies or is not Apple at all.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::stage::{Play, Stage, answer, error, error_body, unauthorized, with_headers};
use apple::{
    AppFilter, Apple, CertificateFilter, CertificateType, Error, Exchange, ForbiddenReason, KeyKind, NewDevice, Observer, Platform,
    RetryPolicy,
};

const NO_APPS: &str = r#"{"data":[],"links":{"self":"x"},"meta":{"paging":{"total":0,"limit":200}}}"#;
const CERTIFICATE: &str = r#"{"data":{"type":"certificates","id":"ABC1234567","attributes":{"name":"Apple Distribution"}}}"#;
const FAULT: &str = r#"{"errors":[{"status":"500","code":"UNEXPECTED_ERROR","title":"An unexpected error occurred."}]}"#;

async fn list_apps(script: Vec<Play>) -> (Result<usize, Error>, Stage) {
    let stage = Stage::new(script).await;
    let result = stage.team().apps().list(&AppFilter::default()).await;
    (result.map(|apps| apps.len()), stage)
}

async fn create(script: Vec<Play>) -> (Result<String, Error>, Stage) {
    let stage = Stage::new(script).await;
    let session = stage.team();
    let result = session.certificates().create("CSR", &CertificateType::Distribution).await;
    (result.map(|certificate| certificate.id), stage)
}

#[tokio::test]
async fn a_read_survives_hang_ups_and_faults() {
    let (result, stage) = list_apps(vec![
        Play::HangUp,
        answer(500, FAULT),
        answer(502, "Could not process this request"),
        answer(200, NO_APPS),
    ])
    .await;
    assert_eq!(result.expect("a list"), 0);
    assert_eq!(stage.seen().len(), 4);
}

#[tokio::test]
async fn a_read_gives_up_after_four_attempts() {
    let faults = (0..9).map(|_| answer(500, FAULT)).collect();
    let (result, stage) = list_apps(faults).await;
    let error = result.expect_err("a fault");
    assert!(matches!(error, Error::ServerFault { status: 500, .. }), "{error}");
    assert_eq!(error.apple_code(), Some("UNEXPECTED_ERROR"));
    assert!(!error.outcome_is_unknown());
    assert_eq!(stage.seen().len(), 4);
}

#[tokio::test]
async fn a_write_is_never_repeated_when_its_outcome_is_unknown() {
    let truncated = b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{\"data\":{".to_vec();
    let no_head = b"HTTP/1.1 2".to_vec();
    for play in [
        Play::HangUp,
        Play::Silence,
        Play::Bytes(truncated),
        Play::Bytes(no_head),
        answer(500, FAULT),
        answer(504, "<html>Gateway Timeout</html>"),
        answer(408, ""),
        answer(201, "<html>Welcome to the hotel</html>"),
        answer(201, r#"{"data":{"id":"no type"}}"#),
        answer(200, ""),
    ] {
        let (result, stage) = create(vec![play, answer(201, CERTIFICATE)]).await;
        let error = result.expect_err("a lost answer");
        assert!(error.outcome_is_unknown(), "{error}");
        assert!(error.human().contains("may or may not have been done"));
        assert_eq!(stage.seen().len(), 1, "{error}");
    }
}

#[tokio::test]
async fn a_write_that_was_surely_not_done_is_repeated() {
    let agreements = error(
        403,
        "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
        "A required agreement is missing or has expired.",
        "",
    );
    for play in [unauthorized(), answer(429, ""), agreements] {
        let (result, stage) = create(vec![play, answer(201, CERTIFICATE)]).await;
        assert_eq!(result.expect("a certificate"), "ABC1234567");
        assert_eq!(stage.seen().len(), 2);
        let [first, second] = &stage.seen()[..] else { unreachable!() };
        assert_eq!(first.body, second.body);
    }
}

#[tokio::test]
async fn a_refused_write_has_a_known_outcome() {
    let limit = "You already have a current Distribution certificate or a pending certificate request.";
    let (result, stage) = create(vec![error(
        409,
        "ENTITY_ERROR",
        "There is a problem with the request entity",
        limit,
    )])
    .await;
    let refusal = result.expect_err("the limit");
    assert!(!refusal.outcome_is_unknown());
    assert_eq!(refusal.certificate_limit().expect("the limit").kind, "Distribution");
    assert_eq!(stage.seen().len(), 1);

    // Also when the rest of the refusal got lost.
    let cut = b"HTTP/1.1 409 Conflict\r\nContent-Length: 900\r\n\r\n{\"err".to_vec();
    let (result, _) = create(vec![Play::Bytes(cut)]).await;
    let refusal = result.expect_err("a refusal");
    assert_eq!(refusal.status(), Some(409));
    assert!(!refusal.outcome_is_unknown());
}

#[tokio::test]
async fn nothing_listening_means_not_sent() {
    let stage = Stage::new(vec![]).await;
    let mut config = stage.config();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    config.app_store_url = format!("http://127.0.0.1:{port}").parse().expect("a URL");
    let session = crate::stage::session(&Apple::new(config).expect("a client"), KeyKind::Team);
    let device = NewDevice {
        name: "n".into(),
        udid: "u".into(),
        platform: Platform::Ios,
    };
    let error = session.devices().create(&device).await.expect_err("no server");
    assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
    assert!(!error.outcome_is_unknown());
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(session.requests_sent(), 4, "not sent is safe to repeat");
}

#[tokio::test]
async fn a_failed_handshake_means_not_sent() {
    // One server says something that is not TLS, the other says nothing at all.
    for words in [Some("HTTP/1.1 400 Bad Request\r\n\r\n"), None] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt as _;
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                if let Some(words) = words {
                    stream.write_all(words.as_bytes()).await.expect("written");
                }
                open.push(stream);
            }
        });
        let mut config = Stage::new(vec![]).await.config();
        config.app_store_url = format!("https://{address}").parse().expect("a URL");
        config.connect_timeout = Duration::from_millis(100);
        config.retries = RetryPolicy::never();
        let apple = match Apple::new(config) {
            Ok(apple) => apple,
            // A machine without any trust roots cannot have such a client.
            Err(error) => {
                assert!(error.to_string().contains("ca-certificates"), "{error}");
                return;
            }
        };
        let session = crate::stage::session(&apple, KeyKind::Team);
        let certificates = session.certificates();
        let result = certificates.create("CSR", &CertificateType::Distribution).await;
        let error = result.expect_err("no TLS");
        assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_401_is_asked_again_with_fresh_tokens_and_then_believed() {
    let (result, stage) = list_apps(vec![unauthorized(), unauthorized(), answer(200, NO_APPS)]).await;
    assert!(result.is_ok());
    let tokens: Vec<_> = stage.seen().iter().map(|seen| seen.header("authorization")).collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2]);

    let (result, stage) = list_apps((0..9).map(|_| unauthorized()).collect()).await;
    let error = result.expect_err("a refusal");
    assert!(matches!(error, Error::Unauthorized { skew: Some(0), .. }), "{error:?}");
    assert_eq!(error.apple_code(), Some("NOT_AUTHORIZED"));
    assert_eq!(stage.seen().len(), 3);
}

#[tokio::test]
async fn one_token_serves_several_calls() {
    let stage = Stage::new(vec![answer(200, NO_APPS), answer(200, NO_APPS)]).await;
    let session = stage.team();
    for _ in 0..2 {
        session.apps().list(&AppFilter::default()).await.expect("a list");
    }
    let seen = stage.seen();
    assert!(seen[0].header("authorization").expect("a token").starts_with("Bearer eyJ"));
    assert_eq!(seen[0].header("authorization"), seen[1].header("authorization"));
}

#[tokio::test]
async fn a_wrong_clock_is_measured_also_on_errors() {
    let body = error_body(401, "NOT_AUTHORIZED", "", "");
    for (date, expected) in [("Wed, 21 Oct 2026 07:18:00 GMT", 600), ("Wed, 21 Oct 2026 07:29:30 GMT", -90)] {
        let stage = Stage::new(vec![with_headers(401, &format!("Date: {date}\r\n"), &body)]).await;
        let session = stage.team().with_retries(RetryPolicy::never());
        let error = session.apps().get("1").await.expect_err("a refusal");
        assert!(matches!(error, Error::Unauthorized { skew: Some(skew), .. } if skew == expected));
        assert_eq!(session.skew_seconds(), Some(expected));
        assert!(error.human().contains("clock"), "{}", error.human());
    }
}

#[tokio::test]
async fn foreign_pages_are_recognized_and_their_words_kept() {
    for status in [200, 302, 403, 404] {
        let page = "<html><title>Sign in</title><script>x</script>to the <b>hotel</b></html>";
        let (result, _) = list_apps(vec![answer(status, page)]).await;
        let error = result.expect_err("a page");
        assert!(
            matches!(&error, Error::NotJson { status: s, snippet } if *s == status && snippet.contains("to the hotel")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn json_of_another_shape_is_an_error_without_its_values() {
    for body in [
        r#"{"data":{"type":"apps","id":"secret"}}"#,
        r#"{"data":[{"id":"secret"}]}"#,
        r#"{"data":[{"type":"apps","#,
    ] {
        let (result, _) = list_apps(vec![answer(200, body)]).await;
        let error = result.expect_err("a shape");
        assert!(matches!(error, Error::Decode { status: 200, .. }), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"));
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let stage = Stage::new(vec![answer(200, &format!("{}{}", NO_APPS, " ".repeat(2000)))]).await;
    let mut config = stage.config();
    config.max_body = 1000;
    let session = crate::stage::session(&Apple::new(config).expect("a client"), KeyKind::Team).with_retries(RetryPolicy::never());
    let error = session.apps().list(&AppFilter::default()).await.expect_err("too long");
    assert!(error.to_string().contains("1000 bytes"), "{error}");
}

#[tokio::test]
async fn slow_means_lost_not_forever() {
    let stage = Stage::new(vec![Play::Silence]).await;
    let session = stage.team().with_retries(RetryPolicy::never());
    let error = session.apps().get("1").await.expect_err("silence");
    assert!(error.to_string().contains("no answer in time"), "{error}");
}

#[tokio::test]
async fn the_rate_limit_is_waited_for_or_returned_with_the_budget() {
    let limited = |after: &str| {
        with_headers(
            429,
            &format!("Retry-After: {after}\r\nX-Rate-Limit: user-hour-lim:3600;user-hour-rem:0;\r\n"),
            &error_body(429, "RATE_LIMIT_EXCEEDED", "", ""),
        )
    };
    let (result, stage) = list_apps(vec![limited("0"), answer(200, NO_APPS)]).await;
    assert!(result.is_ok());
    assert_eq!(stage.seen().len(), 2);

    let (result, stage) = list_apps(vec![limited("600"), answer(200, NO_APPS)]).await;
    let Err(Error::RateLimited { retry_after, budget }) = result else {
        panic!("{result:?}")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(600)));
    assert_eq!(budget.hour.remaining, Some(0));
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn the_budget_is_learnt_from_every_answer() {
    let stage = Stage::new(vec![
        with_headers(
            200,
            "X-Rate-Limit: user-hour-lim:3600;user-hour-rem:3599;\r\nX-Rate-Limit: user-minute-lim:150;user-minute-rem:149;\r\n",
            NO_APPS,
        ),
        answer(404, &error_body(404, "NOT_FOUND", "", "")),
    ])
    .await;
    let session = stage.team();
    session.apps().list(&AppFilter::default()).await.expect("a list");
    session.apps().get("1").await.expect_err("unknown");
    let budget = session.clone().budget();
    assert_eq!((budget.hour.limit, budget.hour.remaining), (Some(3600), Some(3599)));
    assert_eq!(budget.minute.remaining, Some(149));
}

#[tokio::test]
async fn the_reasons_of_a_403_reach_the_caller() {
    let low = error(
        403,
        "FORBIDDEN_ERROR",
        "This request is forbidden for security reasons",
        "The API key in use does not allow this request",
    );
    let (result, stage) = list_apps(vec![low]).await;
    assert!(matches!(
        result,
        Err(Error::Forbidden {
            reason: ForbiddenReason::RoleTooLow,
            ..
        })
    ));
    assert_eq!(stage.seen().len(), 1);

    let body = r#"{"errors":[{"id":"XHI3JTPAXPXMTCWTY6RJMMMZUI","status":"403","code":"FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED","links":{"see":"/business"}}]}"#;
    let (result, stage) = list_apps(vec![answer(403, body), answer(403, body), answer(200, NO_APPS)]).await;
    let error = result.expect_err("an agreement");
    assert!(error.human().contains("/business"), "{}", error.human());
    assert_eq!(stage.seen().len(), 2, "asked once more, then believed");
}

#[tokio::test]
async fn an_echoed_token_does_not_get_into_the_error() {
    // An intermediary that quotes the request: the stage answers with what it was sent.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let count = stream.read(&mut request).await.expect("a request");
            let text = String::from_utf8_lossy(&request[..count]).into_owned();
            let token = text.split("Bearer ").nth(1).and_then(|t| t.split("\r\n").next()).expect("a token");
            let body = error_body(400, "ECHO", "t", &format!("you sent Bearer {token}!"));
            let head = format!("HTTP/1.1 400 X\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).await.expect("written");
        }
    });
    let stage = Stage::new(vec![]).await;
    let mut config = stage.config();
    config.app_store_url = url.parse().expect("a URL");
    let session = crate::stage::session(&Apple::new(config).expect("a client"), KeyKind::Team);
    let error = session.apps().get("1").await.expect_err("a refusal");
    let shown = format!("{error} {error:?} {}", error.human());
    assert!(shown.contains("you sent Bearer [token]!"), "{shown}");
    assert!(!shown.contains("eyJ"));
}

#[tokio::test]
async fn ids_that_would_change_the_path_are_not_sent() {
    let stage = Stage::new(vec![]).await;
    let session = stage.team();
    for id in ["", ".", "..", "a/b", "a?b", "é", "a%2e", "x y"] {
        let error = session.certificates().revoke(id).await.expect_err(id);
        assert!(matches!(error, Error::ImpossibleId { .. }));
    }
    assert_eq!(session.requests_sent(), 0);
    assert!(stage.seen().is_empty());
}

#[tokio::test]
async fn a_deletion_is_believed_only_without_content() {
    let stage = Stage::new(vec![
        Play::Bytes(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec()),
        answer(200, "<html>hotel</html>"),
    ])
    .await;
    let session = stage.team();
    session.certificates().revoke("A").await.expect("revoked");
    let error = session.certificates().revoke("A").await.expect_err("a page");
    assert!(error.outcome_is_unknown());
    assert_eq!(stage.targets(), ["DELETE /v1/certificates/A", "DELETE /v1/certificates/A"]);
}

#[tokio::test]
async fn every_request_is_told_to_the_observer() {
    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);
    impl Observer for Notes {
        fn exchanged(&self, exchange: &Exchange) {
            let Exchange { method, path, status } = exchange;
            self.0.lock().expect("lock").push(format!("{method} {path} {status:?}"));
        }
    }
    let stage = Stage::new(vec![Play::HangUp, unauthorized(), answer(200, NO_APPS)]).await;
    let notes = Arc::new(Notes::default());
    let session = stage.team().with_observer(notes.clone());
    session.certificates().list(&CertificateFilter::default()).await.expect("a list");
    assert_eq!(
        *notes.0.lock().expect("lock"),
        [
            "GET /v1/certificates None",
            "GET /v1/certificates Some(401)",
            "GET /v1/certificates Some(200)"
        ]
    );
    assert_eq!(session.requests_sent(), 3);
}

#[tokio::test]
async fn a_token_source_that_fails_keeps_the_request_at_home() {
    struct Sealed;
    #[async_trait::async_trait]
    impl apple::TokenSource for Sealed {
        async fn token(&self, _: bool) -> Result<Arc<apple::Token>, apple::BoxError> {
            Err("the vault is sealed".into())
        }
    }
    let stage = Stage::new(vec![]).await;
    let apple = Apple::new(stage.config()).expect("a client");
    let session = apple.session(KeyKind::Team, Arc::new(Sealed));
    let error = session.apps().get("1").await.expect_err("no token");
    assert!(error.to_string().contains("the vault is sealed"));
    assert!(stage.seen().is_empty());
}
