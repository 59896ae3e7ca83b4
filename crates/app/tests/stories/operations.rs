//! Acts at Apple that are no certificates: one request each, or a plan of several; killed anywhere, each is done once.

use crate::{
    certificates::state,
    code, log,
    sharing::{below, change, no_more, with},
};
use app::{
    bundle_ids::BundleIdToRegister,
    crash_point,
    devices::{DevicesToRegister, EnteredDevice},
    sharing::NewLimits,
};
use domain::{Operation, OperationState, ShareTarget, operation::CapabilityWish};
use simulator::Api;
use testkit::{AppleError, Effect, Fault, Role, World};

const SIGNER: domain::Role = domain::Role::In(domain::policy::Module::Signing, domain::policy::Grade::Manager);

fn app(identifier: &str, capabilities: &[&str]) -> BundleIdToRegister {
    BundleIdToRegister {
        identifier: identifier.to_owned(),
        capabilities: capabilities.iter().map(|word| CapabilityWish::of((*word).to_owned())).collect(),
        ..BundleIdToRegister::default()
    }
}

fn device(name: &str, udid: &str) -> EnteredDevice {
    EnteredDevice {
        name: name.to_owned(),
        udid: udid.to_owned(),
        platform: String::new(),
    }
}

fn by_hand(devices: Vec<EnteredDevice>) -> DevicesToRegister {
    DevicesToRegister {
        devices,
        ..DevicesToRegister::default()
    }
}

/// How many objects of a kind Apple has.
pub(crate) fn at_apple(world: &World, kind: &str) -> usize {
    world.apple.control().objects(Api::AppStore, kind).expect("known").len()
}

/// Does what is due until the act is over.
pub(crate) async fn let_time_pass(world: &World, operation: &Operation) -> OperationState {
    for _ in 0..60 {
        world.app().run_due_jobs().await.expect("the worker works");
        let state = state(world, operation.id).await;
        if state.is_over() {
            return state;
        }
        world.advance(130);
    }
    panic!("it never ended: {:?}", state(world, operation.id).await);
}

