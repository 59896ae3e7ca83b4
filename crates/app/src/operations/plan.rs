//! A long act that is carried out by others: each step is an act of its own, begun in the transaction that counts it, and
//! the plan goes on when the step is over.
//!
//! ```text
//! Started ── step 1 begun: Working 1 ── it is over ── step 2 begun: Working 2 ── … ── Done, Refused or Failed
//! ```
//!
//! A plan keeps nothing but its count. What comes next is told by what it is and by how its steps ended, so a server that
//! was killed anywhere goes on at the same place: a step that was begun is found, one that was not is begun, never twice.
//!
//! A step may be a plan itself, as the rebuilding of each profile is in the renewal of a certificate.

use super::{
    begin::Begun,
    call::{Work, work},
};
use crate::{App, Caller, Problem, acting::fresh, certificates::Request, crash_point, problem::Kind, worker::JobEnd};
use async_trait::async_trait;
use domain::{Made, Operation, OperationId, OperationKind, OperationState, Permit, StepOf};
use jiff::Timestamp;
use store::{Conflict, StoreError, Tx};

/// What a plan does next.
pub(crate) enum Next {
    /// Begin this.
    Begin(Box<OperationKind>),
    /// Begin to create this certificate.
    Request(Box<Request>),
    /// Look again then.
    Wait { until: Timestamp, why: String },
    /// Nothing more.
    End(OperationState),
}

/// What a kind of plan knows.
#[async_trait]
pub(crate) trait Plan: Send + Sync {
    /// Whether the plan goes on although this step cannot be begun, as others can be. The step is written down as failed.
    fn goes_on_without(&self, _step: &OperationKind) -> bool {
        false
    }

    /// What comes after these steps, all of which are over. It looks things up and changes nothing.
    async fn next(&self, app: &App, permit: &Permit, plan: &Operation, steps: &[Operation]) -> Result<Next, Problem>;

    /// What belongs to its end, in the transaction that writes that down.
    async fn at_end(&self, _app: &App, _tx: &mut Tx, _permit: &Permit, _plan: &Operation, _end: &OperationState) -> Result<(), Problem> {
        Ok(())
    }
}

impl App {
    /// Takes the next step of a plan, or ends it.
    pub(super) async fn go_on_with_plan(
        &self,
        caller: &Caller,
        permit: &Permit,
        operation: &Operation,
        plan: &dyn Plan,
    ) -> Result<JobEnd, Problem> {
        let steps = self.inner.store.read_for(permit).await?.steps_of(permit, operation.id).await?;
        if steps.iter().any(|step| !step.state.is_over()) {
            // The step wakes the plan when it is over.
            return Ok(JobEnd::Done);
        }
        let number = u32::try_from(steps.len()).unwrap_or(u32::MAX).saturating_add(1);
        let step_of = StepOf {
            plan: operation.id,
            step: number,
        };
        let mut left_out = None;
        let begun = match plan.next(self, permit, operation, &steps).await? {
            Next::End(end) => {
                self.end_plan(caller, permit, operation, end).await?;
                return Ok(JobEnd::Done);
            }
            // A fresh job: to wait is no failure, and what fails afterwards is tried again soon.
            Next::Wait { until, why } => {
                tracing::debug!(operation = %operation.id, why, "a plan waits");
                return Ok(JobEnd::Next(until));
            }
            Next::Begin(kind) => {
                left_out = Some((*kind).clone()).filter(|kind| plan.goes_on_without(kind));
                self.begin_step(caller, permit, operation, *kind, None, step_of).await
            }
            Next::Request(request) => {
                let kind = request.kind.clone();
                self.begin_step(caller, permit, operation, kind, Some(&request), step_of).await
            }
        };
        match begun {
            Ok(()) | Err(Begun::Elsewhere) => Ok(JobEnd::Done),
            // What can be refused without Apple ends the step, or the plan, with the same words.
            Err(Begun::Refused(problem)) if is_final(&problem) => {
                let failed = OperationState::Failed {
                    why: format!("{} Apple was not asked for this step.", problem.message),
                };
                match left_out {
                    Some(kind) => self.leave_step_out(caller, permit, operation, kind, step_of, failed).await?,
                    None => self.end_plan(caller, permit, operation, failed).await?,
                }
                Ok(JobEnd::Done)
            }
            Err(Begun::Refused(problem)) => Err(*problem),
        }
    }

