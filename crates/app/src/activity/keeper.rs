//! What the server does for its log without anybody asking: signs where it ends, copies that outside, looks once a day
//! whether it is whole, and writes down what is about to expire.
//!
//! A checkpoint is due after ten records or after a second, whichever is first, and only when something is new. It covers
//! everything up to the end of the log, so under load, where ten records take milliseconds, one for each tenth of a second
//! leaves less uncovered than ten records would at rest.
//!
//! While the file outside cannot be written, what must be recorded is not done ([`Log::is_blocked`]): else whoever fills a
//! disk could act unseen. Two seconds pass before that, and it ends by itself.

use super::{
    checkpoint::Signer,
    outside::{self, Outside},
    verify::{Evidence, Verification, verify},
};
use crate::{App, Problem, StartError, unseal::failed};
use domain::Entropy;
use jiff::{SignedDuration, Timestamp};
use std::{
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};
use store::{Store, Verdict};
use tokio::{sync::Notify, time::sleep};
use vault::Vault;

/// So many records make a checkpoint due at once.
const RECORDS: u32 = 10;
/// At rest, the longest time between a record and its checkpoint.
const AT_REST: Duration = Duration::from_secs(1);
/// Under load, the least time between two checkpoints.
const UNDER_LOAD: Duration = Duration::from_millis(100);
/// How long the file outside may lag behind before nothing is done any more.
const LAG: SignedDuration = SignedDuration::from_secs(2);
/// How often the whole log is looked at.
const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// The server's part in its log.
pub(crate) struct Log {
    pub(super) signer: Signer,
    outside: Option<Outside>,
    /// Records since the last checkpoint, about.
    fresh: AtomicU32,
    due: Notify,
    /// The last record that is signed and copied.
    signed: AtomicI64,
    /// Whether the end of the file outside was mended since the start.
    mended: AtomicBool,
    /// Since when a checkpoint waits for the file outside.
    waits_since: Mutex<Option<Timestamp>>,
    /// Held while somebody looks at the whole log.
    looking: tokio::sync::Mutex<()>,
}

impl Log {
    /// Opens the key and begins to copy to the file outside, if there is one.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub(crate) async fn open(store: &Store, vault: &Vault, entropy: &dyn Entropy, outside: Option<PathBuf>) -> Result<Self, StartError> {
        let signer = Signer::open(store, vault, entropy).await?;
        let kept = store.read().await.map_err(failed)?.last_checkpoint().await.map_err(failed)?;
        let mut signed = kept.map_or(0, |checkpoint| checkpoint.sequence);
        if let Some(path) = &outside {
            // A new file begins with a checkpoint of its own.
            let copied = outside::last_number(path).unwrap_or_default();
            let end = store.read().await.map_err(failed)?.activity_head().await.map_err(failed)?.sequence;
            if copied > end {
                tracing::error!(
                    copied,
                    end,
                    "the activity log ends before what was signed of it: its end was cut off, or an older backup was restored. “russet activity verify” tells more"
                );
            }
            signed = signed.min(copied);
        }
        Ok(Self {
            signer,
            outside: outside.map(Outside::open).transpose().map_err(failed)?,
            fresh: AtomicU32::new(0),
            due: Notify::new(),
            signed: AtomicI64::new(signed),
            mended: AtomicBool::new(false),
            waits_since: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        })
    }

    /// A record is being written.
    pub(crate) fn note(&self) {
        if self.fresh.fetch_add(1, Ordering::Relaxed) + 1 >= RECORDS {
            self.due.notify_one();
        }
    }

    /// Since when the file outside cannot be written, if that is too long ago.
    pub(crate) fn is_blocked(&self, now: Timestamp) -> Option<Timestamp> {
        self.waits_since().filter(|since| now.duration_since(*since) > LAG)
    }

    fn waits_since(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.waits_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the log is held against.
    pub(super) fn evidence(&self) -> Evidence {
        Evidence {
            // What is no file, such as a pipe to a collector, can be written and not read.
            outside: self
                .outside
                .as_ref()
                .map(|outside| outside.path.clone())
                .filter(|path| std::fs::metadata(path).map_or(true, |found| found.is_file())),
            public_key: None,
        }
    }
}

