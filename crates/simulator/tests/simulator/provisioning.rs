//! Certificates, profiles, bundle IDs and devices: made, refused and undone by Apple's rules (facts E).

use crate::client::{Client, Reply, empty};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};
use simulator::{Api, Handle, KeyKind, Limits, Role};
use std::sync::LazyLock;
use x509_parser::prelude::{FromDer, X509Certificate};

pub(crate) static RSA: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap());

pub(crate) fn csr(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

async fn create_certificate(client: &Client<'_>, certificate_type: &str, csr: &str) -> Reply {
    let attributes = json!({ "certificateType": certificate_type, "csrContent": csr });
    client
        .post(
            "/v1/certificates",
            json!({ "data": { "type": "certificates", "attributes": attributes } }),
        )
        .await
}

async fn create_bundle_id(client: &Client<'_>, identifier: &str) -> Reply {
    let attributes = json!({ "identifier": identifier, "name": "Ferry", "platform": "IOS" });
    client
        .post(
            "/v1/bundleIds",
            json!({ "data": { "type": "bundleIds", "attributes": attributes } }),
        )
        .await
}

async fn create_device(client: &Client<'_>, name: &str, udid: &str) -> Reply {
    let attributes = json!({ "name": name, "udid": udid, "platform": "IOS" });
    client
        .post("/v1/devices", json!({ "data": { "type": "devices", "attributes": attributes } }))
        .await
}

async fn create_profile(client: &Client<'_>, name: &str, kind: &str, bundle_id: &str, certificates: &[&str], devices: &[&str]) -> Reply {
    let many = |kind: &str, ids: &[&str]| -> Value { ids.iter().map(|id| json!({ "type": kind, "id": id })).collect() };
    let mut relationships = json!({
        "bundleId": { "data": { "type": "bundleIds", "id": bundle_id } },
        "certificates": { "data": many("certificates", certificates) },
    });
    if !devices.is_empty() {
        relationships["devices"] = json!({ "data": many("devices", devices) });
    }
    let body = json!({ "data": {
        "type": "profiles",
        "attributes": { "name": name, "profileType": kind },
        "relationships": relationships,
    }});
    client.post("/v1/profiles", body).await
}

async fn enable(client: &Client<'_>, bundle_id: &str, capability: &str) -> Reply {
    let body = json!({ "data": {
        "type": "bundleIdCapabilities",
        "attributes": { "capabilityType": capability },
        "relationships": { "bundleId": { "data": { "type": "bundleIds", "id": bundle_id } } },
    }});
    client.post("/v1/bundleIdCapabilities", body).await
}

async fn state(client: &Client<'_>, profile: &str) -> String {
    let reply = client.get(&format!("/v1/profiles/{profile}")).await;
    reply.json()["data"]["attributes"]["profileState"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_certificate_bears_the_key_of_its_request() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let reply = create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await;
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.text);

    let attributes = &reply.json()["data"]["attributes"];
    assert_eq!(attributes["name"], "Apple Distribution: Halden Mobile AS");
    assert_eq!(attributes["expirationDate"], "2027-11-20T12:00:00.000+0000");
    let der = STANDARD.decode(attributes["certificateContent"].as_str().unwrap()).unwrap();
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.public_key().raw, RSA.subject_public_key_info());
    let serial = attributes["serialNumber"].as_str().unwrap();
    assert_eq!(certificate.raw_serial(), hex::decode(serial).unwrap());
    assert_eq!(serial, serial.to_uppercase());
    let unit = certificate.subject().iter_organizational_unit().next().unwrap();
    assert_eq!(unit.as_str().unwrap(), apple.control().team_id(Api::AppStore));
}

#[tokio::test]
async fn a_request_may_come_without_its_frame() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let bare: String = csr(&RSA).lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(create_certificate(&client, "DEVELOPMENT", &bare).await.status.as_u16(), 201);
}

