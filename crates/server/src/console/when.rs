//! Moments in words: the near past and the near future as a distance, everything else as a date, always with the
//! whole moment behind it.
//!
//! The words are written by the server from its own clock, so that they are there without a script; all moments
//! are UTC and say so where a time of day is shown.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use std::fmt;

const DAY: i64 = 86_400;
/// From here on an expiry is amber, in days.
pub(crate) const SOON_DAYS: i64 = 30;

/// How urgent an expiry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// More than [`SOON_DAYS`] away.
    Calm,
    /// Within [`SOON_DAYS`].
    Soon,
    /// Over.
    Past,
}

impl Urgency {
    /// The class that colors it; empty when calm.
    #[must_use]
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Calm => "",
            Self::Soon => "is-soon",
            Self::Past => "is-past",
        }
    }
}

/// How urgent an end at `at` is.
#[must_use]
pub(crate) fn urgency(at: Timestamp, now: Timestamp) -> Urgency {
    match at.as_second() - now.as_second() {
        ..0 => Urgency::Past,
        left if left <= SOON_DAYS * DAY => Urgency::Soon,
        _ => Urgency::Calm,
    }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// "6 Dec 2026".
#[must_use]
pub(crate) fn date(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

/// "6 Dec 2026, 14:08 UTC".
#[must_use]
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// "now", "4 min ago", "3 h ago", "Yesterday", then the date.
#[must_use]
pub(crate) fn past(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    let days = (day(now) - day(at)).get_days();
    match seconds {
        ..60 => "now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..43_200 => format!("{} h ago", seconds / 3600),
        _ if days == 0 => format!("{} h ago", seconds / 3600),
        _ if days == 1 => "Yesterday".to_owned(),
        _ => date(at),
    }
}

/// The distance to an end: "today", "tomorrow", "in 12 days" up to 89, "in 7 months" up to 23, then "in 5 years";
/// afterwards "expired 5 days ago".
#[must_use]
pub(crate) fn distance(at: Timestamp, now: Timestamp) -> String {
    let days = api::days_left(at, now);
    if days < 0 {
        return match -days - 1 {
            0 => "expired today".to_owned(),
            1 => "expired yesterday".to_owned(),
            ago @ ..=89 => format!("expired {ago} days ago"),
            ago => format!("expired {}", many_months(ago, now, -1) + " ago"),
        };
    }
    match days {
        ..=0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2..=89 => format!("in {days} days"),
        _ => format!("in {}", many_months(days, now, 1)),
    }
}

/// Whole months as a calendar counts them, up to 23; whole years beyond.
fn many_months(days: i64, now: Timestamp, sign: i32) -> String {
    let from = day(now);
    let to = from.saturating_add((i32::try_from(days).unwrap_or(i32::MAX) * sign).days());
    let (early, late) = if to < from { (to, from) } else { (from, to) };
    let mut months = (i32::from(late.year()) - i32::from(early.year())) * 12 + i32::from(late.month()) - i32::from(early.month());
    if late.day() < early.day() {
        months -= 1;
    }
    if months <= 23 {
        format!("{months} months")
    } else {
        format!("{} years", (f64::from(months) / 12.0).round())
    }
}

/// A `<time>` element: some words, with the machine-readable moment and the full one as its title.
#[derive(Debug, Clone)]
pub(crate) struct Time {
    at: Timestamp,
    words: String,
}

impl Time {
    /// With these words; they must be words of this module, for they are not escaped.
    pub(crate) fn new(at: Timestamp, words: String) -> Self {
        Self { at, words }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        write!(f, r#"<time datetime="{at}" title="{}">{}</time>"#, moment(self.at), self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_past_is_told_as_the_design_says() {
        let now = at("2026-11-24T14:32:00Z");
        let told = |text| past(at(text), now);
        assert_eq!(told("2026-11-24T14:31:30Z"), "now");
        assert_eq!(told("2026-11-24T14:28:00Z"), "4 min ago");
        assert_eq!(told("2026-11-24T11:32:00Z"), "3 h ago");
        assert_eq!(told("2026-11-23T16:00:00Z"), "Yesterday");
        assert_eq!(told("2026-11-22T16:00:00Z"), "22 Nov 2026");
        assert_eq!(told("2026-11-24T14:40:00Z"), "now", "a clock that is a little ahead is no riddle");
    }

    #[test]
    fn an_end_is_told_by_its_distance() {
        let now = at("2026-11-24T14:32:00Z");
        let told = |text| distance(at(text), now);
        assert_eq!(told("2026-11-24T20:00:00Z"), "today");
        assert_eq!(told("2026-11-25T01:00:00Z"), "tomorrow");
        assert_eq!(told("2026-12-06T14:08:00Z"), "in 12 days");
        assert_eq!(told("2027-02-21T14:08:00Z"), "in 89 days");
        assert_eq!(told("2027-03-02T00:00:00Z"), "in 3 months");
        assert_eq!(told("2027-06-28T00:00:00Z"), "in 7 months");
        assert_eq!(told("2031-09-09T00:00:00Z"), "in 5 years");
        assert_eq!(told("2026-11-19T10:00:00Z"), "expired 5 days ago");
        assert_eq!(told("2026-11-23T10:00:00Z"), "expired yesterday");
        assert_eq!(told("2026-05-23T10:00:00Z"), "expired 6 months ago");
    }

    #[test]
    fn amber_begins_thirty_days_before_and_crimson_at_the_end() {
        let now = at("2026-11-24T14:32:00Z");
        assert_eq!(urgency(at("2026-12-24T14:32:00Z"), now), Urgency::Soon);
        assert_eq!(urgency(at("2026-12-24T14:32:01Z"), now), Urgency::Calm);
        assert_eq!(urgency(at("2026-11-24T14:31:59Z"), now), Urgency::Past);
    }
}
