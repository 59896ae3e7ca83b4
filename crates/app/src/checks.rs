//! Checks of keys: the health probe and the feature probes, and the daily plan.
//!
//! Only the health probe decides a key's health ([`domain::health::diagnose`] has the reasoning). Nothing is ever created at
//! Apple to find out a right: a probe is one GET, and what it proves is reading.
//!
//! The surprising thing: a check never fails. No answer is a finding too, it is noted as "no conclusion", and what was
//! known about the key stays.

mod examine;

pub(crate) use examine::{Examination, Examined, examine};

use crate::{App, Caller, Problem, acting::fresh, keys::KeyDetails, problem::Kind, worker::JobEnd};
use domain::{Action, ApiKeyId, Event, Job, JobId, JobPayload, Need, OrgId, Origin, Permit, Principal, UsePermit, Verdict};
use jiff::{SignedDuration, Timestamp};
use std::sync::PoisonError;
use store::{StoreError, Tx};

/// The least time between two daily checks, in seconds (23 hours); the jitter comes on top.
const CHECK_AFTER_SECONDS: i64 = 23 * 3600;
/// The jitter, in seconds (2 hours), so that keys added together are not checked together for ever.
const CHECK_JITTER_SECONDS: u64 = 2 * 3600;
/// When a check without a conclusion is repeated, in seconds (30 minutes).
const CHECK_AGAIN_SECONDS: i64 = 30 * 60;

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

impl App {
    /// Asks Apple now: health, feature probes, team ID.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`. What Apple answers is no error but the finding.
    pub async fn check_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<KeyDetails, Problem> {
        let permit = self.permit(caller, Action::CheckKey, org).await?;
        self.check(caller, &permit, key).await?;
        self.key(caller, org, key).await
    }

    /// The daily check. It plans the next one by its end.
    pub(crate) async fn check_key_job(&self, job: &Job, key: ApiKeyId) -> Result<JobEnd, Problem> {
        let caller = Caller {
            principal: Principal::job(job.id, None, Default::default()),
            origin: Origin::default(),
        };
        let permit = self.permit(&caller, Action::CheckKey, job.organization).await?;
        Ok(match self.check(&caller, &permit, key).await {
            Ok(Verdict::Conclusive(_)) => JobEnd::Next(self.next_check()),
            Ok(Verdict::Inconclusive { .. }) => JobEnd::Next(after(self.now(), CHECK_AGAIN_SECONDS)),
            // Removed meanwhile: nothing to check, and no next time.
            Err(problem) if problem.kind == Kind::NotFound => JobEnd::Done,
            Err(problem) => return Err(problem),
        })
    }

    /// Records the use, asks Apple, writes down what was found.
    async fn check(&self, caller: &Caller, permit: &Permit, key: ApiKeyId) -> Result<Verdict, Problem> {
        let used = self.begin_use(caller, permit, key, &Need::Check).await?;
        let key = &used.key;
        let examination = Examination {
            kind: key.kind,
            may_be_other_kind: key.issuer_id.is_some(),
            last_good: key.last_good,
            team_is_known: key.team_id.is_some(),
            now: self.now(),
        };
        let examined = examine(&examination, |kind| self.session_as(&used, kind, &Need::Check)).await;
        // Of a check that ended with its share nothing is known: the rest of the questions were not asked.
        self.still_lent(&used.permit, &Need::Check).await?;
        self.learn(key.id, &examined.learnt);
        let mut tx = self.inner.store.begin_outcome(&used.permit.as_owners()).await?;
        // Rotated or removed while Apple was asked: the finding is about a key that is no more.
        match tx.lock_key(&used.permit).await {
            Ok(present) if present.generation == key.generation => {}
            Ok(_) | Err(StoreError::NotFound) => return Ok(examined.verdict),
            Err(error) => return Err(error.into()),
        }
        self.write_down(&mut tx, &used.permit, &examined).await?;
        let (health, was) = match &examined.verdict {
            Verdict::Conclusive(health) if health.title() == key.health.title() => (health.title(), None),
            Verdict::Conclusive(health) => (health.title(), Some(key.health.title().to_owned())),
            Verdict::Inconclusive { .. } => ("no conclusion", None),
        };
        let event = Event::KeyChecked {
            key: key.id,
            name: key.name.to_string(),
            health: health.to_owned(),
            was,
        };
        self.record_done(&mut tx, caller, used.permit.user(), event).await?;
        tx.commit().await?;
        Ok(examined.verdict)
    }

    /// Health, day's mark, probes, team: what an examination adds to a key's row.
    pub(crate) async fn write_down(&self, tx: &mut Tx, permit: &UsePermit, examined: &Examined) -> Result<(), Problem> {
        tx.update_key_health(permit, &examined.verdict, self.now()).await?;
        for (feature, probed) in &examined.probed {
            tx.set_probed(permit, *feature, probed).await?;
        }
        if let Some(team) = &examined.team {
            tx.set_key_team(permit, team).await?;
        }
        Ok(())
    }

    /// Plans the next daily check, in the transaction that adds or rotates the key.
    pub(crate) async fn plan_check(&self, tx: &mut Tx, org: OrgId, key: ApiKeyId) -> Result<(), Problem> {
        let payload = JobPayload::CheckKey { key };
        Ok(tx.enqueue(fresh!(self, JobId), org, &payload, self.next_check()).await?)
    }

    fn next_check(&self) -> Timestamp {
        let mut random = [0; 8];
        self.inner.entropy.fill(&mut random);
        let jitter = u64::from_le_bytes(random) % CHECK_JITTER_SECONDS;
        after(self.now(), CHECK_AFTER_SECONDS + i64::try_from(jitter).unwrap_or_default())
    }
}

impl App {
    /// How far this machine's clock is ahead of Apple's, in seconds (negative: behind), as last measured by this process.
    #[must_use]
    pub fn apple_clock_skew_seconds(&self) -> Option<i64> {
        *self.inner.apple_skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
