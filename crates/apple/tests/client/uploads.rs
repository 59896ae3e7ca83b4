//! Uploads and builds: what is sent to Apple, to the letter, and how its answers are read.

use apple::{
    AppPlatform, AssetState, BuildAudienceType, BuildFilter, BuildPatch, BuildUploadFilter, BuildUploadState, Checksum, ChecksumAlgorithm,
    Checksums, Error, ExternalBetaState, InternalBetaState, NewBuildUpload, NewBuildUploadFile, PreReleaseVersionFilter, ProcessingState,
    UniformType, UploadAssetType,
};
use serde_json::{Value, json};

use crate::stage::{Play, Stage, answer};

const BUILD_FIELDS: &str = "fields[builds]=version,uploadedDate,expirationDate,expired,minOsVersion,lsMinimumSystemVersion,processingState,buildAudienceType,usesNonExemptEncryption,preReleaseVersion,buildBetaDetail,app";
const UPLOAD_FIELDS: &str = "fields[buildUploads]=cfBundleShortVersionString,cfBundleVersion,platform,state,createdDate,uploadedDate,build";

fn new_upload() -> NewBuildUpload {
    NewBuildUpload {
        app: "6446".into(),
        version: "2.1".into(),
        build_number: "57".into(),
        platform: AppPlatform::Ios,
    }
}

fn one(kind: &str) -> Play {
    answer(201, &json!({"data": {"type": kind, "id": "ID"}}).to_string())
}

#[tokio::test]
async fn the_writes_of_an_upload_have_apples_shape() {
    let kinds = [
        "buildUploads",
        "buildUploadFiles",
        "buildUploadFiles",
        "buildUploadFiles",
        "builds",
        "buildBetaDetails",
    ];
    let stage = Stage::new(kinds.into_iter().map(one).collect()).await;
    let s = stage.team();
    s.build_uploads().create(&new_upload()).await.expect("reserved");
    let file = NewBuildUploadFile {
        build_upload: "U".into(),
        file_name: "App.ipa".into(),
        file_size: 5_000_000_000,
        uti: UniformType::Ipa,
        asset_type: UploadAssetType::Asset,
    };
    s.build_upload_files().create(&file).await.expect("reserved");
    s.build_upload_files().commit("F", None).await.expect("committed");
    let mut checksums = Checksums::of_file_sha256("ab".into());
    checksums.composite = Some(Checksum {
        hash: Some("cd".into()),
        algorithm: Some(ChecksumAlgorithm::Md5),
    });
    s.build_upload_files().commit("F", Some(&checksums)).await.expect("committed");
    let patch = BuildPatch {
        uses_non_exempt_encryption: Some(false),
        expired: None,
    };
    s.builds().patch("B", &patch).await.expect("patched");
    s.build_beta_details().set_auto_notify("D", true).await.expect("patched");

    let expected = [
        (
            "POST /v1/buildUploads",
            json!({"type": "buildUploads",
            "attributes": {"cfBundleShortVersionString": "2.1", "cfBundleVersion": "57", "platform": "IOS"},
            "relationships": {"app": {"data": {"type": "apps", "id": "6446"}}}}),
        ),
        (
            "POST /v1/buildUploadFiles",
            json!({"type": "buildUploadFiles",
            "attributes": {"assetType": "ASSET", "fileName": "App.ipa", "fileSize": 5_000_000_000_u64, "uti": "com.apple.ipa"},
            "relationships": {"buildUpload": {"data": {"type": "buildUploads", "id": "U"}}}}),
        ),
        (
            "PATCH /v1/buildUploadFiles/F",
            json!({"type": "buildUploadFiles", "id": "F", "attributes": {"uploaded": true}}),
        ),
        (
            "PATCH /v1/buildUploadFiles/F",
            json!({"type": "buildUploadFiles", "id": "F", "attributes": {"uploaded": true, "sourceFileChecksums": {
            "file": {"hash": "ab", "algorithm": "SHA_256"}, "composite": {"hash": "cd", "algorithm": "MD5"}}}}),
        ),
        (
            "PATCH /v1/builds/B",
            json!({"type": "builds", "id": "B", "attributes": {"usesNonExemptEncryption": false}}),
        ),
        (
            "PATCH /v1/buildBetaDetails/D",
            json!({"type": "buildBetaDetails", "id": "D", "attributes": {"autoNotifyEnabled": true}}),
        ),
    ];
    let expected = expected.map(|(target, data)| (target.to_owned(), json!({ "data": data })));
    assert_eq!(stage.written(), expected);
}

