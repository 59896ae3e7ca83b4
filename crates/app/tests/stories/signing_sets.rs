//! Signing sets: picked, ensured, used; what is there is used first, and what is missing is made once.

use crate::{
    certificates::{self, all_at_apple},
    code, log,
    operations::{at_apple, let_time_pass},
    profiles::{self, certificate, one, registered, wanted},
    sharing::{Below, below, share_with_all},
};
use app::{
    Caller, Problem, Shown,
    apple_account::ListQuery,
    certificates::P12Password,
    profiles::Devices,
    signing_sets::{Ensured, PickedItem, SetFiles, SetWish, SigningSetView},
};
use domain::{
    ApiKeyId, CertificateId, Operation, OperationState, OrgId, ProfileId, ProfileState,
    activity::ExportForm,
    policy::{Grade, Module, Role as Held},
};
use jiff::SignedDuration;
use serde_json::json;
use simulator::Api;
use testkit::{Role, World};

pub(crate) const CERTIFICATES: &str = "POST /v1/certificates";
pub(crate) const PROFILES: &str = "POST /v1/profiles";
/// An app of the seed without profiles here, and what the tests give it.
pub(crate) const APP: &str = "no.halden.tram";
pub(crate) const PARTS: [&str; 4] = [APP, "no.halden.tram.share", "no.halden.tram.watch", "no.halden.tram.widget"];

/// Gives the account an app with three extensions.
pub(crate) fn an_app_with_extensions(world: &World) {
    for identifier in PARTS {
        register(world, identifier);
    }
}

fn register(world: &World, identifier: &str) {
    let attributes = json!({ "name": identifier.replace('.', " "), "identifier": identifier, "platform": "IOS" });
    let made = world.apple.control().create(Api::AppStore, "bundleIds", &attributes, &json!({}));
    made.expect("registered");
}

pub(crate) fn wish(identifiers: &[&str]) -> SetWish {
    SetWish {
        profile_type: "app-store".to_owned(),
        identifiers: identifiers.iter().map(|&text| text.to_owned()).collect(),
        ..SetWish::default()
    }
}

pub(crate) async fn ask(world: &World, key: ApiKeyId, wish: SetWish) -> Result<Ensured, Problem> {
    world.app().ensure_signing_set(&world.owner.caller, world.org, key, wish).await
}

pub(crate) fn begun(ensured: Result<Ensured, Problem>) -> Operation {
    match ensured.expect("ensured") {
        Ensured::Begun(operation) => *operation,
        Ensured::Ready(view) => panic!("it was there: {view:?}"),
    }
}

pub(crate) fn ready(ensured: Result<Ensured, Problem>) -> SigningSetView {
    match ensured.expect("ensured") {
        Ensured::Ready(view) => *view,
        Ensured::Begun(operation) => panic!("it was begun: {operation:?}"),
    }
}

/// Ensures, waits, and gives the set.
pub(crate) async fn ensured(world: &World, key: ApiKeyId, wish: SetWish) -> SigningSetView {
    let operation = begun(ask(world, key, wish).await);
    let ended = let_time_pass(world, &operation).await;
    let set = ended.signing_set().unwrap_or_else(|| panic!("{ended:?}"));
    show(world, &set.to_string()).await
}

pub(crate) async fn show(world: &World, set: &str) -> SigningSetView {
    world.app().signing_set(&world.owner.caller, world.org, set).await.expect("there")
}

