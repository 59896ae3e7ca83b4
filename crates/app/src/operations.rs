//! Long acts: look, wait, go on.
use crate::{App, Caller, Problem, certificates::Place};
use domain::{Operation, OperationId, OrgId};
use std::time::Duration;

/// An operation and what belongs to its end.
#[derive(Debug, Clone)]
pub struct OperationView {
    /// The act.
    pub operation: Operation,
    /// At Apple's limit: the certificates that hold the places.
    pub places: Vec<Place>,
}

impl App {
    /// Where it stands.
    pub async fn operation(&self, caller: &Caller, org: OrgId, operation: OperationId) -> Result<OperationView, Problem> {
        todo!()
    }
    /// Waits until it is over, at most so long, and says where it stands then.
    pub async fn wait_for_operation(
        &self,
        caller: &Caller,
        org: OrgId,
        operation: OperationId,
        at_most: Duration,
    ) -> Result<OperationView, Problem> {
        todo!()
    }
}
