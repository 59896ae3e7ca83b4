//! A PostgreSQL cluster of our own for the length of one test run.
//!
//! Made by `initdb` in a temporary folder and listening on a free loopback port behind a random password. Durability is
//! switched off: the tests kill our server, never the database's. PostgreSQL refuses to run as root, so root runs it as
//! the packaged user `postgres`; that is also why the folder is not inside the checkout, which that user may not reach.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::{process, tools};

/// A running cluster; dropping it stops the server and removes its folder.
pub(crate) struct Cluster {
    server: Child,
    folder: PathBuf,
    /// `postgres://…` of a superuser, who may create the databases that tests want.
    pub(crate) url: String,
}

impl Cluster {
    /// Makes and starts a cluster with the programs in `binaries`, and returns when it answers.
    pub(crate) fn start(binaries: &Path) -> anyhow::Result<Self> {
        let owner = Owner::choose()?;
        let password = random_hex()?;
        let folder = std::env::temp_dir().join(format!("russet-postgres-{}", random_hex()?));
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        let password_file = folder.join("password");
        fs::write(&password_file, &password)?;
        owner.give(&folder)?;
        owner.give(&password_file)?;

        let data = folder.join("data");
        let initdb = [
            "--username=russet",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ];
        process::capture(
            owner
                .command(binaries.join("initdb"))
                .current_dir(&folder)
                .args(initdb)
                .arg("--pwfile")
                .arg(&password_file)
                .arg("--pgdata")
                .arg(&data),
        )?;
        fs::remove_file(&password_file)?;

        let port = free_port()?;
        let log = fs::File::create(folder.join("log"))?;
        let mut postgres = owner.command(binaries.join("postgres"));
        postgres.current_dir(&folder).arg("-D").arg(&data).arg("-k").arg(&folder);
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "fsync=off".to_owned(),
            "synchronous_commit=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "max_connections=300".to_owned(),
        ];
        for setting in &settings {
            postgres.args(["-c", setting]);
        }
        let server = postgres
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start postgres")?;
        let mut cluster = Self {
            server,
            folder,
            url: format!("postgres://russet:{password}@127.0.0.1:{port}/postgres"),
        };
        cluster.wait_until_ready(binaries, port)?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self, binaries: &Path, port: u16) -> anyhow::Result<()> {
        let mut ready = Command::new(binaries.join("pg_isready"));
        ready.args(["--quiet", "--host=127.0.0.1", &format!("--port={port}")]);
        for _ in 0..300 {
            if process::succeeds(&mut ready) {
                return Ok(());
            }
            if self.server.try_wait()?.is_some() {
                break;
            }
            pause();
        }
        bail!(
            "PostgreSQL did not come up:\n{}",
            fs::read_to_string(self.folder.join("log")).unwrap_or_default()
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGTERM would wait for clients to go; nothing in here is worth a clean stop.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Who the database runs as: ourselves, or `postgres` when we are root.
struct Owner(Option<(u32, u32)>);

impl Owner {
    fn choose() -> anyhow::Result<Self> {
        if !tools::is_root() {
            return Ok(Self(None));
        }
        let number = |flag: &str| -> anyhow::Result<u32> {
            let id = process::capture(Command::new("id").args([flag, "postgres"]));
            Ok(id
                .context("PostgreSQL refuses to run as root, and there is no user `postgres`")?
                .trim()
                .parse()?)
        };
        Ok(Self(Some((number("-u")?, number("-g")?))))
    }

    fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }

    fn give(&self, path: &Path) -> anyhow::Result<()> {
        if let Some((user, group)) = self.0 {
            chown(path, Some(user), Some(group))?;
        }
        Ok(())
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[expect(clippy::disallowed_methods, reason = "polls a foreign process, which has no event to wait for")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}
