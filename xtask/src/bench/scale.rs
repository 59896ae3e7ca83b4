//! Lists as they grow: every page of REST and console over a root organization with 1,000 sub-organizations, 100,000
//! certificates, 10,000 profiles and 1,000,000 activity records, and over 0.1 %, 1 % and 10 % of that, on SQLite and on PostgreSQL.
//!
//! The world is written straight into the database by `world.sql`, one text for both; through the product it would take
//! hours. Nothing in it opens: the keys and certificates are rows without meaning, and no page looks into them. The log
//! is a true one, chained by `crates/app/benches/log.rs`, because it is verified, too.

mod pages;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use self::pages::{Page, pages};
use super::{binary, expect_ok, milliseconds};
use crate::http::Connection;
use crate::postgres::Cluster;
use crate::server::Server;
use crate::workbench::Workbench;
use crate::{process, tools};

/// One size of the world.
#[derive(Clone, Copy)]
struct Size {
    subs: u32,
    certificates: u32,
    records: u32,
}

const SIZES: [Size; 4] = [size(1), size(10), size(100), size(1_000)];

const fn size(subs: u32) -> Size {
    Size {
        subs,
        certificates: 100 * subs,
        records: 1_000 * subs,
    }
}

/// How often each page is asked for.
const QUESTIONS: usize = 200;
/// What all ids of the world begin with, behind their prefix.
const IDS: &str = "01930000000070008000";
/// The random part of the Owner's token and of the session, as hexadecimal digits.
const RANDOM: &str = "5ca1e05ca1e05ca1e05ca1e05ca1e05ca1e05ca1e05ca1e0";

/// Times of one page at one size: median and 99 of 100.
type Times = (Duration, Duration);

/// What was found at one size.
struct Measured {
    pages: Vec<Times>,
    /// In the order of [`FACTS`].
    facts: [String; FACTS.len()],
}

/// What is measured besides pages.
const FACTS: [&str; 6] = [
    "records written in bulk, per second",
    "the whole log verified, ms",
    "memory of the server after that, MB",
    "permission of an Owner, µs",
    "permission of somebody with roles in 1,000 organizations, µs",
    "permission with its look at the database, µs",
];

/// Measures everything and gives the section of the document.
pub(super) fn section(bench: &Workbench, folder: &Path) -> anyhow::Result<String> {
    let postgres = tools::postgres_binaries().map(|programs| Cluster::start(&programs)).transpose()?;
    let pages = pages(bench)?;
    // Builds the program that fills the log, so that nobody's time has its compilation in it.
    inside(bench, &[])?;
    let mut columns = Vec::new();
    for cluster in [None].into_iter().chain(postgres.iter().map(Some)) {
        let name = if cluster.is_some() { "PostgreSQL" } else { "SQLite" };
        for size in SIZES {
            let measured = measure(bench, folder, &pages, size, cluster)?;
            columns.push((format!("{name}, {}", words(size.records)), measured));
        }
    }
    let mut head = String::new();
    for (name, _) in &columns {
        head += &format!(" {name} |");
    }
    head += &format!("\n|---|{}\n", "---|".repeat(columns.len()));
    let mut text = format!(
        "## Lists as they grow\n\n\
         Measured by `cargo xtask bench scale`: a root organization with 1, 10, 100 and 1,000 sub-organizations, 100 to 100,000\n\
         certificates, 10 to 10,000 profiles and 1,000 to 1,000,000 activity records, which name the column. Each page is\n\
         asked for {QUESTIONS} times over one connection, median / 99th percentile in milliseconds. Aim: ≤ 50 ms.\n\n| page |{head}"
    );
    for (row, page) in pages.iter().enumerate() {
        text += &format!("| {} |", page.what);
        for (_, measured) in &columns {
            let (median, worst) = measured.pages[row];
            text += &format!(" {} / {} |", bare(median), bare(worst));
        }
        text.push('\n');
    }
    text += &format!(
        "\nBesides, at the same sizes. Aims: the whole log of 1,000,000 records verified in ≤ 10 s, permission ≤ 50 µs. A record goes\n\
         into a dozen indices, which is what writing costs.\n\n| what |{head}"
    );
    for (row, what) in FACTS.iter().enumerate() {
        text += &format!("| {what} |");
        for (_, measured) in &columns {
            text += &format!(" {} |", measured.facts[row]);
        }
        text.push('\n');
    }
    Ok(text)
}

/// A round number, short.
fn words(number: u32) -> String {
    match number {
        1_000_000.. => format!("{}M", number / 1_000_000),
        _ => format!("{}k", number / 1_000),
    }
}

