//! `Idempotency-Key`: the same POST does its work once, and is answered alike or told why not.

use crate::stage::Stage;
use serde_json::json;
use std::time::Duration;
use testkit::{Effect, Fault, Role};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_under_the_same_key_does_its_work_once() {
    let stage = Stage::new().await;
    let key = stage.world.link(Role::Admin).await;
    let path = format!("{}/certificates", stage.home());
    let wish = json!({ "key": key.to_string(), "certificate_type": "DISTRIBUTION" });
    let ask = || stage.post(&path, &wish).header("idempotency-key", "one");
    let (first, second) = (ask().send().await.expect(202), ask().send().await.expect(202));
    assert_eq!(first.json(), second.json());
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    stage.world.app().run_due_jobs().await.unwrap();
    assert_eq!(stage.world.count("POST /v1/certificates"), 1);

    let other = json!({ "key": key.to_string(), "certificate_type": "DEVELOPMENT" });
    let mismatch = stage.post(&path, &other).header("idempotency-key", "one").send().await.expect(409);
    assert_eq!(mismatch.code(), "idempotency_mismatch");

    // The key counts for one principal: another token of the same person begins anew.
    let (_, token) = stage.world.app().create_token(&stage.world.owner, "Other", None).await.unwrap();
    let elsewhere = ask().token(token.expose()).send().await.expect(202);
    assert_ne!(elsewhere.json()["id"], first.json()["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_repeated_as_a_refusal() {
    let stage = Stage::new().await;
    let path = format!("{}/keys", stage.home());
    let ask = || {
        let wrong = json!({ "private_key": "nothing", "key_id": "ABCDEFGHIJ", "issuer_id": "57246542-96fe-1a63-e053-0824d011072a" });
        stage.post(&path, &wrong).header("idempotency-key", "two")
    };
    let (first, second) = (ask().send().await.expect(422), ask().send().await.expect(422));
    assert_eq!(first.refusal(), second.refusal());
    assert_eq!(second.media(), Some("application/problem+json"));
    assert_eq!(second.headers["idempotency-replayed"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_trouble_is_not_kept() {
    let stage = Stage::new().await;
    let path = format!("{}/keys", stage.home());
    let new_key = stage.new_key(Role::Developer);
    let ask = || stage.post(&path, &new_key).header("idempotency-key", "three");
    stage
        .world
        .apple
        .control()
        .add_fault(Fault::next("GET", "/v1/apps", Effect::Reset).times(20));
    let silent = ask().send().await.expect(503);
    assert_eq!(silent.code(), "apple_unreachable");
    stage.world.apple.control().clear_faults();
    ask().send().await.expect(201);
    assert_eq!(ask().send().await.expect(201).headers["idempotency-replayed"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_carried_a_secret_is_given_once() {
    let stage = Stage::new().await;
    let key = stage.world.link(Role::Admin).await;
    let certificate = stage.certificate(&key.to_string()).await;
    let home = stage.home();
    for (path, body, status) in [
        (format!("{home}/certificates/{certificate}/export"), json!({ "form": "pem" }), 200),
        (format!("{home}/keys/{key}/apple-token"), json!({}), 201),
        ("/me/tokens".to_owned(), json!({ "name": "CI" }), 201),
    ] {
        let ask = || {
            stage
                .post(&path, &body)
                .header("idempotency-key", &format!("once {path}").replace(' ', "-"))
        };
        ask().send().await.expect(status);
        let again = ask().send().await.expect(409);
        assert_eq!(again.code(), "already_done", "{path}");
    }
    let tokens = stage.get("/me/tokens").send().await.expect(200).json();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_and_an_organization_of_others_are_refused() {
    let stage = Stage::new().await;
    let path = format!("{}/certificates", stage.home());
    let wish = json!({ "key": "none", "certificate_type": "DISTRIBUTION" });
    for key in ["", "with blanks", &"x".repeat(300)] {
        let refused = stage.post(&path, &wish).header("idempotency-key", key).send().await.expect(422);
        assert_eq!(refused.code(), "idempotency_key_unfit");
    }
    let nobody = stage
        .post(&path, &wish)
        .header("idempotency-key", "k")
        .anonymous()
        .send()
        .await
        .expect(401);
    assert_eq!(nobody.code(), "sign_in_needed");
    let foreign = format!("/orgs/org_{:032x}/certificates", 7);
    let refused = stage.post(&foreign, &wish).header("idempotency-key", "k").send().await.expect(404);
    assert_eq!(refused.code(), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_answered_again_after_the_organization_is_gone() {
    let stage = Stage::new().await;
    stage.post("/orgs", &json!({ "name": "Second" })).send().await.expect(201);
    let (path, name) = (format!("{}/remove", stage.home()), json!({ "name": "Halden" }));
    let ask = || stage.post(&path, &name).header("idempotency-key", "gone");
    ask().send().await.expect(204);
    let again = ask().send().await.expect(204);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    stage
        .post(&path, &name)
        .header("idempotency-key", "another")
        .send()
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_finds_it_done() {
    let stage = Stage::new().await;
    let path = format!("{}/keys", stage.home());
    let new_key = stage.new_key(Role::Admin);
    let ask = || stage.post(&path, &new_key).header("idempotency-key", "four");
    let late = Effect::Delay { milliseconds: 400 };
    stage.world.apple.control().add_fault(Fault::next("GET", "/v1/apps", late));
    // Dropped in the middle, as a server does when the connection is gone.
    let gone = tokio::time::timeout(Duration::from_millis(100), ask().send()).await;
    assert!(gone.is_err(), "Apple was not late enough");
    let done = async {
        loop {
            let answer = ask().send().await;
            if answer.status != 409 {
                return answer;
            }
            assert_eq!(answer.code(), "in_progress");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(20), done).await.expect("it was given up");
    assert_eq!(done.headers["idempotency-replayed"], "true");
    let keys = stage.get(&path).send().await.expect(200).json();
    assert_eq!(keys["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_that_died_left_behind_is_told_as_such() {
    let stage = Stage::new().await;
    let path = format!("{}/keys", stage.home());
    let new_key = stage.new_key(Role::Admin);
    let ask = || stage.post(&path, &new_key).header("idempotency-key", "five");
    let late = Effect::Delay { milliseconds: 60_000 };
    stage.world.apple.control().add_fault(Fault::next("GET", "/v1/apps", late));
    let gone = tokio::time::timeout(Duration::from_millis(100), ask().send()).await;
    assert!(gone.is_err(), "Apple was not late enough");
    assert_eq!(ask().send().await.expect(409).code(), "in_progress");
    stage.world.advance(11 * 60);
    assert_eq!(ask().send().await.expect(409).code(), "cut_off");
    stage.world.advance(24 * 3600);
    stage.world.apple.control().clear_faults();
    ask().send().await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_rights_moved_under_is_worked_on_anew() {
    let stage = Stage::new().await;
    let app = stage.world.app();
    let (other, _) = app.create_token(&stage.world.owner, "Other", None).await.unwrap();
    let path = format!("{}/keys", stage.home());
    let new_key = stage.new_key(Role::Admin);
    let ask = || stage.post(&path, &new_key).header("idempotency-key", "six");
    // While Apple is being asked, the same person ends another token of theirs.
    let late = Effect::Delay { milliseconds: 3000 };
    stage.world.apple.control().add_fault(Fault::next("GET", "/v1/apps", late));
    let meanwhile = async {
        while stage.world.count("GET /v1/apps") == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        app.revoke_token(&stage.world.owner, other.id).await.unwrap();
    };
    let (refused, ()) = tokio::join!(ask().send(), meanwhile);
    assert_eq!(refused.expect(409).code(), "rights_changed");
    let linked = ask().send().await.expect(201);
    assert!(!linked.headers.contains_key("idempotency-replayed"));
    assert_eq!(ask().send().await.expect(201).headers["idempotency-replayed"], "true");
    let keys = stage.get(&path).send().await.expect(200).json();
    assert_eq!(keys["items"].as_array().unwrap().len(), 1);
}
