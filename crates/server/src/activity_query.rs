//! What an address asks of the activity log: the same words for REST, for pages and for files.
//!
//! Empty values are the fields of a form that nobody filled in, and ask for nothing.

use app::{
    Problem,
    activity::{ActivitySearch, Whose},
};
use domain::{Outcome, activity::ACTIONS};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use utoipa::IntoParams;

/// Records in one answer, at most.
const MOST: u32 = 200;

/// Which records.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityQuery {
    /// Not before: a day (`2026-11-23`, from its beginning, UTC) or a moment; 30 days ago unless given.
    pub(crate) since: Option<String>,
    /// Before: a day (to its end, UTC) or a moment.
    pub(crate) until: Option<String>,
    /// `all`: a root organization with all below it, for its owners; `own`: the organization itself; or the id of one
    /// below. Unless given, as much as one may see.
    pub(crate) organization: Option<String>,
    /// Who: the id of a person, personal token or service token, or an e-mail address.
    pub(crate) actor: Option<String>,
    /// The word of the event, such as `key.use`.
    pub(crate) action: Option<String>,
    /// The id of what it is about, here or at Apple.
    pub(crate) object: Option<String>,
    /// The id of the API key it was done with or to.
    pub(crate) key: Option<String>,
    /// `done`, `intent`, `denied`, `refused`, `failed` or `unknown`.
    pub(crate) outcome: Option<String>,
    /// The `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// Of a file: `csv`, unless given, or `jsonl`. A list has no format.
    pub(crate) format: Option<String>,
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The beginning of a day, or of the day after it; or a moment as it stands there.
fn moment(field: &'static str, text: &str, of_the_next_day: bool) -> Result<Timestamp, Problem> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day = text
        .parse::<Date>()
        .ok()
        .and_then(|day| if of_the_next_day { day.tomorrow().ok() } else { Some(day) });
    let begin = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    begin.map(|zoned| zoned.timestamp()).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Problem::field(
            "time_unfit",
            field,
            format!("“{shown}” is no time. Give a day like 2026-11-23, or a moment like 2026-11-23T14:32:00Z."),
        )
    })
}

fn unknown(code: &'static str, field: &'static str, text: &str, known: &str) -> Problem {
    let shown: String = text.chars().take(40).collect();
    Problem::field(code, field, format!("“{shown}” does not fit here. {known}"))
}

impl ActivityQuery {
    /// The search that it asks for.
    ///
    /// # Errors
    /// `time_unfit`, `action_unknown`, `outcome_unknown`, `organization_unfit`, `key_unfit`, `limit_out_of_range`.
    pub(crate) fn search(&self) -> Result<ActivitySearch, Problem> {
        let text = |text| given(text).map(str::to_owned);
        let outcome = given(&self.outcome)
            .map(|word| {
                Outcome::parse(word).ok_or_else(|| {
                    unknown(
                        "outcome_unknown",
                        "outcome",
                        word,
                        "It is done, intent, denied, refused, failed or unknown.",
                    )
                })
            })
            .transpose()?;
        if let Some(word) = given(&self.action).filter(|word| !ACTIONS.contains(word)) {
            return Err(unknown(
                "action_unknown",
                "action",
                word,
                "Give the word of an event, such as key.use.",
            ));
        }
        let whose = match given(&self.organization) {
            None => Whose::Widest,
            Some("own") => Whose::Own,
            Some("all") => Whose::Below,
            Some(id) => Whose::Only(id.parse().map_err(|_| {
                unknown(
                    "organization_unfit",
                    "organization",
                    id,
                    "Give all, own, or the id of an organization.",
                )
            })?),
        };
        let key = given(&self.key)
            .map(|id| {
                id.parse()
                    .map_err(|_| unknown("key_unfit", "key", id, "Give the id of a key, such as key_…."))
            })
            .transpose()?;
        let limit = self.limit.unwrap_or(50);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::field(
                "limit_out_of_range",
                "limit",
                format!("{limit} does not fit. One page has 1 to {MOST} records."),
            ));
        }
        Ok(ActivitySearch {
            whose,
            actor: text(&self.actor),
            action: text(&self.action),
            object: text(&self.object),
            key,
            signing_uses: false,
            outcome,
            since: given(&self.since).map(|day| moment("since", day, false)).transpose()?,
            until: given(&self.until).map(|day| moment("until", day, true)).transpose()?,
            cursor: text(&self.cursor),
            limit,
        })
    }

    /// The same of what was taken away to sign with.
    ///
    /// # Errors
    /// As [`ActivityQuery::search`].
    pub(crate) fn signing_uses(&self) -> Result<ActivitySearch, Problem> {
        Ok(ActivitySearch {
            signing_uses: true,
            ..self.search()?
        })
    }

    /// As the query of an address, with some of it put in another's place.
    #[must_use]
    pub(crate) fn address(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let parts = [
            ("since", &self.since),
            ("until", &self.until),
            ("organization", &self.organization),
            ("actor", &self.actor),
            ("action", &self.action),
            ("object", &self.object),
            ("key", &self.key),
            ("outcome", &self.outcome),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in parts {
            let changed = changes.iter().find(|(changed, _)| *changed == name);
            let is_changed = changed.is_some();
            let changed = changed.map(|(_, value)| *value).filter(|value| !value.is_empty());
            let value = if is_changed { changed } else { given(value) };
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes
            .iter()
            .filter(|(name, value)| !value.is_empty() && !parts.iter().any(|(part, _)| part == name))
        {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_whole() {
        let query = ActivityQuery {
            since: Some("2026-11-01".to_owned()),
            until: Some("2026-11-23".to_owned()),
            ..ActivityQuery::default()
        };
        let search = query.search().unwrap();
        assert_eq!(search.since.unwrap().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(search.until.unwrap().to_string(), "2026-11-24T00:00:00Z");
        assert_eq!(search.whose, Whose::Widest);
        assert_eq!(
            query.address("/o/x/activity", &[("until", ""), ("cursor", "x")]),
            "/o/x/activity?since=2026-11-01&cursor=x"
        );
    }

    #[test]
    fn what_does_not_fit_is_told_at_its_field() {
        let code = |query: ActivityQuery| query.search().unwrap_err().code;
        let of = ActivityQuery::default;
        assert_eq!(
            code(ActivityQuery {
                since: Some("yesterday".to_owned()),
                ..of()
            }),
            "time_unfit"
        );
        assert_eq!(
            code(ActivityQuery {
                action: Some("key.dance".to_owned()),
                ..of()
            }),
            "action_unknown"
        );
        assert_eq!(
            code(ActivityQuery {
                outcome: Some("good".to_owned()),
                ..of()
            }),
            "outcome_unknown"
        );
        assert_eq!(
            code(ActivityQuery {
                organization: Some("mine".to_owned()),
                ..of()
            }),
            "organization_unfit"
        );
        assert_eq!(
            code(ActivityQuery {
                key: Some("CI".to_owned()),
                ..of()
            }),
            "key_unfit"
        );
        assert_eq!(code(ActivityQuery { limit: Some(201), ..of() }), "limit_out_of_range");
    }
}
