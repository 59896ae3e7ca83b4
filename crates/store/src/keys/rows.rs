//! The keys themselves.

use std::collections::{BTreeMap, BTreeSet};

use domain::share::own;
use domain::{ApiKey, ApiKeyId, AppleKeyId, AppleRole, Feature, ItemName, OperationKind, OrgId, Permit, Shareable};

use crate::sql::{Row, args, json};
use crate::{Conflict, Page, Paging, Result, Tx};

/// What hangs on a key in one organization, to be shown before it is removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyDependents {
    /// Certificates that were made or fetched through it. They stay, without the key.
    pub certificates: u32,
    /// Acts under way that need it.
    pub unfinished_operations: u32,
}

pub(super) fn key(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        name: row.parse("name")?,
        kind: row.parse("kind")?,
        key_id: row.parse("key_id")?,
        issuer_id: row.parse_opt("issuer_id")?,
        roles: row.set("roles")?,
        fingerprint: row.get("fingerprint")?,
        team_id: row.parse_opt("team_id")?,
        health: row.json("health")?,
        health_since: row.time("health_since")?,
        last_check: row.time_opt("last_check")?,
        last_good: row.time_opt("last_good")?,
        overrides: row.set("overrides")?,
        generation: row.count("generation")?,
        added_by: row.parse("added_by")?,
        added_at: row.time("added_at")?,
        last_use: row.json_opt("last_use")?,
    })
}

