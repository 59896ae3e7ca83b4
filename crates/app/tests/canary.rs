//! The canary hunt: after a day's work with logs at trace level, no secret is in the logs or in the database's bytes.

use app::{accounts::SetUp, certificates::P12Password};
use domain::{OperationState, Origin, activity::ExportForm};
use std::{fs, path::Path};
use testkit::{Canary, Effect, Fault, KeyKind, Logs, PASSWORD, Role, World};
use zeroize::Zeroizing;

/// Everything in a directory, with all that lies below, by name.
fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).expect("readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("readable")));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_the_logs_or_in_the_database() {
    let logs = Logs::capture();
    let world = World::on_sqlite().await;
    let app = world.app();
    let (caller, org) = (world.owner.caller.clone(), world.org);
    let mut canaries = vec![Canary::text("the password", PASSWORD)];

    let session = app
        .sign_in("elin@halden.example", PASSWORD, Origin::default(), None)
        .await
        .expect("signed in");
    canaries.push(Canary::text("a cookie", session.cookie.expose()));
    let (_, token) = app.create_token(&world.owner, "CI", None).await.expect("made");
    canaries.push(Canary::text("a personal token", token.expose()));
    drop(
        app.sign_in("elin@halden.example", "a wrong but secret password", Origin::default(), None)
            .await,
    );
    canaries.push(Canary::text("a wrong password", "a wrong but secret password"));
    let closed = SetUp {
        organization: "x".to_owned(),
        name: "x".to_owned(),
        email: "x@example.com".to_owned(),
        password: Zeroizing::new("another secret password".to_owned()),
    };
    drop(app.set_up(session.cookie.expose(), closed, Origin::default(), None).await);
    canaries.push(Canary::text("a password of a closed set-up", "another secret password"));

    for file in world.apple.keys() {
        canaries.extend(Canary::pem(format!("the key {}", file.key_id), &file.pem()));
    }
    // One refused, so that its file passes every way out.
    let mut wrong = world.entered(world.key_file(KeyKind::Team, Role::Developer));
    wrong.issuer_id = "57246542-96fe-1a63-e053-0824d011072a".to_owned();
    let refused = app.add_key(&caller, org, wrong).await.expect_err("refused");
    assert!(!format!("{refused:?}").contains("PRIVATE"));
    let key = world.link(Role::Admin).await;
    let (apple_token, _) = app.mint_apple_token(&caller, org, key, 5, &[]).await.expect("made");
    canaries.push(Canary::text("a token for Apple", apple_token.expose()));
    // What signs a token must not be found either: the last part of every token of this key.
    let signature = apple_token.expose().rsplit('.').next().expect("three parts");
    canaries.push(Canary::text("a token's signature", signature));

    world
        .apple
        .control()
        .add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
    let operation = app.create_certificate(&caller, org, key, "DISTRIBUTION").await.expect("begun");
    for _ in 0..5 {
        app.run_due_jobs().await.expect("worked");
        world.advance(130);
    }
    let state = app.operation(&caller, org, operation.id).await.expect("there").operation.state;
    let OperationState::Done {
        made: domain::Made::Certificate(certificate),
    } = state
    else {
        panic!("{state:?}");
    };
    let export = app
        .export_certificate(&caller, org, certificate, ExportForm::P12Compatible, P12Password::Generated)
        .await
        .expect("exported");
    let password = export.generated_password.expect("made here");
    canaries.push(Canary::text("the password of a .p12", password.expose()));
    let identity = signing::p12::read(&export.download.bytes, password.expose()).expect("it opens");
    canaries.extend(Canary::pem("the certificate's private key", &identity.key.pkcs8_pem()));
    app.change_password(&session.signed_in, PASSWORD, "a new and very secret password")
        .await
        .expect("changed");
    canaries.push(Canary::text("the new password", "a new and very secret password"));

    let mut haystacks = Vec::new();
    files(world.directory(), &mut haystacks);
    haystacks.retain(|(name, _)| !name.ends_with("root.key"));
    assert!(
        haystacks.iter().any(|(name, _)| name.ends_with("russet.db")),
        "the database is among them"
    );
    let logged = logs.bytes();
    assert!(logged.len() > 10_000, "logs were caught: {} bytes", logged.len());
    haystacks.push(("the logs".to_owned(), logged));

    let found: Vec<String> = canaries
        .iter()
        .flat_map(|canary| haystacks.iter().filter_map(|(place, bytes)| canary.found_in(place, bytes)))
        .collect();
    assert!(found.is_empty(), "{found:#?}");

    // The hunt is able to find: what is not sealed is there in plain bytes.
    let known = Canary::text("the e-mail address", "elin@halden.example");
    assert!(haystacks.iter().any(|(place, bytes)| known.found_in(place, bytes).is_some()));
}
