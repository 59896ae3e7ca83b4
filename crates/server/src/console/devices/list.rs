//! The devices of an account, and how many of Apple's places they take.

use super::super::{
    apple::path_part,
    filters,
    listing::{Asked, Bar, pick},
    parts::Notice,
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use super::Counts;
use crate::State;
use app::{apple_account::AppleDevice, devices::PLACES};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Feature, OrgId};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The list.
#[derive(Template)]
#[template(path = "devices/list.html")]
pub(crate) struct DevicesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters, key.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<AppleDevice>,
    /// How many of each class the account has, disabled ones too.
    pub(crate) used: BTreeMap<String, usize>,
    /// When places of disabled devices come free, as far as somebody entered it.
    pub(crate) free_on: Option<Date>,
    /// How many wait.
    pub(crate) counts: Counts,
    /// Why there are none.
    pub(crate) trouble: Option<Notice>,
}

impl DevicesPage {
    fn free_on(&self) -> Option<String> {
        self.free_on.map(|day| day.strftime("%-d %b %Y").to_string())
    }

    fn key(&self) -> String {
        self.bar.key.map(|key| format!("?key={key}")).unwrap_or_default()
    }

    fn address(&self, device: &AppleDevice) -> String {
        format!("/o/{}/devices/{}{}", self.org, path_part(&device.id), self.key())
    }

    fn places(&self) -> usize {
        PLACES
    }

    fn free(&self, used: &usize) -> String {
        match PLACES.saturating_sub(*used) {
            0 => match self.free_on() {
                Some(day) => format!("None is free until {day}"),
                None => "None is free until the membership year ends".to_owned(),
            },
            free => format!("{free} free"),
        }
    }
}

const CLASSES: &[(&str, &str)] = &[
    ("IPHONE", "iPhone"),
    ("IPAD", "iPad"),
    ("APPLE_WATCH", "Apple Watch"),
    ("APPLE_TV", "Apple TV"),
    ("MAC", "Mac"),
    ("IPOD", "iPod"),
];
const STATES: &[(&str, &str)] = &[("ENABLED", "Enabled"), ("DISABLED", "Disabled")];

/// `GET /o/{org}/devices`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Devices).await?;
    let caller = &visitor.who.caller;
    let mut bar = Bar::new(format!("/o/{org}/devices"), "device", "Name or UDID", "name", &asked, shell.now)
        .filter("kind", "Class", "Every class", CLASSES, &asked.kind)
        .filter("state", "State", "Every state", STATES, &asked.state);
    (bar.keys, bar.key) = pick(&state, caller, org, Feature::BundleIds, &asked).await?;
    let mut used = BTreeMap::new();
    let (items, trouble) = bar
        .read(async |key| {
            let listing = state.app.apple_devices(caller, org, key, &asked.query()).await?;
            used.clone_from(&listing.kinds);
            Ok(listing)
        })
        .await?;
    let free_on = match bar.key {
        Some(key) => state.app.membership_year_end(caller, org, key).await?,
        None => None,
    };
    page(&DevicesPage {
        free_on,
        counts: Counts::of(&state, caller, org).await?,
        shell,
        org,
        bar,
        items,
        used,
        trouble,
    })
}
