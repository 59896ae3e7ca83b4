//! `cargo xtask bench`: how fast and how big, beside the raw limit of the same machine, measured in the same run.
//!
//! Asks the release binary as a stranger would: over HTTP, by its memory, by its start. Figures are for reading, not for failing: a
//! loaded machine is no fault of the code. Only the counts of requests to Apple are exact.

mod borders;
mod ensure;
mod scale;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::http::Connection;
use crate::process;
use crate::server::{self, Server};
use crate::workbench::Workbench;

/// How long each rate is measured, and over how many connections.
const SPAN: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 8;
/// Where the figures stand.
const DOCUMENT: &str = "docs/benchmarks.md";

/// One row of the table.
struct Figure {
    what: &'static str,
    measured: String,
    beside: String,
    aim: &'static str,
}

/// Builds, measures, prints the tables and writes them into `docs/benchmarks.md`.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let (bench, folder) = prepare()?;
    let mut figures = vec![version(&bench)?];
    figures.extend(start_and_memory(&bench, &folder)?);
    figures.extend(demo(&bench, &folder)?);
    figures.extend(borders::figures(&bench, &folder)?);
    figures.extend(ensure::figures(&bench, &folder)?);
    let (table, lists) = (table(&figures), scale::section(&bench, &folder)?);
    println!("\n{table}\n{lists}");
    fs::write(bench.root.join(DOCUMENT), format!("{}\n{lists}", head(&table)?))?;
    Ok(ExitCode::SUCCESS)
}

