//! Trouble to order: failing calls, lost answers, eventual consistency, and the record of all that.

use crate::client::{Client, Reply, empty};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Api, AppleError, Effect, Fault, Handle, Settling};
use std::time::{Duration, Instant};

fn device(udid: &str) -> Value {
    json!({ "data": { "type": "devices", "attributes": { "name": "Phone", "udid": udid, "platform": "IOS" } } })
}

const UDID: &str = "00008110-0012345678ABCDEF";

async fn try_create(apple: &Handle, client: &Client<'_>) -> reqwest::Result<Reply> {
    let token = client.key().token(apple.control().clock().now()).unwrap();
    client
        .try_send(Method::POST, "/v1/devices", Some(device(UDID).to_string()), Some(&token))
        .await
}

fn devices(apple: &Handle) -> usize {
    apple.control().objects(Api::AppStore, "devices").unwrap().len()
}

#[tokio::test]
async fn a_reset_does_nothing_and_a_lost_answer_everything() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();

    control.add_fault(Fault::next("POST", "/v1/devices", Effect::Reset));
    assert!(try_create(&apple, &client).await.is_err());
    assert_eq!(devices(&apple), 0);

    control.add_fault(Fault::next("POST", "/v1/devices", Effect::LoseAnswer));
    assert!(try_create(&apple, &client).await.is_err());
    assert_eq!(devices(&apple), 1);

    let journal = control.journal();
    let told: Vec<_> = journal
        .iter()
        .map(|exchange| (exchange.status, exchange.injected, exchange.lost))
        .collect();
    assert_eq!(told, [(None, true, false), (Some(201), false, true)]);
    let again = try_create(&apple, &client).await.unwrap();
    assert_eq!(
        again.error(),
        format!("409 ENTITY_ERROR: A device with number '{UDID}' already exists on this team.")
    );
    assert_eq!(control.count("POST /v1/devices"), 3);
}

#[tokio::test]
async fn ordered_answers_come_instead_of_apples() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let next = |effect| Fault::next("GET", "/v1/devices", effect);
    for (effect, status, beginning) in [
        (Effect::BadGateway, 502, "<html>"),
        (Effect::Html, 200, "<!doctype html>"),
        (
            Effect::Answer {
                status: 503,
                body: "busy".into(),
                content_type: None,
                retry_after: Some(7),
            },
            503,
            "busy",
        ),
        (
            Effect::Apple {
                error: AppleError::Unexpected,
            },
            500,
            r#"{"errors":[{"code":"UNEXPECTED_ERROR""#,
        ),
        (
            Effect::Apple {
                error: AppleError::NotAuthorized,
            },
            401,
            r#"{"errors":[{"code":"NOT_AUTHORIZED""#,
        ),
        (
            Effect::Apple {
                error: AppleError::UnableToProcess,
            },
            403,
            r#"{"errors":[{"code":"FORBIDDEN_ERROR","detail":"""#,
        ),
        (
            Effect::Apple {
                error: AppleError::RateLimited,
            },
            429,
            r#"{"errors":[{"code":"RATE_LIMIT_EXCEEDED""#,
        ),
    ] {
        apple.control().add_fault(next(effect.clone()));
        let reply = client.get("/v1/devices").await;
        assert_eq!(reply.status.as_u16(), status, "{effect:?}");
        assert!(reply.text.starts_with(beginning), "{effect:?}: {}", reply.text);
        assert_eq!(reply.headers.contains_key("retry-after"), status == 503);
        assert_eq!(client.get("/v1/devices").await.status.as_u16(), 200, "once only");
    }
    assert!(apple.control().faults().is_empty());
}

