//! A `russet` with a data directory of its own, started for judging or measuring it and killed afterwards.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::postgres::free_port;
use crate::workbench::Workbench;

/// Longer than any start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running process.
pub(crate) struct Server {
    child: Child,
    /// Its origin, without a slash at the end.
    pub(crate) url: String,
    /// When the process was started.
    pub(crate) started: Instant,
    /// From then to the first connection.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts `BINARY VERB --data FOLDER` on a free port and waits for it to take connections. Simulators in it keep their
    /// journal in `journal`.
    pub(crate) fn start(bench: &Workbench, binary: &Path, verb: &str, data: &Path, journal: &Path) -> anyhow::Result<Self> {
        Self::start_with(bench, binary, verb, data, journal, &[])
    }

    /// The same with variables of its environment.
    pub(crate) fn start_with(
        bench: &Workbench,
        binary: &Path,
        verb: &str,
        data: &Path,
        journal: &Path,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let mut command = bench.command(binary);
        command
            .args([verb, "--listen", &address, "--data"])
            .arg(data)
            .env("RUSSET_SIMULATOR_JOURNAL_DIR", journal)
            .envs(variables.iter().copied());
        let start = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start russet")?;
        let mut server = Self {
            child,
            url: format!("http://{address}"),
            started: start,
            ready_after: Duration::ZERO,
        };
        while TcpStream::connect(&address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("russet {verb} ended with {status}");
            }
            if start.elapsed() > PATIENCE {
                bail!("russet {verb} was not ready within {PATIENCE:?}");
            }
            wait(Duration::from_millis(2));
        }
        server.ready_after = start.elapsed();
        Ok(server)
    }

    /// Resident memory in megabytes.
    pub(crate) fn resident_megabytes(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a demo wrote for scripts, once it is written.
pub(crate) fn demo_json(data: &Path) -> anyhow::Result<Value> {
    let file = data.join("demo.json");
    let start = Instant::now();
    loop {
        if let Ok(text) = fs::read_to_string(&file)
            && let Ok(value) = serde_json::from_str(&text)
        {
            return Ok(value);
        }
        if start.elapsed() > PATIENCE {
            bail!("the demo wrote no demo.json");
        }
        wait(Duration::from_millis(5));
    }
}

/// Lets a foreign process do something.
#[expect(clippy::disallowed_methods, reason = "watches a foreign process, which has no event to wait for")]
pub(crate) fn wait(time: Duration) {
    std::thread::sleep(time);
}
