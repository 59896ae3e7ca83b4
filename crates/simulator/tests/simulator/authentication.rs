//! Tokens: what opens the door, and that every closed door looks the same (facts A, B5).

use crate::client::{Client, NOON, empty};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Api, KeyKind, Role};

const REFUSED: &str = concat!(
    r#"{"errors":[{"code":"NOT_AUTHORIZED","detail":"Provide a properly configured and signed bearer token, "#,
    r#"and make sure that it has not expired. Learn more about Generating Tokens for API Requests "#,
    r#"https://developer.apple.com/go/?id=api-generating-tokens","status":"401","#,
    r#""title":"Authentication credentials are missing or invalid."}]}"#
);

fn noon() -> i64 {
    NOON.parse::<Timestamp>().unwrap().as_second()
}

/// The claims of a good token with some of them changed; `null` takes one away.
fn changed(client: &Client<'_>, changes: &Value) -> Value {
    let mut claims = client.key().claims(NOON.parse().unwrap());
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

async fn status_with(client: &Client<'_>, path: &str, claims: &Value) -> u16 {
    let token = client.key().mint(claims).unwrap();
    client
        .try_send(Method::GET, path, None, Some(&token))
        .await
        .unwrap()
        .status
        .as_u16()
}

#[tokio::test]
async fn every_cause_of_a_401_answers_the_same_bytes() {
    let apple = empty().await;
    let team = Client::admin(&apple);
    let individual = Client::new(&apple, KeyKind::Individual, Role::AppManager);
    let enterprise = Client::new(&apple, KeyKind::Enterprise, Role::Admin);
    let good = team.key().claims(NOON.parse().unwrap());
    let header = |kid: &str, alg: &str| json!({ "alg": alg, "kid": kid, "typ": "JWT" });
    let team_token = |changes: Value| Some(team.key().mint(&changed(&team, &changes)).unwrap());
    let individual_token = |changes: Value| Some(individual.key().mint(&changed(&individual, &changes)).unwrap());

    let mut broken = team_token(json!({})).unwrap();
    broken.replace_range(broken.len() - 6.., "AAAAAA");
    let tokens = [
        ("no token", None),
        ("not a token", Some("nonsense".to_owned())),
        ("a broken signature", Some(broken)),
        (
            "an unknown key",
            Some(team.key().mint_with_header(&header("ZZZZZZZZZZ", "ES256"), &good).unwrap()),
        ),
        (
            "another algorithm",
            Some(team.key().mint_with_header(&header(&team.key().key_id, "HS256"), &good).unwrap()),
        ),
        (
            "another's Key ID",
            Some(
                team.key()
                    .mint_with_header(&header(&individual.key().key_id, "ES256"), &good)
                    .unwrap(),
            ),
        ),
        (
            "another issuer",
            team_token(json!({ "iss": "69a6de70-0000-47e3-e053-5b8c7c11a4d1" })),
        ),
        ("no issuer", team_token(json!({ "iss": null }))),
        (
            "the enterprise audience",
            team_token(json!({ "aud": "apple-developer-enterprise-v1" })),
        ),
        ("no expiry", team_token(json!({ "exp": null }))),
        ("expired", team_token(json!({ "iat": noon() - 900, "exp": noon() }))),
        ("issued in the future", team_token(json!({ "iat": noon() + 1 }))),
        (
            "a life over twenty minutes",
            team_token(json!({ "iat": noon(), "exp": noon() + 1201 })),
        ),
        (
            "a long life without a time of issue",
            team_token(json!({ "iat": null, "exp": noon() + 1201 })),
        ),
        ("a scope for another path", team_token(json!({ "scope": ["GET /v1/devices"] }))),
        (
            "a scope with a POST",
            team_token(json!({ "scope": ["GET /v1/apps", "POST /v1/apps"] })),
        ),
        (
            "an individual key with an issuer",
            individual_token(json!({ "iss": team.key().issuer_id })),
        ),
        ("an individual key without its subject", individual_token(json!({ "sub": null }))),
        ("an enterprise key", Some(enterprise.key().token(NOON.parse().unwrap()).unwrap())),
    ];
    for (cause, token) in tokens {
        let reply = team.try_send(Method::GET, "/v1/apps", None, token.as_deref()).await.unwrap();
        assert_eq!(reply.status.as_u16(), 401, "{cause}");
        assert_eq!(reply.text, REFUSED, "{cause}");
        assert!(!reply.headers.contains_key("x-rate-limit"), "{cause}: nobody's budget is shown");
    }

    apple.control().set_revoked(&team.key().key_id, true).unwrap();
    assert_eq!(team.get("/v1/apps").await.text, REFUSED, "a revoked key");
    apple.control().set_revoked(&team.key().key_id, false).unwrap();
    assert_eq!(team.get("/v1/apps").await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_three_kinds_of_key_open_their_own_door() {
    let apple = empty().await;
    for (kind, role, path) in [
        (KeyKind::Team, Role::Admin, "/v1/apps"),
        (KeyKind::Individual, Role::AppManager, "/v1/apps"),
        (KeyKind::Enterprise, Role::Admin, "/v1/bundleIds"),
    ] {
        let client = Client::new(&apple, kind, role);
        let reply = client.get(path).await;
        assert_eq!(reply.status.as_u16(), 200, "{kind:?}");
        assert_eq!(reply.headers["date"], "Fri, 20 Nov 2026 12:00:00 GMT");
    }
}

#[tokio::test]
async fn a_token_without_a_time_of_issue_is_counted_from_now() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let claims = changed(&client, &json!({ "iat": null, "exp": noon() + 1200 }));
    assert_eq!(status_with(&client, "/v1/apps", &claims).await, 200);
    apple.control().clock().advance(SignedDuration::from_mins(20));
    assert_eq!(status_with(&client, "/v1/apps", &claims).await, 401, "the clock has passed its end");
}

#[tokio::test]
async fn a_scope_fits_whatever_the_order_and_the_paging() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    for (scope, path, status) in [
        (
            "GET /v1/devices?filter[platform]=IOS&filter[status]=ENABLED",
            "/v1/devices?limit=5&filter[status]=ENABLED&filter[platform]=IOS",
            200,
        ),
        ("GET /devices", "/v1/devices", 200),
        ("GET /v1/devices?filter[platform]=IOS", "/v1/devices", 401),
        ("GET /v1/devices", "/v1/devices?filter[platform]=IOS", 401),
    ] {
        let claims = changed(&client, &json!({ "scope": [scope] }));
        assert_eq!(status_with(&client, path, &claims).await, status, "{scope} on {path}");
    }
}

#[tokio::test]
async fn a_long_life_is_for_scopes_of_resources_that_allow_it() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let three_months = noon() + 90 * 24 * 3600;
    let claims = |scope: &str| changed(&client, &json!({ "scope": [scope], "exp": three_months }));
    let xcode_cloud = status_with(&client, "/v1/ciProducts", &claims("GET /v1/ciProducts")).await;
    assert_eq!(xcode_cloud, 501, "accepted; the simulator does not play Xcode Cloud");
    assert_eq!(status_with(&client, "/v1/devices", &claims("GET /v1/devices")).await, 401);
}

