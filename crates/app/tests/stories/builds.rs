//! A binary is sent to Apple and becomes a build.

use crate::{
    binaries::{ferry, uploaded},
    code, log,
};
use app::{
    builds::{NewBuild, Sending},
    crash_point,
};
use domain::{ApiKeyId, HeldBinary, Made, Operation, OperationId, OperationState};
use testkit::{Effect, Fault, ProcessingIssue, Role, Severity, Stage, Uploads, World, ipa::Bundle};

async fn sent(world: &World, key: ApiKeyId, binary: &HeldBinary) -> Operation {
    let (caller, org) = (&world.owner.caller, world.org);
    let new = NewBuild::default();
    world.app().send_build(caller, org, key, binary.id, &new).await.expect("begun")
}

async fn sending(world: &World, id: OperationId) -> Sending {
    world.app().sending(&world.owner.caller, world.org, id).await.expect("there")
}

/// Lets the worker and Apple work until it is over.
pub(crate) async fn over(world: &World, id: OperationId) -> Sending {
    for _ in 0..80 {
        world.app().run_due_jobs().await.expect("the worker works");
        let now = sending(world, id).await;
        if now.view.operation.state.is_over() {
            return now;
        }
        world.advance(20);
    }
    panic!("it never ended: {:?}", sending(world, id).await.view.operation.state);
}

pub(crate) fn built(now: &Sending) -> (&str, &[String]) {
    match &now.view.operation.state {
        OperationState::Done {
            made: Made::Build { apple_id, warnings },
        } => (apple_id, warnings),
        other => panic!("no build: {other:?}"),
    }
}

/// How many builds of the number 50 Apple has.
fn builds_of_fifty(world: &World) -> usize {
    let builds = world.apple.control().objects(simulator::Api::AppStore, "builds").unwrap();
    builds.iter().filter(|build| build["attributes"]["version"] == "50").count()
}

/// Parts so small that there are many of them.
fn in_small_parts(world: &World) {
    let control = world.apple.control();
    control.set_uploads(Uploads {
        part_size: 20_000,
        ..control.uploads()
    });
}

