//! The store and its transactions.

use std::fmt;
use std::time::Duration;

use sqlx::{Executor as _, PgPool, Postgres, Sqlite, Transaction};

use crate::sql::{Arg, Row, bind};
use crate::sqlite::Pools;
use crate::{Location, Result, StoreError, migrate, postgres, sqlite};

/// How long a transaction waits for its turn, from asking for a connection to the first statement. Long, because an
/// outcome that cannot be written down is a lost answer; who writes before an act gives up earlier.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything that outlives the process. Cheap to share behind an `Arc`.
pub struct Store {
    db: Db,
}

enum Db {
    Sqlite(Pools),
    Postgres(PgPool),
}

impl Store {
    /// Opens the database, checks its settings and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer program wrote it; the settings, the directory or
    /// the address otherwise.
    pub async fn open(location: &Location) -> Result<Self> {
        let db = match location {
            Location::Directory(directory) => Db::Sqlite(sqlite::open(directory).await?),
            Location::Postgres(url) => Db::Postgres(postgres::open(url).await?),
        };
        let store = Self { db };
        // Another server may be migrating: that takes longer than any act does.
        let mut tx = store.begin_at_last().await?;
        tx.enter_all().await?;
        migrate::run(&mut tx).await?;
        tx.commit().await?;
        Ok(store)
    }

    /// Begins a transaction that writes, about people and the instance; [`Store::begin_for`] is for what belongs to an
    /// organization. On SQLite there is one at a time, so make it short, and never wait for Apple inside one.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the database stays busy for five seconds.
    pub async fn begin(&self) -> Result<Tx> {
        in_time(self.begin_at_last()).await
    }

