//! `russet activity`.

use crate::{
    Exit, Failure,
    client::Client,
    output::{Printer, table},
};
use clap::{Args, Subcommand, ValueEnum};
use std::{io::Write, path::PathBuf};

/// `russet activity`
#[derive(Debug, Subcommand)]
pub enum Activity {
    /// List what was done, newest first
    List {
        /// Which records
        #[command(flatten)]
        filters: Filters,
        /// How many records
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// Go on behind a page: its “next_cursor”
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Write the log to standard output or into a file
    Export {
        /// Which records
        #[command(flatten)]
        filters: Filters,
        /// CSV for tables, JSON lines for programs
        #[arg(long, value_enum, default_value = "csv")]
        format: Format,
        /// Where to; standard output unless given
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Tell who took which certificate, profile or signing set away to sign with, newest first
    SigningReport {
        /// Which records; an object is a certificate, profile or signing set
        #[command(flatten)]
        filters: Filters,
        /// How many records
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200), conflicts_with = "format")]
        limit: u32,
        /// Go on behind a page: its “next_cursor”
        #[arg(long, conflicts_with = "format")]
        cursor: Option<String>,
        /// All of it as a file instead of a page: CSV for tables, JSON lines for programs
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// Where to; standard output unless given
        #[arg(long, value_name = "FILE", requires = "format")]
        file: Option<PathBuf>,
    },
    /// Look whether the log is whole: asks the server, or, with --data or --database, looks on the host itself
    Verify(Verify),
}

/// Which records.
#[derive(Debug, Args)]
pub struct Filters {
    /// From this day (2026-11-23, UTC) or moment on [default: 30 days ago]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// To the end of this day (UTC), or before this moment
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Who: an e-mail address, or the id of a person or token
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// What was done, such as key.use
    #[arg(long, value_name = "WORD")]
    action: Option<String>,
    /// The API key it was done with or to, by id or name
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The id of what it is about
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Whose records: all, own, or the id of a sub-organization [default: as much as you may see]
    #[arg(long, value_name = "WHICH")]
    organization: Option<String>,
    /// How it ended: done, intent, denied, refused, failed, unknown
    #[arg(long, value_name = "WORD")]
    outcome: Option<String>,
}

