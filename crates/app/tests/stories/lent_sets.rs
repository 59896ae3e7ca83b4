//! A root organization lends a profile and its certificate; a sub-organization signs with them, in a set and in no other way.

use crate::{
    code, log,
    profiles::{self, certificate, registered, wanted},
    sharing::{Below, below},
};
use app::{
    Caller, Problem, Shown,
    certificates::P12Password,
    lending::{ItemShareChange, Lender, OwnersAct, SigningItem},
    profiles::{CertificateMatch, ProfileChange},
    signing_sets::{PickedItem, SetFiles, SigningSetView},
};
use domain::{
    ApiKeyId, CertificateId, Outcome, ProfileId, ShareTarget,
    activity::ExportForm,
    policy::{Grade, Module, Role as Held},
};
use jiff::{SignedDuration, Timestamp};
use testkit::{Role, World};

/// A root that holds a certificate and a profile with it, and a team below.
struct Stage {
    key: ApiKeyId,
    certificate: CertificateId,
    profile: ProfileId,
    team: Below,
    viewer: Caller,
}

async fn stage(world: &World) -> Stage {
    let key = world.link(Role::Admin).await;
    let certificate = certificate(world, key, "DISTRIBUTION").await;
    let profile = registered(world, key, wanted("Store", "IOS_APP_STORE", "no.halden.ferry", None)).await;
    let team = below(world, "Transit").await;
    let role = Held::In(Module::Signing, Grade::Viewer);
    let viewer = world.person("viewer", &[(team.org, role)]).await.signed_in.caller;
    Stage {
        key,
        certificate,
        profile,
        team,
        viewer,
    }
}

impl Stage {
    fn items(&self) -> [SigningItem; 2] {
        [SigningItem::Certificate(self.certificate), SigningItem::Profile(self.profile)]
    }

    async fn share_until(&self, world: &World, item: SigningItem, stops_at: Option<Timestamp>) {
        let change = ItemShareChange {
            share: vec![(ShareTarget::Chosen(self.team.org), stops_at)],
            ..ItemShareChange::default()
        };
        let shared = world.app().share_item(&world.owner.caller, world.org, item, change).await;
        assert_eq!(shared.unwrap().chosen, 1);
    }

    async fn share(&self, world: &World) {
        for item in self.items() {
            self.share_until(world, item, None).await;
        }
    }

    async fn stop(&self, world: &World, item: SigningItem) {
        let change = ItemShareChange {
            stop: vec![ShareTarget::Chosen(self.team.org)],
            ..ItemShareChange::default()
        };
        world.app().share_item(&world.owner.caller, world.org, item, change).await.unwrap();
    }

    async fn pick(&self, world: &World, name: &str) -> Result<SigningSetView, Problem> {
        let item = PickedItem {
            profile: self.profile,
            certificate: None,
        };
        world
            .app()
            .create_signing_set(&self.team.caller, self.team.org, name, &[item])
            .await
    }

    async fn files(&self, world: &World, set: &str) -> Result<SetFiles, Problem> {
        let (form, password) = (ExportForm::P12Modern, P12Password::Generated);
        world
            .app()
            .signing_set_files(&self.viewer, self.team.org, set, form, password)
            .await
    }

    async fn missing(&self, world: &World, set: &str) -> Option<String> {
        let view = world.app().signing_set(&self.viewer, self.team.org, set).await.unwrap();
        view.items[0].missing.clone()
    }

    /// What the team's log says, newest first.
    async fn told(&self, world: &World) -> Vec<String> {
        let records = world.app().activity(&self.team.caller, self.team.org, 200).await.unwrap();
        records.into_iter().map(|one| format!("{} {}", one.actor, one.sentence)).collect()
    }
}

