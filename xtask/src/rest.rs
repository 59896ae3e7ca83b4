//! Our REST API against our own OpenAPI document: schemathesis makes up requests, valid and not, and holds every answer
//! against what the document promises.
//!
//! It asks a demo with real ids in the paths, so that it gets past the first *not found*; what it breaks there is thrown away.

use std::fs;
use std::process::ExitCode;

use anyhow::Context;

use crate::http::Connection;
use crate::report::{Outcome, Report, Tally};
use crate::server::{self, Server};
use crate::workbench::Workbench;
use crate::{process, test};

/// How many requests are made up per operation and phase.
const EXAMPLES: &str = "15";

/// What an answer is held against. `unsupported_method` and `positive_data_acceptance` are left out: a valid request may
/// well be refused here, by role, by key or by Apple.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,missing_required_header,ignored_auth";

/// `cargo xtask rest`: builds and runs this alone.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut bench = Workbench::open()?;
    let mut report = Report::default();
    test::make_ready(&mut bench, &mut report);
    report.step("REST API against its document", || step(&bench));
    Ok(report.close())
}

/// One test per operation of the document.
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
    let demo = server::demo_json(&data)?;
    let token = demo["token"].as_str().context("demo.json without token")?;
    let config = folder.join("schemathesis.toml");
    fs::write(&config, known_ids(&server.url, token)?)?;

    let report = folder.join("junit.xml");
    let mut schemathesis = bench.command(python);
    schemathesis
        .current_dir(&folder)
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(&config);
    schemathesis.args(["run", &format!("{}/api/openapi.json", server.url)]);
    schemathesis.args(["--header", &format!("Authorization: Bearer {token}")]);
    schemathesis.args([
        "--checks",
        CHECKS,
        "--max-examples",
        EXAMPLES,
        "--seed",
        "1",
        "--phases",
        "examples,coverage,fuzzing",
    ]);
    schemathesis
        .args([
            "--no-color",
            "--continue-on-failure",
            "--warnings",
            "off",
            "--report",
            "junit",
            "--report-junit-path",
        ])
        .arg(&report);
    let status = process::each_line(&mut schemathesis, |line| !line.trim().is_empty())?;
    let tally = counted(&fs::read_to_string(&report).unwrap_or_default());
    if !status.success() && tally.failed == 0 {
        anyhow::bail!("schemathesis ended with {status}");
    }
    Ok(tally.into())
}

/// Configuration that puts existing ids into paths, beside those that are made up.
fn known_ids(url: &str, token: &str) -> anyhow::Result<String> {
    let mut connection = Connection::open(url)?;
    connection.headers.push(format!("authorization: Bearer {token}"));
    let me = connection.get("/api/v1/me")?.json()?;
    let organization = me["organizations"][0]["id"]
        .as_str()
        .context("the demo's person has no organization")?;
    let keys = connection.get(&format!("/api/v1/orgs/{organization}/keys"))?.json()?;
    let key = keys["items"][0]["id"].as_str().context("the demo has no key")?;
    Ok(format!("[parameters]\norg = \"{organization}\"\nkey = \"{key}\"\n"))
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
