//! The list of certificates: at Apple, read through a picked key, or those held here.

use super::super::{
    apple::told_in_place,
    filters,
    listing::{Asked, Bar, PAGE_ROWS, pick},
    parts::{Notice, Tone},
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::{
    Paging,
    apple_account::{AppleCertificate, Listing},
    certificates::InheritedCertificate,
    sharing::Sharing,
    signing_sets::{SetName, SetsByItem},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{CertificateId, CertificateType, Feature, ItemOrigin, ListedCertificate, OrgId};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A certificate in the list, wherever it was read.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: String,
    /// Upper-case hex.
    pub(crate) serial: String,
    /// The type as people call it.
    pub(crate) title: String,
    /// Where it came from, when it is held here.
    pub(crate) origin: Option<ItemOrigin>,
    /// When it ends.
    pub(crate) expires_at: Option<Timestamp>,
    /// Here, if held here.
    pub(crate) held: Option<CertificateId>,
    /// Whether its private key is here.
    pub(crate) key_held: bool,
    /// When it was revoked, as far as that was done here.
    pub(crate) revoked_at: Option<Timestamp>,
}

impl From<AppleCertificate> for Row {
    fn from(at_apple: AppleCertificate) -> Self {
        Self {
            name: at_apple.name,
            serial: at_apple.serial,
            title: title(&at_apple.certificate_type),
            origin: at_apple.origin,
            expires_at: at_apple.expires_at,
            held: at_apple.held,
            key_held: at_apple.key_held,
            revoked_at: None,
        }
    }
}

impl From<ListedCertificate> for Row {
    fn from(held: ListedCertificate) -> Self {
        Self {
            name: held.name,
            serial: held.serial,
            title: title(held.certificate_type.as_str()),
            origin: Some(held.origin),
            expires_at: Some(held.expires_at),
            held: Some(held.id),
            key_held: held.key_held,
            revoked_at: held.revoked_at,
        }
    }
}

/// What people call a type; one that we have no word for is told in Apple's, made readable.
pub(super) fn title(word: &str) -> String {
    let title = CertificateType::of_apple(word).title();
    if title == word { filters::apples_word(word) } else { title }
}

/// The places of one certificate type at Apple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// The type, as people call it.
    pub(crate) name: String,
    /// One for each place taken: whether its private key is here.
    pub(crate) taken: Vec<bool>,
}

impl Places {
    /// Counts the certificates that have not ended; Apple's limits are not known until Apple refuses.
    #[must_use]
    pub(crate) fn count(rows: &[Row], now: Timestamp) -> Vec<Self> {
        let mut places: Vec<Self> = Vec::new();
        for row in rows.iter().filter(|row| row.expires_at.is_none_or(|at| at > now)) {
            match places.iter_mut().find(|place| place.name == row.title) {
                Some(place) => place.taken.push(row.key_held),
                None => places.push(Self {
                    name: row.title.clone(),
                    taken: vec![row.key_held],
                }),
            }
        }
        for place in &mut places {
            place.taken.sort_by_key(|held| !held);
        }
        places
    }

    fn foreign(&self) -> usize {
        self.taken.iter().filter(|held| !**held).count()
    }

    /// "2, limit not known".
    #[must_use]
    pub(crate) fn words(&self) -> String {
        format!("{}, limit not known", self.taken.len())
    }

    /// The picture's name.
    #[must_use]
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{}: {} places taken, {} without a key here. The limit is not known",
            self.name,
            self.taken.len(),
            self.foreign()
        )
    }

    /// What to know.
    #[must_use]
    pub(crate) fn advice(&self) -> String {
        match self.foreign() {
            0 => "Russet holds the key of each.".to_owned(),
            1 => "One has no private key here; another machine may sign with it. When places run out, revoke one that nobody needs."
                .to_owned(),
            many => format!(
                "{many} have no private key here; other machines may sign with them. When places run out, revoke one that nobody needs."
            ),
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "certificates/list.html")]
pub(crate) struct CertificatesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters, key.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<Row>,
    /// Places at Apple, by type.
    pub(crate) places: Vec<Places>,
    /// How many are held here.
    pub(crate) held_count: usize,
    /// Whether only those held here are shown.
    pub(crate) held_only: bool,
    /// Why Apple's list is not here.
    pub(crate) trouble: Option<Notice>,
    /// How far those of a root organization are shared; those that are not are absent.
    pub(crate) sharing: BTreeMap<CertificateId, Sharing>,
    /// The signing sets that each is in.
    pub(crate) sets: SetsByItem,
    /// What the root organization lends.
    pub(crate) inherited: Vec<InheritedCertificate>,
}

impl CertificatesPage {
    fn at_apple(&self) -> bool {
        !self.held_only
    }

    fn shared(&self, row: &Row) -> Option<&Sharing> {
        self.sharing.get(row.held.as_ref()?)
    }

    /// The signing sets that it is in.
    fn sets(&self, row: &Row) -> &[SetName] {
        let sets = row.held.and_then(|held| self.sets.of_certificate.get(&held));
        sets.map_or(&[], Vec::as_slice)
    }

