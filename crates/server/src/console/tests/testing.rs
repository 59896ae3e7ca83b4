//! Pages of TestFlight for the gallery.

use super::{
    super::{
        parts::{Notice, Tone, Wrong},
        shell::{Place, Theme},
        testing::{
            Tested,
            app_page::{AppPage, ChoosePage},
            ask::{AskPage, Point},
            build::{BringPage, BuildPage, Entered},
            changes::ChangesPage,
            group::{self, EditGroupPage, GroupPage, NewGroupPage},
            info::{InfoPage, LicensePage, ReviewPage, Texts, TextsPage},
            standing::{Extent, Standing},
            testers::{self, ListPage, NewTesterPage},
        },
    },
    samples::{self, at, id},
};
use app::{
    Problem,
    builds::{AppleApp, AppleBuild},
    operations::OperationView,
    testing::{AppInfo, BuildInTesting, Group, GroupDetails, ReviewContact, Tester},
};
use domain::{
    Actor, AppleRole, KeyHealth, KeyKind, Made, Operation, OperationKind, OperationState, StepOf,
    operation::{AppTestingChange, AppTestingChanges, AppTexts, BuildName, GroupName, TestingChange},
};

fn app() -> Tested {
    Tested {
        org: id("org", 1),
        key: id("key", 1),
        identifier: "com.halden.tickets".into(),
    }
}

fn standing(extent: Extent) -> Standing {
    let role = if extent == Extent::All {
        AppleRole::AppManager
    } else {
        AppleRole::Developer
    };
    let why = "A key with the role Developer may manage internal testers only. For external groups, texts, export compliance and beta review Apple asks for the role Admin or App Manager.";
    Standing {
        key: samples::key(1, "CI uploads", KeyKind::Team, &[role], KeyHealth::Working),
        extent,
        why: (extent != Extent::All).then(|| why.to_owned()),
    }
}

fn build(number: &str, state: &'static str) -> AppleBuild {
    AppleBuild {
        id: format!("6448311069-{number}"),
        version: Some("2.4.0".into()),
        build_number: number.into(),
        platform: Some("IOS".into()),
        processing: "VALID".into(),
        internal: Some(
            if state.starts_with("Waits for the answer") {
                "MISSING_EXPORT_COMPLIANCE"
            } else {
                "IN_BETA_TESTING"
            }
            .into(),
        ),
        external: Some("READY_FOR_BETA_SUBMISSION".into()),
        state,
        uses_non_exempt_encryption: (!state.starts_with("Waits for the answer")).then_some(false),
        minimum_os: Some("16.0".into()),
        uploaded_at: Some(at("2026-11-22T09:58:00Z")),
        expires_at: Some(at("2027-02-20T09:58:00Z")),
        expired: state == "Expired",
    }
}

fn group(number: u32, name: &str, internal: bool, all_builds: bool) -> Group {
    Group {
        id: number.to_string(),
        name: name.into(),
        internal,
        all_builds,
        public_link: (number == 3).then(|| "https://testflight.apple.com/join/a1B2c3D4".into()),
        public_link_limit: (number == 3).then_some(2_000),
        feedback: true,
        created_at: Some(at("2026-03-02T10:00:00Z")),
    }
}

fn groups() -> Vec<Group> {
    vec![
        group(1, "Crew", true, true),
        group(2, "Designers", true, false),
        group(3, "Passengers", false, false),
        group(4, "Harbor masters with a rather long name of their group", false, false),
    ]
}

fn testers() -> Vec<Tester> {
    let tester = |number: u32, name: &str, email: Option<&str>, by: &str, state: &str| Tester {
        id: number.to_string(),
        email: email.map(str::to_owned),
        name: name.into(),
        invited_by: Some(by.into()),
        state: Some(state.into()),
        groups: vec![],
    };
    vec![
        tester(1, "Aud Moen", Some("aud.moen@passengers.example"), "EMAIL", "INSTALLED"),
        tester(2, "Nils Berg", Some("nils@passengers.example"), "EMAIL", "INVITED"),
        tester(3, "", None, "PUBLIC_LINK", "ACCEPTED"),
        tester(
            4,
            "",
            Some("somebody.with.a.long.address@subdomain.passengers.example"),
            "EMAIL",
            "NOT_INVITED",
        ),
    ]
}