#[tokio::test]
async fn an_upload_is_read_with_its_build_and_what_apple_found() {
    let body = json!({
        "data": {"type": "buildUploads", "id": "U", "attributes": {
            "cfBundleShortVersionString": "2.1", "cfBundleVersion": "57", "platform": "IOS",
            "createdDate": "2026-10-21T00:28:00-07:00", "uploadedDate": null, "shine": 1,
            "state": {"state": "COMPLETE", "errors": [], "warnings": [{"code": "90473", "description": "The extension …"}], "infos": null}},
            "relationships": {"build": {"data": {"type": "builds", "id": "B"}}}},
        "included": [{"type": "builds", "id": "B", "attributes": {"version": "57", "processingState": "VALID"}}],
    });
    let stage = Stage::new(vec![answer(200, &body.to_string())]).await;
    let detail = stage.team().build_uploads().get("U").await.expect("an upload");
    assert_eq!(detail.upload.build_id(), Some("B"));
    let upload = detail.upload.attributes;
    assert_eq!(
        (upload.version.as_deref(), upload.build_number.as_deref()),
        (Some("2.1"), Some("57"))
    );
    assert_eq!(upload.platform, Some(AppPlatform::Ios));
    assert_eq!(upload.created_date.expect("a date").to_string(), "2026-10-21T07:28:00Z");
    assert_eq!(upload.other["shine"], 1);
    assert_eq!(upload.state.state, Some(BuildUploadState::Complete));
    assert_eq!(upload.state.warnings[0].code.as_deref(), Some("90473"));
    let build = detail.build.expect("a build").attributes;
    assert_eq!(build.processing_state, Some(ProcessingState::Valid));
    assert_eq!(
        stage.targets(),
        [format!("GET /v1/buildUploads/U?include=build&{UPLOAD_FIELDS}&{BUILD_FIELDS}")]
    );
}

#[tokio::test]
async fn an_upload_may_say_nothing_of_itself() {
    for body in [
        r#"{"data":{"type":"buildUploads","id":"U"}}"#,
        r#"{"data":{"type":"buildUploads","id":"U","attributes":{"state":null},"relationships":{"build":{"data":null}}}}"#,
        r#"{"data":{"type":"buildUploads","id":"U","attributes":{"state":{"errors":null,"state":null}}}}"#,
    ] {
        let stage = Stage::new(vec![answer(200, body)]).await;
        let detail = stage.team().build_uploads().get("U").await.expect(body);
        assert_eq!(detail.upload.attributes.state.state, None);
        assert!(detail.upload.build_id().is_none() && detail.build.is_none());
    }
}

#[tokio::test]
async fn uploads_are_listed_newest_first_and_no_more_than_asked_for() {
    let page = json!({
        "data": [{"type": "buildUploads", "id": "2", "relationships": {"build": {"data": {"type": "builds", "id": "B"}}}},
                 {"type": "buildUploads", "id": "1"}],
        "included": [{"type": "builds", "id": "B", "attributes": {"version": "57"}}],
        "links": {"next": "/v1/apps/6446/buildUploads?cursor=X"}});
    let stage = Stage::new(vec![answer(200, &page.to_string())]).await;
    let filter = BuildUploadFilter {
        versions: vec!["2.1".into()],
        build_numbers: vec!["57".into(), "58".into()],
        platforms: vec![AppPlatform::VisionOs],
        states: vec![BuildUploadState::Processing, BuildUploadState::Complete],
        at_most: Some(2),
    };
    let uploads = stage.team().build_uploads().list("6446", &filter).await.expect("a list");
    let with_build: Vec<bool> = uploads.iter().map(|detail| detail.build.is_some()).collect();
    assert_eq!(with_build, [true, false]);
    assert_eq!(
        stage.targets(),
        [format!(
            "GET /v1/apps/6446/buildUploads?include=build&{UPLOAD_FIELDS}&{BUILD_FIELDS}&filter[cfBundleShortVersionString]=2.1&filter[cfBundleVersion]=57,58&filter[platform]=VISION_OS&filter[state]=PROCESSING,COMPLETE&sort=-uploadedDate&limit=2"
        )]
    );
}

