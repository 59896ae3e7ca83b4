//! The bundle IDs of an account, and one of them.

use super::super::{
    apple::{path_part, profile_state},
    filters,
    listing::{Asked, Bar, pick},
    parts::{Mark, Notice},
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::{
    apple_account::{AppleBundleId, AppleProfile},
    bundle_ids::BundleIdDetails,
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, ApiKey, Feature, OrgId, operation::CapabilityWish};

/// The list.
#[derive(Template)]
#[template(path = "bundle_ids/list.html")]
pub(crate) struct BundleIdsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters, key.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<AppleBundleId>,
    /// Why there are none.
    pub(crate) trouble: Option<Notice>,
}

impl BundleIdsPage {
    fn key(&self) -> String {
        self.bar.key.map(|key| format!("?key={key}")).unwrap_or_default()
    }

    fn address(&self, bundle_id: &AppleBundleId) -> String {
        format!("/o/{}/bundle-ids/{}{}", self.org, path_part(&bundle_id.id), self.key())
    }

    fn new_address(&self) -> String {
        format!("/o/{}/bundle-ids/new{}", self.org, self.key())
    }
}

/// One bundle ID.
#[derive(Template)]
#[template(path = "bundle_ids/bundle_id.html")]
pub(crate) struct BundleIdPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key it was read through.
    pub(crate) key: ApiKey,
    /// The bundle ID.
    pub(crate) of: BundleIdDetails,
}

impl BundleIdPage {
    fn edit(&self) -> String {
        format!(
            "/o/{}/bundle-ids/{}/capabilities?key={}",
            self.org,
            path_part(&self.of.id),
            self.key.id
        )
    }

    fn state(&self, profile: &AppleProfile) -> Mark {
        profile_state(profile, self.shell.now)
    }

    fn profile(&self, profile: &AppleProfile) -> String {
        format!("/o/{}/profiles/{}?key={}", self.org, path_part(&profile.id), self.key.id)
    }

    fn settings(&self, capability: &CapabilityWish) -> String {
        super::capabilities::settings_in_words(capability)
    }
}

/// Apple's platforms of bundle IDs.
const PLATFORMS: &[(&str, &str)] = &[
    ("IOS", "iOS"),
    ("MAC_OS", "macOS"),
    ("UNIVERSAL", "Universal"),
    ("SERVICES", "Services"),
];

/// `GET /o/{org}/bundle-ids`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::BundleIds).await?;
    let caller = &visitor.who.caller;
    let mut bar = Bar::new(
        format!("/o/{org}/bundle-ids"),
        "bundle ID",
        "Identifier or name",
        "identifier",
        &asked,
        shell.now,
    )
    .filter("kind", "Platform", "Every platform", PLATFORMS, &asked.kind);
    (bar.keys, bar.key) = pick(&state, caller, org, Feature::BundleIds, &asked).await?;
    let (items, trouble) = bar
        .read(async |key| state.app.apple_bundle_ids(caller, org, key, &asked.query()).await)
        .await?;
    page(&BundleIdsPage {
        shell,
        org,
        bar,
        items,
        trouble,
    })
}

/// `GET /o/{org}/bundle-ids/{bundle_id}?key=`
pub(crate) async fn one(
    Reach(state): Reach<State>,
    Path((org, bundle_id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::BundleIds).await?;
    let caller = &visitor.who.caller;
    let key = state.app.find_key(caller, Action::SeeSigning, org, &asked.key).await?;
    let of = state.app.apple_bundle_id(caller, org, key.id, &bundle_id).await?;
    page(&BundleIdPage { shell, org, key, of })
}
