//! Binaries on their way in: reserved, sent in parts, committed, looked at, and a build in the end or a reason why not.

use crate::binaries::{BUNDLE_ID, app, archive, commit, deliver, info, ipa, operations, outcome, plain, reserve, reserve_file, send, wait};
use crate::client::{Client, empty};
use serde_json::{Value, json};
use simulator::{Effect, Fault, PartCount, ProcessingIssue, Severity, Stage, Uploads};

#[tokio::test]
async fn an_ipa_goes_from_its_reservation_to_a_valid_build() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let binary = ipa("1.2.0", "7");
    let reserved = reserve(&client, &app, "1.2.0", "7").await;
    let upload = reserved.id();
    assert_eq!(reserved.json()["data"]["attributes"]["createdDate"], "2026-11-20T12:00:00Z");
    let file = reserve_file(&client, &upload, binary.len()).await;
    let parts = operations(&file);
    assert_eq!(parts.len(), binary.len().div_ceil(1000));
    let last = parts.last().unwrap();
    assert_eq!(
        last["offset"].as_u64().unwrap() + last["length"].as_u64().unwrap(),
        binary.len() as u64
    );
    assert_eq!(last["expiration"], "2026-11-21T12:00:00Z");

    // In any order and side by side, one of them twice.
    let mut running = tokio::task::JoinSet::new();
    for part in parts.iter().rev().chain([&parts[1]]) {
        let (part, binary) = (part.clone(), binary.clone());
        running.spawn(async move { send(&part, &binary).await.unwrap() });
    }
    for status in running.join_all().await {
        assert_eq!(status, 200);
    }
    assert_eq!(apple.control().count("PUT /parts"), parts.len() as u64 + 1);
    assert!(apple.control().parts().iter().all(|part| part.stored));
    let sha256 = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &binary));
    let committed = commit(&client, &file.id(), json!({ "file": { "hash": sha256, "algorithm": "SHA_256" } })).await;
    let attributes = committed.json()["data"]["attributes"].clone();
    assert!(attributes["uploadOperations"].is_null());
    assert_eq!(attributes["assetDeliveryState"]["state"], "UPLOAD_COMPLETE");

    assert_eq!(outcome(&client, &upload).await.0, "PROCESSING");
    wait(&apple, 3);
    assert_eq!(outcome(&client, &upload).await, ("COMPLETE".to_owned(), vec![], vec![]));
    assert!(apple.control().parts().is_empty(), "nothing is kept of the binary");
    let whole = client
        .get(&format!(
            "/v1/buildUploads/{upload}?include=build,assetFile&fields[builds]=version,processingState"
        ))
        .await
        .json();
    let build = whole["data"]["relationships"]["build"]["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(whole["data"]["relationships"]["assetFile"]["data"]["id"], file.id());
    assert_eq!(
        whole["included"][0]["attributes"],
        json!({ "version": "7", "processingState": "PROCESSING" })
    );
    assert!(whole["data"]["relationships"]["buildUploadFiles"]["links"]["related"].is_string());

    wait(&apple, 3);
    let reply = client
        .get(&format!("/v1/builds/{build}?include=preReleaseVersion,buildBetaDetail"))
        .await
        .json();
    let attributes = &reply["data"]["attributes"];
    assert_eq!(attributes["processingState"], "VALID");
    assert_eq!(attributes["minOsVersion"], "17.0");
    assert_eq!(attributes["uploadedDate"], "2026-11-20T12:00:00Z");
    assert_eq!(attributes["expirationDate"], "2027-02-18T12:00:00Z", "90 days on");
    assert!(attributes["usesNonExemptEncryption"].is_null());
    let told = |kind: &str| {
        let included = reply["included"].as_array().unwrap().iter();
        included
            .filter(|object| object["type"] == kind)
            .map(|object| object["attributes"].clone())
            .next()
            .unwrap()
    };
    assert_eq!(told("preReleaseVersions"), json!({ "version": "1.2.0", "platform": "IOS" }));
    assert_eq!(told("buildBetaDetails")["internalBuildState"], "MISSING_EXPORT_COMPLIANCE");
    let files = client.get(&format!("/v1/buildUploads/{upload}/buildUploadFiles")).await;
    assert_eq!(files.all("fileName"), ["Ferry.ipa"]);
}

