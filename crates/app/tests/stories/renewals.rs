//! A certificate is renewed with every profile that has it; killed at each point of each step, everything is done once.

use crate::{
    certificates::{self, all_at_apple},
    code,
    csrs::{at_the_portal, made},
    log,
    operations::{at_apple, let_time_pass},
    profiles::{self, certificate, file, one, registered, wanted},
    sealed::signing_keys,
    sharing::{below, change, with},
};
use app::{crash_point, profiles::Devices, sharing::NewLimits};
use domain::{
    ApiKeyId, CertificateId, Operation, OperationState, ProfileId, ProfileState, ShareTarget,
    policy::{Grade, Module, Role as Held},
};
use testkit::{Effect, Fault, Role, World};

const CERTIFICATES: &str = "POST /v1/certificates";
const PROFILES: &str = "POST /v1/profiles";

/// A certificate that two profiles have: one for the store, and one for all devices.
async fn two_profiles(world: &World) -> (ApiKeyId, CertificateId, [ProfileId; 2]) {
    let key = world.link(Role::Admin).await;
    let certificate = certificate(world, key, "DISTRIBUTION").await;
    let store = registered(world, key, wanted("Tram Store", "IOS_APP_STORE", "no.halden.ferry", None)).await;
    let crew = wanted("Tram Crew", "IOS_APP_ADHOC", "no.halden.ferry", Some(Devices::AllEnabled));
    let crew = registered(world, key, crew).await;
    (key, certificate, [store, crew])
}

async fn renew(world: &World, key: ApiKeyId, certificate: CertificateId, revoke: bool) -> Operation {
    let caller = &world.owner.caller;
    let name = world.app().certificate(caller, world.org, certificate).await.expect("held").name;
    let typed = revoke.then_some(name.as_str());
    let begun = world.app().renew_certificate(caller, world.org, key, certificate, typed).await;
    begun.expect("begun")
}

/// That each of these profiles is at Apple once, has this certificate and no other, and is held as it is there.
async fn is_in_all(world: &World, key: ApiKeyId, certificate: CertificateId, ids: &[ProfileId]) {
    let new = world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap();
    let listed = world
        .app()
        .apple_profiles(&world.owner.caller, world.org, key, &Default::default())
        .await
        .unwrap();
    for id in ids {
        let row = one(world, *id).await;
        assert_eq!(
            (row.state, &row.profile.certificates),
            (ProfileState::Ready, &vec![new.public_key_fingerprint.clone()])
        );
        let there: Vec<_> = listed.items.iter().filter(|there| there.name == row.profile.name).collect();
        assert_eq!(there.len(), 1);
        assert_eq!(
            (there[0].state.as_str(), Some(&there[0].id)),
            ("ACTIVE", row.profile.apple_id.as_ref())
        );
        assert_eq!(there[0].uuid, row.profile.uuid);
    }
}

