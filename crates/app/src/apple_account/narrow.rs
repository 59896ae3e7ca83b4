//! Searching, filtering and sorting a list, the same way for all.

use super::{AppleBundleId, AppleCertificate, AppleDevice, AppleProfile, ListQuery, Listing};
use crate::Problem;
use jiff::{SignedDuration, Timestamp};
use std::{cmp::Ordering, collections::BTreeMap};

/// From how many days before its end a certificate counts as expiring.
pub(crate) const EXPIRING_DAYS: i64 = 30;

/// What of a row can be searched, filtered and sorted by.
pub(super) trait Row {
    /// The names by which it can be sorted; the first is the default.
    const SORTS: &'static [&'static str];
    /// What a search looks into.
    fn searched(&self) -> Vec<&str>;
    /// Apple's type.
    fn kind(&self) -> &str;
    /// Its state.
    fn state(&self, now: Timestamp) -> String;
    /// Text to sort by under a name.
    fn text(&self, sort: &str) -> String;
    /// Moment to sort by under a name, where that name is one of a moment.
    fn moment(&self, sort: &str) -> Option<Option<Timestamp>>;
}

/// Applies the query. A name to sort by that the list does not have is refused, like everything else that would be
/// ignored in silence.
pub(super) fn narrow<T: Row>(mut items: Vec<T>, query: &ListQuery, now: Timestamp) -> Result<Listing<T>, Problem> {
    let total = items.len();
    let mut kinds = BTreeMap::new();
    for item in &items {
        *kinds.entry(item.kind().to_owned()).or_default() += 1;
    }
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_lowercase);
    if let Some(wanted) = given(&query.search) {
        items.retain(|item| item.searched().iter().any(|text| text.to_lowercase().contains(&wanted)));
    }
    if let Some(kind) = given(&query.kind) {
        items.retain(|item| item.kind().to_lowercase() == kind);
    }
    if let Some(state) = given(&query.state) {
        items.retain(|item| item.state(now).to_lowercase() == state);
    }
    let sort = given(&query.sort).unwrap_or_else(|| T::SORTS.first().copied().unwrap_or_default().to_owned());
    let (name, backwards) = match sort.strip_prefix('-') {
        Some(name) => (name, true),
        None => (sort.as_str(), false),
    };
    if !T::SORTS.contains(&name) {
        return Err(Problem::field(
            "sort_unknown",
            "sort",
            format!("This list cannot be sorted by “{name}”. Sort it by: {}.", T::SORTS.join(", ")),
        ));
    }
    items.sort_by(|a, b| {
        let order = match (a.moment(name), b.moment(name)) {
            (Some(a), Some(b)) => later_last(a, b),
            _ => a.text(name).to_lowercase().cmp(&b.text(name).to_lowercase()),
        };
        if backwards { order.reverse() } else { order }
    });
    Ok(Listing {
        items,
        total,
        kinds,
        at: now,
    })
}

/// What has no moment stands behind what has one.
fn later_last(a: Option<Timestamp>, b: Option<Timestamp>) -> Ordering {
    a.unwrap_or(Timestamp::MAX).cmp(&b.unwrap_or(Timestamp::MAX))
}

impl Row for AppleCertificate {
    const SORTS: &'static [&'static str] = &["expires", "name", "type", "serial"];
    fn searched(&self) -> Vec<&str> {
        vec![&self.name, &self.serial, &self.id, self.team_id.as_deref().unwrap_or_default()]
    }
    fn kind(&self) -> &str {
        &self.certificate_type
    }
    fn state(&self, now: Timestamp) -> String {
        let soon = now.saturating_add(SignedDuration::from_hours(24 * EXPIRING_DAYS)).unwrap_or(now);
        match self.expires_at {
            Some(end) if end <= now => "expired",
            Some(end) if end <= soon => "expiring",
            _ => "valid",
        }
        .to_owned()
    }
    fn text(&self, sort: &str) -> String {
        match sort {
            "type" => format!("{} {}", self.certificate_type, self.name),
            "serial" => self.serial.clone(),
            _ => self.name.clone(),
        }
    }
    fn moment(&self, sort: &str) -> Option<Option<Timestamp>> {
        (sort == "expires").then_some(self.expires_at)
    }
}

