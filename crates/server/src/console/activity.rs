//! The activity log, newest first, by days.

use super::{filters, shell::Shell};
use app::activity::ActivityView;
use askama::Template;
use domain::{ActivityId, OrgId};
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// Records on one page.
pub(crate) const RECORDS: u32 = 50;

/// One day of records.
pub(crate) struct Day {
    /// "Today", "Yesterday", then the date.
    pub(crate) name: String,
    /// Its records.
    pub(crate) records: Vec<ActivityView>,
}

/// The page.
#[derive(Template)]
#[template(path = "activity.html")]
pub(crate) struct ActivityPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// By days.
    pub(crate) days: Vec<Day>,
    /// Whether it is the first page.
    pub(crate) newest: bool,
    /// The record to go on before.
    pub(crate) older: Option<ActivityId>,
}

impl ActivityPage {
    /// From the records, newest first.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, records: Vec<ActivityView>, newest: bool) -> Self {
        let full = records.len() >= RECORDS as usize;
        let older = records.last().filter(|_| full).map(|view| view.record.id);
        let mut days: Vec<Day> = Vec::new();
        for view in records {
            let name = day_name(view.record.at, shell.now);
            match days.last_mut() {
                Some(day) if day.name == name => day.records.push(view),
                _ => days.push(Day { name, records: vec![view] }),
            }
        }
        Self { shell, org, days, newest, older }
    }
}

fn day_name(at: Timestamp, now: Timestamp) -> String {
    let day = at.to_zoned(TimeZone::UTC).date();
    let today = now.to_zoned(TimeZone::UTC).date();
    if day == today {
        "Today".to_owned()
    } else if day == today.saturating_sub(1.day()) {
        "Yesterday".to_owned()
    } else {
        super::when::date(at)
    }
}
