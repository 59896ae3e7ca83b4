//! An Apple that lists what is gone, and shows late what is there; and others who are faster.

use crate::{
    code,
    operations::{at_apple, let_time_pass},
    profiles::{certificate, one, registered, wanted},
};
use app::profiles::{Devices, ProfileChange};
use domain::{ApiKeyId, Operation, OperationState, ProfileId, ProfileState, operation::CapabilityWish};
use serde_json::{Value, json};
use simulator::{Api, Limits, Settling, Zombie};
use testkit::{Role, World};

/// A profile of a held certificate for all enabled devices.
async fn crew(world: &World) -> (ApiKeyId, ProfileId) {
    let key = world.link(Role::Admin).await;
    certificate(world, key, "DISTRIBUTION").await;
    let crew = wanted("Tram Crew", "IOS_APP_ADHOC", "no.halden.ferry", Some(Devices::AllEnabled));
    (key, registered(world, key, crew).await)
}

async fn rebuild(world: &World, key: ApiKeyId, profile: ProfileId) -> Operation {
    let change = ProfileChange::default();
    let app = world.app();
    let begun = app.rebuild_profile(&world.owner.caller, world.org, key, profile, change);
    Box::pin(begun).await.expect("begun")
}

async fn apple_id(world: &World, profile: ProfileId) -> String {
    one(world, profile).await.profile.apple_id.expect("it is at Apple")
}

/// Gives an app capabilities and takes others away.
async fn edit(world: &World, key: ApiKeyId, bundle_id: &str, set: &[&str], remove: &[&str]) {
    let set = set.iter().map(|word| CapabilityWish::of((*word).to_owned())).collect();
    let remove = remove.iter().map(|word| (*word).to_owned()).collect();
    let app = world.app();
    let begun = app.edit_capabilities(&world.owner.caller, world.org, key, bundle_id, set, remove);
    let begun = Box::pin(begun).await.expect("begun");
    let_time_pass(world, &begun).await;
}

/// Fetches a profile and builds it anew; it was invalid, and is ready then.
async fn mend(world: &World, key: ApiKeyId, profile: ProfileId, cause: &str) {
    let id = apple_id(world, profile).await;
    assert_eq!(listed_as(world, key, &id).await, "INVALID", "{cause}");
    let chosen = [id];
    let app = world.app();
    let fetched = app.fetch_profiles(&world.owner.caller, world.org, key, Some(&chosen));
    Box::pin(fetched).await.expect("fetched");
    assert_eq!(one(world, profile).await.state, ProfileState::Invalid, "{cause}");
    let ended = let_time_pass(world, &rebuild(world, key, profile).await).await;
    assert_eq!(ended.profile(), Some(profile), "{cause}: {ended:?}");
    assert_eq!(one(world, profile).await.state, ProfileState::Ready, "{cause}");
}

/// The state that a profile has in the account's list.
async fn listed_as(world: &World, key: ApiKeyId, id: &str) -> String {
    let listed = world
        .app()
        .apple_profiles(&world.owner.caller, world.org, key, &Default::default())
        .await
        .unwrap();
    listed.items.into_iter().find(|profile| profile.id == id).expect("listed").state
}

/// A profile at Apple by its name.
fn named(world: &World, name: &str) -> Vec<Value> {
    let mut all = world.apple.control().objects(Api::AppStore, "profiles").unwrap();
    all.retain(|profile| profile["attributes"]["name"] == name);
    all
}

