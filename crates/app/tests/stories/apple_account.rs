//! Reading the Apple account.

use crate::code;
use app::apple_account::ListQuery;
use simulator::{Api, Control};
use testkit::{AppleError, Effect, Fault, KeyKind, Role, World};

fn state(state: &str) -> ListQuery {
    ListQuery {
        state: Some(state.to_owned()),
        ..ListQuery::default()
    }
}

fn objects(control: &Control, kind: &str) -> usize {
    control.objects(Api::AppStore, kind).unwrap().len()
}

testkit::on_both_databases! {
    async fn certificates_are_listed_with_what_ends_when(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        let all = app.apple_certificates(&world.owner.caller, world.org, key, &ListQuery::default()).await.unwrap();
        assert_eq!(all.total, all.items.len());
        assert!(all.items.is_sorted_by_key(|certificate| certificate.expires_at));
        assert!(all.items.iter().all(|certificate| certificate.team_id.is_some() && !certificate.key_held && certificate.held.is_none()));
        let expiring = app.apple_certificates(&world.owner.caller, world.org, key, &state("expiring")).await.unwrap();
        assert_eq!((expiring.items.len(), expiring.total), (1, all.total));
        let kind = ListQuery { kind: Some("DEVELOPMENT".to_owned()), ..ListQuery::default() };
        let development = app.apple_certificates(&world.owner.caller, world.org, key, &kind).await.unwrap();
        assert!(development.items.iter().all(|certificate| certificate.certificate_type == "DEVELOPMENT"));
        let wrong = ListQuery { sort: Some("color".to_owned()), ..ListQuery::default() };
        assert_eq!(code(app.apple_certificates(&world.owner.caller, world.org, key, &wrong).await), "sort_unknown");
    }

    async fn profiles_show_certificates_and_devices_and_are_marked_invalid_or_expired(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        let all = app.apple_profiles(&world.owner.caller, world.org, key, &ListQuery::default()).await.unwrap();
        assert_eq!(all.total, objects(&world.apple.control(), "profiles"));
        let development = all.items.iter().find(|profile| profile.name == "Ferry Development").unwrap();
        assert_eq!((development.certificates.len(), development.devices.len()), (1, 3));
        assert_eq!(development.bundle_identifier.as_deref(), Some("no.halden.ferry"));
        let invalid = app.apple_profiles(&world.owner.caller, world.org, key, &state("INVALID")).await.unwrap();
        assert!(invalid.items.iter().any(|profile| profile.name == "Radio Development"));
        let expired = app.apple_profiles(&world.owner.caller, world.org, key, &state("EXPIRED")).await.unwrap();
        assert!(expired.items.iter().any(|profile| profile.name == "Ferry App Store 2025"), "{:?}", all.items);
    }

    async fn bundle_ids_and_devices_are_listed(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        let search = ListQuery { search: Some("HALDEN.FERRY".to_owned()), ..ListQuery::default() };
        let bundle_ids = app.apple_bundle_ids(&world.owner.caller, world.org, key, &search).await.unwrap();
        assert_eq!(bundle_ids.items.len(), 3);
        assert!(bundle_ids.items[0].capabilities.contains(&"PUSH_NOTIFICATIONS".to_owned()));
        let disabled = app.apple_devices(&world.owner.caller, world.org, key, &state("DISABLED")).await.unwrap();
        assert_eq!(disabled.items.iter().map(|device| device.name.as_str()).collect::<Vec<_>>(), ["Old iPad Air"]);
        assert_eq!(disabled.total, 9);
    }

    async fn a_profile_is_downloaded_with_its_signature_checked(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        let all = app.apple_profiles(&world.owner.caller, world.org, key, &ListQuery::default()).await.unwrap();
        let profile = all.items.iter().find(|profile| profile.name == "Ferry App Store").unwrap();
        let (file, checked) = app.download_profile(&world.owner.caller, world.org, key, &profile.id).await.unwrap();
        assert_eq!(file.file_name, "Ferry App Store.mobileprovision");
        assert!(checked.contains("root that this server trusts"), "{checked}");
        assert!(crate::log(&world).await[0].ends_with("downloaded the profile “Ferry App Store”"));
        assert_eq!(code(app.download_profile(&world.owner.caller, world.org, key, "UNKNOWN123").await), "not_found_at_apple");
        assert_eq!(code(app.download_profile(&world.owner.caller, world.org, key, "../apps").await), "not_found_at_apple");
    }

    async fn an_individual_key_is_refused_before_the_call_and_usable_keys_are_named(world: World) {
        let individual = world.apple.keys().iter().find(|key| key.kind == KeyKind::Individual).unwrap();
        let input = world.entered(individual);
        let individual = world.app().add_key(&world.owner.caller, world.org, input).await.unwrap().summary.key.id;
        let admin = world.link(Role::Admin).await;
        let before = world.requests();
        let problem = world.app().apple_devices(&world.owner.caller, world.org, individual, &ListQuery::default()).await.unwrap_err();
        assert_eq!(problem.code, "key_not_usable");
        assert_eq!(problem.usable_keys.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [admin]);
        assert_eq!(world.requests(), before);
    }

    async fn a_refusal_of_apple_is_shown_with_its_words_and_stands_in_the_table(world: World) {
        let key = world.link(Role::Developer).await;
        let fault = Fault::next("GET", "/v1/certificates", Effect::Apple { error: AppleError::Forbidden });
        world.apple.control().add_fault(fault);
        let problem = world.app().apple_certificates(&world.owner.caller, world.org, key, &ListQuery::default()).await.unwrap_err();
        assert_eq!(problem.code, "apple_forbids");
        let said = problem.apple.unwrap();
        assert_eq!((said.status, said.code.as_str()), (403, "FORBIDDEN_ERROR"));
        assert!(said.detail.contains("API key in use"), "{}", said.detail);
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        let row = details.features.iter().find(|row| row.feature == domain::Feature::Certificates).unwrap();
        assert_eq!(row.last.as_ref().unwrap().refusal.as_ref().unwrap().status, 403);
    }

    async fn one_token_serves_a_key_until_shortly_before_its_end(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        let tokens = || {
            let journal = world.apple.control().journal();
            journal.len()
        };
        let before = tokens();
        for _ in 0..3 {
            app.apple_devices(&world.owner.caller, world.org, key, &ListQuery::default()).await.unwrap();
        }
        assert_eq!(tokens() - before, 3);
        // The token of before has ended by now; a fresh one is made.
        world.advance(3600);
        assert!(app.apple_devices(&world.owner.caller, world.org, key, &ListQuery::default()).await.is_ok());
    }
}
