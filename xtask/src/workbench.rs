//! Where things lie and what every started program is told: the checkout, its build directory, the environment.
//!
//! Nothing is cached outside of the checkout: the judges and their download caches live in `.judges/`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::process;
use crate::report::Outcome;

/// The checkout and what has been made ready in it so far.
pub(crate) struct Workbench {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's build directory.
    pub(crate) target: PathBuf,
    /// `CI=true`: what is missing is a failure, not a skip.
    pub(crate) strict: bool,
    environment: BTreeMap<String, OsString>,
}

impl Workbench {
    /// Asks Cargo where everything is.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let mut cargo = Command::new(cargo_program());
        let metadata: Value = serde_json::from_str(&process::capture(cargo.args(["metadata", "--format-version=1", "--no-deps"]))?)?;
        let path = |key: &str| {
            metadata[key]
                .as_str()
                .map(PathBuf::from)
                .with_context(|| format!("cargo metadata without {key}"))
        };
        let mut bench = Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            strict: std::env::var_os("CI").is_some_and(|value| value == "true"),
            environment: BTreeMap::new(),
        };
        // A panic shall show where; an `anyhow` error must not capture a trace each time it is made.
        bench.export("RUST_BACKTRACE", "1");
        bench.export("RUST_LIB_BACKTRACE", "0");
        let documents = bench.apple_documents();
        if documents.is_dir() {
            bench.export("RUSSET_APPLE_DOCUMENTS", documents);
        }
        Ok(bench)
    }

    /// Every program started from now on sees this variable.
    pub(crate) fn export(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// What [`Self::export`] was given.
    pub(crate) fn exported(&self, name: &str) -> Option<&OsStr> {
        self.environment.get(name).map(OsString::as_os_str)
    }

    /// A program to be started in the root of the checkout.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).envs(&self.environment);
        command
    }

    /// The Cargo that started us.
    pub(crate) fn cargo(&self) -> Command {
        self.command(cargo_program())
    }

    /// Where judges and their caches are kept.
    pub(crate) fn judges(&self) -> PathBuf {
        self.root.join(".judges")
    }

    /// The folder with Apple's OpenAPI documents, which are not ours to ship: it lies beside the checkout.
    pub(crate) fn apple_documents(&self) -> PathBuf {
        self.root.parent().unwrap_or(Path::new("/")).join("shared/apple")
    }

    /// Where simulators that tests start write what went over the wire.
    pub(crate) fn journals(&self) -> PathBuf {
        self.target.join("journals")
    }

    /// A binary or example of the debug build.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// Something that a step needs is not here: a failure in CI, a loud skip on a person's machine.
    pub(crate) fn lacking(&self, what: &str) -> anyhow::Result<Outcome> {
        if self.strict {
            bail!("{what}; CI=true allows no skip");
        }
        Ok(Outcome::Skipped(what.to_owned()))
    }

    /// The files under version control, relative to the root; in a checkout without git, none.
    pub(crate) fn tracked_files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let list = process::capture(
            self.command("git")
                .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]),
        )
        .context("git lists the files that the checks read")?;
        Ok(list
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .filter(|name| self.root.join(name).is_file())
            .collect())
    }
}

fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
