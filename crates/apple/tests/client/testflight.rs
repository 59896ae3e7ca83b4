//! Groups, testers, texts and beta review: what is sent to Apple, to the letter, and how its answers are read.

use apple::{
    BetaAppReviewDetailPatch, BetaAppTexts, BetaGroupFilter, BetaGroupPatch, BetaInviteType, BetaReviewRefusal, BetaReviewState,
    BetaTesterFilter, BetaTesterState, Error, ForbiddenReason, NewBetaGroup, NewBetaTester, TesterOf, Withheld,
};
use serde_json::{Value, json};

use crate::stage::{Play, Stage, answer, error, unauthorized};

fn one(kind: &str) -> Play {
    answer(201, &json!({"data": {"type": kind, "id": "ID"}}).to_string())
}

/// What relationships and deletions are answered with.
fn nothing() -> Play {
    Play::Bytes(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec())
}

fn page(data: &Value) -> Play {
    answer(200, &json!({"data": data, "links": {"self": "x"}}).to_string())
}

fn ids<const N: usize>(ids: [&str; N]) -> Vec<String> {
    ids.map(str::to_owned).to_vec()
}

/// One resource of a relationship.
fn id(kind: &str, id: &str) -> Value {
    json!({"data": {"type": kind, "id": id}})
}

/// Several.
fn many<const N: usize>(kind: &str, ids: [&str; N]) -> Value {
    let data: Vec<Value> = ids.iter().map(|id| json!({"type": kind, "id": id})).collect();
    json!({ "data": data })
}

fn tester(of: TesterOf) -> NewBetaTester {
    NewBetaTester {
        email: "ada@example.com".into(),
        first_name: Some("Ada".into()),
        last_name: None,
        of,
    }
}

#[tokio::test]
async fn groups_are_created_and_changed_in_apples_shape() {
    let stage = Stage::new(vec![one("betaGroups"), one("betaGroups")]).await;
    let s = stage.team();
    let new = NewBetaGroup {
        app: "6446".into(),
        name: "Friends".into(),
        public_link_limit: Some(100),
        ..Default::default()
    };
    s.beta_groups().create(&new).await.expect("created");
    let patch = BetaGroupPatch {
        public_link_enabled: Some(true),
        ios_builds_available_for_apple_silicon_mac: Some(false),
        ..Default::default()
    };
    s.beta_groups().patch("G", &patch).await.expect("patched");
    let expected = [
        (
            "POST /v1/betaGroups",
            json!({"type": "betaGroups", "attributes": {"name": "Friends", "isInternalGroup": false, "publicLinkLimit": 100},
            "relationships": {"app": id("apps", "6446")}}),
        ),
        (
            "PATCH /v1/betaGroups/G",
            json!({"type": "betaGroups", "id": "G", "attributes": {"publicLinkEnabled": true, "iosBuildsAvailableForAppleSiliconMac": false}}),
        ),
    ];
    let expected = expected.map(|(target, data)| (target.to_owned(), json!({ "data": data })));
    assert_eq!(stage.written(), expected);
}

#[tokio::test]
async fn what_is_put_in_and_taken_out_is_named_by_type_and_id() {
    let stage = Stage::new((0..7).map(|_| nothing()).collect()).await;
    let s = stage.team();
    let two = ids(["1", "2"]);
    s.beta_groups().add_builds("G", &two).await.expect("in");
    s.beta_groups().remove_builds("G", &two).await.expect("out");
    s.beta_groups().add_testers("G", &two).await.expect("in");
    s.beta_groups().remove_testers("G", &two).await.expect("out");
    s.builds().add_to_groups("B", &two).await.expect("in");
    s.builds().remove_from_groups("B", &two).await.expect("out");
    s.beta_testers().remove_from_app("6446", &two).await.expect("out");
    let expected = [
        ("POST /v1/betaGroups/G/relationships/builds", "builds"),
        ("DELETE /v1/betaGroups/G/relationships/builds", "builds"),
        ("POST /v1/betaGroups/G/relationships/betaTesters", "betaTesters"),
        ("DELETE /v1/betaGroups/G/relationships/betaTesters", "betaTesters"),
        ("POST /v1/builds/B/relationships/betaGroups", "betaGroups"),
        ("DELETE /v1/builds/B/relationships/betaGroups", "betaGroups"),
        ("DELETE /v1/apps/6446/relationships/betaTesters", "betaTesters"),
    ];
    let expected = expected.map(|(target, kind)| (target.to_owned(), many(kind, ["1", "2"])));
    assert_eq!(stage.written(), expected);
    // Nobody to put in, nothing to say; an id that is none is refused all the same.
    s.beta_groups().add_testers("G", &[]).await.expect("nothing to do");
    let error = s.beta_groups().add_testers("../apps", &[]).await.expect_err("no id");
    assert!(matches!(error, Error::ImpossibleId { .. }));
    assert_eq!(stage.seen().len(), 7);
}