    /// Counts the step and writes it down, in one transaction: of two servers that come here one goes on.
    async fn begin_step(
        &self,
        caller: &Caller,
        permit: &Permit,
        plan: &Operation,
        kind: OperationKind,
        request: Option<&Request>,
        step_of: StepOf,
    ) -> Result<(), Begun> {
        let working = OperationState::Working { step: step_of.step };
        let mut tx = self.begin_for(caller, permit).await?;
        match tx.advance_operation(permit, plan.id, &working, self.now()).await {
            Ok(_) => {}
            Err(StoreError::Conflict(Conflict::Stale | Conflict::Step)) => return Err(Begun::Elsewhere),
            Err(error) => return Err(Problem::from(error).into()),
        }
        self.write_act(&mut tx, caller, permit, plan.started_by, kind, Some(step_of))
            .await?;
        if let Some(request) = request {
            self.seal_key_pair(&mut tx, permit, request).await?;
        }
        self.inner.crash_points.pass(crash_point::BEFORE_STARTED);
        tx.commit().await.map_err(Problem::from)?;
        self.inner.crash_points.pass(crash_point::AFTER_STARTED);
        self.inner.job_waits.notify_one();
        self.inner.operation_moved.notify_waiters();
        Ok(())
    }

    /// Counts a step that cannot be begun, and writes down that it failed, in one transaction. It wakes the plan as any
    /// other step does that is over.
    async fn leave_step_out(
        &self,
        caller: &Caller,
        permit: &Permit,
        plan: &Operation,
        kind: OperationKind,
        step_of: StepOf,
        failed: OperationState,
    ) -> Result<(), Problem> {
        let now = self.now();
        let mut tx = self.begin_for(caller, permit).await?;
        match tx
            .advance_operation(permit, plan.id, &OperationState::Working { step: step_of.step }, now)
            .await
        {
            Ok(_) => {}
            Err(StoreError::Conflict(Conflict::Stale | Conflict::Step)) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let step = Operation {
            id: fresh!(self, OperationId),
            organization: permit.organization(),
            started_by: plan.started_by,
            kind,
            step_of: Some(step_of),
            state: OperationState::Started,
            started_at: now,
            updated_at: now,
        };
        self.start_operation(&mut tx, caller, permit, &step).await?;
        tx.advance_operation(permit, step.id, &failed, now).await?;
        self.record_end(&mut tx, caller, permit, &step, &failed).await?;
        self.wake_plan(&mut tx, &step).await?;
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        Ok(())
    }

    pub(super) async fn end_plan(&self, caller: &Caller, permit: &Permit, plan: &Operation, end: OperationState) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        match tx.advance_operation(permit, plan.id, &end, self.now()).await {
            Ok(_) => {}
            Err(StoreError::Conflict(Conflict::Stale | Conflict::Step)) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        if let Work::Plan(kind) = work(&plan.kind) {
            kind.at_end(self, &mut tx, permit, plan, &end).await?;
        }
        self.record_end(&mut tx, caller, permit, plan, &end).await?;
        if let (OperationKind::RegisterDevices(of), Some(by)) = (&plan.kind, plan.started_by.subject()) {
            let steps = tx.steps_of(permit, plan.id).await?;
            if steps.iter().any(|step| at_apple(step).is_some()) {
                self.ask_for_device_rule(&mut tx, plan.organization, of.key, by).await?;
            }
        }
        self.wake_plan(&mut tx, plan).await?;
        self.inner.crash_points.pass(crash_point::BEFORE_OUTCOME);
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        self.inner.crash_points.pass(crash_point::AFTER_OUTCOME);
        Ok(())
    }
}

/// Whether the same refusal would come again: nothing to try once more for.
fn is_final(problem: &Problem) -> bool {
    matches!(problem.kind, Kind::NotAllowed | Kind::NotFound | Kind::Invalid)
}

/// The first step that did not do what it should, as the end of a plan that stops there.
pub(crate) fn stopped_by(steps: &[Operation]) -> Option<OperationState> {
    let step = steps.iter().find(|step| !matches!(step.state, OperationState::Done { .. }))?;
    let title = step.kind.title();
    Some(match &step.state {
        OperationState::Refused { status, code, why, places } => OperationState::Refused {
            status: *status,
            code: code.clone(),
            why: format!("{title}: {why}"),
            places: places.clone(),
        },
        OperationState::Failed { why } => OperationState::Failed {
            why: format!("{title}: {why}"),
        },
        other => OperationState::Failed {
            why: format!("{title} is {}.", other.as_str()),
        },
    })
}

/// Apple's id of what a step made.
pub(crate) fn at_apple(step: &Operation) -> Option<&str> {
    match &step.state {
        OperationState::Done { made: Made::AtApple(id) } => Some(id),
        _ => None,
    }
}
