//! What is sent to Apple, to the letter, and how its answers are read.

use crate::stage::{Play, Stage, answer, error, unauthorized};
use apple::{
    AppFilter, BundleIdFilter, CapabilityOption, CapabilitySetting, CapabilityType, CertificateFilter, CertificateType, DeviceFilter,
    DevicePatch, DeviceStatus, Error, KeyKind, NewBundleId, NewDevice, NewProfile, Platform, Probe, ProbeOutcome, ProfileFilter,
    ProfileState, ProfileType,
};
use serde_json::{Value, json};

fn page(ids: &[&str], next: Option<&str>) -> Play {
    let data: Vec<Value> = ids.iter().map(|id| json!({"type": "x", "id": id})).collect();
    answer(200, &json!({"data": data, "links": {"self": "x", "next": next}}).to_string())
}

fn one(kind: &str, attributes: Value) -> Play {
    answer(
        201,
        &json!({"data": {"type": kind, "id": "ID", "attributes": attributes}}).to_string(),
    )
}

#[tokio::test]
async fn lists_walk_all_pages_and_keep_each_resource_once() {
    let stage = Stage::new(vec![]).await;
    let next = format!("{}/v1/apps?cursor=AB&limit=200", stage.url);
    stage.add(page(&["1", "2"], Some(&next)));
    stage.add(page(&["2", "3"], Some("/v1/apps?cursor=CD")));
    stage.add(page(&["4"], None));
    let apps = stage.team().apps().list(&AppFilter::default()).await.expect("a list");
    let ids: Vec<&str> = apps.iter().map(|app| app.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3", "4"]);
    assert_eq!(
        stage.targets(),
        [
            "GET /v1/apps?limit=200&fields[apps]=name,bundleId,sku,primaryLocale",
            "GET /v1/apps?cursor=AB&limit=200",
            "GET /v1/apps?cursor=CD",
        ]
    );
}

#[tokio::test]
async fn the_token_does_not_follow_a_link_to_elsewhere() {
    let thief = Stage::new(vec![page(&[], None)]).await;
    let stage = Stage::new(vec![]).await;
    for next in [
        format!("{}/v1/apps", thief.url),
        format!("//{}/v1/apps", &thief.url[7..]),
        format!("{}/elsewhere", stage.url),
        stage.url.replace("http", "https") + "/v1/apps",
        "data:x".to_owned(),
    ] {
        stage.add(page(&["1"], Some(&next)));
        let error = stage.team().apps().list(&AppFilter::default()).await.expect_err(&next);
        assert!(matches!(error, Error::ForeignLink { .. }), "{error:?}");
    }
    assert!(thief.seen().is_empty());
}

#[tokio::test]
async fn a_refused_cursor_starts_the_walk_again_but_not_for_ever() {
    let refused = || {
        answer(
            400,
            r#"{"errors":[{"status":"400","code":"PARAMETER_ERROR.INVALID","title":"A parameter has an invalid value","detail":"'eyJvZmZzZXQiOiIyMCJ9' is not a valid cursor for this request","source":{"parameter":"cursor"}}]}"#,
        )
    };
    let first = || page(&["1"], Some("/v1/apps?cursor=X"));
    let stage = Stage::new(vec![first(), refused(), first(), page(&["2"], None)]).await;
    let apps = stage.team().apps().list(&AppFilter::default()).await.expect("a list");
    assert_eq!(apps.len(), 2);

    let stage = Stage::new((0..5).flat_map(|_| [first(), refused()]).collect()).await;
    let error = stage.team().apps().list(&AppFilter::default()).await.expect_err("a refusal");
    assert!(matches!(error, Error::Refused { status: 400, .. }));
    assert!(error.to_string().contains("not a valid cursor"));
    assert_eq!(stage.seen().len(), 6);
}

#[tokio::test]
async fn an_endless_list_ends() {
    let stage = Stage::new((0..600).map(|_| page(&["1"], Some("/v1/apps?cursor=X"))).collect()).await;
    let error = stage.team().apps().list(&AppFilter::default()).await.expect_err("endless");
    assert!(matches!(error, Error::EndlessListing { pages: 500 }));
}

#[tokio::test]
async fn enterprise_keys_talk_to_the_enterprise_program() {
    let stage = Stage::new(vec![page(&["A"], None)]).await;
    let session = stage.session(KeyKind::Enterprise);
    session.bundle_ids().list(&BundleIdFilter::default()).await.expect("a list");
    assert_eq!(stage.targets(), ["GET /enterprise/v1/bundleIds?limit=200"]);
}

#[tokio::test]
async fn filters_are_sent_as_alternatives() {
    let stage = Stage::new((0..4).map(|_| page(&[], None)).collect()).await;
    let session = stage.team();
    let certificates = CertificateFilter {
        types: vec![CertificateType::Distribution, CertificateType::Other("NEW".into())],
        serial_numbers: vec!["0A".into()],
        ..Default::default()
    };
    session.certificates().list(&certificates).await.expect("a list");
    let bundle_ids = BundleIdFilter {
        identifiers: vec!["com.example.a b".into()],
        platforms: vec![Platform::Ios],
        ..Default::default()
    };
    session.bundle_ids().list(&bundle_ids).await.expect("a list");
    let devices = DeviceFilter {
        udids: vec!["00008030-A".into()],
        statuses: vec![DeviceStatus::Enabled],
        ..Default::default()
    };
    session.devices().list(&devices).await.expect("a list");
    let profiles = ProfileFilter {
        names: vec!["A & B".into()],
        types: vec![ProfileType::IosAppStore],
        states: vec![ProfileState::Active],
        with_content: true,
        ..Default::default()
    };
    session.profiles().list(&profiles).await.expect("a list");
    assert_eq!(
        stage.targets(),
        [
            "GET /v1/certificates?limit=200&filter[certificateType]=DISTRIBUTION,NEW&filter[serialNumber]=0A",
            "GET /v1/bundleIds?limit=200&filter[identifier]=com.example.a+b&filter[platform]=IOS",
            "GET /v1/devices?limit=200&filter[udid]=00008030-A&filter[status]=ENABLED",
            "GET /v1/profiles?limit=200&include=bundleId,certificates,devices&limit[certificates]=50&limit[devices]=50&filter[name]=A+%26+B&filter[profileType]=IOS_APP_STORE&filter[profileState]=ACTIVE",
        ]
    );
}

#[tokio::test]
async fn writes_have_apples_shape() {
    let stage = Stage::new(vec![
        one("certificates", json!({})),
        one("profiles", json!({})),
        one("bundleIds", json!({})),
        one("bundleIds", json!({})),
        one("bundleIdCapabilities", json!({})),
        one("bundleIdCapabilities", json!({})),
        one("devices", json!({})),
        one("devices", json!({})),
    ])
    .await;
    let s = stage.team();
    s.certificates()
        .create("-----BEGIN", &CertificateType::IosDevelopment)
        .await
        .expect("created");
    let profile = NewProfile {
        name: "P".into(),
        profile_type: ProfileType::IosAppAdhoc,
        bundle_id: "B".into(),
        certificates: vec!["C".into()],
        devices: vec!["D".into()],
    };
    s.profiles().create(&profile).await.expect("created");
    let bundle_id = NewBundleId {
        identifier: "com.example".into(),
        name: "N".into(),
        platform: Platform::Universal,
    };
    s.bundle_ids().create(&bundle_id).await.expect("created");
    s.bundle_ids().rename("B", "New").await.expect("renamed");
    s.bundle_ids()
        .add_capability("B", &CapabilityType::PushNotifications, &[])
        .await
        .expect("added");
    let setting = CapabilitySetting {
        key: Some("ICLOUD_VERSION".into()),
        options: vec![CapabilityOption {
            key: Some("XCODE_6".into()),
            enabled: Some(true),
        }],
    };
    s.bundle_ids()
        .change_capability("B_ICLOUD", &CapabilityType::Icloud, &[setting])
        .await
        .expect("changed");
    let device = NewDevice {
        name: "N".into(),
        udid: "U".into(),
        platform: Platform::Ios,
    };
    s.devices().create(&device).await.expect("created");
    let patch = DevicePatch {
        status: Some(DeviceStatus::Disabled),
        name: None,
    };
    s.devices().patch("D", &patch).await.expect("patched");

    let sent: Vec<(String, Value)> = stage
        .seen()
        .iter()
        .map(|seen| {
            assert_eq!(seen.header("content-type").as_deref(), Some("application/json"));
            (seen.target(), serde_json::from_str(&seen.body).expect("JSON"))
        })
        .collect();
    let ids = |kind: &str, id: &str| json!({"data": [{"type": kind, "id": id}]});
    let id = |kind: &str, id: &str| json!({"data": {"type": kind, "id": id}});
    let expected = [
        (
            "POST /v1/certificates",
            json!({"type": "certificates", "attributes": {"csrContent": "-----BEGIN", "certificateType": "IOS_DEVELOPMENT"}}),
        ),
        (
            "POST /v1/profiles",
            json!({"type": "profiles", "attributes": {"name": "P", "profileType": "IOS_APP_ADHOC"},
            "relationships": {"bundleId": id("bundleIds", "B"), "certificates": ids("certificates", "C"), "devices": ids("devices", "D")}}),
        ),
        (
            "POST /v1/bundleIds",
            json!({"type": "bundleIds", "attributes": {"identifier": "com.example", "name": "N", "platform": "UNIVERSAL"}}),
        ),
        (
            "PATCH /v1/bundleIds/B",
            json!({"type": "bundleIds", "id": "B", "attributes": {"name": "New"}}),
        ),
        (
            "POST /v1/bundleIdCapabilities",
            json!({"type": "bundleIdCapabilities", "attributes": {"capabilityType": "PUSH_NOTIFICATIONS"}, "relationships": {"bundleId": id("bundleIds", "B")}}),
        ),
        (
            "PATCH /v1/bundleIdCapabilities/B_ICLOUD",
            json!({"type": "bundleIdCapabilities", "id": "B_ICLOUD",
            "attributes": {"capabilityType": "ICLOUD", "settings": [{"key": "ICLOUD_VERSION", "options": [{"key": "XCODE_6", "enabled": true}]}]}}),
        ),
        (
            "POST /v1/devices",
            json!({"type": "devices", "attributes": {"name": "N", "udid": "U", "platform": "IOS"}}),
        ),
        (
            "PATCH /v1/devices/D",
            json!({"type": "devices", "id": "D", "attributes": {"status": "DISABLED"}}),
        ),
    ];
    for ((target, body), (expected_target, data)) in sent.iter().zip(&expected) {
        assert_eq!(target, expected_target);
        assert_eq!(*body, json!({ "data": data }));
    }
    assert_eq!(sent.len(), expected.len());
}

#[tokio::test]
async fn a_store_profile_is_created_without_devices() {
    let stage = Stage::new(vec![one("profiles", json!({}))]).await;
    let profile = NewProfile {
        name: "P".into(),
        profile_type: ProfileType::IosAppStore,
        bundle_id: "B".into(),
        certificates: vec!["C".into()],
        devices: vec![],
    };
    stage.team().profiles().create(&profile).await.expect("created");
    let body: Value = serde_json::from_str(&stage.seen()[0].body).expect("JSON");
    assert_eq!(body["data"]["relationships"].get("devices"), None);
}

#[tokio::test]
async fn a_certificate_is_read_leniently() {
    let stage = Stage::new(vec![answer(
        200,
        r#"{"data":{"type":"certificates","id":"ABC1234567","attributes":{"name":"Apple Distribution: X",
            "certificateType":"QUANTUM","displayName":null,"serialNumber":"0A","platform":"SERVICES",
            "expirationDate":"2027-11-29T13:56:50.220+0000","certificateContent":"AQI\nD","activated":null,
            "shine":7}}}"#,
    )])
    .await;
    let certificate = stage.team().certificates().get("ABC1234567").await.expect("a certificate");
    let read = certificate.attributes;
    assert_eq!(read.certificate_type, Some(CertificateType::Other("QUANTUM".into())));
    assert_eq!(read.platform, Some(Platform::Services));
    assert_eq!(read.display_name, None);
    assert_eq!(read.expiration_date.expect("a date").to_string(), "2027-11-29T13:56:50.22Z");
    assert_eq!(read.der(), Some(vec![1, 2, 3]));
    assert_eq!(read.other["shine"], 7);
    assert_eq!(read.activated, None);
}