#[tokio::test]
async fn a_team_in_trouble_is_refused_with_its_own_words() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();
    control.set_standing(Api::AppStore, simulator::Standing::MembershipLapsed);
    let team = control.team_id(Api::AppStore);
    assert_eq!(
        client.get("/v1/apps").await.error(),
        format!(
            "403 FORBIDDEN_ERROR: Team ID: '{team}' is not associated with an active membership. To check your teams membership status, sign in your account on the developer website. https://developer.apple.com/account/"
        )
    );
    control.set_standing(Api::AppStore, simulator::Standing::AgreementMissing);
    let reply = client.get("/v1/apps").await;
    assert_eq!(
        reply.error(),
        "403 FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED: This request requires an in-effect agreement that has not been signed or has expired."
    );
    let error = &reply.json()["errors"][0];
    assert_eq!(error["links"]["see"], "/agreements");
    assert_eq!(error["id"].as_str().unwrap().len(), 26);
    control.set_standing(Api::AppStore, simulator::Standing::Active);
    assert_eq!(client.get("/v1/apps").await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_hourly_budget_rolls() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();
    let limits = simulator::Limits {
        requests_per_hour: 2,
        ..control.limits()
    };
    control.set_limits(limits);

    assert_eq!(
        client.get("/v1/apps").await.headers["x-rate-limit"],
        "user-hour-lim:2;user-hour-rem:1;"
    );
    control.clock().advance(SignedDuration::from_mins(30));
    assert_eq!(
        client.get("/v1/apps").await.headers["x-rate-limit"],
        "user-hour-lim:2;user-hour-rem:0;"
    );
    let reply = client.get("/v1/apps").await;
    assert_eq!(
        reply.error(),
        "429 RATE_LIMIT_EXCEEDED: We've received too many requests for this API. Please wait and try again or slow down your request rate."
    );
    let other = Client::new(&apple, KeyKind::Team, Role::Developer);
    assert_eq!(other.get("/v1/apps").await.status.as_u16(), 200, "the budget is per key");

    control.clock().advance(SignedDuration::from_mins(30));
    assert_eq!(
        client.get("/v1/apps").await.status.as_u16(),
        200,
        "the first call has left the hour"
    );
    assert_eq!(client.get("/v1/apps").await.status.as_u16(), 429, "the second has not");
}

#[tokio::test]
async fn the_enterprise_api_has_the_same_budget() {
    let apple = empty().await;
    let client = Client::new(&apple, KeyKind::Enterprise, Role::Admin);
    let control = apple.control();
    control.set_limits(simulator::Limits {
        requests_per_hour: 1,
        ..control.limits()
    });
    assert_eq!(client.get("/v1/devices").await.status.as_u16(), 200);
    assert_eq!(client.get("/v1/devices").await.status.as_u16(), 429);
}
