//! What a listing says and is not so: invalid profiles, zombies, what lingers, what has ended, lists that cannot be read whole.

use crate::{
    client::{Client, empty},
    provisioning::{RSA, csr},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulator::{Api, Handle, Limits, Settling, Zombie};

/// A bundle ID, a phone and a certificate, and an ad hoc profile of them.
struct Stock {
    phone: String,
    certificate: String,
    profile: String,
    body: Value,
}

async fn stock(apple: &Handle, client: &Client<'_>) -> Stock {
    let control = apple.control();
    let make = |kind: &str, attributes: Value| control.create(Api::AppStore, kind, &attributes, &json!({})).unwrap();
    let bundle_id = make(
        "bundleIds",
        json!({ "name": "Ferry", "identifier": "no.halden.ferry", "platform": "IOS" }),
    );
    let phone = make(
        "devices",
        json!({ "name": "Phone", "udid": "00008110-0012345678ABCDEF", "platform": "IOS" }),
    );
    let now = control.clock().now();
    let certificate = control.create_certificate(Api::AppStore, "DISTRIBUTION", now, None).unwrap();
    let body = json!({ "data": {
        "type": "profiles",
        "attributes": { "name": "Crew", "profileType": "IOS_APP_ADHOC" },
        "relationships": {
            "bundleId": { "data": { "type": "bundleIds", "id": bundle_id } },
            "certificates": { "data": [{ "type": "certificates", "id": certificate }] },
            "devices": { "data": [{ "type": "devices", "id": phone }] },
        },
    }});
    Stock {
        profile: client.post("/v1/profiles", body.clone()).await.id(),
        phone,
        certificate,
        body,
    }
}

async fn states(client: &Client<'_>) -> Vec<String> {
    client.get("/v1/profiles").await.all("profileState")
}

#[tokio::test]
async fn every_class_of_devices_is_there() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let names = ["Phone", "An iPad", "Old iPod", "A Watch", "Lobby TV", "Vision Pro"];
    for (number, (name, platform)) in names.map(|name| (name, "IOS")).into_iter().chain([("Mac", "MAC_OS")]).enumerate() {
        let attributes = json!({ "name": name, "udid": format!("00008110-{number:016X}"), "platform": platform });
        apple.control().create(Api::AppStore, "devices", &attributes, &json!({})).unwrap();
    }
    let mut classes = client.get("/v1/devices").await.all("deviceClass");
    classes.sort();
    assert_eq!(
        classes,
        ["APPLE_TV", "APPLE_VISION_PRO", "APPLE_WATCH", "IPAD", "IPHONE", "IPOD", "MAC"]
    );
}

#[tokio::test]
async fn a_profile_with_a_disabled_device_is_invalid() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let stock = stock(&apple, &client).await;
    let set = async |name: &str, value: &str| {
        let body = json!({ "data": { "type": "devices", "id": stock.phone, "attributes": { name: value } } });
        client.patch(&format!("/v1/devices/{}", stock.phone), body).await
    };
    set("name", "Another name").await;
    assert_eq!(states(&client).await, ["ACTIVE"]);
    set("status", "DISABLED").await;
    assert_eq!(states(&client).await, ["INVALID"]);
    set("status", "ENABLED").await;
    assert_eq!(states(&client).await, ["INVALID"]);
}

#[tokio::test]
async fn what_is_deleted_may_linger_in_the_list_and_nowhere_else() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();
    let stock = stock(&apple, &client).await;
    let path = format!("/v1/profiles/{}", stock.profile);
    control.set_lingering(Settling { seconds: 60, reads: 0 });
    assert_eq!(client.delete(&path).await.status.as_u16(), 204);
    assert_eq!(client.get("/v1/profiles").await.all("name"), ["Crew"]);
    assert_eq!(client.get(&path).await.status.as_u16(), 404);
    assert_eq!(client.delete(&path).await.status.as_u16(), 404);
    assert_eq!(
        client.post("/v1/profiles", stock.body.clone()).await.status.as_u16(),
        201,
        "its name is free"
    );
    assert_eq!(client.get("/v1/profiles").await.all("name"), ["Crew", "Crew"]);
    control.clock().advance(SignedDuration::from_secs(60));
    assert_eq!(client.get("/v1/profiles").await.all("name"), ["Crew"]);

    control.set_lingering(Settling { seconds: 0, reads: 1 });
    client.delete(&format!("/v1/certificates/{}", stock.certificate)).await;
    assert_eq!(client.get("/v1/certificates").await.all("certificateType"), ["DISTRIBUTION"]);
    assert!(client.get("/v1/certificates").await.all("certificateType").is_empty());
}

