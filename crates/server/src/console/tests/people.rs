//! The pages about members and about what people did, for the gallery.

use super::{
    super::{
        activity::{ActivityPage, RecordPage, Records, UsagePage, state_notice},
        members::{invite, leave, list, one},
        parts::{Notice, Tone, Wrong},
        reports::SigningReportPage,
        shell::{Place, Theme},
    },
    samples::{self, at, id},
};
use app::{
    Page,
    activity::{LogState, Whose},
    invitations::InvitationView,
    members::MemberDetails,
};
use domain::{Delivery, Invitation, Member, Role, User, policy::HeldBy};
use std::collections::{BTreeMap, BTreeSet};

fn role(word: &str) -> Role {
    Role::parse(word).expect("a role")
}

/// Somebody with a role of their own and one from the root organization.
fn member(number: u32, name: &str) -> Member {
    Member {
        user: User {
            id: id("user", number),
            email: format!("person{number}@halden.example").parse().expect("an address"),
            name: name.parse().expect("a name"),
            created_at: at("2026-03-12T09:00:00Z"),
        },
        roles: BTreeMap::from([
            (role("signing-manager"), HeldBy::Membership),
            (role("credentials-viewer"), HeldBy::Inheritance),
        ]),
        joined_at: Some(at("2026-03-12T09:00:00Z")),
    }
}

fn invitation() -> Invitation {
    Invitation {
        id: id("inv", 1),
        organization: id("org", 1),
        email: "jonas@transit.example".parse().expect("an address"),
        roles: BTreeSet::from([role("signing-viewer")]),
        invited_by: domain::Subject::User(id("user", 1)),
        created_at: at("2026-11-24T14:00:00Z"),
        sent_at: at("2026-11-24T14:00:00Z"),
        expires_at: at("2026-12-01T14:00:00Z"),
        delivery: Delivery::Shown,
    }
}

fn page_of<T>(items: Vec<T>, next: bool) -> Page<T> {
    Page {
        items,
        next: next.then(|| "cursor".to_owned()),
        previous: None,
        skipped: 0,
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org: domain::OrgId = id("org", 1);
    let shell = |here| samples::shell(here, theme);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));

    let people = || vec![member(1, "Elin Vestergaard"), member(2, "Jonas Okafor")];
    let view = InvitationView {
        invitation: invitation(),
        invited_by: "Elin Vestergaard".into(),
        over: false,
    };
    let members = |people, may_manage| list::MembersPage {
        shell: shell(Place::Members),
        org,
        you: id("user", 1),
        may_manage,
        pending: page_of(vec![view.clone()], true),
        members: page_of(people, true),
        search: String::new(),
        is_first: true,
    };
    add("members", &members(people(), true));
    add("members-to-look-at", &members(people(), false));
    let alone = list::MembersPage {
        pending: page_of(vec![], false),
        ..members(vec![member(1, "Elin Vestergaard")], true)
    };
    add("members-alone", &alone);
    let details = || MemberDetails {
        member: member(2, "Jonas Okafor"),
        in_reach: BTreeSet::from([role("signing-manager"), role("signing-viewer")]),
        below: vec!["Halden Transit".parse().expect("a name")],
        who_can: "Elin Vestergaard".into(),
    };
    let one = one::MemberPage::new(shell(Place::Members), org, id("user", 1), details(), None, Wrong::default());
    add("member", &one);
    let removal = one::RemovePage {
        shell: shell(Place::Members),
        org,
        member: details().member,
        below: details().below,
        wrong: Wrong::default(),
    };
    add("member-remove", &removal);
    add(
        "member-leave",
        &leave::LeavePage {
            shell: shell(Place::Members),
            org,
            wrong: Wrong::told(Notice::new(Tone::Bad, "You are the last Owner.", "Make somebody else Owner first.")),
            is_kept: true,
        },
    );
    add(
        "member-invite",
        &invite::InvitePage {
            shell: shell(Place::Members),
            org,
            once: "once".into(),
            email: "jonas@transit.example".into(),
            grid: one.grid.clone(),
            sends_mail: true,
            show_link: true,
            wrong: Wrong::default(),
        },
    );
    add(
        "member-invited",
        &invite::InvitedPage {
            shell: shell(Place::Members),
            org,
            invitation: invitation(),
            link: "https://russet.halden.example/invitations/inv_4mQ8vZr2LkTn7XsB1cYd9HwE3aJfx7Kq".into(),
        },
    );

    let now = samples::now();
    let records = |items| {
        let found = app::activity::ActivityPage {
            items,
            next: Some("cursor".to_owned()),
            since: at("2026-10-25T14:32:00Z"),
            whose: Whose::Below,
        };
        Records::new(found, false, now)
    };
    let log = LogState {
        verdict: None,
        signed_up_to: Some((5, at("2026-11-24T14:28:01Z"))),
        is_copied: true,
        blocked_since: None,
    };
    let activity = |items, query, wrong| ActivityPage {
        shell: shell(Place::Activity),
        org,
        found: records(items),
        query,
        state: state_notice(&log, now),
        is_verified: false,
        wrong,
        below: vec![(id("org", 2), "Halden Transit".to_owned())],
    };
    add("activity", &activity(samples::activity(), Default::default(), None));
    for (name, items) in [("report-signing", samples::signing_uses()), ("report-signing-none", Vec::new())] {
        let report = SigningReportPage {
            shell: shell(Place::Activity),
            org,
            found: records(items),
            query: Default::default(),
            wrong: None,
        };
        add(name, &report);
    }
    let asked: crate::activity_query::ActivityQuery =
        serde_json::from_str(r#"{"action": "key.use", "actor": "elin@halden.example", "until": "soon"}"#).expect("a query");
    let wrong = Notice::new(Tone::Bad, "“soon” is no time.", "Give a day like 2026-11-23.");
    add("activity-nothing", &activity(vec![], asked, Some(wrong)));
    let view = samples::activity().into_iter().next().expect("a record");
    add(
        "activity-record",
        &RecordPage {
            shell: shell(Place::Activity),
            org,
            view,
        },
    );
    add(
        "key-usage",
        &UsagePage {
            shell: shell(Place::Keys),
            org,
            key: id("key", 1),
            name: "Release".into(),
            found: records(samples::activity()),
            query: Default::default(),
            wrong: None,
        },
    );
    pages
}