#[tokio::test]
async fn profiles_come_with_what_they_contain() {
    let body = json!({
        "data": [{"type": "profiles", "id": "P", "attributes": {"name": "Store", "profileType": "IOS_APP_STORE", "profileState": "EXPIRED"},
            "relationships": {
                "bundleId": {"data": {"type": "bundleIds", "id": "B"}},
                "certificates": {"data": [{"type": "certificates", "id": "C"}], "meta": {"paging": {"total": 1, "limit": 50}}},
                "devices": {"data": [], "meta": {"paging": {"total": 0, "limit": 2_147_483_647}}}}},
            {"type": "profiles", "id": "Q", "relationships": {"devices": {"data": [{"type": "devices", "id": "D"}], "meta": {"paging": {"total": 60, "limit": 50}}}}}],
        "included": [
            {"type": "bundleIds", "id": "B", "attributes": {"identifier": "com.example"}},
            {"type": "certificates", "id": "C", "attributes": {"serialNumber": "0A"}},
            {"type": "devices", "id": "D", "attributes": {"udid": "U"}}],
        "links": {"self": "x"}
    });
    let stage = Stage::new(vec![answer(200, &body.to_string())]).await;
    let profiles = stage.team().profiles().list(&ProfileFilter::default()).await.expect("a list");
    let [store, many] = &profiles[..] else { panic!("two profiles") };
    assert_eq!(store.profile.attributes.profile_state, Some(ProfileState::Expired));
    let bundle_id = store.bundle_id.as_ref().expect("a bundle ID");
    assert_eq!(bundle_id.attributes.identifier.as_deref(), Some("com.example"));
    assert_eq!(store.certificates[0].attributes.serial_number.as_deref(), Some("0A"));
    assert!(store.is_complete);
    assert!(!many.is_complete);
    assert_eq!(many.devices[0].attributes.udid.as_deref(), Some("U"));
    assert!(stage.targets()[0].contains("fields[profiles]=name,"));
    assert!(!stage.targets()[0].contains("profileContent"));
}