testkit::on_both_databases! {
    async fn a_bundle_id_is_registered_with_what_it_shall_be_able_to_do(world: World) {
        let key = world.link(Role::Admin).await;
        let before = (at_apple(&world, "bundleIds"), at_apple(&world, "bundleIdCapabilities"));
        let wanted = app("com.halden.tram", &["PUSH_NOTIFICATIONS", "maps"]);
        let operation = world.app().register_bundle_id(&world.owner.caller, world.org, key, wanted).await.unwrap();
        assert_eq!(world.count("POST /v1/bundleIds"), 0, "nothing that changes Apple runs in the request");
        assert!(matches!(let_time_pass(&world, &operation).await, OperationState::Done { .. }));
        assert_eq!(at_apple(&world, "bundleIds") - before.0, 1);
        assert_eq!((world.count("POST /v1/bundleIds"), world.count("POST /v1/bundleIdCapabilities")), (1, 2));
        let view = world.app().operation(&world.owner.caller, world.org, operation.id).await.unwrap();
        let titles: Vec<_> = view.steps.iter().map(|step| step.kind.title()).collect();
        assert_eq!(titles, ["Register com.halden.tram", "Add PUSH_NOTIFICATIONS to com.halden.tram", "Add MAPS to com.halden.tram"]);
        let records = log(&world).await;
        for sentence in ["Elin (in the background) set the capability MAPS of com.halden.tram", "Elin began to change the bundle ID com.halden.tram"] {
            assert!(records.iter().any(|record| record == sentence), "{records:#?}");
        }
    }

    async fn killed_at_each_point_a_plan_does_each_step_once(world: World) {
        let key = world.link(Role::Admin).await;
        for (number, point) in crash_point::ALL.into_iter().enumerate() {
            if point == crash_point::AFTER_LOOK {
                continue;
            }
            let before = (at_apple(&world, "bundleIds"), at_apple(&world, "bundleIdCapabilities"));
            let wanted = app(&format!("com.halden.app{number}"), &["PUSH_NOTIFICATIONS", "MAPS"]);
            let operation = world.app().register_bundle_id(&world.owner.caller, world.org, key, wanted).await.unwrap();
            assert!(world.crash_at(point, |app| async move { app.run_due_jobs().await }).await, "{point}");
            let state = let_time_pass(&world, &operation).await;
            assert!(matches!(state, OperationState::Done { .. }), "{point}: {state:?}");
            assert_eq!(at_apple(&world, "bundleIds") - before.0, 1, "{point}");
            let view = world.app().operation(&world.owner.caller, world.org, operation.id).await.unwrap();
            assert_eq!(view.steps.len(), 3, "{point}");
        }
    }

    async fn a_lost_answer_is_looked_for_and_what_was_not_done_is_asked_for_again(world: World) {
        let key = world.link(Role::Admin).await;
        let before = at_apple(&world, "bundleIds");
        world.apple.control().add_fault(Fault::next("POST", "/v1/bundleIds", Effect::LoseAnswer));
        let operation = world.app().register_bundle_id(&world.owner.caller, world.org, key, app("com.halden.lost", &[])).await.unwrap();
        assert!(matches!(let_time_pass(&world, &operation).await, OperationState::Done { .. }));
        assert_eq!((at_apple(&world, "bundleIds") - before, world.count("POST /v1/bundleIds")), (1, 1));
        let broken = Effect::Apple { error: AppleError::Unexpected };
        world.apple.control().add_fault(Fault::next("POST", "/v1/bundleIds", broken));
        let operation = world.app().register_bundle_id(&world.owner.caller, world.org, key, app("com.halden.broken", &[])).await.unwrap();
        assert!(matches!(let_time_pass(&world, &operation).await, OperationState::Done { .. }));
        assert_eq!((at_apple(&world, "bundleIds") - before, world.count("POST /v1/bundleIds")), (2, 3));
    }

    async fn what_apple_refuses_ends_a_plan_with_its_words(world: World) {
        let key = world.link(Role::Admin).await;
        // Another team's.
        let wanted = app("no.halden.crewroster", &["PUSH_NOTIFICATIONS"]);
        let second = world.app().register_bundle_id(&world.owner.caller, world.org, key, wanted).await.unwrap();
        let OperationState::Refused { why, status, .. } = let_time_pass(&world, &second).await else { panic!("not refused") };
        assert_eq!(status, 409);
        assert!(why.starts_with("Register no.halden.crewroster: "), "{why}");
        let view = world.app().operation(&world.owner.caller, world.org, second.id).await.unwrap();
        assert_eq!(view.steps.len(), 1, "nothing was asked after the refusal");
    }

    async fn a_bundle_id_that_is_there_is_not_taken_for_the_new_one(world: World) {
        let key = world.link(Role::Admin).await;
        world.apple.control().add_fault(Fault::next("POST", "/v1/bundleIds", Effect::LoseAnswer));
        for (identifier, capabilities) in [("no.halden.ferry", &[][..]), ("no.halden.parking", &["MAPS"][..])] {
            let wanted = app(identifier, capabilities);
            assert_eq!(code(world.app().register_bundle_id(&world.owner.caller, world.org, key, wanted).await), "bundle_id_taken");
        }
        assert_eq!(world.count("POST /v1/bundleIds"), 0);
        // What only begins or ends alike is another.
        let operation = world.app().register_bundle_id(&world.owner.caller, world.org, key, app("no.halden.fer", &[])).await.unwrap();
        let OperationState::Done { made: domain::Made::AtApple(id) } = let_time_pass(&world, &operation).await else { panic!("not done") };
        let listed = world.apple.control().objects(Api::AppStore, "bundleIds").unwrap();
        let made = listed.iter().find(|found| found["id"] == id).unwrap();
        assert_eq!(made["attributes"]["identifier"], "no.halden.fer");
    }

    async fn a_change_of_a_device_is_looked_for_and_not_asked_for_without_end(world: World) {
        let key = world.link(Role::Admin).await;
        let listed = world.app().apple_devices(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        let phone = listed.items.iter().find(|device| device.name == "Test iPhone SE").unwrap();
        let rename = async |to: &str| {
            let name = Some(to.to_owned());
            world.app().change_device(&world.owner.caller, world.org, key, &phone.id, name, Some(false)).await.unwrap()
        };
        const PATCH: &str = "PATCH /v1/devices/{id}";
        world.apple.control().add_fault(Fault::next("PATCH", "/v1/devices/{id}", Effect::LoseAnswer));
        assert!(matches!(let_time_pass(&world, &rename("Once").await).await, OperationState::Done { .. }));
        assert_eq!(world.count(PATCH), 1, "the list shows it");
        let broken = Effect::Apple { error: AppleError::Unexpected };
        world.apple.control().add_fault(Fault::next("PATCH", "/v1/devices/{id}", broken).times(1000));
        let operation = rename("Never").await;
        let OperationState::Failed { why } = let_time_pass(&world, &operation).await else { panic!("not failed") };
        assert!(why.contains("the last answer of several was lost"), "{why}");
        let asked = world.count(PATCH);
        world.advance_days(1);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(PATCH), asked);
    }

    async fn capabilities_are_changed_and_only_those_that_are_named(world: World) {
        let key = world.link(Role::Admin).await;
        let wanted = app("com.halden.able", &["PUSH_NOTIFICATIONS", "MAPS"]);
        let made = world.app().register_bundle_id(&world.owner.caller, world.org, key, wanted).await.unwrap();
        let OperationState::Done { made: domain::Made::AtApple(bundle_id) } = let_time_pass(&world, &made).await else { panic!("not done") };
        let edit = async |set: &[&str], remove: &[&str]| {
            let set = set.iter().map(|word| CapabilityWish::of((*word).to_owned())).collect();
            let remove = remove.iter().map(|word| (*word).to_owned()).collect();
            world.app().edit_capabilities(&world.owner.caller, world.org, key, &bundle_id, set, remove).await
        };
        assert_eq!(code(edit(&["MAPS"], &["GAME_CENTER"]).await), "nothing_to_change");
        assert_eq!(code(edit(&["MAPS"], &["MAPS"]).await), "capability_unfit");
        let operation = edit(&["HEALTHKIT", "MAPS"], &["PUSH_NOTIFICATIONS"]).await.unwrap();
        assert!(matches!(let_time_pass(&world, &operation).await, OperationState::Done { .. }));
        let listed = world.app().apple_bundle_ids(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        let found = listed.items.iter().find(|found| found.id == bundle_id).unwrap();
        let mut capabilities = found.capabilities.clone();
        capabilities.sort();
        assert_eq!(capabilities.iter().filter(|word| *word != "IN_APP_PURCHASE").collect::<Vec<_>>(), ["HEALTHKIT", "MAPS"]);
    }

    async fn a_device_that_apple_refuses_does_not_stop_the_others(world: World) {
        let key = world.link(Role::Admin).await;
        let before = at_apple(&world, "devices");
        let devices = vec![
            device("Elin's iPhone", "00008110-000a1b2c3d4e5f01"),
            device("Refused iPhone", "00008110000A1B2C3D4E5F03"),
            device("Elin's iPad", "00008110-000A1B2C3D4E5F02"),
        ];
        let app = world.app();
        let wrong = by_hand(vec![device("No device", "not-a-udid")]);
        assert_eq!(code(app.register_devices(&world.owner.caller, world.org, key, wrong).await), "udid_unfit");
        let operation = app.register_devices(&world.owner.caller, world.org, key, by_hand(devices.clone())).await.unwrap();
        // Somebody else is faster with the second one.
        let twin = by_hand(vec![devices[1].clone()]);
        let theirs = app.register_devices(&world.owner.caller, world.org, key, twin).await.unwrap();
        let mut states = vec![let_time_pass(&world, &operation).await, let_time_pass(&world, &theirs).await];
        states.sort_by_key(|state| matches!(state, OperationState::Done { .. }));
        let (OperationState::Failed { why } | OperationState::Refused { why, .. }) = &states[0] else { panic!("{states:?}") };
        assert!(why.contains("devices were not registered") && why.contains("Refused iPhone"), "{why}");
        assert_eq!(at_apple(&world, "devices") - before, 3);
        let again = by_hand(vec![devices[0].clone(), device("The same", "00008110-000a1b2c3d4e5f02")]);
        let told = app.preview_devices(&world.owner.caller, world.org, key, again.clone()).await.unwrap();
        assert_eq!((told.new.len(), told.known.len()), (0, 2));
        assert_eq!(code(app.register_devices(&world.owner.caller, world.org, key, again).await), "nothing_to_change");
        let listed = world.app().apple_devices(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        let phone = listed.items.iter().find(|device| device.name == "Elin's iPhone").unwrap();
        let alter = async |name: Option<&str>, enabled| {
            let name = name.map(str::to_owned);
            world.app().change_device(&world.owner.caller, world.org, key, &phone.id, name, enabled).await
        };
        assert_eq!(code(alter(Some(" Elin's iPhone "), Some(true)).await), "nothing_to_change");
        assert_eq!(code(alter(Some(" "), None).await), "name_unfit");
        let operation = alter(Some("Phone"), Some(false)).await.unwrap();
        assert!(matches!(let_time_pass(&world, &operation).await, OperationState::Done { .. }));
        let listed = world.app().apple_devices(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        assert!(listed.items.iter().any(|device| device.name == "Phone" && device.status == "DISABLED"));
    }

    async fn a_certificate_is_revoked_once_also_when_the_answer_is_lost(world: World) {
        let key = world.link(Role::Admin).await;
        let listed = world.app().apple_certificates(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        let one = &listed.items[0];
        world.apple.control().add_fault(Fault::next("DELETE", "/v1/certificates/{id}", Effect::LoseAnswer));
        let another = world.app().revoke_certificate(&world.owner.caller, world.org, key, &one.id, "another").await;
        assert_eq!(code(another), "name_differs");
        let operation = world.app().revoke_certificate(&world.owner.caller, world.org, key, &one.id, &one.name).await.unwrap();
        assert!(matches!(let_time_pass(&world, &operation).await, OperationState::Done { .. }));
        assert_eq!(at_apple(&world, "certificates"), listed.total - 1);
        let again = world.app().revoke_certificate(&world.owner.caller, world.org, key, &one.id, &one.name).await;
        assert!(again.is_err(), "it is gone");
        assert!(log(&world).await.iter().any(|record| record.contains(&format!("revoked the certificate “{}” at Apple", one.name))));
    }

    async fn who_borrows_a_key_revokes_what_they_hold_and_nothing_of_others(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        change(&world, key, with(ShareTarget::All, NewLimits::default())).await;
        let listed = world.app().apple_certificates(&they.caller, they.org, key, &Default::default()).await.unwrap();
        let refused = world.app().revoke_certificate(&they.caller, they.org, key, &listed.items[0].id, &listed.items[0].name).await;
        assert_eq!(code(refused), "certificate_of_others");
        // Nor after they took it into their list, which gives them no private key.
        world.app().fetch_certificates(&they.caller, they.org, key, None).await.unwrap();
        let refused = world.app().revoke_certificate(&they.caller, they.org, key, &listed.items[0].id, &listed.items[0].name).await;
        assert_eq!(code(refused), "certificate_of_others");
        let fetched = world.app().fetch_profiles(&they.caller, they.org, key, None).await.unwrap();
        for row in &fetched.new {
            let (id, name, profile) = (row.profile.apple_id.clone().unwrap(), row.profile.name.clone(), row.profile.id);
            assert_eq!(code(world.app().delete_profile_at_apple(&they.caller, they.org, key, &id, &name).await), "profile_of_others");
            let rebuilt = world.app().rebuild_profile(&they.caller, they.org, key, profile, app::profiles::ProfileChange::default()).await;
            assert!(["profile_of_others", "certificate_unfit", "devices_unfit"].contains(&code(rebuilt)), "{name}");
        }
        let held = world.app().certificates(&they.caller, they.org, &Default::default(), &app::Paging::default()).await.unwrap();
        for certificate in held.items {
            let renewed = world.app().renew_certificate(&they.caller, they.org, key, certificate.id, None).await;
            assert!(["certificate_of_others", "certificate_type_unfit"].contains(&code(renewed)));
        }
        assert_eq!(world.count("DELETE /v1/profiles/{id}"), 0);
        let begun = world.app().create_certificate(&they.caller, they.org, key, "DEVELOPMENT").await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        let view = world.app().operation(&they.caller, they.org, begun.id).await.unwrap();
        let held = world.app().certificate(&they.caller, they.org, view.operation.state.certificate().unwrap()).await.unwrap();
        world.app().revoke_certificate(&they.caller, they.org, key, held.apple_id.as_deref().unwrap(), &held.name).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count("DELETE /v1/certificates/{id}"), 1);
    }

    async fn a_key_that_is_lent_for_some_apps_registers_no_others(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let limits = NewLimits {
            apps: Some(vec!["com.halden.transit.*".to_owned()]),
            ..NewLimits::default()
        };
        change(&world, key, with(ShareTarget::All, limits)).await;
        let refused = world.app().register_bundle_id(&they.caller, they.org, key, app("com.halden.bank", &[])).await;
        assert_eq!(code(refused), "app_not_shared");
        let others = world.app().apple_bundle_ids(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        let maps = vec![CapabilityWish::of("MAPS".to_owned())];
        for id in [others.items[0].id.as_str(), "NOSUCHID99"] {
            let edit = world.app().edit_capabilities(&they.caller, they.org, key, id, maps.clone(), vec![]).await;
            let problem = edit.expect_err("not theirs");
            assert_eq!(problem.code, "not_found_at_apple");
            assert!(!problem.message.contains("com."), "{}", problem.message);
        }
        world.app().register_bundle_id(&they.caller, they.org, key, app("com.halden.transit.tram", &[])).await.unwrap();
    }

    async fn a_plan_ends_when_whoever_began_it_may_not_go_on(world: World) {
        let key = world.link(Role::Admin).await;
        let person = world.person("mats", &[(world.org, SIGNER)]).await;
        let caller = person.signed_in.caller.clone();
        let operation = world.app().register_bundle_id(&caller, world.org, key, app("com.halden.gone", &["MAPS"])).await.unwrap();
        let refused = world.app().register_bundle_id(&caller, world.org, key, app("app", &["MAPS"])).await;
        assert_eq!(code(refused), "identifier_unfit");
        world.app().remove_member(&world.owner.caller, world.org, person.signed_in.person().unwrap().id).await.unwrap();
        let state = let_time_pass(&world, &operation).await;
        let OperationState::Failed { why } = state else { panic!("{state:?}") };
        assert!(why.contains("may not register and change bundle IDs any more"), "{why}");
        assert_eq!(world.count("POST /v1/bundleIds"), 0);
    }

    async fn what_may_not_be_asked_for_any_more_is_not_asked_for_again(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let kim = world.person("kim", &[(world.org, SIGNER)]).await.signed_in;
        change(&world, key, with(ShareTarget::All, NewLimits::default())).await;
        for (number, (caller, org)) in [(&they.caller, they.org), (&kim.caller, world.org)].into_iter().enumerate() {
            let broken = Effect::Apple { error: AppleError::Unexpected };
            world.apple.control().add_fault(Fault::next("POST", "/v1/bundleIds", broken));
            let wanted = app(&format!("com.halden.late{number}"), &[]);
            let operation = world.app().register_bundle_id(caller, org, key, wanted).await.unwrap();
            world.app().run_due_jobs().await.unwrap();
            match number {
                0 => change(&world, key, no_more(ShareTarget::All)).await,
                _ => world.app().remove_member(&world.owner.caller, world.org, kim.person().unwrap().id).await.unwrap(),
            }
            for _ in 0..60 {
                world.advance(130);
                world.app().run_due_jobs().await.unwrap();
            }
            assert_eq!(world.count("POST /v1/bundleIds"), number as u64 + 1, "{number}: asked again");
            let view = world.app().operation(&world.owner.caller, org, operation.id).await.unwrap();
            let OperationState::Failed { why } = view.operation.state else { panic!("{:?}", view.operation.state) };
            assert!(why.contains("not asked again"), "{why}");
        }
    }

    async fn which_capability_is_there_is_asked_of_apple_and_of_nobody_else(world: World) {
        let key = world.link(Role::Admin).await;
        let wanted = BundleIdToRegister {
            capabilities: vec![CapabilityWish {
                present: Some("SOMEBODYS_OWN".to_owned()),
                ..CapabilityWish::of("MAPS".to_owned())
            }],
            ..app("com.halden.sly", &[])
        };
        let operation = world.app().register_bundle_id(&world.owner.caller, world.org, key, wanted).await.unwrap();
        assert!(matches!(let_time_pass(&world, &operation).await, OperationState::Done { .. }));
        assert_eq!(world.count("PATCH /v1/bundleIdCapabilities/{id}"), 0);
    }
}
