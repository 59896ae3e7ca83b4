//! `cargo xtask generate`: documents that are printed by the code, so that they cannot tell another story.
//!
//! Each is printed by `russet reference DOCUMENT`. The files are committed for readers; the test run prints them again and
//! fails when the committed ones differ.

use std::fs;
use std::process::ExitCode;

use anyhow::bail;

use crate::process;
use crate::report::{Outcome, Report, Tally};
use crate::workbench::Workbench;

/// What the binary calls it, and where it is kept.
const DOCUMENTS: [(&str, &str); 4] = [
    ("openapi", "docs/openapi.json"),
    ("policy", "docs/policy.md"),
    ("cli", "docs/cli.md"),
    ("simulator-invented", "docs/simulator-invented.md"),
];

/// Writes every document.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let bench = Workbench::open()?;
    let mut report = Report::default();
    report.step("build", || {
        process::check(bench.cargo().args(["build", "--quiet", "--package", "russet"]))?;
        Ok(Tally::ONE.into())
    });
    for (document, file) in DOCUMENTS {
        report.step(file, || {
            fs::write(bench.root.join(file), print(&bench, document)?)?;
            Ok(Tally::ONE.into())
        });
    }
    Ok(report.close())
}

/// Whether what is committed is what the built binary prints.
pub(crate) fn check(bench: &Workbench) -> anyhow::Result<Outcome> {
    let mut tally = Tally::default();
    for (document, file) in DOCUMENTS {
        let committed = fs::read_to_string(bench.root.join(file)).unwrap_or_default();
        if committed != print(bench, document)? {
            bail!("{file} is not what the code prints; run `cargo xtask generate` and commit it");
        }
        tally += Tally::ONE;
    }
    Ok(tally.into())
}

fn print(bench: &Workbench, document: &str) -> anyhow::Result<String> {
    process::capture(bench.command(bench.built("russet")).args(["reference", document]))
}
