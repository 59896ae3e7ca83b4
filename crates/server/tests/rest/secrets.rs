//! The canary hunt in answers: no secret leaves but in the one answer that is made to carry it.

use crate::stage::Stage;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use testkit::{Canary, KeyKind, Role};

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_leaves_once_or_never() {
    let stage = Stage::new().await;
    let home = stage.home();
    let mut never: Vec<Canary> = stage
        .world
        .apple
        .keys()
        .iter()
        .flat_map(|file| Canary::pem(format!("the key {}", file.key_id), &file.pem()))
        .collect();
    never.push(Canary::text("the password", stage.password()));

    // A day's work, refusals included.
    let mut wrong = stage.new_key(Role::Developer);
    wrong["issuer_id"] = json!("57246542-96fe-1a63-e053-0824d011072a");
    stage.post(&format!("{home}/keys"), &wrong).send().await.expect(502);
    let key = stage
        .post(&format!("{home}/keys"), &stage.new_key(Role::Admin))
        .send()
        .await
        .expect(201)
        .json();
    let key = key["id"].as_str().unwrap().to_owned();
    let enterprise = stage.world.key_file(KeyKind::Enterprise, Role::Admin);
    let swapped = json!({ "name": enterprise.pem(), "key_id": enterprise.pem(), "issuer_id": enterprise.pem(), "private_key": "x" });
    let refused = stage.post(&format!("{home}/keys"), &swapped).send().await;
    // What was put into the wrong field is quoted to nobody but its sender, and not as a whole.
    assert!(!String::from_utf8_lossy(&refused.bytes).contains(&enterprise.pem().replace('\n', "\\n")));
    stage.answers.lock().unwrap().pop();
    let certificate = stage.certificate(&key).await;
    let login = json!({ "email": "elin@halden.example", "password": stage.password(), "token_name": "laptop" });
    let signed_in = stage.post("/login", &login).anonymous().send().await.expect(201).json();
    let apple_token = stage
        .post(&format!("{home}/keys/{key}/apple-token"), &json!({}))
        .send()
        .await
        .expect(201)
        .json();
    let export = |form: &str| stage.post(&format!("{home}/certificates/{certificate}/export"), &json!({ "form": form }));
    let pem = export("pem").send().await.expect(200).json();
    let p12 = export("p12-compatible").send().await.expect(200).json();
    export("cer").send().await.expect(200);

    let pem = String::from_utf8(STANDARD.decode(pem["content"].as_str().unwrap()).unwrap()).unwrap();
    let private = pem.split_inclusive("-----END PRIVATE KEY-----").next().unwrap();
    let private = &private[private.find("-----BEGIN PRIVATE KEY-----").unwrap()..];
    let mut once = vec![
        Canary::text("the token of a sign-in", signed_in["value"].as_str().unwrap()),
        Canary::text("a token for Apple", apple_token["token"].as_str().unwrap()),
        Canary::text("the password of a .p12", p12["generated_password"].as_str().unwrap()),
    ];
    once.extend(Canary::pem("the certificate's private key", private));

    // Everything that can be read, read.
    for operation in stage.document.operations().into_iter().filter(|o| o.method == "GET") {
        let profile = "AAAAAAAAAA";
        let operation_id = stage
            .answers
            .lock()
            .unwrap()
            .iter()
            .find_map(|(asked, _)| Some(asked.split_once("/operations/")?.1.to_owned()));
        let path = operation
            .path
            .replace("{org}", &stage.world.org.to_string())
            .replace("{key}", &key)
            .replace("{certificate}", &certificate)
            .replace("{operation}", &operation_id.unwrap())
            .replace("{profile}", profile);
        stage.get(&path).send().await;
    }
    stage.get(&format!("{home}/key-choices?need=certificates")).send().await.expect(200);

    let answers = stage.answers.lock().unwrap();
    assert!(answers.len() > 25, "{}", answers.len());
    let carriers = |canary: &Canary| {
        answers
            .iter()
            .filter(|(asked, bytes)| canary.found_in(asked, bytes).is_some())
            .count()
    };
    let leaked: Vec<_> = never
        .iter()
        .flat_map(|canary| answers.iter().filter_map(|(asked, bytes)| canary.found_in(asked, bytes)))
        .collect();
    assert!(leaked.is_empty(), "{leaked:#?}");
    for canary in &once {
        assert!(carriers(canary) <= 1, "a secret is in {} answers", carriers(canary));
    }
    assert_eq!(carriers(&once[0]), 1, "the hunt is able to find");
}