#[tokio::test]
async fn a_delayed_answer_is_right_and_late() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    apple
        .control()
        .add_fault(Fault::next("GET", "/v1/devices", Effect::Delay { milliseconds: 150 }));
    let begun = Instant::now();
    assert_eq!(client.get("/v1/devices").await.status.as_u16(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_new_object_stays_unseen_for_a_while() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();
    control.set_settling(Settling { seconds: 0, reads: 2 });
    let id = client.post("/v1/devices", device(UDID)).await.id();
    let path = format!("/v1/devices/{id}");
    assert_eq!(
        client.get(&path).await.error(),
        format!("404 NOT_FOUND: There is no resource of type 'devices' with id '{id}'")
    );
    assert!(client.get("/v1/devices").await.all("name").is_empty());
    assert_eq!(client.get(&path).await.status.as_u16(), 200);

    control.set_settling(Settling { seconds: 30, reads: 0 });
    let id = client.post("/v1/devices", device("00008110-0012345678ABCDE0")).await.id();
    let path = format!("/v1/devices/{id}");
    assert_eq!(client.get(&path).await.status.as_u16(), 404);
    control.clock().advance(jiff::SignedDuration::from_secs(30));
    assert_eq!(client.get(&path).await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_journal_tells_everything_but_the_token() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    client.post("/v1/devices?x=1", device(UDID)).await;
    let journal = apple.control().journal();
    let [exchange] = &journal[..] else { panic!("{journal:?}") };
    assert_eq!(
        (exchange.api, exchange.method.as_str(), exchange.path.as_str()),
        (Api::AppStore, "POST", "/v1/devices")
    );
    assert_eq!((exchange.query.as_str(), exchange.route.as_deref()), ("x=1", Some("/v1/devices")));
    assert_eq!(exchange.key_id.as_ref(), Some(&client.key().key_id));
    assert_eq!(exchange.request_headers["content-type"], "application/json");
    assert!(exchange.request_body.contains(UDID));
    assert_eq!(exchange.status, Some(400));
    assert!(exchange.response_body.contains("PARAMETER_ERROR.ILLEGAL"));
    assert!(!serde_json::to_string(exchange).unwrap().contains("eyJ"), "no token");
}

#[tokio::test]
async fn a_simulator_can_leave_its_journal_in_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let options = simulator::Options {
        journal: Some(folder.path().join("journals")),
        seed: simulator::Seed::Empty,
        ..simulator::Options::default()
    };
    let apple = simulator::Simulator::start(options).await.unwrap();
    let client = Client::admin(&apple);
    client.get("/v1/devices").await;
    client.get("/v1/apps").await;
    let files: Vec<_> = std::fs::read_dir(folder.path().join("journals")).unwrap().collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
    let exchanges: Vec<simulator::Exchange> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(exchanges, apple.control().journal());
}

/// One call to the control port.
async fn order(apple: &Handle, method: Method, path: &str, body: Value) -> (u16, Value) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.request(method, format!("{}{path}", apple.control_url()));
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    let response = request.send().await.unwrap();
    (
        response.status().as_u16(),
        serde_json::from_str(&response.text().await.unwrap()).unwrap(),
    )
}

#[tokio::test]
async fn the_control_port_does_what_the_handle_does() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let post = |path: &'static str, body: Value| order(&apple, Method::POST, path, body);
    let get = |path: &'static str| order(&apple, Method::GET, path, Value::Null);

    let (_, about) = get("/").await;
    assert_eq!(about["app_store_url"], apple.url());
    assert_eq!(about["now"], "2026-11-20T12:00:00Z");
    assert_eq!(
        post("/clock", json!({ "advance_seconds": 3600 })).await.1["now"],
        "2026-11-20T13:00:00Z"
    );

    let fault = json!({ "method": "GET", "route": "/v1/devices", "effect": { "kind": "apple", "error": "forbidden" } });
    assert_eq!(post("/faults", fault).await.0, 200);
    assert_eq!(get("/faults").await.1.as_array().unwrap().len(), 1);
    assert_eq!(client.get("/v1/devices").await.status.as_u16(), 403);
    assert_eq!(client.get("/v1/devices").await.status.as_u16(), 200);
    assert_eq!(get("/counters").await.1, json!({ "GET /v1/devices": 2 }));
    assert_eq!(get("/journal").await.1.as_array().unwrap().len(), 2);
    order(&apple, Method::DELETE, "/journal", Value::Null).await;
    assert_eq!(get("/counters").await.1, json!({}));

    let (_, key) = post("/keys", json!({ "kind": "team", "roles": ["FINANCE"] })).await;
    assert!(key["private_key"].as_str().unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    let revocation = json!({ "key_id": client.key().key_id, "revoked": true });
    assert_eq!(post("/revocations", revocation).await.0, 200);
    assert_eq!(client.get("/v1/devices").await.status.as_u16(), 401);
    let pardon = json!({ "key_id": client.key().key_id, "revoked": false });
    assert_eq!(post("/revocations", pardon).await.0, 200);

    let (_, made) = post("/objects/app-store/certificates", json!({ "certificate_type": "DISTRIBUTION" })).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        post("/expire", json!({ "api": "app-store", "type": "certificates", "id": id }))
            .await
            .0,
        200
    );
    let (_, listed) = get("/objects/app-store/certificates").await;
    assert_eq!(listed[0]["attributes"]["expirationDate"], "2026-11-20T13:00:00.000+0000");

    let (status, refused) = post(
        "/objects/app-store/devices",
        json!({ "attributes": { "name": "x", "udid": "1", "platform": "IOS" } }),
    )
    .await;
    assert_eq!(status, 409);
    assert!(refused["error"].as_str().unwrap().contains("An invalid value '1'"));
    assert_eq!(
        post("/standing", json!({ "api": "app-store", "standing": "membership_lapsed" }))
            .await
            .0,
        200
    );
    assert_eq!(client.get("/v1/apps").await.status.as_u16(), 403);
    assert_eq!(post("/clock", json!({ "advance": 1 })).await.0, 400);
    assert_eq!(get("/nothing").await.0, 404);
}
