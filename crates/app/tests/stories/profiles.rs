//! Profiles held here: registered, fetched, taken in from files, rebuilt, removed.

use crate::{
    certificates::{begin, state},
    code, log,
    operations::{at_apple, let_time_pass},
};
use app::{
    Paging,
    profiles::{CertificateMatch, Devices, ProfileChange, ProfileRow, ProfileToRegister},
};
use domain::{ApiKeyId, CertificateId, OperationState, ProfileId, ProfileState};
use serde_json::{Value, json};
use simulator::Api;
use testkit::{AppleError, Effect, Fault, Role, World};

const POST: &str = "POST /v1/profiles";

pub(crate) fn wanted(name: &str, profile_type: &str, identifier: &str, devices: Option<Devices>) -> ProfileToRegister {
    ProfileToRegister {
        name: name.to_owned(),
        profile_type: profile_type.to_owned(),
        bundle_identifier: identifier.to_owned(),
        certificates: Vec::new(),
        devices,
    }
}

/// A certificate that is made and held here.
pub(crate) async fn certificate(world: &World, key: ApiKeyId, certificate_type: &str) -> CertificateId {
    let operation = begin(world, key, certificate_type).await;
    let ended = let_time_pass(world, &operation).await;
    ended.certificate().unwrap_or_else(|| panic!("{ended:?}"))
}

/// A profile that is registered and held here.
pub(crate) async fn registered(world: &World, key: ApiKeyId, wanted: ProfileToRegister) -> ProfileId {
    let operation = world
        .app()
        .register_profile(&world.owner.caller, world.org, key, wanted)
        .await
        .unwrap();
    let ended = let_time_pass(world, &operation).await;
    ended.profile().unwrap_or_else(|| panic!("{ended:?}"))
}

/// The profiles held here.
pub(crate) async fn held(world: &World) -> Vec<ProfileRow> {
    let (any, paging) = (Default::default(), Paging::default());
    world
        .app()
        .profiles(&world.owner.caller, world.org, &any, &paging)
        .await
        .unwrap()
        .items
}

/// One of them.
pub(crate) async fn one(world: &World, id: ProfileId) -> ProfileRow {
    world.app().profile(&world.owner.caller, world.org, id).await.unwrap().row
}

pub(crate) async fn file(world: &World, id: ProfileId) -> Vec<u8> {
    let download = world.app().download_held_profile(&world.owner.caller, world.org, id).await.unwrap();
    download.bytes.to_vec()
}

/// The file as Apple has it.
async fn file_at_apple(world: &World, key: ApiKeyId, apple_id: &str) -> Vec<u8> {
    let (download, _) = world
        .app()
        .download_profile(&world.owner.caller, world.org, key, apple_id)
        .await
        .unwrap();
    download.bytes.to_vec()
}

