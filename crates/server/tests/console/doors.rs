//! Every address of the console, by its route table, asked by somebody who may not.

use crate::browser::{Browser, hidden};
use axum::http::{Method, StatusCode};
use server::doors::{Demand, Door};
use testkit::{Role, World};

/// The doors of the console that need a session.
fn closed() -> impl Iterator<Item = Door> {
    server::doors::doors()
        .into_iter()
        .filter(|door| !door.path.starts_with("/api") && door.demand != Demand::Public)
}

/// With ids in the places of its parameters.
fn filled(path: &str, org: &str, key: &str) -> String {
    let id = |prefix: &str| format!("{prefix}_{:032x}", 7);
    path.replace("{org}", org)
        .replace("{key}", key)
        .replace("{certificate}", &id("cert"))
        .replace("{operation}", &id("op"))
        .replace("{profile}", "A1B2C3D4E5")
        .replace("{sub}", &id("org"))
        .replace("{session}", &id("sess"))
        .replace("{token}", &id("tok"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_past_the_door_without_a_session() {
    let world = World::on_sqlite().await;
    let mut stranger = Browser::of(&world);
    let org = world.org.to_string();
    for route in closed() {
        let path = filled(&route.path, &org, &format!("key_{:032x}", 7));
        if route.method == Method::GET {
            let seen = stranger.open(&path).await;
            assert_eq!(seen.status, StatusCode::SEE_OTHER, "GET {path}");
            let to = seen.location.expect("a way on");
            assert!(to.starts_with("/sign-in"), "GET {path} leads to {to}");
        }
        if route.method == Method::POST {
            let seen = stranger.send(&path, &[("csrf", ""), ("name", "x")]).await;
            assert_eq!(
                (seen.status, seen.location.as_deref()),
                (StatusCode::SEE_OTHER, Some("/sign-in")),
                "POST {path}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_its_token_changes_nothing() {
    let world = World::on_sqlite().await;
    let key = world.link(Role::Admin).await;
    let mut browser = Browser::signed_in(&world).await;
    let org = world.org.to_string();
    let before = browser.open(&browser.below("/activity")).await.text.matches("<tr").count();
    for route in closed().filter(|route| route.method == Method::POST) {
        let path = filled(&route.path, &org, &key.to_string());
        let token = "0".repeat(64);
        let plain = browser.send(&path, &[("csrf", &token), ("name", "Admin"), ("on", "true")]).await;
        let file = browser
            .send_file(&path, &token, &[("name", "x")], "AuthKey_ABCDEFGHIJ.p8", b"x")
            .await;
        for seen in [plain, file] {
            // A form of the other encoding is unread, which is as good.
            assert!(
                matches!(seen.status, StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY),
                "POST {path}: {}",
                seen.status
            );
            assert!(!seen.text.contains("<form"), "{path} answers with a page instead of a refusal");
        }
    }
    let after = browser.open(&browser.below("/activity")).await;
    assert_eq!(
        after.text.matches("<tr").count(),
        before,
        "something was recorded, so something was done"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_others_looks_like_what_does_not_exist() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let foreign = format!("org_{:032x}", 7);
    let without_request = |text: &str| text.split("<dt>Request").next().unwrap_or_default().to_owned();
    let nowhere = without_request(&browser.open("/nowhere").await.text);
    let token = browser.token().await;
    for route in closed().filter(|route| route.path.contains("{org}")) {
        let path = filled(&route.path, &foreign, &format!("key_{:032x}", 7));
        if route.method == Method::GET {
            let seen = browser.open(&path).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "GET {path}");
            assert_eq!(
                without_request(&seen.text),
                nowhere,
                "GET {path} says something else than an unknown address"
            );
        }
        if route.method == Method::POST {
            let plain = browser
                .send(
                    &path,
                    &[
                        ("csrf", &token),
                        ("key", &format!("key_{:032x}", 7)),
                        ("type", "DISTRIBUTION"),
                        ("feature", "profiles"),
                    ],
                )
                .await;
            let file = browser.send_file(&path, &token, &[], "AuthKey_ABCDEFGHIJ.p8", b"x").await;
            assert!(
                [plain.status, file.status].contains(&StatusCode::NOT_FOUND),
                "POST {path}: {} {}",
                plain.status,
                file.status
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites_and_ends() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::of(&world);
    let wanted = browser.below("/keys?state=usable");
    let door = browser.open(&wanted).await.location.expect("the door");
    assert!(
        browser
            .open(&door)
            .await
            .text
            .contains(&format!("name=\"back\" value=\"{wanted}\""))
    );
    let seen = browser
        .send(
            "/sign-in",
            &[("email", "elin@halden.example"), ("password", testkit::PASSWORD), ("back", &wanted)],
        )
        .await;
    assert_eq!(
        seen.location.as_deref(),
        Some(wanted.as_str()),
        "the way leads back to where one wanted to go"
    );
    let cookie = seen
        .set_cookies
        .iter()
        .find(|cookie| cookie.starts_with("russet="))
        .expect("a session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");

    let away = browser
        .send(
            "/sign-in",
            &[
                ("email", "elin@halden.example"),
                ("password", testkit::PASSWORD),
                ("back", "//evil.example"),
            ],
        )
        .await;
    assert_eq!(away.location.as_deref(), Some("/"), "a sign-in leads nowhere else");

    browser.submit("/sign-out", &[]).await;
    assert_eq!(browser.open(&wanted).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_left_open_does_not_keep_its_session_alive() {
    let world = World::on_sqlite().await;
    let key = world.link(testkit::Role::Admin).await;
    let begun = world
        .app()
        .create_certificate(&world.owner.caller, world.org, key, "DISTRIBUTION")
        .await;
    let events = format!("/operations/{}/events", begun.expect("begun").id);
    world.app().run_due_jobs().await.expect("the worker works");
    let mut browser = Browser::signed_in(&world).await;
    let events = browser.below(&events);
    for hour in 1..12 {
        world.advance(3600);
        assert!(browser.open(&events).await.text.contains("event: end"), "hour {hour}");
    }
    world.advance(3600);
    assert_eq!(browser.open(&events).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.open(&browser.below("/keys")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_weighs_asks_for_the_password_once_more() {
    let world = World::on_sqlite().await;
    let key = world.link(testkit::Role::Admin).await;
    let mut browser = Browser::signed_in(&world).await;
    let remove = browser.below(&format!("/keys/{key}/remove"));
    assert_eq!(browser.open(&remove).await.status, StatusCode::OK, "just signed in");
    world.advance(16 * 60);
    let asked = browser.open(&remove).await;
    let confirm = asked.location.expect("on to the question");
    assert!(confirm.starts_with("/confirm?back=%2Fo%2F"), "{confirm}");
    assert_eq!(
        browser.open(&browser.below("/keys")).await.status,
        StatusCode::OK,
        "what only looks does not ask"
    );
    // The form was opened in time, and is still taken; half an hour later it is not.
    let wrong_name = [("name", "another")];
    assert_eq!(browser.submit(&remove, &wrong_name).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    world.advance(15 * 60);
    let late = browser.submit(&remove, &wrong_name).await;
    assert!(late.location.is_some_and(|to| to.starts_with("/confirm?back=")));
    let page = browser.open(&confirm).await;
    assert!(page.text.contains("elin@halden.example"), "for password managers");
    let (_, form) = page.text.split_once("action=\"/confirm\"").expect("the form");
    let back = hidden(form, "back");
    assert_eq!(back, remove);
    let wrong = browser.submit("/confirm", &[("back", &back), ("password", "not this one")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(browser.open(&remove).await.location.is_some(), "nothing was confirmed");
    let right = browser
        .submit("/confirm", &[("back", &back), ("password", testkit::PASSWORD)])
        .await;
    assert_eq!(right.location.as_deref(), Some(remove.as_str()));
    assert_eq!(browser.open(&remove).await.status, StatusCode::OK);
    let away = browser
        .submit("/confirm", &[("back", "https://evil.example"), ("password", testkit::PASSWORD)])
        .await;
    assert_eq!(away.location.as_deref(), Some("/"), "it leads nowhere else");
    for _ in 0..20 {
        browser.submit("/confirm", &[("back", "/"), ("password", "guess")]).await;
    }
    let limited = browser.submit("/confirm", &[("back", "/"), ("password", testkit::PASSWORD)]).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_person_are_told_the_same() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::of(&world);
    let wrong = browser
        .send("/sign-in", &[("email", "elin@halden.example"), ("password", "not this one")])
        .await;
    let unknown = browser
        .send("/sign-in", &[("email", "nobody@halden.example"), ("password", "not this one")])
        .await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(wrong.text.replace("elin@", "nobody@"), unknown.text);
    assert!(!wrong.text.contains("not this one"), "a password is never sent back");
}
