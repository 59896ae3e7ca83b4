//! Webhooks at Apple over REST, and the address that Apple delivers to.

use crate::stage::{Stage, settings};
use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use testkit::{
    Receiver, Role, World,
    ipa::{Bundle, Ipa},
};
use tower::ServiceExt;

/// Posts to the server as Apple does; answers the status, and sees that nothing else is told.
async fn delivered(stage: &Stage, path: &str, signature: &str, body: &[u8]) -> u16 {
    let request = Request::post(path).header("x-apple-signature", signature);
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let answer = stage.router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn apple_is_told_where_to_deliver_and_is_listened_to() {
    let world = World::on_sqlite().await;
    let receiver = Receiver::open().await;
    world.restart_in_public(&receiver).await;
    let stage = Stage::over(world, settings()).await;
    let key = stage.world.link(Role::AppManager).await;
    let place = format!("{}/keys/{key}/apps/no.halden.ferry/webhook", stage.home());
    let begun = stage.post(&place, &json!({})).send().await.expect(202).json();
    assert_eq!(begun["operation"]["kind"], "register-webhook");
    assert_eq!(begun["webhook"]["apple_id"], Value::Null);
    stage.world.app().run_due_jobs().await.unwrap();
    let there = stage.post(&place, &json!({})).send().await.expect(200).json();
    assert_eq!(there["operation"], Value::Null);
    let listed = stage.get(&place).send().await.expect(200).json();
    assert_eq!(
        (&listed["items"][0]["ours"], &listed["items"][0]["id"]),
        (&json!(true), &there["webhook"]["apple_id"])
    );
    assert_eq!(listed["ours"]["last_delivery_at"], Value::Null);

    let (app, caller, org) = (stage.world.app(), &stage.world.owner.caller, stage.world.org);
    let bytes = Ipa::of(Bundle::app("no.halden.ferry").version("9.0", "1")).bytes();
    let binary = stage.world.binary(&stage.world.owner, org, "Ferry.ipa", bytes).await.id;
    let anyway = app::builds::NewBuild {
        anyway: true,
        ..Default::default()
    };
    app.send_build(caller, org, key, binary, &anyway).await.unwrap();
    app.run_due_jobs().await.unwrap();
    let posted = receiver.first(1).await.remove(0);
    let path = posted.line.split(' ').nth(1).unwrap();
    let signature = posted.header("x-apple-signature");
    // Unsigned, of another body, too large, and at an address of nobody: a status and nothing more.
    assert_eq!(delivered(&stage, path, "", &posted.body).await, 404);
    assert_eq!(delivered(&stage, path, signature, b"{}").await, 404);
    assert_eq!(delivered(&stage, path, signature, &vec![b' '; 70_000]).await, 413);
    let nobodys = "/apple/webhooks/hook_00000000000070008000000000000001";
    assert_eq!(delivered(&stage, nobodys, signature, &posted.body).await, 404);
    let listed = stage.get(&place).send().await.expect(200).json();
    assert_eq!(listed["ours"]["last_delivery_at"], Value::Null);
    assert_eq!(delivered(&stage, path, signature, &posted.body).await, 204);
    let listed = stage.get(&place).send().await.expect(200).json();
    assert!(listed["ours"]["last_delivery_at"].is_string());

    let removing = stage.ask("DELETE", &place).send().await.expect(202).json();
    assert_eq!(removing["operation"]["kind"], "remove-webhook");
    stage.world.app().run_due_jobs().await.unwrap();
    let gone = stage.ask("DELETE", &format!("{place}?here_only=true")).send().await.expect(409);
    assert_eq!(gone.code(), "webhook_unknown");
    assert_eq!(delivered(&stage, path, signature, &posted.body).await, 404);
}
