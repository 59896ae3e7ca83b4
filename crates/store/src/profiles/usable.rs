//! Profiles as those see them who use them: one's own, and those that the root organization lends now, each with its file.
//!
//! The same as with certificates: what is found rests on the share as it stands in the transaction.

use domain::share::own;
use domain::{HeldProfile, OrgId, Permit, ProfileId, Shareable, UsePermit};
use jiff::Timestamp;

use super::profile;
use crate::sql::args;
use crate::{Result, StoreError, Tx};

/// A profile and the permission to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileToUse {
    /// The profile, as it is held by its owner.
    pub profile: HeldProfile,
    /// The permission.
    pub permit: UsePermit,
}

/// Which profile it is that may be used.
fn profile_of(permit: &UsePermit) -> Result<ProfileId> {
    match permit.item() {
        Shareable::Profile(profile) => Ok(profile),
        // No row has this id: a permit for another kind of item opens no profile.
        Shareable::ApiKey(_) | Shareable::Certificate(_) => Err(StoreError::NotFound),
    }
}

impl Tx {
    /// A profile that the permit's organization may use now, its own or a lent one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for one that is not lent any more.
    pub async fn profile_to_use(&mut self, permit: &Permit, id: ProfileId, now: Timestamp) -> Result<ProfileToUse> {
        match self.profile(permit, id).await {
            Ok(profile) => {
                let permit = own(permit, Shareable::Profile(id));
                return Ok(ProfileToUse { profile, permit });
            }
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let parent = permit.tenant().parent.ok_or(StoreError::NotFound)?;
        let found = self.lent_profiles_of(permit, parent, Some(id), now).await?;
        found.into_iter().next().ok_or(StoreError::NotFound)
    }

    /// The same, with the profile's row kept as it is until this transaction ends: whoever un-shares, rebuilds or removes it
    /// comes before or after. Others who use it do not wait.
    ///
    /// # Errors
    /// As [`Tx::profile_to_use`].
    pub async fn lock_profile_to_use(&mut self, permit: &Permit, id: ProfileId, now: Timestamp) -> Result<ProfileToUse> {
        let found = self.profile_to_use(permit, id, now).await?;
        let statement = self.dialect(
            "SELECT id FROM profiles WHERE id = $2 AND organization_id = $1",
            "SELECT id FROM profiles WHERE organization_id = $1 AND id = $2 FOR SHARE",
        );
        self.row(statement, args![found.permit.owner(), id]).await?;
        // Asked again, because what was waited for is seen only now.
        self.profile_to_use(permit, id, now).await
    }

    /// The file of a profile that may be used.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a reference.
    pub async fn profile_content_to_use(&mut self, permit: &UsePermit) -> Result<Vec<u8>> {
        let row = self
            .row(
                "SELECT content FROM profile_files WHERE organization_id = $1 AND profile_id = $2",
                args![permit.owner(), profile_of(permit)?],
            )
            .await?;
        row.get("content")
    }

    /// The profiles that the root organization above lends to the permit's organization now, by name; none in a root.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lent_profiles(&mut self, permit: &Permit, now: Timestamp) -> Result<Vec<ProfileToUse>> {
        match permit.tenant().parent {
            Some(parent) => self.lent_profiles_of(permit, parent, None, now).await,
            None => Ok(Vec::new()),
        }
    }

    async fn lent_profiles_of(
        &mut self,
        permit: &Permit,
        parent: OrgId,
        id: Option<ProfileId>,
        now: Timestamp,
    ) -> Result<Vec<ProfileToUse>> {
        let lent = self.lent(permit, parent, ("profile", id.map(|id| id.to_string())), now).await?;
        if lent.is_empty() {
            return Ok(Vec::new());
        }
        self.also_for_all(&lent).await?;
        let rows = self
            .rows(
                "SELECT * FROM profiles WHERE organization_id = $1 AND (CAST($3 AS TEXT) IS NULL OR id = $3)
                     AND id IN (SELECT item_id FROM shares WHERE organization_id = $1 AND item_kind = 'profile'
                                AND target IN ('all', $2))
                 ORDER BY folded, id",
                args![parent, permit.organization(), id],
            )
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let profile = profile(row)?;
            let item = Shareable::Profile(profile.id);
            if let Some(permit) = lent.iter().find(|permit| permit.item() == item) {
                let permit = permit.clone();
                found.push(ProfileToUse { profile, permit });
            }
        }
        Ok(found)
    }
}
