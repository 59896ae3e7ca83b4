//! Root organizations and sub-organizations: who makes them, who sees them, and what is left of one that was deleted.

use crate::{code, log};
use app::{Caller, Kind, Problem, organizations::OrganizationView};
use domain::{Actor, OrgId, Origin, Principal, Role};
use std::collections::{BTreeMap, BTreeSet};
use store::{Losses, OrganizationFilter, Paging};
use testkit::{KeyKind, World};

fn role(word: &str) -> Role {
    Role::parse(word).unwrap()
}

async fn below(world: &World, name: &str) -> OrgId {
    let made = world
        .app()
        .create_sub_organization(&world.owner.caller, world.org, name)
        .await
        .unwrap();
    made.organization.id
}

async fn names(world: &World, who: &Caller) -> Vec<String> {
    let all = OrganizationFilter::default();
    let page = world.app().organizations(who, &all, &Paging::default()).await.unwrap();
    page.items.iter().map(told).collect()
}

fn told(view: &OrganizationView) -> String {
    let above = view.parent_name.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
    format!("{above}{}", view.organization.name)
}

fn is_conflict<T: std::fmt::Debug>(answer: Result<T, Problem>, code: &str) -> String {
    let problem = answer.unwrap_err();
    assert_eq!((problem.kind, problem.code), (Kind::Conflict, code));
    problem.message
}

