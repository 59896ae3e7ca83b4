//! Profiles that the root organization lends, as its borrowers find them.

use super::held::{ProfileRow, known_in, row};
use crate::{App, Caller, Problem};
use domain::{Action, HeldProfile, OrgId};
use jiff::Timestamp;

/// A profile that is lent to an organization.
#[derive(Debug, Clone)]
pub struct InheritedProfile {
    /// The profile; its certificate matches where that one is lent, too, or held here.
    pub row: ProfileRow,
    /// The name of the organization whose it is.
    pub owner: String,
    /// When the share stops by itself.
    pub stops_at: Option<Timestamp>,
}

impl App {
    /// The profiles that the root organization lends now, by name; none in a root.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn inherited_profiles(&self, caller: &Caller, org: OrgId) -> Result<Vec<InheritedProfile>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let now = self.now();
        let lent = tx.lent_profiles(&permit, now).await?;
        let Some(first) = lent.first() else { return Ok(Vec::new()) };
        let owner = tx.owner_of(&first.permit).await?.name.to_string();
        let profiles: Vec<HeldProfile> = lent.iter().map(|lent| lent.profile.clone()).collect();
        let known = known_in(&mut tx, &permit, &profiles, now).await?;
        let inherited = lent.into_iter().map(|lent| InheritedProfile {
            stops_at: lent.permit.limits().and_then(|limits| limits.stops_at),
            row: row(lent.profile, &known, now),
            owner: owner.clone(),
        });
        Ok(inherited.collect())
    }
}
