//! What must hold of every page.

use super::{
    super::{
        assets,
        keys::{
            acts::{RemovePage, RenamePage},
            list::{KeysPage, KeysQuery},
        },
        parts::Wrong,
        shell::{Place, Theme},
    },
    gallery::pages,
    samples::{self, id},
};
use askama::Template;
use axum::{Router, body::Body, http::Request};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

#[test]
fn no_page_carries_a_style_or_a_script_of_its_own() {
    for (name, page) in pages(Theme::System) {
        assert!(!page.contains(" style="), "{name} has an inline style");
        assert!(!page.contains("<style"), "{name} has a style element");
        assert!(
            !page.contains(" onclick") && !page.contains(" onsubmit") && !page.contains("javascript:"),
            "{name} has an inline handler"
        );
        for script in page.split("<script").skip(1) {
            assert!(
                script.contains(r#"src="/assets/"#) && script.split('>').nth(1).is_some_and(|inside| inside.starts_with("</script")),
                "{name} has an inline script"
            );
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_its_token() {
    for (name, page) in pages(Theme::System) {
        for form in page.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if form.contains(r#"method="post""#) {
                assert!(form.contains(r#"name="csrf""#), "a form of {name} has no token: {form}");
            }
        }
    }
}

#[test]
fn every_page_has_one_title_one_h1_and_a_main() {
    for (name, page) in pages(Theme::System) {
        for part in ["<title>", "<h1", "<main"] {
            assert_eq!(page.matches(part).count(), 1, "{part} in {name}");
        }
        assert!(page.contains(r#"<html lang="en""#), "{name}");
    }
}

#[test]
fn every_id_is_there_once_and_every_reference_finds_it() {
    for (name, page) in pages(Theme::System) {
        let ids: Vec<&str> = values(&page, " id=\"");
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        let twice: Vec<_> = once
            .iter()
            .filter(|id| ids.iter().filter(|other| other == id).count() > 1)
            .collect();
        assert!(twice.is_empty(), "{name} has these ids twice: {twice:?}");
        for reference in [" aria-labelledby=\"", " aria-describedby=\"", " for=\"", " popovertarget=\""] {
            for wanted in values(&page, reference) {
                assert!(ids.contains(&wanted), "{name}:{reference}{wanted}\" finds nothing");
            }
        }
    }
}

fn values<'p>(page: &'p str, start: &str) -> Vec<&'p str> {
    page.split(start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_symbol_that_a_page_uses_is_in_the_sprite() {
    let sprite = assets::all().find(|(name, _)| *name == "sprite.svg").expect("the sprite").1;
    for (name, page) in pages(Theme::System) {
        for symbol in values(&page, "sprite.svg#").into_iter().chain(values(&page, "#i-")) {
            assert!(
                sprite.contains(&format!(r#"<symbol id="{symbol}""#)),
                "{name} uses the symbol {symbol}"
            );
        }
    }
}

#[test]
fn a_name_with_markup_stays_text() {
    let hostile = r#"<img src=x onerror=alert(1)> "&' ’"#;
    let mut all = samples::summaries();
    all[0].key.name = hostile.parse().expect("a name people may choose");
    let key = all[0].key.clone();
    let list = KeysPage::new(
        samples::shell(Place::Keys, Theme::System),
        id("org", 1),
        all,
        None,
        KeysQuery {
            q: String::new(),
            ..KeysQuery::default()
        },
    );
    let rename = RenamePage {
        shell: samples::shell(Place::Keys, Theme::System),
        org: id("org", 1),
        key: key.clone(),
        name: hostile.into(),
        wrong: Wrong::default(),
    };
    let remove = RemovePage {
        shell: samples::shell(Place::Keys, Theme::System),
        org: id("org", 1),
        key,
        dependents: samples::dependents(),
        wrong: Wrong::default(),
    };
    for page in [list.render(), rename.render(), remove.render()] {
        let page = page.expect("a page");
        assert!(!page.contains("<img"), "{page}");
        assert!(page.contains("&#60;img src=x onerror=alert(1)&#62; &#34;&#38;&#39; ’"), "{page}");
    }
    let searched = KeysPage::new(
        samples::shell(Place::Keys, Theme::System),
        id("org", 1),
        samples::summaries(),
        None,
        KeysQuery {
            q: hostile.into(),
            ..KeysQuery::default()
        },
    );
    assert!(!searched.render().expect("a page").contains("<img"));
}

#[test]
fn the_theme_that_a_person_chose_is_on_the_page() {
    let html = |theme| pages(theme).swap_remove(0).1;
    assert!(html(Theme::Dark).contains(r#"<html lang="en" data-theme="dark""#));
    assert!(!html(Theme::System).contains("data-theme"));
}

fn served() -> Router {
    Router::new().route("/assets/{folder}/{name}", axum::routing::get(assets::serve))
}

async fn transferred(path: &str, page: Option<String>) -> usize {
    let mut router = served();
    if let Some(page) = page {
        router = router.route("/page", axum::routing::get(|| async move { axum::response::Html(page) }));
    }
    let request = Request::get(path)
        .header("accept-encoding", "gzip")
        .body(Body::empty())
        .expect("a request");
    let answer = router.layer(CompressionLayer::new()).oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-encoding"], "gzip", "{path}");
    answer.into_body().collect().await.expect("a body").to_bytes().len()
}

#[tokio::test]
async fn a_first_visit_transfers_at_most_60_kilobytes() {
    let mut everything = 0;
    for (name, _) in assets::all() {
        everything += transferred(&assets::asset_url(name), None).await;
    }
    for (name, page) in pages(Theme::System) {
        let page = transferred("/page", Some(page)).await;
        let whole = everything + page;
        assert!(whole <= 60_000, "{name}: {whole} bytes with every asset");
    }
    assert!(everything > 5_000, "the assets were not counted");
}

#[tokio::test]
async fn assets_are_kept_for_good_and_an_old_address_is_gone() {
    let get = |path: String| async move {
        served()
            .oneshot(Request::get(path).body(Body::empty()).expect("a request"))
            .await
            .expect("an answer")
    };
    let answer = get(assets::asset_url("console.css")).await;
    assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(answer.headers()["content-type"], "text/css; charset=utf-8");
    assert_eq!(get("/assets/000000000000/console.css".into()).await.status(), 404);
    assert_eq!(get("/assets//console.css".into()).await.status(), 404);
}
