//! TestFlight: groups, testers, texts, and a build on its way to them.

use crate::log;
use app::{
    Kind,
    testing::{ReviewDetails, Wish},
};
use domain::{ApiKeyId, Operation, OperationState, operation::AppTexts};
use testkit::{Effect, Fault, Role, World};

const FERRY: &str = "no.halden.ferry";
/// The external group of the ferry app, and its latest build, which has no answer about export compliance yet.
const PASSENGERS: &str = "Passengers";
const NEWEST: &str = "44";

fn group(name: &str, internal: bool) -> Wish {
    Wish::CreateGroup {
        name: name.to_owned(),
        internal,
        all_builds: false,
    }
}

fn give(group: &str, build: &str) -> Wish {
    Wish::GiveBuild {
        group: group.to_owned(),
        build: build.to_owned(),
    }
}

fn add(group: &str, email: &str) -> Wish {
    Wish::AddTester {
        group: group.to_owned(),
        email: email.to_owned(),
        first_name: None,
        last_name: None,
    }
}

fn submit(build: &str) -> Wish {
    Wish::SubmitForReview { build: build.to_owned() }
}

async fn begun(world: &World, key: ApiKeyId, wishes: &[Wish]) -> Operation {
    let (caller, org) = (&world.owner.caller, world.org);
    world.app().change_testing(caller, org, key, FERRY, wishes).await.expect("begun")
}

async fn refused(world: &World, key: ApiKeyId, wishes: &[Wish]) -> app::Problem {
    let (caller, org) = (&world.owner.caller, world.org);
    world
        .app()
        .change_testing(caller, org, key, FERRY, wishes)
        .await
        .expect_err("refused")
}

/// Lets the worker work until it is over; answers how, with the states of its steps.
async fn over(world: &World, operation: &Operation) -> (OperationState, Vec<String>) {
    let (caller, org) = (&world.owner.caller, world.org);
    for _ in 0..200 {
        world.app().run_due_jobs().await.expect("the worker works");
        let view = world.app().testing_change(caller, org, operation.id).await.expect("there");
        if view.operation.state.is_over() {
            let steps = view.steps.iter().map(|step| step.state.as_str().to_owned()).collect();
            return (view.operation.state, steps);
        }
        world.advance(20);
    }
    panic!("it never ended");
}

async fn done(world: &World, key: ApiKeyId, wishes: &[Wish]) {
    let operation = begun(world, key, wishes).await;
    let (state, steps) = over(world, &operation).await;
    assert!(matches!(state, OperationState::Done { .. }), "{state:?} {steps:?}");
}

