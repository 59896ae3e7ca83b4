//! Signing requests, files and shares over REST: the same shapes as declared, and what is refused.

use crate::stage::Stage;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use testkit::Role;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_made_shown_completed_and_removed() {
    let stage = Stage::new().await;
    let home = stage.home();
    let new = json!({ "name": "Build machine", "email": "ci@halden.example", "country": "no" });
    let made = stage.post(&format!("{home}/csrs"), &new).send().await.expect(201).json();
    let id = made["csr"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&made["csr"]["open"], &made["csr"]["country"], &made["csr"]["made_by"]),
        (&true.into(), &"NO".into(), &"Elin".into())
    );
    assert!(
        made["csr"]["pem"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE REQUEST-----")
    );
    let key = stage.world.link(Role::Admin).await;
    let stranger = stage.certificate(&key.to_string()).await;
    let export = stage.post(&format!("{home}/certificates/{stranger}/export"), &json!({ "form": "cer" }));
    let cer = export.send().await.expect(200).json()["content"].clone();
    let complete = stage.post(&format!("{home}/csrs/{id}/complete"), &json!({ "certificate": cer }));
    let refused = complete.send().await.expect(409);
    assert_eq!(refused.json()["fields"][0]["field"], "certificate");
    assert_eq!(refused.code(), "certificate_of_another_key");
    let listed = stage.get(&format!("{home}/csrs?limit=1")).send().await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    stage.get(&format!("{home}/csrs?cursor=nonsense")).send().await.expect(422);
    stage
        .post(&format!("{home}/csrs/{id}/remove"), &json!({ "name": "Build machine" }))
        .send()
        .await
        .expect(204);
    stage.get(&format!("{home}/csrs/{id}")).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_goes_out_and_comes_in_again() {
    let stage = Stage::new().await;
    let home = stage.home();
    let key = stage.world.link(Role::Admin).await;
    let id = stage.certificate(&key.to_string()).await;
    let one = format!("{home}/certificates/{id}");
    let details = stage.get(&one).send().await.expect(200).json();
    assert_eq!(details["sharing"]["words"], "Not shared");
    let wish = json!({ "form": "p12-modern", "password": "pass" });
    let file = stage.post(&format!("{one}/export"), &wish).send().await.expect(200).json();
    let told = stage.get(&format!("{one}/dependents")).send().await.expect(200).json();
    assert_eq!((&told["key_destroyed"], &told["valid_at_apple"]), (&true.into(), &true.into()));
    let remove = json!({ "name": told["name"] });
    stage.post(&format!("{one}/remove"), &remove).send().await.expect(204);

    let import = format!("{home}/certificates/import");
    let content = &file["content"];
    let wrong = stage
        .post(&import, &json!({ "content": content, "password": "no" }))
        .send()
        .await
        .expect(422);
    assert_eq!(wrong.code(), "password_wrong");
    let neither = stage.post(&import, &json!({ "content": "%%%" })).send().await.expect(422);
    assert_eq!(neither.code(), "content_unfit");
    let junk = stage
        .post(&import, &json!({ "content": STANDARD.encode(b"hello") }))
        .send()
        .await
        .expect(422);
    assert_eq!(junk.code(), "file_unfit");
    let back = stage
        .post(&import, &json!({ "content": content, "password": "pass" }))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&back["taken"][0]["outcome"], &back["taken"][0]["certificate"]["apple_id"]),
        (&"new".into(), &json!(null))
    );
    assert_eq!(back["taken"][0]["certificate"]["key_held"], true);

    let fetch = format!("{home}/keys/{key}/apple/certificates/fetch");
    let fetched = stage.post(&fetch, &json!({})).send().await.expect(200).json();
    let taken = fetched["taken"].as_array().unwrap();
    let joined = taken.iter().find(|one| one["outcome"] == "joined").unwrap();
    assert_eq!(
        (&joined["certificate"]["sha1"], &joined["certificate"]["origin"]),
        (&details["sha1"], &"uploaded".into())
    );

    let again = joined["certificate"]["id"].as_str().unwrap();
    let one = format!("{home}/certificates/{again}");
    let renamed = stage
        .ask("PATCH", &one)
        .body(&json!({ "name": "Release" }))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(renamed["name"], "Release");
    stage.world.organization("Transit", Some(stage.world.org)).await;
    let change = json!({ "share": [{ "with": "all", "stops_at": "2027-01-31T23:59:59Z" }] });
    let shared = stage
        .ask("PATCH", &format!("{one}/shares"))
        .body(&change)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(shared["words"], "All sub-organizations");
    let shares = stage.get(&format!("{one}/shares")).send().await.expect(200).json();
    assert_eq!(
        (&shares["all"]["stops_at"], &shares["items"][0]["name"]),
        (&"2027-01-31T23:59:59Z".into(), &"Transit".into())
    );
    let nothing = stage.get(&format!("{home}/certificates/inherited")).send().await.expect(200).json();
    assert_eq!(nothing["items"], json!([]));
}
