//! The activity log: written in the transaction of what it tells of, never changed afterwards.

use domain::{Activity, ActivityId, ApiKeyId, Origin, Outcome, Permit, UserId};
use jiff::Timestamp;

use crate::sql::{Row, args, json};
use crate::{Page, Paging, Result, StoreError, Tx};

/// Which records are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Done by this person, also through a token or a job.
    pub user: Option<UserId>,
    /// The word of the event, such as `key.add`.
    pub action: Option<String>,
    /// About this object, by its id here or at Apple.
    pub object: Option<String>,
    /// Through or about this API key.
    pub key: Option<ApiKeyId>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

const OUTCOMES: [Outcome; 6] = [
    Outcome::Intent,
    Outcome::Done,
    Outcome::Denied,
    Outcome::Refused,
    Outcome::Failed,
    Outcome::Unknown,
];

fn activity(row: &Row) -> Result<Activity> {
    let word: String = row.get("outcome")?;
    let outcome = OUTCOMES.into_iter().find(|o| o.as_str() == word);
    Ok(Activity {
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
    })
}

impl Tx {
    /// Writes a record. It stands if and only if the transaction does.
    ///
    /// Records are numbered without gaps, so recorders take turns until they commit: record last,
    /// commit at once.
    ///
    /// # Errors
    /// What the database says; then the act must not happen.
    pub async fn record(&mut self, new: &Activity) -> Result<()> {
        let row = self
            .row(
                "UPDATE activity_sequence SET last = last + 1 WHERE singleton = 1 RETURNING last",
                args![],
            )
            .await?;
        let sequence: i64 = row.get("last")?;
        self.execute(
            "INSERT INTO activity (sequence, id, organization_id, at, actor, user_id, action, object_id, api_key_id,
                 event, outcome, follows, address, request_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            args![
                sequence,
                new.id,
                new.organization,
                new.at,
                json(&new.actor)?,
                new.actor.user(),
                new.event.action(),
                new.event.object(),
                new.event.key(),
                json(&new.event)?,
                new.outcome.as_str(),
                new.follows,
                new.origin.address.as_deref(),
                new.origin.request_id.as_deref(),
            ],
        )
        .await?;
        Ok(())
    }

    /// One record of the permit's organization.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn activity(&mut self, permit: &Permit, id: ActivityId) -> Result<Activity> {
        let row = self
            .row(
                "SELECT * FROM activity WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        activity(&row)
    }

    /// The records of the permit's organization, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn activities(&mut self, permit: &Permit, filter: &ActivityFilter, paging: &Paging) -> Result<Page<Activity>> {
        let rows = self
            .rows(
                "SELECT * FROM activity WHERE organization_id = $1
                     AND (CAST($2 AS TEXT) IS NULL OR user_id = $2) AND (CAST($3 AS TEXT) IS NULL OR action = $3)
                     AND (CAST($4 AS TEXT) IS NULL OR object_id = $4) AND (CAST($5 AS TEXT) IS NULL OR api_key_id = $5)
                     AND (CAST($6 AS TEXT) IS NULL OR outcome = $6) AND (CAST($7 AS BIGINT) IS NULL OR at >= $7) AND (CAST($8 AS BIGINT) IS NULL OR at < $8)
                     AND (CAST($9 AS TEXT) IS NULL OR sequence < (SELECT sequence FROM activity WHERE organization_id = $1 AND id = $9))
                 ORDER BY sequence DESC LIMIT $10",
                args![
                    permit.organization(),
                    filter.user,
                    filter.action.as_deref(),
                    filter.object.as_deref(),
                    filter.key,
                    filter.outcome.map(Outcome::as_str),
                    filter.since,
                    filter.until,
                    paging.after.as_deref(),
                    paging.fetch(),
                ],
            )
            .await?;
        let items: Vec<_> = rows.iter().map(activity).collect::<Result<_>>()?;
        Ok(Page::cut(items, paging, |a| a.id.to_string()))
    }
}