testkit::on_both_databases! {
    async fn a_binary_becomes_a_build(world: World) {
        in_small_parts(&world);
        let key = world.link(Role::Developer).await;
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").filled_to(500_000).bytes()).await;
        let before = world.requests();
        let act = sent(&world, key, &binary).await;
        assert_eq!(act.kind.title(), "Send Demo 2.5.0 (50)");
        let now = over(&world, act.id).await;
        let (build, warnings) = built(&now);
        assert!(warnings.is_empty());
        assert_eq!((now.arrived, now.waits_for), (500_000, None));
        let steps: Vec<_> = now.view.steps.iter().map(|step| step.kind.as_str()).collect();
        assert_eq!(steps, ["reserve-build-upload", "reserve-build-file", "send-build-parts", "commit-build-upload"]);
        assert!(world.requests() - before <= 12, "{} requests", world.requests() - before);

        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let listed = app.builds(caller, org, key, "no.halden.ferry").await.unwrap();
        let found = listed.iter().find(|one| one.id == build).unwrap();
        assert_eq!((found.version.as_deref(), found.build_number.as_str(), found.processing.as_str()), (Some("2.5.0"), "50", "VALID"));
        assert!(log(&world).await.iter().any(|record| record.contains("sent Demo 2.5.0 (50) to Apple")));
        assert_eq!(builds_of_fifty(&world), 1);
        // The same number is said to be used, before anything is sent.
        let again = app.send_build(caller, org, key, binary.id, &NewBuild::default()).await.unwrap_err();
        assert_eq!(again.code, "apple_would_refuse");
        assert!(again.message.contains("has a build 50 of version 2.5.0 already"), "{}", again.message);
        let lower = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "9").bytes()).await;
        let checked = app.check_build(caller, org, key, lower.id, &NewBuild::default()).await.unwrap();
        assert_eq!(checked.app.unwrap().1, "Halden Ferry");
        assert!(checked.findings[0].message.starts_with("The build number 9 is lower than 50"), "{:?}", checked.findings);
    }

    async fn what_apple_would_refuse_is_said_before_anything_is_sent(world: World) {
        let key = world.link(Role::AppManager).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let unknown = uploaded(&world, "New.ipa", &testkit::ipa::Ipa::of(Bundle::app("no.halden.unheard")).bytes()).await;
        let anyway = NewBuild { anyway: true, ..NewBuild::default() };
        let refused = app.send_build(caller, org, key, unknown.id, &anyway).await.unwrap_err();
        assert_eq!(refused.code, "apple_would_refuse");
        assert!(refused.message.contains("sees no app with the bundle ID no.halden.unheard"), "{}", refused.message);
        let unsigned = uploaded(&world, "Ferry.ipa", &testkit::ipa::Ipa::of(Bundle::app("no.halden.ferry").version("3.0", "1")).bytes()).await;
        assert_eq!(code(app.send_build(caller, org, key, unsigned.id, &NewBuild::default()).await), "apple_would_refuse");
        assert_eq!(world.count("POST /v1/buildUploads"), 0);
        // Whoever knows better sends it anyway, and Apple judges.
        let act = app.send_build(caller, org, key, unsigned.id, &anyway).await.unwrap();
        over(&world, act.id).await;
        assert_eq!(world.count("POST /v1/buildUploads"), 1);
        // Nobody looks into a package, so it has to be said what it is.
        let package = uploaded(&world, "Ferry.pkg", b"xar!\0\x1c\0\x01 not looked into").await;
        let told = app.check_build(caller, org, key, package.id, &NewBuild::default()).await.unwrap_err();
        assert_eq!((told.code, told.fields[0].field), ("build_unknown", "identifier"));
    }

    async fn two_jobs_with_one_build_number_make_one_build(world: World) {
        let key = world.link(Role::Developer).await;
        let one = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        let two = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").file("note.txt", b"another".to_vec()).bytes()).await;
        let act = sent(&world, key, &one).await;
        let second = world.app().send_build(&world.owner.caller, world.org, key, two.id, &NewBuild::default()).await.unwrap_err();
        assert_eq!(second.code, "another_is_running");
        let again = world.app().send_build(&world.owner.caller, world.org, key, one.id, &NewBuild::default()).await.unwrap();
        assert_eq!(again.id, act.id, "the same once more joins what is going on");
        let removed = world.app().remove_binary(&world.owner.caller, world.org, one.id).await;
        assert_eq!(code(removed), "another_is_running", "its bytes are wanted");
        built(&over(&world, act.id).await);
        assert_eq!(builds_of_fifty(&world), 1);
    }

    async fn apples_reasons_are_told_in_plain_words(world: World) {
        let key = world.link(Role::Developer).await;
        let control = world.apple.control();
        control.order_processing(ProcessingIssue {
            code: "90186".to_owned(),
            description: "Invalid Pre-Release Train.".to_owned(),
            severity: Severity::Error,
            stage: Stage::Upload,
        });
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        let now = over(&world, sent(&world, key, &binary).await.id).await;
        let OperationState::Refused { code, why, .. } = &now.view.operation.state else { panic!("{:?}", now.view.operation.state) };
        assert_eq!(code, "90186");
        assert!(why.contains("Invalid Pre-Release Train.") && why.contains("Raise the version"), "{why}");

        control.order_processing(ProcessingIssue {
            code: "90473".to_owned(),
            description: "CFBundleVersion Mismatch.".to_owned(),
            severity: Severity::Warning,
            stage: Stage::Upload,
        });
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "51").bytes()).await;
        let now = over(&world, sent(&world, key, &binary).await.id).await;
        let (_, warnings) = built(&now);
        assert!(warnings[0].starts_with("CFBundleVersion Mismatch."), "{warnings:?}");
    }

    async fn parts_are_sent_again_and_the_reservation_is_not(world: World) {
        in_small_parts(&world);
        let key = world.link(Role::Developer).await;
        let control = world.apple.control();
        let fault = |route: &str, effect: Effect, times: u32| Fault::next("PUT", route, effect).times(times);
        control.add_fault(fault("/parts/2", Effect::Reset, 2));
        control.add_fault(fault("/parts/3", Effect::LoseAnswer, 1));
        control.add_fault(fault("/parts/5", Effect::ResetAfter { bytes: 7_000 }, 1));
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").filled_to(200_000).bytes()).await;
        built(&over(&world, sent(&world, key, &binary).await.id).await);
        assert_eq!((world.count("POST /v1/buildUploads"), world.count("POST /v1/buildUploadFiles")), (1, 1));
        assert_eq!(builds_of_fifty(&world), 1);
    }

    async fn lost_answers_of_each_step_end_in_one_build(world: World) {
        let key = world.link(Role::Developer).await;
        let control = world.apple.control();
        for (method, route) in [("POST", "/v1/buildUploads"), ("POST", "/v1/buildUploadFiles"), ("PATCH", "/v1/buildUploadFiles/{id}")] {
            for effect in [Effect::LoseAnswer, Effect::DoneThenError] {
                control.add_fault(Fault::next(method, route, effect));
            }
        }
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        built(&over(&world, sent(&world, key, &binary).await.id).await);
        assert_eq!(builds_of_fifty(&world), 1);
        assert_eq!(world.count("POST /v1/buildUploads"), 1, "what was lost was found, not asked for again");
    }

    async fn killed_at_each_point_of_each_step_one_build_comes_of_it(world: World) {
        in_small_parts(&world);
        let key = world.link(Role::Developer).await;
        let builds = || world.apple.control().objects(simulator::Api::AppStore, "builds").unwrap().len();
        let mut number = 100;
        for point in [
            crash_point::BEFORE_STARTED,
            crash_point::AFTER_STARTED,
            crash_point::BEFORE_CALL,
            crash_point::AFTER_CALL,
            crash_point::BEFORE_OUTCOME,
            crash_point::AFTER_OUTCOME,
        ] {
            // Four steps are begun, asked for and ended.
            for pass in 1..=4 {
                number += 1;
                let here = format!("{point}, pass {pass}");
                let bytes = ferry(&world, "2.5.0", &number.to_string()).filled_to(90_000).bytes();
                let binary = uploaded(&world, "Ferry.ipa", &bytes).await;
                let (before, asked) = (builds(), world.count("POST /v1/buildUploads"));
                let act = sent(&world, key, &binary).await;
                assert!(world.crash_at_pass(point, pass, |app| async move { app.run_due_jobs().await }).await, "{here}");
                built(&over(&world, act.id).await);
                assert_eq!(builds(), before + 1, "{here}");
                // Where nobody knows whether it was asked for, Apple's list tells; one that was never sent is not in it.
                assert_eq!(world.count("POST /v1/buildUploads"), asked + 1, "{here}");
            }
        }
    }

    async fn parts_that_arrived_are_not_sent_again_after_a_kill(world: World) {
        in_small_parts(&world);
        let key = world.link(Role::Developer).await;
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").filled_to(200_000).bytes()).await;
        let act = sent(&world, key, &binary).await;
        // The third step dies with its answer: all parts are there, and nobody wrote down that they are.
        assert!(world.crash_at_pass(crash_point::AFTER_CALL, 3, |app| async move { app.run_due_jobs().await }).await);
        let parts = world.count("PUT /parts");
        assert_eq!(parts, 10);
        built(&over(&world, act.id).await);
        assert_eq!(world.count("PUT /parts"), parts);
    }

    async fn who_may_what_with_builds(world: World) {
        let (app, org) = (world.app(), world.org);
        let key = world.link(Role::Developer).await;
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        let role = |word: &str| domain::Role::parse(word).unwrap();
        let external = world.person("Ext", &[(org, role("publish-ext-operator"))]).await.signed_in;
        let signer = world.person("Sig", &[(org, role("signing-manager"))]).await.signed_in;
        let operator = world.person("Op", &[(org, role("publish-operator"))]).await.signed_in;
        let new = NewBuild::default();
        for who in [&external, &signer] {
            assert_eq!(code(app.send_build(&who.caller, org, key, binary.id, &new).await), "not_allowed");
        }
        assert_eq!(code(app.download_binary(&external.caller, org, binary.id).await.map(|_| ())), "not_allowed");
        let act = app.send_build(&operator.caller, org, key, binary.id, &new).await.unwrap();
        // Acts of one room are none in the other.
        assert_eq!(code(app.sending(&signer.caller, org, act.id).await), "not_allowed");
        assert_eq!(code(app.operation(&signer.caller, org, act.id).await), "not_found");
        assert!(app.sending(&external.caller, org, act.id).await.is_ok());
        // A key without the role is refused before anything is sent, and those that would do are named.
        let file = world.apple.control().add_key(testkit::KeyKind::Team, vec![Role::Finance]).unwrap();
        let finance = app.add_key(&world.owner.caller, org, world.entered(&file)).await.unwrap().summary.key.id;
        let refused = app.send_build(&operator.caller, org, finance, binary.id, &new).await.unwrap_err();
        assert_eq!(refused.code, "key_not_usable");
        assert!(refused.message.contains("Admin, App Manager or Developer"), "{}", refused.message);
        assert_eq!(refused.usable_keys.first().map(|(id, _)| *id), Some(key));
    }
}