#[tokio::test]
async fn relationships_are_written_once_unless_surely_not_done() {
    let lost = [
        Play::HangUp,
        Play::Silence,
        answer(500, ""),
        answer(408, ""),
        Play::Bytes(b"HTTP/1.1 20".to_vec()),
        answer(200, "<html>Welcome to the hotel</html>"),
    ];
    for play in lost {
        let stage = Stage::new(vec![play, nothing()]).await;
        let error = stage.team().beta_groups().add_builds("G", &ids(["B"])).await.expect_err("lost");
        assert!(error.outcome_is_unknown(), "{error}");
        assert_eq!(stage.seen().len(), 1, "{error}");
    }
    for play in [unauthorized(), answer(429, "")] {
        let stage = Stage::new(vec![play, nothing()]).await;
        stage.team().beta_groups().remove_testers("G", &ids(["T"])).await.expect("done");
        let [(_, first), (_, second)] = &stage.written()[..] else {
            panic!("two attempts")
        };
        assert_eq!(first, second);
    }
    // "Accepted", to be done later, is an answer too.
    let stage = Stage::new(vec![answer(202, ""), answer(202, "")]).await;
    stage.team().beta_testers().delete("T").await.expect("accepted");
    stage
        .team()
        .beta_testers()
        .remove_from_app("6446", &ids(["T"]))
        .await
        .expect("accepted");
}

#[tokio::test]
async fn a_tester_is_of_groups_or_of_builds() {
    let stage = Stage::new(vec![one("betaTesters"), one("betaTesters"), one("betaTesterInvitations")]).await;
    let s = stage.team();
    s.beta_testers()
        .create(&tester(TesterOf::Groups(ids(["G", "H"]))))
        .await
        .expect("created");
    s.beta_testers()
        .create(&tester(TesterOf::Builds(ids(["B"]))))
        .await
        .expect("created");
    s.beta_testers().invite("6446", "T").await.expect("invited");
    let attributes = json!({"email": "ada@example.com", "firstName": "Ada"});
    let expected = [
        (
            "POST /v1/betaTesters",
            json!({"type": "betaTesters", "attributes": attributes, "relationships": {"betaGroups": many("betaGroups", ["G", "H"])}}),
        ),
        (
            "POST /v1/betaTesters",
            json!({"type": "betaTesters", "attributes": attributes, "relationships": {"builds": many("builds", ["B"])}}),
        ),
        (
            "POST /v1/betaTesterInvitations",
            json!({"type": "betaTesterInvitations", "relationships": {"app": id("apps", "6446"), "betaTester": id("betaTesters", "T")}}),
        ),
    ];
    let expected = expected.map(|(target, data)| (target.to_owned(), json!({ "data": data })));
    assert_eq!(stage.written(), expected);
}

