//! SQLite as a database for secrets: what must be set, and the proof that it is.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row as _, SqlitePool};

use crate::{Result, StoreError};

/// How long a statement waits for another process, and a call for the one writer.
const PATIENCE: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// What every connection must say about itself.
const SETTINGS: [(&str, &str, &str); 5] = [
    ("journal_mode", "PRAGMA journal_mode", "wal"),
    ("synchronous", "PRAGMA synchronous", "2"),
    ("foreign_keys", "PRAGMA foreign_keys", "1"),
    ("secure_delete", "PRAGMA secure_delete", "1"),
    ("trusted_schema", "PRAGMA trusted_schema", "0"),
];

/// One connection that writes and a few that read.
pub(crate) struct Pools {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// Opens `russet.db` in this directory, making both for nobody else to read.
pub(crate) async fn open(directory: &Path) -> Result<Pools> {
    let file = directory.join("russet.db");
    make_private(directory, &file).map_err(|source| StoreError::Directory {
        directory: directory.to_owned(),
        source,
    })?;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF");
    let writer = pool(1).connect_with(options.clone()).await?;
    read_back(&mut *writer.acquire().await?).await?;
    let readers = pool(READERS).connect_with(options.pragma("query_only", "ON")).await?;
    read_back(&mut *readers.acquire().await?).await?;
    Ok(Pools { writer, readers })
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        // There is no network in between that could have cut the connection.
        .test_before_acquire(false)
}

async fn read_back(connection: &mut SqliteConnection) -> Result<()> {
    for (pragma, question, wanted) in SETTINGS {
        let row = sqlx::query(question).fetch_one(&mut *connection).await?;
        let found = match row.try_get::<i64, _>(0) {
            Ok(number) => number.to_string(),
            Err(_) => row.try_get::<String, _>(0)?,
        };
        if found != wanted {
            return Err(StoreError::Setting { pragma, wanted, found });
        }
    }
    Ok(())
}

/// SQLite gives its journal files the mode of the database, so the database is made first.
fn make_private(directory: &Path, file: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}
