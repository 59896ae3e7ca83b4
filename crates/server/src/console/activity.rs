//! The activity log: the list with its filters, one record, what a key did, the log as a file, and whether it is whole.

use super::{
    filters,
    parts::{Notice, Tone},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    when,
};
use crate::{
    State,
    activity_file::{self, FileForm},
    activity_query::ActivityQuery,
};
use app::{
    Caller, Problem,
    activity::{ActivityPage as Found, ActivityView, LogState, Whose},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, ApiKeyId, OrgId, Outcome, activity::ACTIONS};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

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
    /// Nothing, of the usual time.
    pub(crate) fn none(now: Timestamp) -> Self {
        Self {
            days: Vec::new(),
            newest: true,
            older: None,
            since: now.saturating_sub(SignedDuration::from_hours(24 * 30)).unwrap_or(now),
            with_below: false,
        }
    }

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
    /// Whether it was verified before.
    pub(crate) is_verified: bool,
    /// What is wrong with what was asked for.
    pub(crate) wrong: Option<Notice>,
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

    /// The words of events, by what they are about.
    fn actions(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for action in ACTIONS {
            let noun = action.split('.').next().unwrap_or(action);
            match groups.last_mut() {
                Some((last, actions)) if *last == noun => actions.push(action),
                _ => groups.push((noun, vec![action])),
            }
        }
        groups
    }

    fn time_words(&self) -> String {
        let given = ["since", "until"].iter().any(|name| !self.value(name).trim().is_empty());
        if given {
            between(&self.found, &self.query)
        } else {
            "last 30 days".to_owned()
        }
    }

    fn organization_words(&self) -> String {
        let chosen = self.value("organization");
        match self.below.iter().find(|(id, _)| id.to_string() == chosen) {
            Some((_, name)) => name.clone(),
            None if chosen == "own" => self.shell.org_name().to_owned(),
            None => String::new(),
        }
    }

    fn outcome_words(&self) -> String {
        Outcome::parse(self.value("outcome")).map_or_else(String::new, |outcome| super::parts::Mark::outcome(outcome).word)
    }

    /// This page without one of its filters.
    fn without(&self, name: &str) -> String {
        self.query.address(&self.path(), &[(name, "")])
    }

    /// Why there is no record, and how far back any could be.
    fn nothing(&self) -> String {
        let fits = if self.is_filtered() { " fits the filters" } else { "" };
        let begin = self.shell.org.as_ref().map(|org| when::date(org.created_at));
        let begin = begin.map_or_else(String::new, |day| format!(" The log goes back to {day}."));
        format!("No record {}{fits}.{begin}", between(&self.found, &self.query))
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
        self.query
            .address(&self.path(), &[("since", &days_ago(self.shell.now, 90)), ("until", "")])
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
    /// What is wrong with it.
    pub(crate) wrong: Option<Notice>,
}

impl UsagePage {
    fn path(&self) -> String {
        format!("/o/{}/keys/{}/usage", self.org, self.key)
    }

    fn since_day(&self) -> String {
        self.found.since.strftime("%Y-%m-%d").to_string()
    }

    fn time_words(&self) -> String {
        between(&self.found, &self.query)
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
        self.query.address(
            &self.path(),
            &[("key", ""), ("since", &days_ago(self.shell.now, 90)), ("until", "")],
        )
    }
}

/// "since 1 Nov 2026", "from 1 Nov 2026 to 8 Nov 2026".
pub(crate) fn between(found: &Records, query: &ActivityQuery) -> String {
    let since = when::date(found.since);
    let until = query.until.as_deref().map(str::trim).filter(|text| !text.is_empty());
    match until.map(|text| {
        text.parse::<Date>()
            .map_or_else(|_| text.to_owned(), |day| day.strftime("%-d %b %Y").to_string())
    }) {
        Some(until) => format!("from {since} to {until}"),
        None => format!("since {since}"),
    }
}

pub(crate) fn days_ago(now: Timestamp, days: i64) -> String {
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
    // What a server finds when it starts for the first time is no verdict on anything.
    let verdict = state.verdict.as_ref().filter(|verdict| verdict.records > 0);
    let (tone, head) = match (&state.blocked_since, verdict) {
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
    if let Some(verdict) = verdict {
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
    let caller = &visitor.who.caller;
    let log = state.app.log_state(caller, org).await?;
    let (found, refused) = search(&state, caller, org, &query, None, shell.now).await?;
    let shown = ActivityPage {
        found,
        state: state_notice(&log, shell.now),
        is_verified: log.verdict.is_some_and(|verdict| verdict.records > 0),
        wrong: refused.as_ref().map(Notice::problem),
        below: state.app.organizations_with_activity(caller, org).await?,
        shell,
        org,
        query,
    };
    refused.map_or_else(|| page(&shown), |problem| form_again(&problem, &shown))
}

/// The records that are asked for. What does not fit is told above the filters, and then nothing is found.
async fn search(
    state: &State,
    caller: &Caller,
    org: OrgId,
    query: &ActivityQuery,
    key: Option<ApiKeyId>,
    now: Timestamp,
) -> Result<(Records, Option<Problem>), Problem> {
    let found = match query.search() {
        Ok(mut search) => {
            search.key = key.or(search.key);
            search.limit = RECORDS;
            let found = state.app.search_activity(caller, org, &search).await;
            found.map(|found| Records::new(found, search.cursor.is_none(), now))
        }
        Err(problem) => Err(problem),
    };
    match found {
        Ok(found) => Ok((found, None)),
        Err(problem) if belongs_in_form(&problem) => Ok((Records::none(now), Some(problem))),
        Err(problem) => Err(problem),
    }
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
    Ok(activity_file::answer(form, "activity", file))
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
    let (found, refused) = search(&state, caller, org, &query, Some(key), shell.now).await?;
    let shown = UsagePage {
        name: name_of(&state, &visitor, &shell, &found, key).await,
        found,
        shell,
        org,
        key,
        wrong: refused.as_ref().map(Notice::problem),
        query,
    };
    refused.map_or_else(|| page(&shown), |problem| form_again(&problem, &shown))
}

/// What a key is called. Who reads the log need not see the keys: its name stands in what it did, too.
async fn name_of(state: &State, visitor: &Visitor, shell: &Shell, found: &Records, key: ApiKeyId) -> String {
    let told = found.days.iter().flat_map(|day| &day.records);
    if let Some(name) = told.filter_map(|view| view.record.event.key_name()).next() {
        return name.to_owned();
    }
    let known = match &shell.org {
        Some(org) if shell.may(Action::SeeKeys) => state.app.key(&visitor.who.caller, org.id, key).await.ok(),
        _ => None,
    };
    known.map_or_else(|| "the key".to_owned(), |details| details.summary.key.name.to_string())
}
