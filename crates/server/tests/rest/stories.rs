//! The main job over REST, as a script does it.

use crate::stage::Stage;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use testkit::{KeyKind, Role};

#[tokio::test(flavor = "multi_thread")]
async fn from_a_key_file_to_a_downloaded_certificate() {
    let stage = Stage::new().await;
    let home = stage.home();
    assert_eq!(stage.get("/status").anonymous().send().await.expect(200).json()["state"], "ready");
    let me = stage.get("/me").send().await.expect(200).json();
    assert_eq!(me["organizations"][0]["id"], stage.world.org.to_string());

    let mut input = stage.new_key(Role::Admin);
    input["name"] = json!("Łukasz & <b>co</b> 🍎");
    let key = stage.post(&format!("{home}/keys"), &input).send().await.expect(201).json();
    assert_eq!((&key["name"], &key["health"]), (&json!("Łukasz & <b>co</b> 🍎"), &json!("working")));
    assert_eq!(key["features"].as_array().unwrap().len(), 7);
    let by_name = stage
        .get(&format!("{home}/keys/%C5%81ukasz%20&%20%3Cb%3Eco%3C%2Fb%3E%20%F0%9F%8D%8E"))
        .send()
        .await;
    assert_eq!(by_name.expect(200).json()["id"], key["id"]);
    let id = key["id"].as_str().unwrap();

    for list in ["certificates", "profiles", "bundle-ids", "devices"] {
        let answer = stage
            .get(&format!("{home}/keys/{id}/apple/{list}?search=halden"))
            .send()
            .await
            .expect(200)
            .json();
        assert!(answer["total"].as_u64().unwrap() > 0, "{list}");
    }
    let profiles = stage
        .get(&format!("{home}/keys/{id}/apple/profiles?state=active"))
        .send()
        .await
        .expect(200)
        .json();
    let profile = profiles["items"][0]["id"].as_str().unwrap();
    let file = stage
        .get(&format!("{home}/keys/{id}/apple/profiles/{profile}/content"))
        .send()
        .await
        .expect(200);
    assert!(file.headers["content-disposition"].to_str().unwrap().contains(".mobileprovision"));
    assert_eq!(file.bytes[0], 0x30, "a CMS envelope");

    let certificate = stage.certificate(id).await;
    let held = stage
        .get(&format!("{home}/certificates/{certificate}"))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!((&held["key_held"], &held["origin"]), (&json!(true), &json!("created")));
    let at_apple = stage
        .get(&format!("{home}/keys/{id}/apple/certificates"))
        .send()
        .await
        .expect(200)
        .json();
    let same: Vec<_> = at_apple["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["held"] == json!(certificate))
        .collect();
    assert_eq!(same.len(), 1);

    let password = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ abc";
    for form in ["p12-compatible", "p12-modern"] {
        let wish = json!({ "form": form, "password": password });
        let export = stage
            .post(&format!("{home}/certificates/{certificate}/export"), &wish)
            .send()
            .await
            .expect(200)
            .json();
        let bytes = STANDARD.decode(export["content"].as_str().unwrap()).unwrap();
        assert!(signing::p12::read(&bytes, password).is_ok(), "{form}");
        assert_eq!(export["generated_password"], json!(null));
    }

    let page = stage.get(&format!("{home}/activity?limit=3")).send().await.expect(200).json();
    let next = page["next_cursor"].as_str().unwrap();
    let older = stage
        .get(&format!("{home}/activity?limit=3&cursor={next}"))
        .send()
        .await
        .expect(200)
        .json();
    assert_ne!(page["items"], older["items"]);
    assert!(
        page["items"][0]["sentence"].as_str().unwrap().contains("downloaded"),
        "{}",
        page["items"][0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_checked_changed_rotated_and_removed() {
    let stage = Stage::new().await;
    let home = stage.home();
    let key = stage.world.link(Role::Developer).await;
    let path = format!("{home}/keys/{key}");
    stage.post(&format!("{path}/check"), &json!({})).send().await.expect(200);
    let edited = stage
        .ask("PATCH", &path)
        .body(&json!({ "name": "CI", "roles": ["developer"] }))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!((&edited["name"], &edited["roles"]), (&json!("CI"), &json!(["developer"])));
    stage
        .ask("PUT", &format!("{path}/features/certificates"))
        .body(&json!({ "overridden": true }))
        .send()
        .await
        .expect(204);
    let shown = stage.get(&path).send().await.expect(200).json();
    let row = shown["features"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["feature"] == "certificates")
        .unwrap();
    assert_eq!(row["overridden"], json!(true));

    let fresh = stage.new_key(Role::Admin);
    let rotated = stage.post(&format!("{path}/rotate"), &fresh).send().await.expect(200).json();
    assert_eq!((&rotated["id"], &rotated["generation"]), (&json!(key.to_string()), &json!(2)));

    stage
        .post(&format!("{path}/remove"), &json!({ "name": "another" }))
        .send()
        .await
        .expect(422);
    stage.get(&format!("{path}/dependents")).send().await.expect(200);
    stage
        .post(&format!("{path}/remove"), &json!({ "name": "CI" }))
        .send()
        .await
        .expect(204);
    stage.get(&path).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_is_refused_before_apple_is_asked_and_the_others_are_named() {
    let stage = Stage::new().await;
    let manager = stage.world.link(Role::AppManager).await;
    let admin = stage.world.link(Role::Admin).await;
    let before = stage.world.requests();
    let wish = json!({ "key": manager.to_string(), "certificate_type": "DISTRIBUTION" });
    let refused = stage
        .post(&format!("{}/certificates", stage.home()), &wish)
        .send()
        .await
        .expect(403);
    assert_eq!(refused.code(), "key_not_usable");
    assert_eq!(refused.json()["usable_keys"][0]["id"], json!(admin.to_string()));
    assert_eq!(stage.world.requests(), before);
    let choices = stage
        .get(&format!("{}/key-choices?need=create-certificate", stage.home()))
        .send()
        .await
        .expect(200)
        .json();
    let words: Vec<_> = choices["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["usability"].clone())
        .collect();
    assert_eq!(words, [json!("usable"), json!("refused")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_apples_limit_the_places_are_told() {
    let stage = Stage::new().await;
    let key = stage.world.link_kind(KeyKind::Team, Role::Admin).await;
    stage.certificate(&key.to_string()).await;
    let wish = json!({ "key": key.to_string(), "certificate_type": "DISTRIBUTION" });
    let begun = stage
        .post(&format!("{}/certificates", stage.home()), &wish)
        .send()
        .await
        .expect(202)
        .json();
    stage.world.app().run_due_jobs().await.unwrap();
    let path = format!("{}/operations/{}?wait=1", stage.home(), begun["id"].as_str().unwrap());
    let over = stage.get(&path).send().await.expect(200).json();
    assert_eq!((&over["state"], &over["over"]), (&json!("refused"), &json!(true)));
    let places = over["places"].as_array().unwrap();
    assert_eq!(places.len(), 3, "{places:#?}");
    assert_eq!(places.iter().filter(|p| p["key_held"] == json!(true)).count(), 1);
}