#[tokio::test]
async fn a_bad_request_for_a_certificate_is_refused() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let reply = create_certificate(&client, "DISTRIBUTION", "no request").await;
    assert_eq!(
        reply.error(),
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID: An invalid value 'no request' was provided for the parameter 'csrContent'."
    );
    let elliptic = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    assert_eq!(
        create_certificate(&client, "DISTRIBUTION", &csr(&elliptic)).await.status.as_u16(),
        409
    );
    assert_eq!(
        create_certificate(&client, "DEVELOPER_ID_APPLICATION", &csr(&RSA))
            .await
            .status
            .as_u16(),
        403
    );
    assert!(client.get("/v1/certificates").await.all("name").is_empty(), "nothing was made");
}

#[tokio::test]
async fn the_places_for_certificates_are_counted_per_type() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let full = "409 ENTITY_ERROR: You already have a current Distribution certificate or a pending certificate request.";
    let control = apple.control();
    let last = {
        for _ in 0..2 {
            create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await;
        }
        create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await.id()
    };
    assert_eq!(create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await.error(), full);
    assert_eq!(create_certificate(&client, "DEVELOPMENT", &csr(&RSA)).await.status.as_u16(), 201);

    assert_eq!(client.delete(&format!("/v1/certificates/{last}")).await.status.as_u16(), 204);
    assert_eq!(create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await.status.as_u16(), 201);
    assert_eq!(create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await.error(), full);

    control.clock().advance(SignedDuration::from_hours(366 * 24));
    assert_eq!(
        create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await.status.as_u16(),
        201,
        "expired ones hold no place"
    );
}

#[tokio::test]
async fn a_device_is_registered_once_in_whatever_spelling() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let reply = create_device(&client, "Phone", "00008110-0012345678abcdef").await;
    assert_eq!(reply.status.as_u16(), 201);
    let attributes = &reply.json()["data"]["attributes"];
    assert_eq!(attributes["udid"], "00008110-0012345678ABCDEF", "it comes back in another case");
    assert_eq!(attributes["model"], Value::Null);
    assert_eq!(
        create_device(&client, "Again", "00008110-0012345678ABCDEF").await.error(),
        "409 ENTITY_ERROR: A device with number '00008110-0012345678ABCDEF' already exists on this team."
    );
    assert_eq!(
        create_device(&client, "Bad", "12345").await.error(),
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID: An invalid value '12345' was provided for the parameter 'udid'."
    );
    assert_eq!(
        client.delete(&format!("/v1/devices/{}", reply.id())).await.error(),
        "403 FORBIDDEN_ERROR: The resource 'devices' does not allow 'DELETE'. Allowed operations are: CREATE, GET_COLLECTION, GET_INSTANCE, UPDATE"
    );
}

#[tokio::test]
async fn a_class_holds_so_many_devices_and_disabling_frees_no_place() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let control = apple.control();
    control.set_limits(Limits {
        devices_per_class: 1,
        ..control.limits()
    });
    let first = create_device(&client, "Phone", "00008110-0012345678ABCDE1").await.id();
    let disable = json!({ "data": { "type": "devices", "id": first, "attributes": { "status": "DISABLED" } } });
    let reply = client.patch(&format!("/v1/devices/{first}"), disable).await;
    assert_eq!(reply.json()["data"]["attributes"]["status"], "DISABLED");
    assert_eq!(
        create_device(&client, "Phone", "00008110-0012345678ABCDE2").await.status.as_u16(),
        409
    );
    assert_eq!(
        create_device(&client, "An iPad", "00008110-0012345678ABCDE3").await.status.as_u16(),
        201
    );
}

