//! After a lost answer: look at what Apple lists, and recognize ours by its public key.
//!
//! Apple may show a new certificate late, so one look that finds nothing proves nothing. The request itself may even
//! arrive late. But the token in it ends within 18 minutes of the call ([`apple::Apple::mint`]): from then on Apple refuses
//! the request, and 12 minutes more is time enough for a list to become true. A full list read after that without our
//! key in it means that nothing was made; then the act has failed, and the person may begin again. Russet itself never
//! sends the POST a second time.

use super::{
    carry_on::{Creation, settling_permit},
    held::parsed,
};
use crate::{App, Caller, Problem, crash_point, worker::JobEnd};
use apple::CertificateFilter;
use domain::{ApiKeyId, Feature, Job, OperationState, Permit, Tenant};
use jiff::{SignedDuration, Timestamp};
use store::StoreError;

/// From when on a list without our certificate proves that nothing was made: the longest life of a token after the call,
/// and 12 minutes for Apple's lists.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(18 + 12);
/// The first wait between two looks; later ones grow with the time that has passed.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// The longest wait between two looks, also while Apple cannot be asked.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);

impl App {
    /// One look. Ends the act, or says when to look again.
    pub(super) async fn look_at_apple(&self, caller: &Caller, permit: &Permit, job: &Job, creation: Creation) -> Result<JobEnd, Problem> {
        let need = crate::key_use::reading(Feature::Certificates);
        let owners = self.permit_to_look(permit, job, creation.key).await?;
        let mut tx = self.begin_for(caller, &owners).await?;
        let used = tx.lock_key_to_use(&owners, creation.key, None, self.now()).await?;
        self.record_use(&mut tx, caller, &used, &need).await?;
        tx.commit().await?;
        let session = self.session_as(&used, used.key.kind, &need);
        let looked_at = self.now();
        let listed = session.certificates().list(&CertificateFilter::default()).await;
        self.learn(creation.key, &crate::key_use::Learnt::of(&session));
        self.inner.crash_points.pass(crash_point::AFTER_LOOK);
        let Ok(listed) = listed else {
            return Ok(self.look_again(&creation));
        };
        let ours = listed
            .iter()
            .find(|certificate| parsed(certificate).is_some_and(|parsed| parsed.info().public_key_fingerprint == creation.fingerprint));
        if let Some(certificate) = ours {
            self.keep(caller, permit, &creation, &used, certificate).await?;
            return Ok(JobEnd::Done);
        }
        if looked_at < settled_at(&creation) {
            return Ok(self.look_again(&creation));
        }
        let why = "Apple's answer was lost. Apple's list was read until half an hour later, when the request could not be accepted any more, and it does not have the certificate: nothing was made. Begin again.";
        self.fail(caller, permit, &creation, why).await?;
        Ok(JobEnd::Done)
    }

    /// For an act that Apple may have been asked for, the key is taken as its owner's: what was begun is cleared up also
    /// after a share has ended, and recorded where the key belongs. The key cannot have been removed: an act that is not over
    /// stands in the way of that, in sub-organizations as well.
    async fn permit_to_look(&self, permit: &Permit, job: &Job, key: ApiKeyId) -> Result<Permit, Problem> {
        let found = self.inner.store.read_for(permit).await?.key(permit, key).await;
        let tenant = match (found, permit.tenant().parent) {
            (Err(StoreError::NotFound), Some(parent)) => Tenant::root(parent),
            (found, _) => {
                found?;
                permit.tenant()
            }
        };
        settling_permit(job, tenant)
    }

    /// Soon at first, then ever later, and once right after the moment at which a list becomes a proof.
    pub(super) fn look_again(&self, creation: &Creation) -> JobEnd {
        let now = self.now();
        let passed = now.duration_since(since(creation));
        let wait = passed.clamp(FIRST_WAIT, LONGEST_WAIT);
        let settled = settled_at(creation);
        let mut at = now.saturating_add(wait).unwrap_or(now);
        if now < settled {
            at = at.min(settled);
        }
        JobEnd::Again {
            at,
            why: "Apple's answer was lost, and its list does not show the certificate yet.".to_owned(),
        }
    }
}

fn since(creation: &Creation) -> Timestamp {
    match &creation.operation.state {
        OperationState::Unknown { since, .. } => *since,
        _ => creation.operation.updated_at,
    }
}

fn settled_at(creation: &Creation) -> Timestamp {
    since(creation).saturating_add(SETTLED_AFTER).unwrap_or(Timestamp::MAX)
}