#[tokio::test]
async fn groups_and_testers_are_listed() {
    let groups = json!([{"type": "betaGroups", "id": "G", "attributes": {"name": "Friends", "isInternalGroup": false, "publicLinkLimit": null,
        "publicLink": "https://testflight.apple.com/join/x", "createdDate": "2026-10-21T07:28:00Z"}, "relationships": {"app": id("apps", "6446")}}]);
    let testers = json!([{"type": "betaTesters", "id": "T", "attributes": {"email": "ada@example.com", "inviteType": "EMAIL", "state": "INSTALLED",
        "appDevices": [{"model": "iPhone 15", "platform": "IOS", "osVersion": "26.1", "appBuildVersion": "57"}]},
        "relationships": {"betaGroups": many("betaGroups", ["G", "H"])}},
        {"type": "betaTesters", "id": "U", "attributes": {"email": null, "inviteType": "PUBLIC_LINK", "state": "DREAMING", "appDevices": null}}]);
    let empty = json!([]);
    let stage = Stage::new([&groups, &testers, &testers, &empty].map(page).into_iter().collect()).await;
    let s = stage.team();
    let filter = BetaGroupFilter {
        apps: ids(["6446"]),
        names: ids(["Friends"]),
        is_internal: Some(false),
        ..Default::default()
    };
    let groups = s.beta_groups().list(&filter).await.expect("a list");
    assert_eq!(groups[0].attributes.name.as_deref(), Some("Friends"));
    assert_eq!(groups[0].related("app").expect("an app").id, "6446");
    let filter = BetaTesterFilter {
        apps: ids(["6446"]),
        emails: ids(["ada@example.com"]),
        invite_types: vec![BetaInviteType::Email],
        with_groups: true,
        ..Default::default()
    };
    let testers = s.beta_testers().list(&filter).await.expect("a list");
    let [ada, nameless] = &testers[..] else { panic!("two testers") };
    assert_eq!(ada.attributes.state, Some(BetaTesterState::Installed));
    assert_eq!(ada.attributes.app_devices[0].app_build_version.as_deref(), Some("57"));
    assert_eq!(ada.related_many("betaGroups").len(), 2);
    assert_eq!(nameless.attributes.state, Some(BetaTesterState::Other("DREAMING".into())));
    assert_eq!(s.beta_groups().testers("G").await.expect("a list").len(), 2);
    assert!(s.beta_groups().builds("G").await.expect("a list").is_empty());
    let [groups, testers, in_group, builds] = &stage.targets()[..] else {
        panic!("four lists")
    };
    assert!(
        groups.starts_with("GET /v1/betaGroups?limit=200&include=app&fields[betaGroups]=name,createdDate,"),
        "{groups}"
    );
    assert!(groups.ends_with("&fields[apps]=bundleId&filter[app]=6446&filter[name]=Friends&filter[isInternalGroup]=false&sort=name"));
    assert_eq!(
        testers,
        "GET /v1/betaTesters?limit=200&filter[apps]=6446&filter[email]=ada%40example.com&filter[inviteType]=EMAIL&sort=email&fields[betaTesters]=firstName,lastName,email,inviteType,state,appDevices,betaGroups&include=betaGroups&limit[betaGroups]=50&fields[betaGroups]=name"
    );
    assert!(
        in_group.starts_with("GET /v1/betaGroups/G/betaTesters?limit=200&fields[betaTesters]="),
        "{in_group}"
    );
    assert!(
        builds.starts_with("GET /v1/betaGroups/G/builds?limit=200&fields[builds]=version,"),
        "{builds}"
    );
}

#[tokio::test]
async fn texts_have_apples_shape() {
    let kinds = [
        "betaBuildLocalizations",
        "betaBuildLocalizations",
        "betaAppLocalizations",
        "betaAppLocalizations",
        "betaAppReviewDetails",
        "betaLicenseAgreements",
    ];
    let stage = Stage::new(kinds.into_iter().map(one).collect()).await;
    let s = stage.team();
    s.beta_build_localizations().create("B", "de-DE", "Neues").await.expect("created");
    s.beta_build_localizations().patch("L", "Anderes").await.expect("patched");
    let texts = BetaAppTexts {
        feedback_email: Some("f@example.com".into()),
        tv_os_privacy_policy: Some("None".into()),
        ..Default::default()
    };
    s.beta_app_localizations().create("6446", "de-DE", &texts).await.expect("created");
    s.beta_app_localizations()
        .patch("L", &BetaAppTexts::default())
        .await
        .expect("patched");
    let patch = BetaAppReviewDetailPatch {
        contact_phone: Some("+49 30 1".into()),
        demo_account_password: Some(Withheld::new("canary".into())),
        demo_account_required: Some(true),
        ..Default::default()
    };
    assert!(!format!("{patch:?}").contains("canary"));
    s.beta_app_review_details().patch("D", &patch).await.expect("patched");
    s.beta_license_agreements().patch("A", "Be kind.").await.expect("patched");
    let expected = [
        (
            "POST /v1/betaBuildLocalizations",
            json!({"type": "betaBuildLocalizations", "attributes": {"locale": "de-DE", "whatsNew": "Neues"}, "relationships": {"build": id("builds", "B")}}),
        ),
        (
            "PATCH /v1/betaBuildLocalizations/L",
            json!({"type": "betaBuildLocalizations", "id": "L", "attributes": {"whatsNew": "Anderes"}}),
        ),
        (
            "POST /v1/betaAppLocalizations",
            json!({"type": "betaAppLocalizations", "attributes": {"locale": "de-DE", "feedbackEmail": "f@example.com", "tvOsPrivacyPolicy": "None"},
            "relationships": {"app": id("apps", "6446")}}),
        ),
        (
            "PATCH /v1/betaAppLocalizations/L",
            json!({"type": "betaAppLocalizations", "id": "L", "attributes": {}}),
        ),
        (
            "PATCH /v1/betaAppReviewDetails/D",
            json!({"type": "betaAppReviewDetails", "id": "D", "attributes": {"contactPhone": "+49 30 1", "demoAccountPassword": "canary", "demoAccountRequired": true}}),
        ),
        (
            "PATCH /v1/betaLicenseAgreements/A",
            json!({"type": "betaLicenseAgreements", "id": "A", "attributes": {"agreementText": "Be kind."}}),
        ),
    ];
    let expected = expected.map(|(target, data)| (target.to_owned(), json!({ "data": data })));
    assert_eq!(stage.written(), expected);
}

