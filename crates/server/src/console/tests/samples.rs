//! A believable organization, made of plain values, for looking at pages without a server. Sample names only.

use super::super::{
    listing::{Bar, Filter},
    shell::{Counts, Offer, Place, Shell, Theme},
};
use app::{
    activity::ActivityView,
    apple_account::{AppleBundleId, AppleDevice, AppleProfile},
    csrs::CsrView,
    expiries::{Expiries, Expiry, ExpiryOf},
    inbox::{About, Inbox, NoticeView, Weight},
    keys::{DayMark, Dependents, KeyChoice, KeyDetails, KeySummary, Lent},
    overview::Overview,
    sharing::{Borrower, SharePanel, Sharing},
};
use domain::{
    Activity, Actor, ApiKey, AppleRole, CertificateType, CheckMark, Event, Feature, FeatureRow, HeldCertificate, HeldCsr, ItemOrigin,
    KeyHealth, KeyKind, LastResult, LastUse, Need, Organization, Origin, Outcome, Probed, Session, ShareLimits, Usability, User,
    feature::AppleRefusal,
};
use jiff::{Timestamp, ToSpan};
use std::{collections::BTreeSet, str::FromStr};

/// An id of any kind, by its number.
pub(super) fn id<T: FromStr>(prefix: &str, number: u32) -> T
where
    T::Err: std::fmt::Debug,
{
    format!("{prefix}_{number:032x}").parse().expect("an id")
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

pub(super) fn now() -> Timestamp {
    at("2026-11-24T14:32:00Z")
}

pub(super) fn user() -> User {
    User {
        id: id("user", 1),
        email: "elin.vestergaard@halden.example".parse().expect("an address"),
        name: "Elin Vestergaard".parse().expect("a name"),
        created_at: at("2026-03-12T09:00:00Z"),
    }
}

pub(super) fn organization() -> Organization {
    Organization {
        id: id("org", 1),
        parent: None,
        name: "Halden Mobile".parse().expect("a name"),
        created_at: at("2026-03-12T09:00:00Z"),
    }
}

pub(super) fn shell(here: Place, theme: Theme) -> Shell {
    Shell {
        csrf: "sample-form-token".into(),
        person: Some(user()),
        org: Some(organization()),
        allowed: domain::Action::ALL.iter().copied().collect(),
        offers: vec![
            Offer {
                id: id("org", 2),
                name: "Halden Transit".parse().expect("a name"),
                part_of: "Part of Halden Mobile".into(),
            },
            Offer {
                id: id("org", 3),
                name: "Halden Retail".parse().expect("a name"),
                part_of: "Part of Halden Mobile".into(),
            },
        ],
        shortcuts: true,
        unread: 3,
        counts: Counts {
            keys: 6,
            keys_in_need: 0,
            certificates: 3,
            certificates_in_need: 1,
        },
        here,
        exactly_here: true,
        path: "/o/sample".into(),
        ..Shell::bare(theme, now())
    }
}

pub(super) fn key(number: u32, name: &str, kind: KeyKind, roles: &[AppleRole], health: KeyHealth) -> ApiKey {
    ApiKey {
        id: id("key", number),
        organization: id("org", 1),
        name: name.parse().expect("a name"),
        kind,
        key_id: format!("8QW3ND5T{number:02}").parse().expect("a Key ID"),
        issuer_id: kind
            .needs_issuer()
            .then(|| "3f9c1e70-8a52-4d1b-9e6f-20b7c4d5a918".parse().expect("an Issuer ID")),
        roles: roles.iter().copied().collect::<BTreeSet<_>>(),
        fingerprint: "9f41c8027ed35ba6106cee94b72f085d9f41c8027ed35ba6106cee94b72f085d".into(),
        team_id: (kind != KeyKind::Individual).then(|| "7K3XQ9W2LM".parse().expect("a team ID")),
        last_good: (health != KeyHealth::Unverified).then(|| at("2026-11-24T06:12:00Z")),
        health,
        health_since: at("2026-11-24T06:12:00Z"),
        last_check: Some(at("2026-11-24T06:12:00Z")),
        overrides: BTreeSet::new(),
        generation: 1,
        added_by: domain::Subject::User(id("user", 1)),
        added_at: at("2026-03-12T09:00:00Z"),
        last_use: Some(LastUse {
            by: Actor::Person { user: id("user", 1) },
            need: Need::Read {
                feature: Feature::Certificates,
            },
            at: at("2026-11-24T14:20:00Z"),
        }),
    }
}

pub(super) fn strip(marks: &str) -> Vec<DayMark> {
    let today = jiff::civil::date(2026, 11, 24);
    (0i64..)
        .zip(marks.chars())
        .map(|(at, mark)| DayMark {
            day: today.saturating_sub((13 - at).days()),
            mark: match mark {
                'g' => Some(CheckMark::Good),
                't' => Some(CheckMark::Trouble),
                'r' => Some(CheckMark::Refused),
                _ => None,
            },
        })
        .collect()
}

pub(super) fn summaries() -> Vec<KeySummary> {
    use {AppleRole as R, KeyKind as K};
    let summary = |key: ApiKey, marks| KeySummary {
        key,
        added_by: Some("Elin Vestergaard".into()),
        last_used_by: Some("Elin Vestergaard".into()),
        lent: None,
        sharing: None,
        strip: strip(marks),
        trouble: None,
    };
    vec![
        summary(key(1, "Release", K::Team, &[R::Admin], KeyHealth::Working), "gggggggggggggg"),
        summary(
            key(2, "CI uploads", K::Team, &[R::AppManager], KeyHealth::Working),
            "gggggggggggggg",
        ),
        summary(
            key(3, "Design previews", K::Team, &[R::Developer], KeyHealth::AgreementMissing),
            "gggggggggggttt",
        ),
        summary(key(4, "In-house", K::Enterprise, &[R::Admin], KeyHealth::Working), "ggggggtggggggg"),
        summary(
            key(5, "Maja, metadata", K::Individual, &[], KeyHealth::Unverified),
            "..............",
        ),
        summary(
            key(
                6,
                "Storefront 2023",
                K::Team,
                &[R::AppManager],
                KeyHealth::NoLongerAccepted {
                    last_good: at("2026-11-22T06:12:00Z"),
                },
            ),
            "ggggggggggggrr",
        ),
    ]
}

pub(super) fn details(number: usize) -> KeyDetails {
    let summary = summaries().swap_remove(number);
    let probed = at("2026-11-24T06:12:00Z");
    let features = Feature::ALL
        .into_iter()
        .map(|feature| FeatureRow {
            feature,
            declared: domain::feature::declared(summary.key.kind, &summary.key.roles, feature),
            overridden: feature == Feature::Profiles && summary.key.roles.contains(&AppleRole::AppManager),
            probed: match feature {
                Feature::BundleIds => Probed::Refused {
                    at: probed,
                    code: "FORBIDDEN_ERROR".into(),
                },
                Feature::SubmitToAppStore => Probed::NotProbeable {
                    at: probed,
                    why: "the key sees no app".into(),
                },
                _ => Probed::Readable { at: probed },
            },
            last: match feature {
                Feature::Certificates => Some(LastResult {
                    need: Need::CreateCertificate {
                        certificate_type: CertificateType::of_apple("DISTRIBUTION"),
                    },
                    at: at("2026-11-03T10:00:00Z"),
                    refusal: Some(AppleRefusal {
                        status: 403,
                        code: "FORBIDDEN_ERROR".into(),
                        detail: "This operation is not allowed.".into(),
                    }),
                }),
                Feature::Profiles => Some(LastResult {
                    need: Need::Read {
                        feature: Feature::Profiles,
                    },
                    at: at("2026-11-24T14:20:00Z"),
                    refusal: None,
                }),
                _ => None,
            },
        })
        .collect();
    KeyDetails {
        summary,
        features,
        next_check: Some(at("2026-11-25T06:41:00Z")),
        budget: Some((729, 3600)),
    }
}

/// The key as a sub-organization sees it.
pub(super) fn lent_details() -> KeyDetails {
    let mut details = details(1);
    details.next_check = None;
    details.summary.added_by = None;
    details.summary.lent = Some(Lent {
        owner: "Halden Mobile".into(),
        limits: limits(),
    });
    details
}

fn limits() -> ShareLimits {
    ShareLimits {
        features: Some([Feature::UploadBinary, Feature::ManageTestFlight].into()),
        apps: Some(["com.halden.tickets".parse().expect("a bundle ID")].into()),
        stops_at: Some(at("2027-01-31T23:59:59Z")),
    }
}

pub(super) fn share_panel() -> SharePanel {
    let below = |number, name: &str, chosen| Borrower {
        organization: Organization {
            id: id("org", number),
            parent: Some(id("org", 1)),
            name: name.parse().expect("a name"),
            created_at: at("2026-03-01T10:00:00Z"),
        },
        members: number + 4,
        chosen,
        last_use: None,
    };
    SharePanel {
        key: details(1).summary.key,
        sharing: Sharing {
            all: false,
            chosen: 1,
            of: 3,
        },
        all: None,
        sub_organizations: vec![
            below(2, "Field Labs", None),
            below(3, "Halden Transit", Some(limits())),
            below(4, "<b>Halden Retail</b>", None),
        ],
        next: None,
    }
}

pub(super) fn choices() -> Vec<KeyChoice> {
    let mut keys = summaries();
    keys.truncate(5);
    keys.into_iter()
        .zip([
            Usability::Usable,
            Usability::Refused("A key with the role App Manager may not create certificates; Apple asks for the role Admin.".into()),
            Usability::Doubtful("An agreement waits to be signed in App Store Connect.".into()),
            Usability::Usable,
            Usability::Refused("Individual keys have no access to certificates, identifiers and profiles. Use a team key.".into()),
        ])
        .map(|(summary, usability)| KeyChoice {
            key: summary.key,
            is_lent: false,
            usability,
        })
        .collect()
}

pub(super) fn certificate(number: u32, name: &str, ends: &str) -> HeldCertificate {
    HeldCertificate {
        id: id("cert", number),
        organization: id("org", 1),
        api_key: Some(id("key", 1)),
        apple_id: Some(format!("A1B2C3D4E{number}")),
        certificate_type: CertificateType::of_apple(if name.contains("Development") {
            "DEVELOPMENT"
        } else {
            "DISTRIBUTION"
        }),
        name: name.into(),
        serial: format!("7A1F20C499D1C09{number}"),
        public_key_fingerprint: "00".repeat(32),
        sha1: "A94A8FE5CCB19BA61C4C0873D391E987982FBBD3".into(),
        team_id: Some("7K3XQ9W2LM".parse().expect("a team ID")),
        der: vec![],
        expires_at: at(ends),
        origin: ItemOrigin::Created,
        private_key: Some(id("sec", number)),
        added_at: at("2025-12-06T14:08:00Z"),
        revoked_at: None,
    }
}

/// A signing request, open or with so many certificates.
pub(super) fn csr(number: u32, name: &str, certificates: u32) -> CsrView {
    CsrView {
        csr: HeldCsr {
            id: id("csr", number),
            organization: id("org", 1),
            name: name.parse().expect("a name"),
            email: Some("elin.vestergaard@halden.example".parse().expect("an address")),
            country: Some("NO".into()),
            pem: "-----BEGIN CERTIFICATE REQUEST-----\n".into(),
            public_key_fingerprint: "0f".repeat(32),
            private_key: id("sec", number),
            created_by: domain::Subject::User(id("user", 1)),
            created_at: at("2026-11-20T14:08:00Z"),
            certificates,
        },
        made_by: "Elin Vestergaard".into(),
    }
}

pub(super) fn dependents() -> Dependents {
    Dependents {
        certificates: vec!["Apple Distribution: Halden Mobile AS".to_owned()],
        running_operations: 0,
        ..Dependents::default()
    }
}

/// What was taken away to sign with.
pub(super) fn signing_uses() -> Vec<ActivityView> {
    let said = [
        (
            "nightly build (API token)",
            "used the signing set “Halden app, App Store”, with its private keys",
        ),
        (
            "nightly build (API token)",
            "downloaded the profile “Halden App Store”, with the signing set “Halden app, App Store”",
        ),
        (
            "nightly build (API token)",
            "downloaded the certificate “Apple Distribution: Halden Mobile AS” as .p12, compatible, with its private key, with the signing set “Halden app, App Store”",
        ),
        (
            "Elin Vestergaard",
            "downloaded the certificate “Apple Distribution: Halden Mobile AS” as .p12, modern, with its private key",
        ),
    ];
    let records = activity().into_iter().zip(said);
    records
        .map(|(mut view, (actor, sentence))| {
            (view.actor, view.sentence) = (actor.into(), sentence.into());
            view.record.outcome = Outcome::Done;
            view
        })
        .collect()
}

pub(super) fn activity() -> Vec<ActivityView> {
    let view = |number, moment: &str, actor: &str, sentence: &str, outcome| ActivityView {
        record: Activity {
            id: id("act", number),
            organization: Some(id("org", 1)),
            at: at(moment),
            actor: Actor::Person { user: id("user", 1) },
            origin: Origin {
                address: Some("10.4.18.22".into()),
                request_id: None,
            },
            event: Event::SignInFailed { user: None },
            outcome,
            follows: None,
        },
        sequence: i64::from(number),
        hash: "c41e09ab".repeat(8),
        organization: Some("Halden Mobile".into()),
        actor: actor.into(),
        sentence: sentence.into(),
    };
    vec![
        view(
            5,
            "2026-11-24T14:28:00Z",
            "Elin Vestergaard",
            "downloaded the certificate Apple Distribution: Halden Mobile AS",
            Outcome::Done,
        ),
        view(
            4,
            "2026-11-24T14:20:00Z",
            "Elin Vestergaard",
            "used the key Release to list certificates",
            Outcome::Done,
        ),
        view(
            3,
            "2026-11-24T13:30:00Z",
            "Jonas Okafor",
            "created a certificate with the key CI uploads",
            Outcome::Refused,
        ),
        view(
            2,
            "2026-11-24T06:12:00Z",
            "Russet",
            "checked the key Storefront 2023",
            Outcome::Failed,
        ),
        view(
            1,
            "2026-11-23T16:48:00Z",
            "Priya Raman",
            "added the key Design previews",
            Outcome::Done,
        ),
    ]
}

pub(super) fn overview() -> Overview {
    let certificate = |number, name: &str, ends: &str| Expiry {
        name: name.into(),
        of: ExpiryOf::Certificate(id("cert", number)),
        at: at(ends),
    };
    Overview {
        keys: summaries(),
        ending: Expiries {
            items: vec![
                certificate(1, "Apple Distribution: Halden Mobile AS", "2026-12-06T14:08:00Z"),
                Expiry {
                    name: "ci-release".into(),
                    of: ExpiryOf::Token,
                    at: at("2026-12-19T10:00:00Z"),
                },
                certificate(2, "Apple Development: CI", "2027-06-18T10:00:00Z"),
                certificate(3, "Apple Development: Elin", "2027-06-20T10:00:00Z"),
                certificate(4, "In-house distribution", "2027-09-09T10:00:00Z"),
            ],
            soon: 2,
            later: 3,
        },
        waiting_operations: vec![],
        activity: activity(),
    }
}

pub(super) fn automatic_renewal() -> domain::certificate::AutomaticRenewal {
    domain::certificate::AutomaticRenewal {
        certificate: id("cert", 1),
        key: Some(id("key", 1)),
        days_before: 14,
        set_by: domain::Subject::User(id("user", 1)),
        set_at: now(),
    }
}

pub(super) fn inbox() -> Inbox {
    let notice = |sequence, topic, head: &str, body: &str, about, weight, is_unread| NoticeView {
        sequence,
        organization: id("org", 1),
        organization_name: "Halden Mobile".into(),
        at: at("2026-11-24T06:00:00Z"),
        topic,
        head: head.into(),
        body: body.into(),
        about,
        weight,
        is_unread,
    };
    Inbox {
        notices: vec![
            notice(
                3,
                "key.check",
                "The key “CI uploads” is not as before: Revoked",
                "Before this check it was: Working. Its page says what was found and what to do.",
                About::Key(id("key", 1)),
                Weight::Bad,
                true,
            ),
            notice(
                2,
                "certificate.will-expire",
                "The certificate “Apple Distribution: Halden Mobile AS” expires on 6 Dec 2026",
                "Renew it: every profile that has it is built anew under the same name.",
                About::Certificate(id("cert", 1)),
                Weight::Warning,
                true,
            ),
            notice(
                1,
                "profile.change-uuid",
                "The profile “Ferry App Store” has another UUID",
                "It is 0f9b4c1e-5d2a-4b7c-9a33-6a1f0c2b7d18 now: builds that name the old one need the new file.",
                About::Profile(id("prof", 1)),
                Weight::News,
                false,
            ),
        ],
        newest: 3,
    }
}

pub(super) fn bar(path: &str, noun: &'static str) -> Bar {
    Bar {
        path: path.into(),
        noun,
        placeholder: "Name or identifier",
        search: String::new(),
        filters: vec![
            Filter {
                name: "kind",
                label: "Type",
                every: "Every type",
                options: vec![("DISTRIBUTION".into(), "Distribution".into())],
                chosen: String::new(),
            },
            Filter {
                name: "state",
                label: "State",
                every: "Every state",
                options: vec![("expired".into(), "Expired".into())],
                chosen: String::new(),
            },
        ],
        keys: choices(),
        key: Some(id("key", 1)),
        sort: String::new(),
        usual_sort: "expires",
        from: 0,
        cursors: None,
        fitting: 4,
        total: 4,
        at: Some(at("2026-11-24T14:29:00Z")),
        fixed: vec![],
        now: now(),
    }
}

pub(super) fn profiles() -> Vec<AppleProfile> {
    let profile = |number, name: &str, kind: &str, state: &str, ends: &str, devices: usize| AppleProfile {
        id: format!("P{number:09}"),
        name: name.into(),
        profile_type: kind.into(),
        state: state.into(),
        uuid: "1f8a7e22-53b0-4b7c-9d7e-4f20c6f0a111".into(),
        bundle_identifier: Some("com.halden.tickets".into()),
        created_at: Some(at("2025-12-06T14:08:00Z")),
        expires_at: Some(at(ends)),
        certificates: vec![("A1B2C3D4E1".into(), "Apple Distribution: Halden Mobile AS".into(), number != 2)],
        devices: (0..devices).map(|at| (format!("D{at:09}"), format!("iPhone {at}"))).collect(),
    };
    vec![
        profile(1, "Tickets App Store", "IOS_APP_STORE", "ACTIVE", "2026-12-06T14:08:00Z", 0),
        profile(2, "Tickets Ad Hoc", "IOS_APP_ADHOC", "INVALID", "2027-06-06T14:08:00Z", 48),
        profile(3, "Retail Development", "IOS_APP_DEVELOPMENT", "ACTIVE", "2026-11-19T14:08:00Z", 22),
        profile(4, "In-house", "IOS_APP_INHOUSE", "ACTIVE", "2027-09-09T14:08:00Z", 0),
    ]
}

pub(super) fn bundle_ids() -> Vec<AppleBundleId> {
    let bundle = |identifier: &str, name: &str, capabilities: &[&str]| AppleBundleId {
        id: "B1".into(),
        name: name.into(),
        identifier: identifier.into(),
        platform: "UNIVERSAL".into(),
        capabilities: capabilities.iter().map(|c| (*c).to_owned()).collect(),
    };
    vec![
        bundle(
            "com.halden.tickets",
            "Halden Tickets",
            &["PUSH_NOTIFICATIONS", "ASSOCIATED_DOMAINS", "ICLOUD"],
        ),
        bundle("com.halden.*", "Everything", &[]),
    ]
}

pub(super) fn devices() -> Vec<AppleDevice> {
    let device = |number: u32, name: &str, class: &str, status: &str| AppleDevice {
        id: format!("D{number:09}"),
        name: name.into(),
        udid: format!("00008120-00{number:014X}"),
        device_class: class.into(),
        model: Some("iPhone 16 Pro".into()),
        platform: "IOS".into(),
        status: status.into(),
        added_at: Some(at("2026-01-06T14:08:00Z")),
    };
    vec![
        device(1, "Elin’s iPhone", "IPHONE", "ENABLED"),
        device(2, "Test iPad", "IPAD", "DISABLED"),
    ]
}

pub(super) fn service_token() -> domain::ServiceToken {
    domain::ServiceToken {
        id: id("svc", 1),
        organization: id("org", 1),
        name: "nightly build".parse().expect("a name"),
        roles: ["signing-manager", "credentials-viewer"]
            .iter()
            .filter_map(|word| domain::Role::parse(word))
            .collect(),
        confined_to: None,
        address_ranges: domain::address_range::address_ranges(["203.0.113.0/24", "2001:db8::/32"]).expect("ranges"),
        created_by: domain::Subject::User(id("user", 1)),
        created_at: at("2026-06-19T10:00:00Z"),
        expires_at: at("2026-12-19T10:00:00Z"),
        used_at: Some(at("2026-11-24T14:02:00Z")),
    }
}

pub(super) fn sessions() -> Vec<Session> {
    let session = |number, seen: &str, agent: &str| Session {
        id: id("sess", number),
        user: id("user", 1),
        created_at: at("2026-11-23T08:00:00Z"),
        seen_at: at(seen),
        expires_at: at("2026-12-07T08:00:00Z"),
        confirmed_at: at("2026-11-23T08:00:00Z"),
        address: Some("10.4.18.22".into()),
        agent: Some(agent.into()),
    };
    vec![
        session(
            1,
            "2026-11-24T14:32:00Z",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
        ),
        session(
            2,
            "2026-11-23T18:00:00Z",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ),
    ]
}