/// Measures only how lists grow, and leaves the rest of the document as it is.
pub(crate) fn run_scale() -> anyhow::Result<ExitCode> {
    let (bench, folder) = prepare()?;
    let lists = scale::section(&bench, &folder)?;
    println!("\n{lists}");
    let path = bench.root.join(DOCUMENT);
    let present = fs::read_to_string(&path)?;
    let head = present.split_once("\n## ").map_or(present.as_str(), |(head, _)| head);
    fs::write(&path, format!("{head}\n{lists}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Measures only what ensuring a signing set costs, and puts its rows into the table in the place of the old ones.
pub(crate) fn run_ensure() -> anyhow::Result<ExitCode> {
    let (bench, folder) = prepare()?;
    let figures = ensure::figures(&bench, &folder)?;
    let rows = table(&figures).lines().skip(2).map(|row| format!("{row}\n")).collect::<String>();
    println!("\n{rows}");
    let path = bench.root.join(DOCUMENT);
    let present = fs::read_to_string(&path)?;
    let (head, lists) = present.split_once("\n## ").context("no table in the document")?;
    let is_old = |line: &&str| figures.iter().any(|figure| line.starts_with(&format!("| {} |", figure.what)));
    let kept: String = head.lines().filter(|line| !is_old(line)).map(|line| format!("{line}\n")).collect();
    fs::write(&path, format!("{}\n{rows}\n## {lists}", kept.trim_end()))?;
    Ok(ExitCode::SUCCESS)
}

/// The release binary, and an empty folder.
fn prepare() -> anyhow::Result<(Workbench, PathBuf)> {
    let bench = Workbench::open()?;
    println!("building the release binary");
    process::check(
        bench
            .cargo()
            .args(["build", "--quiet", "--release", "--locked", "--package", "russet"]),
    )?;
    let folder = bench.target.join("bench");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok((bench, folder))
}

fn binary(bench: &Workbench) -> PathBuf {
    bench.target.join("release/russet")
}

fn version(bench: &Workbench) -> anyhow::Result<Figure> {
    let mut russet = bench.command(binary(bench));
    let ours = median_start(russet.arg("--version"))?;
    let nothing = median_start(&mut bench.command("true"))?;
    Ok(Figure {
        what: "`russet --version`, start to end",
        measured: milliseconds(ours),
        beside: format!("{} for `true`", milliseconds(nothing)),
        aim: "≤ 10 ms",
    })
}

fn median_start(command: &mut Command) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..31 {
        let start = Instant::now();
        process::capture(command)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

/// A server of one's own: started twice, once with everything to make, once with everything there.
fn start_and_memory(bench: &Workbench, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let data = folder.join("serve");
    let first = Server::start(bench, &binary(bench), "serve", &data, folder)?.ready_after;
    let server = Server::start(bench, &binary(bench), "serve", &data, folder)?;
    server::wait(Duration::from_secs(10));
    Ok(vec![
        Figure {
            what: "server ready after start",
            measured: milliseconds(server.ready_after),
            beside: format!("{} the first time: key, database, tables", milliseconds(first)),
            aim: "≤ 1 s",
        },
        Figure {
            what: "memory of the idle server",
            measured: format!("{:.1} MB", server.resident_megabytes()?),
            beside: "resident, after 10 s".to_owned(),
            aim: "≤ 60 MB",
        },
    ])
}

/// What needs an account: tokens, pages, and the requests that acts cost at Apple.
fn demo(bench: &Workbench, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let (data, journal) = (folder.join("demo"), folder.join("journal"));
    fs::create_dir_all(&journal)?;
    let server = Server::start(bench, &binary(bench), "demo", &data, &journal)?;
    let demo = server::demo_json(&data)?;
    let mut figures = vec![Figure {
        what: "demo ready after start",
        measured: milliseconds(server.started.elapsed()),
        beside: "simulator, server and example data".to_owned(),
        aim: "≤ 2 s",
    }];
    let account = Account::open(&server.url, &demo)?;
    figures.push(tokens(bench, &account)?);
    figures.extend(pages(&server.url, &demo)?);
    figures.extend(requests_at_apple(&account, &demo, &data, &journal)?);
    Ok(figures)
}

/// A demo's organization, over REST.
struct Account {
    url: String,
    bearer: String,
    organization: String,
    /// A linked key that may do everything.
    admin: String,
}

impl Account {
    fn open(url: &str, demo: &Value) -> anyhow::Result<Self> {
        let bearer = format!(
            "authorization: Bearer {}",
            demo["token"].as_str().context("demo.json without token")?
        );
        let mut account = Self {
            url: url.to_owned(),
            bearer,
            organization: String::new(),
            admin: String::new(),
        };
        let mut connection = account.connect()?;
        let me = connection.get("/api/v1/me")?.json()?;
        account.organization = me["organizations"][0]["id"]
            .as_str()
            .context("the demo's person has no organization")?
            .to_owned();
        let keys = connection.get(&account.path("keys"))?.json()?;
        let is_admin = |key: &&Value| key["kind"] == "team" && key["roles"].to_string().to_lowercase().contains("admin");
        let admin = keys["items"]
            .as_array()
            .and_then(|keys| keys.iter().find(is_admin))
            .context("no linked Admin key")?;
        account.admin = admin["id"].as_str().context("a key without id")?.to_owned();
        Ok(account)
    }

    fn connect(&self) -> anyhow::Result<Connection> {
        let mut connection = Connection::open(&self.url)?;
        connection.headers.push(self.bearer.clone());
        Ok(connection)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/orgs/{}/{rest}", self.organization)
    }
}

fn tokens(bench: &Workbench, account: &Account) -> anyhow::Result<Figure> {
    let path = account.path(&format!("keys/{}/apple-token", account.admin));
    let rate = rate(|| {
        let mut connection = account.connect()?;
        let path = path.clone();
        Ok(move || connection.post(&path, &json!({ "minutes": 5 })).map(drop))
    })?;
    Ok(Figure {
        what: "tokens for Apple minted through REST",
        measured: format!("{rate:.0} per second"),
        beside: format!(
            "{:.0} raw ES256 signatures per second; each token also commits a record first",
            raw_signatures(bench)?
        ),
        aim: "",
    })
}

/// What this machine can sign at most, on all its processors, by a library that does nothing else.
fn raw_signatures(bench: &Workbench) -> anyhow::Result<f64> {
    let processors = thread::available_parallelism()?.to_string();
    let report = process::capture(
        bench
            .command("openssl")
            .args(["speed", "-seconds", "3", "-multi", &processors, "-mr", "ecdsap256"]),
    )?;
    // `+F4:…:sign-seconds-per-operation-or-rate:…`; the last line of the machine-readable form holds both rates.
    let line = report
        .lines()
        .rfind(|line| line.starts_with("+F4:"))
        .context("openssl speed without a result")?;
    let fields: Vec<f64> = line.split(':').filter_map(|field| field.parse().ok()).collect();
    let sign = fields
        .get(fields.len().wrapping_sub(2))
        .copied()
        .context("openssl speed without a rate")?;
    Ok(if sign < 1.0 { 1.0 / sign } else { sign })
}

fn pages(url: &str, demo: &Value) -> anyhow::Result<Vec<Figure>> {
    let (cookies, home) = sign_in(url, demo)?;
    let connect = || -> anyhow::Result<Connection> {
        let mut connection = Connection::open(url)?;
        connection.headers.push(format!("cookie: {cookies}"));
        connection.headers.push("accept-encoding: gzip, br".to_owned());
        Ok(connection)
    };
    let keys = format!("{home}/keys");
    let page_rate = rate(|| {
        let (mut connection, path) = (connect()?, keys.clone());
        Ok(move || expect_ok(connection.get(&path)?.status, &path))
    })?;
    let (first_visit, asset) = first_visit(url, &home, &cookies)?;
    let file_rate = rate(|| {
        let (mut connection, path) = (connect()?, asset.clone());
        Ok(move || expect_ok(connection.get(&path)?.status, &path))
    })?;
    let list = connect()?.get(&keys)?.wire_bytes;
    Ok(vec![
        Figure {
            what: "console pages (list of keys)",
            measured: format!("{page_rate:.0} per second"),
            beside: format!("{file_rate:.0} embedded files per second by the same server"),
            aim: "",
        },
        Figure {
            what: "first visit: overview with everything it loads",
            measured: format!("{:.1} KB", first_visit as f64 / 1024.0),
            beside: format!("{:.1} KB for the next page", list as f64 / 1024.0),
            aim: "≤ 60 KB",
        },
    ])
}

fn expect_ok(status: u16, path: &str) -> anyhow::Result<()> {
    if status != 200 {
        bail!("{path} answered {status}");
    }
    Ok(())
}

/// Signs in by the form; gives the cookies and the address of the organization.
fn sign_in(url: &str, demo: &Value) -> anyhow::Result<(String, String)> {
    let mut connection = Connection::open(url)?;
    let form = connection.get("/sign-in")?;
    let before = form.cookies();
    let mut fields = hidden_fields(&form.text());
    for name in ["email", "password"] {
        fields.push((
            name.to_owned(),
            demo[name].as_str().context("demo.json without a sign-in")?.to_owned(),
        ));
    }
    connection.headers.push(format!("cookie: {before}"));
    connection.headers.push(format!("origin: {url}"));
    let answer = connection.post_form("/sign-in", &fields)?;
    let cookies = format!("{before}; {}", answer.cookies());
    let mut place = answer
        .header("location")
        .with_context(|| format!("signing in answered {}", answer.status))?
        .to_owned();
    connection.headers[0] = format!("cookie: {cookies}");
    while !place.starts_with("/o/") {
        let answer = connection.get(&place)?;
        place = answer
            .header("location")
            .with_context(|| format!("{place} leads nowhere"))?
            .to_owned();
    }
    Ok((cookies, place))
}

fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let inputs = page.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let hidden = inputs.filter(|input| input.contains("type=\"hidden\""));
    hidden
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// Bytes of the overview and of every file it names, and the largest such file's address.
fn first_visit(url: &str, home: &str, cookies: &str) -> anyhow::Result<(usize, String)> {
    let mut plain = Connection::open(url)?;
    plain.headers.push(format!("cookie: {cookies}"));
    let page = plain.get(home)?.text();
    plain.headers.push("accept-encoding: gzip, br".to_owned());
    let mut bytes = plain.get(home)?.wire_bytes;
    let named = ["href=\"", "src=\""]
        .into_iter()
        .flat_map(|start| page.split(start).skip(1))
        .filter_map(|rest| rest.split(['"', '#']).next());
    let files: BTreeSet<&str> = named.filter(|path| path.starts_with('/') && path.contains('.')).collect();
    let mut largest = (0, String::new());
    for file in files.into_iter().filter(|path| !path.ends_with(".json")) {
        let weight = plain.get(file)?.wire_bytes;
        bytes += weight;
        largest = largest.max((weight, file.to_owned()));
    }
    Ok((bytes, largest.1))
}

/// Calls per second over several connections at once.
fn rate<F>(prepare: impl Fn() -> anyhow::Result<F>) -> anyhow::Result<f64>
where
    F: FnMut() -> anyhow::Result<()> + Send,
{
    let calls: Vec<F> = (0..CONNECTIONS).map(|_| prepare()).collect::<anyhow::Result<_>>()?;
    let start = Instant::now();
    let count: anyhow::Result<u64> = thread::scope(|scope| {
        let workers: Vec<_> = calls
            .into_iter()
            .map(|mut call| {
                scope.spawn(move || -> anyhow::Result<u64> {
                    let mut count = 0;
                    while start.elapsed() < SPAN {
                        call()?;
                        count += 1;
                    }
                    Ok(count)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")))
            .sum()
    });
    Ok(count? as f64 / start.elapsed().as_secs_f64())
}

/// What acts cost of Apple's scarce requests, by the simulator's journal.
fn requests_at_apple(account: &Account, demo: &Value, data: &Path, journal: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut connection = account.connect()?;
    let mut cost = |what: &'static str, act: &mut dyn FnMut(&mut Connection) -> anyhow::Result<()>| -> anyhow::Result<Figure> {
        let before = requests(journal)?;
        act(&mut connection)?;
        let count = requests(journal)? - before;
        Ok(Figure {
            what,
            measured: format!("{count} of Apple's requests"),
            beside: String::new(),
            aim: "",
        })
    };
    let unlinked = unlinked_key(demo, data)?;
    Ok(vec![
        cost("add a key, with its feature table", &mut |connection| {
            connection.post(&account.path("keys"), &unlinked).map(drop)
        })?,
        cost("list certificates", &mut |connection| {
            let path = account.path(&format!("keys/{}/apple/certificates", account.admin));
            connection.get(&path)?.json().map(drop)
        })?,
        cost("create a certificate", &mut |connection| {
            let wanted = json!({ "key": account.admin, "certificate_type": "DISTRIBUTION" });
            let started = connection.post(&account.path("certificates"), &wanted)?;
            let operation = started["id"].as_str().context("an operation without id")?.to_owned();
            for _ in 0..100 {
                let now = connection.get(&account.path(&format!("operations/{operation}")))?.json()?;
                match now["state"].as_str() {
                    Some("done") => return Ok(()),
                    Some("refused" | "failed") => bail!("{now}"),
                    _ => server::wait(Duration::from_millis(100)),
                }
            }
            bail!("the certificate was not there after 10 s")
        })?,
    ])
}

/// The App Manager key that a demo leaves to its visitor, as `POST …/keys` takes it.
fn unlinked_key(demo: &Value, data: &Path) -> anyhow::Result<Value> {
    let is_app_manager = |key: &&Value| key["kind"] == "team" && key["roles"].to_string().to_lowercase().contains("app");
    let key = demo["keys"]
        .as_array()
        .and_then(|keys| keys.iter().find(is_app_manager))
        .context("no App Manager key in demo.json")?;
    let file = key["file"].as_str().context("a key without file")?;
    let private_key = fs::read_to_string(data.join(file)).with_context(|| format!("cannot read {file}"))?;
    Ok(json!({
        "name": "Benchmark", "kind": "team", "key_id": key["key_id"], "issuer_id": key["issuer_id"], "private_key": private_key,
    }))
}

fn requests(journal: &Path) -> anyhow::Result<usize> {
    let files: Vec<PathBuf> = fs::read_dir(journal)?.flatten().map(|entry| entry.path()).collect();
    let mut count = 0;
    for file in files {
        count += fs::read_to_string(file)?.lines().filter(|line| !line.is_empty()).count();
    }
    Ok(count)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn table(figures: &[Figure]) -> String {
    let mut table = "| what | measured | beside it | aim |\n|---|---|---|---|\n".to_owned();
    for Figure {
        what,
        measured,
        beside,
        aim,
    } in figures
    {
        table += &format!("| {what} | {measured} | {beside} | {aim} |\n");
    }
    table
}

/// The document down to its first table.
fn head(table: &str) -> anyhow::Result<String> {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("a processor without name", |(_, name)| name);
    let count = thread::available_parallelism()?;
    Ok(format!(
        "# Speed and memory\n\n\
         Measured by `cargo xtask bench`, which writes this file: {count} processors of the kind {model}, release build,\n\
         {CONNECTIONS} connections for {} s each, SQLite with full durability. Figures of a busy machine are lower; read each beside its neighbor.\n\n\
         {table}",
        SPAN.as_secs(),
    ))
}
