//! The list of certificates: at Apple, read through a picked key, or those held here.

use super::super::{
    filters,
    listing::Bar,
    parts::{Notice, Tone},
    shell::Shell,
};
use app::apple_account::AppleCertificate;
use askama::Template;
use domain::{CertificateId, CertificateType, HeldCertificate, ItemOrigin, OrgId};
use jiff::Timestamp;

/// A certificate in the list, wherever it was read.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: String,
    /// Upper-case hex.
    pub(crate) serial: String,
    /// Apple's type.
    pub(crate) certificate_type: String,
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
}

impl From<AppleCertificate> for Row {
    fn from(at_apple: AppleCertificate) -> Self {
        Self {
            name: at_apple.name,
            serial: at_apple.serial,
            title: CertificateType::of_apple(at_apple.certificate_type.clone()).title(),
            certificate_type: at_apple.certificate_type,
            origin: None,
            expires_at: at_apple.expires_at,
            held: at_apple.held,
            key_held: at_apple.key_held,
        }
    }
}

impl From<HeldCertificate> for Row {
    fn from(held: HeldCertificate) -> Self {
        Self {
            name: held.name,
            serial: held.serial,
            title: held.certificate_type.title(),
            certificate_type: held.certificate_type.as_str().to_owned(),
            origin: Some(held.origin),
            expires_at: Some(held.expires_at),
            held: Some(held.id),
            key_held: held.private_key.is_some(),
        }
    }
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
                None => places.push(Self { name: row.title.clone(), taken: vec![row.key_held] }),
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
        format!("{}: {} places taken, {} without a key here. The limit is not known", self.name, self.taken.len(), self.foreign())
    }

    /// What to know.
    #[must_use]
    pub(crate) fn advice(&self) -> String {
        match self.foreign() {
            0 => "Russet holds the key of each.".to_owned(),
            1 => "One has no private key here. When places run out, revoke that one rather than a good one.".to_owned(),
            many => format!("{many} have no private key here. When places run out, revoke one of those rather than a good one."),
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
}

impl CertificatesPage {
    fn at_apple(&self) -> bool {
        !self.held_only
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_what_has_not_ended_and_whose_key_is_here() {
        let row = |title: &str, key_held, ends: &str| Row {
            name: "n".into(),
            serial: "s".into(),
            certificate_type: "t".into(),
            title: title.into(),
            origin: None,
            expires_at: Some(ends.parse().unwrap()),
            held: None,
            key_held,
        };
        let rows = [
            row("Apple Distribution", false, "2027-01-01T00:00:00Z"),
            row("Apple Distribution", true, "2027-01-01T00:00:00Z"),
            row("Apple Distribution", true, "2026-01-01T00:00:00Z"),
        ];
        let places = Places::count(&rows, "2026-11-24T00:00:00Z".parse().unwrap());
        assert_eq!(places, [Places { name: "Apple Distribution".into(), taken: vec![true, false] }]);
        assert_eq!(places[0].words(), "2, limit not known");
        assert!(places[0].advice().starts_with("One has no private key here"));
    }
}
