//! Stories in a real browser: `tests/browser/` by Node's own test runner, driving the Chromium of the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::report::{Outcome, Report, Tally};
use crate::workbench::Workbench;
use crate::{process, test, tools};

/// `cargo xtask browser`: builds and runs the stories alone.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut bench = Workbench::open()?;
    let mut report = Report::default();
    test::make_ready(&mut bench, &mut report);
    report.step("browser", || stories(&bench));
    Ok(report.close())
}

/// `cargo xtask screenshots FOLDER`: pictures of the pages, to be looked at by a person.
pub(crate) fn screenshots(folder: &Path) -> anyhow::Result<ExitCode> {
    let mut bench = Workbench::open()?;
    let mut report = Report::default();
    test::make_ready(&mut bench, &mut report);
    report.step("screenshots", || {
        process::check(node(&bench).arg("tests/browser/screenshots.mjs").arg(std::path::absolute(folder)?))?;
        Ok(Tally::ONE.into())
    });
    Ok(report.close())
}

/// Every story, each counted by itself.
pub(crate) fn stories(bench: &Workbench) -> anyhow::Result<Outcome> {
    if tools::chromium().is_none() || tools::on_path("node").is_none() {
        return bench.lacking("no Chromium or no Node");
    }
    let mut tally = Tally::default();
    let mut runner = node(bench);
    runner
        .args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
        .args(story_files(bench)?);
    let status = process::each_line(&mut runner, |line| {
        let number = |word: &str| line.strip_prefix(word).and_then(|count| count.trim().parse::<u64>().ok());
        tally.passed += number("# pass ").unwrap_or(0);
        tally.failed += number("# fail ").unwrap_or(0);
        worth_printing(line)
    })?;
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally.into())
}

/// Named one by one: what Node makes of a folder differs between its versions.
fn story_files(bench: &Workbench) -> anyhow::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(bench.root.join("tests/browser"))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    Ok(files)
}

/// Node with the driver's modules, the browser and the binary under test in its environment.
fn node(bench: &Workbench) -> Command {
    let mut node = bench.command("node");
    node.env("RUSSET_BIN", bench.built("russet")).env("NODE_NO_WARNINGS", "1");
    node
}

/// TAP, less its bookkeeping: names, and what failed with its reason.
fn worth_printing(line: &str) -> bool {
    let trimmed = line.trim_start();
    let bookkeeping = ["TAP version", "# ", "1..", "---", "...", "duration_ms", "type:"];
    !trimmed.is_empty() && !bookkeeping.iter().any(|start| trimmed.starts_with(start))
}