testkit::on_both_databases! {
    async fn a_build_goes_to_internal_and_external_testers(world: World) {
        let key = world.link(Role::AppManager).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        done(&world, key, &[group("Friends", false)]).await;
        done(&world, key, &[add("Friends", "ada@example.com"), add(PASSENGERS, "ada@example.com")]).await;
        let listed = app.testers(caller, org, key, FERRY).await.unwrap();
        let ada = listed.iter().find(|tester| tester.email.as_deref() == Some("ada@example.com")).expect("a tester");
        assert_eq!(ada.groups.len(), 2, "{:?}", ada.groups);
        // All that a build needs, in one act.
        let wishes = [
            Wish::AnswerCompliance { build: NEWEST.to_owned(), uses_encryption: false },
            Wish::Describe { build: NEWEST.to_owned(), locale: "en-US".to_owned(), text: "The new timetable.".to_owned() },
            give("Friends", NEWEST),
            give(PASSENGERS, NEWEST),
        ];
        done(&world, key, &wishes).await;
        let now = app.testing_build(caller, org, key, FERRY, NEWEST).await.unwrap();
        assert_eq!(now.texts, [("en-US".to_owned(), "The new timetable.".to_owned())]);
        let mut names: Vec<_> = now.groups.iter().map(|group| group.name.as_str()).collect();
        names.sort_unstable();
        assert!(names.contains(&"Friends") && names.contains(&PASSENGERS), "{names:?}");
        assert_eq!(now.build.uses_non_exempt_encryption, Some(false));
        // What is so already is not done again.
        let again = refused(&world, key, &wishes[..2]).await;
        assert_eq!(again.code, "nothing_to_change");
        assert!(log(&world).await.iter().any(|line| line.contains("TestFlight of no.halden.ferry")), "it is in the log");
    }

    async fn beta_review_is_asked_and_followed(world: World) {
        let key = world.link(Role::AppManager).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let apps = app.apps(caller, org, key).await.unwrap();
        let ferry = apps.iter().find(|app| app.identifier == FERRY).expect("the ferry app");
        let build = world.apple.control().create_build(&ferry.id, "3.0.0", "60").unwrap();
        let answer = Wish::AnswerCompliance { build: "60".to_owned(), uses_encryption: false };
        done(&world, key, &[answer, give(PASSENGERS, "60"), submit("3.0.0 (60)")]).await;
        let now = app.testing_build(caller, org, key, FERRY, "60").await.unwrap();
        assert_eq!(now.review.as_deref(), Some("WAITING_FOR_REVIEW"));
        assert_eq!(now.build.state, "Waits for beta review");
        world.apple.control().review(&build, testkit::Decision::Approve);
        world.advance(60);
        let now = app.testing_build(caller, org, key, FERRY, "60").await.unwrap();
        assert_eq!(now.review.as_deref(), Some("APPROVED"));
        assert_eq!(now.build.external.as_deref(), Some("IN_BETA_TESTING"));
    }

    async fn a_developer_key_manages_internal_testers_only(world: World) {
        let weak = world.link(Role::Developer).await;
        let strong = world.link(Role::AppManager).await;
        done(&world, weak, &[group("Deck", true)]).await;
        for wish in [
            group("Outside", false),
            give(PASSENGERS, NEWEST),
            submit(NEWEST),
            Wish::Describe { build: NEWEST.to_owned(), locale: "en-US".to_owned(), text: "Try it.".to_owned() },
        ] {
            let requests = world.apple.control().counters();
            let problem = refused(&world, weak, std::slice::from_ref(&wish)).await;
            assert_eq!(problem.code, "key_not_usable", "{wish:?}: {}", problem.message);
            assert!(problem.message.contains("internal testers only"), "{}", problem.message);
            assert!(problem.usable_keys.iter().any(|(id, _)| *id == strong), "{:?}", problem.usable_keys);
            let written = |counters: &_| format!("{counters:?}").matches("POST").count();
            assert_eq!(written(&requests), written(&world.apple.control().counters()), "Apple was asked to change something");
        }
    }

    async fn several_groups_get_a_build_though_one_is_refused(world: World) {
        let key = world.link(Role::AppManager).await;
        done(&world, key, &[group("One", false), group("Two", false)]).await;
        let operation = begun(&world, key, &[give("One", NEWEST), give("Two", NEWEST), give(PASSENGERS, NEWEST)]).await;
        let closed = Effect::Answer {
            status: 409,
            body: r#"{"errors":[{"status":"409","code":"STATE_ERROR","title":"No","detail":"The group is closed."}]}"#.to_owned(),
            content_type: None,
            retry_after: None,
        };
        world.apple.control().add_fault(Fault::next("POST", "/v1/betaGroups/{id}/relationships/builds", closed).after(1));
        let (state, steps) = over(&world, &operation).await;
        assert_eq!(steps, ["done", "refused", "done"]);
        let OperationState::Refused { why, .. } = state else { panic!("{state:?}") };
        assert!(why.starts_with("1 of 3 changes were not made.") && why.contains("“Two”"), "{why}");
    }

    async fn a_lost_answer_is_no_second_group(world: World) {
        let key = world.link(Role::AppManager).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let wishes = [
            ("/v1/betaGroups", group("Once", false)),
            ("/v1/betaTesters", add(PASSENGERS, "once@example.com")),
            ("/v1/betaAppReviewSubmissions", submit("44")),
            ("/v1/betaBuildLocalizations", Wish::Describe { build: "44".to_owned(), locale: "nb".to_owned(), text: "Rutetider.".to_owned() }),
        ];
        let answer = Wish::AnswerCompliance { build: "44".to_owned(), uses_encryption: false };
        done(&world, key, &[answer]).await;
        for (route, wish) in wishes {
            world.apple.control().add_fault(Fault::next("POST", route, Effect::LoseAnswer));
            let operation = begun(&world, key, std::slice::from_ref(&wish)).await;
            let (state, _) = over(&world, &operation).await;
            assert!(matches!(state, OperationState::Done { .. }), "{wish:?}: {state:?}");
        }
        let groups = app.testing_groups(caller, org, key, FERRY).await.unwrap();
        assert_eq!(groups.iter().filter(|group| group.name == "Once").count(), 1);
        let testers = app.testers(caller, org, key, FERRY).await.unwrap();
        assert_eq!(testers.iter().filter(|tester| tester.email.as_deref() == Some("once@example.com")).count(), 1);
    }

    async fn a_list_of_testers_is_told_line_by_line(world: World) {
        let key = world.link(Role::AppManager).await;
        let list = |leave_out_faulty| Wish::AddTesters {
            group: PASSENGERS.to_owned(),
            file: "First name,Email\nAda,ada@example.com\nBob,bob\nCai,cai@example.com\n".to_owned(),
            leave_out_faulty,
        };
        let problem = refused(&world, key, &[list(false)]).await;
        assert_eq!((problem.code, problem.kind), ("testers_unfit", Kind::Invalid));
        let operation = begun(&world, key, &[list(true)]).await;
        let (_, steps) = over(&world, &operation).await;
        assert_eq!(steps, ["done", "done"]);
        // Who is in it already stays, and nothing is left to do.
        assert_eq!(refused(&world, key, &[list(true)]).await.code, "nothing_to_change");
        let remove = Wish::RemoveTester { tester: "ada@example.com".to_owned(), group: None };
        done(&world, key, &[remove]).await;
        let left = world.app().testers(&world.owner.caller, world.org, key, FERRY).await.unwrap();
        assert!(left.iter().all(|tester| tester.email.as_deref() != Some("ada@example.com")));
    }

    async fn what_does_not_fit_is_told_before_anything_is_changed(world: World) {
        let key = world.link(Role::AppManager).await;
        let renamed = |name: &str| Wish::ChangeGroup {
            group: PASSENGERS.to_owned(),
            rename_to: Some(name.to_owned()),
            public_link: None,
            public_link_limit: None,
            feedback: None,
        };
        for (wish, code) in [
            (give("Nobody", NEWEST), "group_unknown"),
            (give(PASSENGERS, "4711"), "build_unknown"),
            (group(PASSENGERS, false), "group_exists"),
            (Wish::CreateGroup { name: "All".to_owned(), internal: false, all_builds: true }, "group_is_external"),
            (add(PASSENGERS, "nobody"), "email_unfit"),
            (Wish::Invite { tester: "nobody@example.com".to_owned() }, "tester_unknown"),
            (Wish::Describe { build: NEWEST.to_owned(), locale: "english".to_owned(), text: "x".to_owned() }, "locale_unfit"),
            (Wish::Describe { build: NEWEST.to_owned(), locale: "en-US".to_owned(), text: "🚢".to_owned() }, "text_unfit"),
            (renamed(""), "name_unfit"),
            (Wish::AnswerCompliance { build: "43".to_owned(), uses_encryption: true }, "compliance_is_answered"),
            (Wish::DescribeApp { locale: "en-US".to_owned(), texts: AppTexts::default() }, "nothing_to_change"),
        ] {
            // Behind something that fits, it stops that, too.
            let problem = refused(&world, key, &[group("Never", false), wish.clone()]).await;
            assert_eq!(problem.code, code, "{wish:?}: {}", problem.message);
        }
        let groups = world.app().testing_groups(&world.owner.caller, world.org, key, FERRY).await.unwrap();
        assert!(groups.iter().all(|group| group.name != "Never"));
    }

    async fn the_password_for_beta_review_goes_to_apple_and_stays_nowhere(world: World) {
        let key = world.link(Role::AppManager).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let details = ReviewDetails {
            phone: Some("+47 69 00 00 01".to_owned()),
            sign_in_required: Some(true),
            demo_account: Some("guest".to_owned()),
            ..ReviewDetails::new(Some("unmistakable-demo-password".to_owned()))
        };
        app.write_review_details(caller, org, key, FERRY, details).await.unwrap();
        let info = app.testing_info(caller, org, key, FERRY).await.unwrap();
        assert!(info.review.has_demo_password && info.review.sign_in_required);
        assert_eq!(info.review.phone.as_deref(), Some("+47 69 00 00 01"));
        assert!(!format!("{info:?}").contains("unmistakable"));
        assert!(!log(&world).await.iter().any(|line| line.contains("unmistakable")));
        let unfit = ReviewDetails { phone: Some("69 00".to_owned()), ..ReviewDetails::default() };
        assert_eq!(app.write_review_details(caller, org, key, FERRY, unfit).await.unwrap_err().code, "phone_unfit");
        done(&world, key, &[
            Wish::DescribeApp { locale: "en-US".to_owned(), texts: AppTexts { description: Some("Ferries.".to_owned()), ..AppTexts::default() } },
            Wish::SetLicense { text: "Be kind.".to_owned() },
        ]).await;
        let info = app.testing_info(caller, org, key, FERRY).await.unwrap();
        assert_eq!(info.license, "Be kind.");
        assert!(info.texts.iter().any(|(_, texts)| texts.description.as_deref() == Some("Ferries.")));
    }

    async fn a_group_is_made_changed_and_deleted(world: World) {
        let key = world.link(Role::AppManager).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        done(&world, key, &[Wish::CreateGroup { name: "Bridge".to_owned(), internal: true, all_builds: true }]).await;
        let locked = refused(&world, key, &[give("Bridge", NEWEST)]).await;
        assert_eq!(locked.code, "group_gets_all_builds");
        done(&world, key, &[Wish::ChangeGroup {
            group: PASSENGERS.to_owned(),
            rename_to: Some("Travelers".to_owned()),
            public_link: Some(true),
            public_link_limit: Some(50),
            feedback: Some(false),
        }]).await;
        let found = app.testing_group(caller, org, key, FERRY, "travelers").await.unwrap();
        assert_eq!((found.group.public_link_limit, found.group.feedback), (Some(50), false));
        assert!(found.group.public_link.is_some() && !found.testers.is_empty());
        done(&world, key, &[Wish::DeleteGroup { group: "Travelers".to_owned() }]).await;
        assert_eq!(app.testing_group(caller, org, key, FERRY, "Travelers").await.unwrap_err().code, "group_unknown");
        done(&world, key, &[Wish::ExpireBuild { build: "43".to_owned() }]).await;
        let now = app.testing_build(caller, org, key, FERRY, "43").await.unwrap();
        assert!(now.build.expired);
    }

    async fn who_may_not_see_testers_is_told_no_addresses(world: World) {
        let key = world.link(Role::AppManager).await;
        let (app, org) = (world.app(), world.org);
        let role = "publish-ext-operator".parse().unwrap();
        let external = world.person("Eli", &[(org, role)]).await;
        let operation = begun(&world, key, &[add(PASSENGERS, "ada@example.com")]).await;
        let told = app.testing_change(&external.signed_in.caller, org, operation.id).await;
        assert_eq!(told.unwrap_err().kind, Kind::NotAllowed);
        over(&world, &operation).await;
        assert!(!log(&world).await.iter().any(|line| line.contains("ada@example.com")));
        assert!(log(&world).await.iter().any(|line| line.contains("Put a tester into “Passengers”")));
        let refused = app.testers(&external.signed_in.caller, org, key, FERRY).await;
        assert_eq!(refused.unwrap_err().kind, Kind::NotAllowed);
        // Texts are theirs to write, groups are not.
        let text = Wish::Describe {
            build: NEWEST.to_owned(),
            locale: "en-US".to_owned(),
            text: "Try it.".to_owned(),
        };
        app.change_testing(&external.signed_in.caller, org, key, FERRY, &[text]).await.unwrap();
        let refused = app.change_testing(&external.signed_in.caller, org, key, FERRY, &[give(PASSENGERS, NEWEST)]).await;
        assert_eq!(refused.unwrap_err().kind, Kind::NotAllowed);
    }

    async fn one_act_at_a_time_changes_a_thing(world: World) {
        let key = world.link(Role::AppManager).await;
        let change = |name: &str| Wish::ChangeGroup {
            group: PASSENGERS.to_owned(),
            rename_to: Some(name.to_owned()),
            public_link: None,
            public_link_limit: None,
            feedback: None,
        };
        let first = begun(&world, key, &[change("One")]).await;
        // Its answer may be lost, and it be asked for again: after another it would undo that.
        assert_eq!(refused(&world, key, &[change("Two")]).await.code, "another_is_running");
        // A group of the same name in another app is another thing.
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        begun(&world, key, &[group("Deck", true)]).await;
        let elsewhere = app.change_testing(caller, org, key, "no.halden.parking", &[group("Deck", true)]).await;
        assert!(elsewhere.is_ok(), "{elsewhere:?}");
        over(&world, &first).await;
        done(&world, key, &[Wish::DeleteGroup { group: "One".to_owned() }]).await;
    }

    async fn a_key_that_is_refused_ends_the_rest(world: World) {
        let key = world.link(Role::AppManager).await;
        let operation = begun(&world, key, &[add(PASSENGERS, "a@example.com"), add(PASSENGERS, "b@example.com")]).await;
        let limited = Effect::Apple { error: testkit::AppleError::RateLimited };
        world.apple.control().add_fault(Fault::next("POST", "/v1/betaTesters", limited).times(20));
        let (state, steps) = over(&world, &operation).await;
        assert_eq!(steps.len(), 1, "{steps:?}");
        let OperationState::Refused { status: 429, why, .. } = state else { panic!("{state:?}") };
        assert!(why.starts_with("2 of 2 changes were not made.") && why.contains("Begin again later"), "{why}");
    }
}