impl Row for AppleProfile {
    const SORTS: &'static [&'static str] = &["name", "type", "expires", "state", "identifier", "created"];
    fn searched(&self) -> Vec<&str> {
        vec![
            &self.name,
            &self.uuid,
            &self.id,
            self.bundle_identifier.as_deref().unwrap_or_default(),
        ]
    }
    fn kind(&self) -> &str {
        &self.profile_type
    }
    fn state(&self, _now: Timestamp) -> String {
        self.state.clone()
    }
    fn text(&self, sort: &str) -> String {
        match sort {
            "type" => format!("{} {}", self.profile_type, self.name),
            "state" => format!("{} {}", self.state, self.name),
            "identifier" => self.bundle_identifier.clone().unwrap_or_default(),
            _ => self.name.clone(),
        }
    }
    fn moment(&self, sort: &str) -> Option<Option<Timestamp>> {
        match sort {
            "expires" => Some(self.expires_at),
            "created" => Some(self.created_at),
            _ => None,
        }
    }
}

impl Row for AppleBundleId {
    const SORTS: &'static [&'static str] = &["identifier", "name", "type"];
    fn searched(&self) -> Vec<&str> {
        vec![&self.name, &self.identifier, &self.id]
    }
    fn kind(&self) -> &str {
        &self.platform
    }
    fn state(&self, _now: Timestamp) -> String {
        String::new()
    }
    fn text(&self, sort: &str) -> String {
        match sort {
            "identifier" => self.identifier.clone(),
            "type" => format!("{} {}", self.platform, self.identifier),
            _ => self.name.clone(),
        }
    }
    fn moment(&self, _sort: &str) -> Option<Option<Timestamp>> {
        None
    }
}

impl Row for AppleDevice {
    const SORTS: &'static [&'static str] = &["name", "type", "state", "udid", "added"];
    fn searched(&self) -> Vec<&str> {
        vec![&self.name, &self.udid, &self.id, self.model.as_deref().unwrap_or_default()]
    }
    fn kind(&self) -> &str {
        &self.device_class
    }
    fn state(&self, _now: Timestamp) -> String {
        self.status.clone()
    }
    fn text(&self, sort: &str) -> String {
        match sort {
            "type" => format!("{} {}", self.device_class, self.name),
            "state" => format!("{} {}", self.status, self.name),
            "udid" => self.udid.clone(),
            _ => self.name.clone(),
        }
    }
    fn moment(&self, sort: &str) -> Option<Option<Timestamp>> {
        (sort == "added").then_some(self.added_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str, serial: &str, expires: &str) -> AppleCertificate {
        AppleCertificate {
            id: "A1B2C3D4E5".to_owned(),
            name: name.to_owned(),
            certificate_type: "DISTRIBUTION".to_owned(),
            serial: serial.to_owned(),
            team_id: None,
            expires_at: expires.parse().ok(),
            held: None,
            origin: None,
            key_held: false,
        }
    }

    fn names(query: &ListQuery) -> Vec<String> {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let all = vec![
            certificate("Zebra", "0A", "2026-12-01T00:00:00Z"),
            certificate("apple", "1B0", "2027-11-01T00:00:00Z"),
            certificate("Old", "2C", "2026-01-01T00:00:00Z"),
        ];
        let listing = narrow(all, query, now).unwrap();
        assert_eq!(listing.total, 3);
        listing.items.into_iter().map(|item| item.name).collect()
    }

    fn query(change: impl FnOnce(&mut ListQuery)) -> ListQuery {
        let mut query = ListQuery::default();
        change(&mut query);
        query
    }

    #[test]
    fn a_list_is_searched_filtered_and_sorted_by_us() {
        assert_eq!(names(&ListQuery::default()), ["Old", "Zebra", "apple"]);
        assert_eq!(names(&query(|q| q.sort = Some("name".to_owned()))), ["apple", "Old", "Zebra"]);
        assert_eq!(names(&query(|q| q.sort = Some("-expires".to_owned()))), ["apple", "Zebra", "Old"]);
        assert_eq!(names(&query(|q| q.search = Some("1B0".to_owned()))), ["apple"]);
        assert_eq!(names(&query(|q| q.state = Some("expiring".to_owned()))), ["Zebra"]);
        assert_eq!(names(&query(|q| q.state = Some("EXPIRED".to_owned()))), ["Old"]);
        assert!(names(&query(|q| q.kind = Some("DISTRIBUTIO".to_owned()))).is_empty());
    }

    #[test]
    fn an_unknown_order_is_refused_by_name() {
        let wrong = query(|q| q.sort = Some("color".to_owned()));
        let problem = narrow(Vec::<AppleDevice>::new(), &wrong, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(problem.code, "sort_unknown");
        assert!(problem.message.contains("name, type, state, udid, added"));
    }
}
