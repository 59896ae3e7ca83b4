//! Opening a store: settings, migrations, the instance, transactions.

use std::os::unix::fs::PermissionsExt as _;

use domain::Action;
use store::{Conflict, Instance, Location, Store, StoreError};
use vault::UnsealRecord;

use crate::world::{World, at, key, on_both, permit, user};

on_both![
    what_was_committed_is_there_after_reopening,
    a_newer_schema_is_refused_and_left_alone,
    a_foreign_schema_is_refused,
    a_transaction_without_commit_leaves_nothing,
    a_reading_transaction_cannot_write_and_sees_one_moment,
    writers_take_turns,
    servers_that_start_at_once_migrate_once,
    the_instance_is_written_once,
];

async fn what_was_committed_is_there_after_reopening(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&permit(Action::AddKey, 1), &key(1, 1)).await.expect("inserted");
    tx.commit().await.expect("kept");
    world.store.close().await;

    let store = Store::open(&world.location).await.expect("opens again");
    let mut tx = store.read_over_all().await.expect("begins");
    assert_eq!(tx.key(&permit(Action::SeeKeys, 1), key(1, 1).id).await.expect("found"), key(1, 1));
}

async fn a_newer_schema_is_refused_and_left_alone(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.prepare("SELECT version FROM schema_migrations")
        .await
        .expect("the table is called so");
    tx.run("INSERT INTO schema_migrations (version, name) VALUES (999, 'tomorrow')")
        .await
        .expect("inserted");
    tx.commit().await.expect("kept");
    world.store.close().await;

    let error = Store::open(&world.location).await.expect_err("too new");
    assert!(matches!(error, StoreError::NewerSchema { found: 999, .. }), "{error}");
    assert!(error.to_string().contains("Start that version again"), "{error}");
}

async fn a_foreign_schema_is_refused(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.run("UPDATE schema_migrations SET name = 'something else' WHERE version = 2")
        .await
        .expect("updated");
    tx.commit().await.expect("kept");
    world.store.close().await;

    let error = Store::open(&world.location).await.expect_err("not ours");
    assert!(matches!(error, StoreError::ForeignSchema { version: 2, .. }), "{error}");
}

async fn a_transaction_without_commit_leaves_nothing(world: World) {
    let may = permit(Action::AddKey, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    drop(tx);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert!(matches!(tx.key(&may, key(1, 1).id).await, Err(StoreError::NotFound)));
}

async fn a_reading_transaction_cannot_write_and_sees_one_moment(world: World) {
    let may = permit(Action::AddKey, 1);
    let mut reading = world.store.read_over_all().await.expect("begins");
    assert!(reading.all_keys(&may).await.expect("listed").is_empty());

    let mut writing = world.store.begin_over_all().await.expect("begins beside it");
    writing.insert_key(&may, &key(1, 1)).await.expect("inserted");
    writing.commit().await.expect("kept");

    assert!(
        reading.all_keys(&may).await.expect("listed").is_empty(),
        "the same moment as before"
    );
    assert!(reading.insert_key(&may, &key(1, 2)).await.is_err());
    drop(reading);
    let mut reading = world.store.read_over_all().await.expect("begins");
    assert_eq!(reading.all_keys(&may).await.expect("listed").len(), 1);
}

async fn writers_take_turns(world: World) {
    let may = permit(Action::AddKey, 1);
    let write = async |number: u32| {
        let mut tx = world.store.begin_over_all().await.expect("begins");
        tx.insert_key(&may, &key(1, number)).await.expect("inserted");
        tx.commit().await.expect("kept");
    };
    tokio::join!(write(1), write(2), write(3), write(4), write(5));
    let mut tx = world.store.read_over_all().await.expect("begins");
    assert_eq!(tx.all_keys(&may).await.expect("listed").len(), 5);
}

async fn servers_that_start_at_once_migrate_once(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for table in [
        "service_token_names",
        "key_last_uses",
        "key_last_results",
        "shares",
        "service_tokens",
        "invitations",
        "idempotency_keys",
        "jobs",
        "notices",
        "calendar_links",
        "membership_years",
        "mail_days",
        "app_settings",
        "binaries",
        "binary_uploads",
        "build_parts",
        "apple_webhooks",
        "notice_deliveries",
        "notification_channels",
        "notice_outbox",
        "automatic_renewals",
        "activity",
        "activity_sequence",
        "activity_checkpoints",
        "activity_signing_key",
        "activity_verdict",
        "operations",
        "team_turns",
        "team_changes",
        "signing_set_items",
        "signing_sets",
        "profile_certificates",
        "profile_files",
        "device_challenges",
        "device_invitations",
        "pending_devices",
        "profiles",
        "certificates",
        "csrs",
        "key_features",
        "key_checks",
        "api_keys",
        "secrets",
        "sign_in_failures",
        "setup_token",
        "api_tokens",
        "sessions",
        "memberships",
        "users",
        "rings",
        "organizations",
        "instance",
        "schema_migrations",
    ] {
        tx.run(String::leak(format!("DROP TABLE {table}"))).await.expect("dropped");
    }
    tx.commit().await.expect("kept");
    world.store.close().await;

    let open = || Store::open(&world.location);
    let (first, second, third) = tokio::join!(open(), open(), open());
    for store in [first, second, third] {
        let mut tx = store.expect("opens").read_over_all().await.expect("begins");
        assert_eq!(tx.user_count().await.expect("counted"), 0);
    }
}

async fn the_instance_is_written_once(world: World) {
    let mut instance = Instance {
        id: "ins_1".to_owned(),
        created_at: at(0),
        unseal: UnsealRecord::from_text("sealed for one source".to_owned()),
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.instance().await.expect("asked"), None);
    assert!(matches!(tx.set_unseal_record(&instance.unseal).await, Err(StoreError::NotFound)));
    tx.create_instance(&instance).await.expect("created");
    let again = tx.create_instance(&instance).await;
    assert!(matches!(again, Err(StoreError::Conflict(Conflict::Initialized))), "{again:?}");
    instance.unseal = UnsealRecord::from_text("sealed for two sources".to_owned());
    tx.set_unseal_record(&instance.unseal).await.expect("set");
    assert_eq!(tx.instance().await.expect("asked"), Some(instance));
}

#[test]
fn the_data_directory_and_the_database_are_for_their_owner_alone() {
    crate::world::on_sqlite(async |world: World| {
        let Location::Directory(directory) = &world.location else {
            panic!("SQLite has a directory")
        };
        let mut tx = world.store.begin_over_all().await.expect("begins");
        tx.end_sessions(user(1).id, None).await.expect("a write");
        tx.commit().await.expect("kept");
        let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(directory), 0o700);
        for file in ["russet.db", "russet.db-wal", "russet.db-shm"] {
            assert_eq!(mode(&directory.join(file)), 0o600, "{file}");
        }
    });
}

#[test]
fn a_directory_that_cannot_be_made_is_said_so() {
    let directory = tempfile::tempdir().expect("a folder");
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("written");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let error = Store::open(&Location::Directory(file.join("data")))
            .await
            .expect_err("a file in the way");
        assert!(matches!(error, StoreError::Directory { .. }), "{error}");
    });
}

#[test]
fn an_address_that_leads_nowhere_never_shows_its_password() {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        for address in [
            "postgres://russet:hunter2@127.0.0.1:1/russet",
            "postgres://russet:hunter2@[::bad/russet",
        ] {
            let error = Store::open(&Location::parse(address)).await.expect_err("nobody there");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
            assert!(matches!(error, StoreError::Address { .. }), "{error:?}");
        }
    });
}
