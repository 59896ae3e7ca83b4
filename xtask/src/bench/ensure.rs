//! What a build that asks for its signing set costs: requests to Apple, beside what codemagic-cli-tools sends to the same
//! simulator for the same, and the time that fifty jobs wait which ask at once, beside the time of one.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{Account, Figure, binary, milliseconds, requests};
use crate::http::Connection;
use crate::process;
use crate::server::{self, Server};
use crate::toolbox;
use crate::workbench::Workbench;

/// How many jobs ask at once.
const JOBS: usize = 50;
/// Apple's own answers come over the Internet; the simulator's do not.
const LATENCY: Duration = Duration::from_millis(100);
/// Each is asked for once, so that there is something to be made.
const APPS: [&str; 5] = [
    "no.halden.bench",
    "no.halden.at-once.alone",
    "no.halden.at-once.crowd",
    "no.halden.slow.alone",
    "no.halden.slow.crowd",
];
/// What an app has beside itself.
const EXTENSIONS: [&str; 3] = ["share", "watch", "widget"];

/// The tool's own entry point, with the address of its client set first, as in `tests/judges/codemagic_judge.py`.
const LAUNCHER: &str = "
import sys
from codemagic.apple.app_store_connect import AppStoreConnectApiClient
from codemagic.tools import AppStoreConnect
AppStoreConnectApiClient.API_URL = sys.argv.pop(1) + '/v1'
sys.argv[0] = 'app-store-connect'
sys.exit(AppStoreConnect.invoke_cli())
";

/// A demo with the apps that are asked for.
struct Stage {
    _server: Server,
    account: Account,
    demo: Value,
    data: std::path::PathBuf,
    journal: std::path::PathBuf,
}

impl Stage {
    fn open(bench: &Workbench, folder: &Path, name: &str, apps: &[&str]) -> anyhow::Result<Self> {
        let (data, journal) = (folder.join(name), folder.join(format!("{name}-journal")));
        fs::create_dir_all(&journal)?;
        let server = Server::start(bench, &binary(bench), "demo", &data, &journal)?;
        let demo = server::demo_json(&data)?;
        let account = Account::open(&server.url, &demo)?;
        let mut connection = account.connect()?;
        for identifier in apps.iter().flat_map(|app| identifiers(app)) {
            let path = account.path(&format!("keys/{}/apple/bundle-ids", account.admin));
            let begun = connection.post(&path, &json!({ "identifier": identifier }))?;
            finished(&account, &begun)?;
        }
        Ok(Self {
            _server: server,
            account,
            demo,
            data,
            journal,
        })
    }

    fn requests(&self) -> anyhow::Result<usize> {
        requests(&self.journal)
    }

    /// From now on the simulator answers as late as Apple.
    fn slow_apple(&self) -> anyhow::Result<()> {
        let control = self.demo["simulator_control_url"]
            .as_str()
            .context("demo.json without a control port")?;
        let effect = json!({ "kind": "delay", "milliseconds": u64::try_from(LATENCY.as_millis())? });
        Connection::open(control)?.post("/faults", &json!({ "times": 10_000, "effect": effect }))?;
        Ok(())
    }

    /// Asks for what an app needs, and waits until it is there.
    fn ensure(&self, app: &str) -> anyhow::Result<()> {
        let wish = json!({ "key": self.account.admin, "profile_type": "IOS_APP_STORE", "bundle_identifiers": identifiers(app) });
        let answer = self.account.connect()?.post(&self.account.path("signing-sets/ensure"), &wish)?;
        match answer.get("signing_set") {
            Some(set) if set["state"] == "complete" => Ok(()),
            Some(set) => bail!("{set}"),
            None => finished(&self.account, &answer["operation"]),
        }
    }
}

fn identifiers(app: &str) -> Vec<String> {
    let parts = EXTENSIONS.iter().map(|part| format!("{app}.{part}"));
    std::iter::once(app.to_owned()).chain(parts).collect()
}

/// Waits for an act as the command line does.
fn finished(account: &Account, operation: &Value) -> anyhow::Result<()> {
    let id = operation["id"].as_str().with_context(|| format!("no act: {operation}"))?;
    let mut connection = account.connect()?;
    for _ in 0..10 {
        let now = connection.get(&account.path(&format!("operations/{id}?wait=20")))?.json()?;
        match now["state"].as_str() {
            Some("done") => return Ok(()),
            Some("refused" | "failed") => bail!("{now}"),
            _ => {}
        }
    }
    bail!("{id} was not over in time")
}