#[tokio::test]
async fn a_single_profile_is_completed() {
    let profile = json!({"data": {"type": "profiles", "id": "P", "attributes": {"profileContent": "AQID"},
        "relationships": {"devices": {"data": [{"type": "devices", "id": "1"}], "meta": {"paging": {"total": 2, "limit": 1}}}}}});
    let stage = Stage::new(vec![answer(200, &profile.to_string()), page(&["C"], None), page(&["1", "2"], None)]).await;
    let detail = stage.team().profiles().get("P").await.expect("a profile");
    assert!(detail.is_complete);
    assert_eq!((detail.certificates.len(), detail.devices.len()), (1, 2));
    assert_eq!(detail.profile.attributes.content(), Some(vec![1, 2, 3]));
    assert_eq!(
        stage.targets()[1..],
        ["GET /v1/profiles/P/certificates?limit=200", "GET /v1/profiles/P/devices?limit=200"]
    );
}

#[tokio::test]
async fn capabilities_are_listed_without_a_limit() {
    let stage = Stage::new(vec![page(&["B_ICLOUD"], None)]).await;
    let capabilities = stage.team().bundle_ids().capabilities("B").await.expect("a list");
    assert_eq!(capabilities.len(), 1);
    assert_eq!(stage.targets(), ["GET /v1/bundleIds/B/bundleIdCapabilities"]);
}

