//! The job of a long act that is one writing request to Apple: from wherever it stands to its end.
//!
//! ```text
//! Started ── written down: calling ── one request ─┬─ 2xx ────────────── Done
//!    │                                             ├─ refused for sure ── Refused, Failed
//!    │                                             └─ nobody knows ────── Unknown ── look
//!    └─ may not any more ── Failed      found as calling after a crash ───┘
//! ```
//!
//! "Calling" is committed before the request, so a process that finds an act there knows that Apple may have been asked,
//! and looks instead of asking.
//!
//! A lent key is asked for again at each step that still may be left undone: once it is no longer shared, an act of which
//! Apple knows nothing ends with these words. Where Apple may have been asked, the server looks on with the owner's key, as
//! the owner would, so that what was made is not lost; it belongs to whoever began. It never asks a second time with more
//! than whoever began has then.
//!
//! The surprising thing: what is not known to be a refusal is a lost answer, a proxy's error page included.

use super::{
    begin::refuse_outside_of_share,
    call::{Answer, Call, Kept, Work, work},
};
use crate::{App, Caller, Kind, Problem, accounts::principal_of, crash_point, worker::JobEnd};
use apple::{Error, Session};
use domain::{
    Action, ActivityId, Denied, Job, JobPayload, Made, Operation, OperationState, Origin, Outcome, Permit, Principal, Tenant, decide,
};
use store::{ActivityFilter, KeyToUse, Paging, Tx};

/// A call on its way.
pub(super) struct Act {
    pub(super) operation: Operation,
    pub(super) call: Box<dyn Call>,
}

impl App {
    /// Goes on with an act from where it stands.
    pub(crate) async fn continue_operation(&self, job: &Job) -> Result<JobEnd, Problem> {
        let mut tx = self.inner.store.read_over_all().await?;
        let operation = tx.operation_of_job(job).await?;
        let caller = Caller {
            principal: principal_of(&mut tx, operation.started_by, self.now()).await?.acting_as_job(job.id),
            origin: Origin::default(),
        };
        let tenant = tx.tenant(job.organization).await?.unwrap_or(Tenant::root(job.organization));
        drop(tx);
        let action = operation.kind.action();
        let may_go_on = match &operation.state {
            OperationState::Done { .. } | OperationState::Refused { .. } | OperationState::Failed { .. } => return Ok(JobEnd::Done),
            // Nothing is sent any more, and Apple makes a build of what it has: what became of it is found out.
            OperationState::Working { step } if operation.kind.only_watches_after(*step) => Ok(settling_permit(job, tenant)?),
            OperationState::Started | OperationState::Working { .. } => decide(&caller.principal, action, tenant),
            OperationState::Calling { .. } | OperationState::Unknown { .. } => Ok(settling_permit(job, tenant)?),
        };
        let permit = match may_go_on {
            Ok(permit) => permit,
            Err(Denied::Invisible | Denied::RoleMissing { .. }) => {
                let words = action.words();
                let why = match &operation.state {
                    OperationState::Working { .. } => format!(
                        "Whoever began this may not {words} any more, so it was not gone on with. What was done until then is listed with its steps."
                    ),
                    _ => format!("Whoever began this may not {words} any more. Apple was not asked."),
                };
                let permit = settling_permit(job, tenant)?;
                self.fail(&caller, &permit, operation, &why).await?;
                return Ok(JobEnd::Done);
            }
        };
        let call = match work(&operation.kind) {
            Work::Plan(plan) => return Box::pin(self.go_on_with_plan(&caller, &permit, &operation, &*plan)).await,
            Work::Call(call) => call,
        };
        let act = Act { operation, call };
        match act.operation.state {
            OperationState::Calling { .. } => {
                let why = "The server stopped while Apple was being asked.".to_owned();
                let act = self.lose_answer(&caller, &permit, act, why).await?;
                Box::pin(self.look_at_apple(&caller, &permit, job, act)).await
            }
            OperationState::Unknown { .. } => Box::pin(self.look_at_apple(&caller, &permit, job, act)).await,
            _ => Box::pin(self.ask_apple(&caller, &permit, act)).await,
        }
    }

