//! What people and scripts read: tables, JSON, hints, failures, progress, and files that only their owner may read.

use crate::{Exit, Failure};
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    fs::{File, OpenOptions},
    io::{IsTerminal, Write},
    path::Path,
    time::Duration,
};

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Table,
    /// For scripts
    Json,
}

/// Prints in the chosen form.
pub(crate) struct Printer {
    output: Output,
    /// Refusals are JSON only for who asked for JSON by name: piped output leaves standard error to a person.
    json_refusals: bool,
}

impl Printer {
    pub(crate) fn new(output: Option<Output>) -> Self {
        let natural = if std::io::stdout().is_terminal() {
            Output::Table
        } else {
            Output::Json
        };
        Self {
            output: output.unwrap_or(natural),
            json_refusals: output == Some(Output::Json),
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    /// A line on standard output. A closed pipe is the reader's choice, not an error.
    pub(crate) fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    /// A line on standard error.
    pub(crate) fn hint(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// JSON for scripts, or whatever `people` makes of it.
    pub(crate) fn show<T: Serialize>(&self, value: &T, people: impl FnOnce(&T) -> String) {
        match self.output {
            Output::Json => self.line(&serde_json::to_string_pretty(value).unwrap_or_default()),
            Output::Table => self.line(&people(value)),
        }
    }

    /// One value that a script takes as it is; JSON only for who asked for it by name.
    pub(crate) fn value<T: Serialize>(&self, value: &T, bare: &str) {
        if self.json_refusals {
            self.show(value, |_| bare.to_owned());
        } else {
            self.line(&plain(bare));
        }
    }

    /// A sentence for people when something is done; JSON gets `{"done": …}`.
    pub(crate) fn done(&self, sentence: &str) {
        match self.output {
            Output::Json => self.line(&serde_json::json!({ "done": sentence }).to_string()),
            Output::Table => self.line(sentence),
        }
    }

    /// A failure, on standard error: the sentence, the fields, Apple's answer, what would work.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json_refusals {
            self.hint(&failure.as_json());
            return;
        }
        self.hint(&format!("russet: {}", plain(&failure.message)));
        let Some(problem) = &failure.problem else { return };
        // What is said of several fields is said once.
        let mut told: Vec<(Vec<&str>, &str)> = Vec::new();
        for field in problem.fields.iter().filter(|f| f.message != problem.detail) {
            match told.iter_mut().find(|(_, message)| *message == field.message) {
                Some((fields, _)) => fields.push(&field.field),
                None => told.push((vec![&field.field], &field.message)),
            }
        }
        for (fields, message) in told {
            self.hint(&format!("  {}: {}", fields.join(", "), plain(message)));
        }
        if !problem.places.is_empty() {
            self.hint("  These certificates hold the places at Apple:");
            for place in &problem.places {
                self.hint(&format!("    {}", place_line(place)));
            }
        }
        if !problem.usable_keys.is_empty() {
            let names: Vec<_> = problem.usable_keys.iter().map(|k| format!("“{}”", plain(&k.name))).collect();
            self.hint(&format!("  Keys that would work: {}.", names.join(", ")));
        }
        if let Some(apple) = &problem.apple {
            self.hint(&format!(
                "  What Apple answered: {} {}: {}",
                apple.status,
                plain(&apple.code),
                plain(&apple.detail)
            ));
            if let Some(see) = &apple.see {
                self.hint(&format!("  See {}", plain(see)));
            }
        }
        if let Some(id) = &problem.request_id
            && problem.status >= 500
        {
            self.hint(&format!("  Request {id} in the server's log."));
        }
    }

    /// A spinner on a terminal, nothing elsewhere.
    pub(crate) fn progress(&self, message: &str) -> ProgressBar {
        if self.is_json() || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(message.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

/// A certificate that holds a place, in a line.
pub(crate) fn place_line(place: &api::Place) -> String {
    let held = if place.key_held { "key held here" } else { "no key here" };
    format!("{}  {}  {}  {held}", plain(&place.name), place.serial, date(place.expires_at))
}

/// A text without control characters: names come from other people, and a terminal obeys escapes.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c })
        .collect()
}

/// A table with a head.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.iter().map(|h| h.to_uppercase()));
    let mut empty = true;
    for row in rows {
        empty = false;
        table.add_row(row.into_iter().map(|cell| plain(&cell)));
    }
    if empty { "None.".to_owned() } else { table.to_string() }
}

/// A day, or that it is not known.
pub(crate) fn date(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "Not known".to_owned(), |at| at.strftime("%-d %b %Y").to_string())
}

/// A day and the distance to it.
pub(crate) fn expiry(at: Option<Timestamp>, days: Option<i64>) -> String {
    let distance = match days {
        None => return date(at),
        // Counted as `api::days_left` does: -1 is a moment of today.
        Some(-1) => "expired today".to_owned(),
        Some(-2) => "expired yesterday".to_owned(),
        Some(days) if days < 0 => format!("expired {} days ago", -days - 1),
        Some(0) => "today".to_owned(),
        Some(1) => "tomorrow".to_owned(),
        Some(days) => format!("in {days} days"),
    };
    format!("{} ({distance})", date(at))
}

/// Asks on a terminal; elsewhere the answer is no.
pub(crate) fn confirmed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    dialoguer::Confirm::new()
        .with_prompt(plain(question))
        .default(false)
        .interact()
        .map_err(|cause| Failure::new(Exit::Usage, cause.to_string()))
}

/// Asks for a name on a terminal, as `prompt` says; elsewhere the answer is no.
pub(crate) fn named(prompt: &str, name: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let typed: String = dialoguer::Input::new()
        .with_prompt(prompt)
        .allow_empty(true)
        .interact_text()
        .map_err(|cause| Failure::new(Exit::Usage, cause.to_string()))?;
    Ok(typed.trim() == name.trim())
}

/// A new file for its owner only; never one that exists.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb"), "a\u{FFFD}[2Jb");
    }

    #[test]
    fn an_expiry_tells_the_day_and_the_distance() {
        let day = "2026-12-06T14:08:00Z".parse().ok();
        assert_eq!(expiry(day, Some(12)), "6 Dec 2026 (in 12 days)");
        assert_eq!(expiry(day, Some(-6)), "6 Dec 2026 (expired 5 days ago)");
        assert_eq!(expiry(None, None), "Not known");
    }
}