fn in_testing(number: &str, state: &'static str) -> BuildInTesting {
    let is_new = state.starts_with("Waits for the answer");
    let texts = vec![
        ("en-US".into(), "Buy a ticket, then cancel it.\nLook at the receipt.".into()),
        ("nb".into(), "Kjøp en billett, og avbestill den.".into()),
    ];
    BuildInTesting {
        build: build(number, state),
        groups: groups().into_iter().take(if is_new { 1 } else { 3 }).collect(),
        texts: if is_new { vec![] } else { texts },
        review: (!is_new).then(|| "WAITING_FOR_REVIEW".into()),
        submitted_at: (!is_new).then(|| at("2026-11-23T08:00:00Z")),
        is_complete: true,
    }
}

fn changes(is_over: bool) -> OperationView {
    let group = |number: u32, name: &str| GroupName {
        id: number.to_string(),
        name: name.into(),
        internal: false,
    };
    let build = BuildName {
        id: "6448311069-47".into(),
        title: "2.4.0 (47)".into(),
    };
    let give = |number, name| TestingChange::GiveBuild {
        group: group(number, name),
        build: build.clone(),
    };
    let describe = TestingChange::Describe {
        build: build.clone(),
        locale: "en-US".into(),
        text: "Buy a ticket.".into(),
        present: None,
    };
    let all = vec![
        describe,
        give(3, "Passengers"),
        give(4, "Harbor masters"),
        TestingChange::SubmitForReview { build: build.clone() },
    ];
    let act = |number, kind, state, step_of| Operation {
        id: id("op", number),
        organization: id("org", 1),
        started_by: Actor::Person { user: id("user", 1) },
        kind,
        step_of,
        state,
        started_at: at("2026-11-23T09:58:00Z"),
        updated_at: at("2026-11-23T09:59:00Z"),
    };
    let refused = |why: &str| OperationState::Refused {
        status: 409,
        code: "STATE_ERROR".into(),
        why: why.into(),
        places: vec![],
    };
    let states = [
        OperationState::Done {
            made: Made::AtApple("1".into()),
        },
        OperationState::Done {
            made: Made::AtApple("3".into()),
        },
        refused("The group has as many builds as Apple lets it have. Take an old one from it."),
        OperationState::Calling {
            since: at("2026-11-23T09:59:00Z"),
        },
    ];
    let plan = |changes| AppTestingChanges {
        key: id("key", 1),
        app: "6448311069".into(),
        identifier: "com.halden.tickets".into(),
        changes,
    };
    let step = |(number, (change, state)): (u32, (&TestingChange, OperationState))| {
        let change = AppTestingChange {
            key: id("key", 1),
            app: "6448311069".into(),
            identifier: "com.halden.tickets".into(),
            change: change.clone(),
        };
        let of = StepOf {
            plan: id("op", 1),
            step: number,
        };
        act(number + 1, OperationKind::ChangeTesting(change), state, Some(of))
    };
    let begun = if is_over { 3 } else { 2 };
    let steps = (1..).zip(all.iter().zip(states)).take(begun).map(step).collect();
    let state = if is_over {
        refused("1 of 3 changes were not made.")
    } else {
        OperationState::Working { step: 2 }
    };
    let shown = if is_over { all[..3].to_vec() } else { all.clone() };
    OperationView {
        operation: act(1, OperationKind::ChangeTestings(plan(shown)), state, None),
        places: vec![],
        steps,
    }
}

fn info() -> AppInfo {
    AppInfo {
        texts: vec![(
            "en-US".into(),
            AppTexts {
                feedback_email: Some("beta@halden.example".into()),
                marketing_url: None,
                privacy_policy_url: Some("https://halden.example/privacy".into()),
                description: Some("Tickets and timetables of the ferry.".into()),
            },
        )],
        review: ReviewContact {
            first_name: Some("Elin".into()),
            last_name: Some("Vestergaard".into()),
            phone: Some("+47 69 00 00 00".into()),
            email: Some("elin.vestergaard@halden.example".into()),
            sign_in_required: true,
            demo_account: Some("review@halden.example".into()),
            has_demo_password: true,
            notes: Some("The code of the harbor is 4711.".into()),
        },
        license: String::new(),
    }
}

