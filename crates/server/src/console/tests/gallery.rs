//! Every page of the console, rendered from the samples. With `RUSSET_GALLERY=<folder>` the pages and the assets are
//! written there too, to be looked at in a browser: serve the folder and open `/overview.html`.

use super::{
    super::{
        apple::{ProfilePage, ProfilesPage},
        assets,
        bundle_ids::list::BundleIdsPage,
        certificates::{
            create::CreatePage,
            list::{CertificatesPage, Places, Row},
            one::{CertificatePage, DownloadPage},
        },
        devices::list::DevicesPage,
        expiries::ExpiriesPage,
        gate::{ErrorPage, SetUpForm, SetUpPage, SignInPage},
        inbox::InboxPage,
        keys::{
            KeyForm,
            acts::{RemovePage, RenamePage, RolesPage, RotatePage},
            add::AddKeyPage,
            list::{KeysPage, KeysQuery},
            one::{InheritedPage, KeyPage},
            share::{ShareForm, SharePage},
        },
        me,
        operation::OperationPage,
        overview::OverviewPage,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Theme},
    },
    samples::{self, at, id},
};
use app::{FieldProblem, Problem, expiries::Expiries, inbox::Inbox, operations::OperationView, overview::Overview};
use domain::{Actor, CertificateType, ListedCertificate, Operation, OperationKind, OperationState};

fn wrong_issuer() -> Wrong {
    let mut problem = Problem::field(
        "issuer_id_malformed",
        "issuer_id",
        "This is 23 characters; an Issuer ID has 36, like 57246542-96fe-1a63-e053-0824d011072a. Copy it from above the list of keys.",
    );
    problem.fields.insert(
        0,
        FieldProblem {
            field: "file",
            message: "distribution.cer is a certificate, not a key. Drop the file AuthKey_….p8 that App Store Connect gave you once."
                .into(),
        },
    );
    Wrong::from(&problem)
}

fn form() -> KeyForm {
    KeyForm {
        name: "CI uploads".into(),
        kind: "team".into(),
        key_id: "8QW3ND5T6V".into(),
        issuer_id: "3f9c1e70-8a52-4d1b-9e6f".into(),
        roles: vec!["app-manager".into()],
        ..KeyForm::default()
    }
}

fn operation(state: OperationState) -> OperationView {
    OperationView {
        operation: Operation {
            id: id("op", 1),
            organization: id("org", 1),
            started_by: Actor::Person { user: id("user", 1) },
            kind: OperationKind::CreateCertificate {
                key: id("key", 1),
                certificate_type: CertificateType::of_apple("DISTRIBUTION"),
                private_key: id("sec", 1),
                csr: String::new(),
                public_key_fingerprint: String::new(),
                request: None,
            },
            step_of: None,
            state,
            started_at: at("2026-11-24T14:31:40Z"),
            updated_at: at("2026-11-24T14:31:52Z"),
        },
        places: vec![],
        steps: vec![],
    }
}

