//! Long acts: begin, go on, look, wait.
//!
//! `begin` writes an act down; the worker carries it out in `carry_on`, with `look` after a lost answer, or as a `plan` of
//! several. What the kinds of acts know is a `call` or a plan each, beside the use cases of their subject.

mod begin;
mod call;
mod carry_on;
mod look;
mod plan;

pub(crate) use begin::app_not_shared;
pub(crate) use call::{Answer, Call, Kept, gone};
pub(crate) use carry_on::why_unusable;
pub use look::UNREADABLE;
pub(crate) use plan::{Next, Plan, at_apple, stopped_by};

use crate::{App, Caller, Problem, certificates::Place};
use domain::{Action, Operation, OperationId, OperationState, OrgId, Permit};
use std::time::Duration;
use tokio::time::Instant;

/// An operation and what belongs to its end.
#[derive(Debug, Clone)]
pub struct OperationView {
    /// The act.
    pub operation: Operation,
    /// At Apple's limit: the certificates that hold the places.
    pub places: Vec<Place>,
    /// Of a plan: the steps that were begun, in their order.
    pub steps: Vec<Operation>,
}

impl From<Operation> for OperationView {
    /// An act that was begun just now.
    fn from(operation: Operation) -> Self {
        Self {
            operation,
            places: Vec::new(),
            steps: Vec::new(),
        }
    }
}

/// How often a waiting request looks by itself: another server may be doing the work.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl App {
    /// Where it stands.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn operation(&self, caller: &Caller, org: OrgId, operation: OperationId) -> Result<OperationView, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        of_signing(self.view(&permit, operation).await?)
    }

    /// Waits until it is over, at most so long, and says where it stands then.
    ///
    /// # Errors
    /// As [`App::operation`]. Not being over in time is no error.
    pub async fn wait_for_operation(
        &self,
        caller: &Caller,
        org: OrgId,
        operation: OperationId,
        at_most: Duration,
    ) -> Result<OperationView, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        of_signing(self.view(&permit, operation).await?)?;
        of_signing(self.wait_for(&permit, operation, at_most).await?)
    }

    pub(crate) async fn wait_for(&self, permit: &Permit, operation: OperationId, at_most: Duration) -> Result<OperationView, Problem> {
        let until = Instant::now() + at_most;
        loop {
            // Listening begins before looking, so that no step falls between the two.
            let moved = self.inner.operation_moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let view = self.view(permit, operation).await?;
            if view.operation.state.is_over() || Instant::now() >= until {
                return Ok(view);
            }
            let next_look = until.min(Instant::now() + LOOK_EVERY);
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep_until(next_look) => {}
            }
        }
    }

    pub(crate) async fn view(&self, permit: &Permit, id: OperationId) -> Result<OperationView, Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        let operation = tx.operation(permit, id).await?;
        let places = match &operation.state {
            OperationState::Refused { places, .. } if !places.is_empty() => {
                let held = crate::certificates::Held::among_places(&mut tx, permit, places).await?;
                places.iter().map(|place| held.place(place)).collect()
            }
            _ => Vec::new(),
        };
        let steps = tx.steps_of(permit, operation.id).await?;
        Ok(OperationView { operation, places, steps })
    }
}

/// An act of another room is none here: who may see certificates need not see builds.
fn of_signing(view: OperationView) -> Result<OperationView, Problem> {
    match view.operation.kind.need().feature() {
        Some(feature) if !feature.is_signing() => Err(Problem::not_found()),
        _ => Ok(view),
    }
}
