//! Who tests which build: groups, testers, texts, and Beta App Review between a build and the world outside.

use crate::binaries::app;
use crate::client::{Client, Reply, empty, seeded};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Decision, Handle};

/// The body of a request about one resource; `links` are to-one.
fn body(kind: &str, id: Option<&str>, attributes: Value, links: &[(&str, &str, &str)]) -> Value {
    let mut data = json!({ "type": kind });
    if let Some(id) = id {
        data["id"] = id.into();
    }
    if !attributes.is_null() {
        data["attributes"] = attributes;
    }
    for (name, target, id) in links {
        data["relationships"][name] = json!({ "data": { "type": target, "id": id } });
    }
    json!({ "data": data })
}

pub(crate) async fn make(client: &Client<'_>, kind: &str, attributes: Value, links: &[(&str, &str, &str)]) -> Reply {
    client.post(&format!("/v1/{kind}"), body(kind, None, attributes, links)).await
}

pub(crate) async fn change(client: &Client<'_>, kind: &str, id: &str, attributes: Value) -> Reply {
    client
        .patch(&format!("/v1/{kind}/{id}"), body(kind, Some(id), attributes, &[]))
        .await
}

/// A write to a to-many relationship.
pub(crate) async fn relate(client: &Client<'_>, method: Method, path: &str, kind: &str, ids: &[&str]) -> Reply {
    let data: Vec<_> = ids.iter().map(|id| json!({ "type": kind, "id": id })).collect();
    client.send(method, path, Some(json!({ "data": data }).to_string())).await
}

pub(crate) async fn group(client: &Client<'_>, app: &str, name: &str, is_internal: bool) -> Reply {
    let attributes = json!({ "name": name, "isInternalGroup": is_internal });
    make(client, "betaGroups", attributes, &[("app", "apps", app)]).await
}

pub(crate) async fn tester(client: &Client<'_>, email: &str, group: &str) -> Reply {
    let mut request = body("betaTesters", None, json!({ "email": email }), &[]);
    request["data"]["relationships"]["betaGroups"] = json!({ "data": [{ "type": "betaGroups", "id": group }] });
    client.post("/v1/betaTesters", request).await
}

/// A VALID build whose export compliance is answered.
pub(crate) async fn build(apple: &Handle, client: &Client<'_>, app: &str, version: &str, number: &str) -> String {
    let build = apple.control().create_build(app, version, number).unwrap();
    let answered = change(client, "builds", &build, json!({ "usesNonExemptEncryption": false })).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
    build
}

/// Both states of a build.
async fn states(client: &Client<'_>, build: &str) -> (String, String) {
    let details = client.get(&format!("/v1/buildBetaDetails/{build}")).await.json();
    let state = |name: &str| details["data"]["attributes"][name].as_str().unwrap().to_owned();
    (state("internalBuildState"), state("externalBuildState"))
}

fn pair(internal: &str, external: &str) -> (String, String) {
    (internal.to_owned(), external.to_owned())
}

