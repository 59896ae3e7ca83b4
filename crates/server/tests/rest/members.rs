//! People, roles and invitations over the wire.

use crate::stage::{Answer, Stage};
use serde_json::{Value, json};
use testkit::{Person, World};

async fn token_of(world: &World, person: &Person) -> String {
    let (_, token) = world.app().create_token(&person.signed_in, "Tests", None).await.unwrap();
    token.expose().to_owned()
}

/// The token at the end of the link in an answer.
fn token_in(answer: &Value) -> String {
    answer["link"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned()
}

async fn invite(stage: &Stage, email: &str, roles: &[&str]) -> Answer {
    let path = format!("{}/invitations", stage.home());
    stage.post(&path, &json!({ "email": email, "roles": roles })).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_invited_joins_and_goes() {
    let stage = Stage::new().await;
    let invited = invite(&stage, "guest@example.com", &["signing-viewer"]).await.expect(201).json();
    assert!(invited["link"].as_str().unwrap().starts_with("http://localhost:7400/invitations/"));
    let token = token_in(&invited);
    let pending = stage.get(&format!("{}/invitations", stage.home())).send().await.expect(200);
    assert!(!String::from_utf8_lossy(&pending.bytes).contains(&token), "the link is shown once");
    assert_eq!(pending.json()["items"][0]["invited_by"], "Elin");

    let look = |body: Value| stage.post("/invitations/look", &body).anonymous();
    let seen = look(json!({ "token": token })).send().await.expect(200).json();
    assert_eq!((&seen["organization"], &seen["has_account"]), (&json!("Halden"), &json!(false)));
    assert_eq!(look(json!({ "token": "x" })).send().await.expect(404).code(), "invitation_unknown");
    let accept = |body: Value| stage.post("/invitations/accept", &body).anonymous();
    let short = json!({ "token": token, "name": "Guest", "password": "short" });
    assert_eq!(accept(short).send().await.expect(422).json()["fields"][0]["field"], "password");
    let good = json!({ "token": token, "name": "Guest", "password": stage.password() });
    let joined = accept(good.clone())
        .header("idempotency-key", "once")
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(joined["organization"], stage.world.org.to_string());
    accept(good).send().await.expect(404);

    let members = format!("{}/members", stage.home());
    let list = stage.get(&format!("{members}?search=GUEST")).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        list["items"][0]["roles"],
        json!([{ "role": "signing-viewer", "title": "Signing Viewer", "held": "member" }])
    );
    let first = stage.get(&format!("{members}?limit=1")).send().await.expect(200).json();
    let next = first["next_cursor"].as_str().unwrap();
    let second = stage
        .get(&format!("{members}?limit=1&cursor={next}"))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&second["items"][0]["name"], &second["next_cursor"]),
        (&json!("Guest"), &Value::Null)
    );
    for wrong in ["limit=0", "limit=201", "limit=x", "page=2", "search=%00"] {
        stage.get(&format!("{members}?{wrong}")).send().await.expect(422);
    }

    let guest = format!("{members}/{}", list["items"][0]["id"].as_str().unwrap());
    let edit = |body: Value| stage.ask("PATCH", &guest).body(&body);
    let more = edit(json!({ "give": ["credentials-manager"], "take": ["signing-viewer"] }));
    assert_eq!(more.send().await.expect(200).json()["roles"][0]["role"], "credentials-manager");
    for wrong in [
        json!({ "roles": ["emperor"] }),
        json!({ "roles": [] }),
        json!({ "roles": ["owner"], "give": ["owner"] }),
        json!({ "role": "owner" }),
        json!({ "roles": ["owner"], "email": "eve@example.com" }),
    ] {
        edit(wrong).send().await.expect(422);
    }
    stage.ask("POST", &format!("{guest}/remove")).send().await.expect(204);
    stage.get(&guest).send().await.expect(404);
    let leave = stage.ask("POST", &format!("{}/leave", stage.home()));
    assert_eq!(leave.send().await.expect(409).code(), "last_owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_accepted_as_oneself_by_whom_it_is_for() {
    let stage = Stage::new().await;
    let tomas = stage.world.person("tomas", &[]).await;
    let eve = stage.world.person("eve", &[]).await;
    let (his, hers) = (token_of(&stage.world, &tomas).await, token_of(&stage.world, &eve).await);
    let mine = stage.get("/me").token(&his).send().await.expect(200).json();
    assert_eq!(mine["organizations"], json!([]), "who belongs nowhere is somebody all the same");
    let link = token_in(
        &invite(&stage, "Tomas@Neighbor.example", &["publish-viewer"])
            .await
            .expect(201)
            .json(),
    );
    let accept = |body: Value| stage.post("/invitations/accept", &body);
    let body = json!({ "token": link });
    assert_eq!(
        accept(body.clone()).token(&hers).send().await.expect(403).code(),
        "invitation_for_another"
    );
    assert_eq!(
        accept(body.clone()).token("nonsense").send().await.expect(401).code(),
        "sign_in_needed"
    );
    let both = json!({ "token": link, "name": "Tomas" });
    assert_eq!(accept(both.clone()).token(&his).send().await.expect(422).code(), "account_unclear");
    assert_eq!(accept(both).anonymous().send().await.expect(409).code(), "account_exists");
    accept(body).token(&his).send().await.expect(200);
    assert_eq!(
        stage.get("/me").token(&his).send().await.json()["organizations"][0]["name"],
        "Halden"
    );
    let again = invite(&stage, "tomas@neighbor.example", &["owner"]).await;
    assert_eq!(again.expect(422).code(), "already_member");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_sent_again_and_taken_back() {
    let stage = Stage::new().await;
    let first = invite(&stage, "guest@example.com", &["signing-viewer"]).await.expect(201).json();
    let one = format!("{}/invitations/{}", stage.home(), first["invitation"]["id"].as_str().unwrap());
    let again = stage.post(&format!("{one}/send-again"), &json!({})).send().await.expect(200).json();
    assert_ne!(token_in(&first), token_in(&again));
    let look = |token: String| stage.post("/invitations/look", &json!({ "token": token })).anonymous();
    look(token_in(&first)).send().await.expect(404);
    look(token_in(&again)).send().await.expect(200);
    stage.ask("DELETE", &one).send().await.expect(204);
    stage.ask("DELETE", &one).send().await.expect(404);
    look(token_in(&again)).send().await.expect(404);
    let twice = json!({ "email": "other@example.com", "roles": ["signing-viewer"] });
    let path = format!("{}/invitations", stage.home());
    stage.post(&path, &twice).header("idempotency-key", "k").send().await.expect(201);
    let replay = stage.post(&path, &twice).header("idempotency-key", "k").send().await;
    assert_eq!(replay.expect(409).code(), "already_done", "a link is not told twice");
}
