//! Moving in by a form: what a team has is looked at first, then taken in, and sent again it is here already.

use crate::browser::{Browser, Seen};
use app::{certificates::P12Password, signing_sets::Ensured};
use axum::http::StatusCode;
use domain::activity::ExportForm;
use testkit::{Role, World};

const PASSWORD: &str = "pa ss\"w&rd";

/// The files of a signing set of another world: a `.p12` under [`PASSWORD`] and a profile.
async fn files() -> Vec<(String, Vec<u8>)> {
    let world = World::on_sqlite().await;
    let key = world.link(Role::Admin).await;
    let wish = app::signing_sets::SetWish {
        profile_type: "app-store".to_owned(),
        identifiers: vec!["no.halden.tram".to_owned()],
        register: true,
        ..Default::default()
    };
    let (app, caller) = (world.app(), &world.owner.caller);
    let begun = app.ensure_signing_set(caller, world.org, key, wish).await.expect("begun");
    assert!(matches!(begun, Ensured::Begun(_)));
    for _ in 0..40 {
        while app.run_due_jobs().await.expect("jobs") > 0 {}
        world.advance(1);
    }
    let password = P12Password::Given(PASSWORD.to_owned().into());
    let taken = app
        .signing_set_files(
            caller,
            world.org,
            "no.halden.tram iOS App Store",
            ExportForm::P12Compatible,
            password,
        )
        .await
        .expect("complete");
    let files = taken
        .files
        .into_iter()
        .map(|file| (file.download.file_name, file.download.bytes.to_vec()));
    files.collect()
}

async fn send(browser: &mut Browser, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Seen {
    let place = browser.below("/import");
    browser.submit_files(&place, fields, files).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_looked_at_taken_in_and_known_afterwards() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let held = files().await;
    let named = |ending: &str| held.iter().find(|(name, _)| name.ends_with(ending)).expect("it").1.as_slice();
    let chosen = [
        ("team/dist.p12", named(".p12")),
        ("team/app.mobileprovision", named(".mobileprovision")),
        ("team/.git/config.pem", b"no".as_slice()),
        ("team/README.md", b"no".as_slice()),
        ("team/broken.mobileprovision", b"no".as_slice()),
    ];
    let count = async || {
        let all = app::apple_account::ListQuery::default();
        let (app, caller, first) = (world.app(), &world.owner.caller, app::Paging::default());
        let certificates = app.certificates(caller, world.org, &all, &first).await.expect("listed").items.len();
        (certificates, app.count_profiles(caller, world.org, &all).await.expect("counted"))
    };

    let closed = send(&mut browser, &[("look", "on"), ("password", "another")], &chosen).await;
    assert!(closed.text.contains("The password does not open the .p12"), "{}", closed.text);
    let looked = send(&mut browser, &[("look", "on"), ("password", PASSWORD)], &chosen).await;
    assert_eq!(looked.status, StatusCode::OK, "{}", looked.text);
    assert!(looked.text.contains("2 things would be taken in"), "{}", looked.text);
    assert!(looked.text.contains("team/broken.mobileprovision") && !looked.text.contains("README"));
    assert!(!looked.text.contains("config.pem"), "a hidden folder is passed over");
    assert!(
        !looked.text.contains(PASSWORD) && !looked.text.contains("pa ss&#34;w"),
        "the password is not sent back"
    );
    assert_eq!(count().await, (0, 0), "a look changes nothing");

    let done = send(&mut browser, &[("password", PASSWORD)], &chosen).await;
    assert!(
        done.text.contains("2 things taken in") && done.text.contains("/profiles/held/prof_"),
        "{}",
        done.text
    );
    assert_eq!(count().await, (1, 1));
    let again = send(&mut browser, &[("password", PASSWORD)], &chosen).await;
    assert!(
        again.text.contains("Nothing new was taken in") && again.text.contains("Here already"),
        "{}",
        again.text
    );
    assert_eq!(count().await, (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_json_brings_its_own_passwords_and_finds_files_that_were_chosen_one_by_one() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let held = files().await;
    let named = |ending: &str| held.iter().find(|(name, _)| name.ends_with(ending)).expect("it").1.as_slice();
    let credentials = serde_json::json!({ "ios": {
        "provisioningProfilePath": "ios/certs/app.mobileprovision",
        "distributionCertificate": { "path": "ios/certs/dist.p12", "password": PASSWORD },
    }})
    .to_string();
    let json = ("credentials.json", credentials.as_bytes());
    let alone = send(&mut browser, &[("look", "on")], &[json]).await;
    assert!(alone.text.contains("It is not among the chosen files"), "{}", alone.text);
    let chosen = [
        json,
        ("dist.p12", named(".p12")),
        ("app.mobileprovision", named(".mobileprovision")),
    ];
    let done = send(&mut browser, &[], &chosen).await;
    assert!(done.text.contains("2 things taken in"), "{}", done.text);
    assert!(done.text.contains("Read as what credentials.json of EAS Build names"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_nothing_to_import_is_refused_by_name() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let nothing = send(&mut browser, &[("look", "on")], &[("README.md", b"no")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("There is no signing file among these"));
    let none = send(&mut browser, &[("look", "on")], &[("", b"")]).await;
    assert!(
        none.text.contains("There is no file. Choose files, a folder or a .zip"),
        "{}",
        none.text
    );
    let damaged = send(&mut browser, &[("look", "on")], &[("store.zip", b"PK no")]).await;
    assert!(damaged.text.contains("store.zip is no .zip"), "{}", damaged.text);
    let store = [("certs/distribution/A1.cer", b"bm90IGl0IGF0IGFsbA==".as_slice())];
    let unread = send(&mut browser, &[("look", "on"), ("password", "x")], &store).await;
    assert!(unread.text.contains("A1.cer"), "{}", unread.text);
}