/// Name and markup of every page.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org = id("org", 1);
    let shell = |here| samples::shell(here, theme);
    let bare = || super::super::shell::Shell::bare(theme, samples::now());
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));

    add(
        "sign-in",
        &SignInPage {
            shell: bare(),
            host: "russet.halden.example".into(),
            back: String::new(),
            email: "elin.vestergaard@halden.example".into(),
            wrong: Some("E-mail and password do not match. Try again.".into()),
            notice: None,
        },
    );
    add(
        "setup",
        &SetUpPage {
            shell: bare(),
            token: "one-time".into(),
            form: SetUpForm::default(),
            least: 12,
            wrong: Wrong::default(),
        },
    );
    add(
        "error-404",
        &ErrorPage {
            shell: bare(),
            head: "There is nothing here".into(),
            body: "Nothing stands under this address, or you may not see it.".into(),
            request_id: Some("0f3a9c01be42".into()),
            way: Some(("To the overview".into(), "/".into())),
        },
    );
    add("overview", &OverviewPage::new(shell(Place::Overview), org, samples::overview()));
    let empty = Overview {
        keys: vec![],
        ending: Expiries::default(),
        waiting_operations: vec![],
        activity: vec![],
    };
    let ending = samples::overview().ending;
    add(
        "expiries",
        &ExpiriesPage {
            shell: shell(Place::Expiries),
            org,
            ending,
            linked: Some(samples::now()),
            link: Some("https://russet.example/calendar/5f2c9c.ics".into()),
        },
    );
    add(
        "expiries-empty",
        &ExpiriesPage {
            shell: shell(Place::Expiries),
            org,
            ending: Expiries::default(),
            linked: None,
            link: None,
        },
    );
    add(
        "inbox",
        &InboxPage {
            shell: shell(Place::Me),
            inbox: samples::inbox(),
        },
    );
    add(
        "inbox-empty",
        &InboxPage {
            shell: shell(Place::Me),
            inbox: Inbox::default(),
        },
    );
    add("overview-empty", &OverviewPage::new(shell(Place::Overview), org, empty));
    add(
        "keys",
        &KeysPage::new(shell(Place::Keys), org, samples::summaries(), None, KeysQuery::default()),
    );
    add(
        "keys-empty",
        &KeysPage::new(shell(Place::Keys), org, vec![], None, KeysQuery::default()),
    );
    add(
        "keys-no-match",
        &KeysPage::new(
            shell(Place::Keys),
            org,
            samples::summaries(),
            None,
            KeysQuery {
                q: "relase".into(),
                ..KeysQuery::default()
            },
        ),
    );
    add(
        "key-add",
        &AddKeyPage {
            shell: shell(Place::Keys),
            org,
            form: KeyForm::default(),
            wrong: Wrong::default(),
        },
    );
    add(
        "key-add-wrong",
        &AddKeyPage {
            shell: shell(Place::Keys),
            org,
            form: form(),
            wrong: wrong_issuer(),
        },
    );
    add(
        "key",
        &KeyPage::new(shell(Place::Keys), org, samples::details(1), &samples::dependents(), None),
    );
    add(
        "key-revoked",
        &KeyPage::new(shell(Place::Keys), org, samples::details(5), &samples::dependents(), None),
    );
    add(
        "key-inherited",
        &InheritedPage::new(shell(Place::Keys), org, samples::lent_details(), None),
    );
    add(
        "keys-of-a-sub-organization",
        &KeysPage::new(shell(Place::Keys), org, vec![], Some("Halden Mobile".into()), KeysQuery::default()),
    );
    let panel = samples::share_panel();
    let standing = ShareForm::standing(&panel, &panel.sub_organizations[1].organization.id.to_string());
    add(
        "key-share",
        &SharePage::new(shell(Place::Keys), org, panel, standing, String::new(), Wrong::default()),
    );
    let ci = samples::details(1).summary.key;
    add(
        "key-rename",
        &RenamePage {
            shell: shell(Place::Keys),
            org,
            key: ci.clone(),
            name: "CI uploads".into(),
            wrong: Wrong::default(),
        },
    );
    add(
        "key-roles",
        &RolesPage {
            shell: shell(Place::Keys),
            org,
            key: ci.clone(),
            wrong: Wrong::default(),
        },
    );
    add(
        "key-rotate",
        &RotatePage {
            shell: shell(Place::Keys),
            org,
            key: ci.clone(),
            form: KeyForm::default(),
            wrong: Wrong::default(),
        },
    );
    add(
        "key-remove",
        &RemovePage {
            shell: shell(Place::Keys),
            org,
            key: ci.clone(),
            dependents: samples::dependents(),
            wrong: Wrong::default(),
        },
    );

    let held = [
        samples::certificate(1, "Apple Distribution: Halden Mobile AS", "2026-12-06T14:08:00Z"),
        samples::certificate(2, "Apple Development: CI", "2027-06-18T14:08:00Z"),
    ];
    let mut rows: Vec<Row> = held.iter().cloned().map(|held| Row::from(ListedCertificate::from(held))).collect();
    rows.push(Row {
        name: "Apple Distribution: old build box".into(),
        key_held: false,
        held: None,
        origin: None,
        expires_at: Some(at("2027-03-02T10:00:00Z")),
        ..rows[0].clone()
    });
    rows.push(Row {
        name: "Apple Development: Tomas".into(),
        key_held: false,
        held: None,
        origin: None,
        expires_at: Some(at("2026-11-19T10:00:00Z")),
        ..rows[1].clone()
    });
    let places = Places::count(&rows, samples::now());
    let list = |items, places, trouble| CertificatesPage {
        shell: shell(Place::Certificates),
        org,
        bar: samples::bar("/o/sample/certificates", "certificate"),
        items,
        places,
        held_count: 2,
        held_only: false,
        trouble,
        sets: super::signing_sets::by_item(),
        sharing: std::collections::BTreeMap::from([(
            id("cert", 1),
            app::sharing::Sharing {
                all: false,
                chosen: 2,
                of: 4,
            },
        )]),
        inherited: vec![app::certificates::InheritedCertificate {
            certificate: samples::certificate(3, "Apple Distribution: Halden Group", "2027-06-18T14:08:00Z"),
            owner: "Halden Group".into(),
            stops_at: Some(at("2027-01-31T23:59:59Z")),
        }],
    };
    add("certificates", &list(rows, places, None));
    add(
        "certificates-apple-down",
        &list(
            vec![],
            vec![],
            Some(Notice::new(
                Tone::Warn,
                "Apple is not answering.",
                "The list below is what Russet holds.",
            )),
        ),
    );
    add(
        "certificate-create",
        &CreatePage::new(
            shell(Place::Certificates),
            org,
            "once".into(),
            "DISTRIBUTION",
            samples::choices(),
            None,
            Wrong::default(),
        )
        .with_requests(vec![samples::csr(1, "Release machine", 0).csr], None),
    );
    add(
        "certificate",
        &CertificatePage::new(
            shell(Place::Certificates),
            org,
            super::signing::details(held[0].clone()),
            Some(ci.clone()),
            Some(samples::automatic_renewal()),
        ),
    );
    add(
        "certificate-download",
        &DownloadPage {
            shell: shell(Place::Certificates),
            org,
            of: held[0].clone(),
            export: super::signing_sets::export(),
            wrong: Wrong::default(),
        },
    );
    let now = at("2026-11-24T14:31:50Z");
    add(
        "operation",
        &OperationPage::new(
            shell(Place::Certificates),
            org,
            operation(OperationState::Calling { since: now }),
            "Release".into(),
        ),
    );
    add(
        "operation-done",
        &OperationPage::new(
            shell(Place::Certificates),
            org,
            operation(OperationState::Done {
                made: domain::Made::Certificate(id("cert", 1)),
            }),
            "Release".into(),
        ),
    );
    let mut full = operation(OperationState::Refused {
        status: 409,
        code: "ENTITY_ERROR".into(),
        why: "Apple’s limit for this type is reached. Revoke one that nobody needs, then create again.".into(),
        places: vec![],
    });
    full.places = held
        .iter()
        .map(|held| app::certificates::Place {
            apple_id: held.apple_id.clone().unwrap_or_default(),
            name: held.name.clone(),
            serial: held.serial.clone(),
            expires_at: Some(held.expires_at),
            key_held: held.id == id("cert", 1),
            held: Some(held.id),
        })
        .collect();
    add(
        "operation-limit",
        &OperationPage::new(shell(Place::Certificates), org, full, "Release".into()),
    );

    add(
        "profiles",
        &ProfilesPage {
            shell: shell(Place::Profiles),
            org,
            bar: samples::bar("/o/sample/profiles", "profile"),
            items: samples::profiles(),
            trouble: None,
        },
    );
    add(
        "profiles-apple-down",
        &ProfilesPage {
            shell: shell(Place::Profiles),
            org,
            bar: samples::bar("/o/sample/profiles", "profile"),
            items: vec![],
            trouble: Some(Notice::new(Tone::Warn, "Apple is not answering.", "Russet asked three times.")),
        },
    );
    add(
        "profile",
        &ProfilePage::new(shell(Place::Profiles), org, ci.clone(), samples::profiles().swap_remove(1)),
    );
    add(
        "bundle-ids",
        &BundleIdsPage {
            shell: shell(Place::BundleIds),
            org,
            bar: samples::bar("/o/sample/bundle-ids", "bundle ID"),
            items: samples::bundle_ids(),
            trouble: None,
        },
    );
    add(
        "devices",
        &DevicesPage {
            shell: shell(Place::Devices),
            org,
            bar: samples::bar("/o/sample/devices", "device"),
            free_on: Some(jiff::civil::date(2027, 3, 1)),
            counts: crate::console::devices::Counts { pending: 2 },
            items: samples::devices(),
            used: [("IPHONE".to_owned(), 97), ("IPAD".to_owned(), 4)].into(),
            trouble: None,
        },
    );
    add(
        "confirm",
        &crate::console::confirm::ConfirmPage {
            shell: shell(Place::Me),
            email: "elin.vestergaard@halden.example".into(),
            back: "/".into(),
            wrong: Wrong::default(),
        },
    );
    add(
        "devices-membership-year",
        &crate::console::devices::membership_year::MembershipYearPage {
            shell: shell(Place::Devices),
            org,
            key: ci.clone(),
            ends_on: "2027-03-01".into(),
            wrong: Wrong::default(),
        },
    );
    add(
        "me",
        &me::ProfilePage {
            shell: shell(Place::Me),
            user: samples::user(),
            organizations: vec![samples::organization()],
        },
    );
    add(
        "me-security",
        &me::SecurityPage {
            shell: shell(Place::Me),
            email: "elin@halden.example".into(),
            least: 12,
            wrong: Wrong::default(),
        },
    );
    add(
        "me-sessions",
        &me::SessionsPage {
            shell: shell(Place::Me),
            sessions: samples::sessions(),
            present: Some(id("sess", 1)),
        },
    );
    let token = domain::ApiToken {
        id: id("tok", 1),
        user: id("user", 1),
        name: "ci-release".parse().expect("a name"),
        created_at: at("2026-06-19T10:00:00Z"),
        expires_at: at("2026-12-19T10:00:00Z"),
        used_at: None,
    };
    add(
        "me-tokens",
        &me::TokensPage {
            shell: shell(Place::Me),
            tokens: vec![token],
            secret: Some("russet_4mQ8vZr2LkTn7XsB1cYd9HwE3aJfx7Kq".into()),
            url: "https://russet.halden.example".into(),
            once: "once".into(),
            name: String::new(),
            chosen_days: 183,
            lifetimes: vec![(30, "In 30 days"), (183, "In six months")],
            wrong: Wrong::default(),
        },
    );
    pages.extend(super::organizations::pages(theme));
    pages.extend(super::signing::pages(theme));
    pages.extend(super::account::pages(theme));
    pages.extend(super::enrollment::pages(theme));
    pages.extend(super::people::pages(theme));
    pages.extend(super::notifications::pages(theme));
    pages.extend(super::tokens::pages(theme));
    pages.extend(super::profiles::pages(theme));
    pages.extend(super::signing_sets::pages(theme));
    pages.extend(super::binaries::pages(theme));
    pages.extend(super::testing::pages(theme));
    pages.extend(super::import::pages(theme));
    pages
}

#[test]
fn the_gallery_can_be_looked_at() {
    let Ok(folder) = std::env::var("RUSSET_GALLERY") else { return };
    let folder = std::path::Path::new(&folder);
    for (theme, suffix) in [(Theme::Light, ""), (Theme::Dark, ".dark")] {
        for (name, page) in pages(theme) {
            std::fs::write(folder.join(format!("{name}{suffix}.html")), page).expect("the folder of RUSSET_GALLERY exists");
        }
    }
    for (name, content) in assets::all() {
        let path = folder.join(assets::asset_url(name).trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("an asset");
    }
}
