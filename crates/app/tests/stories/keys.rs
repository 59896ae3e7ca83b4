//! Linking, rotating and removing keys.

use crate::{code, log};
use app::{Kind, keys::NewKey};
use domain::{Action, AppleRole, CheckMark, Declared, Feature, KeyHealth, Need, Probed, Usability};
use simulator::{Api, Standing};
use testkit::{Effect, Fault, KeyKind, Role, World};
use zeroize::Zeroizing;

fn admin(world: &World) -> NewKey {
    world.entered(world.key_file(KeyKind::Team, Role::Admin))
}

async fn refusal(world: &World, input: NewKey) -> app::Problem {
    let problem = world
        .app()
        .add_key(&world.owner.caller, world.org, input)
        .await
        .expect_err("refused");
    assert_eq!(
        world.app().keys(&world.owner.caller, world.org).await.unwrap().len(),
        0,
        "nothing was saved"
    );
    assert_eq!(
        world.store().await.begin_over_all().await.unwrap().job_count().await.unwrap(),
        0,
        "nothing was planned"
    );
    problem
}

testkit::on_both_databases! {
    async fn an_owner_links_a_team_key_and_sees_what_it_may_do(world: World) {
        let app = world.app();
        let details = app.add_key(&world.owner.caller, world.org, admin(&world)).await.unwrap();
        let key = &details.summary.key;
        assert_eq!(key.health, KeyHealth::Working);
        assert_eq!(key.name.as_str(), format!("Key {}", key.key_id));
        assert_eq!(key.fingerprint.len(), 64);
        assert_eq!(key.team_id.as_ref().unwrap().as_str(), world.apple.control().team_id(Api::AppStore));
        assert_eq!(details.summary.added_by.as_deref(), Some("Elin"));
        assert_eq!(details.summary.strip.len(), 14);
        assert_eq!(details.summary.strip[13].mark, Some(CheckMark::Good));
        assert_eq!(details.features.len(), 7);
        for row in &details.features {
            assert_eq!(row.declared, Declared::Yes(None), "{row:?}");
            assert!(matches!(row.probed, Probed::Readable { .. }), "{row:?}");
        }
        assert_eq!(details.budget.map(|(_, of)| of), Some(3600));
        let next = details.next_check.unwrap().duration_since(world.now()).as_secs();
        assert!((23 * 3600..25 * 3600).contains(&next), "{next}");
        // The health probe and seven feature probes, and nothing else.
        assert_eq!(world.requests(), 8);
    }

    async fn an_app_manager_key_is_refused_provisioning_by_apple_and_the_table_says_so(world: World) {
        let key = world.link(Role::AppManager).await;
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        for row in &details.features {
            match row.feature.is_signing() {
                true => assert!(matches!(&row.probed, Probed::Refused { code, .. } if code == "FORBIDDEN_ERROR"), "{row:?}"),
                false => assert!(matches!(row.probed, Probed::Readable { .. }), "{row:?}"),
            }
        }
        assert_eq!(details.summary.key.health, KeyHealth::Working);
        assert_eq!(details.summary.key.team_id, None);
    }

    async fn an_individual_key_is_never_asked_about_provisioning(world: World) {
        let file = world.apple.keys().iter().find(|key| key.kind == KeyKind::Individual).unwrap();
        let input = world.entered(file);
        let details = world.app().add_key(&world.owner.caller, world.org, input).await.unwrap();
        for row in details.features.iter().filter(|row| row.feature.is_signing()) {
            assert!(matches!(row.probed, Probed::NotProbeable { .. }));
            assert_eq!(row.declared, Declared::NotWithThisKind);
        }
        for resource in ["certificates", "profiles", "bundleIds"] {
            assert_eq!(world.count(&format!("GET /v1/{resource}")), 0);
        }
    }

    async fn an_enterprise_key_has_a_probe_set_of_its_own(world: World) {
        let file = world.apple.keys().iter().find(|key| key.kind == KeyKind::Enterprise).unwrap();
        let input = world.entered(file);
        let details = world.app().add_key(&world.owner.caller, world.org, input).await.unwrap();
        assert_eq!(details.summary.key.health, KeyHealth::Working);
        let readable: Vec<_> = details.features.iter().filter(|row| matches!(row.probed, Probed::Readable { .. })).collect();
        assert_eq!(readable.iter().map(|row| row.feature).collect::<Vec<_>>(), [Feature::Certificates, Feature::Profiles, Feature::BundleIds]);
        assert_eq!(world.requests(), 3);
    }

    async fn a_wrong_issuer_is_told_as_a_mismatch_and_nothing_is_saved(world: World) {
        let mut input = admin(&world);
        input.issuer_id = "57246542-96fe-1a63-e053-0824d011072a".to_owned();
        let problem = refusal(&world, input).await;
        assert_eq!((problem.kind, problem.code), (Kind::AppleRefused, "key_mismatch"));
        assert_eq!(problem.fields.iter().map(|f| f.field).collect::<Vec<_>>(), ["key_id", "issuer_id", "file"]);
        assert_eq!(problem.apple.unwrap().status, 401);
        // Three tries as a team key, one as each other kind.
        assert_eq!(world.requests(), 5);
    }

    async fn a_key_entered_as_the_wrong_kind_is_told_which_it_is(world: World) {
        let enterprise = world.apple.keys().iter().find(|key| key.kind == KeyKind::Enterprise).unwrap();
        let mut input = world.entered(enterprise);
        input.kind = "team".to_owned();
        input.roles.clear();
        let problem = refusal(&world, input).await;
        assert_eq!((problem.code, problem.fields[0].field), ("wrong_kind", "kind"));
        assert!(problem.message.contains("an enterprise key"), "{}", problem.message);
    }

    async fn a_wrong_clock_is_told_with_its_distance(world: World) {
        world.clock.advance_seconds(400);
        let problem = refusal(&world, admin(&world)).await;
        assert_eq!(problem.code, "clock_off");
        assert!(problem.message.contains("400 seconds ahead of"), "{}", problem.message);
        assert_eq!(world.app().apple_clock_skew_seconds(), Some(400));
    }

    async fn one_401_for_a_valid_key_is_not_believed(world: World) {
        let unlucky = Fault::next("GET", "/v1/apps", Effect::Apple { error: testkit::AppleError::NotAuthorized });
        world.apple.control().add_fault(unlucky.times(2));
        assert!(world.app().add_key(&world.owner.caller, world.org, admin(&world)).await.is_ok());
    }

    async fn a_missing_agreement_and_a_lapsed_membership_are_states_of_an_accepted_key(world: World) {
        for (standing, health) in [
            (Standing::AgreementMissing, KeyHealth::AgreementMissing),
            (Standing::MembershipLapsed, KeyHealth::MembershipLapsed),
        ] {
            world.apple.control().set_standing(Api::AppStore, standing);
            let details = world.app().add_key(&world.owner.caller, world.org, admin(&world)).await.unwrap();
            assert_eq!(details.summary.key.health, health);
            let name = details.summary.key.name.as_str();
            world.app().remove_key(&world.owner.caller, world.org, details.summary.key.id, name).await.unwrap();
        }
    }

    async fn a_key_is_saved_without_proof_only_when_that_was_asked_for(world: World) {
        for effect in [Effect::BadGateway, Effect::Html, Effect::Reset] {
            world.apple.control().add_fault(Fault::next("GET", "/v1/apps", effect).times(10));
            let problem = refusal(&world, admin(&world)).await;
            assert_eq!((problem.kind, problem.code), (Kind::AppleUnreachable, "apple_unreachable"));
            assert!(problem.message.ends_with("The key was not saved."), "{}", problem.message);
            world.apple.control().clear_faults();
        }
        world.apple.control().add_fault(Fault::next("GET", "/v1/apps", Effect::BadGateway).times(10));
        let mut input = admin(&world);
        input.save_unverified = true;
        let details = world.app().add_key(&world.owner.caller, world.org, input).await.unwrap();
        assert_eq!(details.summary.key.health, KeyHealth::Unverified);
        assert!(details.summary.trouble.unwrap().contains("502"));
        world.apple.control().clear_faults();
        let checked = world.app().check_key(&world.owner.caller, world.org, details.summary.key.id).await.unwrap();
        assert_eq!(checked.summary.key.health, KeyHealth::Working);
        assert_eq!(checked.summary.trouble, None);
    }

    async fn the_same_key_twice_is_refused_before_apple_is_asked(world: World) {
        world.link(Role::Admin).await;
        let before = world.requests();
        let problem = world.app().add_key(&world.owner.caller, world.org, admin(&world)).await.unwrap_err();
        assert_eq!((problem.kind, problem.code), (Kind::Conflict, "duplicate_key"));
        assert_eq!(world.requests(), before);
    }

    async fn what_is_wrong_with_the_file_is_told_before_apple_is_asked(world: World) {
        let cer = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n".to_vec();
        for (file, expected) in [
            (Vec::new(), "file_missing"),
            (vec![b'A'; 2_000_000], "file_too_large"),
            (b"hello".to_vec(), "file_is_no_key"),
            (admin(&world).file[..120].to_vec(), "file_is_truncated"),
        ] {
            let mut input = admin(&world);
            input.file = Zeroizing::new(file);
            assert_eq!(refusal(&world, input).await.code, expected);
        }
        let mut input = admin(&world);
        input.file = Zeroizing::new(cer);
        assert_eq!(refusal(&world, input).await.fields[0].field, "file");
        assert_eq!(world.requests(), 0);
    }

    async fn weird_names_and_html_are_kept_as_they_are(world: World) {
        let mut input = admin(&world);
        input.name = "<b>Zoë & 鍵</b>".to_owned();
        let key = world.app().add_key(&world.owner.caller, world.org, input).await.unwrap().summary.key;
        assert_eq!(key.name.as_str(), "<b>Zoë & 鍵</b>");
        let app = world.app();
        assert_eq!(app.find_key(&world.owner.caller, Action::SeeKeys, world.org, "<B>ZOË & 鍵</B>").await.unwrap().id, key.id);
        assert_eq!(app.find_key(&world.owner.caller, Action::SeeKeys, world.org, key.key_id.as_str()).await.unwrap().id, key.id);
        assert_eq!(code(app.find_key(&world.owner.caller, Action::SeeKeys, world.org, "").await), "key_not_found");
        assert_eq!(code(app.rename_key(&world.owner.caller, world.org, key.id, "a\u{202e}b").await), "name_unfit");
        app.rename_key(&world.owner.caller, world.org, key.id, "CI uploads").await.unwrap();
        assert_eq!(log(&world).await[0], "Elin renamed the key “<b>Zoë & 鍵</b>” to “CI uploads”");
    }

    async fn rotating_proves_the_new_pair_first_and_keeps_the_item(world: World) {
        let key = world.link(Role::Admin).await;
        let old = world.key_file(KeyKind::Team, Role::Admin).key_id.clone();
        let fresh = world.apple.control().add_key(KeyKind::Team, vec![Role::Admin]).unwrap();
        let mut wrong = world.entered(&fresh);
        wrong.issuer_id = "57246542-96fe-1a63-e053-0824d011072a".to_owned();
        let app = world.app();
        assert_eq!(code(app.rotate_key(&world.owner.caller, world.org, key, wrong).await), "key_mismatch");
        assert_eq!(app.key(&world.owner.caller, world.org, key).await.unwrap().summary.key.key_id.as_str(), old);
        let mut kind = world.entered(&fresh);
        kind.kind = "enterprise".to_owned();
        kind.roles.clear();
        assert_eq!(code(app.rotate_key(&world.owner.caller, world.org, key, kind).await), "kind_differs");

        app.rename_key(&world.owner.caller, world.org, key, "CI").await.unwrap();
        let mut input = world.entered(&fresh);
        input.kind.clear();
        input.roles.clear();
        let rotated = app.rotate_key(&world.owner.caller, world.org, key, input).await.unwrap().summary.key;
        assert_eq!((rotated.id, rotated.generation), (key, 2));
        assert_eq!(rotated.key_id.as_str(), fresh.key_id);
        assert_eq!(rotated.name.as_str(), "CI");
        assert!(rotated.roles.contains(&AppleRole::Admin), "roles stay");
        assert_eq!(crate::sealed::generations(&world, key).await, [2], "the old private key is destroyed");
        // The old private key is of no use any more: Apple may forget it.
        world.apple.control().set_revoked(&old, true).unwrap();
        assert!(app.apple_certificates(&world.owner.caller, world.org, key, &Default::default()).await.is_ok());
    }

    async fn removing_a_key_asks_for_its_name_and_takes_everything_with_it(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        let name = app.key(&world.owner.caller, world.org, key).await.unwrap().summary.key.name;
        assert_eq!(code(app.remove_key(&world.owner.caller, world.org, key, "something").await), "name_differs");
        app.remove_key(&world.owner.caller, world.org, key, name.as_str()).await.unwrap();
        assert_eq!(code(app.key(&world.owner.caller, world.org, key).await), "not_found");
        assert_eq!(world.store().await.begin_over_all().await.unwrap().job_count().await.unwrap(), 0);
        assert!(world.app().add_key(&world.owner.caller, world.org, admin(&world)).await.is_ok(), "it may come back");
    }

    async fn the_picker_shows_usable_keys_first_and_the_reason_beside_the_others(world: World) {
        world.link(Role::AppManager).await;
        world.link(Role::Developer).await;
        let admin = world.link(Role::Admin).await;
        let need = Need::CreateCertificate { certificate_type: domain::CertificateType::of_apple("DISTRIBUTION") };
        let choices = world.app().key_choices(&world.owner.caller, world.org, &need).await.unwrap();
        assert_eq!(choices[0].key.id, admin);
        assert_eq!(choices[0].usability, Usability::Usable);
        assert!(choices[1..].iter().all(|choice| matches!(choice.usability, Usability::Refused(_))));
    }
}
