//! What webhooks are told: signed, on record, and once more where somebody asks for it.

use crate::binaries::{app, deliver, ipa, wait};
use crate::client::{Client, Reply, empty};
use aws_lc_rs::hmac;
use serde_json::{Value, json};
use simulator::{Decision, DeliveryTrouble, KeyKind, Role};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const SECRET: &str = "a secret of eleven knots";

/// Somebody's server: it answers `status` to everything and shows what came.
struct Receiver {
    url: String,
    came: mpsc::UnboundedReceiver<Notification>,
}

struct Notification {
    signature: String,
    body: String,
}

impl Receiver {
    async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/apple", listener.local_addr().unwrap());
        let (tell, came) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut text = Vec::new();
                let (head, body) = loop {
                    let mut buffer = [0; 4096];
                    let read = stream.read(&mut buffer).await.unwrap();
                    text.extend_from_slice(&buffer[..read]);
                    if let Some(whole) = whole(&String::from_utf8_lossy(&text)) {
                        break whole;
                    }
                };
                let answer = format!("HTTP/1.1 {status} So\r\ncontent-length: 4\r\nconnection: close\r\n\r\nseen");
                stream.write_all(answer.as_bytes()).await.unwrap();
                let signature = header(&head, "x-apple-signature").unwrap_or_default();
                if tell.send(Notification { signature, body }).is_err() {
                    return;
                }
            }
        });
        Self { url, came }
    }

    async fn next(&mut self) -> Notification {
        let patience = Duration::from_secs(10);
        tokio::time::timeout(patience, self.came.recv())
            .await
            .expect("a notification in time")
            .unwrap()
    }

    /// The next one with a good signature, as `type: old -> new`.
    async fn told(&mut self) -> String {
        let notification = self.next().await;
        assert!(notification.is_signed());
        let data = notification.json()["data"].clone();
        let value = |name: &str| data["attributes"][name].as_str().unwrap_or("-").to_owned();
        format!("{}: {} -> {}", data["type"].as_str().unwrap(), value("oldValue"), value("newValue"))
    }
}

impl Notification {
    fn is_signed(&self) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let expected = hex::encode(hmac::sign(&key, self.body.as_bytes()));
        self.signature == format!("hmacsha256={expected}")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Head and body of a request, once all of it is there.
fn whole(text: &str) -> Option<(String, String)> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length: usize = header(head, "content-length")?.parse().ok()?;
    (body.len() >= length).then(|| (head.to_owned(), body.to_owned()))
}

fn header(head: &str, wanted: &str) -> Option<String> {
    let named = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
    };
    head.lines().find_map(named)
}

fn about(kind: &str, relation: &str, target: &str, id: &str) -> Value {
    json!({ "data": { "type": kind, "relationships": { relation: { "data": { "type": target, "id": id } } } } })
}

async fn register(client: &Client<'_>, app: &str, url: &str) -> Reply {
    let mut body = about("webhooks", "app", "apps", app);
    body["data"]["attributes"] = json!({
        "name": "Russet", "url": url, "secret": SECRET, "enabled": true,
        "eventTypes": ["BUILD_UPLOAD_STATE_UPDATED", "BUILD_BETA_DETAIL_EXTERNAL_BUILD_STATE_UPDATED"],
    });
    client.post("/v1/webhooks", body).await
}

