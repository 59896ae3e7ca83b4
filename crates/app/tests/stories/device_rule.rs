//! Profiles with the rule "all enabled devices": when a device arrives they are built anew, once, and told of.

use crate::{
    certificates::state,
    code,
    enrollment::{PHONE, answers, invitation, is_registered, link},
    log,
    operations::{at_apple, let_time_pass},
    profiles::{certificate, one, registered, wanted},
};
use app::{crash_point, devices::DevicesToRegister, devices::EnteredDevice, profiles::Devices};
use domain::{ApiKeyId, Operation, OperationState, ProfileId};
use testkit::{Role, World};

const POST: &str = "POST /v1/profiles";

/// An ad hoc and a development profile with the rule, one with a list, and one for the App Store.
async fn furnished(world: &World) -> (ApiKeyId, [ProfileId; 3]) {
    let key = world.link(Role::Admin).await;
    Box::pin(certificate(world, key, "DISTRIBUTION")).await;
    Box::pin(certificate(world, key, "DEVELOPMENT")).await;
    let all = || Some(Devices::AllEnabled);
    let crew = Box::pin(registered(world, key, wanted("Crew", "IOS_APP_ADHOC", "no.halden.ferry", all()))).await;
    let desk = Box::pin(registered(
        world,
        key,
        wanted("Desk", "IOS_APP_DEVELOPMENT", "no.halden.ferry", all()),
    ))
    .await;
    let first = one(world, crew).await.profile.devices[0].clone();
    let chosen = Some(Devices::Chosen(vec![first]));
    let few = Box::pin(registered(world, key, wanted("Few", "IOS_APP_ADHOC", "no.halden.ferry", chosen))).await;
    let store = wanted("Store", "IOS_APP_STORE", "no.halden.ferry", None);
    Box::pin(registered(world, key, store)).await;
    (key, [crew, desk, few])
}

/// Does what is due for a while. Boxed, as all long ways here: together they would be too much for a test's stack.
async fn a_while(world: &World) {
    for _ in 0..12 {
        while Box::pin(world.app().run_due_jobs()).await.expect("the worker works") > 0 {}
        world.advance(20);
    }
}

/// The acts that put devices into profiles.
async fn rebuilds(world: &World) -> Vec<Operation> {
    let mut found = Vec::new();
    let records = world.app().activity(&world.owner.caller, world.org, 200).await.unwrap();
    for view in records {
        if let domain::Event::ProfilesRebuilt { operation, .. } = view.record.event
            && view.record.outcome == domain::Outcome::Intent
        {
            let view = world.app().operation(&world.owner.caller, world.org, operation).await.unwrap();
            found.push(view.operation);
        }
    }
    found
}

async fn has(world: &World, profile: ProfileId, udid: &str) -> bool {
    let held = one(world, profile).await.profile;
    held.devices.iter().any(|device| device.eq_ignore_ascii_case(udid))
}

