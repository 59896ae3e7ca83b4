//! Certificates, profiles, bundle IDs and devices: every operation, with what Apple makes of it.

use apple::{
    AppFilter, BundleIdFilter, CapabilityOption, CapabilitySetting, CapabilityType, CertificateFilter, CertificateType, DeviceFilter,
    DevicePatch, DeviceStatus, Error, ForbiddenReason, NewBundleId, NewDevice, NewProfile, Platform, ProfileFilter, ProfileState,
    ProfileType,
};
use serde_json::json;
use simulator::{Api, Limits, Role};

use super::{CSR, World};

fn everything<F: Default>() -> F {
    F::default()
}

#[tokio::test]
async fn apps_are_listed_and_read() {
    let world = World::new().await;
    let admin = world.admin();
    let apps = admin.apps().list(&everything()).await.expect("apps");
    let app = apps.first().expect("the seed has apps");
    let read = admin.apps().get(&app.id).await.expect("the app");
    assert_eq!(read.attributes, app.attributes);
    let filter = AppFilter {
        bundle_ids: vec![app.attributes.bundle_id.clone().expect("an identifier")],
        ..everything()
    };
    let found = admin.apps().list(&filter).await.expect("apps");
    assert!(found.iter().any(|found| found.id == app.id));
    let error = admin.apps().get("999999999999").await.expect_err("unknown");
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_certificate_is_created_found_read_and_revoked() {
    let world = World::new().await;
    let admin = world.admin();
    let before = admin.certificates().list(&everything()).await.expect("a list").len();
    let made = admin
        .certificates()
        .create(CSR, &CertificateType::IosDistribution)
        .await
        .expect("a certificate");
    assert_eq!(made.attributes.certificate_type, Some(CertificateType::IosDistribution));
    assert!(made.attributes.expiration_date.is_some());
    assert!(made.attributes.der().is_some_and(|der| der.starts_with(&[0x30, 0x82])));

    let all = admin.certificates().list(&everything()).await.expect("a list");
    assert_eq!(all.len(), before + 1);
    let filter = CertificateFilter {
        types: vec![CertificateType::IosDistribution],
        serial_numbers: vec![made.attributes.serial_number.clone().expect("a serial number")],
        ..everything()
    };
    let found = admin.certificates().list(&filter).await.expect("a list");
    assert_eq!(found.len(), 1);
    let read = admin.certificates().get(&made.id).await.expect("the certificate");
    assert_eq!(read.attributes.der(), made.attributes.der());

    admin.certificates().revoke(&made.id).await.expect("revoked");
    let error = admin.certificates().get(&made.id).await.expect_err("revoked");
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    let error = admin.certificates().revoke(&made.id).await.expect_err("revoked");
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn the_certificate_limit_is_recognized() {
    let world = World::new().await;
    world.apple.control().set_limits(Limits {
        certificates: [("DISTRIBUTION".to_owned(), 1)].into(),
        ..Limits::default()
    });
    let admin = world.admin();
    let result = admin.certificates().create(CSR, &CertificateType::Distribution).await;
    let error = result.expect_err("the limit");
    assert!(error.certificate_limit().is_some(), "{error:?}");
    assert!(!error.outcome_is_unknown());
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let world = World::new().await;
    let result = world
        .admin()
        .certificates()
        .create("no CSR", &CertificateType::IosDistribution)
        .await;
    let error = result.expect_err("no request");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    assert!(error.certificate_limit().is_none());
}

#[tokio::test]
async fn an_app_manager_is_refused_by_role() {
    let world = World::new().await;
    let manager = world.session(simulator::KeyKind::Team, Role::AppManager);
    let result = manager.certificates().create(CSR, &CertificateType::Distribution).await;
    let error = result.expect_err("the role");
    assert!(
        matches!(
            error,
            Error::Forbidden {
                reason: ForbiddenReason::RoleTooLow,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(world.apple.control().count("POST /v1/certificates"), 1);
}

#[tokio::test]
async fn a_bundle_id_lives_with_its_capabilities() {
    let world = World::new().await;
    let admin = world.admin();
    let bundle_ids = admin.bundle_ids();
    let new = NewBundleId {
        identifier: "com.example.russet.test".to_owned(),
        name: "Test".to_owned(),
        platform: Platform::Ios,
    };
    let made = bundle_ids.create(&new).await.expect("a bundle ID");
    let error = bundle_ids.create(&new).await.expect_err("taken");
    assert!(error.is_identifier_taken(), "{error:?}");

    let renamed = bundle_ids.rename(&made.id, "Renamed").await.expect("renamed");
    assert_eq!(renamed.attributes.name.as_deref(), Some("Renamed"));
    let push = bundle_ids
        .add_capability(&made.id, &CapabilityType::PushNotifications, &[])
        .await
        .expect("added");
    let again = bundle_ids
        .add_capability(&made.id, &CapabilityType::PushNotifications, &[])
        .await
        .expect("the same one");
    assert_eq!(push.id, again.id);
    let setting = |key: &str, option: &str| CapabilitySetting {
        key: Some(key.to_owned()),
        options: vec![CapabilityOption {
            key: Some(option.to_owned()),
            enabled: Some(true),
        }],
    };
    let icloud = bundle_ids
        .add_capability(&made.id, &CapabilityType::Icloud, &[setting("ICLOUD_VERSION", "XCODE_5")])
        .await
        .expect("added");
    let changed = bundle_ids
        .change_capability(&icloud.id, &CapabilityType::Icloud, &[setting("ICLOUD_VERSION", "XCODE_6")])
        .await
        .expect("changed");
    assert_eq!(changed.attributes.settings[0].options[0].key.as_deref(), Some("XCODE_6"));

    let types = |capabilities: Vec<apple::BundleIdCapability>| -> Vec<CapabilityType> {
        let types = capabilities.into_iter().filter_map(|c| c.attributes.capability_type);
        types.filter(|t| *t != CapabilityType::InAppPurchase).collect()
    };
    let listed = types(bundle_ids.capabilities(&made.id).await.expect("capabilities"));
    assert_eq!(listed.len(), 2, "{listed:?}");
    bundle_ids.remove_capability(&push.id).await.expect("removed");
    let filter = BundleIdFilter {
        identifiers: vec![new.identifier.clone()],
        ..everything()
    };
    let mut details = bundle_ids.list_with_capabilities(&filter).await.expect("a list");
    assert_eq!(details.len(), 1);
    assert_eq!(types(details.remove(0).capabilities), [CapabilityType::Icloud]);

    bundle_ids.delete(&made.id).await.expect("deleted");
    assert!(matches!(bundle_ids.get(&made.id).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn the_bundle_id_of_an_app_stays() {
    let world = World::new().await;
    let admin = world.admin();
    let apps = admin.apps().list(&everything()).await.expect("apps");
    let filter = BundleIdFilter {
        identifiers: vec![apps[0].attributes.bundle_id.clone().expect("an identifier")],
        ..everything()
    };
    let bundle_ids = admin.bundle_ids().list(&filter).await.expect("bundle IDs");
    let error = admin.bundle_ids().delete(&bundle_ids[0].id).await.expect_err("in the store");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    assert!(!error.outcome_is_unknown());
}

#[tokio::test]
async fn filters_are_hints_only() {
    let world = World::new().await;
    let admin = world.admin();
    for identifier in ["com.example.hint", "com.example.hint.extension"] {
        let new = NewBundleId {
            identifier: identifier.to_owned(),
            name: "Hint".to_owned(),
            platform: Platform::Ios,
        };
        admin.bundle_ids().create(&new).await.expect("a bundle ID");
    }
    let filter = BundleIdFilter {
        identifiers: vec!["com.example.hint".to_owned()],
        ..everything()
    };
    let found = admin.bundle_ids().list(&filter).await.expect("a list");
    assert_eq!(found.len(), 2, "Apple matches by substring");
}

#[tokio::test]
async fn long_lists_come_whole() {
    let world = World::new().await;
    let control = world.apple.control();
    let admin = world.admin();
    let before = admin.bundle_ids().list(&everything()).await.expect("a list").len();
    for number in 0..450 {
        let attributes = json!({"identifier": format!("com.example.many{number}"), "name": "Many", "platform": "IOS"});
        control
            .create(Api::AppStore, "bundleIds", &attributes, &json!({}))
            .expect("a bundle ID");
    }
    control.clear_journal();
    let all = admin.bundle_ids().list(&everything()).await.expect("a list");
    assert_eq!(all.len(), before + 450);
    assert_eq!(control.count("GET /v1/bundleIds"), 3);
}

#[tokio::test]
async fn a_device_is_registered_once_and_can_be_disabled() {
    let world = World::new().await;
    let admin = world.admin();
    let new = NewDevice {
        name: "Test phone".to_owned(),
        udid: "00008030-001A2B3C4D5E6F70".to_owned(),
        platform: Platform::Ios,
    };
    let made = admin.devices().create(&new).await.expect("a device");
    let error = admin.devices().create(&new).await.expect_err("a duplicate");
    assert!(error.is_device_already_registered(), "{error:?}");
    let patch = DevicePatch {
        name: Some("Old phone".to_owned()),
        status: Some(DeviceStatus::Disabled),
    };
    let patched = admin.devices().patch(&made.id, &patch).await.expect("patched");
    assert_eq!(patched.attributes.status, Some(DeviceStatus::Disabled));
    let filter = DeviceFilter {
        udids: vec![new.udid.clone()],
        ..everything()
    };
    let found = admin.devices().list(&filter).await.expect("a list");
    assert_eq!(found.len(), 1);
    let udid = found[0].attributes.udid.as_deref().expect("a UDID");
    assert!(udid.eq_ignore_ascii_case(&new.udid));
    let read = admin.devices().get(&made.id).await.expect("the device");
    assert_eq!(read.attributes.name.as_deref(), Some("Old phone"));
}

#[tokio::test]
async fn a_profile_is_made_read_invalidated_and_deleted() {
    let world = World::new().await;
    let admin = world.admin();
    let certificate = admin
        .certificates()
        .create(CSR, &CertificateType::IosDistribution)
        .await
        .expect("a certificate");
    let bundle_id = admin
        .bundle_ids()
        .create(&NewBundleId {
            identifier: "com.example.russet.profile".to_owned(),
            name: "Profile".to_owned(),
            platform: Platform::Ios,
        })
        .await
        .expect("a bundle ID");
    let device = admin
        .devices()
        .create(&NewDevice {
            name: "Phone".to_owned(),
            udid: "00008030-001A2B3C4D5E6F71".to_owned(),
            platform: Platform::Ios,
        })
        .await
        .expect("a device");
    let new = NewProfile {
        name: "Ad hoc".to_owned(),
        profile_type: ProfileType::IosAppAdhoc,
        bundle_id: bundle_id.id.clone(),
        certificates: vec![certificate.id.clone()],
        devices: vec![],
    };
    let error = admin.profiles().create(&new).await.expect_err("devices are missing");
    assert_eq!(error.apple_code(), Some("ENTITY_ERROR.RELATIONSHIP.REQUIRED"), "{error:?}");
    let new = NewProfile {
        devices: vec![device.id.clone()],
        ..new
    };
    let made = admin.profiles().create(&new).await.expect("a profile");
    assert!(made.attributes.content().is_some_and(|content| content.len() > 1000));

    let filter = ProfileFilter {
        names: vec!["Ad hoc".to_owned()],
        types: vec![ProfileType::IosAppAdhoc],
        ..everything()
    };
    let listed = admin.profiles().list(&filter).await.expect("a list");
    let [detail] = listed.as_slice() else {
        panic!("one profile: {listed:?}")
    };
    assert_eq!(detail.profile.id, made.id);
    assert_eq!(detail.profile.attributes.profile_content, None, "not asked for");
    assert_eq!(detail.bundle_id.as_ref().expect("a bundle ID").id, bundle_id.id);
    assert_eq!(detail.certificates[0].id, certificate.id);
    assert_eq!(detail.devices[0].id, device.id);
    assert!(detail.is_complete);

    admin.certificates().revoke(&certificate.id).await.expect("revoked");
    let read = admin.profiles().get(&made.id).await.expect("the profile");
    assert_eq!(read.profile.attributes.profile_state, Some(ProfileState::Invalid));
    assert_eq!(read.profile.attributes.content(), made.attributes.content());
    admin.profiles().delete(&made.id).await.expect("deleted");
    assert!(matches!(admin.profiles().get(&made.id).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_profile_with_many_devices_is_read_whole() {
    let world = World::new().await;
    let admin = world.admin();
    let control = world.apple.control();
    let mut devices = Vec::new();
    for number in 0..60 {
        let attributes = json!({"name": format!("Phone {number}"), "udid": format!("00008030-{number:016X}"), "platform": "IOS"});
        let made = control.create(Api::AppStore, "devices", &attributes, &json!({}));
        devices.push(made.expect("a device"));
    }
    let certificate = admin
        .certificates()
        .create(CSR, &CertificateType::IosDevelopment)
        .await
        .expect("a certificate");
    let bundle_ids = admin.bundle_ids().list(&everything()).await.expect("bundle IDs");
    let explicit = bundle_ids
        .iter()
        .find(|b| b.attributes.platform == Some(Platform::Ios))
        .expect("a bundle ID");
    let new = NewProfile {
        name: "Everybody".to_owned(),
        profile_type: ProfileType::IosAppDevelopment,
        bundle_id: explicit.id.clone(),
        certificates: vec![certificate.id],
        devices: devices.clone(),
    };
    let made = admin.profiles().create(&new).await.expect("a profile");
    let listed = admin
        .profiles()
        .list(&ProfileFilter {
            names: vec![new.name],
            ..everything()
        })
        .await
        .expect("a list");
    assert!(!listed[0].is_complete, "Apple includes 50 at most");
    let read = admin.profiles().get(&made.id).await.expect("the profile");
    assert_eq!(read.devices.len(), devices.len());
}

#[tokio::test]
async fn the_enterprise_program_has_the_same_provisioning() {
    let world = World::new().await;
    let enterprise = world.session(simulator::KeyKind::Enterprise, Role::Admin);
    let made = enterprise
        .certificates()
        .create(CSR, &CertificateType::IosDistribution)
        .await
        .expect("a certificate");
    let all = enterprise.certificates().list(&everything()).await.expect("a list");
    assert!(all.iter().any(|certificate| certificate.id == made.id));
    enterprise.profiles().list(&everything()).await.expect("profiles");
    enterprise.devices().list(&everything()).await.expect("devices");
    let bundle_ids = enterprise.bundle_ids();
    bundle_ids.list_with_capabilities(&everything()).await.expect("bundle IDs");
}
