//! Binaries on their way to Apple: what is expected of each part, what has come, and what is being made of it.
//!
//! A file that is reserved becomes a [`Binary`]: one temporary file without a name, so that nothing is left behind
//! however the simulator ends, and a list of parts with an address each. Bytes are never held in memory. After the
//! commit the binary is inspected on a thread of its own ([`inspection`]), because the checksum of two gigabytes takes
//! seconds; whoever comes when the processing is due waits for it, which keeps a test with a stepped clock exact.
//!
//! What follows from all this for Apple's resources is the business of [`crate::resources`].

mod binary;
mod inspection;
mod parts;

pub(crate) use binary::Binary;
pub(crate) use inspection::{Checksum, Expected, Finding, Findings, inspect};
pub(crate) use parts::receive;

use crate::options::Uploads;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::thread::JoinHandle;

/// What is known of the binaries of one team.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// How uploads are played.
    pub(crate) settings: Uploads,
    /// The origin of the part port.
    pub(crate) origin: String,
    /// By the id of the `buildUploadFiles`.
    pub(crate) binaries: BTreeMap<String, Binary>,
    /// Committed and not yet COMPLETE or FAILED.
    pub(crate) processing: Vec<Processing>,
    /// Builds that are not yet VALID, with the time when they will be, and in what state.
    pub(crate) building: Vec<(String, Timestamp, &'static str)>,
    /// What is to become of the next binaries, by order.
    pub(crate) ordered: VecDeque<ProcessingIssue>,
    /// The newest version of each app that Apple has approved for sale.
    pub(crate) approved: BTreeMap<String, String>,
}

/// A binary that Apple is looking at.
#[derive(Debug)]
pub(crate) struct Processing {
    pub(crate) upload: String,
    pub(crate) file: String,
    pub(crate) due: Timestamp,
    pub(crate) issues: Vec<ProcessingIssue>,
    pub(crate) inspection: JoinHandle<Findings>,
}

/// What Apple's processing shall say of the next binary that is committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessingIssue {
    /// Apple's number, such as `90186`.
    pub code: String,
    /// What it says.
    pub description: String,
    /// Whether the binary fails by it.
    #[serde(default)]
    pub severity: Severity,
    /// Where it shows.
    #[serde(default)]
    pub stage: Stage,
}

/// Whether a binary fails by an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It fails.
    #[default]
    Error,
    /// It goes on, with a word in `warnings`.
    Warning,
}

/// Where an issue shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The upload ends FAILED, and there is no build.
    #[default]
    Upload,
    /// The upload is COMPLETE, and the build ends INVALID; a build carries no text.
    Build,
}

/// One part of a binary, as a test counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartCount {
    /// The id of the `buildUploadFiles`.
    pub file: String,
    /// From 1.
    pub number: usize,
    /// In bytes.
    pub length: u64,
    /// How often somebody began to send it.
    pub puts: u32,
    /// Whether all of it is there.
    pub stored: bool,
}

impl Deliveries {
    /// The parts of all binaries that are not yet processed.
    pub(crate) fn parts(&self) -> Vec<PartCount> {
        let of = |(file, binary): (&String, &Binary)| -> Vec<PartCount> {
            let parts = binary.parts.iter().zip(1..);
            parts
                .map(|(part, number)| PartCount {
                    file: file.clone(),
                    number,
                    length: part.length,
                    puts: part.puts,
                    stored: part.stored,
                })
                .collect()
        };
        self.binaries.iter().flat_map(of).collect()
    }

    /// Takes the issues that were ordered for the next binary: warnings, and at most one error.
    pub(crate) fn next_issues(&mut self) -> Vec<ProcessingIssue> {
        let mut issues = Vec::new();
        while let Some(issue) = self.ordered.pop_front() {
            let is_error = issue.severity == Severity::Error;
            issues.push(issue);
            if is_error {
                break;
            }
        }
        issues
    }
}
