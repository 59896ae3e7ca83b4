//! Every route of the document, asked by nobody, by a wrong token, and by the Owner of another organization with ids that
//! are foreign, unknown or no ids at all. Generated: a route that is added is asked too.

use crate::{conformance::Operation, stage::Stage};
use app::{
    accounts::SignedIn,
    csrs::NewCsr,
    enrollment::{DeviceByHand, NewDeviceInvitation},
    invitations::NewInvitation,
    service_tokens::NewServiceToken,
};
use domain::ApiKeyId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{Role, World};

/// A body that fits, so that a refusal is about the address.
fn body_of(operation: &Operation<'_>) -> Value {
    match operation.id {
        "account_read_notices" => json!({ "up_to": 1 }),
        "account_create_token" => json!({ "name": "CI" }),
        "organizations_create" | "organizations_create_below" | "organizations_edit" => json!({ "name": "Taken over" }),
        "organizations_remove" => json!({ "name": "Halden" }),
        "organizations_remove_below" => json!({ "name": "Berlin" }),
        "keys_add" | "keys_rotate" => json!({ "private_key": "none", "key_id": "ABCDEFGHIJ", "issuer_id": "x" }),
        "keys_edit" => json!({ "name": "Taken over" }),
        "keys_share" => json!({ "name": "Taken over" }),
        "keys_remove" => json!({ "name": "Admin" }),
        "keys_override_feature" => json!({ "overridden": true }),
        "keys_apple_token" => json!({ "minutes": 5 }),
        "certificates_create" => json!({ "key": "Admin", "certificate_type": "DISTRIBUTION" }),
        "devices_register" | "devices_preview" => json!({ "devices": [{ "name": "Phone", "udid": "00008110-000A1B2C3D4E5F67" }] }),
        "bundle_ids_register" => json!({ "identifier": "com.example.taken" }),
        "bundle_ids_edit" | "bundle_ids_preview" => json!({ "set": [{ "capability": "MAPS" }] }),
        "apple_revoke_certificate" => json!({ "name": "Apple Distribution" }),
        "certificates_set_automatic" => json!({ "days_before": 30, "key": "Admin" }),
        "certificates_renew" => json!({ "key": "Admin" }),
        "profiles_register" => json!({ "key": "Admin", "profile_type": "IOS_APP_STORE", "bundle_identifier": "com.example.taken" }),
        "profiles_rebuild" => json!({ "key": "Admin" }),
        "profiles_fetch" => json!({}),
        "profiles_import" => json!({ "files": [{ "name": "x.mobileprovision", "content": "bm9uZQ==" }] }),
        "signing_sets_create" => json!({ "name": "x", "items": [{ "profile": "prof_00000000000070008000000000000001" }] }),
        "signing_sets_files" => json!({ "form": "pem" }),
        "signing_sets_ensure" => json!({ "key": "Admin", "profile_type": "app-store", "bundle_identifiers": ["no.halden.ferry"] }),
        "profiles_remove" => json!({ "profiles": ["prof_00000000000070008000000000000001"] }),
        "profiles_delete" => json!({ "name": "Taken away" }),
        "devices_edit" => json!({ "enabled": false }),
        "devices_set_membership_year" => json!({ "ends_on": null }),
        "devices_invite" => json!({ "name": "Guest", "keys": ["Admin"] }),
        "devices_add" => json!({ "name": "Phone", "udid": "00008110-000A1B2C3D4E5F67", "keys": ["Admin"] }),
        "devices_send_again" | "devices_approve" => json!({}),
        "tokens_create" => json!({ "name": "CI", "roles": ["signing-viewer"] }),
        "tokens_edit" => json!({ "name": "Taken over" }),
        "tokens_rotate" => json!({}),
        "notifications_create" => json!({ "name": "x", "url": "https://hooks.example.com/" }),
        "notifications_edit" | "notifications_remove" => json!({ "name": "Taken over" }),
        "certificates_export" => json!({ "form": "pem" }),
        "certificates_import" => json!({ "content": "bm9uZQ==" }),
        "certificates_edit" => json!({ "name": "Taken over" }),
        "certificates_remove" | "csrs_remove" => json!({ "name": "Taken away" }),
        "certificates_fetch" | "certificates_share_certificate" | "profiles_share_profile" => json!({}),
        "binaries_begin" => json!({ "file_name": "Ferry.ipa", "size": 100 }),
        "binaries_append" => json!("bytes"),
        "binaries_set_retention" => json!({ "days": 30 }),
        "binaries_edit" => json!({ "release_candidate": true }),
        "test-flight_change" => json!({ "changes": [{ "change": "expire-build", "build": "43" }] }),
        "test-flight_review_details" => json!({ "notes": "Taken over" }),
        "apps_set" => json!({ "export_compliance": "exempt" }),
        "apps_reserve" => json!({}),
        "builds_check" | "builds_send" => json!({ "key": "Admin" }),
        "csrs_create" => json!({ "name": "Taken over" }),
        "csrs_complete" => json!({ "certificate": "none" }),
        "members_edit" => json!({ "roles": ["signing-viewer"] }),
        "invitations_invite" => json!({ "email": "guest@example.com", "roles": ["signing-viewer"] }),
        "invitations_send_again" => json!({}),
        other if operation.has_body() => panic!("give {other} a body that fits, in access.rs"),
        _ => json!({}),
    }
}

