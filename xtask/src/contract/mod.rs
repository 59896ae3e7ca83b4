//! `cargo xtask contract`: what went over the wire in the tests, held against Apple's OpenAPI documents.
//!
//! Simulators write each exchange into a journal (`RUSSET_SIMULATOR_JOURNAL_DIR`). Judged are every request that our
//! client sent, and every answer that a simulator gave of its own; answers that a test ordered say nothing of Apple.
//! Stricter than the documents in one thing: a property that a document does not name is refused.
//!
//! A difference that is known from Apple's live behavior is listed in `crates/simulator/deviations.toml` with its
//! source. An entry that no exchange needed fails the check, so that the list cannot become a hiding place.
//!
//! The documents are Apple's text and lie beside the checkout, never in it. Without them this is a loud skip on a
//! person's machine and a failure under `CI=true`.

mod deviations;
mod document;
mod exchange;
mod finding;
mod formats;
mod query;
mod request;
mod response;
mod schema;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;

use crate::report::{Outcome, Report, Tally};
use crate::workbench::Workbench;
use deviations::Deviations;
use document::Document;
use exchange::{Api, Exchange};
use finding::{Findings, Side};

/// The command: reads `--journal DIR`, else `RUSSET_SIMULATOR_JOURNAL_DIR`, else what `cargo xtask test` left.
pub(crate) fn run(journals: Option<&str>) -> anyhow::Result<ExitCode> {
    let bench = Workbench::open()?;
    let journals = journals
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("RUSSET_SIMULATOR_JOURNAL_DIR").map(PathBuf::from))
        .unwrap_or_else(|| bench.journals());
    let mut report = Report::default();
    report.step("contract", || step(&bench, &journals));
    Ok(report.close())
}

/// The check as one step of `cargo xtask test`.
pub(crate) fn step(bench: &Workbench, journals: &Path) -> anyhow::Result<Outcome> {
    let folder = bench.apple_documents();
    if !folder.is_dir() {
        return bench.lacking(&format!(
            "no OpenAPI documents of Apple's in {}: NOTHING was held against them",
            folder.display()
        ));
    }
    crate::offered::ensure_current(&folder, &bench.root)?;
    let contract = Contract {
        app_store: Document::load(&folder.join("app_store_connect_api_4.4.1.json"))?,
        enterprise: Document::load(&folder.join("enterprise_program_api_1.0.json"))?,
    };
    let deviations = Deviations::load(&bench.root.join("crates/simulator/deviations.toml"))?;
    let exchanges = exchange::read_all(journals)?;
    let verdict = contract.judge(&exchanges, deviations);
    verdict.tell();
    if verdict.responses == 0 {
        bail!("no answer of a simulator is in {}: nothing was judged", journals.display());
    }
    if verdict.requests == 0 && bench.strict {
        bail!(
            "no request of our client is in {}: half of the contract was not judged",
            journals.display()
        );
    }
    if !verdict.holds() {
        bail!(
            "{} differences from Apple's documents, {} unused deviations",
            verdict.findings.len(),
            verdict.unused.len()
        );
    }
    Ok(Tally::ONE.into())
}

/// Both of Apple's documents.
struct Contract {
    app_store: Document,
    enterprise: Document,
}

/// What was judged and what was found.
struct Verdict {
    requests: usize,
    responses: usize,
    findings: Findings,
    deviations_used: usize,
    unused: Vec<String>,
}

impl Contract {
    fn judge(&self, exchanges: &[Exchange], mut deviations: Deviations) -> Verdict {
        let (mut requests, mut responses) = (0, 0);
        let mut findings = Findings::default();
        for exchange in exchanges {
            let document = match exchange.api {
                Api::AppStore => &self.app_store,
                Api::Enterprise => &self.enterprise,
            };
            let mut hold = |side: Side, found: Vec<finding::Finding>| {
                for finding in found {
                    if !deviations.cover(side, exchange, &finding) {
                        findings.add(side, exchange, finding);
                    }
                }
            };
            if exchange.is_from_our_client() {
                requests += 1;
                hold(Side::Request, request::judge(document, exchange));
            }
            if let Some(status) = exchange.own_answer() {
                responses += 1;
                hold(Side::Response, response::judge(document, exchange, status));
            }
        }
        Verdict {
            requests,
            responses,
            findings,
            deviations_used: deviations.used(),
            unused: deviations.unused(requests > 0),
        }
    }
}

impl Verdict {
    fn holds(&self) -> bool {
        self.findings.is_empty() && self.unused.is_empty()
    }

    fn tell(&self) {
        for line in self.findings.lines() {
            println!("    {line}");
        }
        for entry in &self.unused {
            println!("    unused deviation, remove it or test it: {entry}");
        }
        let judged = format!(
            "contract: {} client requests, {} simulator responses",
            self.requests, self.responses
        );
        if self.holds() {
            println!("{judged}, all valid or listed deviations ({})", self.deviations_used);
        } else {
            println!("{judged}, NOT all valid");
        }
    }
}

#[cfg(test)]
mod tests;
