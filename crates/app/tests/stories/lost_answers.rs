//! When Apple's answer is lost, or the server dies: exactly one certificate at Apple and one here.

use crate::{
    certificates::{POST, all_at_apple, begin, ours_at_apple, state},
    signing_sets::{PARTS, an_app_with_extensions, ask, begun, wish},
};
use app::{Caller, crash_point};
use domain::{Action, Actor, ApiKeyId, Operation, OperationState, Origin, Principal, decide, policy::Role as Held};
use simulator::Settling;
use std::collections::{BTreeMap, BTreeSet};
use testkit::{AppleError, Effect, Fault, KeyKind, Role, World};

fn lose_the_answer(world: &World) {
    world
        .apple
        .control()
        .add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
}

/// A caller who may everything as they ask, and whom the database gives no role.
fn somebody_without_roles(world: &World) -> Caller {
    let user = format!("user_{:032x}", 77).parse().unwrap();
    let roles = BTreeMap::from([(world.org, BTreeSet::from([Held::Owner]))]);
    Caller {
        principal: Principal::new(Actor::Person { user }, roles),
        origin: Origin::default(),
    }
}

/// Does what is due, then again and again later, until nothing of the act is left to do.
async fn let_time_pass(world: &World, operation: &Operation) {
    for _ in 0..40 {
        world.app().run_due_jobs().await.expect("the worker works");
        if state(world, operation.id).await.is_over() {
            return;
        }
        world.advance(130);
    }
    panic!("it never ended: {:?}", state(world, operation.id).await);
}

/// One certificate at Apple from one POST, one here with its private key, and no key pair too many.
async fn exactly_one(world: &World, key: ApiKeyId, before: usize) {
    assert_eq!(world.count(POST), 1, "Apple was asked once");
    assert_eq!(all_at_apple(world).await - before, 1);
    assert_eq!(ours_at_apple(world, key).await, 1);
    assert_eq!(crate::certificates::held(world).await.len(), 1);
    assert_eq!(crate::sealed::signing_keys(world).await, 1);
}

