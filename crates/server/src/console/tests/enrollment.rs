//! Pages of devices on their way, for the gallery.

use super::{
    super::{
        device_link::{DeviceArrivedPage, DeviceLinkPage},
        devices::{
            Counts,
            invited::{DeviceInvitedPage, DevicesInvitedPage, InviteDevicesPage, InviteForm},
            pending::{ApproveDevicePage, PendingDevicesPage},
        },
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell, Theme},
    },
    samples::{self, at, id},
};
use app::{
    Page, Problem,
    enrollment::{DeviceInvitationView, LinkOpened, PendingDeviceView},
};
use domain::{CameBy, Delivery, DeviceInvitation, LinkState, PendingDevice, Subject};

fn invitation(number: u32, state: LinkState, delivery: Delivery) -> DeviceInvitationView {
    DeviceInvitationView {
        invitation: DeviceInvitation {
            id: id("dinv", number),
            organization: id("org", 1),
            name: "Field crew, north".parse().expect("a name"),
            email: (number > 1).then(|| "crew@halden.example".parse().expect("an address")),
            keys: vec![id("key", 1)],
            automatic: number > 1,
            uses: number,
            used: u32::from(state == LinkState::Used),
            invited_by: Subject::User(id("user", 1)),
            created_at: at("2026-11-20T09:00:00Z"),
            sent_at: at("2026-11-20T09:00:00Z"),
            expires_at: at("2026-11-27T09:00:00Z"),
            delivery,
        },
        invited_by: "Elin Vestergaard".to_owned(),
        state,
        accounts: vec!["Admin".to_owned()],
    }
}

fn device(number: u32, trouble: Option<&str>) -> PendingDeviceView {
    PendingDeviceView {
        device: PendingDevice {
            id: id("dev", number),
            organization: id("org", 1),
            udid: format!("00008120-00{number:014X}"),
            name: "Mia’s iPhone".to_owned(),
            product: (number < 3).then(|| "iPhone15,2".to_owned()),
            version: (number < 3).then(|| "22A3354".to_owned()),
            keys: vec![id("key", 1)],
            came: if number < 3 {
                CameBy::Invitation {
                    invitation: id("dinv", 1),
                    name: "Field crew, north".to_owned(),
                    by_apple_device: number == 1,
                }
            } else {
                CameBy::Hand {
                    by: Subject::User(id("user", 1)),
                }
            },
            trouble: trouble.map(str::to_owned),
            arrived_at: at("2026-11-23T09:30:00Z"),
        },
        accounts: vec!["Admin".to_owned()],
        registering: (number == 2).then(|| id("op", 1)),
    }
}

fn all<T>(items: Vec<T>) -> Page<T> {
    Page {
        items,
        next: Some("more".to_owned()),
        previous: None,
        skipped: 0,
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org = id("org", 1);
    let shell = || samples::shell(Place::Devices, theme);
    let counts = Counts { pending: 3 };
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));
    let failed = Delivery::Failed {
        at: at("2026-11-20T09:01:00Z"),
        why: "550 no such mailbox".to_owned(),
    };
    let rows = vec![
        invitation(1, LinkState::Open, Delivery::Shown),
        invitation(20, LinkState::Open, failed),
        invitation(3, LinkState::Used, Delivery::Waiting),
        invitation(4, LinkState::Ended, Delivery::Shown),
    ];
    for (name, rows) in [("devices-invited", rows), ("devices-invited-none", Vec::new())] {
        let page = DevicesInvitedPage {
            shell: shell(),
            org,
            counts,
            page: all(rows),
        };
        add(name, &page);
    }
    let rows = vec![
        device(1, None),
        device(2, None),
        device(3, Some("Apple has no place left for this class.")),
    ];
    for (name, rows) in [("devices-pending", rows), ("devices-pending-none", Vec::new())] {
        let page = PendingDevicesPage {
            shell: shell(),
            org,
            counts,
            page: all(rows),
        };
        add(name, &page);
    }
    for (name, view) in [
        ("devices-approve", device(1, None)),
        (
            "devices-approve-trouble",
            device(3, Some("Apple has no place left for this class.")),
        ),
    ] {
        let page = ApproveDevicePage {
            shell: shell(),
            org,
            keys: samples::choices(),
            name: view.device.name.clone(),
            chosen: vec![samples::choices().remove(0).key.id.to_string()],
            view,
            wrong: Wrong::default(),
        };
        add(name, &page);
    }
    let problem = Problem::field("invalid", "days", "0 does not fit. A link works for 1 to 90 days.");
    for (name, wrong) in [
        ("devices-invite", Wrong::default()),
        ("devices-invite-wrong", Wrong::from(&problem)),
    ] {
        let page = InviteDevicesPage {
            shell: shell(),
            org,
            once: "once".to_owned(),
            keys: samples::choices(),
            sends_mail: true,
            form: InviteForm {
                name: "Mia’s iPhone".to_owned(),
                uses: "1".to_owned(),
                days: "7".to_owned(),
                ..InviteForm::default()
            },
            wrong,
        };
        add(name, &page);
    }
    let page = DeviceInvitedPage {
        shell: shell(),
        org,
        view: invitation(1, LinkState::Open, Delivery::Shown),
        link: format!("https://russet.example.com/device/{}", "0f".repeat(32)),
    };
    add("devices-link", &page);
    let bare = || Shell::bare(theme, samples::now());
    for (name, signed_by, opened) in [
        ("device-link", None, true),
        ("device-link-signed", Some("russet.example.com".to_owned()), true),
        ("device-link-dead", None, false),
    ] {
        let page = DeviceLinkPage {
            shell: bare(),
            token: "0f".repeat(32),
            host: "russet.example.com".to_owned(),
            notice: (!opened).then(|| Notice::new(Tone::Bad, "This link does not work", "Ask whoever sent it for another.")),
            opened: opened.then(|| LinkOpened {
                organization: "Halden Mobile".parse().expect("a name"),
                invited_by: "Elin Vestergaard".to_owned(),
                name: "Mia’s iPhone".parse().expect("a name"),
                automatic: signed_by.is_some(),
                expires_at: at("2026-11-27T09:00:00Z"),
                signed_by,
            }),
        };
        add(name, &page);
    }
    for (name, automatic) in [("device-arrived", false), ("device-arrived-automatic", true)] {
        add(name, &DeviceArrivedPage { shell: bare(), automatic });
    }
    pages
}
