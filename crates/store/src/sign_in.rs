//! Failed sign-ins, counted in the database so that all servers of an instance share the limit.

use jiff::Timestamp;

use crate::sql::args;
use crate::{Result, Tx};

impl Tx {
    /// Waits until no other transaction looks at the failures of this subject: counting them and adding one is then one
    /// step, also for attempts that arrive together.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_turn_to_sign_in(&mut self, subject: &str) -> Result<()> {
        // On SQLite a writing transaction has the whole database anyway.
        let statement = self.dialect("SELECT $1", "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))");
        self.rows(statement, args![subject]).await?;
        Ok(())
    }

    /// How often signing in failed for a subject since then. A subject is an account or an
    /// address, with a prefix that tells which (`account:…`, `address:…`). Transactions that ask
    /// about one subject take turns until they commit.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sign_in_failures(&mut self, subject: &str, since: Timestamp) -> Result<u32> {
        self.lock_subject(subject).await?;
        // The sum of nothing is NULL, and a sum of BIGINT is NUMERIC on PostgreSQL.
        let row = self
            .row(
                "SELECT CAST(COALESCE(SUM(number), 0) AS BIGINT) AS number FROM sign_in_failures
                 WHERE subject = $1 AND failed_at >= $2",
                args![subject, since],
            )
            .await?;
        row.count("number")
    }

    /// Counts one more failure, and forgets those before `forget_before`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add_sign_in_failure(&mut self, subject: &str, at: Timestamp, forget_before: Timestamp) -> Result<()> {
        self.execute("DELETE FROM sign_in_failures WHERE failed_at < $1", args![forget_before])
            .await?;
        self.execute(
            "INSERT INTO sign_in_failures (subject, failed_at, number) VALUES ($1, $2, 1)
             ON CONFLICT (subject, failed_at) DO UPDATE SET number = sign_in_failures.number + 1",
            args![subject, at],
        )
        .await?;
        Ok(())
    }

    /// Takes one counted failure back, when the attempt turned out to be none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_back_sign_in_failure(&mut self, subject: &str, at: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE sign_in_failures SET number = number - 1 WHERE subject = $1 AND failed_at = $2 AND number > 0",
            args![subject, at],
        )
        .await?;
        Ok(())
    }

    /// Forgets the failures of a subject, after a sign-in that worked.
    ///
    /// # Errors
    /// What the database says.
    pub async fn clear_sign_in_failures(&mut self, subject: &str) -> Result<()> {
        self.execute("DELETE FROM sign_in_failures WHERE subject = $1", args![subject])
            .await?;
        Ok(())
    }
}