#[tokio::test]
async fn an_identifier_is_taken_for_all_teams() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let enterprise = Client::new(&apple, KeyKind::Enterprise, Role::Admin);
    let id = create_bundle_id(&client, "no.halden.ferry").await.id();
    let taken = create_bundle_id(&enterprise, "no.halden.FERRY").await;
    assert_eq!(
        taken.error(),
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID: An App ID with Identifier 'no.halden.FERRY' is not available. Please enter a different string."
    );
    assert_eq!(
        taken.json()["errors"][0]["title"],
        "An attribute in the provided entity has invalid value"
    );
    assert_eq!(
        client
            .get(&format!("/v1/bundleIds/{id}/bundleIdCapabilities"))
            .await
            .all("capabilityType"),
        ["IN_APP_PURCHASE"],
        "on by default"
    );
    let rename = |name: &str| json!({ "data": { "type": "bundleIds", "id": id, "attributes": { "name": name } } });
    let renamed = client.patch(&format!("/v1/bundleIds/{id}"), rename("Ferry Two")).await;
    assert_eq!(renamed.json()["data"]["attributes"]["name"], "Ferry Two");
    let bad = client.patch(&format!("/v1/bundleIds/{id}"), rename("Ferry & Co.")).await;
    assert_eq!(
        bad.error(),
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID: The attribute 'name' is invalid: 'Ferry & Co.'"
    );
}

#[tokio::test]
async fn the_bundle_id_of_an_app_stays() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let id = create_bundle_id(&client, "no.halden.ferry").await.id();
    let attributes = json!({ "name": "Ferry", "bundleId": "no.halden.ferry", "sku": "F1", "primaryLocale": "en-US" });
    apple.control().create(Api::AppStore, "apps", &attributes, &Value::Null).unwrap();
    assert_eq!(client.delete(&format!("/v1/bundleIds/{id}")).await.status.as_u16(), 409);
    let app = client.get(&format!("/v1/bundleIds/{id}/app")).await;
    assert_eq!(app.json()["data"]["attributes"]["sku"], "F1");
}

#[tokio::test]
async fn a_capability_that_is_on_stays_as_it_is() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let bundle_id = create_bundle_id(&client, "no.halden.ferry").await.id();
    let first = enable(&client, &bundle_id, "ICLOUD").await;
    assert_eq!((first.status.as_u16(), first.id()), (201, format!("{bundle_id}_ICLOUD")));
    assert_eq!(first.json()["data"]["attributes"]["settings"][0]["options"][0]["key"], "XCODE_6");
    let again = enable(&client, &bundle_id, "ICLOUD").await;
    assert_eq!((again.status.as_u16(), again.json()), (201, first.json()));
    assert!(
        enable(&client, &bundle_id, "PRIVATE_CLOUD_COMPUTE").await.error().starts_with(
            "409 ENTITY_ERROR.ATTRIBUTE.TYPE: 'PRIVATE_CLOUD_COMPUTE' is not a valid value for the attribute 'capabilityType'. Expected one of: 'ICLOUD', 'IN_APP_PURCHASE',"
        )
    );
    let wrong = json!({ "data": { "type": "bundleIdCapabilities", "id": first.id(), "attributes": {
        "settings": [{ "key": "ICLOUD_AGE", "options": [] }]
    }}});
    assert!(
        client
            .patch(&format!("/v1/bundleIdCapabilities/{}", first.id()), wrong)
            .await
            .error()
            .contains("is not a valid value for the attribute 'settings/0/key'")
    );
}

/// A team with a bundle ID, a phone, and one certificate each for development and distribution.
struct Stock {
    bundle_id: String,
    phone: String,
    development: String,
    distribution: String,
}

async fn stock(apple: &Handle, client: &Client<'_>) -> Stock {
    let now = apple.control().clock().now();
    let certificate = |kind| apple.control().create_certificate(Api::AppStore, kind, now, None).unwrap();
    Stock {
        bundle_id: create_bundle_id(client, "no.halden.ferry").await.id(),
        phone: create_device(client, "Phone", "00008110-0012345678ABCDEF").await.id(),
        development: certificate("DEVELOPMENT"),
        distribution: certificate("DISTRIBUTION"),
    }
}

