//! Builds: how they are found, what can be changed, when they end, and which keys bring and see them.

use crate::binaries::{app, commit, reserve, reserve_file, wait};
use crate::client::{Client, empty, seeded};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{KeyKind, Role};

#[tokio::test]
async fn builds_are_asked_for_by_much_and_changed_in_two_things() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let ferry = client.get("/v1/apps?filter[bundleId]=no.halden.ferry").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let versions = async |query: &str| client.get(&format!("/v1/builds?{query}")).await.all("version");
    assert_eq!(versions(&format!("filter[app]={ferry}&sort=-version")).await, ["44", "43", "41"]);
    assert_eq!(
        versions("filter[preReleaseVersion.version]=2.4.0&sort=uploadedDate").await,
        ["43", "44"]
    );
    assert_eq!(versions("filter[expired]=true").await, ["41"]);
    assert_eq!(versions("exists[usesNonExemptEncryption]=false").await, ["44"]);
    assert_eq!(versions("sort=preReleaseVersion,-version").await, ["41", "44", "43"]);
    assert_eq!(versions("filter[version]=43").await, ["43"]);
    let trains = client
        .get("/v1/preReleaseVersions?filter[builds.version]=44&include=builds&sort=-version")
        .await;
    assert_eq!(trains.all("version"), ["2.4.0"]);
    assert_eq!(trains.json()["included"].as_array().unwrap().len(), 2);
    let states = client.get("/v1/builds?include=buildBetaDetail&sort=version").await.json();
    let states: Vec<_> = states["included"]
        .as_array()
        .unwrap()
        .iter()
        .map(|details| details["attributes"]["internalBuildState"].clone())
        .collect();
    assert_eq!(states, ["EXPIRED", "IN_BETA_TESTING", "MISSING_EXPORT_COMPLIANCE"]);

    let build = client.get("/v1/builds?filter[version]=44").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let patch = async |attributes: Value| {
        let body = json!({ "data": { "type": "builds", "id": build, "attributes": attributes } });
        client.patch(&format!("/v1/builds/{build}"), body).await
    };
    let details = format!("/v1/builds/{build}/buildBetaDetail");
    assert_eq!(patch(json!({ "usesNonExemptEncryption": false })).await.status.as_u16(), 200);
    assert_eq!(
        client.get(&details).await.json()["data"]["attributes"]["internalBuildState"],
        "IN_BETA_TESTING"
    );
    assert_eq!(
        patch(json!({ "usesNonExemptEncryption": true })).await.error(),
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID: You cannot update when the value is already set."
    );
    assert_eq!(
        patch(json!({ "expired": true })).await.json()["data"]["attributes"]["expired"],
        true
    );
    assert_eq!(
        client.get(&details).await.json()["data"]["attributes"]["externalBuildState"],
        "EXPIRED"
    );
    assert_eq!(patch(json!({ "expired": false })).await.status.as_u16(), 409);
    let body = json!({ "data": { "type": "buildBetaDetails", "id": build, "attributes": { "autoNotifyEnabled": true } } });
    assert_eq!(
        client.patch(&format!("/v1/buildBetaDetails/{build}"), body).await.json()["data"]["attributes"]["autoNotifyEnabled"],
        true
    );
}

#[tokio::test]
async fn a_build_expires_after_ninety_days() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    apple.control().create_build(&app, "1.0", "1").unwrap();
    wait(&apple, 90 * 24 * 60 * 60 - 1);
    assert!(client.get("/v1/builds?filter[expired]=true").await.all("version").is_empty());
    wait(&apple, 1);
    assert_eq!(client.get("/v1/builds?filter[expired]=true").await.all("version"), ["1"]);
}

#[tokio::test]
async fn who_may_upload() {
    let apple = empty().await;
    let app = app(&apple);
    for (kind, role, status) in [
        (KeyKind::Team, Role::Developer, 201),
        (KeyKind::Team, Role::AppManager, 201),
        (KeyKind::Individual, Role::AppManager, 201),
        (KeyKind::Individual, Role::Developer, 201),
        (KeyKind::Team, Role::Finance, 403),
        (KeyKind::Team, Role::Marketing, 403),
    ] {
        let client = Client::new(&apple, kind, role);
        let reserved = reserve(&client, &app, "1.0", "1").await;
        assert_eq!(reserved.status.as_u16(), status, "{kind:?} {role:?}: {}", reserved.text);
        if status == 201 {
            let file = reserve_file(&client, &reserved.id(), 10).await;
            assert_eq!(commit(&client, &file.id(), Value::Null).await.status.as_u16(), 200, "{role:?}");
            assert_eq!(client.get("/v1/builds").await.status.as_u16(), 200);
            wait(&apple, 3);
        } else {
            assert_eq!(client.send(Method::GET, "/v1/builds", None).await.status.as_u16(), 403);
        }
    }
}
