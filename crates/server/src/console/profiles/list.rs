//! The list of profiles that are held here.

use super::super::{
    filters,
    listing::{Asked, Bar, PAGE_ROWS},
    parts::{Mark, Tone},
    shell::{Place, Shell},
    visit::{Answer, Visitor, page},
};
use crate::State;
use app::{
    Paging,
    profiles::{CertificateMatch, InheritedProfile, ProfileRow},
    sharing::Sharing,
    signing_sets::{SetName, SetsByItem},
};
use askama::Template;
use domain::{OrgId, ProfileId, ProfileState, ProfileType};
use std::collections::BTreeMap;

/// The page.
#[derive(Template)]
#[template(path = "profiles/list.html")]
pub(crate) struct HeldProfilesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<ProfileRow>,
    /// The signing sets that each is in.
    pub(crate) sets: SetsByItem,
    /// How far those of a root organization are shared; those that are not are absent.
    pub(crate) sharing: BTreeMap<ProfileId, Sharing>,
    /// What the root organization lends.
    pub(crate) inherited: Vec<InheritedProfile>,
}

impl HeldProfilesPage {
    fn shared(&self, row: &ProfileRow) -> Option<&Sharing> {
        self.sharing.get(&row.profile.id)
    }

    fn state(&self, row: &ProfileRow) -> Mark {
        state(row.state)
    }

    fn matched(&self, row: &ProfileRow) -> Mark {
        matched(row.matched)
    }

    /// The signing sets that it is in.
    fn sets(&self, row: &ProfileRow) -> &[SetName] {
        self.sets.of_profile.get(&row.profile.id).map_or(&[], Vec::as_slice)
    }

    fn title(&self, row: &ProfileRow) -> String {
        title(&row.profile.profile_type)
    }
}

/// Whether it can be used, as people see it.
pub(super) fn state(state: ProfileState) -> Mark {
    match state {
        ProfileState::Ready => Mark::new(Tone::Ok, "ok", "Ready"),
        ProfileState::Rebuilding => Mark::new(Tone::Warn, "half", "Rebuilding"),
        ProfileState::Invalid => Mark::new(Tone::Bad, "bad", "Invalid"),
        ProfileState::Expired => Mark::new(Tone::Bad, "bad", "Expired"),
    }
}

/// Whether what is signed with it can be signed here.
pub(crate) fn matched(matched: CertificateMatch) -> Mark {
    match matched {
        CertificateMatch::KeyHeld(_) => Mark::new(Tone::Ok, "key", "Match"),
        CertificateMatch::NoKeyHeld(_) => Mark::new(Tone::Warn, "warn", "No key held"),
        CertificateMatch::NoCertificate => Mark::new(Tone::Off, "never", "No certificate"),
    }
}

const STATES: &[(&str, &str)] = &[
    ("ready", "Ready"),
    ("rebuilding", "Rebuilding"),
    ("invalid", "Invalid"),
    ("expired", "Expired"),
];

/// `GET /o/{org}/profiles?held=only`. A page that has nothing any more leads to the first.
pub(crate) async fn show(state: &State, visitor: &Visitor, org: OrgId, asked: &Asked) -> Answer {
    let shell = visitor.shell_in(state, org, Place::Profiles).await?;
    let (caller, query) = (&visitor.who.caller, asked.query());
    let types = super::register::types();
    let types: Vec<(&str, &str)> = types.iter().map(|(word, title)| (*word, title.as_str())).collect();
    let mut bar = Bar::new(
        format!("/o/{org}/profiles"),
        "profile",
        "Name, bundle ID or UUID",
        "name",
        asked,
        shell.now,
    )
    .filter("kind", "Type", "Every type", &types, &asked.kind)
    .filter("state", "State", "Every state", STATES, &asked.state);
    bar.fixed.push(("held", asked.held.clone()));
    let mut rows = state.app.profiles(caller, org, &query, &asked.paging()).await?;
    if rows.items.is_empty() && !asked.cursor.is_empty() {
        rows = state.app.profiles(caller, org, &query, &Paging::first(PAGE_ROWS)).await?;
    }
    let fitting = state.app.count_profiles(caller, org, &query).await? as usize;
    let total = state.app.count_profiles(caller, org, &Default::default()).await? as usize;
    let items = bar.fill_page(rows, asked, fitting, total);
    let sets = state.app.signing_sets_by_item(caller, org).await?;
    page(&HeldProfilesPage {
        shell,
        org,
        bar,
        items,
        sets,
        sharing: state.app.shared_profiles(caller, org).await?,
        inherited: state.app.inherited_profiles(caller, org).await?,
    })
}

/// A type as people call it; one that we have no word for is told in Apple's, made readable.
pub(crate) fn title(profile_type: &ProfileType) -> String {
    let title = profile_type.title();
    if title == profile_type.as_str() {
        filters::apples_word(&title)
    } else {
        title
    }
}