fn bare(time: Duration) -> String {
    milliseconds(time).trim_end_matches(" ms").to_owned()
}

fn id(prefix: &str, number: u32) -> String {
    format!("{prefix}_{IDS}{number:012}")
}

/// Makes a world of this size and asks it for every page.
fn measure(bench: &Workbench, folder: &Path, pages: &[Page], size: Size, cluster: Option<&Cluster>) -> anyhow::Result<Measured> {
    let kind = if cluster.is_some() { "postgres" } else { "sqlite" };
    let data = folder.join(format!("scale-{kind}-{}", size.subs));
    fs::create_dir_all(&data)?;
    println!("{kind} with {} records", size.records);
    let address = match cluster {
        Some(cluster) => Some(database(bench, cluster, size.subs)?),
        None => None,
    };
    let settings: Vec<(&str, &str)> = address.iter().map(|url| ("RUSSET_DATABASE", url.as_str())).collect();
    // The first start makes the tables.
    drop(Server::start_with(bench, &binary(bench), "serve", &data, folder, &settings)?);
    let script = data.join("world.sql");
    fs::write(&script, world(bench, &data, size, cluster.is_some())?)?;
    match &address {
        Some(url) => {
            let mut psql = bench.command("psql");
            psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--file"]);
            process::capture(psql.arg(&script).arg(url))?;
        }
        None => sqlite(bench, &data, &["BEGIN", &format!(".read {}", script.display()), "COMMIT"])?,
    }
    let location = address.clone().unwrap_or_else(|| data.display().to_string());
    let start = Instant::now();
    inside(bench, &["fill", &location, &size.records.to_string(), &size.subs.to_string()])?;
    let rate = f64::from(size.records) / start.elapsed().as_secs_f64();
    match &address {
        Some(url) => drop(process::capture(bench.command("psql").args([
            "--no-psqlrc",
            "--quiet",
            "--command",
            "VACUUM ANALYZE",
            url,
        ]))?),
        None => sqlite(bench, &data, &["ANALYZE"])?,
    }
    let token = token(bench, &data)?;
    let key_file = data.join("root.key").display().to_string();
    let permits = inside(bench, &["permit", &location, &key_file, &token, &id("org", 1)])?;
    let mut permits = permits
        .lines()
        .map(|line| line.trim().parse::<f64>().map(|nanoseconds| format!("{:.2}", nanoseconds / 1000.0)));
    let mut permit = || {
        permits
            .next()
            .context("a permission without a figure")?
            .context("a figure that is none")
    };

    let server = Server::start_with(bench, &binary(bench), "serve", &data, folder, &settings)?;
    let mut connection = Connection::open(&server.url)?;
    connection.headers.push(format!("authorization: Bearer {token}"));
    connection.headers.push(format!("cookie: russet={RANDOM}"));
    let asked: anyhow::Result<_> = pages.iter().map(|page| ask(&mut connection, page)).collect();
    let verified = verify(&mut connection, size)?;
    Ok(Measured {
        pages: asked?,
        facts: [
            format!("{rate:.0}"),
            bare(verified),
            format!("{:.0}", server.resident_megabytes()?),
            permit()?,
            permit()?,
            permit()?,
        ],
    })
}

/// Has the whole log verified, which must be whole.
fn verify(connection: &mut Connection, size: Size) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let found = connection.post(&format!("/api/v1/orgs/{}/activity/verify", id("org", 0)), &serde_json::json!({}))?;
    let took = start.elapsed();
    let records = found["records"].as_u64().unwrap_or_default();
    if found["whole"] != true || records < u64::from(size.records) {
        bail!("the log of {} records was found to be {found}", size.records);
    }
    Ok(took)
}

/// Runs `crates/app/benches/log.rs`.
fn inside(bench: &Workbench, arguments: &[&str]) -> anyhow::Result<String> {
    let mut cargo = bench.cargo();
    cargo.args(["bench", "--quiet", "--locked", "--package", "app", "--bench", "log", "--"]);
    process::capture(cargo.args(arguments))
}

fn sqlite(bench: &Workbench, data: &Path, commands: &[&str]) -> anyhow::Result<()> {
    let mut sqlite = bench.command("sqlite3");
    process::capture(sqlite.arg("-bail").arg(data.join("russet.db")).args(commands)).map(drop)
}

