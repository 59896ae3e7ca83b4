//! Pages of signing sets for the gallery.

use super::{
    super::{
        certificates::export::ExportChoice,
        operation::OperationPage,
        parts::Wrong,
        profiles::register::types,
        shell::{Place, Theme},
        signing_sets::{
            download::DownloadSetPage,
            ensure::{EnsurePreviewPage, EnsureSetPage, Entered as Wanted},
            list::SigningSetsPage,
            one::{RemoveSetPage, SigningSetPage},
            pick::{Entered, PickSetPage},
        },
    },
    profiles::row,
    samples::{self, at, id},
};
use app::{
    Problem,
    lending::Lender,
    operations::OperationView,
    profiles::CertificateMatch,
    signing_sets::{CertificateState, InSet, ItemView, ProfileInSet, SetName, SetStep, SetsByItem, SigningSetView, StepKind},
};
use domain::{
    Actor, ListedCertificate, Made, Operation, OperationKind, OperationState, ProfileStanding, ProfileType, SigningSet,
    operation::SetToEnsure,
};

/// Sets as other pages name them.
pub(super) fn names() -> Vec<SetName> {
    let name = |number, name: &str| SetName {
        id: id("set", number),
        name: name.into(),
    };
    vec![name(1, "Tickets App Store"), name(2, "Tickets and its extensions, Ad Hoc")]
}

pub(super) fn by_item() -> SetsByItem {
    SetsByItem {
        of_certificate: [(id("cert", 1), names())].into(),
        of_profile: [(id("prof", 2), names())].into(),
    }
}

pub(super) fn export() -> ExportChoice {
    ExportChoice {
        form: "p12-compatible",
        password: "generated",
        generated: "x8kdpq3rtyw7lmzc2345".into(),
    }
}

fn item(number: u32, identifier: &str, missing: Option<&str>) -> ItemView {
    let held = samples::certificate(1, "Apple Distribution: Halden Mobile AS", "2027-03-02T10:00:00Z");
    let name = format!("{identifier} iOS App Store");
    let profile = row(
        number,
        &name,
        "IOS_APP_STORE",
        ProfileStanding::Ready,
        CertificateMatch::KeyHeld(held.id),
    );
    ItemView {
        identifier: identifier.into(),
        certificate: Some(InSet {
            certificate: held,
            state: CertificateState::Ready,
            lent: (number == 5).then(|| Lender {
                name: "Halden Group".into(),
                stops_at: None,
            }),
        }),
        profile: missing.is_none().then_some(ProfileInSet {
            state: profile.state,
            lent: None,
            profile: profile.profile,
        }),
        seen_at: Some(at("2026-11-24T14:10:00Z")),
        missing: missing.map(str::to_owned),
        ending: None,
        below_seen_at: None,
    }
}

fn view(number: u32, name: &str, items: Vec<ItemView>) -> SigningSetView {
    SigningSetView {
        set: SigningSet {
            id: id("set", number),
            organization: id("org", 1),
            name: name.parse().expect("a name"),
            profile_type: ProfileType::of_apple("IOS_APP_STORE"),
            api_key: (number != 3).then(|| id("key", 1)),
            made_at: at("2026-06-02T08:00:00Z"),
            changed_at: at("2026-11-20T11:30:00Z"),
        },
        items,
    }
}

fn complete() -> SigningSetView {
    let items = vec![
        item(2, "com.halden.tickets", None),
        item(5, "com.halden.tickets.share", None),
        item(6, "com.halden.tickets.watchkitapp", None),
    ];
    view(1, "Tickets App Store", items)
}

fn incomplete() -> SigningSetView {
    let items = vec![
        item(2, "com.halden.retail", None),
        item(7, "com.halden.retail.widget", Some("Its profile was removed.")),
    ];
    view(2, "Retail, with its widget", items)
}

fn ending() -> SigningSetView {
    let mut items = vec![item(2, "com.halden.ferry.*", None)];
    let end = at("2026-11-25T08:00:00Z");
    items[0].ending = Some(end);
    items[0].profile.as_mut().expect("a profile").profile.expires_at = end;
    view(3, "Ferry, picked", items)
}

fn listed() -> Vec<ListedCertificate> {
    vec![samples::certificate(1, "Apple Distribution: Halden Mobile AS", "2027-03-02T10:00:00Z").into()]
}

fn steps() -> Vec<SetStep> {
    let step = |kind, words: &str| SetStep { kind, words: words.into() };
    vec![
        step(StepKind::Register, "Register the bundle ID com.halden.tickets.clip"),
        step(StepKind::CreateCertificate, "Create a certificate of the type Apple Distribution"),
        step(
            StepKind::Use,
            "Use the profile “com.halden.tickets iOS App Store” for com.halden.tickets",
        ),
        step(
            StepKind::Rebuild,
            "Rebuild the profile “com.halden.tickets.share iOS App Store” for com.halden.tickets.share",
        ),
        step(
            StepKind::CreateProfile,
            "Create the profile “com.halden.tickets.clip iOS App Store” for com.halden.tickets.clip",
        ),
    ]
}

fn wanted() -> Wanted {
    Wanted {
        kind: "IOS_APP_STORE".into(),
        key: id::<domain::ApiKeyId>("key", 1).to_string(),
        identifiers: "com.halden.tickets\ncom.halden.tickets.clip".into(),
        extensions: "on".into(),
        register: "on".into(),
        ..Wanted::default()
    }
}

