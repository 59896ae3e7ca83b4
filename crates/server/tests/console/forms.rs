//! Forms as people send them: what was typed is kept, the first wrong field is found, and names stay text.

use crate::browser::Browser;
use axum::http::{StatusCode, header};
use testkit::{KeyKind, Role, World};

const HOSTILE: &str = r#"<script>alert("1")</script> & 'Zoë'"#;
const ESCAPED: &str = "&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;Zoë&#39;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_added_checked_renamed_and_removed() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let file = world.key_file(KeyKind::Team, Role::Admin);
    let issuer = file.issuer_id.clone().expect("an issuer");
    let fields = [
        ("kind", "team"),
        ("key_id", ""),
        ("issuer_id", issuer.as_str()),
        ("name", HOSTILE),
        ("role", "admin"),
    ];
    let pem = file.pem();
    let added = browser
        .submit_file(&browser.below("/keys/new"), &fields, &file.file_name(), pem.as_bytes())
        .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    let address = added.location.expect("the key's page");

    let page = browser.open(&address).await.text;
    assert!(
        page.contains(ESCAPED) && !page.contains("<script>"),
        "the name is text, here and everywhere"
    );
    assert!(page.contains("Key added"), "it says once that it worked");
    assert!(!browser.open(&address).await.text.contains("Key added"), "and only once");
    assert!(page.contains("Working") && page.contains(&file.key_id));
    let secret = pem.lines().nth(1).expect("a line of the key");
    assert!(!page.contains(secret), "the private key is never shown again");

    let renamed = browser.submit(&format!("{address}/rename"), &[("name", "CI uploads")]).await;
    assert_eq!(renamed.location.as_deref(), Some(address.as_str()));
    let checked = browser.submit(&format!("{address}/check"), &[]).await;
    assert_eq!(checked.status, StatusCode::SEE_OTHER);
    let page = browser.open(&address).await.text;
    assert!(page.contains("<h1>CI uploads</h1>") && page.contains("Apple was asked"));

    let kept = browser.submit(&format!("{address}/remove"), &[("name", "CI upload")]).await;
    assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(kept.text.contains("type its name exactly"), "{}", kept.text);
    let removed = browser.submit(&format!("{address}/remove"), &[("name", "CI uploads")]).await;
    assert_eq!(removed.location, Some(browser.below("/keys")));
    assert_eq!(browser.open(&address).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_is_kept_and_the_first_wrong_field_has_the_focus() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let place = browser.below("/keys/new");
    let fields = [
        ("kind", "team"),
        ("key_id", "SHORT"),
        ("issuer_id", "3f9c1e70-8a52"),
        ("name", "CI uploads"),
        ("role", "app-manager"),
    ];
    let again = browser.submit_file(&place, &fields, "distribution.cer", b"\x30\x82\x01\x0a").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in [r#"value="SHORT""#, r#"value="3f9c1e70-8a52""#, r#"value="CI uploads""#] {
        assert!(again.text.contains(kept), "{kept} was lost");
    }
    assert!(again.text.contains(r#"value="app-manager" checked"#));
    assert!(again.text.contains("fields need another look"));
    assert_eq!(again.text.matches(" autofocus").count(), 1, "one field takes the focus");
    let focused = again
        .text
        .split(" autofocus")
        .next()
        .and_then(|before| before.rsplit("<input").next())
        .expect("a field");
    assert!(focused.contains(r#"name="file""#), "the topmost wrong field: {focused}");
    assert!(
        world.app().keys(&world.owner.caller, world.org).await.expect("keys").is_empty(),
        "nothing is saved"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_two_megabytes_is_refused_at_its_field_and_a_larger_one_at_the_door() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let place = browser.below("/keys/new");
    let big = browser
        .submit_file(&place, &[("kind", "team")], "AuthKey_ABCDEFGHIJ.p8", &vec![b'A'; 2_000_000])
        .await;
    assert!(big.text.contains("the limit is 16384 bytes"), "{}", big.text);
    let bigger = browser
        .submit_file(&place, &[("kind", "team")], "AuthKey_ABCDEFGHIJ.p8", &vec![b'A'; 5_000_000])
        .await;
    assert_eq!(bigger.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(bigger.text.contains("larger than 4 MB"), "{}", bigger.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_pair_is_told_once_above_the_form_and_apple_being_the_cause_is_no_5xx() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let file = world.key_file(KeyKind::Team, Role::Admin);
    let fields = [
        ("kind", "team"),
        ("issuer_id", "57246542-96fe-1a63-e053-0824d011072a"),
        ("name", "Wrong pair"),
    ];
    let again = browser
        .submit_file(&browser.below("/keys/new"), &fields, &file.file_name(), file.pem().as_bytes())
        .await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(again.text.matches("do not belong together").count(), 1);
    assert!(again.text.contains("What Apple answered"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_theme_is_kept_by_the_browser_and_needs_no_script() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    let chosen = browser.submit("/me/theme", &[("theme", "dark"), ("back", "/me/tokens")]).await;
    assert_eq!(chosen.location.as_deref(), Some("/me/tokens"));
    assert!(browser.open("/me").await.text.contains(r#"data-theme="dark""#));
    browser.submit("/me/theme", &[("theme", "system")]).await;
    assert!(!browser.open("/me").await.text.contains("data-theme"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_the_account_say_what_matters_and_a_silent_apple_is_told_in_their_place() {
    let world = World::on_sqlite().await;
    let mut browser = Browser::signed_in(&world).await;
    for place in ["/certificates", "/profiles", "/bundle-ids", "/devices"] {
        let empty = browser.open(&browser.below(place)).await.text;
        assert!(empty.contains("Add key"), "{place} says what to do next");
    }
    let key = world.link(Role::Admin).await;
    let profiles = browser.open(&browser.below("/profiles")).await.text;
    assert!(profiles.contains("Invalid") && profiles.contains("Expired") && profiles.contains("Active"));
    let filtered = browser.open(&browser.below("/profiles?state=INVALID")).await.text;
    assert!(
        filtered.contains("Invalid") && !filtered.contains(">Active</span>"),
        "the filter holds"
    );
    let download = profiles
        .split("href=\"")
        .find(|rest| rest.contains("/download?key="))
        .expect("a download");
    let file = browser.open(download.split('"').next().expect("an address")).await;
    assert!(
        file.headers[header::CONTENT_DISPOSITION]
            .to_str()
            .expect("text")
            .starts_with("attachment; filename=")
    );
    let nothing = browser.open(&browser.below("/devices?q=no+such+device")).await.text;
    assert!(nothing.contains("Nothing matches “no such device”") && nothing.contains("Clear search and filters"));

    world.apple.control().add_fault(testkit::Fault {
        api: None,
        method: None,
        route: None,
        after: 0,
        times: 100,
        effect: testkit::Effect::Html,
    });
    let silent = browser.open(&browser.below(&format!("/devices?key={key}"))).await;
    assert_eq!(silent.status, StatusCode::OK);
    assert!(silent.text.contains("Try now"), "{}", silent.text);
}
