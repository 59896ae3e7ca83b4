//! A binary from its reservation to testers outside of the team, against an Apple that plays all of it.

use apple::{
    AppPlatform, AssetState, BetaAppReviewDetailPatch, BetaAppTexts, BetaGroupFilter, BetaReviewRefusal, BetaReviewState, BetaTesterFilter,
    BetaTesterState, BuildFilter, BuildPatch, BuildUploadFile, BuildUploadFilter, BuildUploadState, Checksums, DeliveryState, Error,
    ExternalBetaState, ForbiddenReason, InternalBetaState, NewBetaGroup, NewBetaTester, NewBuildUpload, NewBuildUploadFile, NewWebhook,
    PartError, PreReleaseVersionFilter, ProcessingState, Session, TesterOf, UniformType, UploadAssetType, WebhookEventType, WebhookPatch,
    Withheld,
};
use bytes::Bytes;
use jiff::SignedDuration;
use simulator::{Api, Decision, Effect, Fault, Role, Uploads};

use super::World;

/// Not a package, but Apple's simulator looks into no package.
const BINARY: &[u8] = &[7; 2500];

/// A world with an app of its own, small parts and a clock that stands.
async fn world() -> (World, Session, String) {
    let world = World::new().await;
    let control = world.apple.control();
    control.clock().freeze();
    control.set_uploads(Uploads {
        part_size: 1000,
        ..Uploads::default()
    });
    let attributes = serde_json::json!({ "name": "Buoy", "bundleId": "no.halden.buoy", "sku": "B", "primaryLocale": "en-US" });
    let app = control.create(Api::AppStore, "apps", &attributes, &serde_json::json!({}));
    let admin = world.admin();
    (world, admin, app.expect("an app"))
}

fn new_upload(app: &str, number: &str) -> NewBuildUpload {
    NewBuildUpload {
        app: app.into(),
        version: "1.0".into(),
        build_number: number.into(),
        platform: AppPlatform::Ios,
    }
}

async fn reserve(session: &Session, app: &str, number: &str) -> (String, BuildUploadFile) {
    let upload = session.build_uploads().create(&new_upload(app, number)).await.expect("reserved");
    let file = NewBuildUploadFile {
        build_upload: upload.id.clone(),
        file_name: "Buoy.pkg".into(),
        file_size: BINARY.len() as u64,
        uti: UniformType::Pkg,
        asset_type: UploadAssetType::Asset,
    };
    let file = session.build_upload_files().create(&file).await.expect("reserved");
    (upload.id, file)
}

/// Sends one part, by its index.
async fn send(world: &World, file: &BuildUploadFile, index: usize) -> Result<(), PartError> {
    let operation = &file.attributes.upload_operations[index];
    let begin = usize::try_from(operation.offset.expect("an offset")).expect("small");
    let length = usize::try_from(operation.length.expect("a length")).expect("small");
    let bytes = Bytes::from_static(&BINARY[begin..begin + length]);
    let bytes = futures::stream::iter([Ok(bytes)]);
    world.client.part_sender().send(operation, bytes).await.map(drop)
}

/// A VALID build with its compliance answered.
async fn build(world: &World, session: &Session, app: &str, number: &str) -> String {
    let build = world.apple.control().create_build(app, "1.0", number).expect("a build");
    let patch = BuildPatch {
        uses_non_exempt_encryption: Some(false),
        expired: None,
    };
    session.builds().patch(&build, &patch).await.expect("answered");
    build
}

