//! Removing a key, and what depends on it.

use super::Dependents;
use crate::{
    App, Caller, Problem,
    key_use::{API_KEY, token_slot},
    problem::Kind,
};
use domain::{Action, ApiKeyId, Event, OperationKind, OrgId, Permit};
use store::Tx;

impl App {
    /// What depends on it.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn key_dependents(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<Dependents, Problem> {
        let permit = self.permit(caller, Action::SeeKeys, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        tx.key(&permit, key).await?;
        Ok(Dependents {
            certificates: tx.certificates_of_key(&permit, key).await?,
            running_operations: running_through(&mut tx, &permit, key).await?,
        })
    }

    /// Removes it with its sealed private key. `typed_name` must be its name.
    ///
    /// # Errors
    /// `name_differs`; `key_in_use` while an act that needs it is not over.
    pub async fn remove_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, typed_name: &str) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::RemoveKey, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let name = tx.key(&permit, key).await?.name;
        if typed_name.trim() != name.as_str() {
            return Err(Problem::field(
                "name_differs",
                "name",
                format!("To remove this key, type its name exactly: {name}"),
            ));
        }
        // Removed first, counted then: an act that begins at this moment has locked the key's row, so one of the two waits
        // for the other and sees it.
        let removed = tx.remove_key(&permit, key, API_KEY).await?;
        let running = running_through(&mut tx, &permit, key).await?;
        if running > 0 {
            return Err(in_use(running, "then remove it"));
        }
        let event = Event::KeyRemoved {
            key,
            name: removed.name.to_string(),
            key_id: removed.key_id.to_string(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        self.inner.tokens.invalidate(&token_slot(&removed));
        self.inner.budgets().remove(&key);
        Ok(())
    }
}

/// The refusal while acts through a key are not over.
pub(super) fn in_use(running: u32, then: &str) -> Problem {
    Problem::new(
        Kind::Conflict,
        "key_in_use",
        format!("{running} act(s) that need this key are not over. Wait until they are, {then}."),
    )
}

pub(super) async fn running_through(tx: &mut Tx, permit: &Permit, key: ApiKeyId) -> Result<u32, Problem> {
    let unfinished = tx.unfinished_operations(permit).await?;
    let through = |kind: &OperationKind| match kind {
        OperationKind::CreateCertificate { key: used, .. } => *used == key,
    };
    Ok(unfinished.iter().filter(|operation| through(&operation.kind)).count() as u32)
}