testkit::on_both_databases! {
    async fn what_is_held_above_holds_below_and_nothing_flows_up(world: World) {
        let app = world.app();
        let owner = &world.owner.caller;
        let berlin = below(&world, "Berlin").await;
        let made = app.organization_view(owner, berlin).await.unwrap();
        assert_eq!(told(&made), "Halden/Berlin");
        assert_eq!(made.roles, BTreeMap::from([(Role::Owner, domain::policy::HeldBy::Inheritance)]));
        // The Owner above works there as at home.
        let key = world.entered(world.key_file(KeyKind::Team, testkit::Role::Admin));
        app.add_key(owner, berlin, key).await.unwrap();
        assert_eq!(app.keys(owner, berlin).await.unwrap().len(), 1);
        assert_eq!(app.keys(owner, world.org).await.unwrap().len(), 0);

        let member = world.person("mia", &[(berlin, role("credentials-viewer"))]).await.signed_in.caller;
        assert_eq!(names(&world, &member).await, ["Halden/Berlin"]);
        assert_eq!(code(app.organization_view(&member, world.org).await), "not_found");
        assert_eq!(names(&world, owner).await, ["Halden/Berlin", "Halden"]);
        assert!(names(&world, &world.neighbor().await.caller).await == ["Neighbor"]);
    }

    async fn there_is_one_level_and_a_refusal_says_so(world: World) {
        let berlin = below(&world, "Berlin").await;
        let refused = world.app().create_sub_organization(&world.owner.caller, berlin, "Mitte").await.unwrap_err();
        assert_eq!((refused.kind, refused.code), (Kind::NotAllowed, "not_allowed"));
        assert_eq!(
            refused.message,
            "You may not create and delete sub-organizations here: for a sub-organization that is done in its root organization."
        );
    }

    async fn a_name_is_free_of_twins_among_its_siblings(world: World) {
        let app = world.app();
        let owner = &world.owner.caller;
        let berlin = below(&world, "Berlin").await;
        let oslo = below(&world, "Oslo").await;
        for twin in ["Berlin", "BERLIN", "Ｂerlin", "B\u{435}rlin"] {
            is_conflict(app.create_sub_organization(owner, world.org, twin).await, "name_taken");
            is_conflict(app.rename_organization(owner, oslo, twin).await, "name_taken");
        }
        for unfit in ["a/b", "", "  ", "a\nb", "a\u{202e}b", &"x".repeat(101)] {
            assert_eq!(code(app.create_sub_organization(owner, world.org, unfit).await), "name_unfit");
            assert_eq!(code(app.rename_organization(owner, berlin, unfit).await), "name_unfit");
        }
        let renamed = app.rename_organization(owner, berlin, " berlin ").await.unwrap();
        assert_eq!(told(&renamed), "Halden/berlin");
        app.rename_organization(owner, berlin, "berlin").await.unwrap();
        app.rename_organization(owner, world.org, "Halden Mobile").await.unwrap();
        assert_eq!(names(&world, owner).await, ["Halden Mobile/berlin", "Halden Mobile", "Halden Mobile/Oslo"]);
        let told = log(&world).await;
        assert!(told.contains(&"Elin renamed the organization “Halden” to “Halden Mobile”".to_owned()), "{told:?}");
    }

    async fn two_who_choose_one_name_at_once_get_one_organization(world: World) {
        let app = world.app();
        let (one, two) = tokio::join!(
            app.create_sub_organization(&world.owner.caller, world.org, "Berlin"),
            app.create_sub_organization(&world.owner.caller, world.org, "berlin"),
        );
        let codes = BTreeSet::from([code(one), code(two)]);
        assert_eq!(codes, BTreeSet::from(["name_taken", "no problem"]));
        let (one, two) = tokio::join!(
            app.create_root_organization(&world.owner.caller, "Nordic"),
            app.create_root_organization(&world.owner.caller, "NORDIC"),
        );
        assert_eq!(BTreeSet::from([code(one), code(two)]), codes);
    }

    async fn who_manages_sub_organizations_and_who_renames(world: World) {
        let app = world.app();
        let berlin = below(&world, "Berlin").await;
        let manager = world.person("mo", &[(world.org, role("organization-manager"))]).await.signed_in.caller;
        let viewer = world.person("vic", &[(world.org, role("organization-viewer"))]).await.signed_in.caller;
        let there = world.person("tom", &[(berlin, role("organization-manager"))]).await.signed_in.caller;
        let stranger = world.neighbor().await.caller;

        let oslo = app.create_sub_organization(&manager, world.org, "Oslo").await.unwrap().organization.id;
        app.rename_organization(&manager, oslo, "Bergen").await.unwrap();
        app.rename_organization(&there, berlin, "Potsdam").await.unwrap();
        let all = OrganizationFilter::default();
        let seen = app.sub_organizations(&viewer, world.org, &all, &Paging::default()).await.unwrap();
        assert_eq!(seen.items.iter().map(|sub| (sub.organization.name.as_str(), sub.members)).collect::<Vec<_>>(), [("Bergen", 0), ("Potsdam", 1)]);

        for (who, answer) in [(&viewer, "not_allowed"), (&there, "not_found"), (&stranger, "not_found")] {
            assert_eq!(code(app.create_sub_organization(who, world.org, "Mine").await), answer);
            assert_eq!(code(app.delete_sub_organization(who, world.org, oslo, "Bergen").await), answer);
            assert_eq!(code(app.sub_organization_losses(who, world.org, oslo).await), answer);
            assert_eq!(code(app.rename_organization(who, world.org, "Mine").await), answer);
            assert_eq!(code(app.delete_root_organization(who, world.org, "Halden").await), answer);
        }
        assert_eq!(code(app.rename_organization(&there, oslo, "Mine").await), "not_found");
        assert_eq!(code(app.sub_organizations(&there, world.org, &all, &Paging::default()).await), "not_found");
        // Only an Owner deletes the root; an Organization Manager does not.
        assert_eq!(code(app.delete_root_organization(&manager, world.org, "Halden").await), "not_allowed");
        app.delete_sub_organization(&manager, world.org, oslo, "Bergen").await.unwrap();
    }

    async fn a_root_organization_is_made_by_who_owns_one(world: World) {
        let app = world.app();
        let berlin = below(&world, "Berlin").await;
        let nordic = app.create_root_organization(&world.owner.caller, "Nordic").await.unwrap();
        assert_eq!(nordic.roles, BTreeMap::from([(Role::Owner, domain::policy::HeldBy::Membership)]));
        // Rights are read with each request; those of the request before do not know it yet.
        assert_eq!(code(app.organization_view(&world.owner.caller, nordic.organization.id).await), "not_found");
        let again = app.sign_in("elin@halden.example", testkit::PASSWORD, Origin::default(), None).await.unwrap().signed_in.caller;
        assert_eq!(names(&world, &again).await, ["Halden/Berlin", "Halden", "Nordic"]);
        assert!(app.may_create_root(&again).await.unwrap());
        is_conflict(app.create_root_organization(&again, "NORDIC").await, "name_taken");
        is_conflict(app.rename_organization(&again, world.org, "N\u{43e}rdic").await, "name_taken");

        let below_only = world.person("bo", &[(berlin, Role::Owner)]).await.signed_in.caller;
        let manager = world.person("mo", &[(world.org, role("organization-manager"))]).await.signed_in.caller;
        let token = format!("svc_{:032x}", 1).parse().unwrap();
        let machine = Caller {
            principal: Principal::new(Actor::Service { token }, BTreeMap::from([(world.org, BTreeSet::from([Role::Owner]))])),
            origin: Origin::default(),
        };
        for who in [&below_only, &manager, &machine] {
            assert_eq!(code(app.create_root_organization(who, "Mine").await), "not_allowed");
            assert!(!app.may_create_root(who).await.unwrap());
        }
        // What others call theirs is nobody's business.
        let neighbor = world.neighbor().await.caller;
        app.create_root_organization(&neighbor, "Nordic").await.unwrap();
    }

    async fn a_deleted_sub_organization_takes_all_with_it_but_the_log(world: World) {
        let app = world.app();
        let owner = &world.owner.caller;
        let berlin = below(&world, "Berlin").await;
        let key = world.entered(world.key_file(KeyKind::Team, testkit::Role::Admin));
        let key = app.add_key(owner, berlin, key).await.unwrap().summary.key.id;
        app.create_certificate(owner, berlin, key, "DISTRIBUTION").await.unwrap();
        let mia = world.person("mia", &[(berlin, Role::Owner)]).await;

        is_conflict(app.delete_sub_organization(owner, world.org, berlin, "Berlin").await, "organization_in_use");
        app.run_due_jobs().await.unwrap();
        app.fetch_profiles(owner, berlin, key, None).await.unwrap();
        let csr = app::csrs::NewCsr {
            name: "Elin".to_owned(),
            email: String::new(),
            country: String::new(),
        };
        app.create_csr(owner, berlin, csr).await.unwrap();
        let lost = app.sub_organization_losses(owner, world.org, berlin).await.unwrap();
        let losses = Losses {
            keys: 1,
            certificates: 1,
            profiles: 10,
            csrs: 1,
            members: 1,
            ..Losses::default()
        };
        assert_eq!(lost.losses, losses);
        for wrong in ["", "berlin", "Berlin!", "Halden"] {
            assert_eq!(code(app.delete_sub_organization(owner, world.org, berlin, wrong).await), "name_differs");
        }
        app.delete_sub_organization(owner, world.org, berlin, " Berlin ").await.unwrap();

        assert_eq!(names(&world, owner).await, ["Halden"]);
        for who in [owner, &mia.signed_in.caller] {
            assert_eq!(code(app.keys(who, berlin).await), "not_found");
            assert_eq!(code(app.check_key(who, berlin, key).await), "not_found");
        }
        let mia = app.by_session(&mia.cookie, Origin::default()).await.unwrap().expect("people keep their account");
        assert!(names(&world, &mia.caller).await.is_empty());
        assert_eq!(code(app.delete_sub_organization(owner, world.org, berlin, "Berlin").await), "not_found");
        // Nothing is left to do for it.
        world.advance_days(2);
        assert_eq!(app.run_due_jobs().await.unwrap(), 0);
        assert!(log(&world).await.contains(&"Elin deleted the organization “Berlin”".to_owned()));
        // Its own records name it as it was called.
        let search = app::activity::ActivitySearch {
            limit: 200,
            ..Default::default()
        };
        let found = app.search_activity(owner, world.org, &search).await.unwrap().items;
        let theirs: Vec<_> = found.iter().filter(|view| view.record.organization == Some(berlin)).collect();
        assert!(!theirs.is_empty());
        assert!(theirs.iter().all(|view| view.organization.as_deref() == Some("Berlin (deleted)")), "{:?}", theirs[0].organization);
        below(&world, "Berlin").await;
    }

    async fn a_root_organization_goes_last_and_never_the_last_one(world: World) {
        let app = world.app();
        let owner = &world.owner.caller;
        let only = app.delete_root_organization(owner, world.org, "Halden").await;
        assert!(is_conflict(only, "last_root").contains("only root organization"));
        world.neighbor().await;
        for number in 1..=7 {
            below(&world, &format!("Team {number}")).await;
        }
        let refused = is_conflict(app.delete_root_organization(owner, world.org, "Halden").await, "has_sub_organizations");
        assert_eq!(
            refused,
            "“Halden” still has sub-organizations: “Team 1”, “Team 2”, “Team 3”, “Team 4”, “Team 5” and 2 more. Delete them first."
        );
        let all = OrganizationFilter::default();
        for sub in app.sub_organizations(owner, world.org, &all, &Paging::default()).await.unwrap().items {
            app.delete_sub_organization(owner, world.org, sub.organization.id, sub.organization.name.as_str()).await.unwrap();
        }
        assert_eq!(app.organization_losses(owner, world.org).await.unwrap().losses.members, 1);
        assert_eq!(code(app.delete_root_organization(owner, world.org, "halden").await), "name_differs");
        app.delete_root_organization(owner, world.org, "Halden").await.unwrap();
        assert_eq!(code(app.organization_view(owner, world.org).await), "not_found");
        // The person still signs in, and belongs nowhere.
        let elin = app.sign_in("elin@halden.example", testkit::PASSWORD, Origin::default(), None).await.unwrap();
        assert_eq!(elin.signed_in.home(), None);
    }

    async fn of_the_last_two_root_organizations_one_stays(world: World) {
        let neighbor = world.neighbor().await.caller;
        let theirs = neighbor.principal.organizations().next().unwrap();
        let app = world.app();
        let (one, two) = tokio::join!(
            app.delete_root_organization(&world.owner.caller, world.org, "Halden"),
            app.delete_root_organization(&neighbor, theirs, "Neighbor"),
        );
        assert_eq!(BTreeSet::from([code(one), code(two)]), BTreeSet::from(["last_root", "no problem"]));
    }

    async fn a_key_that_is_added_while_its_organization_goes_is_gone_or_refused(world: World) {
        let app = world.app();
        for round in 0..4 {
            let berlin = below(&world, "Berlin").await;
            let mia = world.person(&format!("mia{round}"), &[(berlin, Role::Owner)]).await.signed_in.caller;
            let key = world.entered(world.key_file(KeyKind::Team, testkit::Role::Admin));
            let (added, deleted) = tokio::join!(
                app.add_key(&mia, berlin, key),
                app.delete_sub_organization(&world.owner.caller, world.org, berlin, "Berlin"),
            );
            deleted.unwrap();
            assert!(matches!(code(added), "no problem" | "not_found"), "round {round}");
            assert_eq!(code(world.app().keys(&mia, berlin).await), "not_found");
        }
    }

    async fn an_organization_of_others_is_no_more_than_an_id_that_names_nothing(world: World) {
        let app = world.app();
        let owner = &world.owner.caller;
        let neighbor = world.neighbor().await.caller;
        let theirs = neighbor.principal.organizations().next().unwrap();
        let sub_of_theirs = app.create_sub_organization(&neighbor, theirs, "Aarhus").await.unwrap().organization.id;
        let nothing: OrgId = format!("org_{:032x}", 1).parse().unwrap();
        let mut answers = BTreeSet::new();
        for id in [sub_of_theirs, nothing, theirs, world.org] {
            let answer = app.delete_sub_organization(owner, world.org, id, "Aarhus").await.unwrap_err();
            answers.insert((answer.code, answer.message));
            let answer = app.sub_organization_losses(owner, world.org, id).await.unwrap_err();
            answers.insert((answer.code, answer.message));
            let answer = app.sub_organization(owner, world.org, id).await.unwrap_err();
            answers.insert((answer.code, answer.message));
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        let filter = OrganizationFilter { parent: Some(theirs), ..OrganizationFilter::default() };
        assert!(app.organizations(owner, &filter, &Paging::default()).await.unwrap().items.is_empty());
    }
}
