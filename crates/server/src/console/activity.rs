//! The activity log: the list with its filters, one record, what a key did, the log as a file, and whether it is whole.

use super::{
    filters,
    parts::{Notice, Tone},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, done, id, page},
    when,
};
use crate::{
    State,
    activity_file::{self, FileForm},
    activity_query::ActivityQuery,
};
use app::{
    Problem,
    activity::{ActivityPage as Found, ActivityView, LogState, Whose},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{ApiKeyId, OrgId, Outcome, activity::ACTIONS};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

/// Records on one page.
pub(crate) const RECORDS: u32 = 50;

/// One day of records.
pub(crate) struct Day {
    /// "Today", "Yesterday", then the date.
    pub(crate) name: String,
    /// Its records.
    pub(crate) records: Vec<ActivityView>,
}

/// A part of the log by days, with the way to go on.
pub(crate) struct Records {
    /// By days.
    pub(crate) days: Vec<Day>,
    /// Whether it is the first page.
    pub(crate) newest: bool,
    /// The cursor of what is older.
    pub(crate) older: Option<String>,
    /// From when on.
    pub(crate) since: Timestamp,
    /// Whether records of several organizations may be among them.
    pub(crate) with_below: bool,
}

impl Records {
    /// From what was found, newest first.
    #[must_use]
    pub(crate) fn new(found: Found, newest: bool, now: Timestamp) -> Self {
        let mut days: Vec<Day> = Vec::new();
        for view in found.items {
            let name = day_name(view.record.at, now);
            match days.last_mut() {
                Some(day) if day.name == name => day.records.push(view),
                _ => days.push(Day { name, records: vec![view] }),
            }
        }
        Self {
            days,
            newest,
            older: found.next,
            since: found.since,
            with_below: matches!(found.whose, Whose::Below | Whose::Only(_)),
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "activity/list.html")]
pub(crate) struct ActivityPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What was found.
    pub(crate) found: Records,
    /// What was asked for.
    pub(crate) query: ActivityQuery,
    /// How the log stands.
    pub(crate) state: Notice,
    /// Sub-organizations to choose from; empty for who sees only one organization's log.
    pub(crate) below: Vec<(OrgId, String)>,
}

impl ActivityPage {
    fn path(&self) -> String {
        format!("/o/{}/activity", self.org)
    }

    /// A filter's value, for its field.
    fn value(&self, name: &str) -> &str {
        let query = &self.query;
        let value = match name {
            "actor" => &query.actor,
            "action" => &query.action,
            "object" => &query.object,
            "key" => &query.key,
            "outcome" => &query.outcome,
            "organization" => &query.organization,
            "until" => &query.until,
            _ => &query.since,
        };
        value.as_deref().unwrap_or_default()
    }

    fn is_chosen(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    /// The first day shown, for the field.
    fn since_day(&self) -> String {
        self.found.since.strftime("%Y-%m-%d").to_string()
    }

    fn is_filtered(&self) -> bool {
        ["actor", "action", "object", "key", "outcome", "organization", "until", "since"]
            .iter()
            .any(|name| !self.value(name).trim().is_empty())
    }

    fn actions(&self) -> &'static [&'static str] {
        ACTIONS
    }

    fn outcomes(&self) -> [(&'static str, String); 6] {
        Outcome::ALL.map(|outcome| (outcome.as_str(), super::parts::Mark::outcome(outcome).word))
    }

    fn file(&self, format: &str) -> String {
        self.query.address(&format!("{}/export", self.path()), &[("format", format)])
    }

    fn older(&self, cursor: &str) -> String {
        self.query.address(&self.path(), &[("cursor", cursor)])
    }

    fn newest(&self) -> String {
        self.query.address(&self.path(), &[])
    }

    fn wider(&self) -> String {
        self.query.address(&self.path(), &[("since", &days_ago(self.shell.now, 90))])
    }
}

/// One record.
#[derive(Template)]
#[template(path = "activity/record.html")]
pub(crate) struct RecordPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The record.
    pub(crate) view: ActivityView,
}

impl RecordPage {
    fn of(&self, name: &str, value: impl ToString) -> String {
        let query = ActivityQuery::default();
        query.address(&format!("/o/{}/activity", self.org), &[(name, &value.to_string())])
    }
}

/// What a key did between two days, and on whose behalf.
#[derive(Template)]
#[template(path = "activity/usage.html")]
pub(crate) struct UsagePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKeyId,
    /// What it is called.
    pub(crate) name: String,
    /// What was found.
    pub(crate) found: Records,
    /// What was asked for.
    pub(crate) query: ActivityQuery,
}

impl UsagePage {
    fn path(&self) -> String {
        format!("/o/{}/keys/{}/usage", self.org, self.key)
    }

    fn since_day(&self) -> String {
        self.found.since.strftime("%Y-%m-%d").to_string()
    }

    fn until_day(&self) -> &str {
        self.query.until.as_deref().unwrap_or_default()
    }

    fn file(&self) -> String {
        let key = self.key.to_string();
        self.query
            .address(&format!("/o/{}/activity/export", self.org), &[("key", &key), ("format", "csv")])
    }

    fn older(&self, cursor: &str) -> String {
        self.query.address(&self.path(), &[("key", ""), ("cursor", cursor)])
    }

    fn newest(&self) -> String {
        self.query.address(&self.path(), &[("key", "")])
    }