#[tokio::test]
async fn a_profile_is_signed_and_names_what_it_holds() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let stock = stock(&apple, &client).await;
    let made = create_profile(
        &client,
        "Dev",
        "IOS_APP_DEVELOPMENT",
        &stock.bundle_id,
        &[&stock.development],
        &[&stock.phone],
    )
    .await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let attributes = made.json()["data"]["attributes"].clone();
    assert_eq!(attributes["createdDate"], "2026-11-20T12:00:00.000+0000");
    assert_eq!(attributes["expirationDate"], "2027-11-20T12:00:00.000+0000");
    assert_eq!(attributes["profileState"], "ACTIVE");
    let content = STANDARD.decode(attributes["profileContent"].as_str().unwrap()).unwrap();
    let text = String::from_utf8_lossy(&content);
    for held in [attributes["uuid"].as_str().unwrap(), "no.halden.ferry", "00008110-0012345678ABCDEF"] {
        assert!(text.contains(held), "the property list lacks {held}");
    }

    let id = made.id();
    let path = format!("/v1/profiles/{id}?include=bundleId,devices,certificates&fields[devices]=name");
    let document = client.get(&path).await.json();
    let relationships = &document["data"]["relationships"];
    assert_eq!(relationships["bundleId"]["data"]["id"], stock.bundle_id.as_str());
    assert_eq!(relationships["devices"]["data"], json!([{ "type": "devices", "id": stock.phone }]));
    let included: Vec<_> = document["included"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| &object["type"])
        .collect();
    assert_eq!(included, ["bundleIds", "devices", "certificates"]);
    assert_eq!(document["included"][1]["attributes"], json!({ "name": "Phone" }));

    let related = client.get(&format!("/v1/bundleIds/{}/profiles", stock.bundle_id)).await;
    assert_eq!(related.all("name"), ["Dev"]);
    let linkage = client.get(&format!("/v1/profiles/{id}/relationships/certificates")).await.json();
    assert_eq!(linkage["data"], json!([{ "type": "certificates", "id": stock.development }]));
}

#[tokio::test]
async fn a_profile_that_does_not_fit_together_is_refused() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let Stock {
        bundle_id,
        phone,
        development,
        distribution,
    } = stock(&apple, &client).await;
    let create = |kind, certificates: Vec<String>, devices: Vec<String>| {
        let (client, bundle_id) = (&client, &bundle_id);
        async move {
            let certificates: Vec<_> = certificates.iter().map(String::as_str).collect();
            let devices: Vec<_> = devices.iter().map(String::as_str).collect();
            create_profile(client, "Misfit", kind, bundle_id, &certificates, &devices)
                .await
                .error()
        }
    };
    let (dev, dist, phone) = (vec![development.clone()], vec![distribution.clone()], vec![phone]);
    assert_eq!(
        create("IOS_APP_ADHOC", dist.clone(), vec![]).await,
        "409 ENTITY_ERROR.RELATIONSHIP.REQUIRED: The relationship 'devices' is required but was not provided with this request."
    );
    for (why, misfit) in [
        (
            "devices in a store profile",
            create("IOS_APP_STORE", dist.clone(), phone.clone()).await,
        ),
        (
            "a development certificate in a store profile",
            create("IOS_APP_STORE", dev.clone(), vec![]).await,
        ),
        ("a phone in a tvOS profile", create("TVOS_APP_DEVELOPMENT", dev, phone).await),
    ] {
        assert!(misfit.starts_with("409 ENTITY_ERROR.RELATIONSHIP.INVALID"), "{why}: {misfit}");
    }
    assert_eq!(
        create("IOS_APP_STORE", vec!["AAAAAAAAAA".into()], vec![]).await,
        "409 ENTITY_ERROR: There are no current certificates on this team matching the provided certificate IDs."
    );
    assert!(
        create("IOS_APP_INHOUSE", dist.clone(), vec![])
            .await
            .contains("'profileType' is invalid")
    );
    assert_eq!(
        create_profile(&client, "Lost", "IOS_APP_STORE", "BBBBBBBBBB", &[&dist[0]], &[])
            .await
            .error(),
        "409 ENTITY_ERROR: There is no App ID with ID 'BBBBBBBBBB' on this team."
    );
    assert!(client.get("/v1/profiles").await.all("name").is_empty());
}

