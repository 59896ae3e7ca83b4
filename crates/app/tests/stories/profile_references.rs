//! Profiles of which only a reference is held: their files are fetched from Apple at each use, through the key that brought them.

use crate::{
    code, log,
    operations::{at_apple, let_time_pass},
    profiles::{certificate, file, one, registered, wanted},
    sharing::{below, share_with_all},
    signing_sets::{ask, pairs, ready, show, wish},
};
use app::{
    Caller, Problem,
    certificates::P12Password,
    lending::{ItemShareChange, SigningItem},
    profiles::{CertificateMatch, Fetched, ProfileChange},
    signing_sets::{PickedItem, SetFiles},
};
use domain::{
    ApiKeyId, CertificateId, HeldProfile, OperationState, OrgId, ProfileId, ProfileState, ShareTarget,
    activity::ExportForm,
    policy::{Grade, Module, Role as Held},
};
use serde_json::{Value, json};
use simulator::Api;
use testkit::{AppleError, Effect, Fault, KeyKind, Role, World};

const READ: &str = "GET /v1/profiles/{id}";

/// A held certificate, and a reference to a profile that has it.
struct Stage {
    key: ApiKeyId,
    certificate: CertificateId,
    profile: ProfileId,
}

async fn stage(world: &World) -> Stage {
    let key = world.link(Role::Admin).await;
    let certificate = certificate(world, key, "DISTRIBUTION").await;
    let profile = registered(world, key, wanted("Store", "IOS_APP_STORE", "no.halden.ferry", None)).await;
    let stage = Stage { key, certificate, profile };
    let fetched = stage.refer(world).await;
    assert_eq!((fetched.new.len(), fetched.changed.len()), (0, 1), "{:?}", fetched.left_out);
    stage
}

impl Stage {
    async fn held(&self, world: &World) -> HeldProfile {
        one(world, self.profile).await.profile
    }

    async fn apple_id(&self, world: &World) -> String {
        self.held(world).await.apple_id.unwrap()
    }

    async fn refer(&self, world: &World) -> Fetched {
        let chosen = [self.apple_id(world).await];
        let app = world.app();
        let fetched = app
            .fetch_profile_references(&world.owner.caller, world.org, self.key, Some(&chosen))
            .await;
        fetched.unwrap()
    }

    async fn download(&self, world: &World) -> Result<Vec<u8>, Problem> {
        let download = world
            .app()
            .download_held_profile(&world.owner.caller, world.org, self.profile)
            .await;
        download.map(|download| download.bytes.to_vec())
    }

    async fn pick(&self, world: &World, caller: &Caller, org: OrgId) {
        let item = PickedItem {
            profile: self.profile,
            certificate: None,
        };
        world.app().create_signing_set(caller, org, "Ferry", &[item]).await.unwrap();
    }

    /// What Apple has in its place after somebody made it anew elsewhere, under its name.
    async fn made_anew_elsewhere(&self, world: &World) -> String {
        let control = world.apple.control();
        let apple_id = self.apple_id(world).await;
        let old = control.objects(Api::AppStore, "profiles").unwrap();
        let old = old.into_iter().find(|profile| profile["id"] == apple_id.as_str()).unwrap();
        let links = json!({ "bundleId": old["links"]["bundleId"][0], "certificates": old["links"]["certificates"] });
        self.gone(world).await;
        let attributes = json!({ "name": "Store", "profileType": "IOS_APP_STORE" });
        control.create(Api::AppStore, "profiles", &attributes, &links).unwrap()
    }

    /// Deletes the profile at Apple by other hands, and nobody here hears of it.
    async fn gone(&self, world: &World) {
        let (app, apple_id) = (world.app(), self.apple_id(world).await);
        let org = world.organization("Elsewhere", None).await;
        let they = world.person("elsewhere", &[(org, Held::Owner)]).await.signed_in.caller;
        let entered = world.entered(world.key_file(KeyKind::Team, Role::Admin));
        let key = app.add_key(&they, org, entered).await.unwrap().summary.key.id;
        let there = at_apple(world, "profiles");
        app.delete_profile_at_apple(&they, org, key, &apple_id, "Store").await.unwrap();
        app.run_due_jobs().await.unwrap();
        assert_eq!(at_apple(world, "profiles"), there - 1);
    }
}

