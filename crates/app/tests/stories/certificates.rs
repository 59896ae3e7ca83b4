//! Creating certificates.

use crate::{code, log};
use app::{Caller, Kind, Paging, Problem, apple_account::ListQuery};
use domain::{ApiKeyId, Feature, ListedCertificate, Operation, OperationId, OperationState, OrgId};
use simulator::Api;
use std::time::Duration;
use testkit::{KeyKind, Role, World};

pub(crate) const POST: &str = "POST /v1/certificates";

pub(crate) async fn begin(world: &World, key: ApiKeyId, certificate_type: &str) -> Operation {
    world
        .app()
        .create_certificate(&world.owner.caller, world.org, key, certificate_type)
        .await
        .expect("begun")
}

/// The certificates that an organization holds, as somebody sees them.
pub(crate) async fn seen_in(world: &World, caller: &Caller, org: OrgId) -> Result<Vec<ListedCertificate>, Problem> {
    let (any, first) = (ListQuery::default(), Paging::default());
    Ok(world.app().certificates(caller, org, &any, &first).await?.items)
}

/// Those of the first organization, as somebody sees them.
pub(crate) async fn seen_by(world: &World, caller: &Caller) -> Result<Vec<ListedCertificate>, Problem> {
    seen_in(world, caller, world.org).await
}

/// The certificates held here.
pub(crate) async fn held(world: &World) -> Vec<ListedCertificate> {
    seen_by(world, &world.owner.caller).await.expect("listed")
}

pub(crate) async fn state(world: &World, operation: OperationId) -> OperationState {
    let view = world
        .app()
        .operation(&world.owner.caller, world.org, operation)
        .await
        .expect("it is there");
    view.operation.state
}

/// How many certificates of our key pairs Apple has, by its own list.
pub(crate) async fn ours_at_apple(world: &World, key: ApiKeyId) -> usize {
    let listed = world
        .app()
        .apple_certificates(&world.owner.caller, world.org, key, &Default::default())
        .await
        .expect("listed");
    listed.items.iter().filter(|certificate| certificate.key_held).count()
}

/// How many sealed private keys of certificates there are.
pub(crate) async fn all_at_apple(world: &World) -> usize {
    world.apple.control().objects(Api::AppStore, "certificates").expect("known").len()
}