    /// Writes "calling" down, then asks, once.
    async fn ask_apple(&self, caller: &Caller, permit: &Permit, act: Act) -> Result<JobEnd, Problem> {
        let kind = &act.operation.kind;
        let need = kind.need();
        let mut tx = self.begin_for(caller, permit).await?;
        // Looked at again: roles, kind and share may have been changed since the act was begun.
        let held = match self.hold_key(&mut tx, permit, kind.key(), &need).await {
            Ok(used) => refuse_outside_of_share(&used, kind).map(|()| used),
            Err(problem) => Err(problem),
        };
        let used = match held {
            Ok(used) => used,
            Err(problem) => {
                drop(tx);
                let why = format!("{} Apple was not asked.", why_unusable(problem, permit.tenant())?);
                self.fail(caller, permit, act.operation, &why).await?;
                return Ok(JobEnd::Done);
            }
        };
        let calling = OperationState::Calling { since: self.now() };
        tx.advance_operation(permit, act.operation.id, &calling, self.now()).await?;
        self.record_use(&mut tx, caller, &used, &need).await?;
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        self.inner.crash_points.pass(crash_point::BEFORE_CALL);
        let session = self.session_as(&used, used.key.kind, &need);
        let answer = act.call.carry_out(self, permit, &session).await;
        self.learn(used.key.id, &crate::key_use::Learnt::of(&session));
        self.inner.crash_points.pass(crash_point::AFTER_CALL);
        match answer {
            Ok(answer) if self.keep(caller, permit, &act, &used, &answer).await? => Ok(JobEnd::Done),
            Ok(_) => {
                let why = format!("Apple's answer did not have {} in it that was asked for.", act.call.thing());
                let act = self.lose_answer(caller, permit, act, why).await?;
                Ok(self.look_again(&act))
            }
            Err(error) => match self.refusal(&act, &session, &error).await {
                Some(end) => {
                    self.end_without(caller, permit, &act, end, Some((&used, &error))).await?;
                    Ok(JobEnd::Done)
                }
                None => {
                    let act = self.lose_answer(caller, permit, act, error.human()).await?;
                    Ok(self.look_again(&act))
                }
            },
        }
    }

    /// The end of an act that Apple surely did not do; none where nobody knows.
    pub(super) async fn refusal(&self, act: &Act, session: &Session, error: &Error) -> Option<OperationState> {
        match error {
            // Surely not sent.
            Error::NotSent { .. } | Error::NoToken(_) => Some(OperationState::Failed {
                why: match Problem::no_longer_shared(error) {
                    Some(problem) => format!("{} Apple was not asked.", problem.message),
                    None => error.human(),
                },
            }),
            // Apple's own documents: surely refused.
            Error::Unauthorized { .. }
            | Error::Forbidden { .. }
            | Error::NotFound { .. }
            | Error::Conflict { .. }
            | Error::Unprocessable { .. }
            | Error::RateLimited { .. }
            | Error::Refused { .. } => Some(OperationState::Refused {
                status: error.status().unwrap_or_default(),
                code: error.apple_code().unwrap_or_default().to_owned(),
                why: error.human(),
                places: act.call.places(session, error, self.now()).await,
            }),
            _ => None,
        }
    }

    /// Keeps what Apple did, if it is what was asked for.
    pub(super) async fn keep(
        &self,
        caller: &Caller,
        permit: &Permit,
        act: &Act,
        used: &KeyToUse,
        answer: &Answer,
    ) -> Result<bool, Problem> {
        if !act.call.fits(answer) {
            return Ok(false);
        }
        let need = act.operation.kind.need();
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        let (made, news) = match act.call.keep(self, &mut tx, permit, used, answer).await? {
            Kept::Now(made) => (made, None),
            Kept::WithNews(made, news) => (made, Some(*news)),
            Kept::ByAnother => return Ok(true),
        };
        if act.operation.kind.unsettles_profiles() {
            let by = act.operation.step_of.map_or(act.operation.id, |of| of.plan);
            tx.note_team_change(&used.team(), by, self.now()).await?;
        }
        let done = OperationState::Done { made };
        tx.advance_operation(permit, act.operation.id, &done, self.now()).await?;
        let is_noted = self.note_with(&mut tx, permit, used, &need, None).await?;
        self.record_end(&mut tx, caller, permit, &act.operation, &done).await?;
        if let Some(news) = news {
            let mut record = self.activity_record(caller, Some(permit.organization()), news, Outcome::Done);
            record.follows = intent_of(&mut tx, permit, &act.operation).await?;
            self.record(&mut tx, &record).await?;
        }
        self.wake_plan(&mut tx, &act.operation).await?;
        self.inner.crash_points.pass(crash_point::BEFORE_OUTCOME);
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        self.inner.crash_points.pass(crash_point::AFTER_OUTCOME);
        if !is_noted {
            self.note_apart(used, &need, None).await?;
        }
        self.learn_team(used, act.call.team(answer)).await?;
        Ok(true)
    }