/// What reviewers must be told.
async fn inform(client: &Client<'_>, app: &str) {
    let contact =
        json!({ "contactFirstName": "Kari", "contactLastName": "Nordli", "contactPhone": "+47 1", "contactEmail": "k@halden.example" });
    assert_eq!(change(client, "betaAppReviewDetails", app, contact).await.status.as_u16(), 200);
    let texts = client.get(&format!("/v1/apps/{app}/betaAppLocalizations")).await.json();
    let text = texts["data"][0]["id"].as_str().unwrap();
    let attributes = json!({ "description": "Ferries.", "feedbackEmail": "beta@halden.example" });
    assert_eq!(change(client, "betaAppLocalizations", text, attributes).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_build_goes_to_the_team_and_through_review_to_everybody() {
    let apple = empty().await;
    let (client, app, control) = (Client::admin(&apple), app(&apple), apple.control());
    control.add_user("Ingrid", "Solheim", "ingrid@halden.example");
    assert!(
        group(&client, &app, "Passengers", false)
            .await
            .error()
            .starts_with("409 STATE_ERROR"),
        "an internal group first"
    );
    let crew = group(&client, &app, "Crew", true).await.id();
    let passengers = group(&client, &app, "Passengers", false).await.id();
    assert_eq!(
        tester(&client, "stranger@example.com", &crew).await.error(),
        "409 STATE_ERROR: Tester(s) cannot be assigned"
    );
    assert!(client.get("/v1/betaTesters").await.all("email").is_empty());
    let ingrid = tester(&client, "ingrid@halden.example", &crew).await;
    assert_eq!(ingrid.json()["data"]["attributes"]["state"], "NOT_INVITED");
    let aud = tester(&client, "aud@example.com", &passengers).await.id();

    let build = build(&apple, &client, &app, "1.0", "1").await;
    assert_eq!(
        states(&client, &build).await,
        pair("READY_FOR_BETA_TESTING", "READY_FOR_BETA_SUBMISSION")
    );
    let builds = format!("/v1/betaGroups/{crew}/relationships/builds");
    let added = relate(&client, Method::POST, &builds, "builds", &[&build]).await;
    assert_eq!((added.status.as_u16(), added.text.as_str()), (204, ""));
    assert_eq!(states(&client, &build).await.0, "IN_BETA_TESTING");
    let invited = client.get("/v1/betaTesters?filter[email]=ingrid@halden.example").await;
    assert_eq!(invited.all("state"), ["INVITED"]);

    let groups = format!("/v1/builds/{build}/relationships/betaGroups");
    assert_eq!(
        relate(&client, Method::POST, &groups, "betaGroups", &[&passengers])
            .await
            .status
            .as_u16(),
        204
    );
    let submit = async || make(&client, "betaAppReviewSubmissions", Value::Null, &[("build", "builds", &build)]).await;
    let lacking = submit().await;
    assert_eq!(
        lacking.error(),
        "422 ENTITY_UNPROCESSABLE: The beta app information lacks 'contactFirstName'."
    );
    assert_eq!(lacking.json()["errors"].as_array().unwrap().len(), 6, "all at once");
    inform(&client, &app).await;
    assert_eq!(submit().await.json()["data"]["attributes"]["betaReviewState"], "WAITING_FOR_REVIEW");
    assert!(submit().await.error().starts_with("409 STATE_ERROR"));
    assert_eq!(states(&client, &build).await.1, "WAITING_FOR_BETA_REVIEW");
    assert!(control.review(&build, Decision::Begin));
    assert_eq!(states(&client, &build).await.1, "IN_BETA_REVIEW");
    assert!(control.review(&build, Decision::Reject));
    assert!(!control.review(&build, Decision::Approve), "nothing waits for it");
    assert_eq!(states(&client, &build).await.1, "BETA_REJECTED");
    assert_eq!(submit().await.status.as_u16(), 201, "again after a rejection");
    assert!(control.review(&build, Decision::Approve));
    assert_eq!(states(&client, &build).await, pair("IN_BETA_TESTING", "IN_BETA_TESTING"));
    let reply = client.get(&format!("/v1/betaTesters/{aud}?include=betaGroups,apps")).await.json();
    assert_eq!(reply["data"]["attributes"]["state"], "INVITED");
    assert_eq!(reply["included"].as_array().unwrap().len(), 2);

    let notified = async || make(&client, "buildBetaNotifications", Value::Null, &[("build", "builds", &build)]).await;
    assert_eq!(notified().await.status.as_u16(), 201);
    change(&client, "buildBetaDetails", &build, json!({ "autoNotifyEnabled": true })).await;
    assert_eq!(
        notified().await.error(),
        "409 STATE_ERROR.ENTITY_STATE_INVALID: Auto-notify already enabled"
    );
    assert_eq!(
        relate(&client, Method::DELETE, &groups, "betaGroups", &[&passengers])
            .await
            .status
            .as_u16(),
        204
    );
    assert_eq!(states(&client, &build).await.1, "BETA_APPROVED");
}

#[tokio::test]
async fn only_the_first_build_of_a_version_is_reviewed() {
    let apple = empty().await;
    let (client, app, control) = (Client::admin(&apple), app(&apple), apple.control());
    inform(&client, &app).await;
    let first = build(&apple, &client, &app, "1.0", "1").await;
    let second = build(&apple, &client, &app, "1.0", "2").await;
    let other = build(&apple, &client, &app, "1.1", "1").await;
    let submit = async |build: &str| make(&client, "betaAppReviewSubmissions", Value::Null, &[("build", "builds", build)]).await;
    let state = |reply: Reply| reply.json()["data"]["attributes"]["betaReviewState"].as_str().unwrap().to_owned();
    assert_eq!(state(submit(&first).await), "WAITING_FOR_REVIEW");
    assert_eq!(
        submit(&second).await.error(),
        "422 ENTITY_UNPROCESSABLE.ANOTHER_BUILD_IN_REVIEW: Another build of this version is in review."
    );
    assert_eq!(
        state(submit(&other).await),
        "WAITING_FOR_REVIEW",
        "another version has a review of its own"
    );
    control.review(&first, Decision::Approve);
    assert_eq!(state(submit(&second).await), "APPROVED");
    let approved = client
        .get("/v1/builds?filter[betaAppReviewSubmission.betaReviewState]=APPROVED&sort=version")
        .await;
    assert_eq!(approved.all("version"), ["1", "2"]);
    let open = control.create_build(&app, "2.0", "1").unwrap();
    assert!(submit(&open).await.error().contains("export compliance"));
}

#[tokio::test]
async fn a_group_that_gets_all_builds_takes_none_by_hand() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let attributes = json!({ "name": "All", "isInternalGroup": true, "hasAccessToAllBuilds": true });
    let all = make(&client, "betaGroups", attributes, &[("app", "apps", &app)]).await.id();
    let build = build(&apple, &client, &app, "1.0", "1").await;
    assert_eq!(client.get(&format!("/v1/betaGroups/{all}/builds")).await.all("version"), ["1"]);
    let by_group = client.get(&format!("/v1/builds?filter[betaGroups]={all}&include=betaGroups")).await;
    assert_eq!(by_group.json()["included"][0]["attributes"]["name"], "All");
    let path = format!("/v1/betaGroups/{all}/relationships/builds");
    for method in [Method::POST, Method::DELETE] {
        let refused = relate(&client, method, &path, "builds", &[&build]).await;
        assert_eq!(
            refused.error(),
            "422 ENTITY_UNPROCESSABLE: Builds cannot be assigned to this internal group."
        );
    }
    let unreadable = client.get(&format!("/v1/builds/{build}/relationships/betaGroups")).await;
    assert_eq!(
        unreadable.error(),
        "403 FORBIDDEN_ERROR: The relationship 'betaGroups' does not allow 'GET_RELATIONSHIP'. Allowed operations are: CREATE, DELETE"
    );
    assert_eq!(client.get(&format!("/v1/builds/{build}/betaGroups")).await.status.as_u16(), 403);
}

#[tokio::test]
async fn a_group_is_made_with_builds_and_testers_and_lets_go_of_what_has_expired() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    apple.control().add_user("Kari", "Nordli", "kari@halden.example");
    let crew = group(&client, &app, "Crew", true).await.id();
    let kari = tester(&client, "kari@halden.example", &crew).await.id();
    let build = build(&apple, &client, &app, "1.0", "1").await;
    let mut request = body(
        "betaGroups",
        None,
        json!({ "name": "Pilots", "isInternalGroup": true }),
        &[("app", "apps", &app)],
    );
    request["data"]["relationships"]["builds"] = json!({ "data": [{ "type": "builds", "id": build }] });
    request["data"]["relationships"]["betaTesters"] = json!({ "data": [{ "type": "betaTesters", "id": kari }] });
    let pilots = client.post("/v1/betaGroups", request.clone()).await.id();
    let whole = client
        .get(&format!("/v1/betaGroups/{pilots}?include=builds,betaTesters"))
        .await
        .json();
    assert_eq!(whole["included"].as_array().unwrap().len(), 2);

    apple.control().clock().advance(SignedDuration::from_hours(90 * 24));
    let path = format!("/v1/betaGroups/{pilots}/relationships/builds");
    assert!(
        relate(&client, Method::POST, &path, "builds", &[&build])
            .await
            .error()
            .starts_with("409 STATE_ERROR")
    );
    assert_eq!(
        relate(&client, Method::DELETE, &path, "builds", &[&build]).await.status.as_u16(),
        204
    );
    request["data"]["attributes"]["name"] = "More".into();
    assert!(client.post("/v1/betaGroups", request).await.error().starts_with("409 STATE_ERROR"));
    assert_eq!(
        client.get("/v1/betaGroups?sort=name").await.all("name"),
        ["Crew", "Pilots"],
        "not half of it"
    );
}

