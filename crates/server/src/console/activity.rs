//! The activity log, newest first, by days.

use super::{
    filters,
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::activity::ActivityView;
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
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
        Self {
            shell,
            org,
            days,
            newest,
            older,
        }
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

/// Where to go on.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    before: String,
}

/// `GET /o/{org}/activity`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let before = if asked.before.is_empty() { None } else { Some(id(&asked.before)?) };
    let shell = visitor.shell_in(&state, org, Place::Activity).await?;
    let records = state.app.activity(&visitor.who.caller, org, before, RECORDS).await?;
    page(&ActivityPage::new(shell, org, records, before.is_none()))
}
