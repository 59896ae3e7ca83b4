//! Long acts. A step is taken only from the state it was thought of in.

use domain::{CertificateId, Job, JobPayload, Operation, OperationId, OperationState, Permit, StepOf};
use jiff::Timestamp;

use crate::sql::{Row, args, json};
use crate::{Conflict, Page, Paging, Result, StoreError, Tx};

/// How cursors of the list call it.
const LIST: &str = "operations";

fn operation(row: &Row) -> Result<Operation> {
    let plan: Option<OperationId> = row.parse_opt("plan_id")?;
    let step: Option<i64> = row.get("step")?;
    Ok(Operation {
        step_of: plan.zip(step).map(|(plan, step)| StepOf {
            plan,
            step: u32::try_from(step).unwrap_or_default(),
        }),
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        started_by: row.json("started_by")?,
        kind: row.json("kind")?,
        state: row.json("detail")?,
        started_at: row.time("started_at")?,
        updated_at: row.time("updated_at")?,
    })
}

impl Tx {
    /// Writes a new act down.
    ///
    /// # Errors
    /// [`Conflict::Step`] when the plan has such a step already.
    pub async fn start_operation(&mut self, permit: &Permit, new: &Operation) -> Result<()> {
        self.execute(
            "INSERT INTO operations (id, organization_id, started_by, kind, state, detail, started_at, updated_at, plan_id, step)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            args![
                new.id,
                permit.organization(),
                json(&new.started_by)?,
                json(&new.kind)?,
                new.state.as_str(),
                json(&new.state)?,
                new.started_at,
                new.updated_at,
                new.step_of.map(|of| of.plan.to_string()),
                new.step_of.map(|of| i64::from(of.step)),
            ],
        )
        .await?;
        Ok(())
    }

    /// The steps of a plan that were begun, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn steps_of(&mut self, permit: &Permit, plan: OperationId) -> Result<Vec<Operation>> {
        let rows = self
            .rows(
                "SELECT * FROM operations WHERE organization_id = $1 AND plan_id = $2 ORDER BY step",
                args![permit.organization(), plan],
            )
            .await?;
        rows.iter().map(operation).collect()
    }

    /// An act.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn operation(&mut self, permit: &Permit, id: OperationId) -> Result<Operation> {
        let row = self
            .row(
                "SELECT * FROM operations WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        operation(&row)
    }

    /// The act that a claimed job goes on with. The worker learns from it whose rights to ask
    /// for; only the permit that follows opens anything else.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a job of another kind.
    pub async fn operation_of_job(&mut self, job: &Job) -> Result<Operation> {
        let JobPayload::Continue { operation: id } = job.payload else {
            return Err(StoreError::NotFound);
        };
        let row = self
            .row(
                "SELECT * FROM operations WHERE organization_id = $1 AND id = $2",
                args![job.organization, id],
            )
            .await?;
        operation(&row)
    }

    /// The acts of an organization, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn operations(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<Operation>> {
        let rows = self
            .rows(
                "SELECT * FROM operations WHERE organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
                args![permit.organization(), paging.behind::<String>(LIST)?, paging.fetch()],
            )
            .await?;
        let items: Vec<_> = rows.iter().map(operation).collect::<Result<_>>()?;
        Ok(Page::cut(items, paging, LIST, |o| o.id.to_string()))
    }

    /// The acts that are not over, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unfinished_operations(&mut self, permit: &Permit) -> Result<Vec<Operation>> {
        let rows = self
            .rows(
                "SELECT * FROM operations WHERE organization_id = $1 AND state IN ('started', 'working', 'calling', 'unknown') ORDER BY id",
                args![permit.organization()],
            )
            .await?;
        rows.iter().map(operation).collect()
    }

    /// The renewals of a certificate that did not come to their end, newest first, at most twenty.
    ///
    /// # Errors
    /// What the database says.
    pub async fn failed_renewals_of(&mut self, permit: &Permit, certificate: CertificateId) -> Result<Vec<Operation>> {
        // What an act is stands in its description; a certificate is in those of its own renewals and a few others.
        let rows = self
            .rows(
                "SELECT * FROM operations
                 WHERE organization_id = $1 AND plan_id IS NULL AND state IN ('refused', 'failed') AND kind LIKE $2
                 ORDER BY id DESC LIMIT 20",
                args![permit.organization(), format!("%{certificate}%")],
            )
            .await?;
        let mut found: Vec<_> = rows.iter().map(operation).collect::<Result<_>>()?;
        found.retain(|act| act.kind.renews() == Some(certificate));
        Ok(found)
    }

    /// When a renewal of a certificate was last over, however it ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn last_end_of_renewal(&mut self, permit: &Permit, certificate: CertificateId) -> Result<Option<Timestamp>> {
        let rows = self
            .rows(
                "SELECT * FROM operations
                 WHERE organization_id = $1 AND plan_id IS NULL AND state IN ('done', 'refused', 'failed') AND kind LIKE $2
                 ORDER BY updated_at DESC LIMIT 20",
                args![permit.organization(), format!("%{certificate}%")],
            )
            .await?;
        let acts: Vec<_> = rows.iter().map(operation).collect::<Result<_>>()?;
        let renewal = acts.into_iter().find(|act| act.kind.renews() == Some(certificate));
        Ok(renewal.map(|act| act.updated_at))
    }

    /// Takes the next step of an act and gives the act as it is now.
    ///
    /// # Errors
    /// [`Conflict::Step`] when the state machine has no such step from the present state, and
    /// [`Conflict::Stale`] when somebody else took one at the same time.
    pub async fn advance_operation(&mut self, permit: &Permit, id: OperationId, next: &OperationState, at: Timestamp) -> Result<Operation> {
        let present = self.operation(permit, id).await?;
        if !present.state.may_become(next) {
            return Err(Conflict::Step.into());
        }
        let changed = self
            .execute(
                "UPDATE operations SET state = $4, detail = $5, updated_at = $6
                 WHERE organization_id = $1 AND id = $2 AND detail = $3",
                args![permit.organization(), id, json(&present.state)?, next.as_str(), json(next)?, at,],
            )
            .await?;
        if changed == 0 {
            return Err(Conflict::Stale.into());
        }
        Ok(Operation {
            state: next.clone(),
            updated_at: at,
            ..present
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::json;

    #[test]
    fn what_came_of_an_act_is_written_as_it_was_before_there_were_several_sorts() {
        let written = r#"{"state":"done","certificate":"cert_00000000000000000000000000000001"}"#;
        let state: OperationState = serde_json::from_str(written).unwrap();
        assert!(state.certificate().is_some());
        assert_eq!(json(&state).unwrap(), written);
    }
}