/// The deliveries of a webhook, once none is on its way.
async fn settled(client: &Client<'_>, webhook: &str) -> Reply {
    for _ in 0..500 {
        let deliveries = client.get(&format!("/v1/webhooks/{webhook}/deliveries?include=event")).await;
        if !deliveries.all("deliveryState").iter().any(|state| state == "PENDING") {
            return deliveries;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a delivery stays PENDING");
}

#[tokio::test]
async fn an_upload_and_a_review_are_told_without_anybody_asking() {
    let apple = empty().await;
    let (client, app, control) = (Client::admin(&apple), app(&apple), apple.control());
    let mut receiver = Receiver::start(200).await;
    let registered = register(&client, &app, &receiver.url).await;
    assert_eq!(registered.status.as_u16(), 201, "{}", registered.text);
    assert!(!registered.text.contains(SECRET), "never returned");
    assert_eq!(
        client.get(&format!("/v1/apps/{app}/webhooks?include=app")).await.all("name"),
        ["Russet"]
    );

    let upload = deliver(&client, &app, "1.0", "1", &ipa("1.0", "1")).await;
    let first = receiver.next().await;
    assert!(first.is_signed());
    let data = &first.json()["data"];
    assert_eq!(data["type"], "buildUploadStateUpdated");
    assert_eq!(data["attributes"]["newValue"], "PROCESSING");
    assert_eq!(data["attributes"]["timestamp"], "2026-11-20T12:00:00.000Z");
    let instance = &data["relationships"]["instance"]["data"];
    assert_eq!(*instance, json!({ "type": "buildUploads", "id": upload }));
    wait(&apple, 3);
    assert_eq!(receiver.told().await, "buildUploadStateUpdated: PROCESSING -> COMPLETE");
    wait(&apple, 3);
    let external = "buildBetaDetailExternalBuildStateUpdated";
    assert_eq!(
        receiver.told().await,
        format!("{external}: PROCESSING -> MISSING_EXPORT_COMPLIANCE")
    );

    let build = client.get("/v1/builds").await.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let answer = json!({ "data": { "type": "builds", "id": build, "attributes": { "usesNonExemptEncryption": false } } });
    client.patch(&format!("/v1/builds/{build}"), answer).await;
    assert_eq!(
        receiver.told().await,
        format!("{external}: MISSING_EXPORT_COMPLIANCE -> READY_FOR_BETA_SUBMISSION")
    );
    assert!(!control.review(&build, Decision::Approve), "nothing was submitted");
    let events = settled(&client, &registered.id()).await.json();
    let types: Vec<_> = events["included"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["attributes"]["eventType"].clone())
        .collect();
    assert_eq!(types.len(), 4);
    assert_eq!(types[3], "BUILD_BETA_DETAIL_EXTERNAL_BUILD_STATE_UPDATED");
    assert_eq!(
        events["data"][0]["attributes"]["response"],
        json!({ "httpStatusCode": 200, "body": "seen" })
    );
}

#[tokio::test]
async fn deliveries_are_on_record_and_can_be_had_again() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let mut receiver = Receiver::start(503).await;
    let webhook = register(&client, &app, &receiver.url).await.id();
    let ping = client
        .post("/v1/webhookPings", about("webhookPings", "webhook", "webhooks", &webhook))
        .await;
    assert_eq!(ping.status.as_u16(), 201, "{}", ping.text);
    let came = receiver.next().await;
    assert!(came.is_signed());
    assert_eq!(came.json()["data"]["type"], "webhookPingCreated");
    let deliveries = settled(&client, &webhook).await.json();
    assert_eq!(deliveries["data"][0]["attributes"]["deliveryState"], "FAILED");
    assert_eq!(deliveries["data"][0]["attributes"]["response"]["httpStatusCode"], 503);
    assert_eq!(deliveries["included"][0]["attributes"]["ping"], true);

    let template = deliveries["data"][0]["id"].as_str().unwrap();
    let again = about("webhookDeliveries", "template", "webhookDeliveries", template);
    let again = client.post("/v1/webhookDeliveries", again).await;
    assert_eq!(again.json()["data"]["attributes"]["redelivery"], true);
    let repeated = receiver.next().await;
    assert_eq!(repeated.body, came.body, "the same event");
    settled(&client, &webhook).await;
    let path = format!("/v1/webhooks/{webhook}/deliveries");
    let count = async |filter: &str| client.get(&format!("{path}?{filter}")).await.all("deliveryState").len();
    assert_eq!(count("filter[deliveryState]=FAILED").await, 2);
    assert_eq!(count("filter[createdDateLessThan]=2026-11-20T12:00:00Z").await, 0);
    assert_eq!(count("filter[createdDateGreaterThanOrEqualTo]=2026-11-20T12:00:00Z").await, 2);
    assert_eq!(client.delete(&format!("/v1/webhooks/{webhook}")).await.status.as_u16(), 204);
    assert_eq!(client.get(&path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn notifications_meet_trouble_as_ordered() {
    let apple = empty().await;
    let (client, app, control) = (Client::admin(&apple), app(&apple), apple.control());
    let mut receiver = Receiver::start(200).await;
    let webhook = register(&client, &app, &receiver.url).await.id();
    let ping = async || {
        client
            .post("/v1/webhookPings", about("webhookPings", "webhook", "webhooks", &webhook))
            .await
    };
    control.order_delivery(DeliveryTrouble::Lose);
    ping().await;
    let lost = settled(&client, &webhook).await.json();
    assert_eq!(lost["data"][0]["attributes"]["deliveryState"], "FAILED");
    assert!(lost["data"][0]["attributes"]["errorMessage"].is_string());
    control.order_delivery(DeliveryTrouble::Repeat);
    ping().await;
    assert_eq!(receiver.next().await.body, receiver.next().await.body);
    control.order_delivery(DeliveryTrouble::Forge);
    ping().await;
    assert!(!receiver.next().await.is_signed());
}

#[tokio::test]
async fn a_webhook_that_is_off_or_wants_other_news_hears_nothing() {
    let apple = empty().await;
    let (client, app, control) = (Client::admin(&apple), app(&apple), apple.control());
    let receiver = Receiver::start(200).await;
    let webhook = register(&client, &app, &receiver.url).await.id();
    let set = async |attributes: Value| {
        let body = json!({ "data": { "type": "webhooks", "id": webhook, "attributes": attributes } });
        client.patch(&format!("/v1/webhooks/{webhook}"), body).await
    };
    let changed = set(json!({ "enabled": false, "secret": "another" })).await;
    assert_eq!(changed.json()["data"]["attributes"]["enabled"], false);
    assert!(!changed.text.contains("another"));
    control.create_build(&app, "1.0", "1").unwrap();
    set(json!({ "enabled": true, "eventTypes": ["BUILD_UPLOAD_STATE_UPDATED"] })).await;
    control.create_build(&app, "1.0", "2").unwrap();
    assert!(settled(&client, &webhook).await.all("deliveryState").is_empty());
    assert!(
        set(json!({ "url": "ftp://example.com" }))
            .await
            .error()
            .contains("'url' is invalid")
    );
    let developer = Client::new(&apple, KeyKind::Team, Role::Developer);
    assert_eq!(register(&developer, &app, &receiver.url).await.status.as_u16(), 403);
}
