//! Lists that Apple does not give as a whole: cursors that end early, profiles of which more is there than is included.

use apple::{DeviceFilter, Error, ProfileFilter};
use serde_json::json;
use simulator::{Api, Limits, Zombie};

use super::World;

impl World {
    /// Registers so many phones past the class's limit; each `disabled`th is disabled.
    fn register(&self, number: usize, disabled: usize) {
        let control = self.apple.control();
        control.set_limits(Limits {
            devices_per_class: 10_000,
            ..control.limits()
        });
        for number in 0..number {
            let status = if number % disabled == 0 { "DISABLED" } else { "ENABLED" };
            let attributes = json!({"name": format!("Phone {number}"), "udid": format!("00008030-{number:016X}"), "platform": "IOS"});
            let id = control.create(Api::AppStore, "devices", &attributes, &json!({})).expect("a device");
            control
                .set(Api::AppStore, "devices", &id, "status", &json!(status))
                .expect("it is there");
        }
    }
}

#[tokio::test]
async fn more_devices_than_cursors_reach_are_read_from_both_ends() {
    let world = World::new().await;
    let seeded = world.admin().devices().list(&DeviceFilter::default()).await.expect("a list").len();
    world.register(600, 10_000);
    let listed = world.admin().devices().list(&DeviceFilter::default()).await.expect("a list");
    assert_eq!(listed.len(), seeded + 600);
}

#[tokio::test]
async fn still_more_are_read_by_state_and_an_impossible_list_is_told() {
    let world = World::new().await;
    let seeded = world.admin().devices().list(&DeviceFilter::default()).await.expect("a list").len();
    world.register(1200, 2);
    let listed = world.admin().devices().list(&DeviceFilter::default()).await.expect("a list");
    let mut ids: Vec<_> = listed.iter().map(|device| device.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((listed.len(), ids.len()), (seeded + 1200, seeded + 1200), "each once");
    let control = world.apple.control();
    control.set_limits(Limits {
        devices_by_cursor: Some(200),
        ..control.limits()
    });
    let error = world
        .admin()
        .devices()
        .list(&DeviceFilter::default())
        .await
        .expect_err("it has no end");
    assert!(matches!(error, Error::Refused { status: 400, .. }), "a part is no whole: {error:?}");
}

#[tokio::test]
async fn a_profile_with_many_certificates_is_listed_with_all_of_them() {
    let world = World::new().await;
    let control = world.apple.control();
    let now = control.clock().now();
    let certificates: Vec<String> = (0..60)
        .map(|_| {
            control
                .create_certificate(Api::AppStore, "DEVELOPMENT", now, None)
                .expect("a certificate")
        })
        .collect();
    let objects = |kind: &str| control.objects(Api::AppStore, kind).expect("a type");
    let phone = objects("devices")
        .into_iter()
        .find(|device| device["attributes"]["deviceClass"] == "IPHONE")
        .expect("a phone");
    let app = objects("bundleIds")
        .into_iter()
        .find(|app| app["attributes"]["platform"] == "IOS")
        .expect("an app");
    let attributes = json!({"name": "Everybody", "profileType": "IOS_APP_DEVELOPMENT"});
    let contents = json!({"bundleId": app["id"], "certificates": certificates, "devices": [phone["id"]]});
    let profile = control
        .create(Api::AppStore, "profiles", &attributes, &contents)
        .expect("a profile");
    let filter = ProfileFilter {
        names: vec!["Everybody".to_owned()],
        ..ProfileFilter::default()
    };
    let admin = world.admin();
    let listed = admin.profiles().list(&filter).await.expect("a list");
    let mut ids: Vec<_> = listed[0].certificates.iter().map(|certificate| certificate.id.clone()).collect();
    let mut expected = certificates;
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    // Listed, and gone when it is asked for the rest: the others are listed all the same.
    control
        .set_zombie(Api::AppStore, "profiles", &profile, Some(Zombie::Gone))
        .expect("it is there");
    let listed = admin.profiles().list(&ProfileFilter::default()).await.expect("a list");
    let zombie = listed.iter().find(|detail| detail.profile.id == profile).expect("it is listed");
    assert_eq!((zombie.certificates.len(), zombie.is_complete), (50, false));
    assert!(listed.len() > 1);
}
