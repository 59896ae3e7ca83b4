//! Webhooks: what is sent to Apple, to the letter, and how its answers are read.

use apple::{DeliveryState, NewWebhook, WebhookEventType, WebhookPatch, Withheld};
use serde_json::{Value, json};

use crate::stage::{Play, Stage, answer};

fn one(kind: &str) -> Play {
    answer(201, &json!({"data": {"type": kind, "id": "ID"}}).to_string())
}

fn page(data: &Value) -> Play {
    answer(200, &json!({"data": data, "links": {"next": "/v1/more"}}).to_string())
}

#[tokio::test]
async fn webhooks_are_written_in_apples_shape() {
    let kinds = ["webhooks", "webhooks", "webhookDeliveries", "webhookPings"];
    let stage = Stage::new(kinds.into_iter().map(one).collect()).await;
    let s = stage.team();
    let new = NewWebhook {
        app: "6446".into(),
        name: "Russet".into(),
        url: "https://russet.example/hooks".into(),
        secret: Withheld::new("canary".into()),
        event_types: vec![
            WebhookEventType::BuildUploadStateUpdated,
            WebhookEventType::BuildBetaDetailExternalBuildStateUpdated,
        ],
        enabled: true,
    };
    assert!(!format!("{new:?}").contains("canary"));
    s.webhooks().create(&new).await.expect("created");
    let patch = WebhookPatch {
        secret: Some(Withheld::new("canary".into())),
        enabled: Some(false),
        ..Default::default()
    };
    s.webhooks().patch("W", &patch).await.expect("patched");
    s.webhooks().redeliver("D").await.expect("again");
    s.webhooks().ping("W").await.expect("pinged");
    let id = |kind: &str, id: &str| json!({"data": {"type": kind, "id": id}});
    let expected = [
        (
            "POST /v1/webhooks",
            json!({"type": "webhooks", "attributes": {"name": "Russet", "url": "https://russet.example/hooks", "secret": "canary",
            "eventTypes": ["BUILD_UPLOAD_STATE_UPDATED", "BUILD_BETA_DETAIL_EXTERNAL_BUILD_STATE_UPDATED"], "enabled": true},
            "relationships": {"app": id("apps", "6446")}}),
        ),
        (
            "PATCH /v1/webhooks/W",
            json!({"type": "webhooks", "id": "W", "attributes": {"secret": "canary", "enabled": false}}),
        ),
        (
            "POST /v1/webhookDeliveries",
            json!({"type": "webhookDeliveries", "relationships": {"template": id("webhookDeliveries", "D")}}),
        ),
        (
            "POST /v1/webhookPings",
            json!({"type": "webhookPings", "relationships": {"webhook": id("webhooks", "W")}}),
        ),
    ];
    let expected = expected.map(|(target, data)| (target.to_owned(), json!({ "data": data })));
    assert_eq!(stage.written(), expected);
}

#[tokio::test]
async fn webhooks_and_their_deliveries_are_read() {
    let webhooks = json!({"data": [{"type": "webhooks", "id": "W", "attributes": {"name": "Russet", "enabled": true, "eventTypes": ["BUILD_UPLOAD_STATE_UPDATED", "RAIN"]}}]});
    let deliveries = json!([{"type": "webhookDeliveries", "id": "D", "attributes": {"deliveryState": "FAILED", "errorMessage": "no route",
        "sentDate": "2026-10-21T07:28:00Z", "response": {"httpStatusCode": 503, "body": null}}},
        {"type": "webhookDeliveries", "id": "E", "attributes": {"deliveryState": "PENDING", "response": null}}]);
    let stage = Stage::new(vec![answer(200, &webhooks.to_string()), page(&deliveries)]).await;
    let s = stage.team();
    let listed = s.webhooks().list("6446").await.expect("a list");
    assert_eq!(
        listed[0].attributes.event_types,
        [WebhookEventType::BuildUploadStateUpdated, WebhookEventType::Other("RAIN".into())]
    );
    let states = [DeliveryState::Failed, DeliveryState::Pending];
    let deliveries = s.webhooks().deliveries("W", &states).await.expect("a list");
    let [failed, pending] = &deliveries[..] else {
        panic!("two deliveries")
    };
    assert_eq!(failed.attributes.response.http_status_code, Some(503));
    assert_eq!(failed.attributes.error_message.as_deref(), Some("no route"));
    assert_eq!(pending.attributes.delivery_state, Some(DeliveryState::Pending));
    assert_eq!(
        stage.targets(),
        [
            "GET /v1/apps/6446/webhooks?limit=200&fields[webhooks]=name,url,enabled,eventTypes",
            "GET /v1/webhooks/W/deliveries?filter[deliveryState]=FAILED,PENDING&fields[webhookDeliveries]=createdDate,sentDate,deliveryState,errorMessage,redelivery,response&limit=200",
        ],
        "one page is enough"
    );
}
