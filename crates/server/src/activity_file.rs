//! The activity log as a file: CSV for tables, JSON lines for programs. Streamed, so that a million records take no more
//! memory than a page.
//!
//! The surprising thing: names in the log are chosen by people, and a table program runs what begins like a formula. Such
//! a cell gets an apostrophe before it, as OWASP advises. So does what stands behind a separator within a cell: where
//! tables are separated by semicolons, a cell begins there.

use crate::{State, activity_query::ActivityQuery, reply, rest::views};
use app::{
    Caller, Problem,
    activity::{ActivityFile, ActivityView},
};
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use domain::OrgId;
use futures::stream;

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileForm {
    /// RFC 4180, with a head line.
    Csv,
    /// One `ActivityRecord` on each line.
    JsonLines,
}

impl FileForm {
    /// Reads `csv` or `jsonl`; nothing is CSV.
    ///
    /// # Errors
    /// `format_unknown`.
    pub(crate) fn parse(word: &str) -> Result<Self, Problem> {
        match word {
            "" | "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::JsonLines),
            _ => Err(Problem::field(
                "format_unknown",
                "format",
                "The log is exported as csv or as jsonl. Give one of them.",
            )),
        }
    }

    /// As the record of the export says it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
        }
    }
}

const COLUMNS: [&str; 15] = [
    "number",
    "time",
    "actor",
    "actor_kind",
    "actor_id",
    "organization",
    "organization_id",
    "action",
    "what",
    "object",
    "key",
    "outcome",
    "address",
    "request_id",
    "id",
];

/// One cell, harmless and quoted where it must be.
fn cell(text: &str) -> String {
    const SEPARATES: [char; 5] = [';', ',', '\t', '\r', '\n'];
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let (mut harmless, mut begins) = (String::with_capacity(text.len() + 2), true);
    for c in text.chars() {
        if begins && (FORMULA.contains(&c) || (harmless.is_empty() && SEPARATES.contains(&c))) {
            harmless.push('\'');
        }
        begins = SEPARATES.contains(&c) || (begins && c.is_whitespace());
        harmless.push(c);
    }
    if harmless.len() > text.len() || harmless.contains([',', ';', '"', '\n', '\r']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}

fn row(view: &ActivityView) -> String {
    let record = views::activity(view);
    let or_none = |text: Option<String>| text.unwrap_or_default();
    let cells = [
        record.sequence.to_string(),
        record.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        record.actor,
        record.actor_kind,
        or_none(record.actor_id),
        or_none(record.organization_name),
        or_none(record.organization),
        record.action,
        record.sentence,
        or_none(record.object),
        or_none(record.key),
        record.outcome,
        or_none(record.address),
        or_none(record.request_id),
        record.id,
    ];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

fn text(form: FileForm, views: &[ActivityView]) -> String {
    match form {
        FileForm::Csv => views.iter().map(row).collect(),
        FileForm::JsonLines => views
            .iter()
            .map(|view| serde_json::to_string(&views::activity(view)).unwrap_or_default() + "\n")
            .collect(),
    }
}

/// The signing report that a query asks for. That it was taken is recorded.
///
/// # Errors
/// What does not fit in the query; `not_found`, `not_allowed`, `activity_blocked`.
pub(crate) async fn signing_report(state: &State, caller: &Caller, org: OrgId, query: &ActivityQuery) -> Result<Response, Problem> {
    let form = FileForm::parse(query.format.as_deref().unwrap_or_default())?;
    let what = format!("{}, its signing report", form.words());
    let file = state.app.export_activity(caller, org, &query.signing_uses()?, &what).await?;
    Ok(answer(form, "signing-report", file))
}

/// The answer that a browser saves and a script reads. When the database breaks down in the middle, the answer breaks off,
/// and does not look whole.
pub(crate) fn answer(form: FileForm, stem: &str, file: ActivityFile) -> Response {
    let (media_type, suffix) = match form {
        FileForm::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        FileForm::JsonLines => ("application/jsonl; charset=utf-8", "jsonl"),
    };
    let head = match form {
        FileForm::Csv => COLUMNS.join(",") + "\r\n",
        FileForm::JsonLines => String::new(),
    };
    let pieces = stream::try_unfold((file, Some(head)), move |(mut file, head)| async move {
        if let Some(head) = head {
            return Ok(Some((head, (file, None))));
        }
        match file.next().await {
            Ok(Some(views)) => Ok(Some((text(form, &views), (file, None)))),
            Ok(None) => Ok(None),
            Err(problem) => {
                reply::log(&problem);
                Err(problem)
            }
        }
    });
    (
        [
            (header::CONTENT_TYPE, media_type.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{stem}.{suffix}\"")),
        ],
        Body::from_stream(pieces),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_run_as_a_formula() {
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            let cell = cell(evil);
            assert!(cell.starts_with("\"'"), "{cell:?}");
        }
        for evil in ["CI;=1+1;", "CI; =1", "a,@SUM(A1)", " =1", "＝1"] {
            let cell = cell(evil);
            assert!(cell.contains("'=") || cell.contains("'@") || cell.contains("'＝"), "{cell:?}");
        }
        assert_eq!(cell("CI uploads"), "CI uploads");
        assert_eq!(cell("a = b - c"), "a = b - c");
        assert_eq!(cell("one, two"), "\"one, two\"");
        assert_eq!(cell("say \"yes\""), "\"say \"\"yes\"\"\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
    }
}
