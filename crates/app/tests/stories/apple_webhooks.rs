//! Apple tells the server of an app, and whoever waits for a build waits no longer than it takes.

use crate::{
    binaries::{ferry, uploaded},
    code, log,
};
use app::{Problem, apple_webhooks::WebhookChanged, builds::NewBuild, crash_point};
use domain::{ApiKeyId, OperationId, OperationState, Origin};
use simulator::Api;
use std::time::Duration;
use testkit::{DeliveryTrouble, Effect, Fault, Posted, Receiver, Role, World};

const FERRY: &str = "no.halden.ferry";

async fn add(world: &World, key: ApiKeyId) -> Result<WebhookChanged, Problem> {
    world
        .app()
        .add_webhook(&world.owner.caller, world.org, key, FERRY, Duration::ZERO)
        .await
}

async fn remove(world: &World, key: ApiKeyId, here_only: bool) -> Result<WebhookChanged, Problem> {
    world
        .app()
        .remove_webhook(&world.owner.caller, world.org, key, FERRY, here_only, Duration::ZERO)
        .await
}

/// A world that Apple delivers to, with a webhook of the ferry that was registered.
async fn told(world: &World, role: Role) -> (ApiKeyId, Receiver) {
    let receiver = Receiver::open().await;
    world.restart_in_public(&receiver).await;
    let key = world.link(role).await;
    add(world, key).await.expect("begun");
    world.app().run_due_jobs().await.expect("jobs");
    let webhook = add(world, key).await.expect("there").webhook.expect("kept");
    assert!(webhook.apple_id.is_some());
    (key, receiver)
}

fn webhooks(world: &World) -> Vec<serde_json::Value> {
    world.apple.control().objects(Api::AppStore, "webhooks").expect("listed")
}

/// Brings what the receiver got to the application, as the server does.
async fn bring(world: &World, posted: &Posted) -> Result<(), Problem> {
    bring_as(world, posted, Some(posted.header("x-apple-signature"))).await
}

async fn bring_as(world: &World, posted: &Posted, signature: Option<&str>) -> Result<(), Problem> {
    let path = posted.line.split(' ').nth(1).expect("a path");
    let id = path.strip_prefix("/apple/webhooks/").expect("our address");
    let origin = Origin::default();
    world.app().take_apple_notification(id, signature, &posted.body, &origin).await
}

/// Sends a build until nothing but Apple's work is waited for.
async fn sent(world: &World, key: ApiKeyId) -> OperationId {
    let binary = uploaded(world, "Ferry.ipa", &ferry(world, "2.5.0", "50").bytes()).await;
    let (app, caller) = (world.app(), &world.owner.caller);
    let act = app
        .send_build(caller, world.org, key, binary.id, &NewBuild::default())
        .await
        .expect("begun");
    app.run_due_jobs().await.expect("jobs");
    act.id
}

async fn state(world: &World, id: OperationId) -> OperationState {
    let sending = world.app().sending(&world.owner.caller, world.org, id).await.expect("there");
    sending.view.operation.state
}

async fn watched(world: &World) -> u64 {
    world.app().run_due_jobs().await.expect("jobs");
    world.count("GET /v1/buildUploads/{id}")
}