impl Tx {
    /// Adds a key. Put its private key beside it in the same transaction.
    ///
    /// # Errors
    /// [`Conflict::KeyId`] when the organization has a key with this Key ID, [`Conflict::KeyName`] when it has one of
    /// this name. Other organizations are never asked.
    pub async fn insert_key(&mut self, permit: &Permit, new: &ApiKey) -> Result<()> {
        if self.key_by_key_id(permit, &new.key_id).await?.is_some() {
            return Err(Conflict::KeyId.into());
        }
        self.refuse_taken_name(permit, new.id, &new.name).await?;
        let inserted = self
            .execute(
                "INSERT INTO api_keys (id, organization_id, name, kind, key_id, issuer_id, roles, fingerprint, team_id,
                     health, health_since, last_check, last_good, overrides, generation, added_by, added_at, last_use)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
                 ON CONFLICT DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.name.as_str(),
                    new.kind.as_str(),
                    new.key_id.as_str(),
                    new.issuer_id.as_ref().map(|issuer| issuer.as_str()),
                    json(&new.roles)?,
                    new.fingerprint.as_str(),
                    new.team_id.as_ref().map(|team| team.as_str()),
                    json(&new.health)?,
                    new.health_since,
                    new.last_check,
                    new.last_good,
                    json(&new.overrides)?,
                    new.generation,
                    new.added_by,
                    new.added_at,
                    new.last_use.as_ref().map(json).transpose()?,
                ],
            )
            .await?;
        if inserted == 0 { Err(Conflict::KeyId.into()) } else { Ok(()) }
    }

    /// A key.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn key(&mut self, permit: &Permit, id: ApiKeyId) -> Result<ApiKey> {
        let row = self
            .row(
                "SELECT * FROM api_keys WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        key(&row)
    }

    /// The organization's key with this Key ID, if it has one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn key_by_key_id(&mut self, permit: &Permit, key_id: &AppleKeyId) -> Result<Option<ApiKey>> {
        let row = self
            .row_opt(
                "SELECT * FROM api_keys WHERE organization_id = $1 AND key_id = $2",
                args![permit.organization(), key_id.as_str()],
            )
            .await?;
        row.as_ref().map(key).transpose()
    }

    /// The keys of an organization, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keys(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<ApiKey>> {
        let rows = self
            .rows(
                "SELECT * FROM api_keys WHERE organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id > $2) ORDER BY id LIMIT $3",
                args![permit.organization(), paging.behind::<String>("keys")?, paging.fetch()],
            )
            .await?;
        let items: Vec<_> = rows.iter().map(key).collect::<Result<_>>()?;
        Ok(Page::cut(items, paging, "keys", |k| k.id.to_string()))
    }

    /// All keys of an organization, oldest first: what a picker chooses from.
    ///
    /// # Errors
    /// What the database says.
    pub async fn all_keys(&mut self, permit: &Permit) -> Result<Vec<ApiKey>> {
        let rows = self
            .rows(
                "SELECT * FROM api_keys WHERE organization_id = $1 ORDER BY id",
                args![permit.organization()],
            )
            .await?;
        rows.iter().map(key).collect()
    }

    /// Gives a key another name.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`]; [`Conflict::KeyName`] when another key of the organization has this name.
    pub async fn rename_key(&mut self, permit: &Permit, id: ApiKeyId, name: &ItemName) -> Result<()> {
        self.refuse_taken_name(permit, id, name).await?;
        self.change(
            "UPDATE api_keys SET name = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, name.as_str()],
        )
        .await
    }

    /// Two keys of an organization have different names, whatever their case; twins from before that rule stay. Names are
    /// given one after the other, so that two at once do not miss each other.
    async fn refuse_taken_name(&mut self, permit: &Permit, id: ApiKeyId, name: &ItemName) -> Result<()> {
        self.lock_subject(&format!("key names of {}", permit.organization())).await?;
        let others = self
            .rows(
                "SELECT name FROM api_keys WHERE organization_id = $1 AND id <> $2",
                args![permit.organization(), id],
            )
            .await?;
        for other in &others {
            if other.parse::<ItemName>("name")?.folded() == name.folded() {
                return Err(Conflict::KeyName.into());
            }
        }
        Ok(())
    }

    /// Sets the roles that a person entered.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn set_key_roles(&mut self, permit: &Permit, id: ApiKeyId, roles: &BTreeSet<AppleRole>) -> Result<()> {
        self.change(
            "UPDATE api_keys SET roles = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, json(roles)?],
        )
        .await
    }

    /// Sets the features for which a declared "no" lets pass.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn set_key_overrides(&mut self, permit: &Permit, id: ApiKeyId, overrides: &BTreeSet<Feature>) -> Result<()> {
        self.change(
            "UPDATE api_keys SET overrides = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, json(overrides)?],
        )
        .await
    }

    /// Puts a new Key ID, issuer, fingerprint and health in the place of the old ones. `rotated`
    /// is the key as it shall be, its `generation` one higher than it was; id, name, roles,
    /// overrides and history stay. What the old key was probed for is forgotten. Put the new
    /// private key beside it, and delete the old one.
    ///
    /// # Errors
    /// [`Conflict::Stale`] when it was rotated meanwhile or is gone, [`Conflict::KeyId`] when
    /// another key of the organization has the new Key ID.
    pub async fn rotate_key(&mut self, permit: &Permit, rotated: &ApiKey) -> Result<()> {
        if let Some(other) = self.key_by_key_id(permit, &rotated.key_id).await?
            && other.id != rotated.id
        {
            return Err(Conflict::KeyId.into());
        }
        let changed = self
            .execute(
                "UPDATE api_keys SET kind = $4, key_id = $5, issuer_id = $6, fingerprint = $7, team_id = $8, health = $9,
                     health_since = $10, last_check = $11, last_good = $12, generation = generation + 1
                 WHERE organization_id = $1 AND id = $2 AND generation + 1 = $3",
                args![
                    permit.organization(),
                    rotated.id,
                    rotated.generation,
                    rotated.kind.as_str(),
                    rotated.key_id.as_str(),
                    rotated.issuer_id.as_ref().map(|issuer| issuer.as_str()),
                    rotated.fingerprint.as_str(),
                    rotated.team_id.as_ref().map(|team| team.as_str()),
                    json(&rotated.health)?,
                    rotated.health_since,
                    rotated.last_check,
                    rotated.last_good,
                ],
            )
            .await?;
        if changed == 0 {
            return Err(Conflict::Stale.into());
        }
        self.execute(
            "UPDATE key_features SET probed = NULL WHERE organization_id = $1 AND api_key_id = $2",
            args![permit.organization(), rotated.id],
        )
        .await?;
        Ok(())
    }

    /// What hangs on a key in each organization that has something: the owner and those below it.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn key_dependents(&mut self, permit: &Permit, id: ApiKeyId) -> Result<BTreeMap<OrgId, KeyDependents>> {
        self.key(permit, id).await?;
        let rows = self
            .rows(
                "SELECT organization_id, COUNT(*) AS number FROM certificates WHERE api_key_id = $2 AND (organization_id = $1
                     OR organization_id IN (SELECT id FROM organizations WHERE parent_id = $1)) GROUP BY organization_id",
                args![permit.organization(), id],
            )
            .await?;
        let mut found: BTreeMap<OrgId, KeyDependents> = BTreeMap::new();
        for row in &rows {
            found.entry(row.parse("organization_id")?).or_default().certificates = row.count("number")?;
        }
        for (organization, number) in self.unfinished_through_key(permit, id).await? {
            found.entry(organization).or_default().unfinished_operations = number;
        }
        Ok(found)
    }

    /// How many acts through a key are not over, in the owner's organization and those below it. Also asked after the key
    /// was removed in the same transaction: an act that began at this moment has waited for the key's row, or is seen.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unfinished_through_key(&mut self, permit: &Permit, id: ApiKeyId) -> Result<BTreeMap<OrgId, u32>> {
        let rows = self
            .rows(
                "SELECT organization_id, kind FROM operations WHERE state IN ('started', 'working', 'calling', 'unknown') AND (organization_id = $1
                     OR organization_id IN (SELECT id FROM organizations WHERE parent_id = $1))",
                args![permit.organization()],
            )
            .await?;
        let mut found = BTreeMap::new();
        for row in &rows {
            let kind: OperationKind = row.json("kind")?;
            if kind.key() == id {
                *found.entry(row.parse("organization_id")?).or_default() += 1;
            }
        }
        Ok(found)
    }

    /// Removes a key with its checks, its feature table, its shares, its waiting jobs and its sealed private
    /// keys (of the secret kind `kind`); certificates stay and forget it. Gives what it was.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn remove_key(&mut self, permit: &Permit, id: ApiKeyId, kind: &str) -> Result<ApiKey> {
        // The key's row first, as everywhere: who locks it second waits, instead of both for each other.
        let removed = self.lock_key(&own(permit, Shareable::ApiKey(id))).await?;
        self.take_all_shares(permit, Shareable::ApiKey(id)).await?;
        self.delete_secrets(permit, kind, &id.to_string()).await?;
        self.execute(
            "DELETE FROM jobs WHERE organization_id = $1 AND object_id = $2",
            args![permit.organization(), id],
        )
        .await?;
        self.change(
            "DELETE FROM api_keys WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await?;
        Ok(removed)
    }
}