testkit::on_both_databases! {
    async fn a_profile_is_registered_and_its_file_is_held(world: World) {
        let key = world.link(Role::Admin).await;
        let register = async |wanted| world.app().register_profile(&world.owner.caller, world.org, key, wanted).await;
        let store = || wanted("Tram", "ios-app-store", "no.halden.ferry", None);
        assert_eq!(code(register(store()).await), "certificate_unfit", "nobody here has a private key");
        let certificate = certificate(&world, key, "DISTRIBUTION").await;
        assert_eq!(code(register(wanted("", "IOS_APP_STORE", "no.halden.nowhere", None)).await), "bundle_id_unknown");
        assert_eq!(code(register(wanted("", "VISION_STORE", "no.halden.ferry", None)).await), "profile_type_unknown");
        assert_eq!(code(register(wanted("Ferry App Store", "IOS_APP_STORE", "no.halden.ferry", None)).await), "profile_name_taken");
        assert_eq!(code(register(wanted("", "IOS_APP_ADHOC", "no.halden.ferry", None)).await), "devices_unfit");
        let mac = Devices::Chosen(vec!["Build Mac mini".to_owned()]);
        assert_eq!(code(register(wanted("", "IOS_APP_ADHOC", "no.halden.ferry", Some(mac))).await), "devices_unfit");
        assert_eq!(world.count(POST), 0);
        let before = at_apple(&world, "profiles");
        let id = registered(&world, key, store()).await;
        assert_eq!((at_apple(&world, "profiles") - before, world.count(POST)), (1, 1));
        let view = world.app().profile(&world.owner.caller, world.org, id).await.unwrap();
        let profile = &view.row.profile;
        assert_eq!((profile.name.as_str(), profile.bundle_identifier.as_str()), ("Tram", "no.halden.ferry"));
        assert_eq!((view.row.state, view.row.matched), (ProfileState::Ready, CertificateMatch::KeyHeld(certificate)));
        assert_eq!(view.certificates.len(), 1);
        assert!(view.entitlements.contains_key("application-identifier"), "{:?}", view.entitlements);
        assert!(view.signed_by.contains("trusted root"), "{}", view.signed_by);
        assert_eq!(file(&world, id).await, file_at_apple(&world, key, profile.apple_id.as_ref().unwrap()).await);
        let records = log(&world).await;
        for sentence in ["Elin began to create the profile “Tram” for no.halden.ferry", "Elin (in the background) created the profile “Tram” for no.halden.ferry"] {
            assert!(records.iter().any(|record| record == sentence), "{records:#?}");
        }
    }

    async fn a_profile_whose_file_cannot_be_read_ends_its_act(world: World) {
        let key = world.link(Role::Admin).await;
        certificate(&world, key, "DISTRIBUTION").await;
        let control = world.apple.control();
        control.add_fault(Fault::next("POST", "/v1/profiles", Effect::LoseAnswer));
        let wanted = wanted("Tram", "IOS_APP_STORE", "no.halden.ferry", None);
        let operation = world.app().register_profile(&world.owner.caller, world.org, key, wanted).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        let made = control.objects(Api::AppStore, "profiles").unwrap().into_iter().find(|profile| profile["attributes"]["name"] == "Tram").unwrap();
        control.set(Api::AppStore, "profiles", made["id"].as_str().unwrap(), "profileContent", &json!("AAAA")).unwrap();
        let OperationState::Refused { why, code, .. } = let_time_pass(&world, &operation).await else { panic!("not ended") };
        assert_eq!(code, "UNREADABLE");
        assert!(why.contains("cannot be read") && why.contains("before you begin again"), "{why}");
        assert_eq!((world.count(POST), held(&world).await.len()), (1, 0));
    }

    async fn two_who_remove_the_same_profiles_do_not_wait_for_each_other(world: World) {
        let key = world.link(Role::Admin).await;
        for _ in 0..5 {
            let fetched = world.app().fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
            let ids: Vec<ProfileId> = fetched.new.iter().map(|row| row.profile.id).collect();
            let reversed: Vec<_> = ids.iter().rev().copied().collect();
            let (app, second) = (world.app(), world.second_server().await);
            let (one, other) = tokio::join!(
                app.remove_profiles(&world.owner.caller, world.org, &ids),
                second.remove_profiles(&world.owner.caller, world.org, &reversed),
            );
            let mut ends = [code(one), code(other)];
            ends.sort_unstable();
            assert_eq!(ends, ["no problem", "not_found"]);
        }
        let again = world.app().fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
        let twice = vec![again.new[0].profile.id; 2];
        assert_eq!(code(world.app().remove_profiles(&world.owner.caller, world.org, &twice).await), "profiles_unfit");
    }

    async fn a_lost_answer_leaves_one_profile(world: World) {
        let key = world.link(Role::Admin).await;
        certificate(&world, key, "DISTRIBUTION").await;
        let before = at_apple(&world, "profiles");
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", Effect::LoseAnswer));
        let id = registered(&world, key, wanted("Lost", "IOS_APP_STORE", "no.halden.ferry", None)).await;
        assert_eq!((at_apple(&world, "profiles") - before, world.count(POST)), (1, 1));
        assert_eq!(one(&world, id).await.state, ProfileState::Ready);
        let broken = Effect::Apple { error: AppleError::Unexpected };
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", broken));
        let other = wanted("Broken", "IOS_APP_STORE", "no.halden.ferry", None);
        let operation = world.app().register_profile(&world.owner.caller, world.org, key, other).await.unwrap();
        let ended = let_time_pass(&world, &operation).await;
        let OperationState::Failed { why } = ended else { panic!("{ended:?}") };
        assert!(why.contains("nothing was made"), "{why}");
        assert_eq!((held(&world).await.len(), world.count(POST)), (1, 2), "never blindly twice");
    }

    async fn the_account_is_fetched_and_matched(world: World) {
        let key = world.link(Role::Admin).await;
        let fetch = async |chosen: Option<&[String]>| {
            world.app().fetch_profiles(&world.owner.caller, world.org, key, chosen).await.unwrap()
        };
        let all = at_apple(&world, "profiles");
        let fetched = fetch(None).await;
        assert_eq!((fetched.new.len(), fetched.changed.len(), fetched.left_out.len()), (all, 0, 0), "{:?}", fetched.left_out);
        let again = fetch(None).await;
        assert_eq!((again.new.len(), again.unchanged as usize), (0, all));
        let rows = held(&world).await;
        let state = |name: &str| rows.iter().find(|row| row.profile.name == name).map(|row| row.state);
        assert_eq!(state("Tide Table App Store"), Some(ProfileState::Invalid));
        assert_eq!(state("Ferry App Store 2025"), Some(ProfileState::Expired));
        assert_eq!(state("Ferry App Store"), Some(ProfileState::Ready));
        assert!(rows.iter().all(|row| row.matched == CertificateMatch::NoCertificate));
        let query = |state: &str| app::apple_account::ListQuery { state: Some(state.to_owned()), ..Default::default() };
        let slip = app::apple_account::ListQuery { kind: Some("foo".to_owned()), ..Default::default() };
        let refused = world.app().profiles(&world.owner.caller, world.org, &slip, &Paging::default()).await.unwrap_err();
        assert!(refused.code == "profile_type_unknown" && refused.message.contains("IOS_APP_STORE"), "{}", refused.message);
        let count = async |state: &str| world.app().count_profiles(&world.owner.caller, world.org, &query(state)).await;
        for name in ["ready", "invalid", "expired"] {
            let listed = rows.iter().filter(|row| row.state.as_str() == name).count();
            assert_eq!(count(name).await.unwrap() as usize, listed, "{name}");
        }
        assert_eq!(code(count("fine").await), "state_unknown");
        // What changes at Apple arrives with the next fetch.
        let ferry = rows.iter().find(|row| row.profile.name == "Ferry App Store").unwrap().profile.clone();
        let shared = rows.iter().find(|row| row.profile.name == "Parking App Store").unwrap().profile.clone();
        assert_eq!(ferry.certificates, shared.certificates);
        let ids: Vec<String> = [ferry.apple_id.clone().unwrap()].to_vec();
        let twice = world.app().remove_profiles(&world.owner.caller, world.org, &[ferry.id; 2]).await;
        assert_eq!(code(twice), "profiles_unfit");
        world.app().remove_profiles(&world.owner.caller, world.org, &[ferry.id, shared.id]).await.unwrap();
        assert_eq!(fetch(Some(&ids)).await.new.len(), 1, "only the chosen one");
        let unlisted = ["NOSUCHPROF".to_owned()];
        let unknown = world.app().fetch_profiles(&world.owner.caller, world.org, key, Some(&unlisted)).await;
        assert_eq!(code(unknown), "profiles_unknown");
        assert!(log(&world).await.iter().any(|record| record == "Elin removed the profile “Ferry App Store” here"));
    }

    async fn files_are_taken_in_and_what_is_wrong_with_each_is_said(world: World) {
        let key = world.link(Role::Admin).await;
        world.app().fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
        let rows = held(&world).await;
        let named = |name: &str| rows.iter().find(|row| row.profile.name == name).unwrap().profile.id;
        let (ferry, old) = (named("Ferry App Store"), named("Ferry App Store 2025"));
        let (good, expired) = (file(&world, ferry).await, file(&world, old).await);
        let ids: Vec<_> = rows.iter().map(|row| row.profile.id).collect();
        world.app().remove_profiles(&world.owner.caller, world.org, &ids).await.unwrap();
        let mut damaged = good.clone();
        let place = damaged.windows(5).position(|some| some == b"Ferry").unwrap();
        damaged[place] = b'f';
        let files = [("good", good.clone()), ("twice", good.clone()), ("old", expired), ("damaged", damaged), ("none", b"no profile".to_vec())];
        let files = files.map(|(name, bytes)| (format!("{name}.mobileprovision"), bytes)).to_vec();
        let imported = world.app().import_profiles(&world.owner.caller, world.org, files).await.unwrap();
        let why: Vec<_> = imported.iter().map(|one| one.profile.as_ref().err().cloned().unwrap_or_default()).collect();
        assert_eq!(why[0], "");
        assert!(imported[0].warning.is_none());
        assert!(why[1].contains("held here already") && why[2].contains("has expired"), "{why:?}");
        assert!(why[3].contains("signature does not fit"), "{why:?}");
        assert!(!why[4].is_empty());
        let kept = imported[0].profile.clone().unwrap().profile;
        assert_eq!((file(&world, kept.id).await, held(&world).await.len()), (good, 1));
        assert_eq!(kept.profile_type.as_str(), "IOS_APP_STORE");
        // Seen in the account it is the same one, with Apple's id.
        let fetched = world.app().fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
        assert!(fetched.changed.iter().any(|row| row.profile.id == kept.id && row.profile.apple_id.is_some()));
    }

    async fn a_profile_is_rebuilt_under_its_name_and_keeps_its_id(world: World) {
        let key = world.link(Role::Admin).await;
        certificate(&world, key, "DISTRIBUTION").await;
        let all = wanted("Crew", "IOS_APP_ADHOC", "no.halden.ferry", Some(Devices::AllEnabled));
        let id = registered(&world, key, all).await;
        let before = one(&world, id).await.profile;
        assert!(before.devices.len() > 2, "{:?}", before.devices);
        let count = at_apple(&world, "profiles");
        let rebuild = async |change| world.app().rebuild_profile(&world.owner.caller, world.org, key, id, change).await;
        let two = ProfileChange {
            devices: Some(Devices::Chosen(before.devices[..2].iter().map(|udid| udid.to_lowercase()).collect())),
            certificates: None,
        };
        let operation = rebuild(two).await.unwrap();
        assert_eq!(code(rebuild(ProfileChange::default()).await), "another_is_running");
        let refused = world.app().remove_profiles(&world.owner.caller, world.org, &[id]).await;
        assert_eq!(code(refused), "profile_in_use");
        let ended = let_time_pass(&world, &operation).await;
        assert_eq!(ended.profile(), Some(id), "{ended:?}");
        let after = one(&world, id).await.profile;
        assert_eq!((after.name.as_str(), at_apple(&world, "profiles")), ("Crew", count));
        assert_ne!((&after.uuid, &after.apple_id), (&before.uuid, &before.apple_id));
        assert_eq!(after.devices.len(), 2);
        // The list stays a list: rebuilt without a word it has the same devices.
        let operation = rebuild(ProfileChange::default()).await.unwrap();
        let_time_pass(&world, &operation).await;
        assert_eq!(one(&world, id).await.profile.devices.len(), 2);
        assert!(log(&world).await.iter().any(|record| record == "Elin (in the background) rebuilt the profile “Crew”"));
    }

    async fn a_creation_that_fails_leaves_the_old_file_and_can_be_begun_again(world: World) {
        let key = world.link(Role::Admin).await;
        certificate(&world, key, "DISTRIBUTION").await;
        let id = registered(&world, key, wanted("Tram", "IOS_APP_STORE", "no.halden.ferry", None)).await;
        let (old, count) = (file(&world, id).await, world.count(POST));
        let conflict = Effect::Answer {
            status: 409,
            body: r#"{"errors":[{"status":"409","code":"ENTITY_ERROR","title":"There is a problem","detail":"Not now."}]}"#.to_owned(),
            content_type: None,
            retry_after: None,
        };
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", conflict).times(3));
        let rebuild = async || world.app().rebuild_profile(&world.owner.caller, world.org, key, id, ProfileChange::default()).await.unwrap();
        let operation = rebuild().await;
        let ended = let_time_pass(&world, &operation).await;
        let OperationState::Failed { why } = &ended else { panic!("{ended:?}") };
        assert!(why.contains("“Tram” was deleted at Apple and could not be created again") && why.contains("Rebuild it again"), "{why}");
        assert_eq!(world.count(POST) - count, 3, "soon, and then later");
        let row = one(&world, id).await;
        assert_eq!((row.state, row.profile.apple_id), (ProfileState::Rebuilding, None));
        assert_eq!(file(&world, id).await, old);
        let again = rebuild().await;
        let ended = let_time_pass(&world, &again).await;
        assert_eq!(ended.profile(), Some(id), "{ended:?}");
        let view = world.app().operation(&world.owner.caller, world.org, again.id).await.unwrap();
        assert_eq!(view.steps.len(), 1, "there was nothing to delete");
        assert_eq!(one(&world, id).await.state, ProfileState::Ready);
        assert_ne!(file(&world, id).await, old);
    }

    async fn a_profile_is_deleted_at_apple_and_stays_here(world: World) {
        let key = world.link(Role::Admin).await;
        world.app().fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
        let ferry = held(&world).await.into_iter().find(|row| row.profile.name == "Ferry App Store").unwrap().profile;
        let count = at_apple(&world, "profiles");
        world.apple.control().add_fault(Fault::next("DELETE", "/v1/profiles/{id}", Effect::LoseAnswer));
        let apple_id = ferry.apple_id.clone().unwrap();
        let delete = async |name| world.app().delete_profile_at_apple(&world.owner.caller, world.org, key, &apple_id, name).await;
        assert_eq!(code(delete("another").await), "name_differs");
        let operation = delete("Ferry App Store").await.unwrap();
        let ended = let_time_pass(&world, &operation).await;
        assert!(matches!(ended, OperationState::Done { .. }), "{ended:?}");
        assert_eq!(at_apple(&world, "profiles"), count - 1);
        let row = one(&world, ferry.id).await;
        assert_eq!((row.state, row.profile.apple_id), (ProfileState::Invalid, None));
        assert!(state(&world, operation.id).await.is_over());
    }

    async fn what_somebody_made_anew_elsewhere_takes_the_place_of_what_is_gone(world: World) {
        let key = world.link(Role::Admin).await;
        certificate(&world, key, "DISTRIBUTION").await;
        let id = registered(&world, key, wanted("Tram", "IOS_APP_STORE", "no.halden.ferry", None)).await;
        let made = one(&world, id).await.profile;
        let control = world.apple.control();
        let is_it = |object: &Value| object["id"].as_str() == made.apple_id.as_deref();
        let old = control.objects(Api::AppStore, "profiles").unwrap().into_iter().find(is_it).unwrap();
        let links = &old["links"];
        let attributes = json!({ "name": "Tram", "profileType": "IOS_APP_STORE" });
        let operation = world.app().delete_profile_at_apple(&world.owner.caller, world.org, key, made.apple_id.as_deref().unwrap(), "Tram").await;
        let_time_pass(&world, &operation.unwrap()).await;
        let relationships = json!({ "bundleId": links["bundleId"][0], "certificates": links["certificates"] });
        let anew = control.create(Api::AppStore, "profiles", &attributes, &relationships).unwrap();
        // It is not held here: to rebuild it would lose its file.
        let rebuilt = world.app().rebuild_profile(&world.owner.caller, world.org, key, id, ProfileChange::default()).await;
        assert_eq!(code(rebuilt), "profile_not_held");
        let before = held(&world).await.len();
        let fetched = world.app().fetch_profiles(&world.owner.caller, world.org, key, Some(std::slice::from_ref(&anew))).await.unwrap();
        assert_eq!((fetched.new.len(), fetched.changed.len()), (0, 1), "{:?}", fetched.left_out);
        let after = one(&world, id).await;
        assert_eq!((after.state, after.profile.apple_id.as_deref()), (ProfileState::Ready, Some(anew.as_str())));
        assert_eq!((held(&world).await.len(), after.profile.uuid == made.uuid), (before, false));
    }
}
