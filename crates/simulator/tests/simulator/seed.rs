//! The believable team, and what a person finds on disk.

use crate::client::{Client, NOON, seeded};
use simulator::{Clock, KeyKind, KeyListing, Options, Role, Seed, Simulator};

#[tokio::test]
async fn the_team_has_something_of_everything() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    assert_eq!(
        client.get("/v1/apps?sort=name").await.all("name"),
        ["Fjord Radio", "Halden Ferry", "Halden Parking", "Tide Table"]
    );
    let profiles = client.get("/v1/profiles?sort=name").await;
    let states: Vec<_> = profiles.all("name").into_iter().zip(profiles.all("profileState")).collect();
    let state = |name: &str| states.iter().find(|(known, _)| known == name).map(|(_, state)| state.as_str());
    assert_eq!(states.len(), 10);
    assert_eq!(state("Ferry App Store 2025"), Some("EXPIRED"));
    assert_eq!(state("Radio Development"), Some("INVALID"), "its certificate was revoked");
    assert_eq!(state("Tide Table App Store"), Some("INVALID"), "its bundle ID gained a capability");
    assert_eq!(state("Ferry App Store"), Some("ACTIVE"));

    let certificates = client.get("/v1/certificates?filter[certificateType]=DISTRIBUTION").await;
    assert_eq!(certificates.all("name"), ["Apple Distribution: Halden Mobile AS"; 3]);
    let now = NOON.parse::<jiff::Timestamp>().unwrap();
    let ends: Vec<_> = certificates.all("expirationDate");
    assert_eq!(&ends[0][..10], "2026-11-07", "one has expired before {now}");
    assert_eq!(&ends[1][..10], "2026-12-02", "one ends in twelve days");
    let devices = client.get("/v1/devices").await;
    let mut classes = devices.all("deviceClass");
    classes.sort();
    classes.dedup();
    assert_eq!(classes, ["APPLE_TV", "APPLE_WATCH", "IPAD", "IPHONE", "MAC"]);
}

#[tokio::test]
async fn the_enterprise_team_has_its_own() {
    let apple = seeded().await;
    let client = Client::new(&apple, KeyKind::Enterprise, Role::Admin);
    assert_eq!(
        client.get("/v1/bundleIds?sort=identifier").await.all("identifier"),
        ["no.halden.crewroster", "no.halden.enginelog"]
    );
    assert_eq!(client.get("/v1/profiles").await.all("profileState"), ["ACTIVE", "ACTIVE"]);
    assert_eq!(client.get("/v1/users").await.all("firstName"), ["Jonas", "Ingrid"]);
    assert_eq!(
        client.get("/v1/apps").await.error(),
        "404 NOT_FOUND: The path provided does not match a defined resource type."
    );
}

#[tokio::test]
async fn the_keys_directory_holds_what_a_person_would_have_downloaded() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        keys_dir: Some(folder.path().join("keys")),
        seed: Seed::Empty,
        clock: Clock::frozen(NOON.parse().unwrap()),
        ..Options::default()
    };
    let apple = Simulator::start(options).await.unwrap();
    let keys = folder.path().join("keys");
    let listing = std::fs::read_to_string(keys.join("keys.json")).unwrap();
    let listing: Vec<KeyListing> = serde_json::from_str(&listing).unwrap();
    let kinds: Vec<_> = listing
        .iter()
        .map(|key| (key.kind, key.roles[0], key.issuer_id.is_some()))
        .collect();
    assert_eq!(
        kinds,
        [
            (KeyKind::Team, Role::Admin, true),
            (KeyKind::Team, Role::AppManager, true),
            (KeyKind::Team, Role::Developer, true),
            (KeyKind::Individual, Role::AppManager, false),
            (KeyKind::Enterprise, Role::Admin, true),
        ]
    );
    for (key, listed) in apple.keys().iter().zip(&listing) {
        assert_eq!(listed.file, format!("AuthKey_{}.p8", listed.key_id));
        let pem = std::fs::read_to_string(keys.join(&listed.file)).unwrap();
        assert_eq!(pem, key.pem());
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(keys.join(&listed.file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    let root = std::fs::read_to_string(keys.join("apple-root.pem")).unwrap();
    assert_eq!(root.matches("-----BEGIN CERTIFICATE-----").count(), 3);
}

#[test]
fn a_key_never_shows_its_private_half() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shown = runtime.block_on(async {
        let apple = seeded().await;
        format!("{:?}", apple.keys())
    });
    assert!(shown.contains("key_id") && !shown.contains("pkcs8"));
}
