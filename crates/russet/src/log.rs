//! `russet activity verify --data DIR`: looks at the log on the host, past the server, with the file that the database's
//! writer cannot edit.
//!
//! It changes nothing, needs no root key, and may be run while the server runs.

use crate::serve::ACTIVITY_COPY;
use anyhow::Context;
use app::activity::verify::{Evidence, verify};
use cli::{Exit, Failure, activity::Verify};
use std::{io::Write, path::PathBuf};
use store::{Location, Store};

/// Looks, tells, and ends with a code that is not 0 when something was found.
pub(crate) fn run(arguments: Verify, json: bool) -> anyhow::Result<Exit> {
    let location = location(&arguments)?;
    let public_key = arguments.public_key.as_deref().map(public_key).transpose()?;
    let outside = outside(&arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let found = runtime.block_on(async {
        let store = Store::open(&location).await?;
        anyhow::Ok(verify(&store, &Evidence { outside, public_key }).await?)
    })?;
    let found = api::ActivityVerification {
        whole: found.is_whole(),
        records: found.records,
        count: found.count,
        findings: found
            .findings
            .iter()
            .map(|finding| api::ActivityFinding {
                kind: finding.kind().to_owned(),
                message: finding.words(),
                sequence: finding.sequence(),
                record: finding.record.map(|id| id.to_string()),
            })
            .collect(),
        copied: found.outside.is_some(),
        checkpoints: Some(found.checkpoints),
        outside: found.outside,
        signed_up_to: found.signed_up_to.map(|(sequence, _)| sequence),
        signed_at: found.signed_up_to.map(|(_, at)| at),
        public_key: found.public_key,
    };
    let text = if json {
        serde_json::to_string_pretty(&found)?
    } else {
        cli::activity::verification(&found)
    };
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(if found.whole { Exit::Ok } else { Exit::Conflict })
}

/// Where the database is. One that is not there is not made.
fn location(arguments: &Verify) -> Result<Location, Failure> {
    if let Some(url) = &arguments.database {
        return Ok(Location::parse(url));
    }
    let data = arguments.data.clone().unwrap_or_default();
    if !data.join("russet.db").is_file() {
        let message = format!(
            "There is no database of Russet in {}. Give the directory that the server has as --data.",
            data.display()
        );
        return Err(Failure::new(Exit::NotFound, message));
    }
    Ok(Location::Directory(data))
}

/// The file outside: the named one, or the one beside the data if it is there.
fn outside(arguments: &Verify) -> Result<Option<PathBuf>, Failure> {
    match &arguments.checkpoints {
        Some(path) if !path.is_file() => Err(Failure::new(
            Exit::NotFound,
            format!("The file of --checkpoints, {}, is not there.", path.display()),
        )),
        Some(path) => Ok(Some(path.clone())),
        None => Ok(arguments
            .data
            .as_ref()
            .map(|data| data.join(ACTIVITY_COPY))
            .filter(|path| path.is_file())),
    }
}

fn public_key(text: &str) -> anyhow::Result<Vec<u8>> {
    let digits = text.trim();
    let bytes = (0..digits.len())
        .step_by(2)
        .map(|at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect::<Option<Vec<u8>>>()
        .filter(|bytes| bytes.len() == 32);
    bytes
        .ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "--public-key takes 64 hexadecimal digits, as “russet activity verify” prints them.",
            )
        })
        .context("the public key cannot be read")
}