testkit::on_both_databases! {
    async fn a_renewal_shows_what_it_would_do_and_leaves_the_old_one_valid(world: World) {
        let (key, old, ids) = two_profiles(&world).await;
        let preview = world.app().preview_renewal(&world.owner.caller, world.org, key, old).await.unwrap();
        let names: Vec<_> = preview.profiles.iter().map(|profile| profile.name.as_str()).collect();
        assert_eq!((preview.existing.id, names), (old, vec!["Tram Crew", "Tram Store"]));
        assert!(preview.is_at_apple);
        assert_eq!((preview.places.len(), preview.places.iter().filter(|place| place.key_held).count()), (3, 1));
        let writes = (world.count(CERTIFICATES), world.count(PROFILES));
        // All places are taken: Apple refuses, and nothing was deleted.
        let operation = renew(&world, key, old, false).await;
        let ended = let_time_pass(&world, &operation).await;
        let OperationState::Refused { places, .. } = &ended else { panic!("{ended:?}") };
        assert_eq!(places.len(), 3);
        is_in_all(&world, key, old, &ids).await;
        assert_eq!((world.count(CERTIFICATES) - writes.0, world.count(PROFILES)), (1, writes.1));
        let mut limits = world.apple.control().limits();
        limits.certificates.insert("DISTRIBUTION".to_owned(), 4);
        world.apple.control().set_limits(limits);
        let operation = renew(&world, key, old, false).await;
        let again = world.app().renew_certificate(&world.owner.caller, world.org, key, old, None).await;
        assert_eq!(code(again), "another_is_running");
        let unsure = world.app().renew_certificate(&world.owner.caller, world.org, key, old, Some("another")).await;
        assert_eq!(code(unsure), "name_differs");
        let before = all_at_apple(&world).await;
        let ended = let_time_pass(&world, &operation).await;
        let new = ended.certificate().unwrap_or_else(|| panic!("{ended:?}"));
        assert_eq!(all_at_apple(&world).await - before, 1, "the old one is there, too");
        is_in_all(&world, key, new, &ids).await;
        let view = world.app().operation(&world.owner.caller, world.org, operation.id).await.unwrap();
        let titles: Vec<_> = view.steps.iter().map(|step| step.kind.title()).collect();
        assert_eq!(titles, ["Create Apple Distribution", "Rebuild Tram Crew", "Rebuild Tram Store"]);
        assert!(log(&world).await.iter().any(|record| record.starts_with("Elin (in the background) renewed the certificate")));
    }

    async fn a_preview_says_when_the_key_may_not(world: World) {
        let (key, certificate, _) = two_profiles(&world).await;
        let preview = async |key| world.app().preview_renewal(&world.owner.caller, world.org, key, certificate).await.unwrap();
        assert_eq!(preview(key).await.refused, None);
        let lesser = world.link(Role::Developer).await;
        let why = preview(lesser).await.refused.unwrap();
        assert!(why.contains("Developer"), "{why}");
    }

    async fn the_place_of_a_revoked_certificate_is_waited_for(world: World) {
        let (key, old, ids) = two_profiles(&world).await;
        world.apple.control().set_lingering(simulator::Settling { seconds: 90, reads: 0 });
        let asked = world.count(CERTIFICATES);
        let operation = renew(&world, key, old, true).await;
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(CERTIFICATES) - asked, 1, "refused, and not asked again at once");
        world.apple.control().set_lingering(simulator::Settling::default());
        world.advance(61);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(CERTIFICATES) - asked, 2);
        let ended = let_time_pass(&world, &operation).await;
        assert_eq!(world.count(CERTIFICATES) - asked, 3);
        is_in_all(&world, key, ended.certificate().unwrap_or_else(|| panic!("{ended:?}")), &ids).await;
    }

    async fn after_a_revocation_the_end_names_what_remains_and_beginning_again_goes_on(world: World) {
        let (key, old, ids) = two_profiles(&world).await;
        let limit = |most: u32| {
            let mut limits = world.apple.control().limits();
            limits.certificates.insert("DISTRIBUTION".to_owned(), most);
            world.apple.control().set_limits(limits);
        };
        limit(1);
        let operation = renew(&world, key, old, true).await;
        let OperationState::Refused { why, .. } = let_time_pass(&world, &operation).await else { panic!("not refused") };
        for part in ["was revoked before", "“Tram Crew”, “Tram Store”", "Begin the renewal again"] {
            assert!(why.contains(part), "{why}");
        }
        limit(3);
        let asked = world.count(CERTIFICATES);
        let again = renew(&world, key, old, false).await;
        let ended = let_time_pass(&world, &again).await;
        is_in_all(&world, key, ended.certificate().unwrap_or_else(|| panic!("{ended:?}")), &ids).await;
        assert_eq!(world.count(CERTIFICATES) - asked, 1);
    }

    async fn beginning_again_uses_the_certificate_that_was_created(world: World) {
        let (key, old, ids) = two_profiles(&world).await;
        let forbidden = Effect::Apple { error: testkit::AppleError::Forbidden };
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", forbidden));
        let operation = renew(&world, key, old, true).await;
        let OperationState::Failed { why } = let_time_pass(&world, &operation).await else { panic!("not failed") };
        assert!(why.contains("Begin the renewal again"), "{why}");
        let asked = (world.count(CERTIFICATES), world.count(PROFILES));
        let preview = world.app().preview_renewal(&world.owner.caller, world.org, key, old).await.unwrap();
        let created = preview.created.expect("the first attempt made one");
        assert_eq!(preview.profiles.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>(), ["Tram Crew"]);
        let again = renew(&world, key, old, false).await;
        let ended = let_time_pass(&world, &again).await;
        assert_eq!(ended.certificate(), Some(created.id));
        assert_eq!((world.count(CERTIFICATES) - asked.0, world.count(PROFILES) - asked.1), (0, 1));
        is_in_all(&world, key, created.id, &ids).await;
    }

    async fn a_profile_that_a_share_takes_in_no_more_does_not_stop_the_others(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        change(&world, key, with(ShareTarget::All, NewLimits::default())).await;
        let app = world.app();
        let over = async |operation: Operation| {
            for _ in 0..30 {
                world.app().run_due_jobs().await.unwrap();
                let view = world.app().operation(&they.caller, they.org, operation.id).await.unwrap();
                if view.operation.state.is_over() {
                    return view.operation.state;
                }
                world.advance(130);
            }
            panic!("it never ended")
        };
        let made = over(app.create_certificate(&they.caller, they.org, key, "DISTRIBUTION").await.unwrap()).await;
        let old = made.certificate().unwrap();
        for identifier in ["no.halden.ferry", "no.halden.parking"] {
            let wanted = wanted(&format!("Their {identifier}"), "IOS_APP_STORE", identifier, None);
            over(app.register_profile(&they.caller, they.org, key, wanted).await.unwrap()).await;
        }
        let name = app.certificate(&they.caller, they.org, old).await.unwrap().name;
        let operation = app.renew_certificate(&they.caller, they.org, key, old, Some(&name)).await.unwrap();
        let apps = Some(vec!["no.halden.parking".to_owned()]);
        change(&world, key, with(ShareTarget::All, NewLimits { apps, ..NewLimits::default() })).await;
        let OperationState::Failed { why } = over(operation).await else { panic!("not failed") };
        assert!(why.contains("1 of 2 profiles were not rebuilt") && why.contains("“Their no.halden.ferry”"), "{why}");
        assert!(why.contains("Apple was not asked for this step"), "{why}");
    }

    async fn what_a_renewal_needs_is_not_removed_meanwhile(world: World) {
        let (key, old, _) = two_profiles(&world).await;
        let broken = Effect::Apple { error: testkit::AppleError::Unexpected };
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", broken));
        let operation = renew(&world, key, old, true).await;
        let remove = async |certificate| {
            let name = world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap().name;
            world.app().remove_certificate(&world.owner.caller, world.org, certificate, &name).await
        };
        let refused = remove(old).await.unwrap_err();
        assert_eq!((refused.code, refused.message.contains(&operation.id.to_string())), ("certificate_in_use", true));
        world.app().run_due_jobs().await.unwrap();
        let newest = certificates::held(&world).await.into_iter().max_by_key(|held| held.id).unwrap();
        assert_ne!(newest.id, old);
        assert_eq!(code(remove(newest.id).await), "certificate_in_use");
        let_time_pass(&world, &operation).await;
        remove(old).await.unwrap();
    }

    async fn profiles_that_are_only_at_apple_are_taken_in_and_rebuilt(world: World) {
        let (key, old, ids) = two_profiles(&world).await;
        let before = file(&world, ids[0]).await;
        world.app().remove_profiles(&world.owner.caller, world.org, &ids).await.unwrap();
        let preview = world.app().preview_renewal(&world.owner.caller, world.org, key, old).await.unwrap();
        assert_eq!(preview.profiles.iter().filter(|profile| profile.held.is_none()).count(), 2);
        let operation = renew(&world, key, old, true).await;
        let taken_in: Vec<_> = profiles::held(&world).await.iter().map(|row| row.profile.id).collect();
        assert_eq!(taken_in.len(), 2);
        let held_before = file(&world, taken_in[1]).await;
        assert_eq!(held_before, before, "held before anything is deleted");
        let ended = let_time_pass(&world, &operation).await;
        is_in_all(&world, key, ended.certificate().unwrap(), &taken_in).await;
    }

    async fn a_profile_that_cannot_be_rebuilt_is_named_and_the_others_are(world: World) {
        let (key, old, [store, crew]) = two_profiles(&world).await;
        let forbidden = Effect::Apple { error: testkit::AppleError::Forbidden };
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", forbidden));
        let operation = renew(&world, key, old, true).await;
        let ended = let_time_pass(&world, &operation).await;
        let OperationState::Failed { why } = &ended else { panic!("{ended:?}") };
        assert!(why.contains("1 of 2 profiles were not rebuilt") && why.contains("“Tram Crew”"), "{why}");
        assert_eq!(one(&world, crew).await.state, ProfileState::Rebuilding);
        assert_eq!(one(&world, store).await.state, ProfileState::Ready);
        let newest = certificates::held(&world).await.into_iter().max_by_key(|held| held.id).unwrap();
        let change = app::profiles::ProfileChange {
            certificates: Some(newest.apple_id.clone().into_iter().collect()),
            devices: None,
        };
        let again = world.app().rebuild_profile(&world.owner.caller, world.org, key, crew, change).await.unwrap();
        let_time_pass(&world, &again).await;
        is_in_all(&world, key, newest.id, &[store, crew]).await;
    }

    async fn killed_at_each_point_of_each_step_everything_is_done_once(world: World) {
        let (key, mut certificate, ids) = two_profiles(&world).await;
        // Six requests, and three plans: the renewal and two that rebuild.
        for (point, passes) in [
            (crash_point::BEFORE_STARTED, 8),
            (crash_point::AFTER_STARTED, 8),
            (crash_point::BEFORE_CALL, 6),
            (crash_point::AFTER_CALL, 6),
            (crash_point::BEFORE_OUTCOME, 9),
            (crash_point::AFTER_OUTCOME, 9),
        ] {
            for pass in 1..=passes {
                let here = format!("{point}, pass {pass}");
                let certificates_before = (all_at_apple(&world).await, certificates::held(&world).await.len(), signing_keys(&world).await);
                let profiles_before = (at_apple(&world, "profiles"), profiles::held(&world).await.len());
                let asked = (world.count(CERTIFICATES), world.count(PROFILES));
                let operation = renew(&world, key, certificate, true).await;
                assert!(world.crash_at_pass(point, pass, |app| async move { app.run_due_jobs().await }).await, "{here}");
                let ended = let_time_pass(&world, &operation).await;
                certificate = ended.certificate().unwrap_or_else(|| panic!("{here}: {ended:?}"));
                // One is revoked, one is new; the old one stays here with its key.
                let (at, held, keys) = certificates_before;
                let certificates_after = (all_at_apple(&world).await, certificates::held(&world).await.len(), signing_keys(&world).await);
                assert_eq!(certificates_after, (at, held + 1, keys + 1), "{here}");
                assert_eq!((at_apple(&world, "profiles"), profiles::held(&world).await.len()), profiles_before, "{here}");
                assert_eq!((world.count(CERTIFICATES) - asked.0, world.count(PROFILES) - asked.1), (1, 2), "{here}: asked once for each");
                is_in_all(&world, key, certificate, &ids).await;
            }
        }
    }

    async fn another_certificate_with_the_same_public_key_and_its_profiles_stay_as_they_are(world: World) {
        let key = world.link(Role::Admin).await;
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        // Teams make several certificates of one request.
        let csr = made(&world, "Both").await;
        for kind in ["DISTRIBUTION", "DISTRIBUTION", "DEVELOPMENT"] {
            at_the_portal(&world, &csr.pem, kind);
        }
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        app.fetch_certificates(caller, org, key, None).await.unwrap();
        let of_csr = app.csr(caller, org, csr.id).await.unwrap().certificates;
        assert_eq!(of_csr.len(), 3);
        let mut ids = Vec::new();
        for (number, held) in of_csr.iter().enumerate() {
            let kind = if held.certificate_type.is_development() { "IOS_APP_DEVELOPMENT" } else { "IOS_APP_STORE" };
            let devices = held.certificate_type.is_development().then_some(Devices::AllEnabled);
            let mut new = wanted(&format!("Of {number}"), kind, "no.halden.ferry", devices);
            new.certificates = vec![held.apple_id.clone().unwrap()];
            ids.push(registered(&world, key, new).await);
        }
        // Each profile is matched with its own, and a set has the one that is in its profile.
        for (number, (held, profile)) in of_csr.iter().zip(&ids).enumerate() {
            assert_eq!(one(&world, *profile).await.matched.certificate(), Some(held.id));
            let picked = |certificate| [app::signing_sets::PickedItem { profile: *profile, certificate }];
            let set = app.create_signing_set(caller, org, &format!("Set {number}"), &picked(None)).await.unwrap();
            assert_eq!(set.items[0].certificate.as_ref().unwrap().certificate.id, held.id);
            assert!(set.items[0].missing.is_none(), "{:?}", set.items[0].missing);
            let other = of_csr[(number + 1) % 3].id;
            let refused = app.create_signing_set(caller, org, "Mixed", &picked(Some(other))).await.unwrap_err();
            assert!(refused.message.contains("is not in it"), "{}", refused.message);
        }
        // Of several with one key the one of the right type is taken, not the one that ends last.
        let unnamed = wanted("Of any", "IOS_APP_DEVELOPMENT", "no.halden.ferry", Some(Devices::AllEnabled));
        let any = registered(&world, key, unnamed).await;
        let development = of_csr.iter().find(|held| held.certificate_type.is_development()).unwrap();
        assert_eq!(one(&world, any).await.matched.certificate(), Some(development.id));
        let first = &of_csr[0];
        let preview = app.preview_renewal(caller, org, key, first.id).await.unwrap();
        assert_eq!(preview.profiles.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Of 0"]);
        let before: Vec<_> = [one(&world, ids[1]).await.profile.uuid, one(&world, ids[2]).await.profile.uuid].into();
        let ended = let_time_pass(&world, &renew(&world, key, first.id, true).await).await;
        is_in_all(&world, key, ended.certificate().unwrap(), &ids[..1]).await;
        assert_eq!([one(&world, ids[1]).await.profile.uuid, one(&world, ids[2]).await.profile.uuid].to_vec(), before);
        let still = app.apple_certificates(caller, org, key, &Default::default()).await.unwrap().items;
        let is_there = |held: &domain::HeldCertificate| still.iter().any(|listed| held.apple_id.as_ref() == Some(&listed.id));
        assert_eq!(of_csr.iter().map(is_there).collect::<Vec<_>>(), [false, true, true], "the one that was named is revoked");
    }

    async fn a_certificate_is_renewed_by_itself_and_so_is_what_was_made(world: World) {
        let (key, old, profiles) = two_profiles(&world).await;
        let set = async |wanted| world.app().set_automatic_renewal(&world.owner.caller, world.org, old, wanted).await;
        assert_eq!(code(set(Some((0, key))).await), "days_unfit");
        assert_eq!(code(set(Some((91, key))).await), "days_unfit");
        set(Some((30, key))).await.unwrap();
        let held = world.app().certificate(&world.owner.caller, world.org, old).await.unwrap();
        let days = held.expires_at.duration_since(world.now()).as_hours() / 24;
        world.advance_days(days - 31);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(CERTIFICATES), 1, "not yet");
        world.advance_days(2);
        for _ in 0..40 {
            world.app().run_due_jobs().await.unwrap();
            world.advance(130);
        }
        assert_eq!(world.count(CERTIFICATES), 2);
        let all = certificates::held(&world).await;
        let new = all.into_iter().find(|one| one.id != old).unwrap();
        is_in_all(&world, key, new.id, &profiles).await;
        let wish = async |of| world.app().automatic_renewal(&world.owner.caller, world.org, of).await.unwrap();
        assert_eq!((wish(old).await, wish(new.id).await.unwrap().days_before), (None, 30));
        let log = log(&world).await;
        assert!(log.iter().any(|record| record.starts_with("Elin (in the background) renewed the certificate")), "{log:?}");
        for _ in 0..5 {
            world.advance_days(1);
            world.app().run_due_jobs().await.unwrap();
        }
        assert_eq!(world.count(CERTIFICATES), 2, "once");
        // The next one is made when that one ends, and the wish can be taken back.
        world.app().set_automatic_renewal(&world.owner.caller, world.org, new.id, None).await.unwrap();
        world.advance_days(400);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(CERTIFICATES), 2);
    }

    async fn what_cannot_be_renewed_by_itself_is_told_and_tried_again(world: World) {
        let (key, certificate, _) = two_profiles(&world).await;
        let sina = world.person("sina", &[(world.org, Held::In(Module::Signing, Grade::Manager))]).await.signed_in;
        world.app().set_automatic_renewal(&sina.caller, world.org, certificate, Some((90, key))).await.unwrap();
        let she = sina.person().unwrap().id;
        world.app().remove_member(&world.owner.caller, world.org, she).await.unwrap();
        let held = world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap();
        let days = held.expires_at.duration_since(world.now()).as_hours() / 24;
        world.advance_days(days - 89);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(CERTIFICATES), 1);
        let told = async || log(&world).await.into_iter().filter(|record| record.contains("could not renew the certificate")).count();
        assert_eq!(told().await, 1);
        let inbox = world.app().inbox(&world.owner).await.unwrap();
        assert!(inbox.notices[0].head.ends_with("could not be renewed by itself"), "{:?}", inbox.notices[0]);
        world.advance_days(1);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(told().await, 2);
        // A week after its end nobody is told any more.
        world.advance_days(96);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(told().await, 3);
        for _ in 0..3 {
            world.advance_days(1);
            world.app().run_due_jobs().await.unwrap();
        }
        assert_eq!(told().await, 3);
    }

    async fn somebody_who_may_takes_a_renewal_by_itself_over(world: World) {
        let (key, certificate, _) = two_profiles(&world).await;
        let sina = world.person("sina", &[(world.org, Held::In(Module::Signing, Grade::Manager))]).await.signed_in;
        world.app().set_automatic_renewal(&sina.caller, world.org, certificate, Some((90, key))).await.unwrap();
        world.app().remove_member(&world.owner.caller, world.org, sina.person().unwrap().id).await.unwrap();
        let held = world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap();
        world.advance_days(held.expires_at.duration_since(world.now()).as_hours() / 24 - 89);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(world.count(CERTIFICATES), 1);
        world.app().set_automatic_renewal(&world.owner.caller, world.org, certificate, Some((90, key))).await.unwrap();
        for _ in 0..40 {
            world.app().run_due_jobs().await.unwrap();
            world.advance(130);
        }
        assert_eq!(world.count(CERTIFICATES), 2);
        let inbox = world.app().inbox(&world.owner).await.unwrap();
        assert!(inbox.notices.iter().all(|notice| !notice.head.ends_with("could not be renewed by itself")));
    }
}
