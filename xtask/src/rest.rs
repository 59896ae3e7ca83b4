//! Our REST API against our own OpenAPI document: schemathesis makes up requests, valid and not, and holds every answer
//! against what the document promises.
//!
//! It asks a demo with two organizations, once as each, with real ids of both among what it makes up: its own, so that it
//! gets past the first *not found*, and the other's, of which no answer may hold anything (`tests/judges/two_organizations.py`).
//! What it breaks there is thrown away.

pub(crate) mod tenants;

use std::fs;
use std::process::ExitCode;

use tenants::Tenant;

use crate::report::{Outcome, Report, Tally};
use crate::server::{self, Server};
use crate::workbench::Workbench;
use crate::{process, test};

/// How many requests are made up per operation and phase.
const EXAMPLES: &str = "15";

/// What an answer is held against. `unsupported_method` and `positive_data_acceptance` are left out: a valid request may
/// well be refused here, by role, by key or by Apple.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,missing_required_header,ignored_auth,\
                      nothing_of_the_other_organization,no_door_to_the_other_organization";

/// `cargo xtask rest`: builds and runs this alone.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut bench = Workbench::open()?;
    let mut report = Report::default();
    test::make_ready(&mut bench, &mut report);
    report.step("REST API against its document", || step(&bench));
    Ok(report.close())
}

/// One test per operation of the document, for each of two organizations that ask beside one another.
pub(crate) fn step(bench: &Workbench) -> anyhow::Result<Outcome> {
    let Some(python) = bench.exported("RUSSET_PYTHON") else {
        return bench.lacking("schemathesis is not installed");
    };
    let folder = bench.target.join("schemathesis");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let data = folder.join("demo");
    // Its made-up traffic says nothing of how our client speaks to Apple: its journal stays out of the contract.
    let server = Server::start(bench, &bench.built("russet"), "demo", &data, &folder)?;
    let [home, neighbor] = Tenant::two(&server.url, &server::demo_json(&data)?, &data)?;
    let mut tally = Tally::default();
    for (name, own, other) in [("home", &home, &neighbor), ("neighbor", &neighbor, &home)] {
        let tenants = folder.join(format!("{name}.json"));
        fs::write(&tenants, own.asking_beside(other).to_string())?;
        let report = folder.join(format!("{name}.xml"));
        let mut schemathesis = bench.command(python);
        schemathesis
            .current_dir(&folder)
            .env("SCHEMATHESIS_HOOKS", bench.root.join("tests/judges/two_organizations.py"))
            .env("RUSSET_TENANTS", &tenants)
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("{}/api/openapi.json", server.url))
            .args(["--header", &format!("Authorization: Bearer {}", own.token)])
            .args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", "1"])
            .args(["--phases", "examples,coverage,fuzzing", "--continue-on-failure"])
            .args(["--no-color", "--warnings", "off", "--report", "junit", "--report-junit-path"])
            .arg(&report);
        let status = process::each_line(&mut schemathesis, |line| !line.trim().is_empty())?;
        let asked = counted(&fs::read_to_string(&report).unwrap_or_default());
        if !status.success() && asked.failed == 0 {
            anyhow::bail!("schemathesis ended with {status}");
        }
        tally += asked;
    }
    Ok(tally.into())
}

/// The counts in a JUnit report: one `testcase` per operation, with a `failure` or `error` inside where it did not hold.
fn counted(junit: &str) -> Tally {
    let mut tally = Tally::default();
    for case in junit.split("<testcase ").skip(1) {
        let failed = case.contains("<failure") || case.contains("<error");
        tally += Tally {
            passed: (!failed).into(),
            failed: failed.into(),
        };
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_counts_once() {
        let junit = r#"<testsuite><testcase name="GET /me"/><testcase name="POST /login"><failure>a</failure><failure>b</failure></testcase></testsuite>"#;
        assert_eq!(counted(junit), Tally { passed: 1, failed: 1 });
    }
}