#[tokio::test]
async fn each_probe_is_one_get_of_the_table() {
    let app = || "6446".to_owned();
    for (probe, target) in [
        (Probe::Health, "GET /v1/apps?limit=1"),
        (Probe::Upload { app: app() }, "GET /v1/apps/6446/buildUploads?limit=1"),
        (Probe::TestFlight { app: app() }, "GET /v1/betaGroups?filter[app]=6446&limit=1"),
        (Probe::Metadata { app: app() }, "GET /v1/apps/6446/appInfos?limit=1"),
        (Probe::Submit { app: app() }, "GET /v1/reviewSubmissions?filter[app]=6446"),
        (Probe::Certificates, "GET /v1/certificates?limit=1"),
        (Probe::Profiles, "GET /v1/profiles?limit=1"),
        (Probe::BundleIds, "GET /v1/bundleIds?limit=1"),
    ] {
        let stage = Stage::new(vec![page(&["1"], None)]).await;
        let answer = stage.team().probe(&probe).await;
        assert!(matches!(answer.outcome, ProbeOutcome::Readable), "{answer:?}");
        assert_eq!((answer.status, answer.skew_seconds), (Some(200), Some(0)));
        assert_eq!(answer.first.expect("a first").id, "1");
        assert_eq!(stage.targets(), [target]);
    }
}