#[tokio::test]
async fn a_part_is_taken_only_as_it_was_ordered() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let upload = reserve(&client, &app, "1.0", "1").await.id();
    let file = reserve_file(&client, &upload, 2500).await;
    let part = &operations(&file)[0];
    let url = part["url"].as_str().unwrap();
    assert!(url.starts_with(&apple.parts_url()), "a port of its own");
    let media_type = "application/octet-stream";
    let put = async |url: &str, length: usize, headers: &[(&str, &str)]| {
        let mut request = plain().put(url).body(vec![7; length]);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let good = [("content-type", media_type)];
    assert_eq!(put(url, 1000, &[good[0], ("authorization", "Bearer x")]).await, 400);
    assert_eq!(put(url, 1000, &[]).await, 403, "a header is missing");
    assert_eq!(put(url, 1000, &[("content-type", "text/plain")]).await, 403);
    assert_eq!(put(&format!("{url}0"), 1000, &good).await, 403, "another signature");
    assert_eq!(put(url, 999, &good).await, 400, "too short");
    assert_eq!(put(url, 1001, &good).await, 400, "too long");
    assert_eq!(put(&format!("{}/nothing/1", apple.parts_url()), 10, &good).await, 404);
    assert_eq!(plain().get(url).send().await.unwrap().status().as_u16(), 405);
    assert!(apple.control().parts().iter().all(|part| !part.stored));
    assert_eq!(put(url, 1000, &good).await, 200);
    wait(&apple, 24 * 60 * 60);
    assert_eq!(put(url, 1000, &good).await, 403, "it has expired");
    let stored: Vec<_> = apple
        .control()
        .parts()
        .iter()
        .map(|PartCount { puts, stored, .. }| (*puts, *stored))
        .collect();
    assert_eq!(stored, [(9, true), (0, false), (0, false)], "what was stored before stays");
}

#[tokio::test]
async fn parts_meet_trouble_of_their_own() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let control = apple.control();
    let binary = ipa("1.0", "1");
    let upload = reserve(&client, &app, "1.0", "1").await.id();
    let file = reserve_file(&client, &upload, binary.len()).await;
    let parts = operations(&file);
    let stored = |number: usize| control.parts()[number - 1].stored;
    let trouble = |route: &str, effect| control.add_fault(Fault::next("PUT", route, effect));

    trouble("/parts/2", Effect::LoseAnswer);
    assert_eq!(send(&parts[0], &binary).await.unwrap(), 200, "the first is not meant");
    assert!(send(&parts[1], &binary).await.is_err());
    assert!(stored(2), "it arrived");
    trouble("/parts", Effect::ResetAfter { bytes: 500 });
    assert!(send(&parts[1], &binary).await.is_err());
    assert!(!stored(2), "half of it came over the old one");
    trouble("/parts", Effect::Reset);
    assert!(send(&parts[2], &binary).await.is_err());
    let unavailable = Effect::Answer {
        status: 503,
        body: "<Error><Code>SlowDown</Code></Error>".to_owned(),
        content_type: Some("application/xml".to_owned()),
        retry_after: Some(1),
    };
    trouble("/parts/3", unavailable);
    assert_eq!(send(&parts[2], &binary).await.unwrap(), 503);
    assert!(!stored(3));
    for part in &parts[1..] {
        assert_eq!(send(part, &binary).await.unwrap(), 200);
    }
    assert!(
        control.journal().iter().all(|exchange| exchange.method != "PUT"),
        "no exchange of Apple's API"
    );
    assert_eq!(commit(&client, &file.id(), Value::Null).await.status.as_u16(), 200);
    assert_eq!(
        send(&parts[0], &binary).await.unwrap(),
        200,
        "until it has been looked at, nobody minds"
    );
    wait(&apple, 3);
    assert_eq!(outcome(&client, &upload).await.0, "COMPLETE");
    assert_eq!(send(&parts[0], &binary).await.unwrap(), 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_binary_is_said_after_the_commit() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let alien = archive(&[("Payload/Ferry.app/Info.plist", info("com.example.other", "1.0", "1"))]);
    let two = archive(&[
        ("Payload/Ferry.app/Info.plist", info(BUNDLE_ID, "1.0", "1")),
        ("Payload/Other.app/Info.plist", info(BUNDLE_ID, "1.0", "1")),
    ]);
    for (binary, expected) in [
        (alien, vec!["90054"]),
        (two, vec!["SIMULATOR.NOT_AN_IPA"]),
        (ipa("1.0", "2"), vec!["SIMULATOR.VERSION_MISMATCH"]),
        (vec![0; 3000], vec!["SIMULATOR.NOT_AN_IPA"]),
    ] {
        let upload = deliver(&client, &app, "1.0", "1", &binary).await;
        wait(&apple, 3);
        assert_eq!(
            outcome(&client, &upload).await,
            ("FAILED".to_owned(), expected.into_iter().map(str::to_owned).collect(), vec![])
        );
    }

    let binary = ipa("1.0", "1");
    let upload = reserve(&client, &app, "1.0", "1").await.id();
    let file = reserve_file(&client, &upload, binary.len()).await;
    for part in &operations(&file)[1..] {
        send(part, &binary).await.unwrap();
    }
    commit(&client, &file.id(), Value::Null).await;
    wait(&apple, 3);
    assert_eq!(outcome(&client, &upload).await.1, ["SIMULATOR.PARTS_MISSING"]);
    let file = client.get(&format!("/v1/buildUploadFiles/{}", file.id())).await.json();
    assert_eq!(file["data"]["attributes"]["assetDeliveryState"]["state"], "FAILED");

    let upload = reserve(&client, &app, "1.0", "1").await.id();
    let file = reserve_file(&client, &upload, binary.len()).await;
    for part in operations(&file) {
        send(&part, &binary).await.unwrap();
    }
    commit(&client, &file.id(), json!({ "file": { "hash": "00", "algorithm": "MD5" } })).await;
    wait(&apple, 3);
    assert_eq!(outcome(&client, &upload).await.1, ["SIMULATOR.CHECKSUM_MISMATCH"]);
    assert!(client.get("/v1/builds").await.all("version").is_empty());
}