fn query_of(operation: &Operation<'_>) -> &'static str {
    match operation.id {
        "keys_choices" => "?need=certificates",
        "binaries_append" => "?offset=0",
        "builds_builds" => "?identifier=no.halden.ferry",
        "certificates_preview" => "?key=Admin",
        _ => "",
    }
}

/// What one party owns, by parameter name.
type Things = BTreeMap<String, String>;

fn things<const N: usize>(pairs: [(&str, String); N]) -> Things {
    pairs.map(|(name, id)| (name.to_owned(), id)).into()
}

fn address(operation: &Operation<'_>, things: &Things) -> String {
    let mut path = operation.path.to_owned();
    for name in operation.parameters() {
        let value = things.get(name).unwrap_or_else(|| panic!("what is {{{name}}}?"));
        path = path.replace(&format!("{{{name}}}"), value);
    }
    path + query_of(operation)
}

struct Town {
    stage: Stage,
    /// Of the Owner.
    owned: Things,
    /// Of the neighbor, who asks.
    own: Things,
    /// The neighbor's.
    token: String,
}

async fn town() -> Town {
    let stage = Stage::new().await;
    let world = &stage.world;
    let key = world.link(Role::Admin).await;
    let certificate = stage.certificate(&key.to_string()).await;
    let operations = stage.answers.lock().unwrap().last().unwrap().0.clone();
    let operation = operations.rsplit('/').next().unwrap().to_owned();
    let fetched = world.app().fetch_profiles(&world.owner.caller, world.org, key, None).await.unwrap();
    let below = world.organization("Berlin", Some(world.org)).await;
    let (spare, _) = world.app().create_token(&world.owner, "Spare", None).await.unwrap();
    let new = NewServiceToken {
        name: "Build".to_owned(),
        roles: vec!["signing-viewer".to_owned()],
        ..NewServiceToken::default()
    };
    let (service, _) = world.app().create_service_token(&world.owner, world.org, new).await.unwrap();
    let (channel, delivery) = channel(world).await;
    let ferry = |number: &str| testkit::ipa::Ipa::of(testkit::ipa::Bundle::app("no.halden.ferry").version("9.0", number)).bytes();
    let binary = world.binary(&world.owner, world.org, "Ferry.ipa", ferry("1")).await.id;
    let anyway = app::builds::NewBuild {
        anyway: true,
        ..Default::default()
    };
    let sent = world
        .app()
        .send_build(&world.owner.caller, world.org, key, binary, &anyway)
        .await
        .unwrap();
    let changed = group_made(world, key).await;
    let owned = things([
        ("binary", binary.to_string()),
        (
            "other",
            world.binary(&world.owner, world.org, "Ferry.ipa", ferry("2")).await.id.to_string(),
        ),
        ("upload", world.upload(&world.owner, world.org, "Ferry.ipa", 100).await.to_string()),
        ("sending", sent.id.to_string()),
        ("change", changed),
        ("group", "AAAAAAAAAA".to_owned()),
        ("build", "43".to_owned()),
        ("channel", channel),
        ("delivery", delivery),
        ("org", world.org.to_string()),
        ("sub", below.to_string()),
        ("key", key.to_string()),
        ("certificate", certificate),
        ("csr", requested(world, &world.owner).await),
        ("held_profile", fetched.new[0].profile.id.to_string()),
        ("signing_set", picked(world, key, "Ferry").await),
        ("operation", operation),
        ("activity", recorded(world, &world.owner).await),
        ("user", world.owner.person().unwrap().id.to_string()),
        ("invitation", invited(world, &world.owner).await),
        ("device_invitation", device_invited(world, key).await),
        ("pending_device", waiting(world, key).await),
        ("token", spare.id.to_string()),
        ("service_token", service.token.id.to_string()),
        ("profile", "AAAAAAAAAA".to_owned()),
        ("device", "AAAAAAAAAA".to_owned()),
        ("apple_certificate", "AAAAAAAAAA".to_owned()),
        ("bundle_id", "AAAAAAAAAA".to_owned()),
        ("feature", "certificates".to_owned()),
        ("identifier", "no.halden.ferry".to_owned()),
    ]);

    let neighbor = world.neighbor().await;
    let org = neighbor.home().unwrap();
    let mut file = world.entered(world.key_file(testkit::KeyKind::Team, Role::Developer));
    // As bodies name it.
    file.name = "Admin".to_owned();
    let key = world.app().add_key(&neighbor.caller, org, file).await.unwrap().summary.key.id;
    let below = world.organization("Berlin", Some(org)).await;
    let (mine, token) = world.app().create_token(&neighbor, "Mine", None).await.unwrap();
    let own = things([
        ("binary", unknown("bin")),
        ("other", unknown("bin")),
        ("upload", unknown("bup")),
        ("sending", unknown("op")),
        ("change", unknown("op")),
        ("group", "AAAAAAAAAA".to_owned()),
        ("build", "43".to_owned()),
        ("channel", unknown("chan")),
        ("delivery", unknown("dlv")),
        ("org", org.to_string()),
        ("sub", below.to_string()),
        ("key", key.to_string()),
        ("certificate", unknown("cert")),
        ("csr", requested(world, &neighbor).await),
        ("held_profile", unknown("prof")),
        ("signing_set", unknown("set")),
        ("operation", unknown("op")),
        ("activity", recorded(world, &neighbor).await),
        ("user", neighbor.person().unwrap().id.to_string()),
        ("invitation", invited(world, &neighbor).await),
        ("device_invitation", unknown("dinv")),
        ("pending_device", unknown("dev")),
        ("token", mine.id.to_string()),
        ("service_token", unknown("svc")),
        ("profile", "AAAAAAAAAA".to_owned()),
        ("device", "AAAAAAAAAA".to_owned()),
        ("apple_certificate", "AAAAAAAAAA".to_owned()),
        ("bundle_id", "AAAAAAAAAA".to_owned()),
        ("feature", "certificates".to_owned()),
        ("identifier", "no.halden.ferry".to_owned()),
    ]);
    Town {
        token: token.expose().to_owned(),
        stage,
        owned,
        own,
    }
}

/// The latest record of an Owner's own organization.
async fn recorded(world: &World, owner: &SignedIn) -> String {
    let log = world.app().activity(&owner.caller, owner.home().unwrap(), 1).await.unwrap();
    log[0].record.id.to_string()
}

/// A group that is being made in TestFlight; answers the act.
async fn group_made(world: &World, key: ApiKeyId) -> String {
    let group = app::testing::Wish::CreateGroup {
        name: "Deck".to_owned(),
        internal: true,
        all_builds: false,
    };
    // On the heap: the town is more than a test's stack takes already.
    let changing = Box::pin(async move {
        let caller = &world.owner.caller;
        let begun = world
            .app()
            .change_testing(caller, world.org, key, "no.halden.ferry", &[group])
            .await;
        begun.unwrap().id.to_string()
    });
    changing.await
}

/// A signing set of a profile that is registered here.
pub(crate) async fn picked(world: &World, key: ApiKeyId, name: &str) -> String {
    let (app, caller) = (world.app(), &world.owner.caller);
    let wanted = app::profiles::ProfileToRegister {
        profile_type: "IOS_APP_STORE".to_owned(),
        bundle_identifier: "no.halden.ferry".to_owned(),
        ..Default::default()
    };
    let begun = app.register_profile(caller, world.org, key, wanted).await.unwrap();
    app.run_due_jobs().await.unwrap();
    let profile = app
        .operation(caller, world.org, begun.id)
        .await
        .unwrap()
        .operation
        .state
        .profile()
        .unwrap();
    let item = app::signing_sets::PickedItem {
        profile,
        certificate: None,
    };
    app.create_signing_set(caller, world.org, name, &[item])
        .await
        .unwrap()
        .set
        .id
        .to_string()
}

/// A signing request made by an Owner in their own organization.
async fn requested(world: &World, owner: &SignedIn) -> String {
    let new = NewCsr {
        name: "Build machine".to_owned(),
        ..NewCsr::default()
    };
    let made = world.app().create_csr(&owner.caller, owner.home().unwrap(), new).await.unwrap();
    made.id.to_string()
}

/// A device invitation of the Owner.
async fn device_invited(world: &World, key: ApiKeyId) -> String {
    let new = NewDeviceInvitation {
        name: "Guest".to_owned(),
        keys: vec![key.to_string()],
        ..NewDeviceInvitation::default()
    };
    let invited = world.app().invite_devices(&world.owner.caller, world.org, new).await.unwrap();
    invited.view.invitation.id.to_string()
}

/// A device of the Owner that waits for approval.
async fn waiting(world: &World, key: ApiKeyId) -> String {
    let new = DeviceByHand {
        name: "Guest".to_owned(),
        udid: "00008110-000A1B2C3D4E5F60".to_owned(),
        keys: vec![key.to_string()],
    };
    let added = world.app().add_pending_device(&world.owner.caller, world.org, new).await.unwrap();
    added.device.id.to_string()
}

/// An invitation by an Owner to their own organization.
async fn invited(world: &World, owner: &SignedIn) -> String {
    let org = owner.home().unwrap();
    let new = NewInvitation {
        email: "guest@example.com".to_owned(),
        roles: vec!["signing-viewer".to_owned()],
        show_link: true,
    };
    let invited = world.app().invite(&owner.caller, org, new).await.unwrap();
    invited.invitation.id.to_string()
}

/// A notification channel and a test of it.
async fn channel(world: &World) -> (String, String) {
    let new = app::channels::NewChannel {
        name: "Chat".to_owned(),
        target: app::channels::EnteredTarget::Webhook {
            url: "https://hooks.halden.example/".to_owned(),
        },
        kinds: None,
    };
    let (app, caller) = (world.app(), &world.owner.caller);
    let id = app.create_channel(caller, world.org, new).await.unwrap().0.channel.id;
    let tested = app.test_channel(caller, world.org, id).await.unwrap();
    (id.to_string(), tested[0].delivery.id.to_string())
}

fn unknown(prefix: &str) -> String {
    format!("{prefix}_{:032x}", 0x0190_0000_0000_7000_8000_0000_0000_0001_u128)
}

fn prefix(parameter: &str) -> &str {
    match parameter {
        "certificate" => "cert",
        "operation" => "op",
        "activity" => "act",
        "token" => "tok",
        "service_token" => "svc",
        "channel" => "chan",
        "delivery" => "dlv",
        "invitation" => "inv",
        "device_invitation" => "dinv",
        "pending_device" => "dev",
        "held_profile" => "prof",
        "signing_set" => "set",
        "sub" => "org",
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_of_ours_every_route_but_the_open_ones_answers_alike() {
    let town = Box::pin(town()).await;
    let mut refusals = BTreeSet::new();
    let mut asked = 0;
    for operation in town.stage.document.operations() {
        if operation.is_open() {
            assert!(
                ["account_status", "account_login", "invitations_look", "invitations_accept"].contains(&operation.id),
                "{} is open",
                operation.id
            );
            continue;
        }
        let path = address(&operation, &town.owned);
        let ask = || town.stage.ask(&operation.method, &path).body(&body_of(&operation));
        let wrong_checksum = format!("russet_{}", "0".repeat(56));
        for answer in [
            ask().anonymous().send().await,
            ask().token("x").send().await,
            ask().token(&wrong_checksum).send().await,
            ask().anonymous().header("authorization", "Basic eDp5").send().await,
            ask().anonymous().header("cookie", &format!("russet={}", town.token)).send().await,
        ] {
            let answer = answer.expect(401);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            refusals.insert(answer.refusal());
            asked += 1;
        }
    }
    assert!(asked >= 100, "{asked}");
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_others_is_what_does_not_exist() {
    let town = Box::pin(town()).await;
    let stage = &town.stage;
    let calls_before = stage.world.requests();
    let mut asked = 0;
    for operation in stage.document.operations().into_iter().filter(|o| !o.is_open()) {
        for parameter in operation.parameters() {
            // Apple's ids and our words belong to nobody.
            if [
                "profile",
                "device",
                "bundle_id",
                "apple_certificate",
                "feature",
                "identifier",
                "group",
                "build",
            ]
            .contains(&parameter)
            {
                continue;
            }
            let mut refusals = BTreeSet::new();
            for id in [
                town.owned[parameter].clone(),
                unknown(prefix(parameter)),
                "nonsense".to_owned(),
                "%00".to_owned(),
            ] {
                // The neighbor's own ids but for one, and in the Owner's organization all of the Owner's.
                let mut things = if parameter == "org" { town.owned.clone() } else { town.own.clone() };
                things.insert(parameter.to_owned(), id);
                let path = address(&operation, &things);
                let answer = stage
                    .ask(&operation.method, &path)
                    .token(&town.token)
                    .body(&body_of(&operation))
                    .send()
                    .await;
                assert_eq!(answer.status, 404, "{} {path}", operation.method);
                refusals.insert(answer.refusal());
                asked += 1;
            }
            assert_eq!(refusals.len(), 1, "{} {}: {refusals:#?}", operation.method, operation.path);
        }
    }
    assert!(asked >= 100, "{asked}");
    assert_eq!(
        stage.world.requests(),
        calls_before,
        "Apple was asked on behalf of somebody who may not"
    );

    // All of it is still there, as it was.
    let orgs = stage.get("/orgs").send().await.expect(200).json();
    assert_eq!(
        (&orgs["items"][0]["name"], &orgs["items"][1]["name"]),
        (&json!("Berlin"), &json!("Halden"))
    );
    let keys = stage.get(&format!("{}/keys", stage.home())).send().await.expect(200).json();
    assert_ne!(keys["items"][0]["name"], "Taken over");
    assert_eq!(keys["items"].as_array().unwrap().len(), 1);
    let tokens = stage.get("/me/tokens").send().await.expect(200).json();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 2);
    let tokens = stage.get(&format!("{}/tokens", stage.home())).send().await.expect(200).json();
    assert_eq!(tokens["items"][0]["name"], "Build");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_and_a_method_that_is_none_are_told_as_problems() {
    let stage = Stage::new().await;
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/me",
        "/api/v1/organizations",
    ] {
        let answer = stage.get(path).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.media()),
            (404, Some("application/problem+json")),
            "{path}"
        );
        assert_eq!(answer.code(), "not_found");
    }
    for (method, path) in [
        ("DELETE", "/me"),
        ("POST", "/status"),
        ("PATCH", "/me/tokens"),
        ("OPTIONS", "/login"),
        ("TRACE", "/me"),
    ] {
        let answer = stage.ask(method, path).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.media()),
            (405, Some("application/problem+json")),
            "{method} {path}"
        );
        assert_eq!(answer.code(), "method_not_allowed");
        assert!(answer.headers.contains_key("allow"), "{method} {path}");
        answer.refusal();
    }
    let head = stage.ask("HEAD", "/me").send().await.expect(200);
    assert!(head.bytes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_opens_nothing_at_once() {
    let stage = Stage::new().await;
    stage.get("/me").send().await.expect(200);
    stage.ask("DELETE", "/me/tokens/current").send().await.expect(204);
    stage.get("/me").send().await.expect(401);
}