testkit::on_both_databases! {
    async fn the_day_on_which_places_come_free_is_entered_once_a_year(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        assert_eq!(app.membership_year_end(caller, org, key).await.unwrap(), None);
        let day = jiff::civil::date;
        for far in [day(2025, 11, 20), day(2028, 3, 1), day(9999, 12, 31)] {
            assert_eq!(code(app.set_membership_year_end(caller, org, key, Some(far)).await), "day_unfit", "{far}");
        }
        // Today is 23 November 2026: a day that is past means the next one like it.
        for (entered, told) in [(day(2027, 3, 1), day(2027, 3, 1)), (day(2026, 3, 1), day(2027, 3, 1)), (day(2026, 11, 23), day(2026, 11, 23))] {
            app.set_membership_year_end(caller, org, key, Some(entered)).await.unwrap();
            assert_eq!(app.membership_year_end(caller, org, key).await.unwrap(), Some(told));
        }
        app.set_membership_year_end(caller, org, key, None).await.unwrap();
        assert_eq!(app.membership_year_end(caller, org, key).await.unwrap(), None);
        let records = log(&world).await;
        assert!(records.iter().any(|record| record.contains("entered 2027-03-01 as the end of the membership year")), "{records:#?}");
    }

    async fn a_device_that_arrives_ends_inside_every_profile_with_the_rule(world: World) {
        let (key, [crew, desk, few]) = Box::pin(furnished(&world)).await;
        let (before, count, asked) = (one(&world, crew).await.profile, at_apple(&world, "profiles"), world.count(POST));
        let token = link(&world, invitation(key, true, 1)).await;
        assert!(Box::pin(answers(&world, &token, PHONE)).await.unwrap());
        Box::pin(a_while(&world)).await;
        assert!(is_registered(&world, PHONE));
        assert!(has(&world, crew, PHONE).await && has(&world, desk, PHONE).await);
        assert!(!has(&world, few, PHONE).await, "a list stays a list");
        let after = one(&world, crew).await.profile;
        assert_eq!((after.name.as_str(), at_apple(&world, "profiles"), world.count(POST) - asked), ("Crew", count, 2));
        assert_ne!(after.uuid, before.uuid);
        let acts = rebuilds(&world).await;
        assert_eq!(acts.len(), 1, "one plan for both");
        assert!(matches!(acts[0].state, OperationState::Done { .. }), "{:?}", acts[0].state);
        let records = log(&world).await;
        let told = format!("Elin (in the background) changed the UUID of the profile “Crew” from {} to {}", before.uuid, after.uuid);
        for sentence in [told.as_str(), "Elin (in the background) put the device “Mia’s iPhone” into 2 profiles"] {
            assert!(records.iter().any(|record| record == sentence), "{sentence}: {records:#?}");
        }
        // Nothing is left to do: the rule compares and does not count.
        Box::pin(a_while(&world)).await;
        assert_eq!((rebuilds(&world).await.len(), world.count(POST) - asked), (1, 2));
    }

    async fn devices_that_arrive_together_are_one_rebuild(world: World) {
        let (key, [crew, _, _]) = Box::pin(furnished(&world)).await;
        let asked = world.count(POST);
        let token = link(&world, invitation(key, true, 3)).await;
        let phones = ["00008110-000A1B2C3D4E5F61", "00008110-000A1B2C3D4E5F62", "00008110-000A1B2C3D4E5F63"];
        for phone in phones {
            Box::pin(answers(&world, &token, phone)).await.unwrap();
        }
        Box::pin(a_while(&world)).await;
        for phone in phones {
            assert!(has(&world, crew, phone).await, "{phone}");
        }
        assert_eq!((rebuilds(&world).await.len(), world.count(POST) - asked), (1, 2));
    }

    async fn registering_by_hand_keeps_the_rule_as_well(world: World) {
        let (key, [crew, _, _]) = Box::pin(furnished(&world)).await;
        let mac = EnteredDevice { name: "Mac".to_owned(), udid: "564D2B9C-1111-2222-3333-0123456789AB".to_owned(), platform: String::new() };
        let phone = EnteredDevice { name: "Phone".to_owned(), udid: PHONE.to_owned(), platform: String::new() };
        let asked = world.count(POST);
        let register = async |device: &EnteredDevice| {
            let wanted = DevicesToRegister { devices: vec![device.clone()], ..DevicesToRegister::default() };
            let operation = world.app().register_devices(&world.owner.caller, world.org, key, wanted).await.unwrap();
            let_time_pass(&world, &operation).await;
            Box::pin(a_while(&world)).await;
        };
        register(&mac).await;
        assert_eq!(world.count(POST), asked, "no profile here takes a Mac");
        register(&phone).await;
        assert!(has(&world, crew, PHONE).await);
    }

    async fn killed_at_each_point_the_device_ends_in_each_profile_once(world: World) {
        let (key, [crew, desk, _]) = Box::pin(furnished(&world)).await;
        let mut number = 0;
        for (point, passes) in [
            // Registering: a plan and a call. Then a plan of two plans of two calls each.
            (crash_point::BEFORE_STARTED, 8),
            (crash_point::AFTER_STARTED, 8),
            (crash_point::BEFORE_CALL, 5),
            (crash_point::AFTER_CALL, 5),
            (crash_point::BEFORE_OUTCOME, 9),
            (crash_point::AFTER_OUTCOME, 9),
        ] {
            // The first, the last, and one in between of each: the plans are the same in all.
            for pass in [1, passes / 2, passes] {
                number += 1;
                let here = format!("{point}, pass {pass}");
                let udid = format!("00008110-000A1B2C3D4E{number:04X}");
                let (count, asked) = (at_apple(&world, "profiles"), world.count(POST));
                let token = link(&world, invitation(key, true, 1)).await;
                Box::pin(answers(&world, &token, &udid)).await.unwrap();
                let clock = world.clock.clone();
                let died = world.crash_at_pass(point, pass, |app| async move {
                    for _ in 0..6 {
                        while app.run_due_jobs().await.expect("the worker works") > 0 {}
                        clock.advance_seconds(5);
                    }
                });
                assert!(died.await, "{here}");
                // Time enough for a lease to end and for looking at what Apple lists.
                // A creation that may have been asked for is only known not to have been after half an hour.
                for _ in 0..12 {
                    world.advance(60);
                    Box::pin(a_while(&world)).await;
                }
                for profile in [crew, desk] {
                    let newest: Vec<_> = log(&world).await.into_iter().take(20).collect();
                    assert!(has(&world, profile, &udid).await, "{here}: {newest:#?}");
                }
                assert_eq!((at_apple(&world, "profiles"), world.count(POST) - asked), (count, 2), "{here}: asked once for each");
            }
        }
    }

    async fn who_may_not_build_profiles_any_more_changes_none(world: World) {
        let (key, [crew, _, _]) = Box::pin(furnished(&world)).await;
        let signer = domain::Role::In(domain::policy::Module::Signing, domain::policy::Grade::Manager);
        let kim = world.person("kim", &[(world.org, signer)]).await.signed_in;
        let phone = EnteredDevice { name: "Phone".to_owned(), udid: PHONE.to_owned(), platform: String::new() };
        let wanted = DevicesToRegister { devices: vec![phone], ..DevicesToRegister::default() };
        let operation = world.app().register_devices(&kim.caller, world.org, key, wanted).await.unwrap();
        while world.app().run_due_jobs().await.unwrap() > 0 {}
        assert!(state(&world, operation.id).await.is_over());
        world.app().remove_member(&world.owner.caller, world.org, kim.person().unwrap().id).await.unwrap();
        Box::pin(a_while(&world)).await;
        assert!(!has(&world, crew, PHONE).await);
        assert!(rebuilds(&world).await.is_empty());
    }
}
