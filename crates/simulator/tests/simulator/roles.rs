//! Which key may do what: the whole matrix of facts L, over HTTP, with the probes of the feature table among it.

use crate::client::{Client, NOON, seeded};
use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Api, Handle, KeyKind, Role};

const FORBIDDEN: &str = "403 FORBIDDEN_ERROR: The API key in use does not allow this request";

/// The requests of the matrix. Writes are sent without a body: 403 says that the role does not reach, anything else that
/// it does.
fn requests(apple: &Handle) -> Vec<(&'static str, Method, String)> {
    let objects = |kind| apple.control().objects(Api::AppStore, kind).unwrap();
    let first = |kind| objects(kind)[0]["id"].as_str().unwrap().to_owned();
    let app = first("apps");
    let bundle_id = first("bundleIds");
    let read = |path: &str| (Method::GET, path.to_owned());
    [
        ("apps, read", read("/v1/apps?limit=1")),
        ("apps, change", (Method::PATCH, format!("/v1/apps/{app}"))),
        ("build uploads", read(&format!("/v1/apps/{app}/buildUploads?limit=1"))),
        ("TestFlight", read(&format!("/v1/betaGroups?filter[app]={app}&limit=1"))),
        ("metadata", read(&format!("/v1/apps/{app}/appInfos?limit=1"))),
        ("submissions", read(&format!("/v1/reviewSubmissions?filter[app]={app}"))),
        ("certificates, read", read("/v1/certificates?limit=1")),
        ("certificates, create", (Method::POST, "/v1/certificates".to_owned())),
        ("profiles, read", read("/v1/profiles?limit=1")),
        ("profiles, create", (Method::POST, "/v1/profiles".to_owned())),
        ("bundle IDs, read", read("/v1/bundleIds?limit=1")),
        ("bundle IDs, create", (Method::POST, "/v1/bundleIds".to_owned())),
        ("bundle IDs, delete", (Method::DELETE, format!("/v1/bundleIds/{bundle_id}"))),
        ("capabilities, create", (Method::POST, "/v1/bundleIdCapabilities".to_owned())),
        ("devices, read", read("/v1/devices?limit=1")),
        ("devices, create", (Method::POST, "/v1/devices".to_owned())),
    ]
    .into_iter()
    .map(|(name, (method, path))| (name, method, path))
    .collect()
}

async fn row(apple: &Handle, client: &Client<'_>) -> String {
    let mut row = String::new();
    for (_, method, path) in requests(apple) {
        let body = (method != Method::GET && method != Method::DELETE).then(String::new);
        let reply = client.send(method, &path, body).await;
        row.push(match reply.status.as_u16() {
            403 => {
                assert_eq!(reply.error(), FORBIDDEN);
                '-'
            }
            200 => 'r',
            400 | 409 => 'w', // the role reaches; the empty body or the app in use does not
            status => panic!("{path} answers {status}: {}", reply.text),
        });
    }
    row
}

#[tokio::test]
async fn the_matrix_of_roles() {
    let apple = seeded().await;
    let names: Vec<_> = requests(&apple).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), 16);
    for (role, expected) in [
        //                    apps   probes  certs profiles bundle IDs devices
        (Role::Admin, "rwrrrrrwrwrwwwrw"),
        (Role::AppManager, "rwrrrr----------"),
        (Role::Developer, "r-rrrrrwrwrw-wr-"),
        (Role::Finance, "r---------------"),
        (Role::Sales, "r---------------"),
        (Role::Marketing, "r---------------"),
        (Role::CustomerSupport, "r---------------"),
    ] {
        let client = Client::new(&apple, KeyKind::Team, role);
        assert_eq!(row(&apple, &client).await, expected, "{role:?} over {names:?}");
    }
}

#[tokio::test]
async fn an_individual_key_reaches_no_provisioning_whatever_its_user_may() {
    let apple = seeded().await;
    let key = apple.control().add_key(KeyKind::Individual, vec![Role::Admin]).unwrap();
    let client = Client::with_key(&apple, key);
    assert_eq!(row(&apple, &client).await, "rwrrrr----------");
}

#[tokio::test]
async fn the_switch_gives_app_managers_access_to_certificates_identifiers_and_profiles() {
    let apple = seeded().await;
    let client = Client::new(&apple, KeyKind::Team, Role::AppManager);
    apple.control().set_app_manager_cip(true);
    assert_eq!(row(&apple, &client).await, "rwrrrrrwrwrwwwrw");
}

