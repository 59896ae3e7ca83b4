//! The pages that are asked for at every size: each list of REST and console at its beginning and far inside, and the
//! activity log by each of its filters, also by those that hardly a record fits.

use anyhow::Context;

use super::id;
use crate::process;
use crate::workbench::Workbench;

/// A page of a list, and where to go from it before it is asked for.
pub(super) struct Page {
    pub(super) what: &'static str,
    pub(super) path: String,
    /// Pages to go on through their cursors; more than there are leads to the last.
    pub(super) ahead: usize,
}

/// A day of the past, as queries name it.
fn day(bench: &Workbench, ago: u32) -> anyhow::Result<String> {
    let ago = format!("{ago} days ago");
    let told = process::capture(bench.command("date").args(["--utc", "--date", &ago, "+%F"])).context("no date")?;
    Ok(told.trim().to_owned())
}

/// All of them, in the order of the table.
pub(super) fn pages(bench: &Workbench) -> anyhow::Result<Vec<Page>> {
    let root = id("org", 0);
    let (rest, console) = (format!("/api/v1/orgs/{root}"), format!("/o/{root}"));
    let mut pages = Vec::new();
    let mut page = |what, path: String, ahead| pages.push(Page { what, path, ahead });

    page("REST certificates, first page", format!("{rest}/certificates"), 0);
    page(
        "REST certificates by name, 20 pages on",
        format!("{rest}/certificates?sort=name"),
        20,
    );
    page(
        "REST certificates by name, from behind",
        format!("{rest}/certificates?sort=-name"),
        0,
    );
    let rare = format!("{rest}/certificates?kind=MAC_INSTALLER_DISTRIBUTION");
    page("REST certificates of a rare type", rare, 0);
    page(
        "REST certificates, a name that few have",
        format!("{rest}/certificates?search=person+777"),
        0,
    );
    page(
        "REST certificates, a name that nobody has",
        format!("{rest}/certificates?search=nobody"),
        0,
    );
    page("REST profiles, matched, first page", format!("{rest}/profiles"), 0);
    page("REST profiles, matched, 200 of them", format!("{rest}/profiles?limit=200"), 0);
    page("REST profiles, matched, 20 pages on", format!("{rest}/profiles?sort=expires"), 20);
    let rare = format!("{rest}/profiles?kind=TVOS_APP_STORE&state=ready");
    page("REST profiles of a rare type that are ready", rare, 0);
    page("REST profiles, a name that nobody has", format!("{rest}/profiles?search=nobody"), 0);
    page("REST keys of the root, shared with all", format!("{rest}/keys"), 0);
    page(
        "REST keys in a sub-organization, 50 lent",
        format!("/api/v1/orgs/{}/keys", id("org", 1)),
        0,
    );
    page("REST with whom a key is shared", format!("{rest}/keys/{}/shares", id("key", 0)), 0);
    page("REST organizations", "/api/v1/orgs".to_owned(), 0);
    page(
        "REST organizations, a name that nobody has",
        "/api/v1/orgs?search=nobody".to_owned(),
        0,
    );
    page("REST sub-organizations, last page", format!("{rest}/sub-organizations"), 1_000);
    page(
        "REST members of a sub-organization",
        format!("/api/v1/orgs/{}/members", id("org", 1)),
        0,
    );
    page("REST tokens of the organization, last page", format!("{rest}/tokens"), 1_000);

    let (then, until, always) = (day(bench, 210)?, day(bench, 180)?, "since=2000-01-01");
    let log = format!("{rest}/activity");
    page("REST activity", log.clone(), 0);
    page("REST activity, 20 pages on", log.clone(), 20);
    page("REST activity of half a year ago", format!("{log}?since={then}&until={until}"), 0);
    let of_key = format!("{log}?key={}&since={then}&until={until}", id("key", 7));
    page("REST activity of a key in a month", of_key, 0);
    page("REST activity of a person", format!("{log}?actor={}&{always}", id("user", 1)), 0);
    page("REST activity of a personal token", format!("{log}?actor={}", id("tok", 0)), 0);
    page(
        "REST activity of an organization's token",
        format!("{log}?actor={}&{always}", id("svc", 1)),
        0,
    );
    page(
        "REST activity about a certificate",
        format!("{log}?object={}&{always}", id("cert", 1)),
        0,
    );
    page(
        "REST activity of one sub-organization",
        format!("{log}?organization={}&{always}", id("org", 1)),
        0,
    );
    page("REST activity, a rare event", format!("{log}?action=key.rotate&{always}"), 0);
    page("REST activity, what failed", format!("{log}?outcome=failed&{always}"), 0);
    page("REST activity, nothing fits", format!("{log}?outcome=unknown&{always}"), 0);
    let busiest = format!("{log}?key={}&action=key.rotate&{always}", id("key", 0));
    page("REST activity, a rare event of the busiest key", busiest, 0);
    let failed = format!("{log}?key={}&outcome=failed&{always}", id("key", 0));
    page("REST activity, what failed with the busiest key", failed, 0);
    let below = format!("/api/v1/orgs/{}/activity?{always}", id("org", 1));
    page("REST activity in a sub-organization", below, 0);

    page("Console overview", console.clone(), 0);
    page("Console certificates, first page", format!("{console}/certificates?held=only"), 0);
    let named = format!("{console}/certificates?held=only&sort=name");
    page("Console certificates, 20 pages on", named, 20);
    let expiring = format!("{console}/certificates?held=only&state=expiring&q=person+7");
    page("Console certificates, expiring and searched", expiring, 0);
    page("Console profiles, matched, first page", format!("{console}/profiles?held=only"), 0);
    let invalid = format!("{console}/profiles?held=only&state=invalid&q=tram+7");
    page("Console profiles, invalid and searched", invalid, 0);
    page("Console keys", format!("{console}/keys"), 0);
    page(
        "Console with whom a key is shared",
        format!("{console}/keys/{}/share", id("key", 0)),
        0,
    );
    page("Console sub-organizations", format!("{console}/sub-organizations"), 0);
    page("Console members", format!("{console}/members"), 0);
    page("Console tokens", format!("{console}/tokens"), 0);
    page("Console activity", format!("{console}/activity"), 0);
    let usage = format!("{console}/keys/{}/usage?since={then}&until={until}", id("key", 7));
    page("Console, what a key did in a month", usage, 0);
    Ok(pages)
}
