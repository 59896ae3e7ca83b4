//! Pages of devices, of bundle IDs and of revoking for the gallery.

use super::{
    super::{
        bundle_ids::{
            capabilities::Ticked,
            edit::{CapabilitiesPage, DifferencePage},
            list::BundleIdPage,
            new::NewBundleIdPage,
        },
        certificates::revoke::RevokePage,
        devices::{
            add::{Account, AddDevicesPage, AddForm, DevicesBegunPage, DevicesPreviewPage},
            one::{DevicePage, DeviceStatusPage, RenameDevicePage},
        },
        parts::{Notice, Tone, Wrong},
        shell::{Place, Theme},
    },
    samples::{self, id},
};
use app::{
    Problem,
    bundle_ids::{BundleIdDetails, BundleIdToRegister, CapabilityDifference},
    devices::{DeviceWithProfiles, FaultyRow},
};
use domain::operation::{CapabilityOption, CapabilitySetting, CapabilityWish, NewDevice};

fn device(number: usize) -> DeviceWithProfiles {
    DeviceWithProfiles {
        device: samples::devices().remove(number),
        profiles: (number == 0).then(|| samples::profiles().split_off(1)),
    }
}

fn cloud() -> CapabilityWish {
    CapabilityWish {
        settings: vec![CapabilitySetting {
            key: "ICLOUD_VERSION".into(),
            options: vec![CapabilityOption {
                key: "XCODE_6".into(),
                enabled: true,
            }],
        }],
        ..CapabilityWish::of("ICLOUD".to_owned())
    }
}

fn bundle_id() -> BundleIdDetails {
    BundleIdDetails {
        id: "B1B2C3D4E5".into(),
        name: "Halden Tickets".into(),
        identifier: "com.halden.tickets".into(),
        platform: "UNIVERSAL".into(),
        capabilities: vec![CapabilityWish::of("PUSH_NOTIFICATIONS".to_owned()), cloud()],
        profiles: Some(samples::profiles()),
    }
}

/// Name and markup of each.
pub(super) fn pages(theme: Theme) -> Vec<(&'static str, String)> {
    let org = id("org", 1);
    let key = || samples::choices().remove(0).key;
    let shell = |place| samples::shell(place, theme);
    let once = || "once".to_owned();
    let mut pages = Vec::new();
    let mut add = |name, page: &dyn askama::DynTemplate| pages.push((name, page.dyn_render().expect("a page")));

    let device_page = |number| DevicePage {
        shell: shell(Place::Devices),
        org,
        key: key(),
        of: device(number),
    };
    add("device", &device_page(0));
    add("device-unreadable", &device_page(1));
    let rename = RenameDevicePage {
        shell: shell(Place::Devices),
        org,
        key: key(),
        once: once(),
        device: device(0).device,
        name: String::new(),
        wrong: Wrong::from(&Problem::field(
            "name_unfit",
            "name",
            "The device has no name. Apple wants one for each.",
        )),
    };
    add("device-rename", &rename);
    for (name, number) in [("device-disable", 0), ("device-enable", 1)] {
        let page = DeviceStatusPage {
            shell: shell(Place::Devices),
            org,
            key: key(),
            once: once(),
            of: device(number),
            wrong: Wrong::default(),
        };
        add(name, &page);
    }
    let adding = AddDevicesPage {
        shell: shell(Place::Devices),
        org,
        keys: samples::choices(),
        form: AddForm {
            keys: vec![key().id.to_string()],
            name: "Elin’s iPhone".into(),
            udid: "F2LX4R8ZJCLM".into(),
            platform: "ios".into(),
        },
        wrong: Wrong::from(&Problem::field(
            "udid_unfit",
            "udid",
            "This has 12 characters; a UDID has 24 or 40.",
        )),
    };
    add("devices-add", &adding);
    let account = |new, known, trouble| Account {
        key: key(),
        new,
        known,
        trouble,
    };
    let no_answer = || Some(Notice::new(Tone::Warn, "Apple is not answering.", "Try again in a minute."));
    let new = |number: u32| NewDevice {
        key: key().id,
        name: format!("Test phone {number}"),
        udid: format!("00008120-00{number:014X}"),
        platform: "IOS".into(),
    };
    let fault = |row, why: &str| FaultyRow { row, why: why.to_owned() };
    let preview = |devices| DevicesPreviewPage {
        shell: shell(Place::Devices),
        org,
        once: once(),
        accounts: vec![account(3, 41, None), account(0, 44, None), account(0, 0, no_answer())],
        devices,
        faults: vec![
            fault(
                7,
                "Character 3 of the UDID is none of 0 to 9 and A to F. It may be a serial number.",
            ),
            fault(4999, "The line has no name. Apple wants one for each device."),
        ],
    };
    add("devices-preview", &preview((1..4).map(new).collect()));
    add("devices-preview-many", &preview((1..102).map(new).collect()));
    let begun = DevicesBegunPage {
        shell: shell(Place::Devices),
        org,
        accounts: vec![
            ("Admin".into(), Ok("/o/sample/operations/one".into())),
            (
                "Store".into(),
                Err(Notice::new(Tone::Bad, "The account has all of these devices already.", "")),
            ),
        ],
    };
    add("devices-begun", &begun);

    let one = BundleIdPage {
        shell: shell(Place::BundleIds),
        org,
        key: key(),
        of: bundle_id(),
    };
    add("bundle-id", &one);
    let ticked = Ticked::present(&bundle_id().capabilities);
    let new = NewBundleIdPage {
        shell: shell(Place::BundleIds),
        org,
        once: once(),
        keys: samples::choices(),
        chosen: Some(key().id),
        form: BundleIdToRegister::default(),
        offers: Ticked::default().offers(),
        wrong: Wrong::default(),
    };
    add("bundle-id-new", &new);
    let boxes = CapabilitiesPage {
        shell: shell(Place::BundleIds),
        org,
        key: key(),
        of: bundle_id(),
        offers: ticked.offers(),
        wrong: Wrong::default(),
    };
    add("bundle-id-capabilities", &boxes);
    let difference = DifferencePage {
        shell: shell(Place::BundleIds),
        org,
        key: key(),
        of: bundle_id(),
        once: once(),
        ticked,
        difference: CapabilityDifference {
            add: vec![CapabilityWish::of("MAPS".to_owned())],
            change: vec![cloud()],
            remove: vec!["PUSH_NOTIFICATIONS".into()],
            keep: vec!["GAME_CENTER".into(), "APP_GROUPS".into()],
            invalid: Some(samples::profiles()),
        },
    };
    add("bundle-id-difference", &difference);
    let revoke = RevokePage {
        shell: shell(Place::Certificates),
        org,
        once: once(),
        of: samples::certificate(1, "Apple Distribution: Halden Mobile AS", "2026-12-06T14:08:00Z"),
        keys: samples::choices(),
        key: Some(key().id),
        at_apple: None,
        trouble: no_answer(),
        wrong: Wrong::default(),
    };
    add("certificate-revoke", &revoke);
    pages
}
