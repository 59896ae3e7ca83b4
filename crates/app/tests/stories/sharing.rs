//! A root organization shares a key; those below use it, and can do nothing else with it.

use crate::{
    certificates::{self, POST},
    code,
};
use app::{
    Caller,
    keys::KeyDetails,
    sharing::{NewLimits, PanelQuery, ShareChange, SharePanel},
};
use domain::{Action, ApiKeyId, Feature, Need, OperationState, OrgId, Outcome, Role as Held, ShareTarget, Usability, feature::Declared};
use jiff::SignedDuration;
use testkit::{Effect, Fault, Role, World};

/// A sub-organization of the world's root, and an Owner of it alone.
pub(crate) struct Below {
    pub(crate) org: OrgId,
    pub(crate) caller: Caller,
}

pub(crate) async fn below(world: &World, name: &str) -> Below {
    let org = world.organization(name, Some(world.org)).await;
    let person = world.person(&format!("owner-of-{name}"), &[(org, Held::Owner)]).await;
    Below {
        org,
        caller: person.signed_in.caller,
    }
}

pub(crate) async fn change(world: &World, key: ApiKeyId, change: ShareChange) {
    world
        .app()
        .share_key(&world.owner.caller, world.org, key, change)
        .await
        .expect("changed");
}

pub(crate) fn with(target: ShareTarget, limits: NewLimits) -> ShareChange {
    ShareChange {
        share: vec![(target, limits)],
        ..ShareChange::default()
    }
}

pub(crate) fn no_more(target: ShareTarget) -> ShareChange {
    ShareChange {
        stop: vec![target],
        ..ShareChange::default()
    }
}

pub(crate) async fn share_with_all(world: &World, key: ApiKeyId) {
    change(world, key, with(ShareTarget::All, NewLimits::default())).await;
}

async fn seen(world: &World, they: &Below, key: ApiKeyId) -> KeyDetails {
    world.app().key(&they.caller, they.org, key).await.expect("lent")
}

async fn panel(world: &World, key: ApiKeyId) -> SharePanel {
    let query = PanelQuery::default();
    world
        .app()
        .key_shares(&world.owner.caller, world.org, key, &query)
        .await
        .expect("shown")
}

async fn create(world: &World, they: &Below, key: ApiKeyId) -> OperationState {
    let operation = world
        .app()
        .create_certificate(&they.caller, they.org, key, "DISTRIBUTION")
        .await
        .expect("begun");
    world.app().run_due_jobs().await.expect("the worker works");
    let view = world
        .app()
        .operation(&they.caller, they.org, operation.id)
        .await
        .expect("it is there");
    view.operation.state
}

/// What an organization's log says, newest first.
async fn log_of(world: &World, caller: &Caller, org: OrgId) -> Vec<String> {
    let records = world.app().activity(caller, org, 200).await.expect("read");
    records
        .into_iter()
        .map(|record| format!("{} {}", record.actor, record.sentence))
        .collect()
}