fn wait(world: &World, seconds: i64) {
    world.apple.control().clock().advance(SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn a_binary_becomes_a_build() {
    let (world, admin, app) = world().await;
    let (upload, file) = reserve(&admin, &app, "7").await;
    assert_eq!(file.attributes.upload_operations.len(), 3);
    world.apple.control().add_fault(Fault::next("PUT", "/parts/2", Effect::LoseAnswer));
    for index in [2, 0] {
        send(&world, &file, index).await.expect("sent");
    }
    let lost = send(&world, &file, 1).await.expect_err("the answer is lost");
    assert!(lost.can_be_repeated(), "{lost}");
    send(&world, &file, 1).await.expect("sent again");
    let listed = admin.build_upload_files().list(&upload).await.expect("files");
    assert_eq!(listed[0].id, file.id);
    let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, BINARY);
    let hash: String = sha256.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let files = admin.build_upload_files();
    let committed = files
        .commit(&file.id, Some(&Checksums::of_file_sha256(hash)))
        .await
        .expect("committed");
    assert_eq!(committed.attributes.asset_delivery_state.state, Some(AssetState::UploadComplete));
    assert!(committed.attributes.upload_operations.is_empty());

    let taken = admin.build_uploads().create(&new_upload(&app, "7")).await.expect_err("taken");
    let taken = taken.build_number_taken().expect("it says so");
    assert_eq!(taken.previous.as_deref(), Some("7"));
    wait(&world, 3);
    let detail = admin.build_uploads().get(&upload).await.expect("the upload");
    assert_eq!(detail.upload.attributes.state.state, Some(BuildUploadState::Complete));
    let build = detail.upload.build_id().expect("a build").to_owned();
    assert_eq!(detail.build.expect("included").id, build);
    let read = admin.builds().get(&build).await.expect("the build");
    assert_eq!(read.build.attributes.processing_state, Some(ProcessingState::Processing));
    wait(&world, 3);
    let filter = BuildFilter {
        apps: vec![app.clone()],
        versions: vec!["1.0".into()],
        platforms: vec![AppPlatform::Ios],
        processing_states: vec![ProcessingState::Valid],
        expired: Some(false),
        ..Default::default()
    };
    let builds = admin.builds().list(&filter).await.expect("builds");
    assert_eq!(builds.len(), 1);
    assert_eq!(builds[0].app.as_deref(), Some(app.as_str()));
    let beta = builds[0].beta.as_ref().expect("included");
    assert_eq!(
        beta.attributes.internal_build_state,
        Some(InternalBetaState::MissingExportCompliance)
    );
    let filter = BuildUploadFilter {
        states: vec![BuildUploadState::Complete],
        ..Default::default()
    };
    assert_eq!(admin.build_uploads().list(&app, &filter).await.expect("uploads").len(), 1);
    let versions = PreReleaseVersionFilter {
        apps: vec![app.clone()],
        ..Default::default()
    };
    assert_eq!(admin.pre_release_versions().list(&versions).await.expect("versions").len(), 1);

    let (abandoned, _) = reserve(&admin, &app, "8").await;
    admin.build_uploads().delete(&abandoned).await.expect("deleted");
}

#[tokio::test]
async fn a_build_comes_to_testers_inside_and_outside() {
    let (world, admin, app) = world().await;
    let control = world.apple.control();
    control.add_user("Kari", "Nordli", "kari@halden.example");
    let group = |name: &str, is_internal_group| NewBetaGroup {
        app: app.clone(),
        name: name.into(),
        is_internal_group,
        ..Default::default()
    };
    let crew = admin.beta_groups().create(&group("Crew", true)).await.expect("a group").id;
    let guests = admin.beta_groups().create(&group("Guests", false)).await.expect("a group").id;
    let tester = |email: &str, group: &str| NewBetaTester {
        email: email.into(),
        first_name: Some("Somebody".into()),
        last_name: None,
        of: TesterOf::Groups(vec![group.to_owned()]),
    };
    let stranger = admin.beta_testers().create(&tester("nobody@example.com", &crew)).await;
    assert!(matches!(stranger, Err(Error::Conflict { .. })), "{stranger:?}");
    admin
        .beta_testers()
        .create(&tester("kari@halden.example", &crew))
        .await
        .expect("of the team");
    let guest = admin
        .beta_testers()
        .create(&tester("guest@example.com", &guests))
        .await
        .expect("a tester");
    let build = build(&world, &admin, &app, "1").await;
    admin
        .builds()
        .add_to_groups(&build, &[crew.clone(), guests.clone()])
        .await
        .expect("added");

    let details = BetaAppReviewDetailPatch {
        contact_first_name: Some("Kari".into()),
        contact_last_name: Some("Nordli".into()),
        contact_phone: Some("+47 1".into()),
        contact_email: Some("kari@halden.example".into()),
        ..Default::default()
    };
    let own = admin
        .beta_app_review_details()
        .list(std::slice::from_ref(&app))
        .await
        .expect("details");
    admin.beta_app_review_details().patch(&own[0].id, &details).await.expect("told");
    let texts = admin
        .beta_app_localizations()
        .list(std::slice::from_ref(&app))
        .await
        .expect("texts");
    let about = BetaAppTexts {
        description: Some("Buoys.".into()),
        feedback_email: Some("beta@halden.example".into()),
        ..Default::default()
    };
    admin.beta_app_localizations().patch(&texts[0].id, &about).await.expect("told");
    let texts = admin
        .beta_build_localizations()
        .list(std::slice::from_ref(&build))
        .await
        .expect("texts");
    admin
        .beta_build_localizations()
        .patch(&texts[0].id, "Try the map.")
        .await
        .expect("told");
    let agreements = admin
        .beta_license_agreements()
        .list(std::slice::from_ref(&app))
        .await
        .expect("agreements");
    admin
        .beta_license_agreements()
        .patch(&agreements[0].id, "Be kind.")
        .await
        .expect("changed");

    let submission = admin.beta_app_review_submissions().create(&build).await.expect("submitted");
    assert_eq!(submission.attributes.beta_review_state, Some(BetaReviewState::WaitingForReview));
    let second = self::build(&world, &admin, &app, "2").await;
    let refused = admin
        .beta_app_review_submissions()
        .create(&second)
        .await
        .expect_err("another is in review");
    assert_eq!(refused.beta_review_refusal(), Some(BetaReviewRefusal::AnotherBuildInReview));
    assert!(control.review(&build, Decision::Approve));
    let spread = admin.builds().distribution(&build).await.expect("who gets it");
    assert_eq!(spread.groups.len(), 2);
    assert_eq!(spread.texts[0].attributes.whats_new.as_deref(), Some("Try the map."));
    assert_eq!(
        spread.review.expect("submitted").attributes.beta_review_state,
        Some(BetaReviewState::Approved)
    );
    let beta = spread.detail.beta.expect("included").attributes;
    assert_eq!(beta.internal_build_state, Some(InternalBetaState::InBetaTesting));
    assert_eq!(beta.external_build_state, Some(ExternalBetaState::InBetaTesting));
    admin.build_beta_notifications().create(&build).await.expect("notified");
    admin.beta_testers().invite(&app, &guest.id).await.expect("invited");
    let filter = BetaTesterFilter {
        apps: vec![app.clone()],
        ..Default::default()
    };
    let testers = admin.beta_testers().list(&filter).await.expect("testers");
    assert!(
        testers
            .iter()
            .all(|tester| tester.attributes.state == Some(BetaTesterState::Invited))
    );
    admin
        .beta_groups()
        .remove_testers(&guests, std::slice::from_ref(&guest.id))
        .await
        .expect("removed");
    admin.beta_testers().delete(&guest.id).await.expect("deleted");
    admin
        .builds()
        .remove_from_groups(&build, std::slice::from_ref(&guests))
        .await
        .expect("removed");
    admin.beta_groups().delete(&guests).await.expect("deleted");
    let filter = BetaGroupFilter {
        builds: vec![build],
        ..Default::default()
    };
    assert_eq!(admin.beta_groups().list(&filter).await.expect("groups").len(), 1);
}

#[tokio::test]
async fn a_developer_key_is_told_what_it_may_not_do() {
    let (world, _, app) = world().await;
    let developer = world.session(simulator::KeyKind::Team, Role::Developer);
    let group = |is_internal_group| NewBetaGroup {
        app: app.clone(),
        name: "Crew".into(),
        is_internal_group,
        ..Default::default()
    };
    developer.beta_groups().create(&group(true)).await.expect("inside of the team");
    let outside = developer.beta_groups().create(&group(false)).await;
    assert!(
        matches!(
            outside,
            Err(Error::Forbidden {
                reason: ForbiddenReason::Unprocessable,
                ..
            })
        ),
        "{outside:?}"
    );
    let build = world.apple.control().create_build(&app, "1.0", "1").expect("a build");
    let review = developer.beta_app_review_submissions().create(&build).await;
    assert!(
        matches!(
            review,
            Err(Error::Forbidden {
                reason: ForbiddenReason::RoleTooLow,
                ..
            })
        ),
        "{review:?}"
    );
    reserve(&developer, &app, "2").await;
    reserve(&world.session(simulator::KeyKind::Individual, Role::AppManager), &app, "3").await;
}

#[tokio::test]
async fn webhooks_are_kept_tried_and_asked_again() {
    let (world, admin, app) = world().await;
    let new = NewWebhook {
        app: app.clone(),
        name: "Russet".into(),
        url: world.apple.control_url(), // answers anything, if not kindly
        secret: Withheld::new("a secret of eleven knots".to_owned()),
        event_types: vec![WebhookEventType::BuildUploadStateUpdated],
        enabled: true,
    };
    let webhook = admin.webhooks().create(&new).await.expect("a webhook").id;
    assert_eq!(admin.webhooks().list(&app).await.expect("webhooks").len(), 1);
    admin.webhooks().ping(&webhook).await.expect("a ping");
    let failed = loop {
        let failed = admin
            .webhooks()
            .deliveries(&webhook, &[DeliveryState::Failed])
            .await
            .expect("deliveries");
        if let Some(failed) = failed.into_iter().next() {
            break failed;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(failed.attributes.response.http_status_code, Some(404));
    let again = admin.webhooks().redeliver(&failed.id).await.expect("again");
    assert_eq!(again.attributes.redelivery, Some(true));
    let patch = WebhookPatch {
        enabled: Some(false),
        ..Default::default()
    };
    let patched = admin.webhooks().patch(&webhook, &patch).await.expect("changed");
    assert_eq!(patched.attributes.enabled, Some(false));
    admin.webhooks().delete(&webhook).await.expect("deleted");
}