#[tokio::test]
async fn a_zombie_is_listed_and_cannot_be_used() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let stock = stock(&apple, &client).await;
    let path = format!("/v1/profiles/{}", stock.profile);
    let mark = |zombie| {
        apple
            .control()
            .set_zombie(Api::AppStore, "profiles", &stock.profile, zombie)
            .unwrap()
    };
    mark(Some(Zombie::Gone));
    assert_eq!(states(&client).await, ["ACTIVE"]);
    for reply in [
        client.get(&path).await,
        client.get(&format!("{path}/certificates")).await,
        client.delete(&path).await,
    ] {
        assert_eq!(reply.status.as_u16(), 404);
    }
    mark(Some(Zombie::Stuck));
    assert_eq!(client.get(&path).await.status.as_u16(), 200);
    assert!(client.delete(&path).await.error().starts_with("409 ENTITY_ERROR: "));
    assert_eq!(
        client.post("/v1/profiles", stock.body.clone()).await.status.as_u16(),
        409,
        "its name is taken"
    );
    mark(None);
    assert_eq!(client.delete(&path).await.status.as_u16(), 204);
}

#[tokio::test]
async fn what_has_ended_reads_expired_or_still_active() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    stock(&apple, &client).await;
    apple.control().clock().advance(SignedDuration::from_hours(366 * 24));
    assert_eq!(states(&client).await, ["EXPIRED"]);
    apple.control().set_stale_states(Api::AppStore, true);
    assert_eq!(states(&client).await, ["ACTIVE"]);
    assert_eq!(
        client.get("/v1/certificates").await.all("certificateType"),
        ["DISTRIBUTION"],
        "ended, and listed"
    );
}

#[tokio::test]
async fn a_profile_may_not_be_made_of_what_was_made_just_now() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();
    let mut stock = stock(&apple, &client).await;
    control.set_settling(Settling { seconds: 30, reads: 0 });
    let attributes = json!({ "certificateType": "DISTRIBUTION", "csrContent": csr(&RSA) });
    let made = client
        .post(
            "/v1/certificates",
            json!({ "data": { "type": "certificates", "attributes": attributes } }),
        )
        .await
        .id();
    stock.body["data"]["attributes"]["name"] = "Another".into();
    stock.body["data"]["relationships"]["certificates"]["data"][0]["id"] = made.clone().into();
    assert!(
        client
            .post("/v1/profiles", stock.body.clone())
            .await
            .error()
            .contains("no current certificates")
    );
    control.clock().advance(SignedDuration::from_secs(30));
    assert_eq!(client.post("/v1/profiles", stock.body).await.status.as_u16(), 201);
}

#[tokio::test]
async fn cursors_end_before_a_long_list_of_devices_does() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();
    control.set_limits(Limits {
        devices_per_class: 1000,
        ..control.limits()
    });
    for number in 0..450 {
        let attributes = json!({ "name": format!("Phone {number:03}"), "udid": format!("00008110-{number:016X}"), "platform": "IOS" });
        control.create(Api::AppStore, "devices", &attributes, &json!({})).unwrap();
    }
    let mut path = "/v1/devices?limit=200&sort=id".to_owned();
    let mut read = 0;
    let refused = loop {
        let page = client.get(&path).await;
        if page.status.as_u16() != 200 {
            break page;
        }
        read += page.all("name").len();
        page.json()["links"]["next"].as_str().unwrap().clone_into(&mut path);
    };
    assert_eq!(read, 400);
    assert!(refused.error().starts_with("400 PARAMETER_ERROR.INVALID"), "{}", refused.text);
    assert_eq!(refused.json()["errors"][0]["source"], json!({ "parameter": "cursor" }));
    let rest = client.get("/v1/devices?limit=200&sort=-id").await;
    assert_eq!(rest.all("name").len(), 200, "the other end is there");
}