    /// Writes down that nobody knows what Apple did.
    async fn lose_answer(&self, caller: &Caller, permit: &Permit, mut act: Act, why: String) -> Result<Act, Problem> {
        let now = self.now();
        let unknown = OperationState::Unknown {
            since: now,
            why,
            shut_out: false,
        };
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        act.operation = tx.advance_operation(permit, act.operation.id, &unknown, now).await?;
        self.record_end(&mut tx, caller, permit, &act.operation, &unknown).await?;
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        Ok(act)
    }

    /// Ends an act of which Apple surely made nothing, before Apple was asked.
    async fn fail(&self, caller: &Caller, permit: &Permit, operation: Operation, why: &str) -> Result<(), Problem> {
        let failed = OperationState::Failed { why: why.to_owned() };
        match work(&operation.kind) {
            Work::Call(call) => self.end_without(caller, permit, &Act { operation, call }, failed, None).await,
            Work::Plan(_) => self.end_plan(caller, permit, &operation, failed).await,
        }
    }

    /// Ends an act with nothing made. Only here what was made for it is cleared up: it is sure that Apple made nothing of it.
    pub(super) async fn end_without(
        &self,
        caller: &Caller,
        permit: &Permit,
        act: &Act,
        end: OperationState,
        refused: Option<(&KeyToUse, &Error)>,
    ) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        tx.advance_operation(permit, act.operation.id, &end, self.now()).await?;
        act.call.give_up(&mut tx, permit, &end).await?;
        if let Some((used, error)) = refused {
            self.note_with(&mut tx, permit, used, &act.operation.kind.need(), Some(error))
                .await?;
        }
        self.record_end(&mut tx, caller, permit, &act.operation, &end).await?;
        self.wake_plan(&mut tx, &act.operation).await?;
        self.inner.crash_points.pass(crash_point::BEFORE_OUTCOME);
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        self.inner.crash_points.pass(crash_point::AFTER_OUTCOME);
        Ok(())
    }

    /// The record that follows the intent.
    pub(super) async fn record_end(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        permit: &Permit,
        operation: &Operation,
        end: &OperationState,
    ) -> Result<(), Problem> {
        let made: Option<&Made> = match end {
            OperationState::Done { made } => Some(made),
            _ => None,
        };
        let outcome = match end {
            OperationState::Done { .. } => Outcome::Done,
            OperationState::Refused { .. } => Outcome::Refused,
            OperationState::Failed { .. } => Outcome::Failed,
            _ => Outcome::Unknown,
        };
        let event = operation.kind.event(operation.id, made);
        let mut record = self.activity_record(caller, Some(permit.organization()), event, outcome);
        record.follows = intent_of(tx, permit, operation).await?;
        self.record(tx, &record).await
    }

    /// The plan goes on when its step is over.
    pub(super) async fn wake_plan(&self, tx: &mut Tx, operation: &Operation) -> Result<(), Problem> {
        if let Some(of) = operation.step_of {
            let job = JobPayload::Continue { operation: of.plan };
            tx.enqueue(crate::acting::fresh!(self, domain::JobId), operation.organization, &job, self.now())
                .await?;
            self.inner.job_waits.notify_one();
        }
        Ok(())
    }
}

/// Why the key of an act cannot be used for it now. What is no refusal is given back.
pub(crate) fn why_unusable(problem: Problem, tenant: Tenant) -> Result<String, Problem> {
    match (problem.kind, problem.code, tenant.parent) {
        (_, "key_not_usable" | "app_not_shared", _) => Ok(problem.message),
        (Kind::NotFound, _, Some(_)) => Ok("The API key is no longer shared with this organization.".to_owned()),
        (Kind::NotFound, _, None) => Ok("The API key was removed.".to_owned()),
        _ => Err(problem),
    }
}

/// The server's own right to clear up what was begun, whatever rights its starter has now.
pub(super) fn settling_permit(job: &Job, tenant: Tenant) -> Result<Permit, Problem> {
    decide(&Principal::job(job.id, None, Default::default()), Action::SettleOperation, tenant)
        .map_err(|_| Problem::internal("the server may not settle an operation"))
}

async fn intent_of(tx: &mut Tx, permit: &Permit, operation: &Operation) -> Result<Option<ActivityId>, Problem> {
    let filter = ActivityFilter {
        object: Some(operation.id.to_string()),
        outcome: Some(Outcome::Intent),
        ..ActivityFilter::default()
    };
    let intents = tx.activities(permit, &filter, &Paging::first(1)).await?;
    Ok(intents.items.first().map(|record| record.id))
}
