//! Organizations over REST: the story of a root and its sub-organizations, lists of many, and what a change may not hold.

use crate::stage::Stage;
use serde_json::{Value, json};

async fn create(stage: &Stage, name: &str) -> Value {
    let path = format!("{}/sub-organizations", stage.home());
    stage.post(&path, &json!({ "name": name })).send().await.expect(201).json()
}

fn names(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_made_named_used_and_deleted() {
    let stage = Stage::new().await;
    let made = create(&stage, "Berlin").await;
    assert_eq!(made["parent"], json!(stage.world.org.to_string()));
    assert_eq!(made["parent_name"], "Halden");
    assert_eq!(made["roles"], json!([{ "role": "owner", "title": "Owner", "held": "inherited" }]));
    let berlin = format!("/orgs/{}", made["id"].as_str().unwrap());
    assert_eq!(stage.get(&berlin).send().await.expect(200).json(), made);
    stage
        .post(&format!("{berlin}/keys"), &stage.new_key(testkit::Role::Admin))
        .send()
        .await
        .expect(201);

    let path = format!("{}/sub-organizations", stage.home());
    let twin = stage.post(&path, &json!({ "name": "B\u{435}rlin" })).send().await.expect(409);
    assert_eq!(
        (twin.code().as_str(), &twin.json()["fields"][0]["field"]),
        ("name_taken", &json!("name"))
    );
    let deeper = stage
        .post(&format!("{berlin}/sub-organizations"), &json!({ "name": "Mitte" }))
        .send()
        .await
        .expect(403);
    assert_eq!(deeper.code(), "not_allowed");

    let renamed = stage
        .ask("PATCH", &berlin)
        .body(&json!({ "name": "Potsdam" }))
        .send()
        .await
        .expect(200);
    assert_eq!(renamed.json()["name"], "Potsdam");
    let below = format!("{}/sub-organizations/{}", stage.home(), made["id"].as_str().unwrap());
    let losses = stage.get(&format!("{below}/losses")).send().await.expect(200).json();
    assert_eq!((&losses["name"], &losses["keys"]), (&json!("Potsdam"), &json!(1)));
    let wrong = stage
        .post(&format!("{below}/remove"), &json!({ "name": "Berlin" }))
        .send()
        .await
        .expect(422);
    assert_eq!(wrong.code(), "name_differs");
    let remove = || {
        stage
            .post(&format!("{below}/remove"), &json!({ "name": "Potsdam" }))
            .header("idempotency-key", "once")
    };
    remove().send().await.expect(204);
    let again = remove().send().await.expect(204);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    stage.get(&berlin).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_holds_what_can_be_changed_and_nothing_else() {
    let stage = Stage::new().await;
    let home = stage.home();
    let before = stage.get(&home).send().await.expect(200).json();
    for field in ["id", "parent", "parent_name", "roles", "created_at", "colour"] {
        let answer = stage
            .ask("PATCH", &home)
            .body(&json!({ "name": "Other", field: "x" }))
            .send()
            .await
            .expect(422);
        assert_eq!(answer.code(), "json_unexpected");
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains(&format!("“{field}”, which cannot be changed"))
        );
    }
    stage.ask("PATCH", &home).body(&json!({})).send().await.expect(200);
    assert_eq!(stage.get(&home).send().await.expect(200).json(), before);
    let unknown = json!({ "name": "Other", "parent": stage.world.org.to_string() });
    let answer = stage.post("/orgs", &unknown).send().await.expect(422);
    assert!(answer.json()["detail"].as_str().unwrap().contains("“parent”, which is not known"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_in_pages_and_narrowed() {
    let stage = Stage::new().await;
    for number in 0..7 {
        create(&stage, &format!("Team {number}")).await;
    }
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = stage.get(&format!("/orgs?limit=3{cursor}")).send().await.expect(200).json();
        all.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(all.len(), 8);
    assert!(all.is_sorted(), "{all:?}");
    let ask = async |query: &str| stage.get(&format!("/orgs?{query}")).send().await.expect(200).json();
    let home = stage.world.org;
    assert_eq!(names(&ask(&format!("parent={home}&search=TEAM%206")).await), ["Team 6"]);
    assert_eq!(names(&ask("name=team%203").await), ["Team 3"]);
    for nothing in ["parent=nonsense", "name=%20", "search=%00", &format!("parent=org_{:032x}", 1)] {
        assert!(names(&ask(nothing).await).is_empty(), "{nothing}");
    }
    for (query, code) in [
        ("limit=0", "limit_out_of_range"),
        ("limit=201", "limit_out_of_range"),
        ("color=1", "query_unexpected"),
    ] {
        assert_eq!(stage.get(&format!("/orgs?{query}")).send().await.expect(422).code(), code);
    }
    let below = stage.get(&format!("{}/sub-organizations?search=team&limit=5", stage.home()));
    let below = below.send().await.expect(200).json();
    assert_eq!((names(&below).len(), &below["items"][0]["members"]), (5, &json!(0)));
    assert!(below["next_cursor"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_organization_is_made_once_per_request_and_the_last_one_stays() {
    let stage = Stage::new().await;
    let only = stage
        .post(&format!("{}/remove", stage.home()), &json!({ "name": "Halden" }))
        .send()
        .await
        .expect(409);
    assert_eq!(only.code(), "last_root");
    let make = || stage.post("/orgs", &json!({ "name": "Nordic" })).header("idempotency-key", "once");
    let (first, second) = (make().send().await.expect(201).json(), make().send().await.expect(201).json());
    assert_eq!(first, second);
    assert_eq!(first["roles"], json!([{ "role": "owner", "title": "Owner", "held": "member" }]));
    let all = stage.get("/orgs").send().await.expect(200).json();
    assert_eq!(names(&all), ["Halden", "Nordic"]);

    create(&stage, "Berlin").await;
    let refused = stage
        .post(&format!("{}/remove", stage.home()), &json!({ "name": "Halden" }))
        .send()
        .await
        .expect(409);
    assert_eq!(refused.code(), "has_sub_organizations");
    let nordic = format!("/orgs/{}", first["id"].as_str().unwrap());
    assert_eq!(stage.get(&format!("{nordic}/losses")).send().await.expect(200).json()["members"], 1);
    stage
        .post(&format!("{nordic}/remove"), &json!({ "name": "Nordic" }))
        .send()
        .await
        .expect(204);
    stage.get(&nordic).send().await.expect(404);
}
