//! Processes of the tests: servers that end with them, and people at a terminal of their own.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program under test.
pub(crate) const RUSSET: &str = env!("CARGO_BIN_EXE_russet");

/// Longer than anything here may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Asks again and again until there is an answer.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A server or simulator, killed when the test is done with it.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it and answers what it said up to the line that holds `ready`.
    pub(crate) fn start(arguments: &[&str], ready: &str) -> (Self, String) {
        let mut child = Command::new(RUSSET)
            .args(arguments)
            .env("RUSSET_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, stdout };
        let said = process.listen(ready);
        (process, said)
    }

    /// Reads on up to the line that holds this.
    pub(crate) fn listen(&mut self, word: &str) -> String {
        let mut said = String::new();
        while !said.contains(word) {
            assert!(self.stdout.read_line(&mut said).unwrap() > 0, "it ended, having said: {said}");
        }
        said
    }

    /// As `kill -9` does it: nothing is written any more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and answers whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The word in a text that begins so.
pub(crate) fn word<'t>(text: &'t str, beginning: &str) -> &'t str {
    text.split_whitespace()
        .find(|word| word.starts_with(beginning))
        .unwrap_or_else(|| panic!("nothing begins with {beginning} in: {text}"))
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}\n{}", self.out, self.err))
    }
}

/// Somebody with a home directory and an environment of their own.
pub(crate) struct Person {
    pub(crate) home: TempDir,
    environment: Vec<(String, String)>,
}

impl Person {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            environment: vec![],
        }
    }

    /// Somebody whose environment names server and token.
    pub(crate) fn with(url: &str, token: &str) -> Self {
        Self::new().set("RUSSET_URL", url).set("RUSSET_TOKEN", token)
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A file of this person's.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(RUSSET);
        let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("RUSSET_"));
        for name in ours {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env_remove("XDG_CONFIG_HOME")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.type_in(arguments, "")
    }

    /// Runs it with this on standard input.
    pub(crate) fn type_in(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command(arguments).spawn().unwrap();
        // Who does not read closes the pipe, which is no concern of ours.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The demo that all tests share.
pub(crate) struct Demo {
    described: Value,
    _directory: TempDir,
}

impl Demo {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.described[name].as_str().unwrap_or_else(|| panic!("no {name} in demo.json"))
    }

    pub(crate) fn person(&self) -> Person {
        Person::with(self.text("url"), self.text("token"))
    }

    /// File and Issuer ID of a key.
    pub(crate) fn key(&self, kind: &str, role: &str) -> (String, String) {
        let keys = self.described["keys"].as_array().unwrap();
        let key = keys
            .iter()
            .find(|key| key["kind"] == kind && key["roles"][0] == role)
            .unwrap_or_else(|| panic!("no {kind} key with {role}"));
        let text = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        (text("file"), text("issuer_id"))
    }
}

/// Starts it at the first call. A shell waits on a pipe of ours and ends the demo when this process is gone, however that
/// came.
pub(crate) fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("demo");
        #[expect(clippy::zombie_processes, reason = "it outlives this process by a moment")]
        let mut warden = Command::new("sh")
            .args([
                "-c",
                r#""$0" demo --data "$1" --listen 127.0.0.1:0 >/dev/null & cat >/dev/null; kill -9 $!"#,
                RUSSET,
            ])
            .arg(&data)
            .env("RUSSET_LOG", "error")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // Never closed and never waited for by us: the end of this process does it.
        std::mem::forget(warden.stdin.take());
        Demo {
            described: until("the demo is ready", || described(&data)),
            _directory: directory,
        }
    })
}

fn described(data: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(data.join("demo.json")).ok()?).ok()
}