testkit::on_both_databases! {
    async fn what_is_shared_with_all_is_used_below_by_those_who_come_later_too(world: World) {
        let key = world.link(Role::Admin).await;
        share_with_all(&world, key).await;
        let they = below(&world, "transit").await;
        let listed = world.app().keys(&they.caller, they.org).await.unwrap();
        assert_eq!(listed.len(), 1);
        let lent = listed[0].lent.as_ref().unwrap();
        assert_eq!((lent.owner.as_str(), &lent.limits), ("Halden", &Default::default()));
        assert_eq!((&listed[0].added_by, &listed[0].last_used_by, &listed[0].sharing), (&None, &None, &None));
        let OperationState::Done { made: domain::Made::Certificate(certificate) } = create(&world, &they, key).await else { panic!("not done") };
        let held = world.app().certificate(&they.caller, they.org, certificate).await.unwrap();
        assert_eq!((held.organization, held.api_key), (they.org, Some(key)));
        assert_eq!(certificates::held(&world).await.len(), 0);
        assert_eq!(world.count(POST), 1);

        // The owner sees who used it last; each log has its own.
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!(details.summary.last_used_by.as_deref(), Some("owner-of-transit (in the background)"));
        assert_eq!(details.summary.sharing.unwrap().words(), "All sub-organizations");
        let panel = panel(&world, key).await;
        assert_eq!(panel.sub_organizations.len(), 1);
        assert!(panel.sub_organizations[0].last_use.is_some());
        assert_eq!(panel.sub_organizations[0].members, 1);
        let theirs = log_of(&world, &they.caller, they.org).await;
        assert!(theirs.iter().any(|record| record.contains("used the key") && record.contains("Create")), "{theirs:#?}");
        assert!(!theirs.iter().any(|record| record.contains("shared the key")), "{theirs:#?}");
    }

    async fn a_borrower_learns_nothing_of_others(world: World) {
        let key = world.link(Role::Admin).await;
        world.app().rename_key(&world.owner.caller, world.org, key, "Release").await.unwrap();
        share_with_all(&world, key).await;
        let (they, others) = (below(&world, "transit").await, below(&world, "retail").await);
        create(&world, &others, key).await;
        world.app().apple_profiles(&others.caller, others.org, key, &Default::default()).await.unwrap();
        let details = seen(&world, &they, key).await;
        assert_eq!(details.summary.key.last_use, None, "that of the others is none of its business");
        assert!(details.features.iter().all(|row| row.last.is_none()), "{:?}", details.features);
        assert_eq!(details.next_check, None);
        world.app().apple_profiles(&they.caller, they.org, key, &Default::default()).await.unwrap();
        let details = seen(&world, &they, key).await;
        assert_eq!(details.summary.last_used_by.as_deref(), Some("owner-of-transit"));
        let tried: Vec<_> = details.features.iter().filter(|row| row.last.is_some()).map(|row| row.feature).collect();
        assert_eq!(tried, [Feature::Profiles]);
        // Its owner sees what happened last, whoever did it.
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        let tried: Vec<_> = details.features.iter().filter(|row| row.last.is_some()).map(|row| row.feature).collect();
        assert_eq!(tried, [Feature::Certificates, Feature::Profiles]);
        let dependents = world.app().key_dependents(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!((dependents.certificates.len(), dependents.certificates_below, dependents.organizations_below), (0, 1, 1));
    }

    async fn what_only_the_owner_may_is_refused_in_plain_words_and_recorded(world: World) {
        let key = world.link(Role::Admin).await;
        world.app().rename_key(&world.owner.caller, world.org, key, "Release").await.unwrap();
        share_with_all(&world, key).await;
        let they = below(&world, "transit").await;
        let app = world.app();
        let (caller, org) = (&they.caller, they.org);
        let rotated = world.entered(world.key_file(testkit::KeyKind::Team, Role::Developer));
        let requests = world.requests();
        let refusals = [
            app.rename_key(caller, org, key, "Ours").await.unwrap_err(),
            app.set_key_roles(caller, org, key, &["developer".to_owned()]).await.unwrap_err(),
            app.rotate_key(caller, org, key, rotated).await.unwrap_err(),
            app.remove_key(caller, org, key, "Release").await.unwrap_err(),
            app.share_key(caller, org, key, with(ShareTarget::All, NewLimits::default())).await.unwrap_err(),
            app.key_shares(caller, org, key, &PanelQuery::default()).await.unwrap_err(),
            app.mint_apple_token(caller, org, key, 5, &[]).await.unwrap_err(),
            app.override_feature(caller, org, key, Feature::Profiles, true).await.unwrap_err(),
        ];
        for problem in &refusals {
            assert_eq!((problem.kind, problem.code), (app::Kind::NotAllowed, "lent_key"), "{problem}");
            assert!(problem.message.starts_with("“Release” belongs to Halden"), "{problem}");
        }
        let mut sentences: Vec<_> = refusals.iter().map(|problem| &problem.message).collect();
        sentences.dedup();
        assert_eq!(sentences.len(), 7, "each act has its own words: {sentences:#?}");
        assert_eq!(world.requests(), requests, "Apple was not asked");
        let details = seen(&world, &they, key).await;
        assert_eq!((details.summary.key.name.as_str(), details.summary.key.generation), ("Release", 1));
        let denied = app.activity(caller, org, 50).await.unwrap();
        assert!(denied.iter().filter(|view| view.record.outcome == Outcome::Denied).count() >= 8);
        // What depends on it elsewhere is not to be seen either: that, too, is told as what only the owner does.
        assert_eq!(code(app.key_dependents(caller, org, key).await), "lent_key");
    }

    async fn limits_are_held_before_apple_is_asked(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let only_profiles = NewLimits {
            features: Some(vec!["profiles".to_owned()]),
            ..NewLimits::default()
        };
        change(&world, key, with(ShareTarget::Chosen(they.org), only_profiles)).await;
        let app = world.app();
        app.apple_profiles(&they.caller, they.org, key, &Default::default()).await.unwrap();
        let requests = world.requests();
        let problem = app.create_certificate(&they.caller, they.org, key, "DISTRIBUTION").await.unwrap_err();
        assert_eq!(problem.code, "key_not_usable");
        assert!(problem.message.starts_with("The share does not include"), "{problem}");
        assert_eq!(code(app.apple_certificates(&they.caller, they.org, key, &Default::default()).await), "key_not_usable");
        assert_eq!(code(app.apple_devices(&they.caller, they.org, key, &Default::default()).await), "key_not_usable");
        assert_eq!(world.requests(), requests, "Apple was not asked");
        let need = Need::Read { feature: Feature::Certificates };
        let refused = app.key_choices(&they.caller, they.org, &need).await.unwrap();
        assert!(matches!(&refused[0].usability, Usability::Refused(why) if why.contains("The share")), "{refused:?}");
        assert!(refused[0].is_lent);
        let details = seen(&world, &they, key).await;
        let here: Vec<_> = Feature::ALL.into_iter().filter(|feature| details.summary.includes(*feature)).collect();
        assert_eq!(here, [Feature::Profiles]);
        assert_eq!(details.features[4].declared, Declared::Yes(None), "what Apple allows the key itself stays told");
        // The owner itself has no limits, and a check is for whoever may check.
        assert!(app.apple_certificates(&world.owner.caller, world.org, key, &Default::default()).await.is_ok());
        assert!(app.check_key(&they.caller, they.org, key).await.is_ok());
        // What a share does not take in is recorded where it was tried, as a missing role is.
        let log = app.activity(&they.caller, they.org, 50).await.unwrap();
        let denied: Vec<_> = log.iter().filter(|view| view.record.outcome == Outcome::Denied).map(|view| view.sentence.as_str()).collect();
        assert_eq!(denied.len(), 3, "{denied:#?}");
        assert!(denied.contains(&"was not allowed to create a certificate beyond what is lent to it"), "{denied:#?}");
    }

    async fn apps_that_a_share_does_not_take_in_are_recorded_when_they_are_tried(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let ferry = NewLimits {
            apps: Some(vec!["no.halden.ferry".to_owned()]),
            ..NewLimits::default()
        };
        change(&world, key, with(ShareTarget::Chosen(they.org), ferry)).await;
        let app = world.app();
        let wanted = crate::profiles::wanted("Radio", "IOS_APP_STORE", "no.halden.fjordradio", None);
        assert_eq!(code(app.register_profile(&they.caller, they.org, key, wanted).await), "app_not_shared");
        let wanted = app::bundle_ids::BundleIdToRegister {
            identifier: "no.halden.bank".to_owned(),
            ..Default::default()
        };
        assert_eq!(code(app.register_bundle_id(&they.caller, they.org, key, wanted).await), "app_not_shared");
        let devices = app.apple_devices(&world.owner.caller, world.org, key, &Default::default()).await.unwrap();
        let changed = app.change_device(&they.caller, they.org, key, &devices.items[0].id, None, Some(false)).await;
        assert_eq!(code(changed), "app_not_shared");
        let denied = async |caller: &Caller, org| {
            let log = app.activity(caller, org, 50).await.unwrap();
            log.into_iter().filter(|view| view.record.outcome == Outcome::Denied).count()
        };
        assert_eq!((denied(&they.caller, they.org).await, denied(&world.owner.caller, world.org).await), (3, 0));
    }

    async fn who_lacks_a_role_that_would_not_help_is_told_whose_would(world: World) {
        let key = world.link(Role::Admin).await;
        share_with_all(&world, key).await;
        let they = below(&world, "transit").await;
        let viewer = Held::parse("credentials-viewer").unwrap();
        let ida = world.person("ida", &[(they.org, viewer)]).await.signed_in.caller;
        let app = world.app();
        for problem in [
            app.rename_key(&ida, they.org, key, "Ours").await.unwrap_err(),
            app.remove_key(&ida, they.org, key, "Release").await.unwrap_err(),
        ] {
            assert_eq!((problem.kind, problem.code), (app::Kind::NotAllowed, "lent_key"), "{problem}");
            assert!(problem.message.contains("belongs to Halden, and only there this can be done, by a Credentials Manager."), "{problem}");
        }
        // Of a key of their own organization the role is what is missing; of one that is nowhere, nothing is told.
        let unknown = format!("key_{:032x}", 77).parse().unwrap();
        assert_eq!(code(app.rename_key(&ida, they.org, unknown, "Ours").await), "not_allowed");
        let olaf = world.person("olaf", &[(world.org, viewer)]).await.signed_in.caller;
        assert_eq!(code(app.rename_key(&olaf, world.org, key, "Ours").await), "not_allowed");
    }

    async fn a_share_for_certain_apps_shows_nothing_of_others(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let app = world.app();
        let (owner, org) = (&world.owner.caller, world.org);
        let all = app.apple_profiles(owner, org, key, &Default::default()).await.unwrap();
        let mine = all.items[0].bundle_identifier.clone().unwrap();
        let other = all.items.iter().find(|profile| profile.bundle_identifier.as_deref() != Some(&mine)).expect("of another app");
        let one_app = NewLimits {
            apps: Some(vec![mine.clone()]),
            ..NewLimits::default()
        };
        change(&world, key, with(ShareTarget::Chosen(they.org), one_app)).await;
        let narrowed = app.apple_profiles(&they.caller, they.org, key, &Default::default()).await.unwrap();
        assert!(!narrowed.items.is_empty() && narrowed.total == narrowed.items.len());
        assert!(narrowed.items.iter().all(|profile| profile.bundle_identifier.as_deref() == Some(&mine)));
        let bundle_ids = app.apple_bundle_ids(&they.caller, they.org, key, &Default::default()).await.unwrap();
        assert_eq!((bundle_ids.total, bundle_ids.items[0].identifier.as_str()), (1, mine.as_str()));
        let inside = &narrowed.items[0].id;
        assert!(app.download_profile(&they.caller, they.org, key, inside).await.is_ok());
        let outside = app.download_profile(&they.caller, they.org, key, &other.id).await.map(drop).unwrap_err();
        let unknown = app.download_profile(&they.caller, they.org, key, "NOSUCHID99").await.map(drop).unwrap_err();
        assert_eq!((outside.kind, outside.code, &outside.message), (unknown.kind, unknown.code, &unknown.message));
        assert_eq!(outside.apple, unknown.apple);
        assert!(app.download_profile(owner, org, key, &other.id).await.is_ok());
        // Certificates and devices belong to no app.
        assert!(!app.apple_devices(&they.caller, they.org, key, &Default::default()).await.unwrap().items.is_empty());
        assert!(!app.apple_certificates(&they.caller, they.org, key, &Default::default()).await.unwrap().items.is_empty());
    }

    async fn a_share_ends_at_its_moment_without_anybody_doing_anything(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let until = NewLimits {
            stops_at: Some(world.now() + SignedDuration::from_secs(100)),
            ..NewLimits::default()
        };
        // Beside the one with all: its own share decides for it.
        share_with_all(&world, key).await;
        change(&world, key, with(ShareTarget::Chosen(they.org), until)).await;
        world.advance(99);
        assert!(world.app().apple_profiles(&they.caller, they.org, key, &Default::default()).await.is_ok());
        world.advance(1);
        let requests = world.requests();
        assert_eq!(code(world.app().apple_profiles(&they.caller, they.org, key, &Default::default()).await), "not_found");
        assert_eq!(code(world.app().key(&they.caller, they.org, key).await), "not_found");
        assert_eq!(world.app().keys(&they.caller, they.org).await.unwrap().len(), 0);
        assert_eq!(world.requests(), requests);
        // Taken away again, the switch decides for it.
        change(&world, key, no_more(ShareTarget::Chosen(they.org))).await;
        assert!(world.app().apple_profiles(&they.caller, they.org, key, &Default::default()).await.is_ok());
    }

    async fn the_switch_and_the_chosen_ones_are_kept_apart(world: World) {
        let key = world.link(Role::Admin).await;
        let (they, others) = (below(&world, "transit").await, below(&world, "retail").await);
        change(&world, key, with(ShareTarget::Chosen(they.org), NewLimits::default())).await;
        let words = |panel: &SharePanel| panel.sharing.words();
        assert_eq!(words(&panel(&world, key).await), "1 of 2");
        assert_eq!(code(world.app().key(&others.caller, others.org, key).await), "not_found");
        share_with_all(&world, key).await;
        assert_eq!(words(&panel(&world, key).await), "All sub-organizations");
        seen(&world, &others, key).await;
        change(&world, key, no_more(ShareTarget::All)).await;
        seen(&world, &they, key).await;
        assert_eq!(code(world.app().key(&others.caller, others.org, key).await), "not_found");
        // Each act has its record, and what changes nothing has none.
        let records = crate::log(&world).await;
        let about = |text: &str| records.iter().filter(|record| record.contains(text)).count();
        assert_eq!((about("shared the key"), about("stopped sharing the key")), (2, 1), "{records:#?}");
        change(&world, key, no_more(ShareTarget::All)).await;
        change(&world, key, with(ShareTarget::Chosen(they.org), NewLimits::default())).await;
        assert_eq!(crate::log(&world).await.len(), records.len());
    }

    async fn what_is_no_sub_organization_of_this_one_cannot_be_named(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let neighbor = world.neighbor().await;
        let foreign = neighbor.caller.principal.organizations().next().unwrap();
        let unknown: OrgId = format!("org_{:032x}", 77).parse().unwrap();
        let app = world.app();
        let mut answers = Vec::new();
        for stranger in [foreign, unknown, world.org] {
            for act in [with(ShareTarget::Chosen(stranger), NewLimits::default()), no_more(ShareTarget::Chosen(stranger))] {
                // What comes before it in the same change is not done either.
                let both = ShareChange {
                    name: Some("Other".to_owned()),
                    ..act
                };
                let problem = app.share_key(&world.owner.caller, world.org, key, both).await.unwrap_err();
                answers.push((problem.kind, problem.code, problem.message));
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "foreign and unknown are told alike: {answers:?}");
        assert_ne!(app.key(&world.owner.caller, world.org, key).await.unwrap().summary.key.name.as_str(), "Other");
        assert_eq!(code(app.key(&they.caller, they.org, key).await), "not_found");
        // A stranger cannot share what is here, nor see with whom it is shared.
        let caller = &neighbor.caller;
        assert_eq!(code(app.share_key(caller, world.org, key, with(ShareTarget::All, NewLimits::default())).await), "not_found");
        assert_eq!(code(app.key_shares(caller, foreign, key, &PanelQuery::default()).await), "not_found");
    }

    async fn sharing_needs_the_right_to_it(world: World) {
        let key = world.link(Role::Admin).await;
        let they = below(&world, "transit").await;
        let viewer = world.person("viewer", &[(world.org, Held::In(domain::policy::Module::Credentials, domain::policy::Grade::Viewer))]).await;
        let app = world.app();
        let caller = &viewer.signed_in.caller;
        let problem = app.share_key(caller, world.org, key, with(ShareTarget::All, NewLimits::default())).await.unwrap_err();
        assert_eq!((problem.code, problem.message.contains("Credentials Manager")), ("not_allowed", true), "{problem}");
        // A key of a sub-organization has nobody below it to be shared with.
        let input = world.entered(world.key_file(testkit::KeyKind::Team, Role::Developer));
        let own = app.add_key(&they.caller, they.org, input).await.unwrap().summary.key.id;
        let problem = app.share_key(&they.caller, they.org, own, with(ShareTarget::All, NewLimits::default())).await.unwrap_err();
        assert_eq!((problem.code, problem.message.contains("sub-organization")), ("not_allowed", true), "{problem}");
        // A right to sign is enough to use it, and no right to credentials.
        share_with_all(&world, key).await;
        let signer = world.person("signer", &[(they.org, Held::In(domain::policy::Module::Signing, domain::policy::Grade::Manager))]).await;
        let caller = &signer.signed_in.caller;
        assert!(app.apple_profiles(caller, they.org, key, &Default::default()).await.is_ok());
        assert!(app.find_key(caller, Action::SeeSigning, they.org, &key.to_string()).await.is_ok());
        assert_eq!(code(app.keys(caller, they.org).await), "not_allowed");
    }

    async fn renaming_and_rotating_are_seen_below_at_once(world: World) {
        let key = world.link(Role::Developer).await;
        share_with_all(&world, key).await;
        let they = below(&world, "transit").await;
        let renamed = ShareChange {
            name: Some("Release".to_owned()),
            ..ShareChange::default()
        };
        change(&world, key, renamed).await;
        assert_eq!(seen(&world, &they, key).await.summary.key.name.as_str(), "Release");
        let fresh = world.apple.control().add_key(testkit::KeyKind::Team, vec![Role::Admin]).unwrap();
        let rotated = world.app().rotate_key(&world.owner.caller, world.org, key, world.entered(&fresh)).await.unwrap();
        assert_eq!(seen(&world, &they, key).await.summary.key.key_id, rotated.summary.key.key_id);
        assert!(matches!(create(&world, &they, key).await, OperationState::Done { .. }));
        // A lent key may have the name of an own one; then the own one is meant, and the id tells them apart.
        let input = app::keys::NewKey {
            name: "Release".to_owned(),
            ..world.entered(world.key_file(testkit::KeyKind::Team, Role::AppManager))
        };
        let own = world.app().add_key(&they.caller, they.org, input).await.unwrap().summary.key.id;
        let find = |text: String| {
            let (app, caller, org) = (world.app(), they.caller.clone(), they.org);
            async move { app.find_key(&caller, Action::SeeKeys, org, &text).await.unwrap().id }
        };
        assert_eq!(find("release".to_owned()).await, own);
        assert_eq!(find(key.to_string()).await, key);
        // In one organization there is no such twin.
        let input = app::keys::NewKey {
            name: "RELEASE".to_owned(),
            ..world.entered(world.key_file(testkit::KeyKind::Team, Role::AppManager))
        };
        let twin = world.app().add_key(&world.owner.caller, world.org, input).await;
        assert_eq!(code(twin), "name_taken");
        // Removed, it is gone everywhere; what was made through it stays.
        world.app().remove_key(&world.owner.caller, world.org, key, "Release").await.unwrap();
        assert_eq!(code(world.app().key(&they.caller, they.org, key).await), "not_found");
        let held = certificates::seen_in(&world, &they.caller, they.org).await.unwrap();
        let one = world.app().certificate(&they.caller, they.org, held[0].id).await.unwrap();
        assert_eq!((held.len(), one.api_key), (1, None));
    }

    async fn a_refusal_of_apples_below_has_the_owners_key_checked(world: World) {
        let key = world.link(Role::Admin).await;
        share_with_all(&world, key).await;
        let they = below(&world, "transit").await;
        world.apple.control().add_fault(Fault::next("GET", "/v1/profiles", Effect::Apple { error: testkit::AppleError::NotAuthorized }).times(9));
        assert_eq!(code(world.app().apple_profiles(&they.caller, they.org, key, &Default::default()).await), "apple_refused_key");
        assert_eq!(world.app().run_due_jobs().await.unwrap(), 1);
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!(details.summary.key.last_check, Some(world.now()));
    }

    async fn a_change_of_shares_is_of_a_size_that_keeps_nobody_waiting(world: World) {
        let key = world.link(Role::Admin).await;
        let sub = world.organization("transit", Some(world.org)).await;
        let many = ShareChange {
            stop: vec![ShareTarget::Chosen(sub); 1001],
            ..ShareChange::default()
        };
        assert_eq!(code(world.app().share_key(&world.owner.caller, world.org, key, many).await), "too_many_shares");
    }
}