testkit::on_both_databases! {
    async fn a_webhook_is_registered_once_and_removed(world: World) {
        let key = world.link(Role::AppManager).await;
        let refused = add(&world, key).await.unwrap_err();
        assert_eq!(refused.code, "public_address_needed");
        assert!(refused.message.contains("--public-url"), "{}", refused.message);
        assert!(webhooks(&world).is_empty());
        let receiver = Receiver::open().await;
        world.restart_in_public(&receiver).await;
        let begun = add(&world, key).await.unwrap();
        assert_eq!(begun.act.unwrap().operation.kind.title(), "Have Apple tell of no.halden.ferry");
        let joined = add(&world, key).await.unwrap();
        assert!(joined.act.is_some_and(|act| !act.operation.state.is_over()), "the same once more joins what goes on");
        world.app().run_due_jobs().await.unwrap();
        let again = add(&world, key).await.unwrap();
        assert!(again.act.is_none(), "nothing is to do");
        let ours = again.webhook.unwrap();
        let [at_apple] = webhooks(&world).try_into().unwrap();
        assert_eq!(Some(at_apple["id"].as_str().unwrap()), ours.apple_id.as_deref());
        let url = at_apple["attributes"]["url"].as_str().unwrap();
        assert_eq!(url, format!("https://russet.halden.example/apple/webhooks/{}", ours.id));
        assert_eq!(world.count("POST /v1/webhooks"), 1);

        let listed = world.app().app_webhooks(&world.owner.caller, world.org, key, FERRY).await.unwrap();
        assert_eq!(listed.at_apple.len(), 1);
        let one = &listed.at_apple[0];
        assert_eq!((one.host.as_str(), one.enabled, one.is_ours), ("russet.halden.example", true, true));
        assert_eq!(one.events, ["BUILD_UPLOAD_STATE_UPDATED", "BUILD_BETA_DETAIL_EXTERNAL_BUILD_STATE_UPDATED"]);

        remove(&world, key, false).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert!(webhooks(&world).is_empty());
        assert_eq!(code(remove(&world, key, false).await), "webhook_unknown");
        let records = log(&world).await;
        for told in ["registered a webhook of no.halden.ferry at Apple", "removed the webhook of no.halden.ferry at Apple"] {
            assert!(records.iter().any(|record| record.contains(told)), "{told}: {records:?}");
        }
    }

    async fn what_was_interrupted_is_found_by_its_address(world: World) {
        let receiver = Receiver::open().await;
        world.restart_in_public(&receiver).await;
        let key = world.link(Role::AppManager).await;
        for (method, route, effect) in [
            ("POST", "/v1/webhooks", Effect::LoseAnswer),
            ("DELETE", "/v1/webhooks/{id}", Effect::DoneThenError),
        ] {
            world.apple.control().add_fault(Fault::next(method, route, effect));
        }
        let over = async |id: OperationId| {
            for _ in 0..10 {
                world.app().run_due_jobs().await.unwrap();
                let state = act_state(&world, id).await;
                if state.is_over() {
                    return state;
                }
                world.advance(30);
            }
            panic!("it never ended");
        };
        let act = add(&world, key).await.unwrap().act.unwrap().operation.id;
        assert!(matches!(over(act).await, OperationState::Done { .. }));
        assert_eq!((webhooks(&world).len(), world.count("POST /v1/webhooks")), (1, 1), "found, not made again");
        let act = remove(&world, key, false).await.unwrap().act.unwrap().operation.id;
        assert!(matches!(over(act).await, OperationState::Done { .. }));
        assert!(webhooks(&world).is_empty());
        // Killed right after Apple made it.
        let act = add(&world, key).await.unwrap().act.unwrap().operation.id;
        assert!(world.crash_at(crash_point::AFTER_CALL, |app| async move { app.run_due_jobs().await }).await);
        world.advance(60);
        assert!(matches!(over(act).await, OperationState::Done { .. }));
        assert_eq!(webhooks(&world).len(), 1);
        // Somebody removes it on Apple's website: to add it again makes it anew.
        let ours = add(&world, key).await.unwrap().webhook.unwrap();
        let control = world.apple.control();
        control.set(Api::AppStore, "webhooks", &ours.apple_id.unwrap(), "enabled", &false.into()).unwrap();
        let act = add(&world, key).await.unwrap().act.unwrap().operation.id;
        assert!(matches!(over(act).await, OperationState::Done { .. }));
        let [at_apple] = webhooks(&world).try_into().unwrap();
        assert_eq!(at_apple["attributes"]["enabled"], true);
    }

    async fn a_delivery_brings_the_next_look_forward(world: World) {
        let (key, receiver) = told(&world, Role::AppManager).await;
        let act = sent(&world, key).await;
        let posted = receiver.first(1).await;
        let before = watched(&world).await;
        // Apple says that it has the file, and then nothing changes.
        bring(&world, &posted[0]).await.unwrap();
        assert_eq!(watched(&world).await, before + 1, "looked at now, not at the next turn");
        assert_eq!(watched(&world).await, before + 1);
        // The same again and again: harmless, and at most every few seconds.
        for _ in 0..3 {
            bring(&world, &posted[0]).await.unwrap();
        }
        assert_eq!(watched(&world).await, before + 1);
        world.advance(5);
        assert_eq!(watched(&world).await, before + 2);
        // Who is told asks seldom.
        world.advance(40);
        assert_eq!(watched(&world).await, before + 2);
        for _ in 0..40 {
            if state(&world, act).await.is_over() {
                break;
            }
            world.advance(15);
            for posted in receiver.posted() {
                bring(&world, &posted).await.unwrap();
            }
            watched(&world).await;
        }
        assert!(matches!(state(&world, act).await, OperationState::Done { .. }));
        let listed = world.app().app_webhooks(&world.owner.caller, world.org, key, FERRY).await.unwrap();
        assert!(listed.ours.unwrap().last_delivery_at.is_some());
    }

    async fn what_is_not_genuine_is_refused_and_changes_nothing(world: World) {
        let (key, receiver) = told(&world, Role::AppManager).await;
        world.apple.control().order_delivery(DeliveryTrouble::Forge);
        sent(&world, key).await;
        let forged = receiver.first(1).await.remove(0);
        let before = watched(&world).await;
        assert_eq!(code(bring(&world, &forged).await), "not_found");
        for signature in [None, Some(""), Some("hmacsha256=00")] {
            assert_eq!(code(bring_as(&world, &forged, signature).await), "not_found");
        }
        // One that is genuine elsewhere, with another body, and at an address that nobody has.
        let unknown = Posted {
            line: "POST /apple/webhooks/hook_00000000000070008000000000000001 HTTP/1.1".to_owned(),
            ..forged.clone()
        };
        assert_eq!(code(bring(&world, &unknown).await), "not_found");
        let odd = Posted { line: "POST /apple/webhooks/x HTTP/1.1".to_owned(), ..forged.clone() };
        assert_eq!(code(bring(&world, &odd).await), "not_found");
        assert_eq!(watched(&world).await, before);
        let listed = world.app().app_webhooks(&world.owner.caller, world.org, key, FERRY).await.unwrap();
        assert_eq!(listed.ours.unwrap().last_delivery_at, None);
        // Who goes on from one network is told to stop, and Apple's own deliveries are not held up.
        let origin = Origin { address: Some("203.0.113.7".to_owned()), ..Origin::default() };
        let mut codes = Vec::new();
        for _ in 0..200 {
            let refused = world.app().take_apple_notification("hook_1", Some("00"), b"{}", &origin).await;
            codes.push(code(refused));
        }
        assert_eq!((codes[0], codes[199]), ("not_found", "tries_limited"));
        // Forgotten here: what Apple delivers from then on finds nobody.
        remove(&world, key, true).await.unwrap();
        assert_eq!(webhooks(&world).len(), 1, "Apple was not asked");
        assert_eq!(code(bring(&world, &forged).await), "not_found");
        assert!(log(&world).await.iter().any(|record| record.contains("forgot the webhook of no.halden.ferry here")));
    }

    async fn without_deliveries_the_build_is_found_all_the_same(world: World) {
        let (key, receiver) = told(&world, Role::AppManager).await;
        for _ in 0..20 {
            world.apple.control().order_delivery(DeliveryTrouble::Lose);
        }
        let act = sent(&world, key).await;
        for _ in 0..80 {
            watched(&world).await;
            if state(&world, act).await.is_over() {
                break;
            }
            world.advance(20);
        }
        assert!(matches!(state(&world, act).await, OperationState::Done { .. }));
        assert!(receiver.posted().is_empty());
    }

    async fn who_may_have_apple_tell(world: World) {
        let (key, _receiver) = told(&world, Role::AppManager).await;
        let (app, org) = (world.app(), world.org);
        let role = |word: &str| domain::Role::parse(word).unwrap();
        let viewer = world.person("Vi", &[(org, role("publish-viewer"))]).await.signed_in;
        assert!(app.app_webhooks(&viewer.caller, org, key, FERRY).await.is_ok());
        assert_eq!(code(app.add_webhook(&viewer.caller, org, key, FERRY, Duration::ZERO).await), "not_allowed");
        assert_eq!(code(app.remove_webhook(&viewer.caller, org, key, FERRY, true, Duration::ZERO).await), "not_allowed");
        assert_eq!(code(app.app_webhooks(&world.owner.caller, org, key, "no.halden.unheard").await), "app_unknown");
        // Who only sees certificates sees nothing of it.
        let begun = app.remove_webhook(&world.owner.caller, org, key, FERRY, false, Duration::ZERO).await.unwrap();
        let signer = world.person("Sig", &[(org, role("signing-manager"))]).await.signed_in;
        assert_eq!(code(app.operation(&signer.caller, org, begun.act.unwrap().operation.id).await), "not_found");
        app.run_due_jobs().await.unwrap();
        // Apple judges whether a Developer key may, and its refusal is told.
        let developer = world.link(Role::Developer).await;
        let act = app.add_webhook(&world.owner.caller, org, developer, FERRY, Duration::ZERO).await.unwrap().act.unwrap();
        app.run_due_jobs().await.unwrap();
        let again = app.add_webhook(&world.owner.caller, org, key, FERRY, Duration::ZERO).await.unwrap();
        let OperationState::Refused { status, why, .. } = act_state(&world, act.operation.id).await else {
            panic!("it was not refused")
        };
        assert_eq!(status, 403, "{why}");
        assert_ne!(again.act.unwrap().operation.id, act.operation.id);
        app.run_due_jobs().await.unwrap();
        assert_eq!(webhooks(&world).len(), 1);
    }

    async fn a_webhook_outlives_its_key(world: World) {
        let (key, receiver) = told(&world, Role::AppManager).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let other = world.link(Role::Admin).await;
        let name = app.key(caller, org, key).await.unwrap().summary.key.name.to_string();
        app.remove_key(caller, org, key, &name).await.unwrap();
        sent(&world, other).await;
        let posted = receiver.first(1).await;
        bring(&world, &posted[0]).await.unwrap();
        let listed = app.app_webhooks(caller, org, other, FERRY).await.unwrap();
        assert_eq!(listed.ours.as_ref().unwrap().key, None);
        assert!(listed.at_apple[0].is_ours);
    }
}

/// Where an act on a webhook stands.
async fn act_state(world: &World, id: OperationId) -> OperationState {
    let tenant = domain::Tenant::root(world.org);
    let permit = domain::decide(&world.owner.caller.principal, domain::Action::SendBuild, tenant).expect("an Owner may");
    let store = world.store().await;
    let mut tx = store.read_over_all().await.expect("begins");
    tx.operation(&permit, id).await.expect("there").state
}
