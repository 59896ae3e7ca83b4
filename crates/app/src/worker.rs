//! The job worker: claims what is due, does it, at least once.
//!
//! A claim is a lease. The worker extends it while it works; a worker that dies stops doing so, and another one takes the
//! job over when the lease ends. So every job begins by looking where its object stands.
//!
//! The surprising thing: a claim that was lost drops the work in the middle, as a crash would. That is safe for the same
//! reason that a crash is.

use crate::{App, Problem};
use domain::{Job, JobId, JobPayload};
use jiff::{SignedDuration, Timestamp};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::{Conflict, StoreError};
use tokio::task::JoinSet;

/// How long a claim holds without being extended: so long waits what a killed server left behind.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often a working worker extends its claim.
const HEARTBEAT: Duration = Duration::from_secs(8);
/// How often an idle worker looks by itself: another process may have enqueued something.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How many jobs are done at once.
const AT_ONCE: usize = 8;
/// How many of them hand a notice to somebody else's server, which may take its time: the others are never held up by it.
const DELIVERING_AT_ONCE: usize = 3;
/// How long running jobs are waited for when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// The first wait after a job broke down; it doubles with each attempt, up to an hour.
const RETRY_SECONDS: i64 = 10;

/// How a job ended.
pub(crate) enum JobEnd {
    /// For good.
    Done,
    /// Done, and the same work is due again then.
    Next(Timestamp),
    /// Not done: the same job goes on then.
    Again { at: Timestamp, why: String },
}

/// One of those that are running, until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn one_more(running: &Arc<AtomicUsize>) -> Self {
        running.fetch_add(1, Ordering::Relaxed);
        Self(running.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl App {
    /// Does everything that is due by the clock, and answers how many jobs were done. Tests step the clock and call this.
    ///
    /// # Errors
    /// When the database does not answer. What goes wrong inside a job postpones that job and is logged.
    pub async fn run_due_jobs(&self) -> Result<u32, Problem> {
        let mut done = 0;
        loop {
            self.hand_out_notices().await?;
            let Some(job) = self.claim(None).await? else { return Ok(done) };
            Box::pin(self.do_job(job)).await?;
            done += 1;
        }
    }

    /// Works until `stop` resolves: wakes at once when a job is enqueued in this process, else every few seconds.
    pub async fn work(&self, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        let mut running = JoinSet::new();
        let delivering = Arc::new(AtomicUsize::new(0));
        loop {
            if let Err(problem) = self.hand_out_notices().await {
                tracing::warn!(cause = problem.inside.as_deref(), "notices could not be handed to their channels");
            }
            while running.len() < AT_ONCE {
                let except = (delivering.load(Ordering::Relaxed) >= DELIVERING_AT_ONCE).then_some(JobPayload::DELIVER_NOTICE);
                match self.claim(except).await {
                    Ok(Some(job)) => {
                        let app = self.clone();
                        let delivery = (job.payload.kind() == JobPayload::DELIVER_NOTICE).then(|| Counted::one_more(&delivering));
                        running.spawn(async move {
                            let _delivery = delivery;
                            app.do_job(job).await
                        });
                    }
                    Ok(None) => break,
                    Err(problem) => {
                        tracing::warn!(cause = problem.inside.as_deref(), "no job could be claimed");
                        break;
                    }
                }
            }
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = running.join_next(), if !running.is_empty() => log_end(ended),
                () = self.inner.job_waits.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        // What does not end in time is taken over by another worker when its lease ends.
        let rest = async {
            while let Some(ended) = running.join_next().await {
                log_end(ended);
            }
        };
        if tokio::time::timeout(STOP_WITHIN, rest).await.is_err() {
            tracing::warn!("jobs were still running; they go on at the next start");
        }
    }

    async fn claim(&self, except: Option<&str>) -> Result<Option<Job>, Problem> {
        let mut tx = self.inner.store.begin_over_all().await?;
        let job = tx.claim_job(&self.inner.worker, self.now(), LEASE, except).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// Does one claimed job under its heartbeat, and writes down how it ended.
    async fn do_job(&self, job: Job) -> Result<(), Problem> {
        let end = tokio::select! {
            end = self.carry_out(&job) => end,
            () = self.keep_claim(&job) => {
                tracing::warn!(job = %job.id, "the claim on a job was lost; another worker has it");
                return Ok(());
            }
        };
        let end = end.unwrap_or_else(|problem| {
            let cause = problem.inside.clone().unwrap_or(problem.message);
            tracing::warn!(job = %job.id, kind = job.payload.kind(), cause, "a job broke down and is tried again");
            self.again(&job, cause)
        });
        let worker = &self.inner.worker;
        let mut tx = self.inner.store.begin_over_all().await?;
        let written = match end {
            JobEnd::Done => tx.finish_job(&job, worker).await,
            JobEnd::Again { at, why } => tx.postpone_job(&job, worker, at, &why).await,
            JobEnd::Next(at) => match tx.finish_job(&job, worker).await {
                Ok(()) => {
                    let id = JobId::fresh(&*self.inner.clock, &*self.inner.entropy);
                    tx.enqueue(id, job.organization, &job.payload, at).await
                }
                lost => lost,
            },
        };
        match written {
            Ok(()) => tx.commit().await?,
            // Lost at the last moment, or removed with its object: nothing to write.
            Err(StoreError::Conflict(Conflict::Stale)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn carry_out(&self, job: &Job) -> Result<JobEnd, Problem> {
        match job.payload {
            JobPayload::CheckKey { key } => self.check_key_job(job, key).await,
            JobPayload::Continue { .. } => Box::pin(self.continue_operation(job)).await,
            JobPayload::RenewCertificate { certificate } => Box::pin(self.renew_by_itself(job, certificate)).await,
            JobPayload::MailInvitation { invitation } => self.mail_invitation(job, invitation).await,
            JobPayload::MailDeviceInvitation { invitation } => Box::pin(self.mail_device_invitation(job, invitation)).await,
            JobPayload::DeliverNotice { delivery } => Box::pin(self.deliver_notice(job, delivery)).await,
            JobPayload::RegisterArrived { device } => Box::pin(self.register_arrived(job, device)).await,
            JobPayload::KeepDeviceRule { key, by } => Box::pin(self.keep_device_rule(job, key, by)).await,
        }
    }

    /// The same job later: each attempt waits twice as long as the one before.
    pub(crate) fn again(&self, job: &Job, why: String) -> JobEnd {
        let seconds = RETRY_SECONDS.saturating_mul(1 << job.attempts.min(8)).min(3600);
        let at = self.now().saturating_add(SignedDuration::from_secs(seconds));
        JobEnd::Again {
            at: at.unwrap_or(Timestamp::MAX),
            why,
        }
    }

    /// Extends the claim for as long as it is ours; ends when it is not.
    async fn keep_claim(&self, job: &Job) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            if let Err(StoreError::Conflict(_)) = self.extend(job).await {
                return;
            }
        }
    }

    async fn extend(&self, job: &Job) -> Result<(), StoreError> {
        let mut tx = self.inner.store.begin_over_all().await?;
        tx.extend_job(job, &self.inner.worker, self.now(), LEASE).await?;
        tx.commit().await
    }
}

fn log_end(ended: Result<Result<(), Problem>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => tracing::warn!(cause = problem.inside.as_deref(), "the end of a job could not be written down"),
        Err(_) => tracing::error!("a job panicked; another worker goes on with it when its lease ends"),
    }
}
