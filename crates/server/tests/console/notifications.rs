//! Notification channels, as people make, look at, test, rotate and remove them.

use crate::browser::{Browser, hidden};
use axum::http::StatusCode;
use testkit::{Receiver, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_made_tested_rotated_and_removed() {
    let (world, receiver) = (World::on_sqlite().await, Receiver::open().await);
    world.restart_with_local_webhooks().await;
    let mut browser = Browser::signed_in(&world).await;
    let empty = browser.open(&browser.below("/notifications")).await.text;
    assert!(empty.contains("No channels yet"), "{empty}");
    let place = browser.below("/notifications/new");
    let form = browser.open(&place).await.text;
    assert!(
        form.contains("This server sends no mail") && form.contains("A certificate expires"),
        "{form}"
    );
    let once = hidden(&form, "once");
    let url = receiver.url();
    let wrong = browser
        .submit(
            &place,
            &[("once", &once), ("name", "Chat"), ("kind", "webhook"), ("url", "ftp://x")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("not an address of the web") && wrong.text.contains("value=\"ftp://x\""),
        "{}",
        wrong.text
    );
    let fields = [
        ("once", once.as_str()),
        ("name", "Chat"),
        ("kind", "webhook"),
        ("url", url.as_str()),
        ("gets", "chosen"),
        ("notice", "key.check"),
    ];
    let made = browser.submit(&place, &fields).await;
    assert_eq!(
        (made.status, &made.headers["cache-control"]),
        (StatusCode::OK, &"no-store".parse().expect("a value"))
    );
    let secret = made
        .text
        .split("<code>whsec_")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .expect("the secret")
        .to_owned();
    let again = browser.submit(&place, &fields).await;
    assert!(
        again.location.is_some() && !again.text.contains(&secret),
        "sent twice, it is made once"
    );

    let list = browser.open(&browser.below("/notifications")).await.text;
    assert!(
        list.contains("Chat") && list.contains("1 kind") && list.contains("Nothing sent yet"),
        "{list}"
    );
    let address = format!("/o/{}/notifications/chan_", browser.org);
    let id = list
        .split(&address)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("its address");
    let address = format!("{address}{id}");
    let sent = browser.submit(&format!("{address}/test"), &[]).await;
    assert_eq!(sent.location.as_deref(), Some(address.as_str()), "{}", sent.text);
    let waiting = browser.open(&address).await.text;
    assert!(
        waiting.contains("On its way") && waiting.contains("http-equiv=\"refresh\""),
        "{waiting}"
    );
    world.app().run_due_jobs().await.expect("done");
    let arrived = browser.open(&address).await.text;
    assert!(
        arrived.contains("The receiver answered 200.") && !arrived.contains("http-equiv=\"refresh\""),
        "{arrived}"
    );
    assert!(
        arrived.contains("A key does not work as before") && !arrived.contains(&secret),
        "{arrived}"
    );

    let once = hidden(&browser.open(&format!("{address}/rotate")).await.text, "once");
    let rotated = browser.submit(&format!("{address}/rotate"), &[("once", &once)]).await;
    assert!(
        rotated.text.contains("whsec_") && !rotated.text.contains(&secret),
        "{}",
        rotated.text
    );
    let twice = browser.submit(&format!("{address}/rotate"), &[("once", &once)]).await;
    assert!(twice.text.contains("shown once, and that was before"), "{}", twice.text);
    let changed = [("name", "Team"), ("url", "https://hooks.halden.example/"), ("gets", "all")];
    let saved = browser.submit(&format!("{address}/edit"), &changed).await;
    assert_eq!(saved.location.as_deref(), Some(address.as_str()), "{}", saved.text);
    let page = browser.open(&address).await.text;
    assert!(
        page.contains("Channel saved") && page.contains("https://hooks.halden.example/") && page.contains("All notices"),
        "{page}"
    );
    let removed = browser.submit(&format!("{address}/remove"), &[("name", "Team")]).await;
    assert_eq!(removed.location, Some(browser.below("/notifications")), "{}", removed.text);
    assert_eq!(browser.open(&address).await.status, StatusCode::NOT_FOUND);
}
