//! Writing an act down: everything that can be refused without Apple is refused, then the act, its job and its intent are
//! written in one transaction. The worker goes on.

use crate::{App, Caller, Problem, acting::fresh, crash_point, problem::Kind, signing_sets::refuse_beside_ensuring};
use domain::{
    Actor, CertificateId, JobId, JobPayload, LastUse, Operation, OperationId, OperationKind, OperationState, OrgId, Permit, StepOf,
};
use store::{KeyToUse, Tx};

/// Why an act was not begun.
pub(super) enum Begun {
    /// Another server was faster.
    Elsewhere,
    /// With this reason.
    Refused(Box<Problem>),
}

impl From<Problem> for Begun {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl App {
    /// Begins an act that needs nothing made beforehand.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `key_not_usable` with the keys that would work; `app_not_shared`.
    pub(crate) async fn begin_operation(&self, caller: &Caller, org: OrgId, kind: OperationKind) -> Result<Operation, Problem> {
        let permit = self.permit(caller, kind.action(), org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let written = self.write_act(&mut tx, caller, &permit, caller.principal.actor(), kind, None).await;
        let operation = match written {
            Ok(operation) => operation,
            Err(problem) => {
                drop(tx);
                return Err(self.record_beyond_share(caller, &permit, problem).await);
            }
        };
        self.inner.crash_points.pass(crash_point::BEFORE_STARTED);
        tx.commit().await?;
        self.inner.crash_points.pass(crash_point::AFTER_STARTED);
        self.inner.job_waits.notify_one();
        Ok(operation)
    }

    /// Writes an act down in a transaction that its caller commits. First of all in it, or right after what makes two
    /// servers take turns: it holds the key's row, so a removal at this moment waits, then sees the operation.
    pub(crate) async fn write_act(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        permit: &Permit,
        started_by: Actor,
        kind: OperationKind,
        step_of: Option<StepOf>,
    ) -> Result<Operation, Problem> {
        let need = kind.need();
        let used = self.hold_key(tx, permit, kind.key(), &need).await?;
        refuse_outside_of_share(&used, &kind)?;
        self.refuse_beside_another(tx, permit, &used, &kind, step_of).await?;
        let now = self.now();
        let last_use = LastUse {
            by: caller.principal.actor(),
            need,
            at: now,
        };
        tx.set_key_last_use(&used.permit, &last_use).await?;
        let operation = Operation {
            id: fresh!(self, OperationId),
            organization: permit.organization(),
            started_by,
            kind,
            step_of,
            state: OperationState::Started,
            started_at: now,
            updated_at: now,
        };
        self.start_operation(tx, caller, permit, &operation).await?;
        Ok(operation)
    }

    /// Refuses to change a held profile, or to renew a certificate, while another act does. Their rows are kept as they are until
    /// the transaction ends, so of two that come at once the second sees the first.
    ///
    /// The steps of a plan that has named what it changes are that plan's own.
    async fn refuse_beside_another(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        used: &KeyToUse,
        kind: &OperationKind,
        step_of: Option<StepOf>,
    ) -> Result<(), Problem> {
        let mut profiles = kind.profiles();
        profiles.sort_unstable();
        if profiles.is_empty() && kind.renews().is_none() && kind.changes_at_apple().is_none() {
            return Ok(());
        }
        if let Some(certificate) = kind.renews() {
            tx.lock_certificate(permit, certificate).await?;
            refuse_after_another_renewal(tx, permit, kind, certificate).await?;
        }
        for profile in &profiles {
            tx.lock_profile(permit, *profile).await?;
        }
        let others = tx.unfinished_operations(permit).await?;
        match step_of.and_then(|of| others.iter().find(|other| other.id == of.plan)) {
            Some(plan) if matches!(plan.kind, OperationKind::EnsureSigningSet(_)) => {}
            Some(_) => return Ok(()),
            None => refuse_beside_ensuring(self, tx, permit, used, kind, &others).await?,
        }
        let other = others.iter().find(|other| {
            (kind.renews().is_some() && other.kind.renews() == kind.renews())
                || other.kind.profiles().iter().any(|profile| profiles.contains(profile))
                // An act whose answer was lost is asked for again, and would undo what another did meanwhile.
                || (kind.changes_at_apple().is_some() && other.kind.changes_at_apple() == kind.changes_at_apple())
        });
        match other {
            None => Ok(()),
            Some(other) => Err(Problem::new(
                Kind::Conflict,
                "another_is_running",
                format!(
                    "“{}” is still running and changes the same ({}). Wait until it is over, then look again.",
                    other.kind.title(),
                    other.id
                ),
            )),
        }
    }

    /// The rows of an act, its job and its intent.
    pub(crate) async fn start_operation(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        permit: &Permit,
        operation: &Operation,
    ) -> Result<(), Problem> {
        tx.start_operation(permit, operation).await?;
        let job = JobPayload::Continue { operation: operation.id };
        tx.enqueue(fresh!(self, JobId), operation.organization, &job, operation.started_at)
            .await?;
        let event = operation.kind.event(operation.id, None);
        self.record_intent(tx, caller, operation.organization, event).await?;
        Ok(())
    }
}

/// Refuses a renewal that was planned before another one of the same certificate was over: what is there now is another
/// thing than what was looked at, and there would be two new certificates.
async fn refuse_after_another_renewal(
    tx: &mut Tx,
    permit: &Permit,
    kind: &OperationKind,
    certificate: CertificateId,
) -> Result<(), Problem> {
    let OperationKind::RenewCertificate(renewal) = kind else {
        return Ok(());
    };
    match tx.last_end_of_renewal(permit, certificate).await? {
        Some(ended) if renewal.looked_at.is_some_and(|looked_at| ended > looked_at) => Err(Problem::new(
            Kind::Conflict,
            "another_is_running",
            "The certificate was renewed by somebody else at this moment. Look again.",
        )),
        _ => Ok(()),
    }
}

/// Refuses an act about an app that a share does not take in.
pub(super) fn refuse_outside_of_share(used: &KeyToUse, kind: &OperationKind) -> Result<(), Problem> {
    match (used.permit.limits(), kind.identifier()) {
        (Some(limits), Some(identifier)) if !limits.takes_in(identifier) => Err(app_not_shared(used, identifier)),
        // A device belongs to every app of the account: without it, everybody's next profile is without it.
        (Some(limits), None) if limits.apps.is_some() && matches!(kind, OperationKind::ChangeDevice(_)) => Err(Problem::new(
            Kind::NotAllowed,
            "app_not_shared",
            format!(
                "“{}” is shared with this organization for some apps, and a device belongs to all apps of the account. Its owner can change it.",
                used.key.name
            ),
        )
        .beyond_share()),
        _ => Ok(()),
    }
}

/// The refusal of an app that a share does not take in.
pub(crate) fn app_not_shared(used: &KeyToUse, identifier: &str) -> Problem {
    Problem::new(
        Kind::NotAllowed,
        "app_not_shared",
        format!(
            "“{}” is shared with this organization for other apps, not for {identifier}. Ask its owner for more.",
            used.key.name
        ),
    )
    .beyond_share()
}
