//! Notification channels over REST.

use crate::stage::Stage;
use serde_json::{Value, json};

fn webhook() -> Value {
    json!({ "name": "Chat", "url": "https://hooks.halden.example/T0289/russet", "kinds": ["certificate.will-expire"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_made_changed_tested_rotated_and_removed() {
    let stage = Stage::new().await;
    let list = format!("{}/notification-channels", stage.home());
    let made = stage.post(&list, &webhook()).send().await.expect(201).json();
    let first = made["secret"].as_str().unwrap().to_owned();
    assert!(first.starts_with("whsec_"), "{first}");
    let channel = &made["channel"];
    assert_eq!(
        (&channel["kind"], &channel["host"], &channel["made_by"]),
        (&json!("webhook"), &json!("hooks.halden.example"), &json!("Elin"))
    );
    let place = format!("{list}/{}", channel["id"].as_str().unwrap());
    let listed = stage.get(&list).send().await.expect(200);
    assert_eq!(listed.json()["items"][0], *channel);
    assert!(
        !String::from_utf8_lossy(&listed.bytes).contains("whsec_"),
        "a secret is never listed"
    );

    let rotated = stage
        .post(&format!("{place}/rotate-secret"), &json!({}))
        .send()
        .await
        .expect(200)
        .json();
    assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_") && rotated["secret"] != first);
    let changed = stage
        .ask("PATCH", &place)
        .body(&json!({ "name": "Team", "kinds": null }))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!((&changed["name"], &changed["kinds"]), (&json!("Team"), &Value::Null));
    assert_eq!(changed["url"], channel["url"]);
    let refused = stage
        .ask("PATCH", &place)
        .body(&json!({ "to": ["ops@halden.example"] }))
        .send()
        .await;
    assert_eq!(refused.expect(422).code(), "no_mail_server");

    let sent = stage.post(&format!("{place}/test"), &json!({})).send().await.expect(202).json();
    let delivery = &sent["items"][0];
    assert_eq!(
        (&delivery["kind"], &delivery["state"], &delivery["event"]),
        (&json!("test"), &json!("waiting"), &Value::Null)
    );
    let found = stage.get(&format!("{place}/deliveries")).send().await.expect(200).json();
    assert_eq!(found["items"], json!([delivery]));
    let one = format!("{place}/deliveries/{}", delivery["id"].as_str().unwrap());
    assert_eq!(stage.get(&one).send().await.expect(200).json(), *delivery);
    let again = stage.post(&format!("{place}/test"), &json!({})).send().await.expect(202).json();
    assert_eq!(again["items"], json!([delivery]), "asked twice, sent once");

    let other = stage.post(&format!("{place}/remove"), &json!({ "name": "Chat" })).send().await;
    assert_eq!(other.expect(422).code(), "name_differs");
    stage
        .post(&format!("{place}/remove"), &json!({ "name": "Team" }))
        .send()
        .await
        .expect(204);
    stage.get(&place).send().await.expect(404);
    stage.get(&one).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_nowhere_or_inside_is_no_channel() {
    let stage = Stage::new().await;
    let list = format!("{}/notification-channels", stage.home());
    for (body, code) in [
        (json!({ "name": "x" }), "target_unclear"),
        (
            json!({ "name": "x", "url": "https://hooks.halden.example/", "to": ["ops@halden.example"] }),
            "target_unclear",
        ),
        (json!({ "name": "x", "url": "http://hooks.halden.example/" }), "url_unfit"),
        (json!({ "name": "x", "url": "https://169.254.169.254/latest" }), "url_unfit"),
        (json!({ "name": "x", "url": "https://[::1]:7400/" }), "url_unfit"),
        (
            json!({ "name": "x", "url": "https://user:password@hooks.halden.example/" }),
            "url_unfit",
        ),
        (
            json!({ "name": "x", "url": "https://hooks.halden.example/", "kinds": ["token.will-expire"] }),
            "kind_unknown",
        ),
        (json!({ "name": "x", "to": ["ops@halden.example"] }), "no_mail_server"),
    ] {
        let refused = stage.post(&list, &body).send().await.expect(422);
        assert_eq!(refused.code(), code, "{body}");
    }
}