#[tokio::test]
async fn texts_are_read_by_app_and_by_build() {
    let of = |kind: &str, attributes: Value, owner: &str| {
        let owner_kind = format!("{owner}s");
        page(&json!([{"type": kind, "id": "1", "attributes": attributes, "relationships": {owner: id(&owner_kind, "9")}}]))
    };
    let stage = Stage::new(vec![
        of("betaBuildLocalizations", json!({"locale": "en-US", "whatsNew": null}), "build"),
        of(
            "betaAppLocalizations",
            json!({"locale": "en-US", "tvOsPrivacyPolicy": "None"}),
            "app",
        ),
        of(
            "betaAppReviewDetails",
            json!({"demoAccountPassword": "canary", "notes": "n"}),
            "app",
        ),
        of("betaLicenseAgreements", json!({"agreementText": "Be kind."}), "app"),
        of(
            "betaAppReviewSubmissions",
            json!({"betaReviewState": "IN_REVIEW", "submittedDate": null}),
            "build",
        ),
    ])
    .await;
    let s = stage.team();
    let nine = ids(["9"]);
    let texts = s.beta_build_localizations().list(&nine).await.expect("a list");
    assert_eq!(
        (texts[0].attributes.locale.as_deref(), texts[0].attributes.whats_new.as_deref()),
        (Some("en-US"), None)
    );
    assert_eq!(texts[0].related("build").expect("a build").id, "9");
    let texts = s.beta_app_localizations().list(&nine).await.expect("a list");
    assert_eq!(texts[0].attributes.tv_os_privacy_policy.as_deref(), Some("None"));
    let details = s.beta_app_review_details().list(&nine).await.expect("a list");
    assert!(!format!("{details:?}").contains("canary"));
    let password = details[0].attributes.demo_account_password.as_ref();
    assert_eq!(password.map(Withheld::expose), Some("canary"));
    let agreements = s.beta_license_agreements().list(&nine).await.expect("a list");
    assert_eq!(agreements[0].attributes.agreement_text.as_deref(), Some("Be kind."));
    let reviews = s.beta_app_review_submissions().list(&nine).await.expect("a list");
    assert_eq!(reviews[0].attributes.beta_review_state, Some(BetaReviewState::InReview));
    let small_app = "include=app&fields[apps]=bundleId";
    assert_eq!(
        stage.targets(),
        [
            "GET /v1/betaBuildLocalizations?limit=200&filter[build]=9&include=build&fields[betaBuildLocalizations]=locale,whatsNew,build&fields[builds]=version".to_owned(),
            format!("GET /v1/betaAppLocalizations?limit=200&filter[app]=9&{small_app}"),
            format!("GET /v1/betaAppReviewDetails?limit=200&filter[app]=9&{small_app}"),
            format!("GET /v1/betaLicenseAgreements?limit=200&filter[app]=9&{small_app}"),
            "GET /v1/betaAppReviewSubmissions?limit=200&filter[build]=9&include=build&fields[betaAppReviewSubmissions]=betaReviewState,submittedDate,build&fields[builds]=version".to_owned(),
        ]
    );
}

