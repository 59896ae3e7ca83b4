//! After a lost answer: look at what Apple lists, and recognize what was asked for.
//!
//! Apple may show something new late, so one look that finds nothing proves nothing. What may be asked for twice without
//! harm is asked for again then, if whoever began it still may. For the rest, the request itself may even arrive late; but the token in it ends within 18
//! minutes of the call ([`apple::Apple::mint`]): from then on Apple refuses the request, and 12 minutes more is time enough
//! for a list to become true. A full list read after that without it means that nothing was made; then the act has failed,
//! and the person may begin again. Such a request is never sent a second time by Russet itself.
//!
//! From that moment on nothing goes on for ever, either: what is asked for again is asked for one last time, and a list or a
//! file that cannot be read, or that Apple does not show to the key any more, is told as that. Only Apple being out of reach
//! is waited for, however long it takes; and the private key of a certificate that may be there waits until Apple accepts the
//! key again, but lets everybody else of its team go on.

use super::{
    begin::refuse_outside_of_share,
    carry_on::{Act, settling_permit, why_unusable},
};
use crate::{App, Caller, Problem, crash_point, worker::JobEnd};
use apple::Error;
use domain::{ApiKeyId, Job, KeyHealth, OperationState, Permit, Tenant, decide};
use jiff::{SignedDuration, Timestamp};
use store::{KeyToUse, StoreError};

/// From when on a list that does not show it proves that nothing was made: the longest life of a token after the call, and
/// 12 minutes for Apple's lists.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(18 + 12);
/// The code of an act that ended because what Apple lists could not be read.
pub const UNREADABLE: &str = "UNREADABLE";
/// The first wait between two looks; later ones grow with the time that has passed.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// The longest wait between two looks, also while Apple cannot be asked.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);

impl App {
    /// One look. Ends the act, or says when to look again.
    pub(super) async fn look_at_apple(&self, caller: &Caller, permit: &Permit, job: &Job, act: Act) -> Result<JobEnd, Problem> {
        let key = act.operation.kind.key();
        let need = crate::key_use::reading(act.call.list());
        let owners = self.permit_to_look(permit, job, key).await?;
        let mut tx = self.begin_for(caller, &owners).await?;
        let mut used = tx.lock_key_to_use(&owners, key, None, self.now()).await?;
        self.record_use(&mut tx, caller, &used, &need).await?;
        tx.commit().await?;
        let mut session = self.session_as(&used, used.key.kind, &need);
        let looked_at = self.now();
        let is_settled = looked_at >= settled_at(&act);
        let mut found = act.call.look(&session).await;
        let mut not_again = None;
        if matches!(found, Ok(None)) && act.call.is_harmless_twice() {
            match self.key_to_ask_again(caller, permit.tenant(), &act).await? {
                Err(why) => not_again = Some(why),
                Ok(theirs) => {
                    used = theirs;
                    session = self.session_as(&used, used.key.kind, &act.operation.kind.need());
                    found = match act.call.carry_out(self, permit, &session).await {
                        Ok(answer) => Ok(Some(answer)),
                        Err(error) if !is_settled => Err(error),
                        // A refusal may come from the first request, as "there is one already": it counts when lists are true.
                        Err(error) => match self.refusal(&act, &session, &error).await {
                            Some(end) => {
                                self.end_without(caller, permit, &act, end, Some((&used, &error))).await?;
                                return Ok(JobEnd::Done);
                            }
                            None => {
                                not_again = Some(format!("the last answer of several was lost as the first was ({error})."));
                                Ok(None)
                            }
                        },
                    };
                }
            }
        }
        self.learn(key, &crate::key_use::Learnt::of(&session));
        self.inner.crash_points.pass(crash_point::AFTER_LOOK);
        if let Err(error) = &found
            && is_settled
            && (is_unreadable(error) || is_shut_out(error))
        {
            if is_shut_out(error) && used.key.health == KeyHealth::Working {
                // Its check tells those who keep the key.
                self.note_apart(&used, &need, Some(error)).await?;
            }
            if act.call.may_end_unread() {
                self.end_without(caller, permit, &act, unread(&act, error), None).await?;
                return Ok(JobEnd::Done);
            }
            if is_shut_out(error) {
                self.wait_for_key(permit, &act, &used, error).await?;
            }
            return Ok(self.look_again(&act));
        }
        match found {
            Err(_) => return Ok(self.look_again(&act)),
            Ok(Some(answer)) => {
                self.keep(caller, permit, &act, &used, &answer).await?;
                return Ok(JobEnd::Done);
            }
            Ok(None) => {}
        }
        if !is_settled {
            return Ok(self.look_again(&act));
        }
        let why = match not_again {
            None => format!(
                "Apple's answer was lost. Apple's list was read until half an hour later, when the request could not be accepted any more, and it does not have {}: nothing was made. Begin again.",
                act.call.thing()
            ),
            Some(why) => format!("Apple's answer was lost, and Apple was not asked again: {why} What became of it, Apple's lists show."),
        };
        self.end_without(caller, permit, &act, OperationState::Failed { why }, None).await?;
        Ok(JobEnd::Done)
    }

