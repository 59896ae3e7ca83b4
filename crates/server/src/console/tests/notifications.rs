//! The pages about notification channels, for the gallery.

use super::{
    super::{
        notifications::{acts, form, list},
        parts::Wrong,
        shell::{Place, Theme},
    },
    samples::{self, at, id},
};
use app::{
    Page, Problem,
    channels::{ChannelView, DeliveryView},
};
use domain::{Channel, ChannelTarget, DeliveryState, NoticeContent, NoticeDelivery, Subject, activity::NoticeKind};

fn channel(name: &str, target: ChannelTarget) -> Channel {
    Channel {
        id: id("chan", 1),
        organization: id("org", 1),
        name: name.parse().expect("a name"),
        target,
        kinds: None,
        secret_version: 1,
        created_by: Subject::User(id("user", 1)),
        created_at: at("2026-10-02T09:12:00Z"),
        failing_since: None,
        failing_recipient: None,
        failure_told: false,
    }
}

fn webhook() -> Channel {
    Channel {
        kinds: Some(
            [
                NoticeKind::CertificateWillExpire,
                NoticeKind::KeyChecked,
                NoticeKind::CertificateRenewed,
            ]
            .into(),
        ),
        failing_since: Some(at("2026-11-24T11:02:00Z")),
        failing_recipient: Some("hooks.halden.example".into()),
        failure_told: true,
        ..channel(
            "Release chat",
            ChannelTarget::Webhook {
                url: "https://hooks.halden.example/services/T0289QK3L/B04ZVQX2M/russet".into(),
                host: "hooks.halden.example".into(),
            },
        )
    }
}

fn mail() -> Channel {
    channel(
        "Mobile team",
        ChannelTarget::Mail {
            to: ["mobile@halden.example", "on-call@halden.example"]
                .map(|to| to.parse().expect("an address"))
                .into(),
        },
    )
}

fn delivery(number: u32, title: &str, state: DeliveryState, attempts: u32, answer: &str) -> DeliveryView {
    DeliveryView {
        title: title.into(),
        delivery: NoticeDelivery {
            id: id("dlv", number),
            channel: id("chan", 1),
            recipient: "hooks.halden.example".into(),
            kind: Some(NoticeKind::CertificateWillExpire),
            event: Some((id("act", number), i64::from(number))),
            content: NoticeContent {
                time: at("2026-11-24T11:02:00Z"),
                organization_name: "Halden Mobile".into(),
                severity: "warning".into(),
                title: title.into(),
                text: String::new(),
                link: String::new(),
            },
            created_at: at("2026-11-24T11:02:00Z"),
            attempts,
            state,
            tried_at: Some(at("2026-11-24T13:02:00Z")),
            answer: Some(answer.to_owned()).filter(|answer| !answer.is_empty()),
            next_at: (state == DeliveryState::Waiting).then(|| at("2026-11-24T16:02:00Z")),
        },
    }
}

fn deliveries() -> Vec<DeliveryView> {
    vec![
        delivery(
            3,
            "The certificate “Apple Distribution: Halden Mobile AS” expires on 1 Dec 2026",
            DeliveryState::Waiting,
            5,
            "The receiver answered 503.",
        ),
        delivery(
            2,
            "The key “CI uploads” is not as before: Revoked",
            DeliveryState::Failed,
            7,
            "There was no answer within 10 seconds.",
        ),
        delivery(
            1,
            "A test of the notification channel “Release chat”",
            DeliveryState::Delivered,
            1,
            "The receiver answered 200.",
        ),
    ]
}

/// The `number`-th of a list.
fn numbered(number: u32, channel: Channel) -> Channel {
    Channel {
        id: id("chan", number),
        ..channel
    }
}

fn view(channel: Channel, last: Option<DeliveryView>) -> ChannelView {
    ChannelView {
        channel,
        made_by: "Elin Vestergaard".into(),
        last,
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org: domain::OrgId = id("org", 1);
    let shell = || samples::shell(Place::Notifications, theme);
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));
    let [newest, _, tested] = deliveries().try_into().expect("three");
    for (name, channels) in [
        (
            "notifications",
            vec![
                view(mail(), Some(tested)),
                view(numbered(2, webhook()), Some(newest)),
                view(numbered(3, mail()), None),
            ],
        ),
        ("notifications-none", Vec::new()),
    ] {
        add(
            name,
            &list::ChannelsPage {
                shell: shell(),
                org,
                channels,
            },
        );
    }
    for (name, channel, items) in [
        ("notifications-webhook", webhook(), deliveries()),
        ("notifications-mail", mail(), Vec::new()),
    ] {
        add(
            name,
            &list::ChannelPage {
                shell: shell(),
                org,
                view: view(channel, items.first().cloned()),
                deliveries: Page {
                    items,
                    next: None,
                    previous: None,
                    skipped: 0,
                },
                further: false,
            },
        );
    }
    let refused = Problem::field(
        "url_unfit",
        "url",
        "The address is not an https:// one. Use https, so that nobody on the way reads along.",
    );
    let entered = form::ChannelForm {
        name: "Release chat".into(),
        is_webhook: true,
        to: String::new(),
        url: "http://hooks.halden.example/russet".into(),
        all: false,
        kinds: vec!["certificate.will-expire".into(), "key.check".into()],
    };
    add(
        "notifications-new",
        &form::ChannelFormPage {
            shell: shell(),
            org,
            channel: None,
            sends_mail: true,
            form: entered,
            once: "once".into(),
            wrong: Wrong::from(&refused),
        },
    );
    add(
        "notifications-secret",
        &acts::SecretPage {
            shell: shell(),
            org,
            channel: webhook(),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw8e4r9kAbCdE=".into(),
        },
    );
    add(
        "notifications-rotate",
        &acts::RotateSecretPage {
            shell: shell(),
            org,
            channel: webhook(),
            once: "once".into(),
            wrong: Wrong::default(),
        },
    );
    add(
        "notifications-remove",
        &acts::RemoveChannelPage {
            shell: shell(),
            org,
            channel: webhook(),
            wrong: Wrong::default(),
        },
    );
    pages
}
