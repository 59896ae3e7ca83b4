//! Which records somebody should hear of, of each thing the last one of a sort ([`domain::activity::Notice`]).
//!
//! A row points to a record and has nothing of its own, so there is nothing here that the chain would not protect. An inbox
//! goes over all organizations that somebody belongs to; what their roles let them see of it is decided by the policy, notice
//! by notice, and not in here.

use super::{Recorded, recorded};
use crate::sql::{args, json};
use crate::{Result, Tx};
use domain::{Activity, KeyHealth, OrgId, UserId, activity::Audience};

impl Tx {
    /// Points to a record that somebody should hear of, and no longer to those that it settles.
    pub(super) async fn point_to(&mut self, sequence: i64, root: Option<OrgId>, record: &Activity) -> Result<()> {
        let (Some(organization), Some(root)) = (record.organization, root) else {
            return Ok(());
        };
        if let Some((object, topic)) = record.settles() {
            self.execute(
                "DELETE FROM notices WHERE organization_id = $1 AND object_id = $2 AND (CAST($3 AS TEXT) IS NULL OR topic = $3)",
                args![organization, object, topic],
            )
            .await?;
        }
        let Some(notice) = record.notice() else { return Ok(()) };
        let (topic, object) = (record.event.action(), notice.object.as_str());
        let user = match notice.audience {
            Audience::Only(user) => Some(user),
            Audience::Those(_) => None,
        };
        self.execute(
            "DELETE FROM notices WHERE organization_id = $1 AND object_id = $2 AND topic = $3",
            args![organization, object, topic],
        )
        .await?;
        self.execute(
            "INSERT INTO notices (sequence, organization_id, root_id, topic, object_id, user_id) VALUES ($1, $2, $3, $4, $5, $6)",
            args![sequence, organization, root, topic, object, user],
        )
        .await?;
        // What concerns one person alone is no channel's matter.
        if user.is_none() {
            self.execute(
                "INSERT INTO notice_outbox (sequence, organization_id) VALUES ($1, $2)",
                args![sequence, organization],
            )
            .await?;
        }
        Ok(())
    }

    /// The records after the one with the number `after` that a person should hear of, newest first, each with the root above
    /// its organization: of all organizations that they belong to, and of those below. What they may see of it is for the policy
    /// to say. A token or waiting device that is gone, and a key that works again, is nobody's news, wherever that was
    /// written down.
    ///
    /// # Errors
    /// What the database says.
    pub async fn notices(&mut self, user: UserId, after: i64, most: u32) -> Result<Vec<(Recorded, OrgId)>> {
        let rows = self
            .rows(
                "SELECT activity.* FROM notices JOIN activity ON activity.sequence = notices.sequence
                 WHERE (notices.organization_id IN (SELECT organization_id FROM memberships WHERE user_id = $1)
                        OR notices.root_id IN (SELECT organization_id FROM memberships WHERE user_id = $1))
                     AND (notices.user_id IS NULL OR notices.user_id = $1) AND notices.sequence > $2
                     AND (notices.topic <> 'token.will-expire' OR EXISTS (SELECT 1 FROM api_tokens WHERE api_tokens.id = notices.object_id))
                     AND (notices.topic <> 'device.arrive' OR EXISTS (SELECT 1 FROM pending_devices WHERE pending_devices.id = notices.object_id))
                     AND (notices.topic <> 'key.check' OR EXISTS (SELECT 1 FROM api_keys WHERE api_keys.id = notices.object_id AND api_keys.health <> $4))
                 ORDER BY notices.sequence DESC LIMIT $3",
                args![user, after, i64::from(most), json(&KeyHealth::Working)?],
            )
            .await?;
        rows.iter().map(|row| Ok((recorded(row)?, row.parse("root_id")?))).collect()
    }

    /// Up to which record a person has read their inbox; 0 before the first time.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when there is no such person.
    pub async fn inbox_read_to(&mut self, user: UserId) -> Result<i64> {
        let row = self.row("SELECT inbox_read_to FROM users WHERE id = $1", args![user]).await?;
        row.get("inbox_read_to")
    }

    /// Writes down up to which record a person has read their inbox. It never goes back.
    ///
    /// # Errors
    /// What the database says.
    pub async fn set_inbox_read_to(&mut self, user: UserId, sequence: i64) -> Result<()> {
        self.execute(
            "UPDATE users SET inbox_read_to = $2 WHERE id = $1 AND inbox_read_to < $2",
            args![user, sequence],
        )
        .await?;
        Ok(())
    }
}