    pub(crate) async fn begin_at_last(&self) -> Result<Tx> {
        Ok(Tx(match &self.db {
            Db::Sqlite(pools) => Connection::Sqlite(pools.writer.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Connection::Postgres(pool.begin().await?),
        }))
    }

    /// Begins a transaction that sees one moment of people and the instance and cannot write; [`Store::read_for`] is for
    /// what belongs to an organization.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the database stays busy for five seconds.
    pub async fn read(&self) -> Result<Tx> {
        in_time(self.read_at_last()).await
    }

    pub(crate) async fn read_at_last(&self) -> Result<Tx> {
        Ok(Tx(match &self.db {
            Db::Sqlite(pools) => Connection::Sqlite(pools.readers.begin().await?),
            Db::Postgres(pool) => Connection::Postgres(
                pool.begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    .await?,
            ),
        }))
    }

    /// Closes all connections, after the transactions under way.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite(pools) => {
                pools.readers.close().await;
                pools.writer.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction that has its turn within [`PATIENCE`], or none.
pub(crate) async fn in_time(turn: impl Future<Output = Result<Tx>>) -> Result<Tx> {
    tokio::time::timeout(PATIENCE, turn).await.unwrap_or(Err(StoreError::Busy))
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.db {
            Db::Sqlite(_) => "Store(SQLite)",
            Db::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx(Connection);

enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes everything in it durable and visible, at once or not at all.
    ///
    /// # Errors
    /// What the database says; whether the change was kept is then unknown only if the connection
    /// broke at this very moment.
    pub async fn commit(self) -> Result<()> {
        match self.0 {
            Connection::Sqlite(tx) => tx.commit().await?,
            Connection::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Asks the database to prepare a statement, without running it: for the test that does so
    /// with every statement of this crate on both databases.
    ///
    /// # Errors
    /// What the database finds wrong with it.
    #[doc(hidden)]
    pub async fn prepare(&mut self, statement: &'static str) -> Result<()> {
        use sqlx::SqlSafeStr as _;
        let statement = statement.into_sql_str();
        match &mut self.0 {
            Connection::Sqlite(tx) => drop((&mut **tx).prepare(statement).await?),
            Connection::Postgres(tx) => drop((&mut **tx).prepare(statement).await?),
        }
        Ok(())
    }

    /// How SQLite would carry out a statement, step by step: for the test that none reads a whole table. Nothing on
    /// PostgreSQL, which decides by the size of a table.
    ///
    /// # Errors
    /// What the database finds wrong with it.
    #[doc(hidden)]
    pub async fn plan(&mut self, statement: &'static str) -> Result<Vec<String>> {
        if !self.is_sqlite() {
            return Ok(Vec::new());
        }
        let asked = String::leak(format!("EXPLAIN QUERY PLAN {statement}"));
        self.rows(asked, Vec::new()).await?.iter().map(|row| row.get("detail")).collect()
    }

    /// Runs any statement, for tests that must bring about what the functions never would. Gives how many rows it
    /// changed, or found on PostgreSQL.
    ///
    /// # Errors
    /// What the database says.
    #[doc(hidden)]
    pub async fn run(&mut self, statement: &'static str) -> Result<u64> {
        self.script(statement).await
    }

    /// Runs a statement; gives the number of rows it changed.
    pub(crate) async fn execute(&mut self, statement: &'static str, args: Vec<Arg>) -> Result<u64> {
        without_nul(&args)?;
        Ok(match &mut self.0 {
            Connection::Sqlite(tx) => bind!(sqlx::query(statement), args).execute(&mut **tx).await?.rows_affected(),
            Connection::Postgres(tx) => bind!(sqlx::query(statement), args).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs a statement that must hit a row.
    pub(crate) async fn change(&mut self, statement: &'static str, args: Vec<Arg>) -> Result<()> {
        match self.execute(statement, args).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    /// All rows of a statement.
    pub(crate) async fn rows(&mut self, statement: &'static str, args: Vec<Arg>) -> Result<Vec<Row>> {
        without_nul(&args)?;
        Ok(match &mut self.0 {
            Connection::Sqlite(tx) => {
                let rows = bind!(sqlx::query(statement), args).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(tx) => {
                let rows = bind!(sqlx::query(statement), args).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row, if there is one.
    pub(crate) async fn row_opt(&mut self, statement: &'static str, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.rows(statement, args).await?.into_iter().next())
    }

    /// The first row, or [`StoreError::NotFound`].
    pub(crate) async fn row(&mut self, statement: &'static str, args: Vec<Arg>) -> Result<Row> {
        self.row_opt(statement, args).await?.ok_or(StoreError::NotFound)
    }

    /// Whether it is SQLite: for what only the other one has.
    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.0, Connection::Sqlite(_))
    }

    /// The rare statement whose wording differs between the two.
    pub(crate) fn dialect(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match &self.0 {
            Connection::Sqlite(_) => sqlite,
            Connection::Postgres(_) => postgres,
        }
    }

    /// Several statements without values, as in a migration; gives the rows of all of them.
    pub(crate) async fn script(&mut self, statements: &'static str) -> Result<u64> {
        Ok(match &mut self.0 {
            Connection::Sqlite(tx) => sqlx::raw_sql(statements).execute(&mut **tx).await?.rows_affected(),
            Connection::Postgres(tx) => sqlx::raw_sql(statements).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Waits until no other transaction counts for this subject, so that two cannot both see the last attempt free.
    /// SQLite's writer has the whole database already.
    pub(crate) async fn lock_subject(&mut self, subject: &str) -> Result<()> {
        without_nul(&[Arg::from(subject)])?;
        if let Connection::Postgres(tx) = &mut self.0 {
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(subject.to_owned())
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }

    /// Waits until no other process migrates. SQLite's writer has the whole database already.
    pub(crate) async fn lock_schema(&mut self) -> Result<()> {
        if let Connection::Postgres(tx) = &mut self.0 {
            // Another server may be migrating: that takes longer than any act may wait.
            sqlx::query("SET LOCAL lock_timeout = '60s'").execute(&mut **tx).await?;
            // "russet" in ASCII; the same number in every version of the program.
            sqlx::query("SELECT pg_advisory_xact_lock(125848773682548)")
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}

/// Refuses what PostgreSQL could not be given, on both databases alike: whatever filter or field a text came by.
fn without_nul(args: &[Arg]) -> Result<()> {
    let has_nul = |arg: &Arg| matches!(arg, Arg::Text(Some(text)) if text.contains('\0'));
    if args.iter().any(has_nul) {
        return Err(StoreError::NulCharacter);
    }
    Ok(())
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Connection::Sqlite(_) => "Tx(SQLite)",
            Connection::Postgres(_) => "Tx(PostgreSQL)",
        })
    }
}
