//! Where TestFlight ends: for texts, and for a Developer key.

use crate::binaries::app;
use crate::client::{Client, empty, seeded};
use crate::testflight::{build, change, group, make, relate, tester};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{KeyKind, Role};

const FORBIDDEN: &str = "403 FORBIDDEN_ERROR: The API key in use does not allow this request";

#[tokio::test]
async fn texts_have_a_language_a_length_and_no_emoji() {
    let apple = empty().await;
    let (client, app) = (Client::admin(&apple), app(&apple));
    let build = build(&apple, &client, &app, "1.0", "1").await;
    let own = client.get(&format!("/v1/betaBuildLocalizations?filter[build]={build}")).await;
    assert_eq!(own.all("locale"), ["en-US"], "the primary language is there");
    let own = own.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let write = async |locale: &str, text: &str| {
        let attributes = json!({ "locale": locale, "whatsNew": text });
        make(&client, "betaBuildLocalizations", attributes, &[("build", "builds", &build)]).await
    };
    assert!(
        write("en-US", "x")
            .await
            .error()
            .starts_with("409 ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE")
    );
    assert_eq!(
        write("nb", "New \u{1F6F3}").await.error(),
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID: Text for whatsNew contains invalid characters"
    );
    assert!(write("nb", &"x".repeat(4001)).await.error().contains("4000"));
    assert!(write("n", "x").await.error().contains("locale"));
    let norwegian = write("nb", &"ø".repeat(4000)).await.id();
    let changed = change(&client, "betaBuildLocalizations", &own, json!({ "whatsNew": "Faster." })).await;
    assert_eq!(changed.json()["data"]["attributes"]["whatsNew"], "Faster.");
    assert_eq!(
        client
            .delete(&format!("/v1/betaBuildLocalizations/{norwegian}"))
            .await
            .status
            .as_u16(),
        204
    );
    assert_eq!(
        client.delete(&format!("/v1/betaBuildLocalizations/{own}")).await.status.as_u16(),
        409
    );
    let attributes = json!({ "locale": "de-DE", "description": "Fähren." });
    assert_eq!(
        make(&client, "betaAppLocalizations", attributes, &[("app", "apps", &app)])
            .await
            .status
            .as_u16(),
        201
    );
    let license = change(&client, "betaLicenseAgreements", &app, json!({ "agreementText": "Be kind." })).await;
    assert_eq!(license.json()["data"]["attributes"]["agreementText"], "Be kind.");
    let details = client.get(&format!("/v1/betaAppReviewDetails?filter[app]={app}&include=app")).await;
    assert_eq!(details.json()["data"][0]["relationships"]["app"]["data"]["id"], app);
}

#[tokio::test]
async fn a_developer_key_tests_within_the_team_and_no_further() {
    let apple = seeded().await;
    let (admin, developer) = (Client::admin(&apple), Client::new(&apple, KeyKind::Team, Role::Developer));
    let app = admin.get("/v1/apps?filter[bundleId]=no.halden.ferry").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let outside = group(&developer, &app, "More", false).await;
    assert_eq!(outside.error(), "403 FORBIDDEN_ERROR: ");
    assert_eq!(outside.json()["errors"][0]["title"], "Unable to process request.");
    let inside = group(&developer, &app, "Devs", true).await.id();
    assert_eq!(tester(&developer, "kari@halden.example", &inside).await.status.as_u16(), 201);
    let passengers = admin.get("/v1/betaGroups?filter[name]=Passengers").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(tester(&developer, "new@example.com", &passengers).await.error(), FORBIDDEN);
    assert_eq!(
        change(&developer, "betaGroups", &passengers, json!({ "name": "P" })).await.error(),
        FORBIDDEN
    );
    assert_eq!(developer.delete(&format!("/v1/betaGroups/{passengers}")).await.error(), FORBIDDEN);
    let build = admin.get("/v1/builds?filter[version]=43").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (group, status) in [(&inside, 204), (&passengers, 403)] {
        let by_group = relate(
            &developer,
            Method::POST,
            &format!("/v1/betaGroups/{group}/relationships/builds"),
            "builds",
            &[&build],
        )
        .await;
        assert_eq!(by_group.status.as_u16(), status);
        let by_build = relate(
            &developer,
            Method::POST,
            &format!("/v1/builds/{build}/relationships/betaGroups"),
            "betaGroups",
            &[group],
        )
        .await;
        assert_eq!(by_build.status.as_u16(), status);
    }
    let text = admin.get(&format!("/v1/betaBuildLocalizations?filter[build]={build}")).await.json();
    let text = text["data"][0]["id"].as_str().unwrap();
    assert_eq!(
        change(&developer, "betaBuildLocalizations", text, json!({ "whatsNew": "x" }))
            .await
            .error(),
        FORBIDDEN
    );
    assert_eq!(
        make(&developer, "betaAppReviewSubmissions", Value::Null, &[("build", "builds", &build)])
            .await
            .error(),
        FORBIDDEN
    );
    assert_eq!(
        change(&developer, "builds", &build, json!({ "expired": true })).await.error(),
        FORBIDDEN
    );
    assert_eq!(
        make(&developer, "buildBetaNotifications", Value::Null, &[("build", "builds", &build)])
            .await
            .error(),
        FORBIDDEN
    );
}
