//! Keys as those see them who use them: one's own, and those that the root organization lends now.
//!
//! [`Tx::keys_to_use`] and [`Tx::key_to_use`] give a key together with its [`UsePermit`]; what is done with it in the same
//! transaction rests on the share as it stands in there. Where something is written on the ground of it,
//! [`Tx::lock_key_to_use`] holds the key's row, which whoever shares, un-shares, rotates or removes takes as well: so one
//! of the two comes first, and the other one sees it.
//!
//! The surprising thing: [`ApiKey::last_use`] of a lent key is the last use by the organization that asks. That of the
//! others is none of its business.

use std::collections::BTreeMap;

use domain::share::{deciding, own};
use domain::{ApiKey, ApiKeyId, Feature, LastUse, OrgId, Permit, Probed, Share, ShareLimits, Shareable, TeamId, UsePermit};
use jiff::Timestamp;
use vault::{Place, Sealed, WrappedRing};

use super::rows::key;
use crate::sql::{Row, args, json};
use crate::{Result, StoreError, Tx, shares::share};

/// A key and the permission to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyToUse {
    /// The key, as its user may know it.
    pub key: ApiKey,
    /// The permission.
    pub permit: UsePermit,
    /// What it was probed for, where the question named a feature.
    pub probed: Probed,
}

impl KeyToUse {
    /// The account that the key is of, as turns and changes are counted by it: all team keys of an account have one issuer.
    /// Begins with the organization that owns the key, whoever uses it.
    #[must_use]
    pub fn team(&self) -> String {
        match &self.key.issuer_id {
            Some(issuer) => format!("{}/{issuer}", self.permit.owner()),
            None => format!("{}/{}", self.permit.owner(), self.key.id),
        }
    }
}

/// Which key it is that may be used.
pub(super) fn key_of(permit: &UsePermit) -> Result<ApiKeyId> {
    match permit.item() {
        Shareable::ApiKey(key) => Ok(key),
        // No row has this id: a permit for another kind of item opens no key.
        Shareable::Certificate(_) | Shareable::Profile(_) => Err(StoreError::NotFound),
    }
}

fn to_use(row: &Row, key: ApiKey, permit: UsePermit) -> Result<KeyToUse> {
    Ok(KeyToUse {
        key,
        permit,
        probed: row.json_opt("probed")?.unwrap_or(Probed::Never),
    })
}

impl Tx {
    /// Every key that the permit's organization may use now: its own ones, oldest first, then those lent to it. With a
    /// feature, each comes with what it was probed for.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keys_to_use(&mut self, permit: &Permit, feature: Option<Feature>, now: Timestamp) -> Result<Vec<KeyToUse>> {
        self.own_and_lent(permit, None, feature, now).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a key that is not lent any more.
    pub async fn key_to_use(&mut self, permit: &Permit, id: ApiKeyId, feature: Option<Feature>, now: Timestamp) -> Result<KeyToUse> {
        let found = self.own_and_lent(permit, Some(id), feature, now).await?;
        found.into_iter().next().ok_or(StoreError::NotFound)
    }

    /// The same, with the key's row kept as it is until this transaction ends.
    ///
    /// # Errors
    /// As [`Tx::key_to_use`].
    pub async fn lock_key_to_use(&mut self, permit: &Permit, id: ApiKeyId, feature: Option<Feature>, now: Timestamp) -> Result<KeyToUse> {
        let found = self.key_to_use(permit, id, feature, now).await?;
        self.lock_key(&found.permit).await?;
        // Asked again, because what was waited for is seen only now.
        self.key_to_use(permit, id, feature, now).await
    }

