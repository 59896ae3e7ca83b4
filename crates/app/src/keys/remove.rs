//! Removing a key, and what depends on it.

use super::{Dependents, OwnersAct};
use crate::{
    App, Caller, Problem,
    key_use::{API_KEY, token_slot},
    problem::Kind,
};
use domain::{Action, ApiKeyId, Event, OrgId, Permit};
use store::Tx;

impl App {
    /// What depends on it, which is to be known before it is removed.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `lent_key`.
    pub async fn key_dependents(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<Dependents, Problem> {
        let permit = self.permit(caller, Action::SeeKeys, org).await?;
        self.own_key(caller, &permit, key, OwnersAct::Remove).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let mut by_organization = tx.key_dependents(&permit, key).await?;
        let here = by_organization.remove(&org).unwrap_or_default();
        let below = by_organization.values();
        Ok(Dependents {
            certificates: tx.certificate_names_of_key(&permit, key).await?,
            running_operations: here.unfinished_operations,
            certificates_below: below.clone().map(|of| of.certificates).sum(),
            running_operations_below: below.clone().map(|of| of.unfinished_operations).sum(),
            organizations_below: below.count() as u32,
            sharing: self.sharing_of(&mut tx, &permit, key).await?,
        })
    }

    /// Removes it with its sealed private key. `typed_name` must be its name.
    ///
    /// # Errors
    /// `name_differs`; `lent_key`; `key_in_use` while an act that needs it is not over.
    pub async fn remove_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, typed_name: &str) -> Result<(), Problem> {
        let permit = self.permit_over_key(caller, Action::RemoveKey, org, key, OwnersAct::Remove).await?;
        let name = self.own_key(caller, &permit, key, OwnersAct::Remove).await?.name;
        let mut tx = self.begin_for(caller, &permit).await?;
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
        refuse_in_use(&mut tx, &permit, key, "then remove it").await?;
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

/// Refuses while acts through a key are not over, in its own organization or below it.
pub(super) async fn refuse_in_use(tx: &mut Tx, permit: &Permit, key: ApiKeyId, then: &str) -> Result<(), Problem> {
    let running = tx.unfinished_through_key(permit, key).await?;
    let here = running.get(&permit.organization()).copied().unwrap_or_default();
    let below = running.values().sum::<u32>() - here;
    let below = match below {
        0 if here == 0 => return Ok(()),
        0 => String::new(),
        below => format!(" {below} of them in sub-organizations: those end sooner when the key is not shared any more."),
    };
    Err(Problem::new(
        Kind::Conflict,
        "key_in_use",
        format!(
            "{} act(s) that need this key are not over.{below} Wait until they are, {then}.",
            running.values().sum::<u32>()
        ),
    ))
}