#[tokio::test]
async fn an_extension_of_another_version_is_a_warning_and_its_answer_to_encryption_is_taken() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let mut list = info(BUNDLE_ID, "1.0", "1");
    list.insert("ITSAppUsesNonExemptEncryption".to_owned(), false.into());
    let binary = archive(&[
        ("Payload/Ferry.app/Info.plist", list),
        (
            "Payload/Ferry.app/PlugIns/Widget.appex/Info.plist",
            info("no.halden.ferry.widget", "1.0", "9"),
        ),
    ]);
    let upload = deliver(&client, &app, "1.0", "1", &binary).await;
    wait(&apple, 6);
    assert_eq!(
        outcome(&client, &upload).await,
        ("COMPLETE".to_owned(), vec![], vec!["90473".to_owned()])
    );
    let builds = client
        .get("/v1/builds?filter[usesNonExemptEncryption]=false&include=buildBetaDetail")
        .await;
    assert_eq!(
        builds.json()["included"][0]["attributes"]["internalBuildState"],
        "READY_FOR_BETA_TESTING"
    );
}

#[tokio::test]
async fn a_build_number_is_used_once_and_a_reservation_is_no_build() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let abandoned = reserve(&client, &app, "1.0", "5").await.id();
    let upload = deliver(&client, &app, "1.0", "5", &ipa("1.0", "5")).await;
    for number in ["5", "5.0", "4.9"] {
        let refused = reserve(&client, &app, "1.0", number).await;
        assert_eq!(
            refused.error(),
            "409 ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE: The bundle version must be higher than the previously uploaded version."
        );
        let error = &refused.json()["errors"][0];
        assert_eq!(error["source"]["pointer"], "/data/attributes/cfBundleVersion");
        assert_eq!(error["meta"]["previousBundleVersion"], "5");
    }
    assert_eq!(
        reserve(&client, &app, "1.1", "1").await.status.as_u16(),
        201,
        "another version counts anew"
    );
    wait(&apple, 3);
    assert_eq!(outcome(&client, &upload).await.0, "COMPLETE");

    // The abandoned reservation of the same number can still be filled, and then it is one too many.
    let file = reserve_file(&client, &abandoned, ipa("1.0", "5").len()).await;
    for part in operations(&file) {
        send(&part, &ipa("1.0", "5")).await.unwrap();
    }
    commit(&client, &file.id(), Value::Null).await;
    wait(&apple, 3);
    assert_eq!(
        outcome(&client, &abandoned).await,
        ("FAILED".to_owned(), vec!["90189".to_owned()], vec![])
    );
    let states = client
        .get(&format!("/v1/apps/{app}/buildUploads?filter[state]=FAILED&sort=-cfBundleVersion"))
        .await;
    assert_eq!(states.all("cfBundleVersion"), ["5"]);
    assert_eq!(client.get(&format!("/v1/apps/{app}/builds")).await.all("version"), ["5"]);
    assert_eq!(
        client.get(&format!("/v1/apps/{app}/relationships/buildUploads")).await.json()["data"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn apples_verdict_can_be_ordered_and_versions_close() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let control = apple.control();
    let order = |code: &str, severity, stage| {
        control.order_processing(ProcessingIssue {
            code: code.to_owned(),
            description: format!("As ordered. ({code})"),
            severity,
            stage,
        });
    };
    order("90713", Severity::Warning, Stage::Upload);
    order("90626", Severity::Error, Stage::Upload);
    let upload = deliver(&client, &app, "1.0", "1", &ipa("1.0", "1")).await;
    wait(&apple, 3);
    assert_eq!(
        outcome(&client, &upload).await,
        ("FAILED".to_owned(), vec!["90626".to_owned()], vec!["90713".to_owned()])
    );
    order("x", Severity::Error, Stage::Build);
    deliver(&client, &app, "1.0", "1", &ipa("1.0", "1")).await;
    wait(&apple, 6);
    let builds = client
        .get("/v1/builds?filter[processingState]=INVALID&include=buildBetaDetail")
        .await;
    assert_eq!(builds.all("version"), ["1"]);
    assert_eq!(
        builds.json()["included"][0]["attributes"]["externalBuildState"],
        "PROCESSING_EXCEPTION"
    );

    control.approve_version(&app, "1.0");
    let upload = deliver(&client, &app, "1.0", "2", &ipa("1.0", "2")).await;
    wait(&apple, 3);
    assert_eq!(outcome(&client, &upload).await.1, ["90186", "90062"]);
    control.set_uploads(Uploads {
        per_day: Some(1),
        ..control.uploads()
    });
    let upload = deliver(&client, &app, "1.1", "1", &ipa("1.1", "1")).await;
    wait(&apple, 3);
    assert_eq!(outcome(&client, &upload).await.1, ["90382"]);
}

#[tokio::test]
async fn an_upload_goes_one_way() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let upload = reserve(&client, &app, "1.0", "1").await.id();
    let file = reserve_file(&client, &upload, 10).await;
    assert_eq!(
        reserve_file(&client, &upload, 10).await.error(),
        format!("409 ENTITY_ERROR.RELATIONSHIP.INVALID: The build upload '{upload}' has a file of this type already.")
    );
    assert_eq!(commit(&client, &file.id(), Value::Null).await.status.as_u16(), 200);
    assert!(
        commit(&client, &file.id(), Value::Null)
            .await
            .error()
            .starts_with("409 STATE_ERROR")
    );
    assert!(reserve_file(&client, &upload, 10).await.error().starts_with("409 STATE_ERROR"));
    let path = format!("/v1/buildUploads/{upload}");
    assert!(client.delete(&path).await.error().starts_with("409 STATE_ERROR"));
    wait(&apple, 3);
    assert_eq!(client.delete(&path).await.status.as_u16(), 204);
    assert_eq!(client.get(&path).await.status.as_u16(), 404);
    assert_eq!(
        client.get(&format!("/v1/buildUploadFiles/{}", file.id())).await.status.as_u16(),
        404
    );
    assert!(
        reserve(&client, "6000000000", "1.0", "1")
            .await
            .error()
            .starts_with("409 ENTITY_ERROR.RELATIONSHIP.INVALID")
    );
    assert!(reserve(&client, &app, "1.0", "beta").await.error().contains("cfBundleVersion"));
}