#[tokio::test]
async fn several_roles_are_the_union() {
    let apple = seeded().await;
    let key = apple
        .control()
        .add_key(KeyKind::Team, vec![Role::AppManager, Role::Developer])
        .unwrap();
    let client = Client::with_key(&apple, key);
    assert_eq!(row(&apple, &client).await, "rwrrrrrwrwrw-wr-");
}

#[tokio::test]
async fn a_developer_handles_what_is_for_development() {
    let apple = seeded().await;
    let client = Client::new(&apple, KeyKind::Team, Role::Developer);
    let now = NOON.parse().unwrap();
    let certificate = |kind| apple.control().create_certificate(Api::AppStore, kind, now, None).unwrap();
    let (development, distribution) = (certificate("DEVELOPMENT"), certificate("IOS_DISTRIBUTION"));

    let create = |kind: &str| json!({ "data": { "type": "certificates", "attributes": { "certificateType": kind, "csrContent": "x" } } });
    assert_eq!(client.post("/v1/certificates", create("DISTRIBUTION")).await.error(), FORBIDDEN);
    assert!(
        client
            .post("/v1/certificates", create("DEVELOPMENT"))
            .await
            .error()
            .contains("csrContent")
    );
    assert_eq!(client.delete(&format!("/v1/certificates/{distribution}")).await.error(), FORBIDDEN);
    assert_eq!(client.delete(&format!("/v1/certificates/{development}")).await.status.as_u16(), 204);

    let profile = |kind: &str| {
        json!({ "data": {
            "type": "profiles",
            "attributes": { "name": "One", "profileType": kind },
            "relationships": {
                "bundleId": { "data": { "type": "bundleIds", "id": "AAAAAAAAAA" } },
                "certificates": { "data": [{ "type": "certificates", "id": distribution }] },
            },
        }})
    };
    assert_eq!(client.post("/v1/profiles", profile("IOS_APP_STORE")).await.error(), FORBIDDEN);
    assert!(
        client
            .post("/v1/profiles", profile("IOS_APP_DEVELOPMENT"))
            .await
            .error()
            .starts_with("409")
    );
}

#[tokio::test]
async fn the_enterprise_api_has_two_roles_and_no_store() {
    let apple = seeded().await;
    let admin = Client::new(&apple, KeyKind::Enterprise, Role::Admin);
    let developer = Client::new(&apple, KeyKind::Enterprise, Role::Developer);
    for path in [
        "/v1/bundleIds",
        "/v1/certificates",
        "/v1/devices",
        "/v1/passTypeIds",
        "/v1/profiles",
    ] {
        assert_eq!(admin.get(path).await.status.as_u16(), 200, "{path}");
        assert_eq!(developer.get(path).await.status.as_u16(), 200, "{path}");
    }
    assert_eq!(admin.get("/v1/users").await.status.as_u16(), 200);
    assert_eq!(developer.get("/v1/users").await.error(), FORBIDDEN);
    for path in ["/v1/apps", "/v1/betaGroups", "/v1/merchantIds"] {
        assert_eq!(admin.get(path).await.status.as_u16(), 404, "{path}");
    }

    let invitation = json!({ "data": { "type": "userInvitations", "attributes": {
        "email": "kari@halden.example", "firstName": "Kari", "lastName": "Nordli", "roles": ["DEVELOPER"]
    }}});
    let invited = admin.post("/v1/userInvitations", invitation.clone()).await;
    assert_eq!(invited.status.as_u16(), 201, "{}", invited.text);
    assert_eq!(invited.json()["data"]["attributes"]["expirationDate"], "2026-11-23T12:00:00Z");
    assert_eq!(admin.post("/v1/userInvitations", invitation).await.status.as_u16(), 409);
    assert_eq!(
        admin.delete(&format!("/v1/userInvitations/{}", invited.id())).await.status.as_u16(),
        204
    );

    let pass = |identifier: &str| -> Value {
        json!({ "data": { "type": "passTypeIds", "attributes": { "name": "Boarding", "identifier": identifier } } })
    };
    assert_eq!(developer.post("/v1/passTypeIds", pass("boarding")).await.status.as_u16(), 409);
    let made = developer.post("/v1/passTypeIds", pass("pass.no.halden.boarding")).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    assert_eq!(
        developer
            .post("/v1/passTypeIds", pass("pass.no.halden.boarding"))
            .await
            .status
            .as_u16(),
        409
    );
    let renamed = json!({ "data": { "type": "passTypeIds", "id": made.id(), "attributes": { "name": "Cards" } } });
    let renamed = developer.patch(&format!("/v1/passTypeIds/{}", made.id()), renamed).await;
    assert_eq!(renamed.json()["data"]["attributes"]["name"], "Cards");
}