#[tokio::test]
async fn groups_have_names_and_public_links() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let crew = group(&client, &app, "Crew", true).await.id();
    assert!(
        group(&client, &app, "Crew", true)
            .await
            .error()
            .starts_with("409 ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE")
    );
    let outside = group(&client, &app, "Outside", false).await;
    assert_eq!(outside.json()["data"]["attributes"]["publicLinkEnabled"], false);
    let outside = outside.id();
    let opened = change(
        &client,
        "betaGroups",
        &outside,
        json!({ "publicLinkEnabled": true, "publicLinkLimit": 50 }),
    )
    .await;
    let link = opened.json()["data"]["attributes"]["publicLink"].as_str().unwrap().to_owned();
    assert!(link.starts_with("https://testflight.apple.com/join/"), "{link}");
    let again = change(&client, "betaGroups", &outside, json!({ "name": "Out", "publicLinkEnabled": true })).await;
    assert_eq!(again.json()["data"]["attributes"]["publicLink"], link, "it stays");
    assert!(
        change(&client, "betaGroups", &outside, json!({ "publicLinkLimit": 0 }))
            .await
            .error()
            .starts_with("409")
    );
    assert!(
        change(&client, "betaGroups", &crew, json!({ "publicLinkEnabled": true }))
            .await
            .error()
            .starts_with("409")
    );
    let listed = client
        .get(&format!("/v1/betaGroups?filter[app]={app}&filter[isInternalGroup]=false"))
        .await;
    assert_eq!(listed.all("name"), ["Out"]);
    assert_eq!(client.delete(&format!("/v1/betaGroups/{outside}")).await.status.as_u16(), 204);
    assert_eq!(client.get(&format!("/v1/apps/{app}/betaGroups")).await.all("name"), ["Crew"]);
}