/// All of them.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let shell = || samples::shell(Place::TestFlight, theme);
    let org = id("org", 1);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));
    let apps = vec![AppleApp {
        id: "6448311069".into(),
        name: "Tickets".into(),
        identifier: "com.halden.tickets".into(),
        sku: Some("TICKETS".into()),
        primary_locale: Some("en-US".into()),
    }];
    add(
        "testflight",
        &ChoosePage {
            shell: shell(),
            org,
            keys: samples::choices(),
            key: Some(id("key", 1)),
            apps: Some(Ok(apps)),
        },
    );
    let late = Problem::new(
        app::Kind::AppleUnreachable,
        "apple_unreachable",
        "Apple is not answering. Try again in a minute.",
    );
    for (name, builds, found, extent) in [
        (
            "testflight-app",
            Ok(vec![
                build("48", "Waits for the answer about export compliance"),
                build("47", "Waits for beta review"),
                build("46", "In beta testing"),
                build("41", "Expired"),
            ]),
            groups(),
            Extent::All,
        ),
        ("testflight-app-empty", Err(Notice::problem(&late)), vec![], Extent::Internal),
    ] {
        add(
            name,
            &AppPage {
                shell: shell(),
                app: app(),
                standing: standing(extent),
                builds,
                groups: Ok(found),
            },
        );
    }
    add(
        "testflight-build",
        &BuildPage {
            shell: shell(),
            app: app(),
            found: in_testing("47", "Waits for beta review"),
        },
    );
    let too_long = Problem::field(
        "text_unfit",
        "text",
        "The text has 4,003 characters; Apple takes at most 4000. Shorten it by 3.",
    );
    for (name, extent, problem) in [
        ("testflight-bring", Extent::All, None),
        ("testflight-bring-internal", Extent::Internal, None),
        ("testflight-bring-wrong", Extent::All, Some(&too_long)),
    ] {
        add(
            name,
            &BringPage {
                shell: shell(),
                app: app(),
                standing: standing(extent),
                found: in_testing("48", "Waits for the answer about export compliance"),
                groups: groups(),
                entered: Entered {
                    groups: vec!["2".into()],
                    locale: "en-US".into(),
                    text: "Buy a ticket, then cancel it.".into(),
                    encryption: "no".into(),
                    review: false,
                },
                wrong: problem.map(Wrong::from).unwrap_or_default(),
            },
        );
    }
    for (name, number, testers, builds) in [
        ("testflight-group", 2, testers(), vec![build("47", "Waits for beta review")]),
        ("testflight-group-empty", 0, vec![], vec![]),
    ] {
        add(
            name,
            &GroupPage {
                shell: shell(),
                app: app(),
                found: GroupDetails {
                    group: groups().swap_remove(number),
                    testers,
                    builds,
                },
            },
        );
    }
    let taken = Problem::field("group_exists", "name", "The app has a group “Crew” already. Choose another name.");
    add(
        "testflight-group-new",
        &NewGroupPage {
            shell: shell(),
            app: app(),
            standing: standing(Extent::Internal),
            entered: group::Entered {
                name: "Crew".into(),
                internal: true,
                ..group::Entered::default()
            },
            wrong: Wrong::from(&taken),
        },
    );
    let passengers = groups().swap_remove(2);
    add(
        "testflight-group-edit",
        &EditGroupPage {
            shell: shell(),
            app: app(),
            entered: group::Entered::as_is(&passengers),
            group: passengers.clone(),
            wrong: Wrong::default(),
        },
    );
    add(
        "testflight-tester-new",
        &NewTesterPage {
            shell: shell(),
            app: app(),
            group: passengers.clone(),
            entered: testers::Entered::default(),
            wrong: Wrong::default(),
        },
    );
    for (name, list, unfit) in [
        ("testflight-testers-list", "", vec![]),
        (
            "testflight-testers-list-wrong",
            "ada@example.com,Ada,Lovelace\nnobody\n",
            vec!["Line 2: This is no e-mail address: it has no @.".to_owned()],
        ),
    ] {
        let notice = Notice::new(
            Tone::Bad,
            "Nobody was invited: lines of the list do not fit",
            "Correct them in the list below, or have them left out. The first 20 are named.",
        );
        add(
            name,
            &ListPage {
                shell: shell(),
                app: app(),
                group: passengers.clone(),
                list: list.into(),
                leave_out: false,
                wrong: if unfit.is_empty() { Wrong::default() } else { Wrong::told(notice) },
                unfit,
            },
        );
    }
    let point = |tone, what: &str, then: &str| Point {
        tone,
        what: what.into(),
        then: then.into(),
    };
    for (name, typed, act, points) in [
        (
            "testflight-expire",
            Some("47".to_owned()),
            "Expire build",
            vec![
                point(Tone::Bad, "3 groups lose it", "Crew, Designers, Passengers"),
                point(
                    Tone::Bad,
                    "It cannot be undone",
                    "An expired build never comes back, and its build number stays used.",
                ),
            ],
        ),
        (
            "testflight-invite",
            None,
            "Invite again",
            vec![point(
                Tone::Info,
                "Apple sends the e-mail once more",
                "The one before it ends. Who has accepted already needs none.",
            )],
        ),
    ] {
        add(
            name,
            &AskPage {
                shell: shell(),
                app: app(),
                address: app().build("47"),
                back: ("2.4.0 (47)".into(), app().build("47")),
                question: if typed.is_some() {
                    "Expire 2.4.0 (47)?"
                } else {
                    "Invite Nils Berg again?"
                }
                .into(),
                points,
                act,
                typed,
                wrong: Wrong::default(),
            },
        );
    }
    for (name, is_over) in [("testflight-changes", false), ("testflight-changes-partial", true)] {
        add(
            name,
            &ChangesPage {
                shell: shell(),
                app: app(),
                view: changes(is_over),
            },
        );
    }
    add(
        "testflight-info",
        &InfoPage {
            shell: shell(),
            app: app(),
            info: info(),
        },
    );
    let url = Problem::field(
        "url_unfit",
        "marketing_url",
        "“halden” is no address of a page; it begins with https://.",
    );
    add(
        "testflight-info-texts",
        &TextsPage {
            shell: shell(),
            app: app(),
            texts: Texts {
                locale: "en-US".into(),
                marketing_url: "halden".into(),
                ..Texts::default()
            },
            wrong: Wrong::from(&url),
        },
    );
    add(
        "testflight-info-review",
        &ReviewPage {
            shell: shell(),
            app: app(),
            contact: info().review,
            wrong: Wrong::default(),
        },
    );
    add(
        "testflight-info-license",
        &LicensePage {
            shell: shell(),
            app: app(),
            text: String::new(),
            wrong: Wrong::default(),
        },
    );
    pages
}

#[test]
fn what_went_wrong_in_part_is_told_step_by_step() {
    let html = pages(Theme::Light)
        .into_iter()
        .find(|(name, _)| *name == "testflight-changes-partial")
        .map(|(_, html)| html)
        .expect("it is in the gallery");
    for told in [
        "Done in part",
        "2 of 3 done",
        "as many builds as Apple lets it have",
        "Give 2.4.0 (47) to “Passengers”",
    ] {
        assert!(html.contains(told), "{told}");
    }
    assert!(!html.contains("http-equiv=\"refresh\""), "what is over does not refresh itself");
}

#[test]
fn what_a_key_may_not_is_shown_and_not_offered() {
    let html = pages(Theme::Light)
        .into_iter()
        .find(|(name, _)| *name == "testflight-bring-internal")
        .map(|(_, html)| html)
        .expect("it is in the gallery");
    for told in [
        "Gets every build by itself; Apple lets nobody put one in.",
        "This key manages internal testers only.",
        "This key may not: Apple asks for the role Admin or App Manager.",
    ] {
        assert!(html.contains(told), "{told}");
    }
    assert!(!html.contains("name=\"review\" value=\"on\""), "beta review is not offered");
}