testkit::on_both_databases! {
    async fn what_replaces_a_shared_certificate_is_shared_as_it_was(world: World) {
        let stage = stage(&world).await;
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        let (app, until) = (world.app(), world.now() + SignedDuration::from_hours(24 * 30));
        stage.share_until(&world, SigningItem::Certificate(stage.certificate), Some(until)).await;
        stage.share_until(&world, SigningItem::Profile(stage.profile), None).await;
        let renewal = app.renew_certificate(&world.owner.caller, world.org, stage.key, stage.certificate, None).await.unwrap();
        let ended = crate::operations::let_time_pass(&world, &renewal).await;
        let replacement = ended.certificate().unwrap_or_else(|| panic!("{ended:?}"));
        let lent = app.inherited_certificates(&stage.team.caller, stage.team.org).await.unwrap();
        let found = lent.iter().find(|one| one.certificate.id == replacement).unwrap();
        assert_eq!(found.stops_at, Some(until), "until when, stays");
        assert!(log(&world).await.iter().any(|record| record.contains("shared the certificate") && record.contains("Transit")));
        // The team signs with both: the profile has the new one.
        let view = stage.pick(&world, "Store").await.unwrap();
        assert_eq!(view.items[0].certificate.as_ref().unwrap().certificate.id, replacement);
        stage.files(&world, "Store").await.unwrap();
    }

    async fn a_shared_profile_is_seen_below_and_nothing_else_can_be_done_with_it(world: World) {
        let stage = stage(&world).await;
        let (app, team, profile) = (world.app(), &stage.team, stage.profile);
        let other = below(&world, "Metro").await;
        assert_eq!(code(app.profile(&team.caller, team.org, profile).await), "not_found");
        let item = SigningItem::Profile(profile);
        let change = ItemShareChange { share: vec![(ShareTarget::Chosen(team.org), None)], ..ItemShareChange::default() };
        assert_eq!(app.share_item(&world.owner.caller, world.org, item, change.clone()).await.unwrap().words(), "1 of 2");
        assert_eq!(app.shared_profiles(&world.owner.caller, world.org).await.unwrap()[&profile].chosen, 1);
        assert!(app.profile(&world.owner.caller, world.org, profile).await.unwrap().sharing.unwrap().is_shared());

        let lent = app.inherited_profiles(&stage.viewer, team.org).await.unwrap();
        assert_eq!((lent.len(), lent[0].row.profile.id, lent[0].owner.as_str()), (1, profile, "Halden"));
        assert_eq!(lent[0].row.matched, CertificateMatch::NoCertificate, "the certificate in it is not shared");
        stage.share_until(&world, SigningItem::Certificate(stage.certificate), None).await;
        let view = app.profile(&team.caller, team.org, profile).await.unwrap();
        assert_eq!(view.row.matched, CertificateMatch::KeyHeld(stage.certificate));
        assert_eq!((view.lent, view.sharing), (Some(Lender { name: "Halden".to_owned(), stops_at: None }), None));
        assert!(app.inherited_profiles(&other.caller, other.org).await.unwrap().is_empty());
        assert_eq!(code(app.profile(&other.caller, other.org, profile).await), "not_found");
        assert!(app.profiles(&team.caller, team.org, &Default::default(), &Default::default()).await.unwrap().items.is_empty());

        assert_eq!(code(app.download_held_profile(&team.caller, team.org, profile).await), "lent_profile");
        assert_eq!(code(app.remove_profiles(&team.caller, team.org, &[profile]).await), "lent_profile");
        assert_eq!(code(app.rebuild_profile(&team.caller, team.org, stage.key, profile, ProfileChange::default()).await), "lent_profile");
        assert_eq!(code(app.profile_for(&team.caller, team.org, profile, OwnersAct::Remove).await), "lent_profile");
        let passed_on = app.share_item(&team.caller, team.org, item, change).await.unwrap_err();
        assert_eq!(passed_on.code, "lent_profile");
        assert!(passed_on.message.contains("belongs to Halden"), "{}", passed_on.message);
        let records = app.activity(&team.caller, team.org, 50).await.unwrap();
        let denied: Vec<_> = records.iter().filter(|one| one.record.outcome == Outcome::Denied).map(|one| &one.sentence).collect();
        assert!(denied.len() >= 5 && denied.iter().any(|one| one.contains("rebuild a profile that is lent to it")), "{denied:#?}");

        stage.stop(&world, item).await;
        assert_eq!(code(app.profile(&team.caller, team.org, profile).await), "not_found");
        let told = log(&world).await;
        assert!(told.iter().any(|one| one.contains("stopped sharing the profile “Store” with “Transit”")), "{told:#?}");
        assert!(told.iter().any(|one| one.contains("shared the profile “Store” with “Transit”")), "{told:#?}");
        // With the profile go its shares.
        stage.share_until(&world, SigningItem::Certificate(stage.certificate), None).await;
        let all = ItemShareChange { share: vec![(ShareTarget::All, None)], ..ItemShareChange::default() };
        app.share_item(&world.owner.caller, world.org, item, all).await.unwrap();
        app.remove_profiles(&world.owner.caller, world.org, &[profile]).await.unwrap();
        assert!(app.shared_profiles(&world.owner.caller, world.org).await.unwrap().is_empty());
        assert!(app.inherited_profiles(&other.caller, other.org).await.unwrap().is_empty());
    }

    async fn a_team_signs_with_what_is_lent_and_both_logs_say_so(world: World) {
        let stage = stage(&world).await;
        assert_eq!(code(stage.pick(&world, "Ferry").await), "not_found");
        stage.share_until(&world, SigningItem::Profile(stage.profile), None).await;
        let alone = stage.pick(&world, "Ferry").await.unwrap_err();
        assert_eq!(alone.code, "items_unfit", "no certificate of it can be used here");
        stage.share_until(&world, SigningItem::Certificate(stage.certificate), None).await;
        let view = stage.pick(&world, "Ferry").await.unwrap();
        assert_eq!(view.state(), "complete");
        let lent = view.items[0].certificate.as_ref().unwrap();
        assert_eq!((lent.certificate.id, lent.lent.as_ref().unwrap().name.as_str()), (stage.certificate, "Halden"));

        // Who may only look takes the files, and in them what opens.
        let taken = stage.files(&world, "Ferry").await.unwrap();
        let kinds: Vec<_> = taken.files.iter().map(|file| file.kind).collect();
        assert_eq!(kinds, ["certificate", "profile", "export-options"]);
        let password = taken.generated_password.as_ref().map(Shown::expose).unwrap();
        let identity = signing::p12::read(&taken.files[0].download.bytes, password).expect("it opens");
        assert_eq!(identity.certificate.info().sha1_fingerprint.to_uppercase(), lent.certificate.sha1);
        assert_eq!(*taken.files[1].download.bytes, profiles::file(&world, stage.profile).await);

        let theirs = stage.told(&world).await;
        assert_eq!(theirs[0], "viewer used the signing set “Ferry”, with its private keys");
        let name = &lent.certificate.name;
        let ours = log(&world).await;
        let expected = format!("viewer took the certificate “{name}” with its private key, in the files of a signing set of “Transit”");
        assert_eq!(ours.iter().filter(|one| **one == expected).count(), 1, "{ours:#?}");
        // Nothing else leaves: the certificate by itself stays refused.
        let app = world.app();
        let export = app.export_certificate(&stage.team.caller, stage.team.org, stage.certificate, ExportForm::Pem, P12Password::Generated).await;
        assert_eq!(code(export), "lent_certificate");
        // A password that no file can be under is refused before anything is written down.
        let short = P12Password::Given(zeroize::Zeroizing::new("abc".to_owned()));
        let refused = app.signing_set_files(&stage.viewer, stage.team.org, "Ferry", ExportForm::P12Modern, short).await;
        assert_eq!(code(refused.map(drop)), "password_unfit");
        assert_eq!(log(&world).await.len(), ours.len());
    }

    async fn a_set_works_only_while_both_are_shared(world: World) {
        let stage = stage(&world).await;
        stage.share(&world).await;
        stage.pick(&world, "Ferry").await.unwrap();
        stage.files(&world, "Ferry").await.unwrap();
        for (item, why) in stage.items().into_iter().zip([
            "Its certificate is no longer shared with this organization.",
            "Its profile is no longer shared with this organization.",
        ]) {
            stage.stop(&world, item).await;
            assert_eq!(stage.missing(&world, "Ferry").await.as_deref(), Some(why));
            let records = log(&world).await.len();
            let refused = stage.files(&world, "Ferry").await.map(drop).unwrap_err();
            assert_eq!(refused.code, "signing_set_incomplete");
            assert!(refused.message.contains(why), "{}", refused.message);
            assert_eq!(log(&world).await.len(), records, "nothing left, so nothing is said of it");
            stage.share_until(&world, item, None).await;
            assert_eq!(stage.missing(&world, "Ferry").await, None);
            stage.files(&world, "Ferry").await.unwrap();
        }
        for item in stage.items() {
            stage.stop(&world, item).await;
        }
        let both = "Its certificate and its profile are no longer shared with this organization.";
        assert_eq!(stage.missing(&world, "Ferry").await.as_deref(), Some(both));
        // What is removed is gone for good.
        stage.share(&world).await;
        let app = world.app();
        let name = app.certificate(&world.owner.caller, world.org, stage.certificate).await.unwrap().name;
        app.remove_certificate(&world.owner.caller, world.org, stage.certificate, &name).await.unwrap();
        assert_eq!(stage.missing(&world, "Ferry").await.as_deref(), Some("Its certificate was removed."));
        app.remove_profiles(&world.owner.caller, world.org, &[stage.profile]).await.unwrap();
        assert_eq!(stage.missing(&world, "Ferry").await.as_deref(), Some("Its certificate and its profile were removed."));
        assert_eq!(code(stage.files(&world, "Ferry").await.map(drop)), "signing_set_incomplete");
        app.remove_signing_set(&stage.team.caller, stage.team.org, "Ferry").await.unwrap();
    }

    async fn a_share_that_ends_soon_is_told_and_then_it_is_over(world: World) {
        let stage = stage(&world).await;
        let end = world.now() + SignedDuration::from_hours(40);
        stage.share_until(&world, SigningItem::Certificate(stage.certificate), Some(end)).await;
        stage.share_until(&world, SigningItem::Profile(stage.profile), None).await;
        let view = stage.pick(&world, "Ferry").await.unwrap();
        assert_eq!((view.state(), view.ends_at()), ("complete", Some(end)));
        world.advance(20 * 3600);
        let view = world.app().signing_set(&stage.viewer, stage.team.org, "Ferry").await.unwrap();
        assert_eq!((view.state(), view.items[0].ending), ("ending", Some(end)));
        stage.files(&world, "Ferry").await.unwrap();
        world.advance(20 * 3600);
        assert_eq!(code(stage.files(&world, "Ferry").await.map(drop)), "signing_set_incomplete");
    }

    async fn what_another_root_lends_is_out_of_reach(world: World) {
        let stage = stage(&world).await;
        let all = ItemShareChange { share: vec![(ShareTarget::All, None)], ..ItemShareChange::default() };
        for item in stage.items() {
            world.app().share_item(&world.owner.caller, world.org, item, all.clone()).await.unwrap();
        }
        let neighbor = world.neighbor().await;
        let root = neighbor.home().unwrap();
        let sub = world.organization("Harbor", Some(root)).await;
        let person = world.person("harbor", &[(sub, Held::Owner)]).await.signed_in.caller;
        let app = world.app();
        let picked = |certificate| [PickedItem { profile: stage.profile, certificate }];
        for (caller, org) in [(&neighbor.caller, root), (&person, sub)] {
            assert_eq!(code(app.create_signing_set(caller, org, "Ours", &picked(None)).await), "not_found");
            assert_eq!(code(app.create_signing_set(caller, org, "Ours", &picked(Some(stage.certificate))).await), "not_found");
            assert_eq!(code(app.profile(caller, org, stage.profile).await), "not_found");
            assert!(app.inherited_profiles(caller, org).await.unwrap().is_empty());
        }
    }

    async fn ones_own_certificate_is_taken_before_a_lent_one(world: World) {
        let stage = stage(&world).await;
        stage.share(&world).await;
        let app = world.app();
        let password = || P12Password::Given(zeroize::Zeroizing::new("by hand".to_owned()));
        let export = app.export_certificate(&world.owner.caller, world.org, stage.certificate, ExportForm::P12Modern, password()).await.unwrap();
        let imported = app.import_certificates(&stage.team.caller, stage.team.org, export.download.bytes, zeroize::Zeroizing::new("by hand".to_owned())).await.unwrap();
        let own = imported.taken[0].certificate.id;
        let view = stage.pick(&world, "Ferry").await.unwrap();
        assert_eq!(view.items[0].certificate.as_ref().unwrap().certificate.id, own);
        stage.stop(&world, SigningItem::Certificate(stage.certificate)).await;
        let records = log(&world).await.len();
        stage.files(&world, "Ferry").await.unwrap();
        assert_eq!(log(&world).await.len(), records, "nothing of the root's left with its key");
    }
}
