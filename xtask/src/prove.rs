//! `cargo xtask prove`: a test suite that nothing can turn red proves nothing.
//!
//! `xtask/faults.toml` names faults, each a piece of text in one file and what to put in its place. Every fault is put
//! into a copy of the checkout, on its own, and must turn the tests that are named with it red. It counts as noticed only if
//! the broken copy still compiles and the same tests were green before. A fault whose text is no longer found fails loudly:
//! the code moved on, and the proof has to follow.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

use crate::report::{Outcome, Report, Tally};
use crate::workbench::Workbench;
use crate::{libtest, process};

struct Fault {
    name: String,
    file: PathBuf,
    find: String,
    replace: String,
    /// Arguments of `cargo test` that choose what must turn red.
    tests: Vec<String>,
}

/// Proves all faults, or those whose name contains `wanted`.
pub(crate) fn run(wanted: Option<&str>) -> anyhow::Result<ExitCode> {
    let bench = Workbench::open()?;
    let faults: Vec<Fault> = read(&bench)?
        .into_iter()
        .filter(|fault| wanted.is_none_or(|part| fault.name.contains(part)))
        .collect();
    if faults.is_empty() {
        bail!("no fault in xtask/faults.toml is called like that");
    }
    let copy = Copy::make(&bench)?;
    let mut report = Report::default();
    let subsets: BTreeSet<&[String]> = faults.iter().map(|fault| fault.tests.as_slice()).collect();
    for tests in subsets {
        report.step(&format!("unbroken: cargo test {}", tests.join(" ")), || copy.is_green(tests));
    }
    for fault in &faults {
        report.step(&fault.name, || copy.notices(fault));
    }
    Ok(report.close())
}

fn read(bench: &Workbench) -> anyhow::Result<Vec<Fault>> {
    let table: toml::Table = fs::read_to_string(bench.root.join("xtask/faults.toml"))?
        .parse()
        .context("xtask/faults.toml")?;
    let faults = table
        .get("fault")
        .and_then(toml::Value::as_array)
        .context("faults.toml without a [[fault]]")?;
    let read_one = |fault: &toml::Value| {
        let text = |key: &str| {
            fault
                .get(key)
                .and_then(toml::Value::as_str)
                .map(str::to_owned)
                .with_context(|| format!("a fault without `{key}`"))
        };
        let tests = text("tests")?.split_whitespace().map(str::to_owned).collect();
        Ok(Fault {
            name: text("name")?,
            file: text("file")?.into(),
            find: text("find")?,
            replace: text("replace")?,
            tests,
        })
    };
    faults.iter().map(read_one).collect()
}

/// Whether every fault can still be put in: its text is found once. Cheap, so that each test run asks it.
pub(crate) fn faults_fit(bench: &Workbench) -> anyhow::Result<Outcome> {
    let mut tally = Tally::default();
    for fault in read(bench)? {
        fault.put_into(&fs::read_to_string(bench.root.join(&fault.file)).unwrap_or_default())?;
        tally += Tally::ONE;
    }
    Ok(tally.into())
}

impl Fault {
    /// The text of its file with the fault in it.
    fn put_into(&self, sound: &str) -> anyhow::Result<String> {
        let found = sound.matches(&self.find).count();
        if found != 1 {
            let Self { name, file, .. } = self;
            bail!(
                "the text of `{name}` is found {found} times in {}, not once: the code moved on, mend xtask/faults.toml",
                file.display()
            );
        }
        Ok(sound.replace(&self.find, &self.replace))
    }
}

/// The checkout once more, below the build directory, with a build directory of its own.
struct Copy<'a> {
    bench: &'a Workbench,
    tree: PathBuf,
    build: PathBuf,
}

impl<'a> Copy<'a> {
    fn make(bench: &'a Workbench) -> anyhow::Result<Self> {
        let home = bench.target.join("prove");
        let copy = Self {
            bench,
            tree: home.join("tree"),
            build: home.join("build"),
        };
        let mut kept = BTreeSet::new();
        for file in bench.tracked_files()? {
            let target = copy.tree.join(&file);
            // Written only when it differs: an unchanged time stamp spares a rebuild.
            let content = fs::read(bench.root.join(&file))?;
            if fs::read(&target).ok().as_ref() != Some(&content) {
                fs::create_dir_all(target.parent().context("a file lies in a folder")?)?;
                fs::write(&target, content)?;
            }
            kept.insert(target);
        }
        remove_others(&copy.tree, &kept)?;
        copy.lend_apple_documents(&home)?;
        Ok(copy)
    }

    /// Tests look for Apple's documents beside the checkout; beside the copy there is a link.
    fn lend_apple_documents(&self, home: &Path) -> anyhow::Result<()> {
        let (original, link) = (self.bench.apple_documents(), home.join("shared/apple"));
        if original.is_dir() && !link.exists() {
            fs::create_dir_all(home.join("shared"))?;
            std::os::unix::fs::symlink(original, link)?;
        }
        Ok(())
    }

    fn cargo_test(&self, tests: &[String]) -> Command {
        let mut cargo = self.bench.cargo();
        // A skipped judge is no proof of anything, but it is no fault of the code either: strictness stays with `test`.
        cargo.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.build).env_remove("CI");
        cargo.args(["test", "--quiet", "--locked", "--no-fail-fast"]).args(tests);
        cargo
    }

    /// Counts of a test run; an error if it does not even compile.
    fn test(&self, tests: &[String]) -> anyhow::Result<Tally> {
        process::capture(self.cargo_test(tests).arg("--no-run")).context("the copy does not compile, which proves nothing")?;
        let mut cargo = self.cargo_test(tests);
        cargo.args(["--", "--format=pretty"]).stderr(std::process::Stdio::null());
        let mut tally = Tally::default();
        let status = process::each_line(&mut cargo, |line| {
            tally += libtest::counts(line).unwrap_or_default();
            line.starts_with("test ") && line.ends_with("FAILED")
        })?;
        if !status.success() && tally.failed == 0 {
            tally.failed = 1;
        }
        Ok(tally)
    }

    fn is_green(&self, tests: &[String]) -> anyhow::Result<Outcome> {
        let tally = self.test(tests)?;
        if tally.failed > 0 || tally.passed == 0 {
            bail!("{} passed and {} failed without any fault", tally.passed, tally.failed);
        }
        Ok(Tally::ONE.into())
    }

    fn notices(&self, fault: &Fault) -> anyhow::Result<Outcome> {
        let path = self.tree.join(&fault.file);
        let sound = fs::read_to_string(&path).with_context(|| format!("{} is gone: move the fault", fault.file.display()))?;
        fs::write(&path, fault.put_into(&sound)?)?;
        let result = self.test(&fault.tests);
        fs::write(&path, sound)?;
        let tally = result?;
        if tally.failed == 0 {
            bail!("{} tests stayed green over it", tally.passed);
        }
        println!("    noticed by {} of {} tests", tally.failed, tally.failed + tally.passed);
        Ok(Tally::ONE.into())
    }
}

/// Removes what an earlier copy had and the checkout no longer has.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