#[tokio::test]
async fn probes_tell_refusals_apart() {
    let stage = Stage::new(vec![
        error(
            403,
            "FORBIDDEN_ERROR",
            "This request is forbidden for security reasons",
            "The API key in use does not allow this request",
        ),
        error(
            404,
            "NOT_FOUND",
            "The specified resource does not exist",
            "There is no resource of type 'apps' with id '1'",
        ),
        unauthorized(),
        unauthorized(),
        unauthorized(),
    ])
    .await;
    let session = stage.team();
    let refused = session.probe(&Probe::Certificates).await;
    assert!(matches!(refused.outcome, ProbeOutcome::Refused { ref code, .. } if code == "FORBIDDEN_ERROR"));
    assert_eq!(refused.status, Some(403));
    let unknown = session.probe(&Probe::Metadata { app: "1".into() }).await;
    assert!(matches!(unknown.outcome, ProbeOutcome::NotFound));
    let failed = session.probe(&Probe::Health).await;
    assert!(matches!(
        failed.outcome,
        ProbeOutcome::Failed {
            error: Error::Unauthorized { .. }
        }
    ));
    assert_eq!((failed.status, failed.skew_seconds), (Some(401), Some(0)));
    assert_eq!(stage.seen().len(), 5);
    // The script has ended: no answer, no status, and no old skew either.
    let lost = session.probe(&Probe::Health).await;
    assert_eq!((lost.status, lost.skew_seconds), (None, None));
}

#[tokio::test]
async fn probes_that_do_not_fit_the_kind_are_not_sent() {
    let stage = Stage::new(vec![]).await;
    for (kind, probe) in [
        (KeyKind::Individual, Probe::Certificates),
        (KeyKind::Individual, Probe::Profiles),
        (KeyKind::Individual, Probe::BundleIds),
        (KeyKind::Enterprise, Probe::Health),
        (KeyKind::Enterprise, Probe::TestFlight { app: "1".into() }),
        (KeyKind::Team, Probe::HealthEnterprise),
    ] {
        let answer = stage.session(kind).probe(&probe).await;
        assert!(matches!(
            answer.outcome,
            ProbeOutcome::Failed {
                error: Error::NotSent { .. }
            }
        ));
        assert!(Probe::health(kind).fits(kind));
    }
    assert!(stage.seen().is_empty());
}

#[tokio::test]
async fn calls_can_be_spawned() {
    let stage = Stage::new(vec![page(&["1"], None)]).await;
    let session = stage.team();
    let call = tokio::spawn(async move { session.profiles().list(&ProfileFilter::default()).await });
    assert_eq!(call.await.expect("joined").expect("a list").len(), 1);
}