testkit::on_both_databases! {
    async fn an_owner_creates_a_distribution_certificate(world: World) {
        let key = world.link(Role::Admin).await;
        let operation = begin(&world, key, "distribution").await;
        assert_eq!(operation.state, OperationState::Started);
        assert_eq!(world.count(POST), 0, "nothing that changes Apple runs in the request");
        assert_eq!(world.app().run_due_jobs().await.unwrap(), 1);
        let OperationState::Done { made: domain::Made::Certificate(certificate) } = state(&world, operation.id).await else { panic!("not done") };
        let held = world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap();
        assert!(held.name.starts_with("Apple Distribution: "), "{}", held.name);
        assert_eq!(held.api_key, Some(key));
        assert!(held.private_key.is_some());
        assert_eq!(held.team_id.as_ref().unwrap().as_str(), world.apple.control().team_id(Api::AppStore));
        assert_eq!(world.count(POST), 1);
        assert_eq!(ours_at_apple(&world, key).await, 1);
        let records = log(&world).await;
        assert!(records.iter().any(|r| r == "Elin began to create an Apple Distribution certificate"), "{records:#?}");
        assert!(records.iter().any(|r| r == "Elin (in the background) created an Apple Distribution certificate"));
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        let row = details.features.iter().find(|row| row.feature == Feature::Certificates).unwrap();
        assert!(row.last.as_ref().unwrap().refusal.is_none());
        assert!(matches!(row.last.as_ref().unwrap().need, domain::Need::CreateCertificate { .. }), "listing did not replace it");
    }

    async fn a_waiting_person_is_woken_when_it_is_done(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let worker = tokio::spawn({
            let app = app.clone();
            async move { app.work(async { drop(stopped.await) }).await }
        });
        let operation = begin(&world, key, "DEVELOPMENT").await;
        let view = app.wait_for_operation(&world.owner.caller, world.org, operation.id, Duration::from_secs(30)).await.unwrap();
        assert!(matches!(view.operation.state, OperationState::Done { .. }), "{:?}", view.operation.state);
        drop(stop);
        worker.await.unwrap();
    }

    async fn keys_that_may_not_are_refused_before_the_call_with_the_ones_that_may(world: World) {
        let app_manager = world.link(Role::AppManager).await;
        let developer = world.link(Role::Developer).await;
        let admin = world.link(Role::Admin).await;
        let before = world.requests();
        for key in [app_manager, developer] {
            let refused = world.app().create_certificate(&world.owner.caller, world.org, key, "DISTRIBUTION").await.unwrap_err();
            assert_eq!((refused.kind, refused.code), (Kind::NotAllowed, "key_not_usable"));
            assert_eq!(refused.usable_keys.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [admin]);
        }
        assert_eq!(world.requests(), before);
        // Development is the part that a Developer key may.
        world.apple.control().set_limits(Default::default());
        assert!(world.app().create_certificate(&world.owner.caller, world.org, developer, "DEVELOPMENT").await.is_ok());
        assert_eq!(code(world.app().create_certificate(&world.owner.caller, world.org, admin, "DEVELOPER_ID_APPLICATION").await), "certificate_type_unfit");
    }

    async fn an_owner_may_let_a_declared_no_pass_and_apple_is_the_judge(world: World) {
        let key = world.link(Role::AppManager).await;
        world.app().override_feature(&world.owner.caller, world.org, key, Feature::Certificates, true).await.unwrap();
        let operation = begin(&world, key, "DISTRIBUTION").await;
        world.app().run_due_jobs().await.unwrap();
        let OperationState::Refused { status, code, .. } = state(&world, operation.id).await else { panic!("not refused") };
        assert_eq!((status, code.as_str()), (403, "FORBIDDEN_ERROR"));
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        let row = details.features.iter().find(|row| row.feature == Feature::Certificates).unwrap();
        assert_eq!((row.overridden, row.last.as_ref().unwrap().refusal.as_ref().unwrap().status), (true, 403));
    }

    async fn at_the_limit_the_certificates_that_hold_the_places_are_shown(world: World) {
        let key = world.link(Role::Admin).await;
        let first = begin(&world, key, "DISTRIBUTION").await;
        let second = begin(&world, key, "DISTRIBUTION").await;
        world.app().run_due_jobs().await.unwrap();
        assert!(matches!(state(&world, first.id).await, OperationState::Done { .. }));
        let view = world.app().operation(&world.owner.caller, world.org, second.id).await.unwrap();
        let OperationState::Refused { status, why, .. } = &view.operation.state else { panic!("not refused") };
        assert_eq!(*status, 409);
        assert!(why.contains("places"), "{why}");
        assert_eq!(view.places.iter().filter(|place| place.key_held).count(), 1);
        assert!(view.places.iter().filter(|place| !place.key_held).count() >= 2, "those nobody here has the key of");
        assert_eq!(ours_at_apple(&world, key).await, 1);
    }

    async fn an_enterprise_key_creates_at_its_own_api(world: World) {
        let file = world.apple.keys().iter().find(|key| key.kind == KeyKind::Enterprise).unwrap();
        let input = world.entered(file);
        let key = world.app().add_key(&world.owner.caller, world.org, input).await.unwrap().summary.key.id;
        let operation = begin(&world, key, "DISTRIBUTION").await;
        world.app().run_due_jobs().await.unwrap();
        assert!(matches!(state(&world, operation.id).await, OperationState::Done { .. }));
    }

    async fn a_key_cannot_be_removed_while_an_act_needs_it(world: World) {
        let key = world.link(Role::Admin).await;
        let operation = begin(&world, key, "DISTRIBUTION").await;
        let name = world.app().key(&world.owner.caller, world.org, key).await.unwrap().summary.key.name;
        assert_eq!(world.app().key_dependents(&world.owner.caller, world.org, key).await.unwrap().running_operations, 1);
        assert_eq!(code(world.app().remove_key(&world.owner.caller, world.org, key, name.as_str()).await), "key_in_use");
        world.app().run_due_jobs().await.unwrap();
        assert!(state(&world, operation.id).await.is_over());
        let dependents = world.app().key_dependents(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!((dependents.certificates.len(), dependents.running_operations), (1, 0));
        world.app().remove_key(&world.owner.caller, world.org, key, name.as_str()).await.unwrap();
        let held = held(&world).await;
        let one = world.app().certificate(&world.owner.caller, world.org, held[0].id).await.unwrap();
        assert_eq!((held.len(), one.api_key), (1, None), "the certificate stays");
    }

    async fn fifty_that_race_on_two_servers_leave_no_key_without_its_certificate(world: World) {
        let key = world.link(Role::Admin).await;
        let second = world.second_server().await;
        let before = all_at_apple(&world).await;
        let mut racing = tokio::task::JoinSet::new();
        for n in 0..50 {
            let app = if n % 2 == 0 { world.app() } else { second.clone() };
            let (caller, org) = (world.owner.caller.clone(), world.org);
            racing.spawn(async move {
                let operation = loop {
                    match app.create_certificate(&caller, org, key, "DISTRIBUTION").await {
                        Ok(operation) => break operation,
                        // A loaded machine may say so, and nothing was changed.
                        Err(problem) => assert_eq!(problem.code, "database_busy"),
                    }
                };
                if let Err(problem) = app.run_due_jobs().await {
                    assert_eq!(problem.code, "database_busy");
                }
                operation.id
            });
        }
        let operations = racing.join_all().await;
        // What a busy database left half-way is taken over when its lease ends.
        for _ in 0..20 {
            world.app().run_due_jobs().await.unwrap();
            world.advance(130);
        }
        let mut done = 0;
        for operation in &operations {
            let state = state(&world, *operation).await;
            assert!(state.is_over(), "{state:?}");
            done += usize::from(matches!(state, OperationState::Done { .. }));
        }
        // One of three places was free.
        assert_eq!((operations.len(), done), (50, 1));
        assert_eq!(world.count(POST), 50, "each asked once");
        assert_eq!(all_at_apple(&world).await - before, 1);
        assert_eq!(held(&world).await.len(), 1);
        assert_eq!(crate::sealed::signing_keys(&world).await, 1, "the key pairs of the refused are destroyed");
    }
}