    fn wider(&self) -> String {
        self.query
            .address(&self.path(), &[("key", ""), ("since", &days_ago(self.shell.now, 90))])
    }
}

fn days_ago(now: Timestamp, days: i64) -> String {
    let then = now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
    then.strftime("%Y-%m-%d").to_string()
}

fn day_name(at: Timestamp, now: Timestamp) -> String {
    let day = at.to_zoned(TimeZone::UTC).date();
    let today = now.to_zoned(TimeZone::UTC).date();
    if day == today {
        "Today".to_owned()
    } else if day == today.saturating_sub(1.day()) {
        "Yesterday".to_owned()
    } else {
        when::date(at)
    }
}

/// How the log stands, in words.
#[must_use]
pub(crate) fn state_notice(state: &LogState, now: Timestamp) -> Notice {
    let (tone, head) = match (&state.blocked_since, &state.verdict) {
        (Some(since), _) => (
            Tone::Bad,
            format!(
                "The log cannot be copied outside since {}, and nothing is done that must be recorded.",
                when::moment(*since)
            ),
        ),
        (None, Some(verdict)) if verdict.findings > 0 => (
            Tone::Bad,
            "The log is not whole. Verify it again to hear what was found.".to_owned(),
        ),
        (None, Some(_)) => (Tone::Ok, "The log is whole.".to_owned()),
        (None, None) => (Tone::Info, "The log was not verified yet.".to_owned()),
    };
    let mut body = String::new();
    if let Some(verdict) = &state.verdict {
        // How many records there are is the server's, and not each organization's to know.
        body = format!("The whole log of this server was checked {}.", told(when::past(verdict.at, now)));
    }
    if let Some((_, at)) = state.signed_up_to {
        let copied = if state.is_copied { ", copied outside" } else { "" };
        body = format!("{body} Last signed checkpoint {}{copied}.", told(when::past(at, now)));
    }
    Notice {
        tone,
        head,
        body: body.trim().to_owned(),
        apple: None,
        way: None,
    }
}

/// In the middle of a sentence.
fn told(past: String) -> String {
    match past.as_str() {
        "now" => "just now".to_owned(),
        "Yesterday" => "yesterday".to_owned(),
        _ => past,
    }
}

/// `GET /o/{org}/activity`
pub(crate) async fn show(
    Reach(state): Reach<State>,
    Path(org): Path<String>,
    Query(query): Query<ActivityQuery>,
    visitor: Visitor,
) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Activity).await?;
    let mut search = query.search()?;
    search.limit = RECORDS;
    let caller = &visitor.who.caller;
    let found = state.app.search_activity(caller, org, &search).await?;
    let log = state.app.log_state(caller, org).await?;
    page(&ActivityPage {
        found: Records::new(found, search.cursor.is_none(), shell.now),
        state: state_notice(&log, shell.now),
        below: state.app.organizations_with_activity(caller, org).await?,
        shell,
        org,
        query,
    })
}

/// `GET /o/{org}/activity/{activity}`
pub(crate) async fn record(Reach(state): Reach<State>, Path((org, record)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Activity).await?;
    let view = state.app.activity_record_of(&visitor.who.caller, org, id(&record)?).await?;
    page(&RecordPage { shell, org, view })
}

/// `GET /o/{org}/activity/export`
pub(crate) async fn export(
    Reach(state): Reach<State>,
    Path(org): Path<String>,
    Query(query): Query<ActivityQuery>,
    visitor: Visitor,
) -> Answer {
    let form = FileForm::parse(query.format.as_deref().unwrap_or_default())?;
    let search = query.search()?;
    let file = state
        .app
        .export_activity(&visitor.who.caller, id(&org)?, &search, form.words())
        .await?;
    Ok(activity_file::answer(form, file))
}

/// `POST /o/{org}/activity/verify`
pub(crate) async fn verify(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org: OrgId = id(&org)?;
    let found = state.app.verify_activity(&sent.visitor.who.caller, org).await?;
    if let Some(first) = found.findings.first() {
        let rest = found.findings.len() - 1;
        let more = if rest > 0 { format!(" And {rest} more.") } else { String::new() };
        let message = format!("The log is not whole. {}{more}", first.message);
        return Err(Problem::new(app::Kind::Conflict, "log_not_whole", message).into());
    }
    Ok(done(&state, &format!("/o/{org}/activity"), "log-verified"))
}

/// `GET /o/{org}/keys/{key}/usage`
pub(crate) async fn usage(
    Reach(state): Reach<State>,
    Path((org, key)): Path<(String, String)>,
    Query(query): Query<ActivityQuery>,
    visitor: Visitor,
) -> Answer {
    let (org, key): (OrgId, ApiKeyId) = (id(&org)?, id(&key)?);
    let shell = visitor.shell_in(&state, org, Place::Keys).await?;
    let caller = &visitor.who.caller;
    let mut search = query.search()?;
    search.key = Some(key);
    search.limit = RECORDS;
    let found = state.app.search_activity(caller, org, &search).await?;
    // Who reads the log need not see the keys: its name stands in what it did.
    let name = found.items.iter().find_map(|view| view.record.event.key_name().map(str::to_owned));
    let name = name.unwrap_or_else(|| "the key".to_owned());
    page(&UsagePage {
        found: Records::new(found, search.cursor.is_none(), shell.now),
        shell,
        org,
        key,
        name,
        query,
    })
}