impl Filters {
    async fn query(self, client: &Client, home: &str) -> Result<Vec<(&'static str, String)>, Failure> {
        let key = match self.key {
            Some(key) if !key.starts_with("key_") => Some(client.key(home, &key).await?.key.id),
            key => key,
        };
        let all = [
            ("since", self.since),
            ("until", self.until),
            ("actor", self.actor),
            ("action", self.action),
            ("key", key),
            ("object", self.object),
            ("organization", self.organization),
            ("outcome", self.outcome),
        ];
        Ok(all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

/// The form of an export.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// Comma-separated values
    Csv,
    /// One JSON object on each line
    Jsonl,
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// How to verify.
#[derive(Debug, Args)]
pub struct Verify {
    /// On the host: directory of the embedded database
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// On the host: PostgreSQL's address
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub database: Option<String>,
    /// On the host: a kept copy of the file of --activity-copy [default: activity-checkpoints.jsonl in the data directory]
    #[arg(long, value_name = "FILE")]
    pub checkpoints: Option<PathBuf>,
    /// On the host: the public key that was noted elsewhere, in hexadecimal; else the database is asked
    #[arg(long, value_name = "HEX")]
    pub public_key: Option<String>,
}

impl Verify {
    /// Whether the database itself is to be looked at, which only the host can.
    #[must_use]
    pub fn is_on_host(&self) -> bool {
        self.data.is_some() || self.database.is_some()
    }
}

impl Activity {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        match self {
            Self::List { filters, limit, cursor } => {
                let query = page(filters.query(client, &home).await?, limit, cursor);
                list(client, printer, &format!("{home}/activity"), &query).await
            }
            Self::Export { filters, format, file } => {
                let mut query = filters.query(client, &home).await?;
                query.push(("format", format.word().to_owned()));
                write(client, printer, &format!("{home}/activity/export"), &query, file).await
            }
            Self::SigningReport {
                filters,
                limit,
                cursor,
                format,
                file,
            } => {
                let mut query = filters.query(client, &home).await?;
                let path = format!("{home}/reports/signing");
                let Some(format) = format else {
                    return list(client, printer, &path, &page(query, limit, cursor)).await;
                };
                query.push(("format", format.word().to_owned()));
                write(client, printer, &format!("{path}/export"), &query, file).await
            }
            Self::Verify(verify) => {
                if verify.checkpoints.is_some() || verify.public_key.is_some() {
                    let message = "--checkpoints and --public-key are for the host: give --data or --database with them.";
                    return Err(Failure::new(Exit::Usage, message));
                }
                let found: api::ActivityVerification = client.post(&format!("{home}/activity/verify"), &serde_json::json!({})).await?;
                printer.show(&found, verification);
                Ok(if found.whole { Exit::Ok } else { Exit::Conflict })
            }
        }
    }
}

/// What is asked for, one page of it.
fn page(mut query: Vec<(&'static str, String)>, limit: u32, cursor: Option<String>) -> Vec<(&'static str, String)> {
    query.push(("limit", limit.to_string()));
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    query
}

/// A file of records, to standard output or into a file that must not be there yet.
async fn write(client: &Client, printer: &Printer, path: &str, query: &[(&str, String)], file: Option<PathBuf>) -> Result<Exit, Failure> {
    let Some(file) = file else {
        client.stream(path, query, &mut std::io::stdout()).await?;
        return Ok(Exit::Ok);
    };
    let cannot = |cause: std::io::Error| {
        let why = match cause.kind() {
            std::io::ErrorKind::AlreadyExists => "it is there already. Choose another name".to_owned(),
            _ => cause.to_string(),
        };
        Failure::new(Exit::Usage, format!("Cannot write {}: {why}. Nothing was written.", file.display()))
    };
    let mut out = crate::output::private_file(&file).map_err(cannot)?;
    client.stream(path, query, &mut out).await?;
    out.sync_all()?;
    printer.hint(&format!("russet: written to {}.", file.display()));
    Ok(Exit::Ok)
}

async fn list(client: &Client, printer: &Printer, path: &str, query: &[(&str, String)]) -> Result<Exit, Failure> {
    let page: api::ActivityPage = client.get(path, query).await?;
    printer.show(&page, |page| {
        table(
            &["when", "who", "organization", "what", "outcome"],
            page.items.iter().map(|r| {
                vec![
                    r.at.strftime("%-d %b %Y, %H:%M UTC").to_string(),
                    r.actor.clone(),
                    r.organization_name.clone().unwrap_or_default(),
                    r.sentence.clone(),
                    r.outcome.clone(),
                ]
            }),
        )
    });
    if let (Some(next), false) = (&page.next_cursor, printer.is_json()) {
        printer.hint(&format!("More: --cursor {next}"));
    }
    Ok(Exit::Ok)
}

/// A verification for people, also for the host's own.
#[must_use]
pub fn verification(found: &api::ActivityVerification) -> String {
    let mut text = if found.whole {
        format!("The log is whole: {} records.", found.records)
    } else {
        format!("The log is NOT whole: {} records, {} findings.", found.records, found.count)
    };
    for finding in &found.findings {
        text += &format!("\n  {}", finding.message);
    }
    // What is counted is the whole instance's, and told on its host only.
    let many = |count: Option<i64>| count.map(|count| format!("{count} ")).unwrap_or_default();
    text += &format!("\nCheckpoints: {}in the database", many(found.checkpoints));
    text += &match found.copied {
        true => format!(", {}in the file outside.", many(found.outside)),
        false => "; no file outside was looked at, so nobody can tell whether the end of the log was cut off.".to_owned(),
    };
    if let Some(at) = found.signed_at {
        let number = found
            .signed_up_to
            .map(|number| format!("up to record {number} "))
            .unwrap_or_default();
        text += &format!("\nSigned {number}on {}.", at.strftime("%-d %b %Y, %H:%M:%S UTC"));
    }
    text + &format!("\nPublic key: {}", found.public_key)
}

impl Client {
    /// A large answer, piece by piece. One that breaks off is a failure.
    async fn stream(&self, path: &str, query: &[(&str, String)], out: &mut dyn Write) -> Result<(), Failure> {
        let mut response = self.response(path, query).await?;
        while let Some(piece) = response.chunk().await.map_err(|cause| {
            Failure::new(
                Exit::Unreachable,
                format!("The answer broke off, and what was written is not whole: {cause}."),
            )
        })? {
            out.write_all(&piece)?;
        }
        Ok(out.flush()?)
    }
}