#[tokio::test]
async fn a_store_profile_contains_the_newest_of_the_given_certificates() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let stock = stock(&apple, &client).await;
    apple.control().clock().advance(SignedDuration::from_hours(24));
    let newest = create_certificate(&client, "DISTRIBUTION", &csr(&RSA)).await.id();
    let given = [stock.distribution.as_str(), &newest, "AAAAAAAAAA"];
    let made = create_profile(&client, "Store", "IOS_APP_STORE", &stock.bundle_id, &given, &[]).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let held = client.get(&format!("/v1/profiles/{}/relationships/certificates", made.id())).await;
    assert_eq!(held.json()["data"], json!([{ "type": "certificates", "id": newest }]));
}

#[tokio::test]
async fn what_changes_under_a_profile_makes_it_invalid() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let stock = stock(&apple, &client).await;
    let development = create_profile(
        &client,
        "Dev",
        "IOS_APP_DEVELOPMENT",
        &stock.bundle_id,
        &[&stock.development],
        &[&stock.phone],
    )
    .await
    .id();
    let store = create_profile(&client, "Store", "IOS_APP_STORE", &stock.bundle_id, &[&stock.distribution], &[])
        .await
        .id();

    client.delete(&format!("/v1/certificates/{}", stock.development)).await;
    assert_eq!(state(&client, &development).await, "INVALID");
    assert_eq!(state(&client, &store).await, "ACTIVE");
    enable(&client, &stock.bundle_id, "IN_APP_PURCHASE").await;
    assert_eq!(state(&client, &store).await, "ACTIVE", "it was on already");
    enable(&client, &stock.bundle_id, "PUSH_NOTIFICATIONS").await;
    assert_eq!(state(&client, &store).await, "INVALID");
    assert_eq!(
        client.get("/v1/profiles?filter[profileState]=INVALID&sort=name").await.all("name"),
        ["Dev", "Store"]
    );

    let again = create_profile(&client, "Store", "IOS_APP_STORE", &stock.bundle_id, &[&stock.distribution], &[]).await;
    assert_eq!(
        again.error(),
        "409 ENTITY_ERROR: Multiple profiles found with the name 'Store'.  Please remove the duplicate profiles and try again."
    );
    assert_eq!(client.delete(&format!("/v1/profiles/{store}")).await.status.as_u16(), 204);
    let rebuilt = create_profile(&client, "Store", "IOS_APP_STORE", &stock.bundle_id, &[&stock.distribution], &[]).await;
    assert_eq!(rebuilt.status.as_u16(), 201);

    assert_eq!(
        client.delete(&format!("/v1/bundleIds/{}", stock.bundle_id)).await.status.as_u16(),
        204
    );
    assert_eq!(state(&client, &rebuilt.id()).await, "INVALID");
    apple.control().clock().advance(SignedDuration::from_hours(366 * 24));
    assert_eq!(state(&client, &rebuilt.id()).await, "EXPIRED");
}

#[tokio::test]
async fn a_faulty_body_is_answered_with_all_its_faults() {
    let apple = empty().await;
    let client = Client::admin(&apple);
    let body = json!({ "data": { "type": "devices", "attributes": { "platform": "WATCH_OS", "color": "red" } } });
    let reply = client.post("/v1/devices", body).await;
    let faults: Vec<_> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            format!(
                "{} {}",
                error["code"].as_str().unwrap(),
                error["source"]["pointer"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        faults,
        [
            "ENTITY_ERROR.ATTRIBUTE.REQUIRED /data/attributes/name",
            "ENTITY_ERROR.ATTRIBUTE.TYPE /data/attributes/platform",
            "ENTITY_ERROR.ATTRIBUTE.REQUIRED /data/attributes/udid",
            "ENTITY_ERROR.ATTRIBUTE.UNKNOWN /data/attributes/color",
        ]
    );
    let send = |text: &str| client.send(reqwest::Method::POST, "/v1/devices", Some(text.to_owned()));
    assert!(send("{").await.error().starts_with("400 ENTITY_INVALID"));
    assert!(send(r#"{"date":{}}"#).await.error().starts_with("422 ENTITY_UNPROCESSABLE"));
    assert!(
        send(r#"{"data":{"type":"profiles"}}"#)
            .await
            .error()
            .starts_with("409 ENTITY_ERROR.TYPE")
    );
}