async fn files(world: &World, caller: &Caller, org: OrgId) -> Result<SetFiles, Problem> {
    let (form, password) = (ExportForm::P12Modern, P12Password::Generated);
    world.app().signing_set_files(caller, org, "Ferry", form, password).await
}

async fn viewer(world: &World, org: OrgId) -> Caller {
    let role = Held::In(Module::Signing, Grade::Viewer);
    world.person("viewer", &[(org, role)]).await.signed_in.caller
}

fn profile_of(files: &SetFiles) -> (&str, &[u8]) {
    let found = files.files.iter().find(|file| file.kind == "profile").unwrap();
    (&found.download.file_name, &found.download.bytes)
}

testkit::on_both_databases! {
    async fn a_reference_has_its_file_fetched_at_each_use(world: World) {
        let stage = stage(&world).await;
        let before = world.requests();
        let view = world.app().profile(&world.owner.caller, world.org, stage.profile).await.unwrap();
        assert!(view.row.profile.is_reference && view.signed_by.contains("reference"), "{}", view.signed_by);
        assert_eq!((view.row.state, view.row.matched), (ProfileState::Ready, CertificateMatch::KeyHeld(stage.certificate)));
        assert_eq!((view.certificates.len(), view.certificates[0].key_held), (1, true));
        assert_eq!(world.requests(), before, "nobody asks Apple for a page");
        assert!(log(&world).await.iter().any(|record| record == "Elin fetched the profile “Store” from Apple as a reference, without its file"));

        let first = stage.download(&world).await.unwrap();
        assert_eq!(first, stage.download(&world).await.unwrap());
        assert_eq!(world.count(READ), 2, "at each use");
        let records = log(&world).await;
        assert!(records[0].contains("downloaded the profile “Store”") && records[1].contains("used the key"), "{records:#?}");

        // Fetched again without the choice it is kept, and Apple is not asked any more; and back.
        let chosen = [stage.apple_id(&world).await];
        let kept = world.app().fetch_profiles(&world.owner.caller, world.org, stage.key, Some(&chosen)).await.unwrap();
        assert_eq!((kept.changed.len(), kept.changed[0].profile.id), (1, stage.profile));
        let before = world.requests();
        assert_eq!((file(&world, stage.profile).await, world.requests()), (first, before));
        assert_eq!(stage.refer(&world).await.changed.len(), 1);
        assert_eq!(stage.refer(&world).await.unchanged, 1);
        stage.download(&world).await.unwrap();
        assert!(world.requests() > before);
    }

    async fn a_whole_account_comes_as_references(world: World) {
        let key = world.link(Role::Admin).await;
        let fetched = world.app().fetch_profile_references(&world.owner.caller, world.org, key, None).await.unwrap();
        assert_eq!(fetched.new.len(), at_apple(&world, "profiles"));
        assert!(fetched.new.iter().all(|row| row.profile.is_reference));
    }

    async fn a_set_with_a_reference_asks_apple_when_its_files_leave_and_not_before(world: World) {
        let stage = stage(&world).await;
        stage.pick(&world, &world.owner.caller, world.org).await;
        let viewer = viewer(&world, world.org).await;
        let before = world.requests();
        assert!(show(&world, "Ferry").await.is_complete());
        assert_eq!(world.requests(), before);
        let taken = files(&world, &viewer, world.org).await.unwrap();
        assert_eq!(world.count(READ), 1);
        let held = stage.held(&world).await;
        let (name, bytes) = profile_of(&taken);
        assert_eq!(name, format!("{}.mobileprovision", held.uuid));
        assert_eq!(bytes, stage.download(&world).await.unwrap());
        let records = log(&world).await;
        assert!(records.iter().any(|record| record.starts_with("viewer used the key")), "{records:#?}");
        assert!(records.iter().any(|record| record.contains("viewer used the signing set “Ferry”")), "{records:#?}");
    }

    async fn a_warm_ensure_of_a_set_with_a_reference_asks_nothing(world: World) {
        let stage = stage(&world).await;
        let begun = crate::signing_sets::ensured(&world, stage.key, wish(&["no.halden.ferry"])).await;
        assert_eq!(pairs(&begun), [(stage.profile, stage.certificate)], "it is used, and no other one is made");
        assert!(stage.held(&world).await.is_reference, "what is looked at stays a reference");
        let before = world.requests();
        ready(ask(&world, stage.key, wish(&["no.halden.ferry"])).await);
        assert_eq!(world.requests(), before);
    }

    async fn what_stands_in_the_way_at_apple_is_said_and_nothing_leaves(world: World) {
        let stage = stage(&world).await;
        stage.pick(&world, &world.owner.caller, world.org).await;
        let control = world.apple.control();
        let said = |problem: Problem| (problem.code, problem.message);
        for (effect, wanted) in [
            (Effect::Apple { error: AppleError::Unexpected }, "apple_unreachable"),
            (Effect::Apple { error: AppleError::Forbidden }, "apple_forbids"),
        ] {
            control.add_fault(Fault::next("GET", "/v1/profiles/{id}", effect).times(20));
            let (code, message) = said(stage.download(&world).await.unwrap_err());
            assert_eq!(code, wanted, "{message}");
            assert!(message.contains("only a reference is held here") && message.contains("Nothing was handed out"), "{message}");
            assert_eq!(said(files(&world, &world.owner.caller, world.org).await.map(drop).unwrap_err()).0, wanted);
            control.clear_faults();
        }
        let apple_id = stage.apple_id(&world).await;
        let content = control.objects(Api::AppStore, "profiles").unwrap().into_iter().find(|one| one["id"] == apple_id.as_str()).unwrap();
        let content: Value = content["attributes"]["profileContent"].clone();
        control.set(Api::AppStore, "profiles", &apple_id, "profileContent", &json!("AAAA")).unwrap();
        assert_eq!(code(stage.download(&world).await), "profile_damaged");
        control.set(Api::AppStore, "profiles", &apple_id, "profileContent", &content).unwrap();
        stage.download(&world).await.unwrap();
        let records = log(&world).await;
        let left = records.iter().filter(|record| record.contains("downloaded") || record.contains("used the signing set")).count();
        assert_eq!(left, 1, "only the last one: {records:#?}");

        control.set(Api::AppStore, "profiles", &apple_id, "profileState", &json!("INVALID")).unwrap();
        assert_eq!(said(files(&world, &world.owner.caller, world.org).await.map(drop).unwrap_err()).0, "profile_invalid");
        assert_eq!(one(&world, stage.profile).await.state, ProfileState::Invalid, "and that is known here from now on");
        assert_eq!(code(files(&world, &world.owner.caller, world.org).await.map(drop)), "signing_set_incomplete");
        control.set(Api::AppStore, "profiles", &apple_id, "profileState", &json!("ACTIVE")).unwrap();
        stage.download(&world).await.unwrap();
        assert_eq!(one(&world, stage.profile).await.state, ProfileState::Ready);

        stage.gone(&world).await;
        let (code, message) = said(stage.download(&world).await.unwrap_err());
        assert_eq!(code, "profile_gone", "{message}");
        assert!(message.contains("Apple has no such profile any more"), "{message}");
        let held = one(&world, stage.profile).await;
        assert_eq!((held.state, held.profile.apple_id), (ProfileState::Invalid, None));
    }

    async fn without_its_key_a_reference_says_so(world: World) {
        let stage = stage(&world).await;
        let key = world.app().key(&world.owner.caller, world.org, stage.key).await.unwrap().summary.key;
        let name = key.name.to_string();
        world.apple.control().set_revoked(key.key_id.as_str(), true).unwrap();
        assert_eq!(code(stage.download(&world).await), "apple_refused_key");
        world.app().remove_key(&world.owner.caller, world.org, stage.key, &name).await.unwrap();
        let problem = stage.download(&world).await.unwrap_err();
        assert_eq!(problem.code, "reference_without_key");
        assert!(problem.message.contains("Fetch it again with another key"), "{}", problem.message);
    }

    async fn a_reference_follows_its_profile(world: World) {
        let stage = stage(&world).await;
        stage.pick(&world, &world.owner.caller, world.org).await;
        let before = stage.held(&world).await;
        // Built anew here it stays a reference, with the new UUID.
        let operation = world.app().rebuild_profile(&world.owner.caller, world.org, stage.key, stage.profile, ProfileChange::default()).await.unwrap();
        let ended = let_time_pass(&world, &operation).await;
        assert_eq!(ended.profile(), Some(stage.profile), "{ended:?}");
        let rebuilt = stage.held(&world).await;
        assert!(rebuilt.is_reference && rebuilt.uuid != before.uuid);
        let (first, second) = (stage.download(&world).await.unwrap(), files(&world, &world.owner.caller, world.org).await.unwrap());
        assert_eq!(first, profile_of(&second).1);
        // Made anew elsewhere it is followed by its name, and its new UUID is told.
        let anew = stage.made_anew_elsewhere(&world).await;
        let taken = files(&world, &world.owner.caller, world.org).await.unwrap();
        let followed = stage.held(&world).await;
        assert_eq!((followed.apple_id.as_deref(), followed.is_reference), (Some(anew.as_str()), true));
        assert_ne!(followed.uuid, rebuilt.uuid);
        assert_eq!(profile_of(&taken).0, format!("{}.mobileprovision", followed.uuid), "the file that left is the one that is there");
        let told = format!("the UUID of the profile “Store” from {} to {}", rebuilt.uuid, followed.uuid);
        assert!(log(&world).await.iter().any(|record| record.contains(&told)));
    }

    async fn a_renewal_leaves_a_reference_a_reference(world: World) {
        let stage = stage(&world).await;
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        let renewal = world.app().renew_certificate(&world.owner.caller, world.org, stage.key, stage.certificate, None).await.unwrap();
        let ended = let_time_pass(&world, &renewal).await;
        let replacement = ended.certificate().unwrap_or_else(|| panic!("{ended:?}"));
        let row = one(&world, stage.profile).await;
        assert!(row.profile.is_reference);
        assert_eq!(row.matched, CertificateMatch::KeyHeld(replacement));
        stage.download(&world).await.unwrap();
    }

    async fn a_reference_that_could_not_be_built_anew_has_no_file(world: World) {
        let stage = stage(&world).await;
        let forbidden = Effect::Apple { error: AppleError::Forbidden };
        world.apple.control().add_fault(Fault::next("POST", "/v1/profiles", forbidden));
        let operation = world.app().rebuild_profile(&world.owner.caller, world.org, stage.key, stage.profile, ProfileChange::default()).await.unwrap();
        let OperationState::Failed { why } = let_time_pass(&world, &operation).await else { panic!("not failed") };
        assert!(why.contains("The reference to it is marked as rebuilding"), "{why}");
        assert_eq!(code(stage.download(&world).await), "profile_rebuilding");
    }

    async fn a_lent_reference_needs_the_key_too(world: World) {
        let stage = stage(&world).await;
        let team = below(&world, "Transit").await;
        for item in [SigningItem::Certificate(stage.certificate), SigningItem::Profile(stage.profile)] {
            let share = vec![(ShareTarget::Chosen(team.org), None)];
            let change = ItemShareChange { share, ..ItemShareChange::default() };
            world.app().share_item(&world.owner.caller, world.org, item, change).await.unwrap();
        }
        stage.pick(&world, &team.caller, team.org).await;
        let seen = world.app().profile(&team.caller, team.org, stage.profile).await.unwrap();
        assert!(seen.row.profile.is_reference && seen.certificates.len() == 1);
        let viewer = viewer(&world, team.org).await;
        let before = world.requests();
        let problem = files(&world, &viewer, team.org).await.map(drop).unwrap_err();
        assert_eq!((problem.code, world.requests()), ("reference_key_not_shared", before));
        assert!(problem.message.contains("Its owner can share that key"), "{}", problem.message);
        share_with_all(&world, stage.key).await;
        let taken = files(&world, &viewer, team.org).await.unwrap();
        assert_eq!(profile_of(&taken).1, stage.download(&world).await.unwrap());
        // The use of the key is in the log of who used it.
        let told = world.app().activity(&team.caller, team.org, 50).await.unwrap();
        assert!(told.iter().any(|record| record.sentence.contains("used the key")), "{told:#?}");
        // Another one at Apple is handed out as it is; what the owner knows of it is the owner's to learn.
        let known = stage.held(&world).await.uuid;
        stage.made_anew_elsewhere(&world).await;
        let taken = files(&world, &viewer, team.org).await.unwrap();
        assert_eq!(stage.held(&world).await.uuid, known);
        assert!(!profile_of(&taken).0.contains(&known));
    }
}
