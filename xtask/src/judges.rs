//! Strangers' programs as judges: clients of App Store Connect over the simulator, readers of `.p12` and profiles over what
//! the command line writes.
//!
//! The scripts in `tests/judges/` drive unmodified packages from PyPI and npm. Each gets a simulator or a demo of its own,
//! so that none lives off what another left behind.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

use anyhow::{Context, bail};

use crate::report::{Outcome, Report, Tally};
use crate::server::{Server, demo_json};
use crate::workbench::Workbench;
use crate::{process, test};

/// `cargo xtask judges`: builds, installs and runs the judges alone.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut bench = Workbench::open()?;
    let mut report = Report::default();
    test::make_ready(&mut bench, &mut report);
    steps(&bench, &mut report);
    Ok(report.close())
}

/// The judges as steps of `cargo xtask test`. They need what [`test::make_ready`] exports.
pub(crate) fn steps(bench: &Workbench, report: &mut Report) {
    report.step("judge: codemagic-cli-tools", || match bench.exported("RUSSET_PYTHON") {
        Some(python) => of_simulator(bench, python, "codemagic_judge.py"),
        None => bench.lacking("codemagic-cli-tools is not installed"),
    });
    report.step("judge: node-app-store-connect-api", || {
        match bench.exported("RUSSET_NODE_MODULES") {
            Some(_) => of_simulator(bench, OsStr::new("node"), "node_judge.mjs"),
            None => bench.lacking("node-app-store-connect-api is not installed"),
        }
    });
    report.step("judges of downloads", || match bench.exported("RUSSET_PYTHON") {
        Some(python) => of_downloads(bench, python, "downloads_judge.py"),
        None => bench.lacking("Python's cryptography is not installed"),
    });
}

/// A script against a simulator of its own.
fn of_simulator(bench: &Workbench, interpreter: &OsStr, script: &str) -> anyhow::Result<Outcome> {
    let keys = empty_folder(bench, script)?;
    let simulator = Simulator::start(bench, &keys)?;
    sentence(bench, interpreter, script, &[OsStr::new(&simulator.url), keys.as_ref()])
}

/// A script over what the command line writes, against a demo of its own.
fn of_downloads(bench: &Workbench, interpreter: &OsStr, script: &str) -> anyhow::Result<Outcome> {
    let data = empty_folder(bench, script)?;
    let _demo = Server::start(bench, &bench.built("russet"), "demo", &data, &bench.journals())?;
    demo_json(&data)?;
    sentence(bench, interpreter, script, &[data.join("demo.json").as_ref()])
}

fn empty_folder(bench: &Workbench, script: &str) -> anyhow::Result<PathBuf> {
    let folder = bench.target.join("judges").join(script);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Runs the script to its end and takes its word from the closing line.
fn sentence(bench: &Workbench, interpreter: &OsStr, script: &str, arguments: &[&OsStr]) -> anyhow::Result<Outcome> {
    let mut command = bench.command(interpreter);
    command
        .env("RUSSET_BIN", bench.built("russet"))
        .arg(bench.root.join("tests/judges").join(script))
        .args(arguments);
    let mut tally = None;
    let status = process::each_line(&mut command, |line| {
        tally = closing_line(line).or(tally);
        !line.starts_with("ok ")
    })?;
    let tally = tally.with_context(|| format!("{script} ended with {status} before its closing line"))?;
    if !status.success() && tally.failed == 0 {
        bail!("{script} ended with {status}");
    }
    Ok(tally.into())
}

/// `N passed, N failed`.
fn closing_line(line: &str) -> Option<Tally> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(Tally {
        passed: passed.parse().ok()?,
        failed: failed.parse().ok()?,
    })
}

/// A running `russet simulator`, ended when dropped.
struct Simulator {
    child: Child,
    url: String,
    /// Kept open: a program that prints into a closed pipe dies of it.
    _stdout: BufReader<ChildStdout>,
}

impl Simulator {
    fn start(bench: &Workbench, keys: &Path) -> anyhow::Result<Self> {
        let mut command: Command = bench.command(bench.built("russet"));
        command.args(["simulator", "--listen", "127.0.0.1:0", "--keys-dir"]).arg(keys);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", bench.built("russet").display()))?;
        let mut stdout = BufReader::new(child.stdout.take().context("standard output was not piped")?);
        // It tells its addresses when it is ready to answer, App Store Connect first.
        let mut line = String::new();
        while stdout.read_line(&mut line)? > 0 {
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                let url = url.trim_end_matches('/').to_owned();
                return Ok(Self {
                    child,
                    url,
                    _stdout: stdout,
                });
            }
            line.clear();
        }
        bail!("the simulator told no address and ended with {}", child.wait()?)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It holds nothing that would have to be kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_of_a_judge_is_counted_and_no_other() {
        assert_eq!(closing_line("12 passed, 3 failed"), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(closing_line("ok      12 passed, none failed"), None);
        assert_eq!(closing_line("not ok  something failed"), None);
    }
}
