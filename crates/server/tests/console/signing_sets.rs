//! Signing sets as people make them: looked at before anything is done, ensured, picked, taken away, removed.

use crate::browser::Browser;
use axum::http::StatusCode;
use testkit::{Role, World};

const APP: &str = "no.halden.tram";

/// Lets the worker do what is due until nothing is.
async fn let_work_end(world: &World) {
    for _ in 0..40 {
        while world.app().run_due_jobs().await.expect("jobs") > 0 {}
        world.advance(1);
    }
}

/// Ensures a set for the app, extensions and all, and answers the address of its page.
async fn ensured(world: &World, browser: &mut Browser, key: &str) -> String {
    let place = browser.below("/signing-sets/ensure");
    let identifiers = format!("{APP}\r\n {APP}.share ");
    let fields = [
        ("type", "IOS_APP_STORE"),
        ("key", key),
        ("identifiers", identifiers.as_str()),
        ("name", "Tram <1>"),
        ("register", "on"),
    ];
    let certificates = world.count("POST /v1/certificates");
    let would = browser.submit(&place, &fields).await;
    assert_eq!(would.status, StatusCode::OK, "{}", would.text);
    for step in [
        "Register the bundle ID no.halden.tram.share",
        "Create a certificate of the type Apple Distribution",
        "Create the profile “no.halden.tram iOS App Store” for no.halden.tram",
        "Nothing has been changed yet",
    ] {
        assert!(would.text.contains(step), "{step}: {}", would.text);
    }
    assert_eq!(world.count("POST /v1/certificates"), certificates, "a look makes nothing");
    let mut begin = fields.to_vec();
    begin.push(("step", "begin"));
    let (first, second) = (browser.submit(&place, &begin).await, browser.submit(&place, &begin).await);
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    assert_eq!(first.location, second.location, "pressed twice, it is one act");
    let_work_end(world).await;
    let page = browser.open(&first.location.expect("the act")).await.text;
    assert!(page.contains("The signing set is complete"), "{page}");
    let below = browser.below("/signing-sets/set_");
    let id = page.split(&below).nth(1).and_then(|rest| rest.split('"').next()).expect("the set");
    format!("{below}{id}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_is_looked_at_ensured_downloaded_and_removed() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let key = world.link(Role::Admin).await.to_string();
    let list = browser.below("/signing-sets");
    let empty = browser.open(&list).await.text;
    assert!(empty.contains("No signing sets") && empty.contains("/signing-sets/ensure"));
    let set = ensured(&world, &mut browser, &key).await;

    let page = browser.open(&set).await.text;
    assert!(page.contains("<h1>Tram &#60;1&#62;</h1>") && page.contains("Complete"), "{page}");
    assert!(page.contains("--name &#39;Tram &#60;1&#62;&#39;"), "the command of a job: {page}");
    assert!(page.contains("<dt>Last used</dt><dd>Never</dd>"), "{page}");
    let listed = browser.open(&format!("{list}?q=TRAM.share")).await.text;
    assert!(listed.contains(&set) && listed.contains("no.halden.tram and 1 more"));
    for place in ["/certificates?held=only", "/profiles?held=only"] {
        let place = browser.below(place);
        assert!(browser.open(&place).await.text.contains(&set), "{place} names the set");
    }

    let download = format!("{set}/download");
    let untold = [("form", "p12-modern"), ("password_kind", "given"), ("password", "")];
    let again = browser.submit(&download, &untold).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("No password was typed") && again.text.contains(r#"value="p12-modern" checked"#));
    let given = [("form", "p12-modern"), ("password_kind", "given"), ("password", "pa ss\"w&rd")];
    let archive = browser.submit(&download, &given).await;
    assert_eq!(archive.status, StatusCode::OK, "{}", archive.text);
    assert_eq!(archive.headers["content-type"], "application/zip");
    let disposition = archive.headers["content-disposition"].to_str().expect("plain");
    assert!(disposition.contains("filename=\"Tram _1_.zip\""), "{disposition}");
    for name in [".p12", ".mobileprovision", "ExportOptions.plist"] {
        assert!(archive.text.contains(name), "{name} is in the archive");
    }
    let used = browser.open(&set).await.text;
    assert!(used.contains("now</time></a> by Elin"), "{used}");

    let kept = browser.submit(&format!("{set}/remove"), &[("name", "Tram")]).await;
    assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(kept.text.contains("type the name exactly"));
    let removed = browser.submit(&format!("{set}/remove"), &[("name", "Tram <1>")]).await;
    assert_eq!(removed.location.as_deref(), Some(list.as_str()));
    assert_eq!(browser.open(&set).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_is_picked_of_what_is_here_and_says_what_it_lacks_later() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let key = world.link(Role::Admin).await.to_string();
    ensured(&world, &mut browser, &key).await;
    let place = browser.below("/signing-sets/new");
    let form = browser.open(&format!("{place}?kind=IOS_APP_STORE")).await.text;
    let profiles: Vec<String> = form
        .split(r#"name="profile" value=""#)
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    assert_eq!(profiles.len(), 2, "{form}");
    let nothing = browser.submit(&place, &[("type", "IOS_APP_STORE"), ("name", "Picked")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("0 profiles are picked") && nothing.text.contains(r#"value="Picked""#));
    let fields = [("type", "IOS_APP_STORE"), ("name", "Picked"), ("profile", profiles[0].as_str())];
    let made = browser.submit(&place, &fields).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let set = made.location.expect("the set");
    assert!(browser.open(&set).await.text.contains("Signing set made"));
    let twice = browser.submit(&place, &fields).await;
    assert!(twice.text.contains("There is a signing set “Picked” already"), "{}", twice.text);

    let profile = browser.below(&format!("/profiles/held/{}/remove", profiles[0]));
    let reach = browser.open(&profile).await.text;
    assert!(
        reach.contains("Builds get it from 2 signing sets") && reach.contains("“Picked”"),
        "{reach}"
    );
    let page = browser.open(&set).await.text;
    let certificates = browser.below("/certificates/");
    let certificate = page
        .split(&certificates)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("it");
    let remove = format!("{certificates}{certificate}/remove");
    let reach = browser.open(&remove).await.text;
    assert!(reach.contains("2 signing sets can sign nothing any more"), "{reach}");
    let name = reach
        .split("data-typed=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("its name");
    let removed = browser.submit(&remove, &[("name", name)]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.text);
    let page = browser.open(&set).await.text;
    assert!(
        page.contains("Incomplete") && page.contains("Its certificate was removed."),
        "{page}"
    );
    let incomplete = browser.below("/signing-sets?state=incomplete");
    let list = browser.open(&incomplete).await.text;
    assert!(list.contains("Picked") && list.contains("2 signing sets"), "{list}");
    let refused = browser
        .submit(&format!("{set}/download"), &[("form", "pem"), ("password_kind", "empty")])
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("Nothing can be signed with the signing set"));
}
