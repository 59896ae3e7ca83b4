//! Checks that read the project instead of running it. Each rule names the file and what to do.

mod directions;
mod files;
mod supply;

use std::process::ExitCode;

use anyhow::bail;

use crate::prove;
use crate::report::{Outcome, Report, Tally};
use crate::workbench::Workbench;

/// `cargo xtask check`.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let bench = Workbench::open()?;
    let mut report = Report::default();
    steps(&bench, &mut report);
    Ok(report.close())
}

/// Adds the checks to a report.
pub(crate) fn steps(bench: &Workbench, report: &mut Report) {
    report.step("directions between crates", || directions::check(bench));
    report.step("rules for files", || files::check(bench));
    report.step("faults to prove the tests with", || prove::faults_fit(bench));
    report.step("licenses, bans and sources", || supply::check(bench));
    report.step("cargo deny", || supply::cargo_deny(bench));
}

/// One check with all it found, not only the first.
fn verdict(complaints: Vec<String>) -> anyhow::Result<Outcome> {
    if complaints.is_empty() {
        return Ok(Tally::ONE.into());
    }
    bail!("{}", complaints.join("\n            "))
}
