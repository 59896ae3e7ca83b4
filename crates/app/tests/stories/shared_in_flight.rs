//! A share that is taken away, or ends, while something is on its way with the key.

use crate::{
    certificates::POST,
    code,
    sharing::{Below, below, change, no_more, share_with_all, with},
};
use app::{App, crash_point, sharing::NewLimits};
use domain::{ApiKeyId, Operation, OperationState, ShareTarget};
use jiff::SignedDuration;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use testkit::{Effect, Fault, KeyKind, Role, World};

async fn begin(world: &World, they: &Below, key: ApiKeyId) -> Operation {
    let begun = world.app().create_certificate(&they.caller, they.org, key, "DISTRIBUTION").await;
    begun.expect("begun")
}

async fn state(world: &World, they: &Below, operation: &Operation) -> OperationState {
    let view = world
        .app()
        .operation(&they.caller, they.org, operation.id)
        .await
        .expect("it is there");
    view.operation.state
}

/// Ended without Apple, in words that say why, and without a key pair left behind.
async fn ended_unasked(world: &World, they: &Below, operation: &Operation) {
    let OperationState::Failed { why } = state(world, they, operation).await else {
        panic!("{:?}", state(world, they, operation).await)
    };
    assert!(why.contains("no longer shared") && why.contains("Apple was not asked"), "{why}");
    assert_eq!(world.count(POST), 0);
    assert_eq!(crate::sealed::signing_keys(world).await, 0);
}

/// The whole world, with a key that is shared with all and a sub-organization.
async fn shared(world: &World) -> (ApiKeyId, Below) {
    let key = world.link(Role::Admin).await;
    share_with_all(world, key).await;
    (key, below(world, "transit").await)
}

