//! Deleting an organization: first what would be lost, then its name typed, then all of it in one transaction.
//!
//! Its sealed secrets go, and the key ring that opens them. People keep their accounts, and the activity log keeps every
//! record: the Owners of the root organization read on what was done in a sub-organization that is gone.

use crate::{App, Caller, Problem, key_use::token_slot, problem::Kind};
use domain::{Action, ApiKey, Event, ItemName, OrgId, Organization, Permit};
use store::{Losses, OrganizationFilter, Paging, Tx};

/// What is gone with an organization.
#[derive(Debug, Clone)]
pub struct Lost {
    /// The organization.
    pub organization: Organization,
    /// What it holds, counted.
    pub losses: Losses,
    /// Sub-organizations that stand in the way: the first few by name.
    pub below: Vec<ItemName>,
    /// How many of them there are.
    pub below_count: u32,
}

/// How many sub-organizations are told by name.
const TOLD: u32 = 5;

impl App {
    /// What would be lost with a root organization.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn organization_losses(&self, caller: &Caller, org: OrgId) -> Result<Lost, Problem> {
        let permit = self.permit(caller, Action::DeleteOrganization, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        lost(&mut tx, &permit).await
    }

    /// What would be lost with a sub-organization.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn sub_organization_losses(&self, caller: &Caller, root: OrgId, sub: OrgId) -> Result<Lost, Problem> {
        let (above, permit) = self.permit_below(caller, root, sub).await?;
        let mut tx = self.inner.store.read_for(&above).await?;
        lost(&mut tx, &permit).await
    }

    /// Deletes a root organization with everything in it. `typed_name` must be its name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `name_differs`; `has_sub_organizations`; `last_root`; `organization_in_use` while an act
    /// at Apple is not over.
    pub async fn delete_root_organization(&self, caller: &Caller, org: OrgId, typed_name: &str) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::DeleteOrganization, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let organization = tx.lock_organization_for_removal(&permit).await?;
        check_name(&organization, typed_name)?;
        let lost = lost(&mut tx, &permit).await?;
        if lost.below_count > 0 {
            return Err(has_sub_organizations(&lost));
        }
        if tx.root_count().await? < 2 {
            return Err(Problem::new(
                Kind::Conflict,
                "last_root",
                format!(
                    "“{}” is the only root organization of this server, and a server without one cannot be used. Create another one first.",
                    organization.name
                ),
            ));
        }
        self.delete(tx, caller, &permit, org, lost).await
    }

    /// Deletes a sub-organization with everything in it. `typed_name` must be its name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `name_differs`; `organization_in_use` while an act at Apple is not over.
    pub async fn delete_sub_organization(&self, caller: &Caller, root: OrgId, sub: OrgId, typed_name: &str) -> Result<(), Problem> {
        let (above, permit) = self.permit_below(caller, root, sub).await?;
        let mut tx = self.begin_for(caller, &above).await?;
        let organization = tx.lock_organization_for_removal(&permit).await?;
        check_name(&organization, typed_name)?;
        let lost = lost(&mut tx, &permit).await?;
        self.delete(tx, caller, &permit, root, lost).await
    }

    /// The permit to manage what is below a root organization, and the same over one of those. One that the caller does
    /// not reach (a token may be kept to others) does not exist.
    async fn permit_below(&self, caller: &Caller, root: OrgId, sub: OrgId) -> Result<(Permit, Permit), Problem> {
        let above = self.permit(caller, Action::ManageSubOrganizations, root).await?;
        let seen = self.permit(caller, Action::SeeOrganization, sub).await?;
        let below = above.below(seen.tenant()).ok_or_else(Problem::not_found)?;
        Ok((above, below))
    }

    /// The rest is alike: `log` is the organization whose log keeps the record.
    async fn delete(&self, mut tx: Tx, caller: &Caller, permit: &Permit, log: OrgId, lost: Lost) -> Result<(), Problem> {
        let running = lost.losses.unfinished_operations;
        if running > 0 {
            return Err(Problem::new(
                Kind::Conflict,
                "organization_in_use",
                format!(
                    "{running} act(s) at Apple in “{}” are not over. Wait until they are, then delete it.",
                    lost.organization.name
                ),
            ));
        }
        let keys = tx.all_keys(permit).await?;
        // Before the rows go: a record names the root organization above its own, which is looked up.
        let event = Event::OrganizationDeleted {
            organization: lost.organization.id,
            name: lost.organization.name,
        };
        self.record_done(&mut tx, caller, log, event).await?;
        tx.delete_organization(permit).await?;
        tx.commit().await?;
        self.forget_keys(&keys);
        Ok(())
    }

    /// Tokens for Apple that were made with keys which are gone, and what is known of their budgets.
    fn forget_keys(&self, keys: &[ApiKey]) {
        for key in keys {
            self.inner.tokens.invalidate(&token_slot(key));
            self.inner.budgets().remove(&key.id);
        }
    }
}

async fn lost(tx: &mut Tx, permit: &Permit) -> Result<Lost, Problem> {
    let below = tx
        .sub_organizations(permit, &OrganizationFilter::default(), &Paging::first(TOLD))
        .await?;
    Ok(Lost {
        organization: tx.organization(permit).await?,
        losses: tx.losses(permit).await?,
        below: below.items.into_iter().map(|sub| sub.organization.name).collect(),
        below_count: tx.sub_organization_count(permit).await?,
    })
}

fn check_name(organization: &Organization, typed: &str) -> Result<(), Problem> {
    if typed.trim() == organization.name.as_str() {
        Ok(())
    } else {
        Err(Problem::field(
            "name_differs",
            "name",
            format!("To delete this organization, type its name exactly: {}", organization.name),
        ))
    }
}

fn has_sub_organizations(lost: &Lost) -> Problem {
    let names: Vec<_> = lost.below.iter().map(|name| format!("“{name}”")).collect();
    let more = lost.below_count.saturating_sub(lost.below.len() as u32);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Problem::new(
        Kind::Conflict,
        "has_sub_organizations",
        format!(
            "“{}” still has sub-organizations: {}{more}. Delete them first.",
            lost.organization.name,
            names.join(", ")
        ),
    )
}
