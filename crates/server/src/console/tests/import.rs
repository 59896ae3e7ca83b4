//! The page of importing for the gallery.

use super::{
    super::{
        import::ImportPage,
        parts::Wrong,
        shell::{Place, Theme},
    },
    samples::{self, at, id},
};
use app::{
    Problem,
    certificates::LeftOut,
    imports::{CertificateFound, ImportReport, Outcome, ProfileFound, Source},
};

fn report(only_looked: bool) -> ImportReport {
    let certificate = |file: &str, name: &str, ends: &str, outcome: Outcome| CertificateFound {
        file: file.into(),
        name: name.into(),
        serial: "7A1F20C499D1C091".into(),
        expires_at: at(ends),
        has_key: outcome != Outcome::Held,
        held: (!only_looked || outcome == Outcome::Held).then(|| id("cert", 1)),
        outcome,
        warnings: vec![],
    };
    let profile = |file: &str, name: &str, outcome: Outcome| ProfileFound {
        file: file.into(),
        name: name.into(),
        bundle_identifier: Some("com.halden.tickets".into()),
        expires_at: Some(at("2027-06-06T14:08:00Z")),
        held: (!only_looked && outcome == Outcome::New).then(|| id("prof", 1)),
        warning: (!only_looked && outcome == Outcome::New)
            .then_some("Unverified: the signature is right, but its signer does not lead to a root that this server trusts."),
        outcome,
    };
    let expired = "The profile “Tickets Ad Hoc” has expired. Rebuild it at Apple, or download the present one.";
    ImportReport {
        source: Source::Match,
        certificates: vec![
            certificate(
                "match/certs/distribution/A1B2C3D4E1.cer",
                "Apple Distribution: Halden Mobile AS",
                "2027-03-02T10:00:00Z",
                Outcome::New,
            ),
            certificate(
                "match/certs/development/A1B2C3D4E2.cer",
                "Apple Development: CI",
                "2026-12-06T14:08:00Z",
                Outcome::Joined,
            ),
            certificate(
                "match/certs/development/A1B2C3D4E3.cer",
                "Apple Development: Tomas",
                "2026-11-19T10:00:00Z",
                Outcome::Held,
            ),
        ],
        profiles: vec![
            profile(
                "match/profiles/appstore/AppStore_com.halden.tickets.mobileprovision",
                "match AppStore com.halden.tickets",
                Outcome::New,
            ),
            profile(
                "match/profiles/adhoc/AdHoc_com.halden.tickets.mobileprovision",
                "Tickets Ad Hoc",
                Outcome::LeftOut(expired.into()),
            ),
        ],
        left_out: vec![LeftOut {
            name: "match/certs/distribution/OLD.p12".into(),
            why: "A private key whose certificate is not among these files.".into(),
        }],
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let page = |report, only_looked, wrong| ImportPage {
        shell: samples::shell(Place::Certificates, theme),
        org: id("org", 1),
        report,
        only_looked,
        wrong,
    };
    let closed = "The password does not open certs/distribution/A1B2C3D4E1.cer. A store of match is under one password. Give the one that match calls MATCH_PASSWORD; nothing was taken in.";
    let wrong = Wrong::from(&Problem::field("password_wrong", "password", closed));
    let pages = [
        ("import", page(None, true, Wrong::default())),
        ("import-wrong", page(None, true, wrong)),
        ("import-looked", page(Some(report(true)), true, Wrong::default())),
        ("import-done", page(Some(report(false)), false, Wrong::default())),
    ];
    let rendered = pages
        .into_iter()
        .map(|(name, page)| (name, askama::Template::render(&page).expect("a page")));
    rendered.collect()
}