impl App {
    /// Keeps the log until `stop` resolves. One of these runs in each server.
    pub async fn keep_log(&self, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        let mut trouble = false;
        let mut looked = None;
        loop {
            let kept = async {
                let kept = self.checkpoint().await;
                if looked.is_none_or(|day| day != today(self.now())) {
                    looked = Some(today(self.now()));
                    self.look_after().await;
                }
                kept
            };
            tokio::select! {
                // A file on a dead drive may take for ever.
                () = &mut stop => break,
                kept = kept => match kept {
                    Err(problem) if !trouble => {
                        trouble = true;
                        tracing::error!(cause = problem.inside.unwrap_or(problem.message), "the activity log could not be signed and copied; it is tried again every second");
                    }
                    Ok(_) if trouble => {
                        trouble = false;
                        tracing::info!("the activity log is signed and copied again");
                    }
                    _ => {}
                },
            }
            let rest = async {
                sleep(UNDER_LOAD).await;
                tokio::select! {
                    () = self.inner.log.due.notified() => {}
                    () = sleep(AT_REST.saturating_sub(UNDER_LOAD)) => {}
                }
            };
            tokio::select! {
                () = &mut stop => break,
                () = rest => {}
            }
        }
        // What came last is covered too, if that is quick.
        let _ = tokio::time::timeout(AT_REST, self.checkpoint()).await;
    }

    /// Signs where the log ends and copies that outside, unless nothing is new. Answers whether something was.
    ///
    /// # Errors
    /// When the database does not answer, or the file outside cannot be written.
    pub async fn checkpoint(&self) -> Result<bool, Problem> {
        let log = &self.inner.log;
        log.fresh.store(0, Ordering::Relaxed);
        let head = self.inner.store.read().await?.activity_head().await?;
        if let Some(outside) = log.outside.as_ref().filter(|_| !log.mended.load(Ordering::Relaxed)) {
            self.copy(outside, String::new()).await?;
            log.mended.store(true, Ordering::Relaxed);
        }
        let is_new = head.sequence > log.signed.load(Ordering::Relaxed);
        if !is_new && log.waits_since().is_none() {
            return Ok(false);
        }
        let checkpoint = log.signer.sign(&head, self.now());
        if let Some(outside) = &log.outside {
            self.copy(outside, log.signer.line(&checkpoint)).await?;
        }
        let mut tx = self.inner.store.begin().await?;
        tx.keep_checkpoint(&checkpoint).await?;
        tx.commit().await?;
        log.signed.store(head.sequence, Ordering::Relaxed);
        Ok(true)
    }

    /// Adds a line to the file outside. From the first attempt until one succeeds, the file lags behind.
    async fn copy(&self, outside: &Outside, line: String) -> Result<(), Problem> {
        self.inner.log.waits_since().get_or_insert(self.now());
        outside
            .append(line)
            .await
            .map_err(|cause| Problem::internal(format!("the file outside, {}, cannot be written: {cause}", outside.path.display())))?;
        *self.inner.log.waits_since() = None;
        Ok(())
    }

    /// Once a day: whether the log is whole, and what is about to expire. What goes wrong with either is logged, and done
    /// the next day.
    async fn look_after(&self) {
        let told = |what, ended: Result<(), Problem>| {
            if let Err(problem) = ended {
                tracing::warn!(
                    cause = problem.inside.unwrap_or(problem.message),
                    what,
                    "daily work on the activity log broke down"
                );
            }
        };
        told("expiries", self.tell_expiries().await.map(drop));
        told("deliveries", self.forget_old_deliveries().await);
        told("old binaries", self.clear_old_binaries().await);
        told("binaries", self.sweep_binaries().await);
        told("whole", self.look_whether_whole().await);
    }

    async fn look_whether_whole(&self) -> Result<(), Problem> {
        let last = self.inner.store.read().await?.activity_verdict().await?;
        if last.is_some_and(|last| self.now().duration_since(last.at) < LOOK_EVERY) {
            return Ok(());
        }
        let found = self.look_now().await?;
        for finding in &found.findings {
            tracing::error!(finding = finding.words(), "the activity log is not whole");
        }
        Ok(())
    }

    /// Looks at the whole log, one after the other: it takes a processor and seconds.
    pub(super) async fn look_now(&self) -> Result<Verification, Problem> {
        let _looking = self.inner.log.looking.lock().await;
        self.look().await
    }

    async fn look(&self) -> Result<Verification, Problem> {
        let found = verify(&self.inner.store, &self.inner.log.evidence()).await?;
        let mut tx = self.inner.store.begin().await?;
        let verdict = Verdict {
            at: self.now(),
            records: found.records,
            findings: found.count,
        };
        tx.keep_activity_verdict(&verdict).await?;
        tx.commit().await?;
        Ok(found)
    }
}

fn today(now: Timestamp) -> i64 {
    now.as_second().div_euclid(24 * 3600)
}
