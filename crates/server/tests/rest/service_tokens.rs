//! API tokens of an organization, over REST.

use crate::stage::Stage;
use serde_json::{Value, json};

fn new(name: &str) -> Value {
    json!({ "name": name, "roles": ["signing-viewer", "organization-viewer"] })
}

async fn made(stage: &Stage, body: &Value) -> (String, String) {
    let created = stage
        .post(&format!("{}/tokens", stage.home()), body)
        .send()
        .await
        .expect(201)
        .json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&created["token"]["id"]), text(&created["value"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_an_organization_signs_in_is_rotated_and_revoked() {
    let stage = Stage::new().await;
    let (id, first) = made(&stage, &new("CI")).await;
    let home = stage.home();
    let me = stage.get("/me").token(&first).send().await.expect(200).json();
    assert_eq!(
        (&me["kind"], &me["name"], &me["email"]),
        (&json!("service-token"), &json!("CI"), &Value::Null)
    );
    assert_eq!(me["organizations"][0]["id"], stage.world.org.to_string());
    stage.get(&format!("{home}/certificates")).token(&first).send().await.expect(200);
    stage.get(&format!("{home}/keys")).token(&first).send().await.expect(403);

    let place = format!("{home}/tokens/{id}");
    let rotated = stage.post(&format!("{place}/rotate"), &json!({})).send().await.expect(200).json();
    assert_eq!(rotated["token"]["id"], id);
    stage.get("/me").token(&first).send().await.expect(401);
    let second = rotated["value"].as_str().unwrap().to_owned();
    stage.get("/me").token(&second).send().await.expect(200);

    let listed = stage.get(&format!("{home}/tokens")).send().await.expect(200);
    assert!(
        !String::from_utf8_lossy(&listed.bytes).contains("russet_"),
        "no value is ever listed"
    );
    assert_eq!(listed.json()["items"][0]["made_by"], "Elin");
    stage.ask("DELETE", &place).send().await.expect(204);
    stage.get("/me").token(&second).send().await.expect(401);
    stage.get(&place).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_persons_is_refused_in_plain_words() {
    let stage = Stage::new().await;
    let (_, token) = made(&stage, &new("CI")).await;
    for (method, path, body) in [
        ("GET", "/me/tokens", Value::Null),
        ("POST", "/me/tokens", json!({ "name": "Mine" })),
        ("DELETE", "/me/tokens/current", Value::Null),
    ] {
        let refused = stage.ask(method, path).token(&token).body(&body).send().await.expect(403);
        assert_eq!(refused.code(), "person_needed", "{method} {path}");
        assert!(
            refused.json()["detail"]
                .as_str()
                .unwrap()
                .contains("sign in, or use a personal token")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_takes_what_it_knows_and_nothing_else() {
    let stage = Stage::new().await;
    let (id, _) = made(&stage, &new("CI")).await;
    let place = format!("{}/tokens/{id}", stage.home());
    let patch = async |body: Value| stage.ask("PATCH", &place).body(&body).send().await;
    for unknown in [
        json!({ "id": "svc_1" }),
        json!({ "expires_at": "2027-01-01T00:00:00Z" }),
        json!({ "organization": "org_1" }),
        json!({ "made_by": "Eve" }),
        json!({ "value": "russet_x" }),
    ] {
        assert_eq!(patch(unknown).await.expect(422).code(), "json_unexpected");
    }
    let org = stage.world.org.to_string();
    let changed = patch(json!({ "name": "Nightly", "organizations": [org], "address_ranges": ["10.1.2.3/8"] })).await;
    let changed = changed.expect(200).json();
    assert_eq!((&changed["name"], &changed["organizations"]), (&json!("Nightly"), &json!([org])));
    assert_eq!(changed["address_ranges"], json!(["10.0.0.0/8"]));
    assert_eq!(changed["roles"], json!(["organization-viewer", "signing-viewer"]));
    let freed = patch(json!({ "organizations": null })).await.expect(200).json();
    assert_eq!((&freed["organizations"], &freed["name"]), (&Value::Null, &json!("Nightly")));
    assert_eq!(patch(json!({ "roles": ["owner"] })).await.expect(422).code(), "roles_unfit");
    assert_eq!(
        patch(json!({ "organizations": [] })).await.expect(422).code(),
        "organizations_unfit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_under_one_key_makes_one_token_and_gives_its_value_once() {
    let stage = Stage::new().await;
    let place = format!("{}/tokens", stage.home());
    let send = || stage.post(&place, &new("CI")).header("idempotency-key", "once").send();
    send().await.expect(201);
    assert_eq!(send().await.expect(409).code(), "already_done");
    assert_eq!(stage.post(&place, &new("ci")).send().await.expect(409).code(), "name_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_come_in_pages() {
    let stage = Stage::new().await;
    for name in ["A", "B", "C"] {
        made(&stage, &new(name)).await;
        // Ids sort by the millisecond.
        stage.world.advance(1);
    }
    let list = async |query: &str| stage.get(&format!("{}/tokens{query}", stage.home())).send().await;
    let first = list("?limit=2").await.expect(200).json();
    let next = first["next_cursor"].as_str().unwrap();
    let second = list(&format!("?limit=2&cursor={next}")).await.expect(200).json();
    let names = [&first["items"][0], &first["items"][1], &second["items"][0]].map(|token| token["name"].clone());
    assert_eq!(
        (names, &second["next_cursor"]),
        ([json!("C"), json!("B"), json!("A")], &Value::Null)
    );
    assert_eq!(list("?limit=0").await.expect(422).code(), "limit_out_of_range");
    assert_eq!(list("?cursor=nonsense").await.expect(422).code(), "cursor_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_another_address_a_right_token_is_told_so_and_a_wrong_one_is_not() {
    let stage = Stage::new().await;
    let mut body = new("CI");
    body["address_ranges"] = json!(["203.0.113.0/24"]);
    let (_, token) = made(&stage, &body).await;
    // The stage has no peer: an unknown address is outside of every range.
    let refused = stage.get("/me").token(&token).send().await.expect(403);
    assert_eq!(refused.code(), "address_not_allowed");
    let wrong = format!("russet_{}", "0".repeat(56));
    assert_eq!(stage.get("/me").token(&wrong).send().await.expect(401).code(), "sign_in_needed");
}
