//! Shares: which sub-organizations may use which items of their root organization, and how much of them.
//!
//! One row with all, however many they are, and one for each that was chosen by itself; which of them decides,
//! [`domain::share`] says. Only the owner's permit gets in here. Who is lent something asks for the item, not for the share
//! ([`Tx::keys_to_use`]).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use domain::share::lend;
use domain::{ApiKeyId, CertificateId, OrgId, Organization, Permit, ProfileId, Share, ShareTarget, Shareable, UsePermit};
use jiff::Timestamp;

use crate::organizations::organization;
use crate::sql::{Row, args, json};
use crate::{Result, StoreError, Tx};

pub(crate) fn share(row: &Row) -> Result<Share> {
    let (kind, id) = (row.get::<String>("item_kind")?, row.get::<String>("item_id")?);
    let item = Shareable::read(&kind, &id).ok_or(StoreError::Unreadable {
        column: "item_kind",
        why: "this program does not know such items".to_owned(),
    })?;
    Ok(Share {
        owner: row.parse("organization_id")?,
        item,
        target: row.parse("target")?,
        limits: row.json("limits")?,
        shared_by: row.parse("shared_by")?,
        shared_at: row.time("shared_at")?,
    })
}

/// How far an item is shared at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// With all sub-organizations.
    pub all: bool,
    /// With so many that were chosen.
    pub chosen: u32,
}

/// A share that stops by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingShare {
    /// The key that is shared.
    pub key: ApiKeyId,
    /// What it is called.
    pub name: String,
    /// What the sub-organization is called; none for all of them.
    pub with: Option<String>,
    /// When it stops.
    pub stops_at: Timestamp,
}