testkit::on_both_databases! {
    async fn unshared_between_begin_and_call_the_act_ends_and_apple_is_not_asked(world: World) {
        let (key, they) = shared(&world).await;
        let operation = begin(&world, &they, key).await;
        change(&world, key, no_more(ShareTarget::All)).await;
        world.app().run_due_jobs().await.unwrap();
        ended_unasked(&world, &they, &operation).await;
        // The next use fails at once.
        assert_eq!(code(world.app().create_certificate(&they.caller, they.org, key, "DISTRIBUTION").await), "not_found");
        assert_eq!(code(world.app().check_key(&they.caller, they.org, key).await), "not_found");
    }

    async fn a_share_that_ends_between_begin_and_call_ends_the_act(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let until = NewLimits {
            stops_at: Some(world.now() + SignedDuration::from_secs(30)),
            ..NewLimits::default()
        };
        change(&world, key, with(ShareTarget::Chosen(they.org), until)).await;
        let operation = begin(&world, &they, key).await;
        world.advance(30);
        world.app().run_due_jobs().await.unwrap();
        ended_unasked(&world, &they, &operation).await;
    }

    async fn narrowed_between_begin_and_call_the_act_ends(world: World) {
        let (key, they) = shared(&world).await;
        let operation = begin(&world, &they, key).await;
        let only_profiles = NewLimits {
            features: Some(vec!["profiles".to_owned()]),
            ..NewLimits::default()
        };
        change(&world, key, with(ShareTarget::Chosen(they.org), only_profiles)).await;
        world.app().run_due_jobs().await.unwrap();
        let OperationState::Failed { why } = state(&world, &they, &operation).await else { panic!("not failed") };
        assert!(why.starts_with("The share does not include"), "{why}");
        assert_eq!(world.count(POST), 0);
    }

    async fn unshared_in_the_last_moment_before_the_request_nothing_is_sent(world: World) {
        let (key, they) = shared(&world).await;
        let operation = begin(&world, &they, key).await;
        // "Calling" is written down; the share goes away before the token is asked for.
        unshare_at(&world, key, crash_point::BEFORE_CALL, |app| async move { app.run_due_jobs().await.map(drop) }).await;
        ended_unasked(&world, &they, &operation).await;
    }

    async fn unshared_while_the_answer_is_lost_the_certificate_is_not(world: World) {
        let (key, they) = shared(&world).await;
        world.apple.control().add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
        let operation = begin(&world, &they, key).await;
        world.app().run_due_jobs().await.unwrap();
        assert!(matches!(state(&world, &they, &operation).await, OperationState::Unknown { .. }));
        change(&world, key, no_more(ShareTarget::All)).await;
        // While something is to be cleared up with it, the key stays, and its owner is told where.
        let name = world.app().key(&world.owner.caller, world.org, key).await.unwrap().summary.key.name;
        let problem = world.app().remove_key(&world.owner.caller, world.org, key, name.as_str()).await.unwrap_err();
        assert_eq!((problem.code, problem.message.contains("sub-organizations")), ("key_in_use", true), "{problem}");
        let dependents = world.app().key_dependents(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!((dependents.running_operations, dependents.running_operations_below), (0, 1));
        world.advance(130);
        world.app().run_due_jobs().await.unwrap();
        let OperationState::Done { made: domain::Made::Certificate(certificate) } = state(&world, &they, &operation).await else { panic!("not done") };
        assert!(world.app().certificate(&they.caller, they.org, certificate).await.is_ok());
        assert_eq!(world.count(POST), 1);
        let looked = crate::log(&world).await;
        assert!(looked.iter().any(|record| record.contains("used the key") && record.contains("List certificates")), "{looked:#?}");
        assert_eq!(code(world.app().key(&they.caller, they.org, key).await), "not_found", "and it stays unshared");
    }

    async fn killed_after_apples_answer_and_unshared_meanwhile_nothing_is_lost(world: World) {
        killed_at(&world, crash_point::AFTER_CALL).await;
    }

    async fn killed_before_the_outcome_and_unshared_meanwhile_nothing_is_lost(world: World) {
        killed_at(&world, crash_point::BEFORE_OUTCOME).await;
    }

    async fn a_check_in_the_middle_ends_with_the_share_and_notes_nothing(world: World) {
        let (key, they) = shared(&world).await;
        let before = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        world.apple.control().add_fault(Fault::next("GET", "/v1/apps", Effect::Delay { milliseconds: 300 }));
        let (app, probes) = (world.app(), world.count("GET /v1/certificates"));
        let unsharing = async {
            // Apple has the first question, and takes its time.
            while !world.apple.control().faults().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            change(&world, key, no_more(ShareTarget::All)).await;
        };
        let (checked, ()) = tokio::join!(app.check_key(&they.caller, they.org, key), unsharing);
        let problem = checked.unwrap_err();
        assert_eq!((problem.kind, problem.code), (app::Kind::NotAllowed, "no_longer_shared"), "{problem}");
        assert_eq!(world.count("GET /v1/certificates"), probes, "the second question was not asked");
        let after = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!(after.features, before.features);
        assert_eq!(after.summary.key.last_check, before.summary.key.last_check);
    }

    async fn rotated_while_a_lent_use_is_on_its_way_the_new_key_is_used(world: World) {
        let (key, they) = shared(&world).await;
        let operation = begin(&world, &they, key).await;
        let fresh = world.apple.control().add_key(KeyKind::Team, vec![Role::Admin]).unwrap();
        world.app().rotate_key(&world.owner.caller, world.org, key, world.entered(&fresh)).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert!(matches!(state(&world, &they, &operation).await, OperationState::Done { .. }));
        assert_eq!(world.count(POST), 1);
    }
}

/// The server dies at a point while a lent key is used, and the share ends before the next one starts.
async fn killed_at(world: &World, point: &'static str) {
    let (key, they) = shared(world).await;
    let operation = begin(world, &they, key).await;
    assert!(world.crash_at(point, |app| async move { app.run_due_jobs().await.map(drop) }).await);
    change(world, key, no_more(ShareTarget::All)).await;
    for _ in 0..5 {
        world.advance(130);
        world.app().run_due_jobs().await.unwrap();
    }
    assert!(matches!(state(world, &they, &operation).await, OperationState::Done { .. }));
    assert_eq!(world.count(POST), 1);
}

/// Runs an act; the share with all is taken away by another server when the act passes a point.
async fn unshare_at<F>(world: &World, key: ApiKeyId, point: &'static str, act: impl FnOnce(App) -> F)
where
    F: Future<Output = Result<(), app::Problem>> + Send + 'static,
{
    let other = world.second_server().await;
    let (caller, org) = (world.owner.caller.clone(), world.org);
    let handle = tokio::runtime::Handle::current();
    let passed = Arc::new(AtomicBool::new(false));
    let seen = passed.clone();
    let hook = app::crash_point::CrashPoints::hook(move |name| {
        if name == point && !seen.swap(true, Ordering::SeqCst) {
            let (other, caller) = (other.clone(), caller.clone());
            let unshared = handle.spawn(async move { other.share_key(&caller, org, key, no_more(ShareTarget::All)).await.map(drop) });
            // The hook is no future: the act waits here for the other server.
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(unshared))
                .unwrap()
                .unwrap();
        }
    });
    world.restart_with(hook).await;
    tokio::spawn(act(world.app())).await.unwrap().unwrap();
    world.restart().await;
    assert!(passed.load(Ordering::SeqCst), "{point} was not passed");
}
