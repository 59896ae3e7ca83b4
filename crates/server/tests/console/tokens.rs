//! API tokens of the organization, as people make, change, rotate and revoke them.

use crate::browser::{Browser, Seen, hidden};
use axum::http::StatusCode;
use domain::Origin;
use testkit::World;

fn value(seen: &Seen) -> String {
    let after = seen.text.split("<code>russet_").nth(1).expect("the value");
    format!("russet_{}", after.split('<').next().unwrap_or_default())
}

async fn opens(world: &World, value: &str) -> bool {
    world.app().by_token(value, Origin::default()).await.expect("asked").is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_made_changed_rotated_and_revoked() {
    let world = World::on_sqlite().await;
    let north = world.organization("North", Some(world.org)).await.to_string();
    let mut browser = Browser::signed_in(&world).await;
    let place = browser.below("/tokens/new");
    let once = hidden(&browser.open(&place).await.text, "once");
    let fields = [
        ("once", once.as_str()),
        ("name", "Nightly"),
        ("role", "signing-viewer"),
        ("reach", "chosen"),
        ("organization", north.as_str()),
        ("days", "30"),
    ];
    let made = browser.submit(&place, &fields).await;
    assert_eq!(
        (made.status, &made.headers["cache-control"]),
        (StatusCode::OK, &"no-store".parse().expect("a value"))
    );
    let first = value(&made);
    assert!(opens(&world, &first).await);
    let again = browser.submit(&place, &fields).await;
    assert!(
        again.text.contains("The token was shown once") && !again.text.contains(&first),
        "{}",
        again.text
    );

    let list = browser.open(&browser.below("/tokens")).await.text;
    assert!(list.contains("Nightly") && list.contains("Signing Viewer") && list.contains("1 organization") && !list.contains(&first));
    let address = format!("/o/{}/tokens/svc_", browser.org);
    let id = list
        .split(&address)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("its address");
    let address = format!("{address}{id}");
    let page = browser.open(&address).await.text;
    assert!(
        page.contains("North") && page.contains("by Elin") && page.contains("Ended") == page.contains("never"),
        "{page}"
    );

    let changed = [
        ("name", "Nightly"),
        ("role", "signing-viewer"),
        ("reach", "everywhere"),
        ("address_ranges", "10.1.2.3/8\n"),
    ];
    let saved = browser.submit(&format!("{address}/edit"), &changed).await;
    assert_eq!(saved.location.as_deref(), Some(address.as_str()), "{}", saved.text);
    let page = browser.open(&address).await.text;
    assert!(page.contains("Token saved") && page.contains("10.0.0.0/8") && page.contains("and every sub-organization"));
    let freed = [
        ("name", "Nightly"),
        ("role", "signing-viewer"),
        ("reach", "everywhere"),
        ("address_ranges", ""),
    ];
    browser.submit(&format!("{address}/edit"), &freed).await;

    let rotate = format!("{address}/rotate");
    let once = hidden(&browser.open(&rotate).await.text, "once");
    let rotated = browser.submit(&rotate, &[("once", &once), ("days", "90")]).await;
    let second = value(&rotated);
    assert!(opens(&world, &second).await && !opens(&world, &first).await);
    let again = browser.submit(&rotate, &[("once", &once), ("days", "90")]).await;
    assert!(
        again.text.contains("was shown once") && opens(&world, &second).await,
        "loading it again rotates nothing"
    );

    let other = browser.submit(&format!("{address}/revoke"), &[("name", "Weekly")]).await;
    assert!(other.text.contains("type the name exactly: Nightly"), "{}", other.text);
    assert!(opens(&world, &second).await);
    let revoked = browser.submit(&format!("{address}/revoke"), &[("name", "Nightly")]).await;
    assert_eq!(revoked.location, Some(browser.below("/tokens")));
    assert!(!opens(&world, &second).await);
    assert_eq!(browser.open(&address).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_told_in_the_form_with_what_was_entered() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let place = browser.below("/tokens/new");
    for (field, entered, told) in [
        ("role", "owner", "A token cannot be an Owner"),
        ("address_ranges", "the office", "is not an address range"),
        ("name", "", "The name is empty"),
    ] {
        let once = hidden(&browser.open(&place).await.text, "once");
        let mut fields = vec![("once", once.as_str()), ("days", "90")];
        fields.extend(
            [("name", "Kept as typed"), ("role", "signing-viewer")]
                .into_iter()
                .filter(|(name, _)| *name != field),
        );
        fields.push((field, entered));
        let again = browser.submit(&place, &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(again.text.contains(told), "{field}: {}", again.text);
        assert!(field == "name" || again.text.contains("Kept as typed"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_soon_is_an_attention_item_for_whoever_may_see_it() {
    let world = World::on_sqlite().await;
    world.link(testkit::Role::Admin).await;
    let mut browser = Browser::signed_in(&world).await;
    let place = browser.below("/tokens/new");
    let once = hidden(&browser.open(&place).await.text, "once");
    browser
        .submit(
            &place,
            &[("once", &once), ("name", "Nightly"), ("role", "signing-viewer"), ("days", "90")],
        )
        .await;
    let overview = browser.below("");
    assert!(!browser.open(&overview).await.text.contains("Rotate it and put the new value"));
    // Sessions end after two weeks; this one is begun anew.
    world.advance_days(61);
    let mut browser = Browser::signed_in(&world).await;
    let page = browser.open(&overview).await.text;
    assert!(
        page.contains("Nightly expires") && page.contains("Rotate it and put the new value"),
        "{page}"
    );
}
