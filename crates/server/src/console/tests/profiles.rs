//! Pages of profiles held here, and the renewal of a certificate, for the gallery.

use super::{
    super::{
        certificates::renew::RenewPage,
        parts::Wrong,
        profiles::{
            acts::{RebuildPage, RemoveProfilePage},
            add::{AddProfilePage, FetchProfilesPage, ImportedProfilesPage, UploadProfilesPage},
            list::HeldProfilesPage,
            one::HeldProfilePage,
            register::{Parts, RegisterProfilePage, types},
        },
        share_item::ShareItemPage,
        shell::{Place, Theme},
    },
    samples::{self, at, id},
};
use app::{
    Problem,
    apple_account::AppleCertificate,
    lending::{ItemSharePanel, Lender, SigningItem},
    profiles::{AffectedProfile, CertificateMatch, InProfile, InheritedProfile, ProfileRow, ProfileView, RenewalPreview},
    sharing::Sharing,
};
use domain::{DeviceRule, HeldProfile, ItemOrigin, ProfileStanding, ProfileType};

pub(super) fn row(number: u32, name: &str, kind: &str, standing: ProfileStanding, matched: CertificateMatch) -> ProfileRow {
    let profile = HeldProfile {
        id: id("prof", number),
        organization: id("org", 1),
        api_key: Some(id("key", 1)),
        apple_id: (standing == ProfileStanding::Ready).then(|| format!("P{number:09}")),
        name: name.into(),
        profile_type: ProfileType::of_apple(kind),
        uuid: "1f8a7e22-53b0-4b7c-9d7e-4f20c6f0a111".into(),
        bundle_identifier: "com.halden.tickets".into(),
        team_id: Some("7K3XQ9W2LM".parse().expect("a team ID")),
        certificates: vec!["00".repeat(32)],
        devices: match kind {
            "IOS_APP_ADHOC" => vec!["00008110-000A1B2C3D4E5F01".into(), "00008120-001C25D40C0A002E".into()],
            _ => vec![],
        },
        device_rule: DeviceRule::AllEnabled,
        serials: vec![],
        is_reference: kind == "IOS_APP_INHOUSE",
        standing,
        created_at: at("2025-12-06T14:08:00Z"),
        expires_at: at("2027-06-06T14:08:00Z"),
        origin: ItemOrigin::Fetched,
        added_at: at("2025-12-06T14:09:00Z"),
    };
    ProfileRow {
        state: profile.state(samples::now()),
        profile,
        matched,
    }
}

fn rows() -> Vec<ProfileRow> {
    let held = CertificateMatch::KeyHeld(id("cert", 1));
    let without = CertificateMatch::NoKeyHeld(id("cert", 2));
    vec![
        row(1, "Tickets Ad Hoc", "IOS_APP_ADHOC", ProfileStanding::Rebuilding, held),
        row(2, "Tickets App Store", "IOS_APP_STORE", ProfileStanding::Ready, held),
        row(3, "In-house", "IOS_APP_INHOUSE", ProfileStanding::Invalid, without),
        row(4, "Vision", "VISION_STORE", ProfileStanding::Ready, CertificateMatch::NoCertificate),
    ]
}

fn view(row: ProfileRow) -> ProfileView {
    let entitlements = [
        ("application-identifier", serde_json::json!("7K3XQ9W2LM.com.halden.tickets")),
        ("get-task-allow", serde_json::json!(false)),
    ];
    ProfileView {
        sets: super::signing_sets::names(),
        lent: None,
        sharing: Some(Sharing {
            all: false,
            chosen: 2,
            of: 4,
        }),
        row,
        certificates: vec![InProfile {
            name: "Apple Distribution: Halden Mobile AS".into(),
            serial: "7A1F20C499D1C091".into(),
            expires_at: at("2026-12-06T14:08:00Z"),
            held: Some(id("cert", 1)),
            key_held: true,
        }],
        entitlements: entitlements.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
        platforms: vec!["iOS".into()],
        signed_by: "The profile is signed by Apple: its signature leads to the trusted root.",
        running: None,
    }
}

