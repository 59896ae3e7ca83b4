//! What must happen once happens once, however often a form is sent.

use crate::browser::{Browser, hidden};
use axum::http::StatusCode;
use testkit::{Role, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_form_sent_twice_begins_one_act() {
    let world = World::on_sqlite().await;
    let key = world.link(Role::Admin).await.to_string();
    let mut browser = Browser::signed_in(&world).await;
    let place = browser.below("/certificates/create");
    let once = hidden(&browser.open(&place).await.text, "once");
    let fields = [("once", once.as_str()), ("type", "DISTRIBUTION"), ("key", key.as_str())];
    let first = browser.submit(&place, &fields).await;
    let second = browser.submit(&place, &fields).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    assert_eq!(first.location, second.location, "both lead to the same act");

    while world.app().run_due_jobs().await.expect("jobs") > 0 {}
    let page = browser.open(first.location.as_deref().expect("the act")).await.text;
    assert!(page.contains("The certificate is here with its private key"), "{page}");
    assert_eq!(world.count("POST /v1/certificates"), 1);

    let certificate = page
        .split("/certificates/cert_")
        .nth(1)
        .and_then(|rest| rest.split(['/', '"']).next())
        .expect("its id");
    let download = browser.below(&format!("/certificates/cert_{certificate}/download"));
    let empty = browser
        .submit(&download, &[("form", "p12-modern"), ("password_kind", "given"), ("password", "")])
        .await;
    assert_eq!(
        empty.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "an empty password is chosen as such, never by leaving a field empty"
    );
    let page = browser.open(&download).await.text;
    let (generated, another) = (hidden(&page, "generated"), hidden(&browser.open(&download).await.text, "generated"));
    assert!(generated.len() == 20 && generated.chars().all(|c| c.is_ascii_alphanumeric()) && generated != another);
    let file = browser
        .submit(
            &download,
            &[
                ("form", "p12-compatible"),
                ("password_kind", "generated"),
                ("generated", &generated),
            ],
        )
        .await;
    assert_eq!(
        (file.status, &file.headers["content-type"]),
        (StatusCode::OK, &"application/x-pkcs12".parse().expect("a type"))
    );
    assert_eq!(file.headers["cache-control"], "no-store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_cannot_create_is_refused_before_apple_is_asked() {
    let world = World::on_sqlite().await;
    world.link(Role::Admin).await;
    let manager = world.link(Role::AppManager).await.to_string();
    let mut browser = Browser::signed_in(&world).await;
    let place = browser.below("/certificates/create");
    let page = browser.open(&place).await.text;
    assert!(page.contains("may not create certificates"), "the reason stands beside the key");
    let once = hidden(&page, "once");
    let refused = browser
        .submit(&place, &[("once", &once), ("type", "DISTRIBUTION"), ("key", &manager)])
        .await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    assert!(refused.text.contains("Keys that can do it"), "{}", refused.text);
    assert_eq!(world.count("POST /v1/certificates"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_on_one_answer_and_loading_it_again_makes_no_other() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let once = hidden(&browser.open("/me/tokens").await.text, "once");
    let fields = [("once", once.as_str()), ("name", "laptop"), ("days", "30")];
    let first = browser.submit("/me/tokens", &fields).await;
    let token = first
        .text
        .split("<code>russet_")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .expect("the token")
        .to_owned();
    assert_eq!(first.headers["cache-control"], "no-store");
    let again = browser.submit("/me/tokens", &fields).await;
    assert!(again.text.contains("The token was shown once") && !again.text.contains(&token));
    assert!(!browser.open("/me/tokens").await.text.contains(&token));
    assert_eq!(world.app().tokens(&world.owner).await.expect("tokens").len(), 1);
}
