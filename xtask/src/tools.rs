//! The programs that the full test run needs beside Rust, and how a machine comes by them.
//!
//! On Debian and as root they are installed; elsewhere one line says what to type. Nothing is installed in a quick run.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;
use crate::report::{Outcome, Tally};
use crate::workbench::Workbench;

struct Tool {
    name: &'static str,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
    here: fn() -> bool,
}

const TOOLS: [Tool; 6] = [
    Tool {
        name: "PostgreSQL server",
        packages: &["postgresql"],
        here: || postgres_binaries().is_some(),
    },
    Tool {
        name: "Chromium",
        packages: &["chromium"],
        here: || chromium().is_some(),
    },
    Tool {
        name: "Java keytool",
        packages: &["default-jre-headless"],
        here: || on_path("keytool").is_some(),
    },
    Tool {
        name: "Python 3 with venv",
        packages: &["python3", "python3-venv", "python3-pip"],
        here: || process::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"])),
    },
    Tool {
        name: "Node and npm",
        packages: &["nodejs", "npm"],
        here: || on_path("node").is_some() && on_path("npm").is_some(),
    },
    Tool {
        name: "OpenSSL",
        packages: &["openssl", "ca-certificates"],
        here: || on_path("openssl").is_some(),
    },
];

/// Finds or installs every tool; each counts as one.
pub(crate) fn prepare(bench: &Workbench) -> anyhow::Result<Outcome> {
    let wanted: Vec<&str> = TOOLS
        .iter()
        .filter(|tool| !(tool.here)())
        .flat_map(|tool| tool.packages)
        .copied()
        .collect();
    if !wanted.is_empty() {
        let line = format!(
            "apt-get update && apt-get install --yes --no-install-recommends {}",
            wanted.join(" ")
        );
        if is_root() && on_path("apt-get").is_some() {
            install(bench, &wanted)?;
        } else {
            println!("    to install what is missing: sudo sh -c '{line}'");
        }
    }
    let mut tally = Tally::default();
    for tool in &TOOLS {
        let here = (tool.here)();
        println!("    {:<20} {}", tool.name, if here { "found" } else { "MISSING" });
        tally += Tally {
            passed: here.into(),
            failed: (!here && bench.strict).into(),
        };
    }
    Ok(tally.into())
}

fn install(bench: &Workbench, packages: &[&str]) -> anyhow::Result<()> {
    println!("    installing {}", packages.join(" "));
    let apt = || {
        let mut command = bench.command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet=2");
        command
    };
    process::capture(apt().arg("update"))?;
    process::capture(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    Ok(())
}

/// The folder with `initdb` and `postgres`: the newest of Debian's, else whatever is on the path.
pub(crate) fn postgres_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .max();
    newest
        .map(|(_, folder)| folder)
        .or_else(|| on_path("postgres")?.parent().map(Path::to_owned))
}

/// A Chromium, however this system calls it.
pub(crate) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)
}

/// The first program of this name on the path.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Whether we may install packages, and must not run PostgreSQL as ourselves.
pub(crate) fn is_root() -> bool {
    process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