#[tokio::test]
async fn beta_review_and_notices_name_the_build() {
    let stage = Stage::new(vec![
        one("betaAppReviewSubmissions"),
        one("buildBetaNotifications"),
        error(
            422,
            "ENTITY_UNPROCESSABLE.ANOTHER_BUILD_IN_REVIEW",
            "Another build is in review.",
            "There is another build in review.",
        ),
        error(422, "ENTITY_UNPROCESSABLE.NEWS", "New.", ""),
        error(409, "ENTITY_ERROR.RELATIONSHIP.INVALID", "It was handed in.", ""),
        error(403, "FORBIDDEN_ERROR", "Unable to process request.", ""),
    ])
    .await;
    let s = stage.team();
    s.beta_app_review_submissions().create("B").await.expect("handed in");
    s.build_beta_notifications().create("B").await.expect("told");
    let mut refusals = Vec::new();
    for _ in 0..3 {
        let error = s.beta_app_review_submissions().create("B").await.expect_err("a refusal");
        refusals.push(error.beta_review_refusal());
    }
    assert_eq!(
        refusals,
        [
            Some(BetaReviewRefusal::AnotherBuildInReview),
            Some(BetaReviewRefusal::Other("NEWS".into())),
            None
        ]
    );
    let error = s.build_beta_notifications().create("B").await.expect_err("a refusal");
    let reason = ForbiddenReason::Unprocessable;
    assert!(matches!(error, Error::Forbidden { reason: told, .. } if told == reason));
    let expected = [
        ("POST /v1/betaAppReviewSubmissions", "betaAppReviewSubmissions"),
        ("POST /v1/buildBetaNotifications", "buildBetaNotifications"),
    ];
    let expected = expected.map(|(target, kind)| {
        let data = json!({"type": kind, "relationships": {"build": id("builds", "B")}});
        (target.to_owned(), json!({ "data": data }))
    });
    assert_eq!(stage.written()[..2], expected);
}

#[tokio::test]
async fn who_gets_a_build_is_one_request() {
    let groups = |total: u64| json!({"data": [{"type": "betaGroups", "id": "G"}], "meta": {"paging": {"total": total, "limit": 50}}});
    let body = |total| {
        json!({"data": {"type": "builds", "id": "B", "attributes": {"version": "57"}, "relationships": {
                "betaGroups": groups(total), "betaBuildLocalizations": many("betaBuildLocalizations", ["L"]),
                "betaAppReviewSubmission": id("betaAppReviewSubmissions", "B"), "app": id("apps", "6446")}},
            "included": [{"type": "betaGroups", "id": "G", "attributes": {"name": "Friends"}},
                {"type": "betaBuildLocalizations", "id": "L", "attributes": {"whatsNew": "All"}},
                {"type": "betaAppReviewSubmissions", "id": "B", "attributes": {"betaReviewState": "APPROVED"}}]})
        .to_string()
    };
    let stage = Stage::new(vec![answer(200, &body(1)), answer(200, &body(51))]).await;
    let whole = stage.team().builds().distribution("B").await.expect("a build");
    assert_eq!(whole.detail.app.as_deref(), Some("6446"));
    assert_eq!(whole.groups[0].attributes.name.as_deref(), Some("Friends"));
    assert_eq!(whole.texts[0].attributes.whats_new.as_deref(), Some("All"));
    let review = whole.review.expect("a review").attributes.beta_review_state;
    assert_eq!(review, Some(BetaReviewState::Approved));
    assert!(whole.is_complete);
    assert!(!stage.team().builds().distribution("B").await.expect("a build").is_complete);
    let target = &stage.targets()[0];
    assert!(
        target.starts_with("GET /v1/builds/B?include=app,preReleaseVersion,buildBetaDetail,betaGroups,betaBuildLocalizations,betaAppReviewSubmission&limit[betaGroups]=50&limit[betaBuildLocalizations]=50&fields[builds]="),
        "{target}"
    );
}