    /// An act that Apple does not let anybody look up goes on waiting for its key, and leaves the turn of its plan: who makes
    /// something for the same team does not wait for it.
    async fn wait_for_key(&self, permit: &Permit, act: &Act, used: &KeyToUse, error: &Error) -> Result<(), Problem> {
        let OperationState::Unknown {
            since, shut_out: false, ..
        } = &act.operation.state
        else {
            return Ok(());
        };
        let unknown = OperationState::Unknown {
            since: *since,
            why: format!(
                "Apple's answer was lost, and since then Apple refuses the key “{}”: {} Whether {} is there nobody can look up until Apple accepts the key again; give it a new one of the same team by rotating it.",
                used.key.name,
                error.human(),
                act.call.thing()
            ),
            shut_out: true,
        };
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        tx.advance_operation(permit, act.operation.id, &unknown, self.now()).await?;
        let mut step_of = act.operation.step_of;
        while let Some(of) = step_of {
            tx.leave_turn(of.plan).await?;
            step_of = tx.operation(permit, of.plan).await?.step_of;
        }
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        Ok(())
    }

    /// The key for asking once more. To look is clearing up, and to ask changes something at Apple: for that, whoever began
    /// must still be allowed to, and the key be lent for it, as for the first time. Else why not.
    async fn key_to_ask_again(&self, caller: &Caller, tenant: Tenant, act: &Act) -> Result<Result<KeyToUse, String>, Problem> {
        let kind = &act.operation.kind;
        let Ok(permit) = decide(&caller.principal, kind.action(), tenant) else {
            return Ok(Err(format!("Whoever began this may not {} any more.", kind.action().words())));
        };
        let need = kind.need();
        let mut tx = self.begin_for(caller, &permit).await?;
        let held = self.hold_key(&mut tx, &permit, kind.key(), &need).await;
        match held.and_then(|used| refuse_outside_of_share(&used, kind).map(|()| used)) {
            Ok(used) => {
                self.record_use(&mut tx, caller, &used, &need).await?;
                tx.commit().await?;
                Ok(Ok(used))
            }
            Err(problem) => Ok(Err(why_unusable(problem, tenant)?)),
        }
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
    pub(super) fn look_again(&self, act: &Act) -> JobEnd {
        let now = self.now();
        let passed = now.duration_since(since(act));
        let wait = passed.clamp(FIRST_WAIT, LONGEST_WAIT);
        let settled = settled_at(act);
        let mut at = now.saturating_add(wait).unwrap_or(now);
        if now < settled {
            at = at.min(settled);
        }
        JobEnd::Again {
            at,
            why: format!("Apple's answer was lost, and its list does not show {} yet.", act.call.thing()),
        }
    }
}

/// Whether looking again shows the same: Apple answered, and not with what can be read.
fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::Decode { .. })
}

/// Whether Apple shows nothing to this key any more.
fn is_shut_out(error: &Error) -> bool {
    matches!(error, Error::Unauthorized { .. } | Error::Forbidden { .. })
}

/// The end of an act of which nobody can read what became.
fn unread(act: &Act, error: &Error) -> OperationState {
    let why = if is_shut_out(error) {
        format!("and since then Apple refuses the key: {}", error.human())
    } else {
        format!("and what Apple lists since then cannot be read: {error}.")
    };
    OperationState::Refused {
        status: error.status().unwrap_or_default(),
        code: UNREADABLE.to_owned(),
        why: format!(
            "Apple's answer was lost, {why} Whether {} is there, Apple's website shows; look there before you begin again.",
            act.call.thing()
        ),
        places: Vec::new(),
    }
}

fn since(act: &Act) -> Timestamp {
    match &act.operation.state {
        OperationState::Unknown { since, .. } => *since,
        _ => act.operation.updated_at,
    }
}

fn settled_at(act: &Act) -> Timestamp {
    since(act).saturating_add(SETTLED_AFTER).unwrap_or(Timestamp::MAX)
}