    fn place(&self) -> &'static str {
        if self.held_only { "held" } else { "apple" }
    }
}

const STATES: &[(&str, &str)] = &[("valid", "Valid"), ("expiring", "Expiring"), ("expired", "Expired")];

/// `GET /o/{org}/certificates`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Certificates).await?;
    let caller = &visitor.who.caller;
    let held_only = asked.held == "only";
    let types: Vec<(&str, String)> = CertificateType::CREATABLE
        .into_iter()
        .map(|word| (word, CertificateType::of_apple(word).title()))
        .collect();
    let types: Vec<(&str, &str)> = types.iter().map(|(word, title)| (*word, title.as_str())).collect();
    let mut bar = Bar::new(
        format!("/o/{org}/certificates"),
        "certificate",
        "Name or serial",
        "expires",
        &asked,
        shell.now,
    )
    .filter("kind", "Type", "Every type", &types, &asked.kind)
    .filter("state", "State", "Every state", STATES, &asked.state);
    let mut trouble = None;
    let mut places = Vec::new();
    let mut items = None;
    if held_only {
        bar.fixed.push(("held", asked.held.clone()));
    } else {
        (bar.keys, bar.key) = pick(&state, caller, org, Feature::Certificates, &asked).await?;
        if let Some(key) = bar.key {
            match told_in_place(all_places(&state, &visitor, org, key, &asked).await)? {
                Ok((listing, of_all)) => {
                    places = of_all;
                    items = Some(bar.fill(listing).into_iter().map(Row::from).collect());
                }
                Err(notice) => {
                    trouble = Some(Notice {
                        body: format!("{} The list below is what Russet holds.", notice.body).trim().to_owned(),
                        ..notice
                    })
                }
            }
        }
    }
    let held_count = shell.counts.certificates;
    let items = match items {
        Some(items) => items,
        None => held_here(&state, &visitor, org, &asked, &mut bar, held_count).await?,
    };
    page(&CertificatesPage {
        shell,
        org,
        bar,
        items,
        places,
        held_count,
        held_only,
        trouble,
        sharing: state.app.shared_certificates(caller, org).await?,
        sets: state.app.signing_sets_by_item(caller, org).await?,
        inherited: state.app.inherited_certificates(caller, org).await?,
    })
}

/// What fits the query, and the places that are taken. A filtered list does not tell the places, and none are shown.
async fn all_places(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    key: domain::ApiKeyId,
    asked: &Asked,
) -> Result<(Listing<AppleCertificate>, Vec<Places>), app::Problem> {
    let caller = &visitor.who.caller;
    let query = asked.query();
    let listing = state.app.apple_certificates(caller, org, key, &query).await?;
    let filtered = query.search.is_some() || query.kind.is_some() || query.state.is_some();
    if filtered {
        return Ok((listing, Vec::new()));
    }
    let rows: Vec<Row> = listing.items.iter().cloned().map(Row::from).collect();
    let places = Places::count(&rows, listing.at);
    Ok((listing, places))
}

/// A page of what is held here. One that has nothing any more leads to the first.
async fn held_here(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    asked: &Asked,
    bar: &mut Bar,
    total: usize,
) -> Result<Vec<Row>, app::Problem> {
    let (caller, query) = (&visitor.who.caller, asked.query());
    let mut page = state.app.certificates(caller, org, &query, &asked.paging()).await?;
    if page.items.is_empty() && !asked.cursor.is_empty() {
        page = state.app.certificates(caller, org, &query, &Paging::first(PAGE_ROWS)).await?;
    }
    let narrowed = query.search.is_some() || query.kind.is_some() || query.state.is_some();
    // A list on one page counts itself, and all of them are counted for the sidebar already.
    let fitting = if page.previous.is_none() && page.next.is_none() {
        page.items.len()
    } else if narrowed {
        state.app.count_certificates(caller, org, &query).await? as usize
    } else {
        total
    };
    Ok(bar.fill_page(page.map(Row::from), asked, fitting, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_what_has_not_ended_and_whose_key_is_here() {
        let row = |title: &str, key_held, ends: &str| Row {
            name: "n".into(),
            serial: "s".into(),
            title: title.into(),
            origin: None,
            expires_at: Some(ends.parse().unwrap()),
            held: None,
            key_held,
            revoked_at: None,
        };
        let rows = [
            row("Apple Distribution", false, "2027-01-01T00:00:00Z"),
            row("Apple Distribution", true, "2027-01-01T00:00:00Z"),
            row("Apple Distribution", true, "2026-01-01T00:00:00Z"),
        ];
        let places = Places::count(&rows, "2026-11-24T00:00:00Z".parse().unwrap());
        assert_eq!(
            places,
            [Places {
                name: "Apple Distribution".into(),
                taken: vec![true, false]
            }]
        );
        assert_eq!(places[0].words(), "2, limit not known");
        assert!(places[0].advice().starts_with("One has no private key here"));
    }
}
