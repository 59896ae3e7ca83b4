//! `cargo xtask test`: every judgement over the project, one after the other, none hidden by the failure of another.
//!
//! Order matters for time only: the judges are fetched from their registries while the workspace compiles.

use std::fs;
use std::process::ExitCode;
use std::thread;

use anyhow::Context;

use crate::postgres::Cluster;
use crate::report::{Outcome, Report, Tally};
use crate::toolbox::{self, Toolbox};
use crate::workbench::Workbench;
use crate::{browser, checks, contract, generate, judges, libtest, process, rest, tools};

/// How much to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    Full,
    /// What an edit wants to know within minutes: no browser, no judges, nothing installed.
    Quick,
}

/// Runs the steps and prints the report.
pub(crate) fn run(extent: Extent) -> anyhow::Result<ExitCode> {
    let mut bench = Workbench::open()?;
    let mut report = Report::default();
    report.step("Apple's documents", || apple_documents(&bench));
    report.step("format", || format(&bench));
    checks::steps(&bench, &mut report);
    report.step("clippy", || clippy(&bench));
    match extent {
        Extent::Full => make_ready(&mut bench, &mut report),
        Extent::Quick => report.step("build", || build(&bench)),
    }

    report.step("generated files", || generate::check(&bench));

    let mut cluster = None;
    report.step("PostgreSQL", || {
        let Some(binaries) = tools::postgres_binaries() else {
            return bench.lacking("no PostgreSQL server programs: the tests run on SQLite only");
        };
        let started = Cluster::start(&binaries)?;
        bench.export("RUSSET_TEST_POSTGRES", &started.url);
        cluster = Some(started);
        Ok(Tally::ONE.into())
    });
    if extent == Extent::Full {
        // Over both databases that is the hundred of the promise.
        bench.export("RUSSET_KILL_POINTS", "50");
    }
    report.step("tests", || tests(&mut bench));
    if extent == Extent::Full {
        report.step("browser", || browser::stories(&bench));
        report.step("REST API against its document", || rest::step(&bench));
        judges::steps(&bench, &mut report);
    }
    // Last: it judges what all of the above left in the simulators' journals.
    report.step("contract with Apple's documents", || contract::step(&bench, &bench.journals()));
    drop(cluster);
    Ok(report.close())
}

/// Tools, judges and one build, as the full run needs them. The judges are fetched while the workspace compiles: one waits
/// for the network, the other for the processor.
pub(crate) fn make_ready(bench: &mut Workbench, report: &mut Report) {
    report.step("tools", || tools::prepare(bench));
    if let Some(chromium) = tools::chromium() {
        bench.export("RUSSET_CHROMIUM", chromium);
    }
    let toolbox = thread::scope(|scope| {
        let installing = scope.spawn(|| toolbox::prepare(bench));
        report.step("build", || build(bench));
        installing
            .join()
            .unwrap_or_else(|_| Err(anyhow::anyhow!("the installation panicked")))
    });
    report.step("judges installed", || installed(bench, toolbox));
}

/// Apple's OpenAPI documents are not ours to ship; what is judged by them needs them beside the checkout.
fn apple_documents(bench: &Workbench) -> anyhow::Result<Outcome> {
    let folder = bench.apple_documents();
    let documents = fs::read_dir(&folder).into_iter().flatten().flatten();
    let count = documents
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .count();
    if count == 0 {
        return bench.lacking(&format!("no OpenAPI documents of Apple's in {}", folder.display()));
    }
    Ok(Tally::ONE.into())
}

fn format(bench: &Workbench) -> anyhow::Result<Outcome> {
    if !process::succeeds(bench.cargo().args(["fmt", "--version"])) {
        return bench.lacking("rustfmt is not installed: rustup component add rustfmt");
    }
    process::check(bench.cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Tally::ONE.into())
}

fn clippy(bench: &Workbench) -> anyhow::Result<Outcome> {
    if !process::succeeds(bench.cargo().args(["clippy", "--version"])) {
        return bench.lacking("clippy is not installed: rustup component add clippy");
    }
    process::check(bench.cargo().args([
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    Ok(Tally::ONE.into())
}

/// One build for everything that follows: the same features for tests, binaries and examples, so nothing is built twice.
fn build(bench: &Workbench) -> anyhow::Result<Outcome> {
    process::check(bench.cargo().args(["build", "--quiet", "--locked", "--workspace", "--all-targets"]))?;
    Ok(Tally::ONE.into())
}

fn installed(bench: &mut Workbench, toolbox: anyhow::Result<Toolbox>) -> anyhow::Result<Outcome> {
    match toolbox {
        Ok(Toolbox { python, node_modules }) => {
            bench.export("RUSSET_PYTHON", python);
            bench.export("RUSSET_NODE_MODULES", node_modules);
            Ok(Tally::ONE.into())
        }
        Err(error) => bench.lacking(&format!("{error:#}")),
    }
}

fn tests(bench: &mut Workbench) -> anyhow::Result<Outcome> {
    let journals = bench.journals();
    if journals.exists() {
        fs::remove_dir_all(&journals)?;
    }
    fs::create_dir_all(&journals).with_context(|| format!("cannot create {}", journals.display()))?;
    bench.export("RUSSET_SIMULATOR_JOURNAL_DIR", &journals);

    let mut tally = Tally::default();
    let mut cargo = bench.cargo();
    cargo.args([
        "test",
        "--quiet",
        "--locked",
        "--workspace",
        "--no-fail-fast",
        "--",
        "--format=pretty",
    ]);
    let status = process::each_line(&mut cargo, |line| {
        if let Some(counts) = libtest::counts(line) {
            tally += counts;
        }
        libtest::worth_printing(line)
    })?;
    if !status.success() && tally.failed == 0 {
        // A test binary that does not compile, or dies, counts nothing of its own.
        tally.failed = 1;
    }
    Ok(tally.into())
}
