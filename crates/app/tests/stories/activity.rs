//! The record: of denials, of uses, and the act that does not happen without one.

use crate::{code, log};
use app::Caller;
use domain::{
    Actor, OrgId, Origin, Principal,
    policy::{Grade, Module, Role as Held},
};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{Role, World};

fn member(world: &World, role: Held) -> Caller {
    let roles = BTreeMap::from([(world.org, BTreeSet::from([role]))]);
    Caller {
        principal: Principal::new(
            Actor::Person {
                user: world.owner.person().unwrap().id,
            },
            roles,
        ),
        origin: Origin::default(),
    }
}

testkit::on_both_databases! {
    async fn using_a_key_is_written_down_by_whom_and_for_what(world: World) {
        let key = world.link(Role::Admin).await;
        world.app().apple_profiles(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        assert!(log(&world).await[0].ends_with("List profiles"), "{}", log(&world).await[0]);
        let summary = world.app().key(&world.owner.caller, world.org, key).await.unwrap().summary;
        assert_eq!(summary.last_used_by.as_deref(), Some("Elin"));
        assert_eq!(summary.key.last_use.unwrap().at, world.now());
    }

    async fn a_viewer_is_told_what_is_missing_and_the_denial_is_recorded(world: World) {
        let key = world.link(Role::Admin).await;
        let viewer = member(&world, Held::In(Module::Credentials, Grade::Viewer));
        let before = world.requests();
        assert!(world.app().keys(&viewer, world.org).await.is_ok());
        assert_eq!(code(world.app().check_key(&viewer, world.org, key).await), "not_allowed");
        assert_eq!(code(world.app().remove_key(&viewer, world.org, key, "x").await), "not_allowed");
        assert_eq!(code(world.app().apple_certificates(&viewer, world.org, key, &Default::default()).await), "not_allowed");
        assert_eq!(world.requests(), before, "Apple was not asked");
        assert_eq!(log(&world).await[1], "Elin was not allowed to remove an API key");
    }

    async fn an_organization_of_others_does_not_exist(world: World) {
        let key = world.link(Role::Admin).await;
        let other: OrgId = format!("org_{:032x}", 99).parse().unwrap();
        let stranger = Caller {
            principal: Principal::new(Actor::Person { user: world.owner.person().unwrap().id }, BTreeMap::from([(other, BTreeSet::from([Held::Owner]))])),
            origin: Origin::default(),
        };
        for org in [world.org, format!("org_{:032x}", 98).parse().unwrap()] {
            let problem = world.app().key(&stranger, org, key).await.unwrap_err();
            assert_eq!(problem.message, app::Problem::not_found().message);
        }
        // In an organization of their own the key of others is unknown.
        assert_eq!(code(world.app().key(&stranger, other, key).await), "not_found");
    }

    async fn what_cannot_be_recorded_in_time_is_not_done(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, caller) = (world.app(), &world.owner.caller);
        let before = world.requests();
        // Somebody holds the log: on SQLite the whole database, on PostgreSQL the next number.
        let record = app.activity(caller, world.org, 1).await.unwrap().remove(0).record;
        let store = world.store().await;
        let mut holding = store.begin_over_all().await.unwrap();
        let id = format!("act_{:032x}", 7).parse().unwrap();
        holding.record(&domain::Activity { id, ..record }).await.unwrap();

        let asked = std::time::Instant::now();
        assert_eq!(code(app.apple_devices(caller, world.org, key, &Default::default()).await), "database_busy");
        assert_eq!(code(app.mint_apple_token(caller, world.org, key, 5, &[]).await), "database_busy");
        // Two seconds for each, and some for a machine that is busy; without the limit it is five.
        assert!(asked.elapsed() < std::time::Duration::from_secs(8), "{:?}", asked.elapsed());
        assert_eq!(world.requests(), before, "Apple was not asked");
        drop(holding);
        assert!(app.apple_devices(caller, world.org, key, &Default::default()).await.is_ok());
    }

    async fn a_token_for_apple_is_recorded_before_it_leaves(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        assert_eq!(code(app.mint_apple_token(&world.owner.caller, world.org, key, 20, &[]).await), "minutes_unfit");
        let scope = ["POST /v1/certificates".to_owned()];
        assert_eq!(code(app.mint_apple_token(&world.owner.caller, world.org, key, 5, &scope).await), "scope_unfit");
        let scope = ["GET /v1/apps".to_owned()];
        let (token, ends) = app.mint_apple_token(&world.owner.caller, world.org, key, 5, &scope).await.unwrap();
        assert_eq!(token.expose().split('.').count(), 3);
        assert_eq!(ends.duration_since(world.now()).as_secs(), 240, "counted from a minute ago");
        assert!(log(&world).await[0].contains("took a scoped token for Apple"));
    }
}

/// A database in which nothing can be recorded. Only PostgreSQL lets a test take a table away from beside.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_record_nothing_is_done() {
    let Some(world) = World::on_postgres().await else { return };
    let key = world.link(Role::Admin).await;
    let operation = crate::certificates::begin(&world, key, "DISTRIBUTION").await;
    let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
    app.run_due_jobs().await.unwrap();
    let domain::OperationState::Done {
        made: domain::Made::Certificate(certificate),
    } = crate::certificates::state(&world, operation.id).await
    else {
        panic!("not done")
    };
    let waiting = crate::certificates::begin(&world, key, "DEVELOPMENT").await;
    let before = world.requests();

    world.run_sql("ALTER TABLE activity RENAME TO hidden");
    let password = app::certificates::P12Password::Generated;
    let form = domain::activity::ExportForm::P12Compatible;
    assert_eq!(
        code(app.export_certificate(caller, org, certificate, form, password).await),
        "internal"
    );
    assert_eq!(code(app.apple_devices(caller, org, key, &Default::default()).await), "internal");
    assert_eq!(code(app.mint_apple_token(caller, org, key, 5, &[]).await), "internal");
    assert_eq!(code(app.create_certificate(caller, org, key, "DEVELOPMENT").await), "internal");
    assert_eq!(code(app.rename_key(caller, org, key, "Other").await), "internal");
    app.run_due_jobs().await.unwrap();
    assert_eq!(world.requests(), before, "Apple was not asked");
    world.run_sql("ALTER TABLE hidden RENAME TO activity");

    assert_ne!(app.key(caller, org, key).await.unwrap().summary.key.name.as_str(), "Other");
    world.advance(3600);
    app.run_due_jobs().await.unwrap();
    assert!(
        crate::certificates::state(&world, waiting.id).await.is_over(),
        "with the record it goes on"
    );
    assert_eq!(world.count(crate::certificates::POST), 2);
}