impl Tx {
    /// The shares of the permit's organization that stop after the one moment and not after the other, soonest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shares_by_end(&mut self, permit: &Permit, after: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<EndingShare>> {
        let rows = self
            .rows(
                "SELECT s.item_id, s.stops_at, k.name, o.name AS with_name
                 FROM shares AS s JOIN api_keys AS k ON k.id = s.item_id LEFT JOIN organizations AS o ON o.id = s.target
                 WHERE s.organization_id = $1 AND k.organization_id = $1 AND s.item_kind = 'api-key'
                     AND s.stops_at > $2 AND s.stops_at <= $3
                 ORDER BY s.stops_at, s.item_id, s.target LIMIT $4",
                args![permit.organization(), after, until, i64::from(limit)],
            )
            .await?;
        let ending = |row: &Row| {
            Ok(EndingShare {
                key: row.parse("item_id")?,
                name: row.get("name")?,
                with: row.get("with_name")?,
                stops_at: row.time("stops_at")?,
            })
        };
        rows.iter().map(ending).collect()
    }

    /// The shares of an item, the one with all first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shares_of(&mut self, permit: &Permit, item: Shareable) -> Result<Vec<Share>> {
        let rows = self
            .rows(
                "SELECT * FROM shares WHERE organization_id = $1 AND item_kind = $2 AND item_id = $3 ORDER BY target",
                args![permit.organization(), item.kind(), item.id()],
            )
            .await?;
        rows.iter().map(share).collect()
    }

    /// How far the API keys of the permit's organization are shared now; those that are not are absent.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reach_of_keys(&mut self, permit: &Permit, now: Timestamp) -> Result<BTreeMap<ApiKeyId, Reach>> {
        self.reach_of("api-key", permit, now).await
    }

    /// The same of its certificates.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reach_of_certificates(&mut self, permit: &Permit, now: Timestamp) -> Result<BTreeMap<CertificateId, Reach>> {
        self.reach_of("certificate", permit, now).await
    }

    /// The same of its profiles.
    ///
    /// # Errors
    /// What the database says.
    pub async fn reach_of_profiles(&mut self, permit: &Permit, now: Timestamp) -> Result<BTreeMap<ProfileId, Reach>> {
        self.reach_of("profile", permit, now).await
    }

    async fn reach_of<I: Ord + FromStr<Err: Display>>(
        &mut self,
        kind: &str,
        permit: &Permit,
        now: Timestamp,
    ) -> Result<BTreeMap<I, Reach>> {
        let rows = self
            .rows(
                "SELECT item_id, SUM(CASE WHEN target = 'all' THEN 1 ELSE 0 END) AS with_all,
                     SUM(CASE WHEN target = 'all' THEN 0 ELSE 1 END) AS chosen
                 FROM shares WHERE organization_id = $1 AND item_kind = $3 AND (stops_at IS NULL OR stops_at > $2)
                 GROUP BY item_id",
                args![permit.organization(), now, kind],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let reach = Reach {
                    all: row.count("with_all")? > 0,
                    chosen: row.count("chosen")?,
                };
                Ok((row.parse("item_id")?, reach))
            })
            .collect()
    }

    /// Shares an item with a target, or changes how. The item's row is to be held by the same transaction.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] for a target that is no sub-organization of the permit's organization.
    pub async fn put_share(&mut self, permit: &Permit, new: &Share) -> Result<()> {
        if let ShareTarget::Chosen(organization) = new.target {
            self.sub_organization(permit, organization).await?;
        }
        self.execute(
            "INSERT INTO shares (organization_id, item_kind, item_id, target, limits, stops_at, shared_by, shared_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (organization_id, item_kind, item_id, target) DO UPDATE SET limits = excluded.limits,
                 stops_at = excluded.stops_at, shared_by = excluded.shared_by, shared_at = excluded.shared_at",
            args![
                permit.organization(),
                new.item.kind(),
                new.item.id(),
                new.target.to_string(),
                json(&new.limits)?,
                new.limits.stops_at,
                new.shared_by,
                new.shared_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// Stops sharing an item with a target; answers whether it was shared.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_share(&mut self, permit: &Permit, item: Shareable, target: ShareTarget) -> Result<bool> {
        let taken = self
            .execute(
                "DELETE FROM shares WHERE organization_id = $1 AND item_kind = $2 AND item_id = $3 AND target = $4",
                args![permit.organization(), item.kind(), item.id(), target.to_string()],
            )
            .await?;
        Ok(taken > 0)
    }

    /// Stops sharing an item at all, because it goes away.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_all_shares(&mut self, permit: &Permit, item: Shareable) -> Result<u64> {
        self.execute(
            "DELETE FROM shares WHERE organization_id = $1 AND item_kind = $2 AND item_id = $3",
            args![permit.organization(), item.kind(), item.id()],
        )
        .await
    }

    /// What the root organization above lends of a kind to the permit's organization now, or one item of it. An item has at
    /// most two rows that concern it, the one with all and the one with this organization; which of them decides, the domain
    /// says.
    pub(crate) async fn lent(
        &mut self,
        permit: &Permit,
        parent: OrgId,
        (kind, id): (&str, Option<String>),
        now: Timestamp,
    ) -> Result<Vec<UsePermit>> {
        let rows = self
            .rows(
                "SELECT * FROM shares WHERE organization_id = $1 AND item_kind = $4 AND target IN ('all', $2)
                     AND (CAST($3 AS TEXT) IS NULL OR item_id = $3)",
                args![parent, permit.organization(), id, kind],
            )
            .await?;
        let mut concerning: BTreeMap<Shareable, Vec<Share>> = BTreeMap::new();
        for row in &rows {
            let share = share(row)?;
            concerning.entry(share.item).or_default().push(share);
        }
        let lent = concerning.into_iter().filter_map(|(item, shares)| lend(permit, item, &shares, now));
        Ok(lent.collect())
    }

    /// Whose item it is, for "shared by".
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn owner_of(&mut self, permit: &UsePermit) -> Result<Organization> {
        let row = self
            .row(
                "SELECT id, parent_id, name, created_at FROM organizations WHERE id = $1",
                args![permit.owner()],
            )
            .await?;
        organization(&row)
    }
}
