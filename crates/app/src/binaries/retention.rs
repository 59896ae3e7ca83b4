//! How long binaries are kept: so many days after they were last sent or added, or for ever.
//!
//! Release candidates stay, and so does what is being sent. The server looks once a day and writes each removal into the
//! log, as its own act. The bytes go after the row, as with any removal: what a crash leaves is cleared up by the sweep.
//!
//! The surprising thing: "sent" counts from the beginning of a sending. It is noted before the act is written down, so no
//! binary goes between the two.

use super::place;
use crate::{App, Caller, Problem, problem::Kind};
use domain::{Action, BinaryId, Event, OrgId, Origin, Principal, decide};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// The longest time that can be set, in days: ten years.
const MOST_DAYS: u16 = 3650;
/// How many binaries of an organization go in a day: one transaction takes them all.
const AT_ONCE: u32 = 500;

impl App {
    /// How many days binaries are kept; 0 is for ever.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn binary_retention(&self, caller: &Caller, org: OrgId) -> Result<u16, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        Ok(self.inner.store.read_for(&permit).await?.binary_days(&permit).await?)
    }

    /// Sets how many days binaries are kept, 0 for ever. What is so already stays so, without a record.
    ///
    /// # Errors
    /// A problem at `days`; `not_found`, `not_allowed`.
    pub async fn set_binary_retention(&self, caller: &Caller, org: OrgId, days: u16) -> Result<u16, Problem> {
        let permit = self.permit(caller, Action::SetBinaryRetention, org).await?;
        if days > MOST_DAYS {
            return Err(Problem::field(
                "days_unfit",
                "days",
                format!("Binaries are kept for 1 to {MOST_DAYS} days, or with 0 for ever."),
            ));
        }
        let mut tx = self.begin_for(caller, &permit).await?;
        if tx.binary_days(&permit).await? == days {
            return Ok(days);
        }
        tx.set_binary_days(&permit, days).await?;
        self.record_done(&mut tx, caller, org, Event::BinaryRetentionSet { days }).await?;
        tx.commit().await?;
        Ok(days)
    }

    /// Notes that a binary is about to be sent: from now on its time begins anew.
    pub(crate) async fn note_sent(&self, caller: &Caller, org: OrgId, binary: BinaryId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::SendBuild, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        tx.note_binary_sent(&permit, binary, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Removes the binaries whose time is over, in every organization that does not keep them for ever. The server does this
    /// once a day.
    ///
    /// # Errors
    /// When the database or the storage does not answer, or the log is blocked.
    pub async fn clear_old_binaries(&self) -> Result<(), Problem> {
        let organizations = self.inner.store.read_over_all().await?.organizations_that_clear_binaries().await?;
        for organization in organizations {
            match self.clear_old_binaries_of(organization).await {
                // Deleted meanwhile.
                Err(problem) if problem.kind == Kind::NotFound => {}
                // One that cannot be cleared now does not keep the others from it.
                Err(problem) => {
                    tracing::warn!(%organization, code = problem.code, "old binaries could not be cleared; that is tried again daily")
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    async fn clear_old_binaries_of(&self, organization: OrgId) -> Result<(), Problem> {
        let tenant = self.inner.store.read().await?.tenant(organization).await?;
        let tenant = tenant.ok_or_else(Problem::not_found)?;
        let server = Caller {
            principal: Principal::server(),
            origin: Origin::default(),
        };
        let permit = decide(&server.principal, Action::SettleOperation, tenant)
            .map_err(|_| Problem::internal("the server may not clear up in an organization"))?;
        let mut tx = self.begin_for(&server, &permit).await?;
        let days = tx.binary_days(&permit).await?;
        let before = self.now().saturating_sub(SignedDuration::from_hours(24 * i64::from(days)));
        let Some(before) = before.ok().filter(|_| days > 0) else {
            return Ok(());
        };
        let acts = tx.unfinished_operations(&permit).await?;
        let being_sent: BTreeSet<_> = acts.iter().filter_map(|act| act.kind.build()).map(|of| of.binary).collect();
        let mut old = tx.lock_old_binaries(&permit, before, AT_ONCE).await?;
        old.retain(|binary| !being_sent.contains(&binary.id));
        if old.is_empty() {
            return Ok(());
        }
        let mut events = Vec::with_capacity(old.len());
        for binary in &old {
            tx.delete_binary(&permit, binary.id).await?;
            events.push(Event::BinaryRemoved {
                binary: binary.id,
                name: binary.title(),
                kept_days: Some(days),
            });
        }
        self.record_all_done(&mut tx, &server, organization, events).await?;
        tx.commit().await?;
        for binary in &old {
            if let Err(error) = self.inner.binaries.remove(place(binary)).await {
                tracing::warn!(binary = %binary.id, %error, "the bytes of a binary that was removed could not be cleared up; that is tried again daily");
            }
        }
        Ok(())
    }
}