fn at_apple() -> AppleCertificate {
    AppleCertificate {
        id: "A1B2C3D4E1".into(),
        name: "Apple Distribution: Halden Mobile AS".into(),
        certificate_type: "DISTRIBUTION".into(),
        serial: "7A1F20C499D1C091".into(),
        team_id: None,
        expires_at: Some(at("2026-12-06T14:08:00Z")),
        held: Some(id("cert", 1)),
        origin: Some(ItemOrigin::Created),
        key_held: true,
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org: domain::OrgId = id("org", 1);
    let shell = || samples::shell(Place::Profiles, theme);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));
    let wrong = |field: &'static str, message: &str| Wrong::from(&Problem::field("unfit", field, message));

    let list = |items| HeldProfilesPage {
        shell: shell(),
        org,
        bar: samples::bar("/o/sample/profiles", "profile"),
        items,
        sets: super::signing_sets::by_item(),
        sharing: std::collections::BTreeMap::from([(
            id("prof", 2),
            Sharing {
                all: true,
                chosen: 0,
                of: 4,
            },
        )]),
        inherited: vec![InheritedProfile {
            row: row(
                9,
                "Group App Store",
                "IOS_APP_STORE",
                ProfileStanding::Ready,
                CertificateMatch::KeyHeld(id("cert", 3)),
            ),
            owner: "Halden Group".into(),
            stops_at: Some(at("2027-01-31T23:59:59Z")),
        }],
    };
    add("profiles-held", &list(rows()));
    add("profiles-held-none", &list(vec![]));
    for (name, row) in ["profile-held", "profile-held-ready", "profile-held-invalid"]
        .into_iter()
        .zip(rows())
    {
        add(name, &HeldProfilePage::new(shell(), org, view(row)));
    }
    let lent = ProfileView {
        lent: Some(Lender {
            name: "Halden Group".into(),
            stops_at: Some(at("2027-01-31T23:59:59Z")),
        }),
        sharing: None,
        ..view(rows().remove(1))
    };
    add("profile-inherited", &HeldProfilePage::new(shell(), org, lent));
    let share = |item, name: &str, wrong| {
        let panel = samples::share_panel();
        ShareItemPage {
            shell: shell(),
            org,
            panel: ItemSharePanel {
                item,
                name: name.into(),
                sharing: panel.sharing,
                all: None,
                sub_organizations: panel.sub_organizations,
                next: None,
            },
            ticked: None,
            stops_at: String::new(),
            wrong,
        }
    };
    add(
        "profile-share",
        &share(SigningItem::Profile(id("prof", 2)), "Tickets App Store", Wrong::default()),
    );
    let past = wrong(
        "stops_at",
        "2025-01-01 is past, so nothing would be shared. Choose a later day, or stop sharing instead.",
    );
    let certificate = SigningItem::Certificate(id("cert", 1));
    add(
        "certificate-share",
        &share(certificate, "Apple Distribution: Halden Mobile AS", past),
    );
    add("profiles-new", &AddProfilePage { shell: shell(), org });
    add(
        "profiles-upload",
        &UploadProfilesPage {
            shell: shell(),
            org,
            wrong: wrong("files", "There is no file. Choose at least one profile."),
        },
    );
    add(
        "profiles-fetch",
        &FetchProfilesPage {
            shell: shell(),
            org,
            keys: samples::choices(),
            key: Some(id("key", 1)),
            items: samples::profiles(),
            trouble: None,
            wrong: wrong("profiles", "No profile is ticked. Tick those to fetch, or fetch all."),
        },
    );
    add(
        "profiles-imported",
        &ImportedProfilesPage {
            shell: shell(),
            org,
            taken: rows().into_iter().map(|row| (row, "")).collect(),
            unchanged: 3,
            left_out: vec![("old.mobileprovision".into(), "The profile “Old” has expired.".into())],
        },
    );
    add(
        "profile-rebuild",
        &RebuildPage {
            shell: shell(),
            org,
            view: view(rows().swap_remove(0)),
            keys: samples::choices(),
            chosen: Some(id("key", 1)),
            wrong: wrong("devices", "It needs at least one enabled device, and there is none."),
        },
    );
    add(
        "profile-remove",
        &RemoveProfilePage {
            shell: shell(),
            org,
            view: view(rows().swap_remove(1)),
            wrong: Wrong::default(),
        },
    );
    add(
        "profile-register",
        &RegisterProfilePage {
            shell: shell(),
            org,
            types: types(),
            profile_type: ProfileType::of_apple("IOS_APP_ADHOC"),
            keys: samples::choices(),
            key: Some(id("key", 1)),
            parts: Parts {
                bundle_ids: samples::bundle_ids(),
                certificates: vec![at_apple()],
                devices: samples::devices(),
            },
            trouble: None,
            name: "Tickets Ad Hoc".into(),
            identifier: "com.halden.tickets".into(),
            wrong: wrong("name", "The account has a profile of this name already."),
        },
    );
    let certificate = samples::certificate(1, "Apple Distribution: Halden Mobile AS", "2026-12-06T14:08:00Z");
    let affected = |held, name: &str| AffectedProfile {
        held,
        apple_id: Some("P000000001".into()),
        name: name.into(),
        profile_type: "IOS_APP_STORE".into(),
        identifier: "com.halden.tickets".into(),
    };
    add(
        "certificate-renew",
        &RenewPage {
            automatic: Some(samples::automatic_renewal()),
            shell: samples::shell(Place::Certificates, theme),
            org,
            of: certificate.clone(),
            keys: samples::choices(),
            key: Some(id("key", 1)),
            preview: Some(RenewalPreview {
                sets: super::signing_sets::names(),
                existing: certificate.clone().into(),
                is_at_apple: true,
                replacement: certificate.certificate_type,
                profiles: vec![
                    affected(Some(id("prof", 2)), "Tickets App Store"),
                    affected(None, "Retail App Store"),
                ],
                places: vec![],
                created: None,
                refused: Some("Apple lets only Admin keys create distribution certificates.".into()),
            }),
            trouble: None,
            wrong: wrong("revoke", "To revoke this certificate first, type its name exactly."),
        },
    );
    pages
}