testkit::on_both_databases! {
    async fn a_profile_is_invalid_by_every_cause_and_rebuilt(world: World) {
        let (key, profile) = crew(&world).await;
        let (app, caller) = (world.app(), &world.owner.caller);
        let devices = app.apple_devices(caller, world.org, key, &Default::default()).await.unwrap();
        let phone = devices.items.iter().find(|device| device.name == "Test iPhone SE").unwrap();
        let disabled = app.change_device(caller, world.org, key, &phone.id, None, Some(false)).await.unwrap();
        let_time_pass(&world, &disabled).await;
        Box::pin(mend(&world, key, profile, "a device disabled")).await;
        let ferry = world.apple.control().objects(Api::AppStore, "bundleIds").unwrap();
        let ferry = ferry.iter().find(|found| found["attributes"]["identifier"] == "no.halden.ferry").unwrap();
        let ferry = ferry["id"].as_str().unwrap();
        Box::pin(edit(&world, key, ferry, &["MAPS"], &[])).await;
        Box::pin(mend(&world, key, profile, "a capability gained")).await;
        Box::pin(edit(&world, key, ferry, &[], &["MAPS"])).await;
        Box::pin(mend(&world, key, profile, "a capability lost")).await;
        let udid = phone.udid.replace('-', "").to_lowercase();
        let has = one(&world, profile).await.profile.devices;
        assert!(!has.iter().any(|known| known.replace('-', "").to_lowercase() == udid), "disabled, so left out");
    }

    async fn what_has_ended_is_expired_whatever_apple_says(world: World) {
        let (key, profile) = crew(&world).await;
        let id = apple_id(&world, profile).await;
        world.advance_days(370);
        world.apple.control().set_stale_states(Api::AppStore, true);
        let listed = world.apple.control().objects(Api::AppStore, "profiles").unwrap();
        assert!(listed.iter().any(|found| found["id"] == id && found["attributes"]["profileState"] == "ACTIVE"));
        assert_eq!(listed_as(&world, key, &id).await, "EXPIRED");
        assert_eq!(one(&world, profile).await.state, ProfileState::Expired);
        // Nor is a new one built with a certificate that has ended.
        let rebuilt = world.app().rebuild_profile(&world.owner.caller, world.org, key, profile, ProfileChange::default()).await;
        assert_eq!(code(rebuilt), "certificate_unfit");
        assert_eq!(world.count("DELETE /v1/profiles/{id}"), 0);
    }

    async fn a_zombie_is_rebuilt_where_it_is_gone_and_told_where_it_is_stuck(world: World) {
        let (key, profile) = crew(&world).await;
        let control = world.apple.control();
        let zombie = apple_id(&world, profile).await;
        control.set_zombie(Api::AppStore, "profiles", &zombie, Some(Zombie::Gone)).unwrap();
        let ended = let_time_pass(&world, &rebuild(&world, key, profile).await).await;
        assert_eq!(ended.profile(), Some(profile), "{ended:?}");
        let fresh = apple_id(&world, profile).await;
        assert_ne!(fresh, zombie, "the listed one is not taken for the new one");
        control.set_zombie(Api::AppStore, "profiles", &fresh, Some(Zombie::Stuck)).unwrap();
        // Two of one name are listed now: the held one is known by its id.
        let stuck = let_time_pass(&world, &rebuild(&world, key, profile).await).await;
        let OperationState::Refused { why, .. } = &stuck else { panic!("{stuck:?}") };
        assert!(why.contains("can not be changed"), "{why}");
        assert_eq!(one(&world, profile).await.state, ProfileState::Ready, "it is as it was");
    }

    async fn what_is_deleted_and_listed_still_is_not_taken_for_the_new_one(world: World) {
        let (key, profile) = crew(&world).await;
        let control = world.apple.control();
        control.set_lingering(Settling { seconds: 7200, reads: 0 });
        let old = apple_id(&world, profile).await;
        control.add_fault(testkit::Fault::next("DELETE", "/v1/profiles/{id}", testkit::Effect::LoseAnswer));
        control.add_fault(testkit::Fault::next("POST", "/v1/profiles", testkit::Effect::LoseAnswer));
        let ended = let_time_pass(&world, &rebuild(&world, key, profile).await).await;
        assert_eq!(ended.profile(), Some(profile), "{ended:?}");
        let new = apple_id(&world, profile).await;
        assert_ne!(new, old);
        assert_eq!(named(&world, "Tram Crew").len(), 1);
    }

    async fn a_certificate_that_apple_does_not_know_yet_is_waited_for(world: World) {
        let (key, profile) = crew(&world).await;
        world.apple.control().set_settling(Settling { seconds: 150, reads: 0 });
        let held = crate::certificates::held(&world).await;
        let old = &held[0];
        let renewal = world.app().renew_certificate(&world.owner.caller, world.org, key, old.id, Some(&old.name)).await.unwrap();
        let before = at_apple(&world, "certificates");
        let ended = let_time_pass(&world, &renewal).await;
        let new = ended.certificate().unwrap_or_else(|| panic!("{ended:?}"));
        assert_eq!(at_apple(&world, "certificates"), before, "one revoked, one made");
        let new = world.app().certificate(&world.owner.caller, world.org, new).await.unwrap();
        let row = one(&world, profile).await;
        assert_eq!((row.state, row.profile.certificates), (ProfileState::Ready, vec![new.public_key_fingerprint]));
    }

    async fn somebody_who_takes_the_name_meanwhile_is_told_and_gone_on_from(world: World) {
        let (key, profile) = crew(&world).await;
        let control = world.apple.control();
        let old = apple_id(&world, profile).await;
        let relation = control.objects(Api::AppStore, "profiles").unwrap().into_iter().find(|found| found["id"] == old).unwrap();
        // The deletion is done and its answer lost: at this moment somebody makes one of the same name on the website.
        control.add_fault(testkit::Fault::next("DELETE", "/v1/profiles/{id}", testkit::Effect::LoseAnswer));
        let operation = rebuild(&world, key, profile).await;
        world.app().run_due_jobs().await.unwrap();
        let attributes = json!({ "name": "Tram Crew", "profileType": "IOS_APP_ADHOC" });
        control.create(Api::AppStore, "profiles", &attributes, &relation["links"]).unwrap();
        let OperationState::Failed { why } = let_time_pass(&world, &operation).await else { panic!("not failed") };
        assert!(why.contains("could not be created again"), "{why}");
        assert_eq!(one(&world, profile).await.state, ProfileState::Rebuilding);
        let blind = world.app().rebuild_profile(&world.owner.caller, world.org, key, profile, ProfileChange::default()).await;
        assert_eq!(code(blind), "profile_not_held");
        world.app().fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
        let ended = let_time_pass(&world, &rebuild(&world, key, profile).await).await;
        assert_eq!(ended.profile(), Some(profile), "{ended:?}");
        assert_eq!(named(&world, "Tram Crew").len(), 1);
    }

    async fn more_devices_than_apples_cursors_reach_are_all_there(world: World) {
        let key = world.link(Role::Admin).await;
        let control = world.apple.control();
        control.set_limits(Limits {
            devices_per_class: 1000,
            ..control.limits()
        });
        let before = at_apple(&world, "devices");
        for number in 0..450 {
            let attributes = json!({ "name": format!("Phone {number}"), "udid": format!("00008110-{number:016X}"), "platform": "IOS" });
            control.create(Api::AppStore, "devices", &attributes, &json!({})).unwrap();
        }
        let listed = world.app().apple_devices(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        assert_eq!(listed.total, before + 450);
    }
}
