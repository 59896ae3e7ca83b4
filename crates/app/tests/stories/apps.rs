//! What is set for an app, and the build numbers that are given for it.

use crate::{
    binaries::{store_profile, uploaded},
    builds::{built, over},
    code, log,
};
use app::{builds::NewBuild, crash_point};
use domain::{ApiKeyId, ExportCompliance, Operation};
use futures::future::join_all;
use std::collections::BTreeSet;
use testkit::{
    Effect, Fault, Role, World,
    ipa::{Bundle, Ipa},
};

const FERRY: &str = "no.halden.ferry";

/// The ferry app, which says nothing about export compliance.
fn silent(world: &World, version: &str, number: &str) -> Vec<u8> {
    let app = Bundle::app(FERRY)
        .version(version, number)
        .profile(store_profile(world, FERRY))
        .without("ITSAppUsesNonExemptEncryption");
    Ipa::of(app).bytes()
}

async fn sent(world: &World, key: ApiKeyId, number: &str) -> Operation {
    let binary = uploaded(world, "Ferry.ipa", &silent(world, "2.9.0", number)).await;
    let new = NewBuild::default();
    let (caller, org) = (&world.owner.caller, world.org);
    world.app().send_build(caller, org, key, binary.id, &new).await.expect("begun")
}

async fn answer_always(world: &World, answer: ExportCompliance) {
    let (caller, org) = (&world.owner.caller, world.org);
    world.app().set_export_compliance(caller, org, FERRY, answer).await.expect("set");
}

/// What Apple has of the build with this number.
fn answered(world: &World, number: &str) -> serde_json::Value {
    let builds = world.apple.control().objects(simulator::Api::AppStore, "builds").expect("known");
    let build = builds
        .into_iter()
        .find(|build| build["attributes"]["version"] == number)
        .expect("a build");
    build["attributes"]["usesNonExemptEncryption"].clone()
}

const ANSWER: &str = "PATCH /v1/builds/{id}";