testkit::on_both_databases! {
    async fn a_lost_answer_is_found_again_by_the_public_key(world: World) {
        let key = world.link(Role::Admin).await;
        let before = all_at_apple(&world).await;
        lose_the_answer(&world);
        let operation = begin(&world, key, "DISTRIBUTION").await;
        world.app().run_due_jobs().await.unwrap();
        assert!(matches!(state(&world, operation.id).await, OperationState::Unknown { .. }));
        assert!(crate::log(&world).await.iter().any(|record| record.ends_with("the answer was lost")));
        let_time_pass(&world, &operation).await;
        assert!(matches!(state(&world, operation.id).await, OperationState::Done { .. }));
        exactly_one(&world, key, before).await;
    }

    async fn a_key_is_not_rotated_to_another_team_while_its_answer_is_lost(world: World) {
        let key = world.link(Role::Admin).await;
        let before = all_at_apple(&world).await;
        lose_the_answer(&world);
        let operation = begin(&world, key, "DISTRIBUTION").await;
        world.app().run_due_jobs().await.unwrap();
        assert!(matches!(state(&world, operation.id).await, OperationState::Unknown { .. }));
        // In the list of another team the certificate would be missing, and its key would be destroyed.
        let fresh = world.apple.control().add_key(KeyKind::Team, vec![Role::Admin]).unwrap();
        let mut elsewhere = world.entered(&fresh);
        elsewhere.issuer_id = "57246542-96fe-1a63-e053-0824d011072a".to_owned();
        elsewhere.save_unverified = true;
        let refused = world.app().rotate_key(&world.owner.caller, world.org, key, elsewhere).await;
        assert_eq!(crate::code(refused), "key_in_use");
        // Another key of the same team is the way out when the old one was revoked.
        let input = world.entered(&fresh);
        world.app().rotate_key(&world.owner.caller, world.org, key, input).await.unwrap();
        let_time_pass(&world, &operation).await;
        exactly_one(&world, key, before).await;
    }

    async fn a_500_is_a_lost_answer_too_and_ends_when_nothing_was_made_for_sure(world: World) {
        let key = world.link(Role::Admin).await;
        let before = all_at_apple(&world).await;
        world.apple.control().add_fault(Fault::next("POST", "/v1/certificates", Effect::Apple { error: AppleError::Unexpected }));
        let operation = begin(&world, key, "DISTRIBUTION").await;
        world.app().run_due_jobs().await.unwrap();
        let begun = world.now();
        for minutes in [1, 5, 15, 29] {
            world.advance((begun + jiff::SignedDuration::from_mins(minutes)).duration_since(world.now()).as_secs());
            world.app().run_due_jobs().await.unwrap();
            assert!(matches!(state(&world, operation.id).await, OperationState::Unknown { .. }), "too early to be sure: {minutes} minutes");
        }
        let_time_pass(&world, &operation).await;
        let OperationState::Failed { why } = state(&world, operation.id).await else { panic!("not failed") };
        assert!(why.contains("nothing was made"), "{why}");
        assert_eq!(world.count(POST), 1, "never asked a second time");
        assert_eq!(all_at_apple(&world).await, before);
        assert_eq!(crate::sealed::signing_keys(&world).await, 0);
    }

    async fn a_certificate_that_apple_shows_late_is_waited_for(world: World) {
        let key = world.link(Role::Admin).await;
        let before = all_at_apple(&world).await;
        world.apple.control().set_settling(Settling { seconds: 20 * 60, reads: 0 });
        lose_the_answer(&world);
        let operation = begin(&world, key, "DISTRIBUTION").await;
        let_time_pass(&world, &operation).await;
        exactly_one(&world, key, before).await;
    }

    async fn while_apple_cannot_be_asked_nothing_is_concluded(world: World) {
        let key = world.link(Role::Admin).await;
        let before = all_at_apple(&world).await;
        lose_the_answer(&world);
        world.apple.control().add_fault(Fault::next("GET", "/v1/certificates", Effect::BadGateway).times(1000));
        let operation = begin(&world, key, "DISTRIBUTION").await;
        for _ in 0..30 {
            world.app().run_due_jobs().await.unwrap();
            world.advance(600);
        }
        assert!(matches!(state(&world, operation.id).await, OperationState::Unknown { .. }));
        world.apple.control().clear_faults();
        let_time_pass(&world, &operation).await;
        exactly_one(&world, key, before).await;
    }

    async fn who_waits_for_a_team_does_not_wait_for_a_key_that_apple_refuses(world: World) {
        let key = world.link(Role::Admin).await;
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        an_app_with_extensions(&world);
        lose_the_answer(&world);
        let first = begun(ask(&world, key, wish(&PARTS[..1])).await);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(POST), 1);
        let key_id = world.key_file(KeyKind::Team, Role::Admin).key_id.clone();
        world.apple.control().set_revoked(&key_id, true).unwrap();
        let fresh = world.apple.control().add_key(KeyKind::Team, vec![Role::Admin]).unwrap();
        let other = world.app().add_key(&world.owner.caller, world.org, world.entered(&fresh)).await.unwrap().summary.key.id;
        let second = begun(ask(&world, other, wish(&PARTS[1..2])).await);
        world.app().run_due_jobs().await.unwrap();
        assert!(!state(&world, second.id).await.is_over(), "it is not its turn yet");
        for _ in 0..30 {
            world.advance(130);
            world.app().run_due_jobs().await.unwrap();
        }
        assert!(state(&world, second.id).await.signing_set().is_some(), "{:?}", state(&world, second.id).await);
        let view = world.app().operation(&world.owner.caller, world.org, first.id).await.unwrap();
        let lost = &view.steps.last().unwrap().state;
        let OperationState::Unknown { why, shut_out, .. } = lost else { panic!("{lost:?}") };
        assert!(*shut_out && why.contains("Apple refuses the key") && why.contains("rotating"), "{why}");
        let notices = world.app().inbox(&world.owner).await.unwrap().notices;
        assert!(notices.iter().any(|notice| notice.head.contains("is not as before")), "{notices:?}");
        // With a key that Apple accepts what was lost is found, and the act comes to its end.
        let fresh = world.apple.control().add_key(KeyKind::Team, vec![Role::Admin]).unwrap();
        world.app().rotate_key(&world.owner.caller, world.org, key, world.entered(&fresh)).await.unwrap();
        let_time_pass(&world, &first).await;
        assert!(state(&world, first.id).await.signing_set().is_some(), "{:?}", state(&world, first.id).await);
        assert_eq!(crate::sealed::signing_keys(&world).await, crate::certificates::held(&world).await.len());
    }

    async fn an_act_without_anything_to_keep_ends_when_apple_refuses_its_key(world: World) {
        let key = world.link(Role::Admin).await;
        crate::profiles::certificate(&world, key, "DISTRIBUTION").await;
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", Effect::LoseAnswer));
        let wanted = crate::profiles::wanted("Lost", "IOS_APP_STORE", "no.halden.ferry", None);
        let operation = world.app().register_profile(&world.owner.caller, world.org, key, wanted).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        let key_id = world.key_file(KeyKind::Team, Role::Admin).key_id.clone();
        world.apple.control().set_revoked(&key_id, true).unwrap();
        let_time_pass(&world, &operation).await;
        let OperationState::Refused { code, why, .. } = state(&world, operation.id).await else { panic!("not refused") };
        assert_eq!(code, app::operations::UNREADABLE);
        assert!(why.contains("Apple refuses the key") && why.contains("before you begin again"), "{why}");
    }

    async fn a_proxy_that_answers_in_apples_place_is_not_believed(world: World) {
        let key = world.link(Role::Admin).await;
        for status in [200, 403] {
            let page = Effect::Answer { status, body: "<html>Sign in</html>".to_owned(), content_type: Some("text/html".to_owned()), retry_after: None };
            world.apple.control().add_fault(Fault::next("POST", "/v1/certificates", page));
            let operation = begin(&world, key, "DISTRIBUTION").await;
            world.app().run_due_jobs().await.unwrap();
            assert!(matches!(state(&world, operation.id).await, OperationState::Unknown { .. }), "{status}");
            let_time_pass(&world, &operation).await;
        }
    }

    async fn what_somebody_without_rights_began_is_not_carried_out_but_cleared_up(world: World) {
        let key = world.link(Role::Admin).await;
        // Nobody has given this person a role: as after a removal.
        let removed = somebody_without_roles(&world);
        let app = world.app();
        let not_asked = app.create_certificate(&removed, world.org, key, "DEVELOPMENT").await.unwrap();
        let perhaps_asked = app.create_certificate(&removed, world.org, key, "DEVELOPMENT").await.unwrap();
        let permit = decide(&removed.principal, Action::CreateCertificate, domain::Tenant::root(world.org)).unwrap();
        let store = world.store().await;
        let mut tx = store.begin_over_all().await.unwrap();
        let calling = OperationState::Calling { since: world.now() };
        tx.advance_operation(&permit, perhaps_asked.id, &calling, world.now()).await.unwrap();
        tx.commit().await.unwrap();
        app.run_due_jobs().await.unwrap();
        let OperationState::Failed { why } = state(&world, not_asked.id).await else { panic!("not failed") };
        assert!(why.contains("Apple was not asked"), "{why}");
        assert!(matches!(state(&world, perhaps_asked.id).await, OperationState::Unknown { .. }));
        let_time_pass(&world, &perhaps_asked).await;
        assert!(matches!(state(&world, perhaps_asked.id).await, OperationState::Failed { .. }));
        assert_eq!(world.count(POST), 0);
        assert_eq!(crate::sealed::signing_keys(&world).await, 0);
        assert!(crate::log(&world).await.iter().any(|record| record.starts_with("A removed person")));
    }

    async fn killed_while_writing_the_act_down_nothing_was_begun(world: World) {
        let key = world.link(Role::Admin).await;
        let (caller, org) = (world.owner.caller.clone(), world.org);
        let died = world
            .crash_at(crash_point::BEFORE_STARTED, move |app| async move {
                drop(app.create_certificate(&caller, org, key, "DISTRIBUTION").await);
            })
            .await;
        assert!(died);
        world.advance(130);
        assert_eq!(world.app().run_due_jobs().await.unwrap(), 0);
        assert_eq!(world.count(POST), 0);
        assert_eq!(crate::sealed::signing_keys(&world).await, 0);
    }

    async fn killed_right_after_writing_the_act_down_it_is_carried_out(world: World) {
        let key = world.link(Role::Admin).await;
        let before = all_at_apple(&world).await;
        let (caller, org) = (world.owner.caller.clone(), world.org);
        let died = world
            .crash_at(crash_point::AFTER_STARTED, move |app| async move {
                drop(app.create_certificate(&caller, org, key, "DISTRIBUTION").await);
            })
            .await;
        assert!(died);
        world.app().run_due_jobs().await.unwrap();
        exactly_one(&world, key, before).await;
    }

    async fn killed_before_the_call_it_is_never_known_to_have_been_sent_so_it_is_not_sent_again(world: World) {
        let key = world.link(Role::Admin).await;
        let before = all_at_apple(&world).await;
        let operation = begin(&world, key, "DISTRIBUTION").await;
        assert!(world.crash_at(crash_point::BEFORE_CALL, |app| async move { app.run_due_jobs().await }).await);
        assert!(matches!(state(&world, operation.id).await, OperationState::Calling { .. }));
        let_time_pass(&world, &operation).await;
        assert!(matches!(state(&world, operation.id).await, OperationState::Failed { .. }));
        assert_eq!((world.count(POST), all_at_apple(&world).await), (0, before));
        assert_eq!(crate::sealed::signing_keys(&world).await, 0);
    }

    async fn killed_at_each_point_after_the_call_there_is_exactly_one_certificate(world: World) {
        let key = world.link(Role::Admin).await;
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        for (made, point) in [crash_point::AFTER_CALL, crash_point::BEFORE_OUTCOME, crash_point::AFTER_OUTCOME].into_iter().enumerate() {
            let before = all_at_apple(&world).await;
            let operation = begin(&world, key, "DISTRIBUTION").await;
            assert!(world.crash_at(point, |app| async move { app.run_due_jobs().await }).await, "{point}");
            let_time_pass(&world, &operation).await;
            world.advance(130);
            world.app().run_due_jobs().await.unwrap();
            assert!(matches!(state(&world, operation.id).await, OperationState::Done { .. }), "{point}");
            assert_eq!(all_at_apple(&world).await - before, 1, "{point}");
            assert_eq!(ours_at_apple(&world, key).await, made + 1, "{point}");
            assert_eq!(crate::sealed::signing_keys(&world).await, made + 1, "{point}");
        }
        assert_eq!(world.count(POST), 3);
    }

    async fn killed_at_each_point_after_a_lost_answer_there_is_exactly_one_certificate(world: World) {
        let key = world.link(Role::Admin).await;
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        for (made, point) in [crash_point::AFTER_CALL, crash_point::AFTER_LOOK, crash_point::BEFORE_OUTCOME].into_iter().enumerate() {
            let before = all_at_apple(&world).await;
            lose_the_answer(&world);
            let operation = begin(&world, key, "DISTRIBUTION").await;
            let clock = world.clock.clone();
            let control = world.apple.control();
            let died = world
                .crash_at(point, |app| async move {
                    for _ in 0..3 {
                        app.run_due_jobs().await.expect("the worker works");
                        clock.advance_seconds(130);
                        control.clock().advance(jiff::SignedDuration::from_secs(130));
                    }
                })
                .await;
            assert!(died, "{point}");
            let_time_pass(&world, &operation).await;
            assert!(matches!(state(&world, operation.id).await, OperationState::Done { .. }), "{point}");
            assert_eq!(all_at_apple(&world).await - before, 1, "{point}");
            assert_eq!(ours_at_apple(&world, key).await, made + 1, "{point}");
        }
        assert_eq!(world.count(POST), 3);
    }
}
