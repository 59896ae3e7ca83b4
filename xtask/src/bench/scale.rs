//! Lists as they grow: every page of REST and console over a root organization with 1,000 sub-organizations and 100,000
//! certificates, at 1 %, 10 % and 100 % of that, on SQLite and on PostgreSQL.
//!
//! The world is written straight into the database by `world.sql`, one text for both; through the product it would take
//! hours. Nothing in it opens: the keys and certificates are rows without meaning, and no page looks into them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::{binary, expect_ok, milliseconds};
use crate::http::Connection;
use crate::postgres::Cluster;
use crate::server::Server;
use crate::workbench::Workbench;
use crate::{process, tools};

/// Sub-organizations and certificates of each size.
const SIZES: [(u32, u32); 3] = [(10, 1_000), (100, 10_000), (1_000, 100_000)];
/// How often each page is asked for.
const QUESTIONS: usize = 200;
/// What all ids of the world begin with, behind their prefix.
const IDS: &str = "01930000000070008000";
/// The random part of the Owner's token and of the session, as hexadecimal digits.
const RANDOM: &str = "5ca1e05ca1e05ca1e05ca1e05ca1e05ca1e05ca1e05ca1e0";

/// A page of a list, and where to go from it before it is asked for.
struct Page {
    what: &'static str,
    path: String,
    /// Pages to go on through their cursors; more than there are leads to the last.
    ahead: usize,
}

/// Times of one page at one size: median and 99 of 100.
type Times = (Duration, Duration);

/// Measures everything and gives the section of the document.
pub(super) fn section(bench: &Workbench, folder: &Path) -> anyhow::Result<String> {
    let mut columns = Vec::new();
    let postgres = tools::postgres_binaries().map(|programs| Cluster::start(&programs)).transpose()?;
    for (subs, certificates) in SIZES {
        columns.push((
            format!("SQLite, {certificates}"),
            measure(bench, folder, (subs, certificates), None)?,
        ));
    }
    for (subs, certificates) in SIZES {
        if let Some(cluster) = &postgres {
            let times = measure(bench, folder, (subs, certificates), Some(cluster))?;
            columns.push((format!("PostgreSQL, {certificates}"), times));
        }
    }
    let mut text = format!(
        "## Lists as they grow\n\n\
         A root organization that holds everything itself, with 10, 100 and 1,000 sub-organizations and 1,000, 10,000 and 100,000\n\
         certificates; each page asked for {QUESTIONS} times over one connection, median / 99th percentile in milliseconds. Aim: ≤ 50 ms.\n\n| page |"
    );
    for (name, _) in &columns {
        text += &format!(" {name} |");
    }
    text += &format!("\n|---|{}\n", "---|".repeat(columns.len()));
    for (row, page) in pages().iter().enumerate() {
        text += &format!("| {} |", page.what);
        for (_, times) in &columns {
            let (median, worst) = times[row];
            text += &format!(" {} / {} |", bare(median), bare(worst));
        }
        text.push('\n');
    }
    Ok(text)
}

fn bare(time: Duration) -> String {
    milliseconds(time).trim_end_matches(" ms").to_owned()
}

fn id(prefix: &str, number: u32) -> String {
    format!("{prefix}_{IDS}{number:012}")
}

fn pages() -> Vec<Page> {
    let root = id("org", 0);
    let rest = format!("/api/v1/orgs/{root}");
    let console = format!("/o/{root}");
    let page = |what, path: String, ahead| Page { what, path, ahead };
    vec![
        page("REST certificates, first page", format!("{rest}/certificates"), 0),
        page(
            "REST certificates by name, 20 pages on",
            format!("{rest}/certificates?sort=name"),
            20,
        ),
        page(
            "REST certificates by name, from behind",
            format!("{rest}/certificates?sort=-name"),
            0,
        ),
        page(
            "REST certificates of a rare type",
            format!("{rest}/certificates?kind=MAC_INSTALLER_DISTRIBUTION"),
            0,
        ),
        page(
            "REST certificates, a name that few have",
            format!("{rest}/certificates?search=person+777"),
            0,
        ),
        page(
            "REST certificates, a name that nobody has",
            format!("{rest}/certificates?search=nobody"),
            0,
        ),
        page("REST keys of the root, shared with all", format!("{rest}/keys"), 0),
        page(
            "REST keys in the last sub-organization, 50 lent",
            format!("/api/v1/orgs/{}/keys", id("org", 10)),
            0,
        ),
        page("REST activity", format!("{rest}/activity"), 0),
        page("Console overview", console.clone(), 0),
        page("Console certificates, first page", format!("{console}/certificates?held=only"), 0),
        page(
            "Console certificates, 20 pages on",
            format!("{console}/certificates?held=only&sort=name"),
            20,
        ),
        page(
            "Console certificates, expiring and searched",
            format!("{console}/certificates?held=only&state=expiring&q=person+7"),
            0,
        ),
        page("Console keys", format!("{console}/keys"), 0),
        page("Console activity", format!("{console}/activity"), 0),
    ]
}

/// Makes a world of this size and asks it for every page.
fn measure(bench: &Workbench, folder: &Path, size: (u32, u32), cluster: Option<&Cluster>) -> anyhow::Result<Vec<Times>> {
    let kind = if cluster.is_some() { "postgres" } else { "sqlite" };
    let data = folder.join(format!("scale-{kind}-{}", size.1));
    fs::create_dir_all(&data)?;
    println!("{kind} with {} certificates", size.1);
    let address = match cluster {
        Some(cluster) => Some(database(bench, cluster, size.1)?),
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
            process::capture(
                bench
                    .command("psql")
                    .args(["--no-psqlrc", "--quiet", "--command", "VACUUM ANALYZE", url]),
            )?;
        }
        None => {
            let mut sqlite = bench.command("sqlite3");
            let read = format!(".read {}", script.display());
            process::capture(sqlite.arg("-bail").arg(data.join("russet.db")).arg("BEGIN").arg(read).arg("COMMIT"))?;
        }
    }
    let server = Server::start_with(bench, &binary(bench), "serve", &data, folder, &settings)?;
    let mut connection = Connection::open(&server.url)?;
    connection.headers.push(format!("authorization: Bearer {}", token(bench, &data)?));
    connection.headers.push(format!("cookie: russet={RANDOM}"));
    pages().iter().map(|page| ask(&mut connection, page)).collect()
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
fn world(bench: &Workbench, data: &Path, (subs, certificates): (u32, u32), postgres: bool) -> anyhow::Result<String> {
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
    let filled = [
        ("{ID}", IDS.to_owned()),
        ("{SUBS}", subs.to_string()),
        ("{CERTIFICATES}", certificates.to_string()),
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
