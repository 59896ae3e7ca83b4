//! Organizations in the console: made, chosen, used in two tabs, renamed and deleted; and what is refused, in words.

use crate::browser::Browser;
use axum::http::StatusCode;
use domain::{OrgId, Role};
use testkit::{Person, World};

fn role(word: &str) -> Role {
    Role::parse(word).expect("a role")
}

/// Makes a sub-organization by its form, and finds it in the list.
async fn made(browser: &mut Browser, name: &str) -> OrgId {
    let list = browser.below("/sub-organizations");
    let answer = browser.submit(&format!("{list}/new"), &[("name", name)]).await;
    assert_eq!(answer.location.as_deref(), Some(list.as_str()), "{}", answer.text);
    let page = browser.open(&list).await.text;
    let before = page.split(&format!(">{name}</a>")).next().expect("its row");
    let id = before
        .rsplit("/o/")
        .next()
        .and_then(|rest| rest.split('"').next())
        .expect("its address");
    id.parse().expect("an id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_gets_a_place_of_its_own_and_two_tabs_keep_theirs() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let empty = browser.open(&browser.below("/sub-organizations")).await.text;
    assert!(empty.contains("No sub-organizations yet"));
    let transit = made(&mut browser, "Halden Transit").await;
    let retail = made(&mut browser, "Halden Retail").await;
    let told = browser.open(&browser.below("/sub-organizations")).await.text;
    assert!(told.contains("Halden Retail") && told.contains("Halden Transit"));

    // One tab here, one tab there: each goes on where its address says.
    for (org, name) in [(transit, "Halden Transit"), (retail, "Halden Retail"), (transit, "Halden Transit")] {
        let page = browser.open(&format!("/o/{org}/settings")).await.text;
        assert!(page.contains(&format!("now {name}\"")) && page.contains("Part of Halden"), "{name}");
    }
    let renamed = browser.submit(&format!("/o/{retail}/settings"), &[("name", "Halden Shops")]).await;
    assert_eq!(renamed.location, Some(format!("/o/{retail}/settings")));
    let other = browser.open(&format!("/o/{transit}")).await.text;
    assert!(other.contains("now Halden Transit\"") && other.contains("Halden Shops"));

    // The one used last comes first, and the start leads to it.
    browser.open(&format!("/o/{retail}")).await;
    assert_eq!(browser.open("/").await.location, Some(format!("/o/{retail}")));
    let all = browser.open("/orgs").await.text;
    let place = |name: &str| all.split("<main").nth(1).and_then(|main| main.find(name)).expect(name);
    assert!(place("Halden Shops") < place("Halden Transit"));
    let found = browser.open("/orgs?q=SHOP").await.text;
    let found = found.split("<main").nth(1).expect("the page");
    assert!(found.contains("Halden Shops") && !found.contains("Halden Transit"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_or_unfit_is_told_at_its_field_and_kept() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    made(&mut browser, "Transit").await;
    let path = browser.below("/sub-organizations/new");
    let twin = browser.submit(&path, &[("name", "TRANSIT")]).await;
    assert_eq!(twin.status, StatusCode::CONFLICT);
    assert!(twin.text.contains("so alike that one could be taken for the other") && twin.text.contains("value=\"TRANSIT\""));
    let unfit = browser.submit(&path, &[("name", "<b>\u{202e}")]).await;
    assert_eq!(unfit.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unfit.text.contains("U+202E") && !unfit.text.contains("<b>\u{202e}"));
    let root = browser.submit("/orgs/new", &[("name", "halden")]).await;
    assert_eq!(root.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_is_seen_before_the_name_is_typed() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let transit = made(&mut browser, "Transit").await;
    world.person("mia", &[(transit, Role::Owner)]).await;
    let path = browser.below(&format!("/sub-organizations/{transit}/remove"));
    let page = browser.open(&path).await.text;
    assert!(page.contains("1 member") && page.contains("data-typed=\"Transit\""));
    let wrong = browser.submit(&path, &[("name", "transit")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("type its name exactly: Transit"));
    let own = browser.open(&browser.below("/settings/remove")).await.text;
    assert!(own.contains("1 sub-organization") && own.contains("As long as there are any"));
    let refused = browser.submit(&browser.below("/settings/remove"), &[("name", "Halden")]).await;
    assert!(refused.text.contains("still has sub-organizations: “Transit”"));
    let gone = browser.submit(&path, &[("name", "Transit")]).await;
    assert_eq!(gone.location, Some(browser.below("/sub-organizations")));
    assert_eq!(browser.open(&format!("/o/{transit}")).await.status, StatusCode::NOT_FOUND);
    let last = browser.submit(&browser.below("/settings/remove"), &[("name", "Halden")]).await;
    assert_eq!(last.status, StatusCode::CONFLICT);
    assert!(last.text.contains("only root organization"));

    // A second root: made, gone, and the way leads to the list.
    let second = browser.submit("/orgs/new", &[("name", "Nordic")]).await.location.expect("made");
    let gone = browser.submit(&format!("{second}/settings/remove"), &[("name", "Nordic")]).await;
    assert_eq!(gone.location.as_deref(), Some("/orgs"));
    assert_eq!(browser.open("/").await.location, Some(browser.below("")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_told_why_and_sees_nothing_above() {
    let world = World::on_sqlite().await;
    let mut owner = Browser::signed_in(&world).await;
    let transit = made(&mut owner, "Transit").await;
    made(&mut owner, "Secret Project").await;
    let person: Person = world.person("mia", &[(transit, role("signing-viewer"))]).await;
    let mut mia = Browser::with_cookie(&world, &person.cookie);

    let start = mia.open("/").await.location.expect("a way on");
    assert_eq!(start, format!("/o/{transit}"));
    let settings = mia.open(&format!("/o/{transit}/settings")).await.text;
    assert!(settings.contains("Part of Halden") && settings.contains("Renaming needs Organization Manager"));
    assert!(settings.contains("deleted in its root organization"));
    for page in [&settings, &mia.open("/orgs").await.text, &mia.open("/me").await.text] {
        assert!(!page.contains("Secret Project") && !page.contains(&world.org.to_string()));
        assert!(!page.contains("/sub-organizations"));
    }
    let refused = mia.submit(&format!("/o/{transit}/settings"), &[("name", "Mine")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("You may not rename the organization"));
    let deeper = mia
        .submit(&format!("/o/{transit}/sub-organizations/new"), &[("name", "Mine")])
        .await;
    assert!(deeper.text.contains("that is done in its root organization"));
    assert_eq!(
        mia.open(&format!("/o/{}/sub-organizations", world.org)).await.status,
        StatusCode::NOT_FOUND
    );
    let root = mia.open("/orgs/new").await.text;
    assert!(root.contains("You may not create a root organization") && !root.contains("Create organization</button>"));
    assert_eq!(mia.submit("/orgs/new", &[("name", "Mine")]).await.status, StatusCode::FORBIDDEN);
}
