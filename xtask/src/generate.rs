//! `cargo xtask generate`: documents that are printed by the code, so that they cannot tell another story.
//!
//! Each is the output of one example of one crate. The files are committed for readers; the test run prints them again and
//! fails when the committed ones differ.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::process;
use crate::report::{Outcome, Report, Tally};
use crate::workbench::Workbench;

/// The example that prints it, and where it is kept.
const DOCUMENTS: [(&str, &str); 1] = [("policy", "docs/policy.md")];

/// Writes every document.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let bench = Workbench::open()?;
    let mut report = Report::default();
    report.step("build", || {
        process::check(bench.cargo().args(["build", "--quiet", "--workspace", "--examples"]))?;
        Ok(Tally::ONE.into())
    });
    for (example, file) in DOCUMENTS {
        report.step(file, || {
            fs::write(bench.root.join(file), print(&bench, example)?)?;
            Ok(Tally::ONE.into())
        });
    }
    Ok(report.close())
}

/// Whether what is committed is what the built examples print.
pub(crate) fn check(bench: &Workbench) -> anyhow::Result<Outcome> {
    let mut tally = Tally::default();
    for (example, file) in DOCUMENTS {
        let committed = fs::read_to_string(bench.root.join(file)).unwrap_or_default();
        if committed != print(bench, example)? {
            bail!("{file} is not what the code prints; run `cargo xtask generate` and commit it");
        }
        tally += Tally::ONE;
    }
    Ok(tally.into())
}

fn print(bench: &Workbench, example: &str) -> anyhow::Result<String> {
    process::capture(&mut bench.command(bench.built("examples").join(example))).with_context(|| format!("the example `{example}`"))
}
