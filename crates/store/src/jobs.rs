//! Background work. A job is enqueued in the transaction of the change that wants it, and claimed
//! with a lease: a worker that dies lets go of it when the lease ends.
//!
//! A claim is named by its worker and its attempt, so a worker that was presumed dead can neither
//! finish nor postpone what another one has taken over. No permits here: the worker serves all
//! organizations, and asks for a permit before it does anything with their data.

use domain::{Job, JobId, JobPayload, OrgId, Permit};
use jiff::{SignedDuration, Timestamp};

use crate::sql::{Row, args, json};
use crate::{Conflict, Result, StoreError, Tx};

/// Longest error text that is kept, in characters.
const ERROR_CHARACTERS: usize = 500;

fn job(row: &Row, lease_until: Timestamp) -> Result<Job> {
    Ok(Job {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        payload: row.json("payload")?,
        run_at: row.time("run_at")?,
        attempts: row.count("attempts")?,
        lease_until,
    })
}

impl Tx {
    /// Asks for a piece of work. Where the same kind of work for the same object waits already,
    /// that one stays, brought forward if this one is due earlier.
    ///
    /// # Errors
    /// What the database says.
    pub async fn enqueue(&mut self, id: JobId, organization: OrgId, payload: &JobPayload, run_at: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO jobs (id, organization_id, kind, object_id, payload, run_at, attempts)
             VALUES ($1, $2, $3, $4, $5, $6, 0)
             ON CONFLICT (organization_id, kind, object_id) WHERE lease_owner IS NULL
             DO UPDATE SET payload = excluded.payload, run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END",
            args![id, organization, payload.kind(), payload.object(), json(payload)?, run_at],
        )
        .await?;
        Ok(())
    }

    /// Takes the job that has been due for longest, if there is one that nobody has; none of the kind `except`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_job(&mut self, worker: &str, now: Timestamp, lease: SignedDuration, except: Option<&str>) -> Result<Option<Job>> {
        let until = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
        let statement = self.dialect(
            "UPDATE jobs SET lease_owner = $1, lease_until = $3, heartbeat_at = $2, attempts = attempts + 1
             WHERE id = (SELECT id FROM jobs WHERE run_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
                             AND (CAST($4 AS TEXT) IS NULL OR kind <> $4)
                         ORDER BY run_at, id LIMIT 1)
             RETURNING id, organization_id, payload, run_at, attempts",
            "UPDATE jobs SET lease_owner = $1, lease_until = $3, heartbeat_at = $2, attempts = attempts + 1
             WHERE id = (SELECT id FROM jobs WHERE run_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
                             AND (CAST($4 AS TEXT) IS NULL OR kind <> $4)
                         ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING id, organization_id, payload, run_at, attempts",
        );
        while let Some(row) = self.row_opt(statement, args![worker, now, until, except]).await? {
            match job(&row, until) {
                // One job that this program cannot read must not hold up the others: it keeps
                // its lease, and comes around again when that ends.
                Err(StoreError::Unreadable { column, why }) => tracing::error!(column, why, "a job in the table cannot be read"),
                readable => return readable.map(Some),
            }
        }
        Ok(None)
    }

    /// Keeps a claim alive; gives the job with its new lease.
    ///
    /// # Errors
    /// [`Conflict::Stale`] when the claim was lost: stop working on it.
    pub async fn extend_job(&mut self, job: &Job, worker: &str, now: Timestamp, lease: SignedDuration) -> Result<Job> {
        let lease_until = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
        let changed = self
            .execute(
                "UPDATE jobs SET lease_until = $4, heartbeat_at = $5 WHERE id = $1 AND lease_owner = $2 AND attempts = $3",
                args![job.id, worker, job.attempts, lease_until, now],
            )
            .await?;
        claimed(changed)?;
        Ok(Job {
            lease_until,
            ..job.clone()
        })
    }

    /// Done: the job goes away.
    ///
    /// # Errors
    /// [`Conflict::Stale`] when the claim was lost.
    pub async fn finish_job(&mut self, job: &Job, worker: &str) -> Result<()> {
        let changed = self
            .execute(
                "DELETE FROM jobs WHERE id = $1 AND lease_owner = $2 AND attempts = $3",
                args![job.id, worker, job.attempts],
            )
            .await?;
        claimed(changed)
    }

    /// Not done: the job is tried again later, with the reason kept. Where the same work was
    /// asked for anew meanwhile, that one takes its place.
    ///
    /// # Errors
    /// [`Conflict::Stale`] when the claim was lost.
    pub async fn postpone_job(&mut self, job: &Job, worker: &str, run_at: Timestamp, why: &str) -> Result<()> {
        let why: String = why.chars().take(ERROR_CHARACTERS).collect();
        let changed = self
            .execute(
                "UPDATE jobs SET lease_owner = NULL, lease_until = NULL, run_at = $4, last_error = $5
                 WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND NOT EXISTS (
                     SELECT 1 FROM jobs AS other WHERE other.organization_id = jobs.organization_id
                         AND other.kind = jobs.kind AND other.object_id = jobs.object_id AND other.lease_owner IS NULL)",
                args![job.id, worker, job.attempts, run_at, why],
            )
            .await?;
        if changed > 0 { Ok(()) } else { self.finish_job(job, worker).await }
    }

    /// When the next job is due or its lease ends, for a worker that wants to sleep until then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_job_at(&mut self) -> Result<Option<Timestamp>> {
        let row = self
            .row("SELECT MIN(COALESCE(lease_until, run_at)) AS next FROM jobs", args![])
            .await?;
        row.time_opt("next")
    }

    /// When the waiting job of this kind and object is due, as in "next check at".
    ///
    /// # Errors
    /// What the database says.
    pub async fn waiting_job_at(&mut self, permit: &Permit, payload: &JobPayload) -> Result<Option<Timestamp>> {
        let row = self
            .row_opt(
                "SELECT run_at FROM jobs
                 WHERE organization_id = $1 AND kind = $2 AND object_id = $3 AND lease_owner IS NULL",
                args![permit.organization(), payload.kind(), payload.object()],
            )
            .await?;
        row.map(|row| row.time("run_at")).transpose()
    }

    /// How many jobs there are, running ones included: none is left over when a test ends well.
    ///
    /// # Errors
    /// What the database says.
    pub async fn job_count(&mut self) -> Result<u32> {
        self.row("SELECT COUNT(*) AS number FROM jobs", args![]).await?.count("number")
    }
}

fn claimed(changed: u64) -> Result<()> {
    if changed == 0 { Err(Conflict::Stale.into()) } else { Ok(()) }
}
