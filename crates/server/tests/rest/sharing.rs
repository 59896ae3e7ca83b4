//! Sharing over REST, and what of a lent key never leaves.

use crate::stage::{Answer, Stage};
use axum::http::StatusCode;
use domain::Role as Held;
use serde_json::{Value, json};
use testkit::{Role, World};

async fn ask(stage: &Stage, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let asked = stage.ask(method, path).token(token);
    match body {
        Some(body) => asked.body(&body).send().await,
        None => asked.send().await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lent_key_is_used_told_apart_and_refused_in_plain_words() {
    let stage = Stage::new().await;
    let world: &World = &stage.world;
    let key = world.link(Role::Admin).await;
    let owners = world.app().key(&world.owner.caller, world.org, key).await.unwrap().summary.key;
    let sub = world.organization("Transit", Some(world.org)).await;
    let person = world.person("jonas", &[(sub, Held::Owner)]).await;
    let (_, token) = world.app().create_token(&person.signed_in, "Mine", None).await.unwrap();
    let token = token.expose();
    let root = format!("/api/v1/orgs/{}/keys/{key}", world.org);
    let there = format!("/api/v1/orgs/{sub}/keys/{key}");

    let unseen = ask(&stage, token, "GET", &there, None).await;
    assert_eq!(unseen.status, StatusCode::NOT_FOUND);
    let limits =
        json!({"share": [{"with": sub.to_string(), "features": ["certificates", "profiles"], "stops_at": "2027-01-31T23:59:59Z"}]});
    let shared = ask(&stage, &stage.token, "PATCH", &format!("{root}/shares"), Some(limits)).await;
    assert_eq!((shared.status, shared.json()["words"].as_str()), (StatusCode::OK, Some("1 of 1")));
    let shares = ask(&stage, &stage.token, "GET", &format!("{root}/shares"), None).await.json();
    assert_eq!(shares["items"][0]["chosen"]["features"], json!(["certificates", "profiles"]));

    let seen = ask(&stage, token, "GET", &there, None).await;
    let told = seen.json();
    assert_eq!(
        (told["shared_from"].as_str(), told["limits"]["stops_at"].as_str()),
        (Some("Halden"), Some("2027-01-31T23:59:59Z"))
    );
    let here: Vec<_> = told["features"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["here"] == true)
        .collect();
    assert_eq!(here.len(), 2);
    // What only its owner is to know is in no answer below.
    let list = ask(&stage, token, "GET", &format!("/api/v1/orgs/{sub}/keys"), None).await;
    let text = String::from_utf8_lossy(&seen.bytes).into_owned() + &String::from_utf8_lossy(&list.bytes);
    let issuer = owners.issuer_id.as_ref().unwrap().to_string();
    for secret in [issuer.as_str(), owners.fingerprint.as_str(), "Elin", world.org.to_string().as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let acts = [
        ("PATCH", there.clone(), json!({"name": "Ours"})),
        ("POST", format!("{there}/remove"), json!({"name": owners.name.to_string()})),
        ("POST", format!("{there}/apple-token"), json!({})),
        ("PUT", format!("{there}/features/profiles"), json!({"overridden": true})),
        ("PATCH", format!("{there}/shares"), json!({"share": [{"with": "all"}]})),
    ];
    for (method, address, body) in acts {
        let refused = ask(&stage, token, method, &address, Some(body)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {address}");
        assert_eq!(refused.json()["code"], "lent_key", "{method} {address}");
    }

    let stopped = ask(
        &stage,
        &stage.token,
        "PATCH",
        &format!("{root}/shares"),
        Some(json!({"stop": [sub.to_string()]})),
    )
    .await;
    assert_eq!(stopped.json()["words"], "Not shared");
    assert_eq!(ask(&stage, token, "GET", &there, None).await.status, StatusCode::NOT_FOUND);
    let beside = json!({"share": [{"with": "all"}], "everything": true});
    let unknown = ask(&stage, &stage.token, "PATCH", &format!("{root}/shares"), Some(beside)).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_is_shared_found_below_and_refused_in_plain_words() {
    let stage = Stage::new().await;
    let world: &World = &stage.world;
    let key = world.link(Role::Admin).await;
    let root = format!("/api/v1/orgs/{}", world.org);
    let fetch = format!("{root}/keys/{key}/apple/profiles/fetch");
    let fetched = ask(&stage, &stage.token, "POST", &fetch, Some(json!({}))).await.json();
    let profile = fetched["new"][0]["id"].as_str().unwrap();
    let sub = world.organization("Transit", Some(world.org)).await;
    let person = world.person("jonas", &[(sub, Held::Owner)]).await;
    let (_, token) = world.app().create_token(&person.signed_in, "Mine", None).await.unwrap();
    let (token, below) = (token.expose(), format!("/api/v1/orgs/{sub}"));
    let there = format!("{below}/profiles/{profile}");

    assert_eq!(ask(&stage, token, "GET", &there, None).await.status, StatusCode::NOT_FOUND);
    let shares = format!("{root}/profiles/{profile}/shares");
    let change = json!({"share": [{"with": sub.to_string(), "stops_at": "2027-01-31T23:59:59Z"}]});
    let shared = ask(&stage, &stage.token, "PATCH", &shares, Some(change)).await;
    assert_eq!(shared.json()["words"], "1 of 1");
    let listed = ask(&stage, &stage.token, "GET", &shares, None).await.json();
    assert_eq!(listed["items"][0]["chosen"]["stops_at"], "2027-01-31T23:59:59Z");
    let ours = ask(&stage, &stage.token, "GET", &format!("{root}/profiles/{profile}"), None)
        .await
        .json();
    assert_eq!((&ours["lent_by"], &ours["sharing"]["words"]), (&Value::Null, &"1 of 1".into()));

    let lent = ask(&stage, token, "GET", &format!("{below}/profiles/inherited"), None).await.json();
    assert_eq!(
        (&lent["items"][0]["id"], &lent["items"][0]["owner"]),
        (&profile.into(), &"Halden".into())
    );
    let details = ask(&stage, token, "GET", &there, None).await.json();
    assert_eq!((&details["lent_by"], &details["sharing"]), (&"Halden".into(), &Value::Null));
    let refusals = [
        ("GET", format!("{there}/content"), None),
        ("PATCH", format!("{there}/shares"), Some(json!({"share": [{"with": "all"}]}))),
        ("POST", format!("{below}/profiles/remove"), Some(json!({"profiles": [profile]}))),
    ];
    for (method, address, body) in refusals {
        let refused = ask(&stage, token, method, &address, body).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (StatusCode::FORBIDDEN, &"lent_profile".into()),
            "{method} {address}"
        );
    }
    let stop = json!({"stop": [sub.to_string()]});
    assert_eq!(
        ask(&stage, &stage.token, "PATCH", &shares, Some(stop)).await.json()["words"],
        "Not shared"
    );
    assert_eq!(ask(&stage, token, "GET", &there, None).await.status, StatusCode::NOT_FOUND);
}