testkit::on_both_databases! {
    async fn an_answer_about_export_compliance_is_set_once(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let nothing = app.app_settings(caller, org, FERRY).await.unwrap();
        assert_eq!((nothing.export_compliance, nothing.changed_at), (ExportCompliance::Ask, None));
        for answer in [ExportCompliance::Exempt, ExportCompliance::Exempt, ExportCompliance::NonExempt, ExportCompliance::Ask] {
            let set = app.set_export_compliance(caller, org, FERRY, answer).await.unwrap();
            assert_eq!(set.export_compliance, answer);
            assert_eq!(app.app_settings(caller, org, FERRY).await.unwrap(), set);
        }
        let told: Vec<_> = log(&world).await.into_iter().filter(|record| record.contains("export compliance")).collect();
        assert_eq!(told.len(), 3, "what is so already is no news: {told:?}");
        assert!(told[0].ends_with("set that builds of no.halden.ferry are asked about export compliance"), "{told:?}");
        assert!(told[2].ends_with("for builds of no.halden.ferry to “exempt”"), "{told:?}");
        for unfit in ["", "no halden", "no/halden", "no.halden.*"] {
            assert_eq!(code(app.set_export_compliance(caller, org, unfit, ExportCompliance::Exempt).await), "identifier_malformed");
            assert_eq!(code(app.app_settings(caller, org, unfit).await), "not_found");
        }
        let viewer = world.person("Vi", &[(org, domain::Role::parse("publish-viewer").unwrap())]).await.signed_in;
        assert!(app.app_settings(&viewer.caller, org, FERRY).await.is_ok());
        assert_eq!(code(app.set_export_compliance(&viewer.caller, org, FERRY, ExportCompliance::Exempt).await), "not_allowed");
        let neighbor = world.neighbor().await;
        assert_eq!(code(app.app_settings(&neighbor.caller, org, FERRY).await), "not_found");
    }

    async fn a_build_number_is_above_all_that_apple_has_and_all_that_were_given(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let key = world.link(Role::Developer).await;
        let first = app.reserve_build_number(caller, org, key, FERRY, None).await.unwrap();
        let highest = first.highest_at_apple.clone().expect("the seed has builds");
        let last: u64 = highest.rsplit('.').next().unwrap().parse().unwrap();
        assert!(first.build_number.ends_with(&(last + 1).to_string()), "{first:?}");
        // An upload that no build came of yet counts, too.
        let new = NewBuild { anyway: true, ..NewBuild::default() };
        let binary = uploaded(&world, "Ferry.ipa", &silent(&world, "2.9.0", "7000")).await;
        app.send_build(caller, org, key, binary.id, &new).await.unwrap();
        app.run_due_jobs().await.unwrap();
        let before = world.requests();
        let above = app.reserve_build_number(caller, org, key, FERRY, None).await.unwrap();
        assert_eq!((above.build_number.as_str(), above.highest_at_apple.as_deref()), ("7001", Some("7000")));
        assert_eq!(world.requests() - before, 3, "the app, its builds, its uploads");
        // Of one version only its own count, and what was given counts always.
        let of_version = app.reserve_build_number(caller, org, key, FERRY, Some("9.9.9")).await.unwrap();
        assert_eq!((of_version.build_number.as_str(), of_version.highest_at_apple), ("7002", None));
        assert_eq!(app.app_settings(caller, org, FERRY).await.unwrap().last_build_number.as_deref(), Some("7002"));
        assert!(log(&world).await.iter().any(|record| record.ends_with("reserved the build number 7002 of no.halden.ferry")));

        assert_eq!(code(app.reserve_build_number(caller, org, key, "no.halden.unheard", None).await), "app_unknown");
        let viewer = world.person("Vi", &[(org, domain::Role::parse("publish-viewer").unwrap())]).await.signed_in;
        assert_eq!(code(app.reserve_build_number(&viewer.caller, org, key, FERRY, None).await), "not_allowed");
    }

    async fn twenty_jobs_at_once_get_twenty_numbers(world: World) {
        let (app, second) = (world.app(), world.second_server().await);
        let key = world.link(Role::Developer).await;
        let reserve = |number: usize| {
            let server = if number.is_multiple_of(2) { &app } else { &second };
            server.reserve_build_number(&world.owner.caller, world.org, key, FERRY, None)
        };
        let given = join_all((0..20).map(reserve)).await;
        let numbers: BTreeSet<_> = given.into_iter().map(|one| one.unwrap().build_number).collect();
        assert_eq!(numbers.len(), 20, "{numbers:?}");
    }

    async fn a_build_gets_the_answer_that_its_app_has(world: World) {
        let key = world.link(Role::AppManager).await;
        // Where nothing is set, nobody is answered for.
        let now = over(&world, sent(&world, key, "7001").await.id).await;
        assert_eq!((now.view.steps.len(), world.count(ANSWER)), (4, 0));
        assert!(built(&now).1.is_empty() && answered(&world, "7001").is_null());

        answer_always(&world, ExportCompliance::NonExempt).await;
        let now = over(&world, sent(&world, key, "7002").await.id).await;
        assert!(built(&now).1.is_empty());
        let last = now.view.steps.last().unwrap();
        assert_eq!((now.view.steps.len(), last.kind.as_str()), (5, "answer-export-compliance"));
        assert_eq!(last.kind.title(), "Answer export compliance: non-exempt");
        assert_eq!(answered(&world, "7002"), true);
        assert!(log(&world).await.iter().any(|record| record.contains("answered export compliance for Demo 2.9.0 (7002) with “non-exempt”")));

        // What answers by itself is not answered again.
        let spoken = Ipa::of(Bundle::app(FERRY).version("2.9.0", "7003").profile(store_profile(&world, FERRY))).bytes();
        let binary = uploaded(&world, "Ferry.ipa", &spoken).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let act = app.send_build(caller, org, key, binary.id, &NewBuild::default()).await.unwrap();
        assert_eq!(over(&world, act.id).await.view.steps.len(), 4);
        assert_eq!((answered(&world, "7003"), world.count(ANSWER)), (false.into(), 1));
    }

    async fn a_build_is_a_build_where_the_answer_is_refused(world: World) {
        let key = world.link(Role::Developer).await;
        answer_always(&world, ExportCompliance::Exempt).await;
        let now = over(&world, sent(&world, key, "7001").await.id).await;
        let (_, warnings) = built(&now);
        assert!(warnings[0].starts_with("The answer about export compliance that is set for the app could not be given"), "{warnings:?}");
        assert!(answered(&world, "7001").is_null());
        // That Apple refuses this says nothing about uploads.
        let again = over(&world, sent(&world, key, "7002").await.id).await;
        assert_eq!(built(&again).1.len(), 1);
    }

    async fn an_answer_that_is_lost_or_was_given_meanwhile_is_given(world: World) {
        let key = world.link(Role::AppManager).await;
        answer_always(&world, ExportCompliance::Exempt).await;
        for (number, effect) in [("7001", Effect::LoseAnswer), ("7002", Effect::DoneThenError)] {
            world.apple.control().add_fault(Fault::next("PATCH", "/v1/builds/{id}", effect));
            let now = over(&world, sent(&world, key, number).await.id).await;
            assert!(built(&now).1.is_empty(), "{number}: {:?}", built(&now).1);
            assert_eq!(answered(&world, number), false, "{number}");
        }
    }

    async fn killed_at_each_point_of_the_answer_one_build_has_it(world: World) {
        let key = world.link(Role::AppManager).await;
        answer_always(&world, ExportCompliance::Exempt).await;
        let mut number = 7100;
        for point in [
            crash_point::BEFORE_STARTED,
            crash_point::AFTER_STARTED,
            crash_point::BEFORE_CALL,
            crash_point::AFTER_CALL,
            crash_point::BEFORE_OUTCOME,
            crash_point::AFTER_OUTCOME,
        ] {
            number += 1;
            let act = sent(&world, key, &number.to_string()).await;
            // The four steps, and then until Apple has made a build of it.
            world.app().run_due_jobs().await.unwrap();
            for _ in 0..3 {
                world.advance(200);
                world.apple.control().objects(simulator::Api::AppStore, "builds").unwrap();
            }
            assert!(world.crash_at_pass(point, 1, |app| async move { app.run_due_jobs().await }).await, "{point}");
            let now = over(&world, act.id).await;
            assert!(built(&now).1.is_empty(), "{point}: {:?}", built(&now).1);
            assert_eq!(now.view.steps.len(), 5, "{point}");
            assert_eq!(answered(&world, &number.to_string()), false, "{point}");
        }
        let builds = world.apple.control().objects(simulator::Api::AppStore, "builds").unwrap();
        let of_these = builds.iter().filter(|build| build["attributes"]["version"].as_str().is_some_and(|number| number.starts_with("71")));
        assert_eq!(of_these.count(), 6);
    }
}
