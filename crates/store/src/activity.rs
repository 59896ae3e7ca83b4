//! The activity log: written in the transaction of what it tells of, never changed afterwards.
//!
//! - here: writing a record, reading one;
//! - [`chain`]: the hash that ties each record to all before it;
//! - [`search`]: lists by filter, newest first;
//! - [`notices`]: which of them somebody should hear of;
//! - [`ledger`]: the whole log as one sequence, its signed checkpoints, and the key that signs them.

mod chain;
mod expiring;
mod ledger;
mod notices;
mod search;

pub use chain::Hash;
pub use expiring::{EndedShare, Expiring, ExpiringItem};
pub use ledger::{Checkpoint, Head, Link, SigningKey, Verdict};
pub use search::{ActivityFilter, LogReach};

use std::{collections::BTreeMap, ops::Deref};

use domain::{Activity, ActivityId, Event, OrgId, Origin, Outcome, Permit};

use crate::sql::{Row, args};
use crate::{Result, StoreError, Tx};

/// A record as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// What was recorded.
    pub activity: Activity,
    /// Its number, from 1, without gaps over the whole instance.
    pub sequence: i64,
    /// Its hash in the chain.
    pub hash: Vec<u8>,
}

impl Deref for Recorded {
    type Target = Activity;
    fn deref(&self) -> &Activity {
        &self.activity
    }
}

pub(crate) fn recorded(row: &Row) -> Result<Recorded> {
    let word: String = row.get("outcome")?;
    let outcome = Outcome::parse(&word);
    let activity = Activity {
        id: row.parse("id")?,
        organization: row.parse_opt("organization_id")?,
        at: row.time("at")?,
        actor: row.json("actor")?,
        origin: Origin {
            address: row.get("address")?,
            request_id: row.get("request_id")?,
        },
        event: row.json("event")?,
        outcome: outcome.ok_or_else(|| StoreError::Unreadable {
            column: "outcome",
            why: format!("“{word}” is not an outcome"),
        })?,
        follows: row.parse_opt("follows")?,
    };
    Ok(Recorded {
        activity,
        sequence: row.get("sequence")?,
        hash: row.get("hash")?,
    })
}

impl Tx {
    /// Writes a record, with the root above its organization, and ties it to the chain. It stands if and only if the
    /// transaction does.
    ///
    /// Records are numbered without gaps, so recorders take turns until they commit: record last,
    /// commit at once.
    ///
    /// # Errors
    /// What the database says; then the act must not happen.
    pub async fn record(&mut self, new: &Activity) -> Result<()> {
        self.record_all(std::slice::from_ref(new)).await
    }

    /// Writes several records in their order, in one turn.
    ///
    /// # Errors
    /// What the database says; then nothing that they tell of must happen.
    pub async fn record_all(&mut self, new: &[Activity]) -> Result<()> {
        let Some(first) = new.first() else { return Ok(()) };
        let turn = self
            .row(
                "UPDATE activity_sequence SET last = last + $2 WHERE singleton = 1
                 RETURNING last, head, (SELECT COALESCE(parent_id, id) FROM organizations WHERE id = $1) AS root_id",
                args![first.organization, new.len() as i64],
            )
            .await?;
        let mut sequence = turn.get::<i64>("last")? - new.len() as i64;
        let mut head: Vec<u8> = turn.get("head")?;
        let mut roots = BTreeMap::from([(first.organization, turn.parse_opt("root_id")?)]);
        for one in new {
            let root = match roots.get(&one.organization) {
                Some(root) => *root,
                None => self.root_of(&mut roots, one.organization).await?,
            };
            sequence += 1;
            let mut columns = chain::columns(sequence, root, one)?;
            head = chain::hash(&head, &columns).to_vec();
            columns.extend(args![head.as_slice()]);
            self.point_to(sequence, root, one).await?;
            self.execute(
                "INSERT INTO activity (sequence, id, organization_id, root_id, at, actor, subject_id, token_id, action,
                     object_id, api_key_id, event, outcome, follows, address, request_id, hash)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
                columns,
            )
            .await?;
        }
        self.execute("UPDATE activity_sequence SET head = $1 WHERE singleton = 1", args![head.as_slice()])
            .await?;
        Ok(())
    }

    /// The root above an organization, which is its own root where there is none above; looked up once.
    async fn root_of(&mut self, known: &mut BTreeMap<Option<OrgId>, Option<OrgId>>, of: Option<OrgId>) -> Result<Option<OrgId>> {
        let row = self
            .row_opt(
                "SELECT COALESCE(parent_id, id) AS root_id FROM organizations WHERE id = $1",
                args![of],
            )
            .await?;
        let root = row.map(|row| row.parse("root_id")).transpose()?;
        known.insert(of, root);
        Ok(root)
    }

    /// What an organization is called, for who reads a record of it; none for a deleted one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn organization_name(&mut self, id: OrgId) -> Result<Option<String>> {
        let row = self.row_opt("SELECT name FROM organizations WHERE id = $1", args![id]).await?;
        row.map(|row| row.get("name")).transpose()
    }

    /// What an organization was called that was deleted, as its deletion is recorded in the log of the permit's
    /// organization; none where that knows of none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn deleted_organization_name(&mut self, permit: &Permit, id: OrgId) -> Result<Option<String>> {
        let row = self
            .row_opt(
                "SELECT event FROM activity WHERE organization_id = $1 AND object_id = $2 AND action = 'organization.delete' AND outcome = 'done'
                 ORDER BY at DESC, sequence DESC LIMIT 1",
                args![permit.organization(), id],
            )
            .await?;
        let event: Option<Event> = row.map(|row| row.json("event")).transpose()?;
        Ok(match event {
            Some(Event::OrganizationDeleted { name, .. }) => Some(name.to_string()),
            _ => None,
        })
    }

    /// The organizations below the permit's, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn organizations_below(&mut self, permit: &Permit) -> Result<Vec<(OrgId, String)>> {
        let rows = self
            .rows(
                "SELECT id, name FROM organizations WHERE parent_id = $1 ORDER BY folded, id",
                args![permit.organization()],
            )
            .await?;
        rows.iter().map(|row| Ok((row.parse("id")?, row.get("name")?))).collect()
    }

    /// One record within reach.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn activity(&mut self, permit: &Permit, reach: LogReach, id: ActivityId) -> Result<Recorded> {
        if !reach.is_within(permit) {
            return Err(StoreError::NotFound);
        }
        let found = match reach {
            LogReach::Own => {
                self.row(
                    "SELECT * FROM activity WHERE organization_id = $1 AND id = $2",
                    args![permit.organization(), id],
                )
                .await?
            }
            LogReach::Below => {
                self.row(
                    "SELECT * FROM activity WHERE root_id = $1 AND id = $2",
                    args![permit.organization(), id],
                )
                .await?
            }
            LogReach::Only(below) => {
                self.row(
                    "SELECT * FROM activity WHERE organization_id = $1 AND id = $2 AND root_id = $3",
                    args![below, id, permit.organization()],
                )
                .await?
            }
        };
        recorded(&found)
    }
}
