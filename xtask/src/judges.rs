//! Third-party clients against the simulator: what others believe App Store Connect to be, Russet's must be too.
//!
//! The scripts in `tests/judges/` drive unmodified packages from PyPI and npm against a `russet simulator` that is started
//! for each of them anew, so that none lives off what another left behind.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

use anyhow::{Context, bail};

use crate::report::{Outcome, Report, Tally};
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
    report.step("judge: codemagic-cli-tools", || {
        judge(bench, "RUSSET_PYTHON", None, "codemagic_judge.py")
    });
    report.step("judge: node-app-store-connect-api", || {
        judge(bench, "RUSSET_NODE_MODULES", Some("node"), "node_judge.mjs")
    });
}

/// Runs one script against a simulator of its own. `installed` is the variable that [`test::make_ready`] sets where the
/// judge could be installed; its value is the interpreter unless one is named.
fn judge(bench: &Workbench, installed: &str, interpreter: Option<&str>, script: &str) -> anyhow::Result<Outcome> {
    let Some(value) = bench.exported(installed) else {
        return bench.lacking("the judge is not installed");
    };
    let keys = bench.target.join("judges").join(script);
    if keys.exists() {
        std::fs::remove_dir_all(&keys)?;
    }
    std::fs::create_dir_all(&keys)?;
    let simulator = Simulator::start(bench, &keys)?;
    let mut command = bench.command(interpreter.map_or(value, AsRef::as_ref));
    command
        .arg(bench.root.join("tests/judges").join(script))
        .arg(&simulator.url)
        .arg(&keys);
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