#[tokio::test]
async fn testers_belong_to_an_app_and_come_one_way() {
    let apple = empty().await;
    let (client, app, control) = (Client::admin(&apple), app(&apple), apple.control());
    control.add_user("Ingrid", "Solheim", "ingrid@halden.example");
    let crew = group(&client, &app, "Crew", true).await.id();
    let outside = group(&client, &app, "Outside", false).await.id();
    let build = build(&apple, &client, &app, "1.0", "1").await;

    let mut both = body("betaTesters", None, json!({ "email": "aud@example.com" }), &[]);
    both["data"]["relationships"]["betaGroups"] = json!({ "data": [{ "type": "betaGroups", "id": outside }] });
    both["data"]["relationships"]["builds"] = json!({ "data": [{ "type": "builds", "id": build }] });
    let refused = "409 ENTITY_ERROR: Only one relationship should be included when creating betaTesters";
    assert_eq!(client.post("/v1/betaTesters", both).await.error(), refused);
    let neither = body("betaTesters", None, json!({ "email": "aud@example.com" }), &[]);
    assert_eq!(client.post("/v1/betaTesters", neither).await.error(), refused);
    assert!(tester(&client, "aud", &outside).await.error().contains("'email' is invalid"));

    let aud = tester(&client, "aud@example.com", &outside).await.id();
    let ingrid = tester(&client, "ingrid@halden.example", &outside).await.id();
    assert_eq!(
        tester(&client, "Ingrid@halden.example", &crew).await.id(),
        ingrid,
        "one person, one tester"
    );
    let members = format!("/v1/betaGroups/{crew}/relationships/betaTesters");
    let mixed = relate(&client, Method::POST, &members, "betaTesters", &[&ingrid, &aud]).await;
    assert_eq!(mixed.error(), "409 STATE_ERROR: Tester(s) cannot be assigned");
    assert_eq!(client.get(&members).await.json()["data"].as_array().unwrap().len(), 1);
    let of_tester = format!("/v1/betaTesters/{aud}/relationships/builds");
    assert_eq!(
        relate(&client, Method::POST, &of_tester, "builds", &[&build]).await.status.as_u16(),
        204
    );
    assert_eq!(
        client.get(&format!("/v1/builds/{build}/individualTesters")).await.all("email"),
        ["aud@example.com"]
    );

    let invite = async |tester: &str| {
        let links = [("app", "apps", app.as_str()), ("betaTester", "betaTesters", tester)];
        make(&client, "betaTesterInvitations", Value::Null, &links).await
    };
    assert!(
        invite(&ingrid).await.error().starts_with("409 STATE_ERROR"),
        "there is nothing to test yet"
    );
    let builds = format!("/v1/betaGroups/{crew}/relationships/builds");
    relate(&client, Method::POST, &builds, "builds", &[&build]).await;
    assert_eq!(invite(&ingrid).await.status.as_u16(), 201);
    control.set_tester_state(&ingrid, "INSTALLED").unwrap();
    invite(&ingrid).await;
    let sorted = client.get(&format!("/v1/betaTesters?filter[apps]={app}&sort=email")).await;
    assert_eq!(sorted.all("state"), ["NOT_INVITED", "INSTALLED"]);

    let out = relate(&client, Method::DELETE, &members, "betaTesters", &[&ingrid]).await;
    assert_eq!(out.status.as_u16(), 204);
    assert!(
        client
            .get(&format!("/v1/betaGroups/{crew}/betaTesters"))
            .await
            .all("email")
            .is_empty()
    );
    assert_eq!(client.delete(&format!("/v1/betaTesters/{ingrid}")).await.status.as_u16(), 204);
    let of_app = format!("/v1/apps/{app}/relationships/betaTesters");
    assert_eq!(
        relate(&client, Method::DELETE, &of_app, "betaTesters", &[&aud])
            .await
            .status
            .as_u16(),
        204
    );
    assert!(client.get("/v1/betaTesters").await.all("email").is_empty());
    let unknown = relate(&client, Method::POST, &members, "betaTesters", &[&aud]).await;
    assert!(unknown.error().starts_with("409 ENTITY_ERROR.RELATIONSHIP.INVALID"));
    assert_eq!(
        relate(&client, Method::POST, &members, "builds", &[&build]).await.status.as_u16(),
        422
    );
}

#[tokio::test]
async fn the_seed_has_a_crew_and_passengers() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let app = client.get("/v1/apps?filter[bundleId]=no.halden.ferry").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let groups = client.get(&format!("/v1/betaGroups?filter[app]={app}&sort=name")).await;
    assert_eq!(groups.all("name"), ["Crew", "Passengers"]);
    let testers = client.get(&format!("/v1/betaTesters?filter[apps]={app}&sort=firstName")).await;
    assert_eq!(testers.all("firstName"), ["Aud", "Ingrid", "Kari", "Nils"]);
    assert_eq!(testers.all("state"), ["INVITED"; 4]);
    let tested = client.get("/v1/builds?filter[version]=43&include=buildBetaDetail").await.json();
    let build = tested["data"][0]["id"].as_str().unwrap();
    assert_eq!(states(&client, build).await, pair("IN_BETA_TESTING", "IN_BETA_TESTING"));
    apple.control().clock().advance(SignedDuration::from_hours(70 * 24));
    assert_eq!(states(&client, build).await, pair("EXPIRED", "EXPIRED"), "with its 90 days");
}