/// The figures.
pub(super) fn figures(bench: &Workbench, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let ours = Stage::open(bench, folder, "ensure", &APPS)?;
    let theirs = Stage::open(bench, folder, "beside", &["no.halden.bench"])?;
    let (before, app) = (ours.requests()?, "no.halden.bench");
    ours.ensure(app)?;
    let cold = ours.requests()? - before;
    ours.ensure(app)?;
    let warm = ours.requests()? - before - cold;
    let mut tool = codemagic(bench, &theirs, app)?;
    let before = theirs.requests()?;
    process::capture(&mut tool)?;
    let beside_cold = theirs.requests()? - before;
    process::capture(&mut tool)?;
    let beside_warm = theirs.requests()? - before - beside_cold;
    let at_once = alone_and_crowd(&ours, "at-once")?;
    ours.slow_apple()?;
    let slow = alone_and_crowd(&ours, "slow")?;
    Ok(vec![
        Figure {
            what: "ensure a signing set of 4 bundle IDs, certificate and profiles to be made",
            measured: format!("{cold} of Apple's requests"),
            beside: format!("{beside_cold} by codemagic-cli-tools, `fetch-signing-files --create`"),
            aim: "≤ a third",
        },
        Figure {
            what: "the same set again",
            measured: format!("{warm} of Apple's requests"),
            beside: format!("{beside_warm} by codemagic-cli-tools"),
            aim: "0",
        },
        Figure {
            what: "50 jobs that ask at once for 4 profiles to be made, the slowest, Apple answering in 100 ms",
            measured: milliseconds(slow.1),
            beside: format!("{} for one alone", milliseconds(slow.0)),
            aim: "≤ 2 ×",
        },
        Figure {
            what: "the same, Apple answering at once",
            measured: milliseconds(at_once.1),
            beside: format!("{} for one alone", milliseconds(at_once.0)),
            aim: "",
        },
    ])
}

/// How long one job waits alone, and the slowest of a crowd.
fn alone_and_crowd(stage: &Stage, name: &str) -> anyhow::Result<(Duration, Duration)> {
    let start = Instant::now();
    stage.ensure(&format!("no.halden.{name}.alone"))?;
    let alone = start.elapsed();
    Ok((alone, crowd(stage, &format!("no.halden.{name}.crowd"))?))
}

/// How long the slowest of many waits that want the same at the same moment.
fn crowd(stage: &Stage, app: &str) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let times: anyhow::Result<Vec<Duration>> = thread::scope(|scope| {
        let jobs: Vec<_> = (0..JOBS)
            .map(|_| scope.spawn(move || stage.ensure(app).map(|()| start.elapsed())))
            .collect();
        jobs.into_iter()
            .map(|job| job.join().unwrap_or_else(|_| bail!("a job panicked")))
            .collect()
    });
    times?.into_iter().max().context("no job asked")
}

/// The command that does the same by the other tool, with a private key of its own.
fn codemagic(bench: &Workbench, stage: &Stage, app: &str) -> anyhow::Result<Command> {
    let python = toolbox::prepare(bench)?.python;
    let is_admin = |key: &&Value| key["kind"] == "team" && key["roles"].to_string().to_lowercase().contains("admin");
    let keys = stage.demo["keys"].as_array().context("demo.json without keys")?;
    let key = keys.iter().find(is_admin).context("no Admin key in demo.json")?;
    let text = |name: &str| key[name].as_str().with_context(|| format!("a key without {name}"));
    let (private_key, home) = (stage.data.join("signing.pem"), stage.data.join("codemagic"));
    fs::create_dir_all(&home)?;
    process::capture(
        bench
            .command("openssl")
            .args(["genrsa", "-traditional", "-out"])
            .arg(&private_key)
            .arg("2048"),
    )?;
    let file = |path: &Path| format!("@file:{}", path.display());
    let mut command = bench.command(python);
    command
        .args(["-c", LAUNCHER])
        .arg(stage.demo["simulator_url"].as_str().context("demo.json without a simulator")?)
        .args([
            "fetch-signing-files",
            app,
            "--type",
            "IOS_APP_STORE",
            "--create",
            "--certificate-key",
        ])
        .arg(file(&private_key))
        .args(["--issuer-id", text("issuer_id")?, "--key-id", text("key_id")?, "--private-key"])
        .arg(file(&stage.data.join(text("file")?)))
        .args(["--disable-jwt-cache", "--certificates-dir"])
        .arg(home.join("certificates"))
        .arg("--profiles-dir")
        .arg(home.join("profiles"))
        .env("HOME", &home);
    Ok(command)
}
