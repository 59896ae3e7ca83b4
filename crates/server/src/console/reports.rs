//! The signing report: who took which certificate, profile or signing set away, read out of the activity log.
//! A way of looking at the log: it has no record of its own, and whoever may read the log may read it.

use super::{
    activity::{RECORDS, Records, between, days_ago},
    filters,
    parts::{Mark, Notice, Tone},
    shell::{Place, Shell},
    visit::{Answer, Visitor, belongs_in_form, form_again, id, page},
};
use crate::{State, activity_file, activity_query::ActivityQuery};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{OrgId, Outcome};

/// The page.
#[derive(Template)]
#[template(path = "activity/signing.html")]
pub(crate) struct SigningReportPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What was found.
    pub(crate) found: Records,
    /// What was asked for.
    pub(crate) query: ActivityQuery,
    /// What is wrong with it.
    pub(crate) wrong: Option<Notice>,
}

impl SigningReportPage {
    fn path(&self) -> String {
        format!("/o/{}/reports/signing", self.org)
    }

    /// A filter's value, for its field.
    fn value(&self, name: &str) -> &str {
        let query = &self.query;
        let value = match name {
            "actor" => &query.actor,
            "object" => &query.object,
            "outcome" => &query.outcome,
            "until" => &query.until,
            _ => &query.since,
        };
        value.as_deref().unwrap_or_default().trim()
    }

    fn is_chosen(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    fn is_filtered(&self) -> bool {
        ["actor", "object", "outcome", "until", "since"]
            .iter()
            .any(|name| !self.value(name).is_empty())
    }

    /// The first day shown, for the field.
    fn since_day(&self) -> String {
        self.found.since.strftime("%Y-%m-%d").to_string()
    }

    fn time_words(&self) -> String {
        if self.value("since").is_empty() && self.value("until").is_empty() {
            return "last 30 days".to_owned();
        }
        between(&self.found, &self.query)
    }

    fn outcome_words(&self) -> String {
        Outcome::parse(self.value("outcome")).map_or_else(String::new, |outcome| Mark::outcome(outcome).word)
    }

    fn outcomes(&self) -> [(&'static str, String); 6] {
        Outcome::ALL.map(|outcome| (outcome.as_str(), Mark::outcome(outcome).word))
    }

    /// This page without one of its filters.
    fn without(&self, name: &str) -> String {
        self.query.address(&self.path(), &[(name, "")])
    }

    fn nothing(&self) -> String {
        let fits = if self.is_filtered() { " that fits the filters" } else { "" };
        format!("Nothing{fits} was taken away to sign with {}.", between(&self.found, &self.query))
    }

    fn file(&self) -> String {
        self.query.address(&format!("{}/export", self.path()), &[])
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

/// `GET /o/{org}/reports/signing`
pub(crate) async fn signing(
    Reach(state): Reach<State>,
    Path(org): Path<String>,
    Query(query): Query<ActivityQuery>,
    visitor: Visitor,
) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Activity).await?;
    let found = match query.signing_uses() {
        Ok(mut search) => {
            search.limit = RECORDS;
            let found = state.app.search_activity(&visitor.who.caller, org, &search).await;
            found.map(|found| Records::new(found, search.cursor.is_none(), shell.now))
        }
        Err(problem) => Err(problem),
    };
    let (found, refused) = match found {
        Ok(found) => (found, None),
        Err(problem) if belongs_in_form(&problem) => (Records::none(shell.now), Some(problem)),
        Err(problem) => return Err(problem.into()),
    };
    let shown = SigningReportPage {
        found,
        shell,
        org,
        wrong: refused.as_ref().map(Notice::problem),
        query,
    };
    refused.map_or_else(|| page(&shown), |problem| form_again(&problem, &shown))
}

/// `GET /o/{org}/reports/signing/export`
pub(crate) async fn export(
    Reach(state): Reach<State>,
    Path(org): Path<String>,
    Query(query): Query<ActivityQuery>,
    visitor: Visitor,
) -> Answer {
    Ok(activity_file::signing_report(&state, &visitor.who.caller, id(&org)?, &query).await?)
}
