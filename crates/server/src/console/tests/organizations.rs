//! The pages about organizations, for the gallery.

use super::{
    super::{
        organizations::{below, choose, losses, settings},
        parts::Wrong,
        shell::{Place, Shell, Theme},
    },
    samples::{self, at, id},
};
use app::organizations::{Losses, Lost, OrganizationView, SubOrganization};
use domain::policy::HeldBy;
use std::collections::BTreeMap;

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org = id("org", 1);
    let shell = |here| samples::shell(here, theme);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));

    let view = |number: u32, name: &str, parent: Option<u32>| OrganizationView {
        organization: domain::Organization {
            id: id("org", number),
            parent: parent.map(|parent| id("org", parent)),
            name: name.parse().expect("a name"),
            created_at: at("2026-03-12T09:00:00Z"),
        },
        parent_name: parent.map(|_| "Halden Mobile".parse().expect("a name")),
        sees_parent: true,
        roles: BTreeMap::from([(
            domain::Role::Owner,
            if parent.is_some() {
                HeldBy::Inheritance
            } else {
                HeldBy::Membership
            },
        )]),
    };
    let views = || {
        vec![
            view(1, "Halden Mobile", None),
            view(3, "Halden Retail", Some(1)),
            view(2, "Halden Transit", Some(1)),
        ]
    };
    add(
        "orgs",
        &choose::ChoosePage {
            shell: shell(Place::Me),
            recent: views(),
            all: views(),
            search: String::new(),
            next: Some("/orgs?after=x".into()),
            further: true,
            may_create: true,
        },
    );
    add(
        "orgs-none",
        &choose::ChoosePage {
            shell: Shell::bare(theme, samples::now()),
            recent: vec![],
            all: vec![],
            search: String::new(),
            next: None,
            further: false,
            may_create: false,
        },
    );
    add(
        "orgs-new",
        &choose::NewPage {
            shell: shell(Place::Me),
            name: String::new(),
            refused: None,
            wrong: Wrong::default(),
        },
    );
    let below = |items| below::BelowPage {
        shell: shell(Place::SubOrganizations),
        org,
        items,
        search: String::new(),
        next: None,
        further: false,
        may_manage: true,
    };
    let items = views().into_iter().skip(1).zip([0, 12]);
    let items = items.map(|(view, members)| SubOrganization {
        organization: view.organization,
        members,
    });
    add("sub-organizations", &below(items.collect()));
    add("sub-organizations-empty", &below(vec![]));
    add(
        "sub-organization-new",
        &below::NewBelowPage {
            shell: shell(Place::SubOrganizations),
            org,
            name: "Halden transit".into(),
            wrong: Wrong::from(&app::Problem::field(
                "name_taken",
                "name",
                "Another sub-organization is called “Halden transit”, or so alike that one could be taken for the other. Choose another name.",
            )),
        },
    );
    add(
        "sub-organization-rename",
        &below::RenameBelowPage {
            shell: shell(Place::SubOrganizations),
            org,
            sub: view(2, "Halden Transit", Some(1)).organization,
            name: "Halden Transit".into(),
            wrong: Wrong::default(),
        },
    );
    let lost = Lost {
        organization: view(2, "Halden Transit", Some(1)).organization,
        losses: Losses {
            keys: 1,
            certificates: 3,
            profiles: 7,
            csrs: 2,
            members: 12,
            tokens: 2,
            invitations: 1,
            shares: 1,
            unfinished_operations: 1,
        },
        below: vec![],
        below_count: 0,
    };
    add(
        "organization-remove",
        &below::RemovePage {
            shell: shell(Place::SubOrganizations),
            name: "Halden Transit".into(),
            address: "/o/sample/sub-organizations/x/remove".into(),
            back: "/o/sample/sub-organizations".into(),
            back_name: "Sub-organizations",
            losses: losses(&lost),
            wrong: Wrong::default(),
        },
    );
    for (name, may) in [("settings", true), ("settings-refused", false)] {
        add(
            name,
            &settings::SettingsPage {
                shell: shell(Place::Settings),
                view: view(1, "Halden Mobile", None),
                name: "Halden Mobile".into(),
                wrong: Wrong::default(),
                may_rename: may,
                removal: may.then(|| "/o/sample/settings/remove".into()),
            },
        );
    }
    pages
}