fn ensured() -> OperationView {
    let kind = OperationKind::EnsureSigningSet(SetToEnsure {
        key: id("key", 1),
        name: "Tickets App Store".parse().expect("a name"),
        profile_type: ProfileType::of_apple("IOS_APP_STORE"),
        identifiers: vec!["com.halden.tickets".into()],
        with_extensions: true,
        certificate: None,
        register: false,
    });
    OperationView {
        operation: Operation {
            id: id("op", 4),
            organization: id("org", 1),
            started_by: Actor::Person { user: id("user", 1) },
            kind,
            step_of: None,
            state: OperationState::Done {
                made: Made::SigningSet(id("set", 1)),
            },
            started_at: at("2026-11-24T14:31:40Z"),
            updated_at: at("2026-11-24T14:31:52Z"),
        },
        places: vec![],
        steps: vec![],
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org: domain::OrgId = id("org", 1);
    let shell = || samples::shell(Place::SigningSets, theme);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));
    let unfit = |field: &'static str, message: &str| Wrong::from(&Problem::field("unfit", field, message));

    let mut bar = samples::bar("/o/sample/signing-sets", "signing set");
    (bar.fitting, bar.total, bar.at) = (3, 3, None);
    bar.keys.clear();
    bar.key = None;
    let list = |bar, items| SigningSetsPage {
        shell: shell(),
        org,
        bar,
        items,
    };
    add("signing-sets", &list(bar.clone(), vec![incomplete(), ending(), complete()]));
    (bar.fitting, bar.total) = (0, 0);
    bar.search.clear();
    bar.filters.clear();
    add("signing-sets-none", &list(bar, vec![]));
    let through = samples::summaries().swap_remove(0).key;
    let last_use = samples::activity().swap_remove(0);
    add(
        "signing-set",
        &SigningSetPage::new(shell(), org, complete(), Some(through.clone()), Some(last_use)),
    );
    add(
        "signing-set-incomplete",
        &SigningSetPage::new(shell(), org, incomplete(), Some(through), None),
    );
    add("signing-set-ending", &SigningSetPage::new(shell(), org, ending(), None, None));
    add(
        "signing-set-download",
        &DownloadSetPage {
            shell: shell(),
            org,
            view: complete(),
            export: export(),
            wrong: Wrong::default(),
        },
    );
    add(
        "signing-set-remove",
        &RemoveSetPage {
            shell: shell(),
            org,
            view: complete(),
            wrong: unfit("name", "To remove this signing set, type the name exactly: Tickets App Store"),
        },
    );
    let held = CertificateMatch::KeyHeld(id("cert", 1));
    let pick = |profiles, wrong| PickSetPage {
        shell: shell(),
        org,
        types: types(),
        profile_type: ProfileType::of_apple("IOS_APP_STORE"),
        search: String::new(),
        profiles,
        has_more: true,
        certificates: listed(),
        inherited: vec![app::certificates::InheritedCertificate {
            certificate: samples::certificate(3, "Apple Distribution: Halden Group", "2027-06-18T14:08:00Z"),
            owner: "Halden Group".into(),
            stops_at: None,
        }],
        entered: Entered {
            name: "Tickets App Store".into(),
            profiles: vec![id::<domain::ProfileId>("prof", 2).to_string()],
            certificate: String::new(),
        },
        wrong,
    };
    let profiles = vec![
        row(2, "Tickets App Store", "IOS_APP_STORE", ProfileStanding::Ready, held),
        row(
            3,
            "Retail App Store",
            "IOS_APP_STORE",
            ProfileStanding::Ready,
            CertificateMatch::NoKeyHeld(id("cert", 2)),
        ),
        row(4, "Old App Store", "IOS_APP_STORE", ProfileStanding::Invalid, held),
    ];
    let twice = "The profile “Tickets 2” is the second one for com.halden.tickets. A set has one profile for each bundle identifier.";
    add("signing-set-pick", &pick(profiles, unfit("items", twice)));
    add("signing-set-pick-none", &pick(vec![], Wrong::default()));
    let ensure = |keys, chosen, entered, wrong| EnsureSetPage {
        shell: shell(),
        org,
        types: types(),
        profile_type: ProfileType::of_apple("IOS_APP_STORE"),
        keys,
        chosen,
        certificates: listed(),
        entered,
        wrong,
    };
    let choices = samples::choices;
    add(
        "signing-set-ensure",
        &ensure(choices(), Some(id("key", 1)), wanted(), Wrong::default()),
    );
    let asterisk = "“com.halden.*” is not a bundle identifier such as com.example.app: letters, digits, hyphens and dots, and no asterisk.";
    add(
        "signing-set-ensure-wrong",
        &ensure(choices(), None, Wanted::default(), unfit("identifiers", asterisk)),
    );
    add(
        "signing-set-ensure-keyless",
        &ensure(vec![], None, Wanted::default(), Wrong::default()),
    );
    let would = |steps| EnsurePreviewPage {
        shell: shell(),
        org,
        profile_type: ProfileType::of_apple("IOS_APP_STORE"),
        entered: wanted(),
        steps,
    };
    add("signing-set-preview", &would(steps()));
    let only_used = steps().into_iter().filter(|step| step.kind == StepKind::Use).collect();
    add("signing-set-preview-there", &would(only_used));
    add("operation-ensured", &OperationPage::new(shell(), org, ensured(), "Release".into()));
    pages
}