fn ask(connection: &mut Connection, page: &Page) -> anyhow::Result<Times> {
    let mut path = page.path.clone();
    for _ in 0..page.ahead {
        let answer = connection.get(&path)?;
        expect_ok(answer.status, &path)?;
        match next(page, &answer.text()) {
            Some(further) => path = further,
            None => break,
        }
    }
    let mut times = Vec::with_capacity(QUESTIONS);
    for _ in 0..QUESTIONS {
        let start = Instant::now();
        let status = connection.get(&path)?.status;
        times.push(start.elapsed());
        expect_ok(status, &path)?;
    }
    times.sort_unstable();
    Ok((times[QUESTIONS / 2], times[QUESTIONS * 99 / 100]))
}

/// Where the page says that the next one is.
fn next(page: &Page, text: &str) -> Option<String> {
    if page.path.starts_with("/api/") {
        let answer: serde_json::Value = serde_json::from_str(text).ok()?;
        let mark = if page.path.contains('?') { '&' } else { '?' };
        return Some(format!("{}{mark}cursor={}", page.path, answer["next_cursor"].as_str()?));
    }
    let (before, _) = text.split_once(">Next<")?;
    let (_, address) = before.rsplit_once("href=\"")?;
    // On the last page nothing leads on, and the link before belongs to something else.
    let address = address.strip_suffix('"')?;
    Some(address.replace("&amp;", "&").replace("&#38;", "&"))
}

/// An empty database in the cluster, of somebody whom its walls hold: they do not hold the cluster's superuser.
fn database(bench: &Workbench, cluster: &Cluster, number: u32) -> anyhow::Result<String> {
    let name = format!("scale_{number}");
    let (_, host) = cluster.url.split_once('@').context("an address without a host")?;
    let (host, _) = host.rsplit_once('/').context("an address without a database")?;
    let mut psql = bench.command("psql");
    psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
    for statement in [
        format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'"),
        format!("CREATE DATABASE {name} OWNER {name}"),
    ] {
        psql.args(["--command", &statement]);
    }
    process::capture(psql.arg(&cluster.url))?;
    Ok(format!("postgres://{name}:{name}@{host}/{name}"))
}

/// The script with everything filled in.
fn world(bench: &Workbench, data: &Path, size: Size, postgres: bool) -> anyhow::Result<String> {
    let literal = |hash: String| {
        if postgres {
            format!("'\\x{hash}'::bytea")
        } else {
            format!("X'{hash}'")
        }
    };
    let now = process::capture(bench.command("date").arg("+%s000000"))?.trim().to_owned();
    let (bytes, number_hash) = match postgres {
        true => (
            "decode(repeat(md5(CAST(i AS TEXT)), 88), 'hex')",
            "decode(md5(CAST(i AS TEXT)), 'hex')",
        ),
        false => ("randomblob(1400)", "randomblob(16)"),
    };
    let devices: Vec<String> = (0..100).map(|number| format!("00008110-{number:016X}")).collect();
    let filled = [
        ("{ID}", IDS.to_owned()),
        ("{SUBS}", size.subs.to_string()),
        ("{CERTIFICATES}", size.certificates.to_string()),
        ("{PROFILES}", (10 * size.subs).to_string()),
        ("{DEVICES}", serde_json::to_string(&devices)?),
        ("{NOW}", now),
        ("{TOKEN_HASH}", literal(sha256(bench, data, &token(bench, data)?)?)),
        ("{COOKIE_HASH}", literal(sha256(bench, data, RANDOM)?)),
        ("{NUMBER_HASH}", number_hash.to_owned()),
        ("{BYTES}", bytes.to_owned()),
    ];
    let text = include_str!("scale/world.sql").to_owned();
    let text = filled.iter().fold(text, |text, (name, value)| text.replace(name, value));
    // The walls let nothing in that is not said for whom.
    let opening = if postgres {
        "SELECT set_config('russet.all', 'on', true);\n"
    } else {
        ""
    };
    Ok(format!("{opening}{text}"))
}

/// The Owner's token: eight digits of a checksum follow the random ones.
fn token(bench: &Workbench, data: &Path) -> anyhow::Result<String> {
    let sum = sha256(bench, data, &format!("russet_{RANDOM}"))?;
    Ok(format!("russet_{RANDOM}{}", &sum[..8]))
}

fn sha256(bench: &Workbench, data: &Path, text: &str) -> anyhow::Result<String> {
    let file = data.join("hashed");
    fs::write(&file, text)?;
    let told = process::capture(bench.command("openssl").args(["dgst", "-sha256", "-r"]).arg(&file))?;
    match told.split_whitespace().next() {
        Some(hash) if hash.len() == 64 => Ok(hash.to_owned()),
        _ => bail!("openssl gave no hash: {told}"),
    }
}
