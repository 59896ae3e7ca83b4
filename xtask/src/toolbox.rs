//! The third-party judges from PyPI and npm, pinned in `tests/judges/` and installed into `.judges/`.
//!
//! They are strangers' programs: what we make must please them unmodified. A stamp with the pinned versions says whether
//! an installed set is still the wanted one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::process;
use crate::workbench::Workbench;

/// The two installed sets.
pub(crate) struct Toolbox {
    /// The interpreter of the virtual environment.
    pub(crate) python: PathBuf,
    /// `node_modules` with the packages of `tests/judges/package.json`.
    pub(crate) node_modules: PathBuf,
}

/// Installs what is not installed yet. Quiet: it runs while the workspace is compiled.
pub(crate) fn prepare(bench: &Workbench) -> anyhow::Result<Toolbox> {
    let judges = bench.judges();
    fs::create_dir_all(judges.join("cache"))?;
    Ok(Toolbox {
        python: python(bench, &judges)?,
        node_modules: node(bench, &judges)?,
    })
}

fn python(bench: &Workbench, judges: &Path) -> anyhow::Result<PathBuf> {
    let venv = judges.join("venv");
    let interpreter = venv.join("bin/python");
    let pins = bench.root.join("tests/judges/requirements.txt");
    up_to_date_or(&venv, &[&pins], || {
        process::capture(bench.command("python3").args(["-m", "venv"]).arg(&venv)).context("a Python environment for the judges")?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--cache-dir",
        ];
        process::capture(
            bench
                .command(&interpreter)
                .args(pip)
                .arg(judges.join("cache/pip"))
                .arg("--requirement")
                .arg(&pins),
        )?;
        Ok(())
    })?;
    Ok(interpreter)
}

fn node(bench: &Workbench, judges: &Path) -> anyhow::Result<PathBuf> {
    let folder = judges.join("node");
    let pins = ["package.json", "package-lock.json"].map(|name| bench.root.join("tests/judges").join(name));
    up_to_date_or(&folder, &[&pins[0], &pins[1]], || {
        fs::create_dir_all(&folder)?;
        for file in &pins {
            fs::copy(file, folder.join(file.file_name().context("a pinned file has a name")?))?;
        }
        let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--cache"];
        process::capture(bench.command("npm").current_dir(&folder).args(npm).arg(judges.join("cache/npm")))?;
        Ok(())
    })?;
    Ok(folder.join("node_modules"))
}

/// Runs `install` into an empty `folder` unless its stamp equals the pinned files.
fn up_to_date_or(folder: &Path, pins: &[&Path], install: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut wanted = String::new();
    for pin in pins {
        wanted += &fs::read_to_string(pin).with_context(|| format!("cannot read {}", pin.display()))?;
    }
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    install()?;
    fs::write(stamp, wanted)?;
    Ok(())
}