#[tokio::test]
async fn a_used_build_number_is_recognized() {
    let refusal = |pointer: &str, meta: Value| {
        let error = json!({"errors": [{"status": "409", "code": "ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE",
            "title": "The provided entity includes an attribute with a value that has already been used",
            "detail": "The bundle version must be higher than the previously uploaded version.",
            "source": {"pointer": pointer}, "meta": meta}]});
        answer(409, &error.to_string())
    };
    let stage = Stage::new(vec![
        refusal("/data/attributes/cfBundleVersion", json!({"previousBundleVersion": "56"})),
        refusal("/data/attributes/cfBundleVersion", Value::Null),
        refusal("/data/attributes/name", json!({"previousBundleVersion": "56"})),
    ])
    .await;
    let mut found = Vec::new();
    for _ in 0..3 {
        let error = stage.team().build_uploads().create(&new_upload()).await.expect_err("a refusal");
        assert!(error.human().contains("must be higher"), "{}", error.human());
        found.push(error.build_number_taken().map(|taken| taken.previous));
    }
    assert_eq!(found, [Some(Some("56".to_owned())), Some(None), None]);
}

#[tokio::test]
async fn a_reservation_is_not_repeated_when_its_outcome_is_unknown() {
    for play in [Play::HangUp, answer(500, ""), answer(201, "")] {
        let stage = Stage::new(vec![play, one("buildUploads")]).await;
        let error = stage.team().build_uploads().create(&new_upload()).await.expect_err("a lost answer");
        assert!(error.outcome_is_unknown(), "{error}");
        assert_eq!(stage.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_file_tells_its_pieces_and_hides_their_addresses() {
    let body = json!({"data": {"type": "buildUploadFiles", "id": "F", "attributes": {
        "assetType": "ASSET", "fileName": "App.ipa", "fileSize": 9_000_000_000_u64, "uti": "com.apple.ipa",
        "assetToken": "canary-token", "assetDeliveryState": {"state": "AWAITING_UPLOAD", "errors": null},
        "uploadOperations": [{"method": "PUT", "url": "https://s.example/p?X-Amz-Signature=canary-url", "length": 10, "offset": 20,
            "requestHeaders": [{"name": "Content-Type", "value": "canary-header"}],
            "expiration": "2026-10-21T08:28:00Z", "partNumber": 3, "entityTag": null}]}}});
    let committed = json!({"data": {"type": "buildUploadFiles", "id": "F", "attributes": {
        "assetDeliveryState": {"state": "COMPLETE"}, "uploadOperations": null,
        "sourceFileChecksums": {"file": {"hash": "ab", "algorithm": "SHA_256"}, "composite": null}}}});
    let listed = json!({"data": [committed["data"]]});
    let plays = [(201, &body), (200, &committed), (200, &listed)];
    let stage = Stage::new(plays.into_iter().map(|(status, body)| answer(status, &body.to_string())).collect()).await;
    let files = stage.team();
    let files = files.build_upload_files();
    let file = files.get("F").await.expect("a file");
    let printed = format!("{file:?}");
    assert!(!printed.contains("canary"), "{printed}");
    let operation = &file.attributes.upload_operations[0];
    let url = operation.url.as_ref().expect("an address").expose();
    assert_eq!(url, "https://s.example/p?X-Amz-Signature=canary-url");
    assert_eq!(
        (operation.length, operation.offset, operation.part_number),
        (Some(10), Some(20), Some(3))
    );
    assert_eq!(operation.expiration.expect("a date").to_string(), "2026-10-21T08:28:00Z");
    let file = files.get("F").await.expect("a file").attributes;
    assert!(file.upload_operations.is_empty());
    assert_eq!(file.asset_delivery_state.state, Some(AssetState::Complete));
    assert_eq!(file.source_file_checksums, Checksums::of_file_sha256("ab".into()));
    assert_eq!(files.list("U").await.expect("a list").len(), 1);
    let fields = "fields[buildUploadFiles]=assetType,fileName,fileSize,uti,assetDeliveryState,uploadOperations,sourceFileChecksums";
    assert_eq!(
        stage.targets()[1..],
        [
            format!("GET /v1/buildUploadFiles/F?{fields}"),
            format!("GET /v1/buildUploads/U/buildUploadFiles?limit=200&{fields}"),
        ]
    );
}

#[tokio::test]
async fn builds_come_with_what_is_around_them() {
    let page = json!({
        "data": [{"type": "builds", "id": "B", "attributes": {"version": "57", "processingState": "VALID", "expired": false,
                "usesNonExemptEncryption": null, "buildAudienceType": "APP_STORE_ELIGIBLE", "uploadedDate": "2026-10-21T00:28:00-07:00"},
            "relationships": {"app": {"data": {"type": "apps", "id": "6446"}}, "preReleaseVersion": {"data": {"type": "preReleaseVersions", "id": "V"}},
                "buildBetaDetail": {"data": {"type": "buildBetaDetails", "id": "B"}}}},
            {"type": "builds", "id": "A"}],
        "included": [{"type": "apps", "id": "6446"},
            {"type": "preReleaseVersions", "id": "V", "attributes": {"version": "2.1", "platform": "TV_OS"}},
            {"type": "buildBetaDetails", "id": "B", "attributes": {"autoNotifyEnabled": true, "internalBuildState": "IN_BETA_TESTING", "externalBuildState": "RESTING"}}]});
    let stage = Stage::new(vec![answer(200, &page.to_string())]).await;
    let filter = BuildFilter {
        apps: vec!["6446".into()],
        build_numbers: vec!["57".into()],
        versions: vec!["2.1".into()],
        platforms: vec![AppPlatform::TvOs],
        groups: vec!["G".into()],
        processing_states: vec![ProcessingState::Valid],
        expired: Some(false),
        ..Default::default()
    };
    let builds = stage.team().builds().list(&filter).await.expect("a list");
    let [whole, bare] = &builds[..] else { panic!("two builds") };
    assert_eq!(whole.app.as_deref(), Some("6446"));
    assert_eq!(whole.build.attributes.uses_non_exempt_encryption, None);
    assert_eq!(
        whole.build.attributes.build_audience_type,
        Some(BuildAudienceType::AppStoreEligible)
    );
    let version = &whole.version.as_ref().expect("a version").attributes;
    assert_eq!(
        (version.version.as_deref(), version.platform.as_ref()),
        (Some("2.1"), Some(&AppPlatform::TvOs))
    );
    let beta = &whole.beta.as_ref().expect("a state").attributes;
    assert_eq!(beta.internal_build_state, Some(InternalBetaState::InBetaTesting));
    assert_eq!(beta.external_build_state, Some(ExternalBetaState::Other("RESTING".into())));
    assert!(bare.version.is_none() && bare.beta.is_none() && bare.app.is_none());
    let target = &stage.targets()[0];
    assert!(
        target.starts_with("GET /v1/builds?include=app,preReleaseVersion,buildBetaDetail"),
        "{target}"
    );
    assert!(
        target.ends_with("&filter[app]=6446&filter[version]=57&filter[preReleaseVersion.version]=2.1&filter[preReleaseVersion.platform]=TV_OS&filter[betaGroups]=G&filter[processingState]=VALID&filter[expired]=false&sort=-uploadedDate&limit=200"),
        "{target}"
    );
}

#[tokio::test]
async fn versions_and_beta_details_are_read() {
    let versions = r#"{"data":[{"type":"preReleaseVersions","id":"V","attributes":{"version":"2.1","platform":"IOS"}}]}"#;
    let details = r#"{"data":[{"type":"buildBetaDetails","id":"D","relationships":{"build":{"data":{"type":"builds","id":"B"}}}}]}"#;
    let stage = Stage::new(vec![answer(200, versions), answer(200, details)]).await;
    let s = stage.team();
    let filter = PreReleaseVersionFilter {
        apps: vec!["6446".into()],
        ..Default::default()
    };
    assert_eq!(s.pre_release_versions().list(&filter).await.expect("a list").len(), 1);
    let details = s.build_beta_details().list(&["B".to_owned()]).await.expect("a list");
    assert_eq!(details[0].related("build").expect("a build").id, "B");
    assert_eq!(
        stage.targets(),
        [
            "GET /v1/preReleaseVersions?limit=200&filter[app]=6446&sort=-version&fields[preReleaseVersions]=version,platform",
            "GET /v1/buildBetaDetails?limit=200&filter[build]=B&include=build&fields[buildBetaDetails]=autoNotifyEnabled,internalBuildState,externalBuildState,build&fields[builds]=version",
        ]
    );
}

#[tokio::test]
async fn an_id_that_would_change_the_path_is_not_sent() {
    let stage = Stage::new(vec![]).await;
    for id in ["", "..", "../apps", "a/b", "a?b"] {
        let error = stage.team().build_uploads().get(id).await.expect_err(id);
        assert!(matches!(error, Error::ImpossibleId { .. }), "{error:?}");
    }
    assert!(stage.seen().is_empty());
}