/// What an act ended with.
async fn why(world: &World, key: ApiKeyId, wish: SetWish) -> String {
    let operation = begun(ask(world, key, wish).await);
    match let_time_pass(world, &operation).await {
        OperationState::Failed { why } | OperationState::Refused { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

/// The profile and the certificate of each item.
pub(crate) fn pairs(view: &SigningSetView) -> Vec<(ProfileId, CertificateId)> {
    assert!(view.is_complete(), "{view:?}");
    let pair = |item: &app::signing_sets::ItemView| {
        let (profile, certificate) = (item.profile.as_ref()?, item.certificate.as_ref()?);
        Some((profile.profile.id, certificate.certificate.id))
    };
    view.items.iter().filter_map(pair).collect()
}

/// What would be done, in words.
async fn preview(world: &World, key: ApiKeyId, wish: SetWish) -> Vec<String> {
    let steps = world.app().preview_signing_set(&world.owner.caller, world.org, key, wish).await;
    steps.unwrap().into_iter().map(|step| step.words).collect()
}

async fn files(world: &World, caller: &Caller, set: &str, form: ExportForm) -> Result<SetFiles, Problem> {
    let password = P12Password::Generated;
    world.app().signing_set_files(caller, world.org, set, form, password).await
}

async fn somebody(world: &World, org: OrgId, grade: Grade) -> Caller {
    let role = Held::In(Module::Signing, grade);
    world.person(&format!("somebody{grade:?}"), &[(org, role)]).await.signed_in.caller
}

testkit::on_both_databases! {
    async fn what_four_bundle_ids_need_is_made_once_and_then_answered_without_apple(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let before = (all_at_apple(&world).await, at_apple(&world, "profiles"));
        let steps = preview(&world, key, wish(&PARTS[..2])).await;
        assert_eq!(steps, [
            "Create a certificate of the type Apple Distribution",
            "Create the profile “no.halden.tram iOS App Store” for no.halden.tram",
            "Create the profile “no.halden.tram.share iOS App Store” for no.halden.tram.share",
        ]);
        let requests = world.requests();
        let view = ensured(&world, key, wish(&PARTS)).await;
        assert_eq!((world.count(CERTIFICATES), world.count(PROFILES)), (1, 4));
        assert_eq!(world.requests() - requests, 7, "two lists, and five that make something");
        assert_eq!((all_at_apple(&world).await - before.0, at_apple(&world, "profiles") - before.1), (1, 4));
        assert_eq!((view.set.name.as_str(), view.state()), ("no.halden.tram iOS App Store", "complete"));
        assert_eq!(view.items.iter().map(|item| item.identifier.as_str()).collect::<Vec<_>>(), PARTS);
        let certificates: std::collections::BTreeSet<_> = pairs(&view).into_iter().map(|(_, certificate)| certificate).collect();
        assert_eq!(certificates.len(), 1);
        let requests = world.requests();
        for identifiers in [&PARTS[..], &PARTS[..1]] {
            let mut again = wish(identifiers);
            again.name = "NO.HALDEN.TRAM ios app store".to_owned();
            assert_eq!(pairs(&ready(ask(&world, key, again).await)), pairs(&view));
        }
        world.advance(59 * 60);
        assert_eq!(pairs(&ready(ask(&world, key, wish(&PARTS)).await)), pairs(&view));
        assert_eq!(world.requests() - requests, 0, "what was seen lately is answered without Apple");
        // Later Apple is asked whether all is as it was, and nothing is made.
        world.advance(2 * 60);
        assert_eq!(pairs(&ensured(&world, key, wish(&PARTS)).await), pairs(&view));
        let mut now = wish(&PARTS);
        now.fresh_for = Some(SignedDuration::ZERO);
        world.advance(1);
        assert_eq!(pairs(&ensured(&world, key, now).await), pairs(&view));
        assert_eq!((world.count(CERTIFICATES), world.count(PROFILES)), (1, 4));
        let records = log(&world).await;
        for sentence in ["Elin began to ensure the signing set “no.halden.tram iOS App Store”", "Elin (in the background) ensured the signing set “no.halden.tram iOS App Store”"] {
            assert!(records.iter().any(|record| record == sentence), "{records:#?}");
        }
    }

    async fn an_app_takes_its_extensions_with_it(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        register(&world, "no.halden.tramway");
        let whole = || SetWish { with_extensions: true, ..wish(&[APP]) };
        let view = ensured(&world, key, whole()).await;
        assert_eq!(view.items.iter().map(|item| item.identifier.as_str()).collect::<Vec<_>>(), PARTS);
        let requests = world.requests();
        assert_eq!(pairs(&ready(ask(&world, key, whole()).await)), pairs(&view));
        ready(ask(&world, key, wish(&["no.halden.tram.watch", APP])).await);
        assert_eq!(world.requests() - requests, 0);
        // One that is registered here belongs to it from the next time on.
        let new = app::bundle_ids::BundleIdToRegister { identifier: "no.halden.tram.clip".to_owned(), ..Default::default() };
        let operation = world.app().register_bundle_id(&world.owner.caller, world.org, key, new).await.unwrap();
        let_time_pass(&world, &operation).await;
        let view = ensured(&world, key, whole()).await;
        assert_eq!((view.items.len(), world.count(CERTIFICATES), world.count(PROFILES)), (5, 1, 5));
    }

    async fn bundle_ids_that_the_account_lacks_are_named_or_registered(world: World) {
        let key = world.link(Role::Admin).await;
        register(&world, APP);
        let why = why(&world, key, wish(&[APP, "no.halden.tram.share"])).await;
        assert!(why.contains("no bundle ID no.halden.tram.share"), "{why}");
        assert_eq!((world.count(CERTIFICATES), world.count(PROFILES)), (0, 0));
        let with_them = SetWish { register: true, ..wish(&[APP, "no.halden.tram.share"]) };
        let view = ensured(&world, key, with_them).await;
        assert_eq!((view.items.len(), world.count("POST /v1/bundleIds")), (2, 1));
    }

    async fn what_is_there_is_used_first(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let held = certificate(&world, key, "DISTRIBUTION").await;
        let store = registered(&world, key, wanted("By hand", "IOS_APP_STORE", APP, None)).await;
        // One that is only at Apple, with our certificate.
        let away = registered(&world, key, wanted("Away", "IOS_APP_STORE", PARTS[1], None)).await;
        let uuid = one(&world, away).await.profile.uuid;
        world.app().remove_profiles(&world.owner.caller, world.org, &[away]).await.unwrap();
        let steps = preview(&world, key, wish(&PARTS[..2])).await;
        assert_eq!(steps[1..], ["Use the profile “By hand” for no.halden.tram", "Use the profile “Away” for no.halden.tram.share"]);
        assert_eq!(profiles::held(&world).await.len(), 1, "nothing is taken in by asking");
        let view = ensured(&world, key, wish(&PARTS[..2])).await;
        assert_eq!((world.count(CERTIFICATES), world.count(PROFILES)), (1, 2), "nothing was made");
        assert_eq!(pairs(&view)[0], (store, held));
        assert_eq!(view.items[1].profile.as_ref().unwrap().profile.uuid, uuid);
        // Those of the seed have a certificate whose key is nobody's here: another is made beside, and it stays.
        let ferry = ensured(&world, key, wish(&["no.halden.ferry"])).await;
        assert_eq!(ferry.items[0].profile.as_ref().unwrap().profile.name, "no.halden.ferry iOS App Store");
        assert_eq!(world.count(CERTIFICATES), 1);
        assert_eq!(world.count("DELETE /v1/profiles/{id}"), 0);
    }

    async fn what_nobody_can_use_any_more_is_built_anew_under_its_name(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&PARTS[..2])).await;
        let profile = view.items[0].profile.clone().unwrap().profile;
        // A capability makes it INVALID; that was done here, so it is looked at again at once.
        let push = vec![domain::operation::CapabilityWish::of("PUSH_NOTIFICATIONS".to_owned())];
        let listed = world.app().apple_bundle_ids(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        let bundle_id = listed.items.iter().find(|one| one.identifier == APP).unwrap().id.clone();
        let operation = world.app().edit_capabilities(&world.owner.caller, world.org, key, &bundle_id, push, vec![]).await.unwrap();
        let_time_pass(&world, &operation).await;
        assert_eq!(one(&world, profile.id).await.state, ProfileState::Invalid, "known without asking Apple");
        let other = view.items[1].profile.as_ref().unwrap().profile.id;
        assert_eq!(one(&world, other).await.state, ProfileState::Ready, "of another bundle ID");
        let after = ensured(&world, key, wish(&PARTS[..2])).await;
        assert_eq!(pairs(&after), pairs(&view));
        let rebuilt = after.items[0].profile.clone().unwrap().profile;
        assert_eq!((rebuilt.name.as_str(), rebuilt.uuid == profile.uuid), (profile.name.as_str(), false));
        assert_eq!((world.count(CERTIFICATES), world.count(PROFILES)), (1, 3));
        // Deleted on the website: noticed when what was seen is old.
        world.apple.control().add_fault(testkit::Fault::next("GET", "/v1/nothing", testkit::Effect::Reset));
        let id = rebuilt.apple_id.unwrap();
        let deleting = world.app().delete_profile_at_apple(&world.owner.caller, world.org, key, &id, &rebuilt.name).await.unwrap();
        let_time_pass(&world, &deleting).await;
        world.advance(20 * 60);
        let after = ensured(&world, key, wish(&PARTS[..2])).await;
        assert_eq!(pairs(&after), pairs(&view));
        assert_eq!(world.count(PROFILES), 4);
    }

    async fn devices_that_arrive_are_in_the_next_one(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let ad_hoc = || SetWish { profile_type: "ad-hoc".to_owned(), ..wish(&[APP]) };
        let view = ensured(&world, key, ad_hoc()).await;
        let before = view.items[0].profile.clone().unwrap().profile;
        assert!(before.devices.len() > 2);
        let device = app::devices::EnteredDevice { name: "New".to_owned(), udid: "00008110-000A1B2C3D4E5F77".to_owned(), platform: String::new() };
        let new = app::devices::DevicesToRegister { devices: vec![device], ..Default::default() };
        let operation = world.app().register_devices(&world.owner.caller, world.org, key, new).await.unwrap();
        let_time_pass(&world, &operation).await;
        world.advance(1);
        let after = ensured(&world, key, ad_hoc()).await;
        let now = after.items[0].profile.clone().unwrap().profile;
        assert_eq!((now.id, now.devices.len()), (before.id, before.devices.len() + 1));
        ready(ask(&world, key, ad_hoc()).await);
    }

    async fn a_renewal_switches_the_sets(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&PARTS[..2])).await;
        let old = pairs(&view)[0].1;
        let preview = world.app().preview_renewal(&world.owner.caller, world.org, key, old).await.unwrap();
        assert_eq!(preview.sets.iter().map(|set| set.id).collect::<Vec<_>>(), [view.set.id]);
        let name = world.app().certificate(&world.owner.caller, world.org, old).await.unwrap().name;
        let renewing = world.app().renew_certificate(&world.owner.caller, world.org, key, old, Some(&name)).await.unwrap();
        assert_eq!(code(ask(&world, key, wish(&[PARTS[2]])).await.map(drop)), "no problem", "it waits for its turn");
        let ended = let_time_pass(&world, &renewing).await;
        let new = ended.certificate().unwrap();
        let after = show(&world, &view.set.id.to_string()).await;
        assert_eq!(pairs(&after), pairs(&view).into_iter().map(|(profile, _)| (profile, new)).collect::<Vec<_>>());
        assert!(world.app().sets_of_certificate(&world.owner.caller, world.org, old).await.unwrap().is_empty());
        // By this clock the old one was revoked at the moment at which the profiles were built with the new one: one look more.
        world.advance(1);
        let changes = world.count(CERTIFICATES) + world.count(PROFILES);
        ensured(&world, key, wish(&PARTS[..2])).await;
        assert_eq!(world.count(CERTIFICATES) + world.count(PROFILES), changes);
        let requests = world.requests();
        ready(ask(&world, key, wish(&PARTS[..2])).await);
        assert_eq!(world.requests(), requests);
    }

    async fn what_another_organization_changes_at_the_account_is_looked_at_again(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let Below { org: sub, caller: they } = below(&world, "Narvik").await;
        share_with_all(&world, key).await;
        ensured(&world, key, wish(&PARTS[..2])).await;
        ready(ask(&world, key, wish(&PARTS[..2])).await);
        world.advance(1);
        let new = app::bundle_ids::BundleIdToRegister { identifier: "no.halden.tram.clip".to_owned(), ..Default::default() };
        let registering = world.app().register_bundle_id(&they, sub, key, new).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        let registered = world.app().operation(&they, sub, registering.id).await.unwrap().operation;
        assert!(registered.state.is_over(), "{:?}", registered.state);
        ensured(&world, key, wish(&PARTS[..2])).await;
    }

    async fn an_extension_that_is_no_more_leaves_the_set(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let whole = || SetWish { with_extensions: true, ..wish(&[APP]) };
        let view = ensured(&world, key, whole()).await;
        assert_eq!(view.items.len(), PARTS.len());
        let gone = view.items.last().unwrap();
        // As good as deleted on Apple's website.
        let control = world.apple.control();
        let bundle_ids = control.objects(Api::AppStore, "bundleIds").unwrap();
        let found = bundle_ids.iter().find(|one| one["attributes"]["identifier"] == gone.identifier.as_str()).unwrap();
        let id = found["id"].as_str().unwrap();
        control.set(Api::AppStore, "bundleIds", id, "identifier", &json!("no.halden.other")).unwrap();
        world.advance(2 * 60 * 60);
        let after = ensured(&world, key, whole()).await;
        assert_eq!(after.items.len(), PARTS.len() - 1);
        assert!(after.is_complete());
    }

    async fn a_revoked_certificate_signs_nothing_any_more(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&PARTS[..1])).await;
        let (_, id) = pairs(&view)[0];
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let held = app.certificate(caller, org, id).await.unwrap();
        let revoking = app.revoke_certificate(caller, org, key, held.apple_id.as_deref().unwrap(), &held.name).await.unwrap();
        let_time_pass(&world, &revoking).await;
        assert!(app.certificate(caller, org, id).await.unwrap().revoked_at.is_some());
        let set = show(&world, &view.set.id.to_string()).await;
        assert!(set.items[0].missing.as_ref().unwrap().contains("was revoked on"), "{:?}", set.items[0].missing);
        assert_eq!(code(files(&world, caller, &view.set.id.to_string(), ExportForm::P12Modern).await.map(drop)), "signing_set_incomplete");
        world.advance(1);
        let after = ensured(&world, key, wish(&PARTS[..1])).await;
        assert_ne!(pairs(&after)[0].1, id);
    }

    async fn what_a_set_lacks_is_made_with_what_is_asked_for(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&PARTS[..2])).await;
        let lost = view.items[1].profile.clone().unwrap().profile;
        let id = lost.apple_id.unwrap();
        let deleting = world.app().delete_profile_at_apple(&world.owner.caller, world.org, key, &id, &lost.name).await.unwrap();
        let_time_pass(&world, &deleting).await;
        world.advance(20 * 60);
        assert!(!show(&world, &view.set.id.to_string()).await.is_complete());
        let after = ensured(&world, key, SetWish { name: view.set.name.to_string(), ..wish(&PARTS[..1]) }).await;
        assert!(after.is_complete(), "{:?}", after.items);
        assert_eq!(after.items.len(), 2);
    }

    async fn a_set_is_picked_of_what_fits_together(world: World) {
        let key = world.link(Role::Admin).await;
        let held = certificate(&world, key, "DISTRIBUTION").await;
        let store = registered(&world, key, wanted("Store", "IOS_APP_STORE", "no.halden.ferry", None)).await;
        let again = registered(&world, key, wanted("Again", "IOS_APP_STORE", "no.halden.ferry", None)).await;
        let crew = registered(&world, key, wanted("Crew", "IOS_APP_ADHOC", "no.halden.ferry", Some(Devices::AllEnabled))).await;
        let app = world.app();
        let pick = async |name: &str, profiles: &[ProfileId]| {
            let items: Vec<_> = profiles.iter().map(|profile| PickedItem { profile: *profile, certificate: None }).collect();
            app.create_signing_set(&world.owner.caller, world.org, name, &items).await
        };
        let view = pick("Ferry", &[store]).await.unwrap();
        assert_eq!(pairs(&view), [(store, held)]);
        assert_eq!(code(pick(" FERRY", &[store]).await), "set_name_taken");
        assert_eq!(code(pick("", &[store]).await), "name_unfit");
        for wrong in [vec![], vec![store, crew], vec![store, again]] {
            assert_eq!(code(pick("Wrong", &wrong).await), "items_unfit", "{wrong:?}");
        }
        let nothing: ProfileId = format!("prof_{:032x}", 7).parse().unwrap();
        assert_eq!(code(pick("Nothing", &[nothing]).await), "not_found");
        app.fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
        let foreign = profiles::held(&world).await.into_iter().find(|row| row.profile.name == "Ferry App Store").unwrap().profile.id;
        assert_eq!(code(pick("Foreign", &[foreign]).await), "items_unfit");
        let other = PickedItem { profile: foreign, certificate: Some(held) };
        assert_eq!(code(app.create_signing_set(&world.owner.caller, world.org, "Other", &[other]).await), "items_unfit");
        // What a set needs is told before it goes, and is missing after it went.
        assert_eq!(code(app.remove_profiles(&world.owner.caller, world.org, &[store]).await), "profile_in_signing_set");
        let dependents = app.certificate_dependents(&world.owner.caller, world.org, held).await.unwrap();
        assert_eq!(dependents.sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(), ["Ferry"]);
        let name = dependents.certificate.name.clone();
        app.remove_certificate(&world.owner.caller, world.org, held, &name).await.unwrap();
        let view = show(&world, "ferry").await;
        assert_eq!((view.state(), view.items[0].missing.as_deref()), ("incomplete", Some("Its certificate was removed.")));
        assert_eq!(code(files(&world, &world.owner.caller, "Ferry", ExportForm::Pem).await.map(drop)), "signing_set_incomplete");
        app.remove_signing_set(&world.owner.caller, world.org, "Ferry").await.unwrap();
        app.remove_profiles(&world.owner.caller, world.org, &[store]).await.unwrap();
        assert_eq!(code(app.signing_set(&world.owner.caller, world.org, "Ferry").await.map(drop)), "not_found");
    }

    async fn those_that_miss_something_come_first(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let whole = ensured(&world, key, wish(&PARTS[..1])).await;
        let (name, profile_type) = ("Zebra".to_owned(), "development".to_owned());
        let other = ensured(&world, key, SetWish { name, profile_type, ..wish(&PARTS[1..3]) }).await;
        let (app, caller) = (world.app(), &world.owner.caller);
        let (profile, gone) = pairs(&other)[0];
        let certificate = other.items[0].certificate.as_ref().unwrap().certificate.name.clone();
        app.remove_certificate(caller, world.org, gone, &certificate).await.unwrap();
        let look = async |search: &str, state: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let query = ListQuery { search: some(search), state: some(state), ..ListQuery::default() };
            let found = app.signing_sets_by_need(caller, world.org, &query).await.unwrap();
            assert_eq!(found.total, 2);
            found.items.iter().map(|view| view.set.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(look("", "").await, ["Zebra", "no.halden.tram iOS App Store"]);
        assert_eq!(look("TRAM.share", "").await, ["Zebra"], "also by a bundle identifier");
        assert_eq!(look("", "complete").await, ["no.halden.tram iOS App Store"]);
        let unknown = ListQuery { state: Some("good".to_owned()), ..ListQuery::default() };
        assert_eq!(app.signing_sets_by_need(caller, world.org, &unknown).await.unwrap_err().code, "state_unknown");
        let named = app.signing_sets_by_item(caller, world.org).await.unwrap();
        let names = |sets: &[app::signing_sets::SetName]| sets.iter().map(|set| set.name.clone()).collect::<Vec<_>>();
        let (used, certificate) = pairs(&whole)[0];
        assert_eq!(names(&named.of_certificate[&certificate]), ["no.halden.tram iOS App Store"]);
        assert_eq!(names(&named.of_profile[&used]), ["no.halden.tram iOS App Store"]);
        assert_eq!(names(&named.of_profile[&profile]), ["Zebra"]);
        assert!(!named.of_certificate.contains_key(&gone));
    }

    async fn a_viewer_uses_a_set_and_makes_none(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&PARTS[..2])).await;
        let viewer = somebody(&world, world.org, Grade::Viewer).await;
        let app = world.app();
        ready(app.ensure_signing_set(&viewer, world.org, key, wish(&PARTS[..2])).await);
        assert_eq!(code(app.ensure_signing_set(&viewer, world.org, key, wish(&PARTS)).await.map(drop)), "not_allowed");
        assert_eq!(code(app.remove_signing_set(&viewer, world.org, view.set.name.as_str()).await), "not_allowed");
        let taken = files(&world, &viewer, view.set.name.as_str(), ExportForm::P12Modern).await.unwrap();
        let names: Vec<_> = taken.files.iter().map(|file| (file.kind, file.download.file_name.clone())).collect();
        let held = view.items[0].certificate.as_ref().unwrap().certificate.clone();
        let uuid = |n: usize| format!("{}.mobileprovision", view.items[n].profile.as_ref().unwrap().profile.uuid);
        let options = "ExportOptions.plist".to_owned();
        assert_eq!(names, [("certificate", format!("{}.p12", held.sha1)), ("profile", uuid(0)), ("profile", uuid(1)), ("export-options", options)]);
        let password = taken.generated_password.as_ref().map(Shown::expose).unwrap();
        signing::p12::read(&taken.files[0].download.bytes, password).expect("it opens");
        assert_eq!(*taken.files[1].download.bytes, profiles::file(&world, pairs(&view)[0].0).await);
        let plist = String::from_utf8(taken.files[3].download.bytes.to_vec()).unwrap();
        assert!(plist.contains(&held.sha1) && plist.contains("no.halden.tram.share") && plist.contains("app-store"), "{plist}");
        assert_eq!(code(files(&world, &viewer, view.set.name.as_str(), ExportForm::Cer).await.map(drop)), "form_unfit");
        let records = log(&world).await;
        assert!(records.iter().any(|record| record == "somebodyViewer used the signing set “no.halden.tram iOS App Store”, with its private keys"), "{records:#?}");
        let nobody = world.person("nobody", &[(world.org, Held::In(Module::Credentials, Grade::Manager))]).await.signed_in.caller;
        assert_eq!(code(files(&world, &nobody, view.set.name.as_str(), ExportForm::Pem).await.map(drop)), "not_allowed");
    }

    async fn what_ends_within_a_day_is_replaced_in_time(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&[APP])).await;
        let ends = view.ends_at().unwrap();
        world.advance(ends.duration_since(world.now()).as_secs() - 12 * 3600);
        assert_eq!(show(&world, view.set.name.as_str()).await.state(), "ending");
        let after = ensured(&world, key, wish(&[APP])).await;
        assert_eq!(after.state(), "complete");
        assert_ne!(pairs(&after)[0].1, pairs(&view)[0].1, "another certificate");
        assert_eq!(pairs(&after)[0].0, pairs(&view)[0].0, "the same profile, built anew");
        assert_eq!(one(&world, pairs(&after)[0].0).await.state, ProfileState::Ready);
        assert_eq!(certificates::held(&world).await.len(), 2);
    }

    async fn who_wants_what_cannot_be_is_told_why(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let refused = async |change: fn(&mut SetWish)| {
            let mut wrong = wish(&[APP]);
            change(&mut wrong);
            code(ask(&world, key, wrong).await.map(drop))
        };
        assert_eq!(refused(|wish| wish.profile_type = "vision".to_owned()).await, "profile_type_unknown");
        assert_eq!(refused(|wish| wish.identifiers.clear()).await, "identifiers_unfit");
        assert_eq!(refused(|wish| wish.certificate = Some(format!("cert_{:032x}", 9).parse().unwrap())).await, "not_found");
        let development = certificate(&world, key, "DEVELOPMENT").await;
        let unfit = SetWish { certificate: Some(development), ..wish(&[APP]) };
        assert_eq!(code(ask(&world, key, unfit).await.map(drop)), "certificate_unfit");
        ensured(&world, key, wish(&[APP])).await;
        let other_type = SetWish { name: "no.halden.tram iOS App Store".to_owned(), profile_type: "ad-hoc".to_owned(), ..wish(&[APP]) };
        assert_eq!(code(ask(&world, key, other_type).await.map(drop)), "set_name_taken");
        let direct = SetWish { profile_type: "MAC_APP_DIRECT".to_owned(), ..wish(&[APP]) };
        assert!(why(&world, key, direct).await.contains("Developer ID"));
        let weak = world.link(Role::Developer).await;
        let limited = why(&world, weak, SetWish { name: "Weak".to_owned(), ..wish(&[PARTS[1]]) }).await;
        assert!(limited.contains("Developer") || limited.contains("role"), "{limited}");
        assert_eq!(world.count(PROFILES), 1);
    }
}