    async fn own_and_lent(
        &mut self,
        permit: &Permit,
        id: Option<ApiKeyId>,
        feature: Option<Feature>,
        now: Timestamp,
    ) -> Result<Vec<KeyToUse>> {
        let feature = feature.map(Feature::as_str);
        let rows = self
            .rows(
                "SELECT api_keys.*,
                     (SELECT last_use FROM key_last_uses WHERE key_last_uses.organization_id = $1
                          AND key_last_uses.api_key_id = api_keys.id ORDER BY used_at DESC LIMIT 1) AS newest_use,
                     (SELECT probed FROM key_features WHERE key_features.organization_id = $1
                          AND key_features.api_key_id = api_keys.id AND key_features.feature = $3) AS probed
                 FROM api_keys WHERE api_keys.organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR api_keys.id = $2) ORDER BY api_keys.id",
                args![permit.organization(), id, feature],
            )
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut key = key(row)?;
            // Uses from before keys were lent stand with the key itself.
            key.last_use = row.json_opt("newest_use")?.or(key.last_use);
            let permit = own(permit, Shareable::ApiKey(key.id));
            found.push(to_use(row, key, permit)?);
        }
        let Some(parent) = permit.tenant().parent else {
            return Ok(found);
        };
        let mut lent = self.lent_keys(permit, parent, id, now).await?;
        let reached: Vec<_> = lent.values().cloned().collect();
        self.also_for_all(&reached).await?;
        let rows = self
            .rows(
                "SELECT api_keys.*,
                     (SELECT last_use FROM key_last_uses WHERE key_last_uses.organization_id = $1
                          AND key_last_uses.api_key_id = api_keys.id AND key_last_uses.user_organization_id = $2) AS newest_use,
                     (SELECT probed FROM key_features WHERE key_features.organization_id = $1
                          AND key_features.api_key_id = api_keys.id AND key_features.feature = $4) AS probed
                 FROM api_keys WHERE api_keys.organization_id = $1 AND (CAST($3 AS TEXT) IS NULL OR api_keys.id = $3)
                     AND api_keys.id IN (SELECT item_id FROM shares WHERE organization_id = $1 AND item_kind = 'api-key'
                                         AND target IN ('all', $2)) ORDER BY api_keys.id",
                args![parent, permit.organization(), id, feature],
            )
            .await?;
        for row in &rows {
            let mut key = key(row)?;
            key.last_use = row.json_opt("newest_use")?;
            if let Some(permit) = lent.remove(&key.id) {
                found.push(to_use(row, key, permit)?);
            }
        }
        Ok(found)
    }

    /// The keys that the root organization above lends to the permit's organization now.
    async fn lent_keys(
        &mut self,
        permit: &Permit,
        parent: OrgId,
        id: Option<ApiKeyId>,
        now: Timestamp,
    ) -> Result<BTreeMap<ApiKeyId, UsePermit>> {
        let lent = self.lent(permit, parent, ("api-key", id.map(|id| id.to_string())), now).await?;
        lent.into_iter().map(|permit| Ok((key_of(&permit)?, permit))).collect()
    }

    /// What the share leaves out at this moment; [`StoreError::NotFound`] when it does not stand any more. One's own item
    /// has no limits.
    ///
    /// # Errors
    /// As said.
    pub async fn limits_now(&mut self, permit: &UsePermit, now: Timestamp) -> Result<ShareLimits> {
        if !permit.is_lent() {
            return Ok(ShareLimits::default());
        }
        let rows = self
            .rows(
                "SELECT * FROM shares
                 WHERE organization_id = $1 AND item_kind = $2 AND item_id = $3 AND target IN ('all', $4)",
                args![permit.owner(), permit.item().kind(), permit.item().id(), permit.user()],
            )
            .await?;
        let shares: Vec<Share> = rows.iter().map(share).collect::<Result<_>>()?;
        let share = deciding(&shares, permit.user(), now).ok_or(StoreError::NotFound)?;
        Ok(share.limits.clone())
    }

    /// A key, kept as it is until this transaction ends: for a change that rests on what was read.
    ///
    /// On SQLite a writing transaction has the whole database anyway.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn lock_key(&mut self, permit: &UsePermit) -> Result<ApiKey> {
        let statement = self.dialect(
            "SELECT * FROM api_keys WHERE id = $2 AND organization_id = $1",
            "SELECT * FROM api_keys WHERE organization_id = $1 AND id = $2 FOR UPDATE",
        );
        key(&self.row(statement, args![permit.owner(), key_of(permit)?]).await?)
    }

    /// The key ring that the item is sealed with: its owner's.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn ring_of_item(&mut self, permit: &UsePermit) -> Result<WrappedRing> {
        let row = self
            .row("SELECT wrapped FROM rings WHERE organization_id = $1", args![permit.owner()])
            .await?;
        Ok(WrappedRing::from_bytes(row.get("wrapped")?))
    }

    /// The sealed secret of this key, and of no other object.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn secret_of_key(&mut self, permit: &UsePermit, place: &Place<'_>) -> Result<Sealed> {
        let version = i64::try_from(place.version).map_err(|_| StoreError::NotFound)?;
        if place.owner != permit.owner().to_string() || place.object != key_of(permit)?.to_string() {
            return Err(StoreError::NotFound);
        }
        let row = self
            .row(
                "SELECT sealed FROM secrets
                 WHERE organization_id = $1 AND kind = $2 AND object_id = $3 AND field = $4 AND version = $5",
                args![permit.owner(), place.kind, place.object, place.field, version],
            )
            .await?;
        Ok(Sealed::from_bytes(row.get("sealed")?))
    }

    /// Notes the team that the account turned out to be.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_key_team(&mut self, permit: &UsePermit, team: &TeamId) -> Result<()> {
        self.change(
            "UPDATE api_keys SET team_id = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.owner(), key_of(permit)?, team.as_str()],
        )
        .await
    }

    /// Notes who used a key last in the permit's organization, and for what. Its owner sees the newest of all.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_key_last_use(&mut self, permit: &UsePermit, last: &LastUse) -> Result<()> {
        self.lock_key(permit).await?;
        self.execute(
            "INSERT INTO key_last_uses (organization_id, api_key_id, user_organization_id, last_use, used_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (api_key_id, user_organization_id) DO UPDATE SET last_use = excluded.last_use, used_at = excluded.used_at",
            args![permit.owner(), key_of(permit)?, permit.user(), json(last)?, last.at],
        )
        .await?;
        Ok(())
    }

    /// The last use of one's own key in each organization that used it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn last_uses(&mut self, permit: &Permit, id: ApiKeyId) -> Result<BTreeMap<OrgId, LastUse>> {
        let rows = self
            .rows(
                "SELECT user_organization_id, last_use FROM key_last_uses WHERE organization_id = $1 AND api_key_id = $2",
                args![permit.organization(), id],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.parse("user_organization_id")?, row.json("last_use")?)))
            .collect()
    }
}
