//! Other people's programs that judge our files: openssl, keytool, Python.
//!
//! A judge that is missing is said aloud and skipped, except under `CI=true`, where it is a failure.
#![expect(clippy::print_stdout, reason = "a skipped judge is said aloud")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Says aloud that one verdict was left out, because a judge lacks what it takes.
pub(crate) fn skipped(what: &str) {
    println!("SKIPPED judge: {what}");
}

/// A program found on this machine.
pub(crate) struct Judge {
    program: PathBuf,
}

impl Judge {
    /// The judge named `program`, if it answers `probe`; otherwise says so, and fails under CI.
    pub(crate) fn find(program: &str, probe: &[&str]) -> Option<Self> {
        let answers = Command::new(program)
            .args(probe)
            .stdin(Stdio::null())
            .output()
            .is_ok_and(|output| output.status.success());
        if answers {
            return Some(Self {
                program: PathBuf::from(program),
            });
        }
        println!("SKIPPED judge: {program} {}", probe.join(" "));
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "under CI=true every judge must be there: {program}"
        );
        None
    }

    pub(crate) fn openssl() -> Option<Self> {
        Self::find("openssl", &["version"])
    }

    pub(crate) fn keytool() -> Option<Self> {
        Self::find("keytool", &["-help"])
    }

    /// Python with the packages that `tests/judges/` needs; `RUSSET_PYTHON` may name the interpreter.
    pub(crate) fn python() -> Option<Self> {
        let python = std::env::var("RUSSET_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        Self::find(&python, &["-c", "import cryptography, plistlib"])
    }

    /// Runs the judge in `folder`, where its files lie.
    pub(crate) fn run(&self, folder: &Path, arguments: &[&str]) -> Verdict {
        self.run_with_password("", folder, arguments)
    }

    /// The same with a password in the variable `P12_PASSWORD`, so that no shell and no trimming touches it.
    pub(crate) fn run_with_password(&self, password: &str, folder: &Path, arguments: &[&str]) -> Verdict {
        let output = Command::new(&self.program)
            .args(arguments)
            .env("P12_PASSWORD", password)
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Verdict::new(&output)
    }
}

/// The path of a script in `tests/judges/` at the repository's root.
pub(crate) fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges").join(name);
    path.to_str().unwrap().to_owned()
}

/// What a judge said.
pub(crate) struct Verdict {
    pub(crate) success: bool,
    /// Standard output, then standard error.
    pub(crate) words: String,
}

impl Verdict {
    fn new(output: &Output) -> Self {
        let words = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        Self {
            success: output.status.success(),
            words: String::from_utf8_lossy(&words).into_owned(),
        }
    }

    /// The words, after making sure that the judge agreed.
    #[track_caller]
    pub(crate) fn agreed(self) -> String {
        assert!(self.success, "the judge refused:\n{}", self.words);
        self.words
    }
}
