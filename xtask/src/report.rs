//! What the steps found, told while they run and once more at the end.
//!
//! A step that fails does not stop the next one. The last line of a report is `N passed, N failed` and nothing else:
//! build servers read it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Counts of single tests. A check that cannot be divided counts as one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that held.
    pub(crate) passed: u64,
    /// Tests that did not.
    pub(crate) failed: u64,
}

impl Tally {
    /// One thing that held.
    pub(crate) const ONE: Self = Self { passed: 1, failed: 0 };
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// How a step ended, when it could be run at all.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It ran and counted this.
    Counted(Tally),
    /// It could not run here, for this reason. Never under `CI=true`, see [`crate::workbench::Workbench::lacking`].
    Skipped(String),
}

impl From<Tally> for Outcome {
    fn from(tally: Tally) -> Self {
        Self::Counted(tally)
    }
}

struct Line {
    name: String,
    took: Duration,
    result: anyhow::Result<Outcome>,
}

/// The steps so far.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// Runs one step and keeps what it found. The name is printed before, the result after.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce() -> anyhow::Result<Outcome>) {
        println!("\n==> {name}");
        let start = Instant::now();
        let result = run();
        let line = Line {
            name: name.to_owned(),
            took: start.elapsed(),
            result,
        };
        println!("{}", line.told());
        self.lines.push(line);
    }

    /// Prints every step once more and the closing line; failure if anything failed.
    pub(crate) fn close(self) -> ExitCode {
        println!("\n==> summary");
        let mut total = Tally::default();
        for line in &self.lines {
            println!("{}", line.told());
            total += line.tally();
        }
        println!("{} passed, {} failed", total.passed, total.failed);
        if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl Line {
    /// A step that could not finish is one failure, whatever it had counted.
    fn tally(&self) -> Tally {
        match &self.result {
            Ok(Outcome::Counted(tally)) => *tally,
            Ok(Outcome::Skipped(_)) => Tally::default(),
            Err(_) => Tally { passed: 0, failed: 1 },
        }
    }

    fn told(&self) -> String {
        let Self { name, took, result } = self;
        let seconds = took.as_secs_f64();
        match result {
            Ok(Outcome::Counted(Tally { passed, failed: 0 })) => {
                format!("    ok      {name}: {passed} ({seconds:.1} s)")
            }
            Ok(Outcome::Counted(Tally { passed, failed })) => {
                format!("    FAILED  {name}: {failed} of {} ({seconds:.1} s)", passed + failed)
            }
            Ok(Outcome::Skipped(why)) => format!("    SKIPPED {name}: {why}"),
            Err(error) => format!("    FAILED  {name}: {error:#} ({seconds:.1} s)"),
        }
    }
}
