//! A PostgreSQL for tests: an empty database for each test that asks.
//!
//! The server is the one that `RUSSET_TEST_POSTGRES` names (an address of a superuser). Without it,
//! one is made for this test process where PostgreSQL's programs are installed: `initdb` in a
//! temporary folder, reached over a socket in that folder, durability off.
//!
//! A test gets a database that belongs to a role of its own, which is no superuser: row-level security
//! binds it, as it shall bind the product's.
//!
//! A small shell waits on a pipe from us and takes the server down when the pipe closes, so that
//! it goes away however this process ends, by a kill too.
//!
//! Where there is no PostgreSQL, tests on it are skipped, said loudly and past the capture of the
//! test harness; under `CI=true` they fail.
//!
//! This file stands on the standard library alone: crates below `testkit` take it in by path.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The address of the server that tests may use, of somebody who may everything there, and its client program.
struct Server {
    address: String,
    psql: PathBuf,
}

/// The role that the databases of tests belong to, which is also its password where one is asked for.
const ROLE: &str = "russet_tests";

/// An empty database, dropped with this value.
#[derive(Debug)]
pub struct Database {
    /// `postgres://…` of its owner, who is no superuser.
    pub url: String,
    name: String,
}

impl Database {
    /// An empty database, or none where PostgreSQL is not to be had.
    ///
    /// # Panics
    /// Under `CI=true` where there is none, and when the server refuses.
    #[must_use]
    pub fn fresh() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = server()?;
        let name = format!("russet_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        // Left over from a process of the same number that was killed.
        psql(server, &format!("DROP DATABASE IF EXISTS {name}"));
        psql(server, &format!("CREATE DATABASE {name} OWNER {ROLE}"));
        Some(Self {
            url: of_role(&with_database(&server.address, &name)),
            name,
        })
    }

    /// Runs a statement in it, as a superuser and past every wall.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, statement: &str) {
        let server = server().expect("there is one, or this database would not be");
        let inside = Server {
            address: with_database(&server.address, &self.name),
            psql: server.psql.clone(),
        };
        psql(&inside, statement);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = server() {
            psql(server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let server = find()?;
            // Test processes that start at once take turns: roles belong to all databases of the server.
            let make_role = format!(
                "SELECT pg_advisory_lock(125848773682548);
                 DO $$ BEGIN
                     IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
                         CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}' NOSUPERUSER NOBYPASSRLS;
                     END IF;
                 END $$"
            );
            psql(&server, &make_role);
            Some(server)
        })
        .as_ref()
}

fn find() -> Option<Server> {
    let programs = programs();
    let psql = programs.iter().map(|folder| folder.join("psql")).find(|file| file.is_file());
    let found = match (std::env::var("RUSSET_TEST_POSTGRES"), psql) {
        (Ok(address), Some(psql)) => Some(Server { address, psql }),
        (Err(_), Some(psql)) => programs
            .iter()
            .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
            .map(|folder| start(folder, psql)),
        (_, None) => None,
    };
    if found.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(
            !ci,
            "CI needs PostgreSQL: set RUSSET_TEST_POSTGRES, or install PostgreSQL with its client"
        );
        let told = b"\nSKIPPED: tests on PostgreSQL (set RUSSET_TEST_POSTGRES, or install PostgreSQL)\n";
        drop(std::io::stderr().write_all(told));
    }
    found
}

/// Folders that may hold PostgreSQL's programs: Debian's, the newest first, then the path.
fn programs() -> Vec<PathBuf> {
    let mut packaged: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    packaged.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let path = std::env::var_os("PATH").unwrap_or_default();
    packaged
        .into_iter()
        .map(|(_, folder)| folder)
        .chain(std::env::split_paths(&path))
        .collect()
}

/// Makes a server for this process.
fn start(programs: &Path, psql: PathBuf) -> Server {
    let folder = std::env::temp_dir().join(format!("russet-pg-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir(&folder).expect("a temporary folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("its mode");
    let root = fs::metadata(&folder).expect("its owner").uid() == 0;
    let owner = root.then(|| (id("-u"), id("-g")));
    if let Some((user, group)) = owner {
        chown(&folder, Some(user), Some(group)).expect("root may give a folder away");
    }
    let command = |program: OsString| {
        let mut command = Command::new(program);
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        command.current_dir(&folder);
        command
    };
    let data = folder.join("data");
    let mut initdb = command(programs.join("initdb").into());
    initdb.args([
        "--username=russet",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--pgdata",
    ]);
    run(initdb.arg(&data));

    let settings = format!(
        "-k {} -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300",
        folder.display()
    );
    let mut up = command(programs.join("pg_ctl").into());
    up.arg("--pgdata")
        .arg(&data)
        .arg("--log")
        .arg(folder.join("log"))
        .arg("--wait")
        .arg("--options")
        .arg(settings);
    run(up.arg("start"));

    let mut warden = command("sh".into());
    warden
        .args(["-c", r#"cat; "$0" --pgdata "$1/data" --mode immediate stop; cd /; rm -rf "$1""#])
        .arg(programs.join("pg_ctl"))
        .arg(&folder)
        // A Ctrl-C on the terminal is for the tests; the warden notices their end by the pipe.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let warden = warden.spawn().expect("a shell");
    // Never closed by us: the end of this process does it.
    std::mem::forget(warden);
    Server {
        address: format!("postgres://russet@localhost/postgres?host={}", folder.display()),
        psql,
    }
}

/// PostgreSQL refuses to run as root; its package has made a user for it.
fn id(flag: &str) -> u32 {
    let output = Command::new("id").args([flag, "postgres"]).output().expect("id");
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    text.parse()
        .expect("PostgreSQL refuses to run as root, and there is no user `postgres`")
}

fn psql(server: &Server, statement: &str) {
    let mut command = Command::new(&server.psql);
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement]);
    run(command.env("PGOPTIONS", "-c client_min_messages=warning").arg(&server.address));
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    assert!(
        output.status.success(),
        "{:?} failed: {}",
        command.get_program(),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The address with the role of tests in the place of whoever it is for.
fn of_role(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{ROLE}:{ROLE}@{host}{path}")
}

/// The address with another database in its path.
fn with_database(address: &str, name: &str) -> String {
    let (start, query) = address
        .split_once('?')
        .map_or((address, None), |(start, query)| (start, Some(query)));
    let (scheme, rest) = start.split_once("://").unwrap_or(("postgres", start));
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    match query {
        Some(query) => format!("{scheme}://{authority}/{name}?{query}"),
        None => format!("{scheme}://{authority}/{name}"),
    }
}
