//! Teams of Apple's: whose turn it is to make something there, and what was changed there lately.
//!
//! The surprising thing: both are for no organization. Who shares a key meets here, under a subject that their common owner's id
//! is part of ([`crate::KeyToUse::team`]), and none of them learns who the others are.

use domain::OperationId;
use jiff::{SignedDuration, Timestamp};

use crate::sql::args;
use crate::{Result, Tx};

/// How long a change at a team is remembered: nothing that was seen before that is taken for true any more.
pub const CHANGES_KEPT: SignedDuration = SignedDuration::from_hours(24);

impl Tx {
    /// Takes the turn at a team for an act, which keeps it until [`Tx::leave_turn`]. Answers whether it is that act's turn now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_turn(&mut self, subject: &str, operation: OperationId) -> Result<bool> {
        let taken = self
            .execute(
                "INSERT INTO team_turns (subject, operation_id) VALUES ($1, $2)
                 ON CONFLICT (subject) DO UPDATE SET operation_id = excluded.operation_id
                 WHERE team_turns.operation_id = excluded.operation_id",
                args![subject, operation],
            )
            .await?;
        Ok(taken > 0)
    }

    /// Lets the next act have its turn, if it was this one's.
    ///
    /// # Errors
    /// What the database says.
    pub async fn leave_turn(&mut self, operation: OperationId) -> Result<()> {
        self.execute("DELETE FROM team_turns WHERE operation_id = $1", args![operation])
            .await?;
        Ok(())
    }

    /// Notes that an act, or a plan by one of its steps, changed something at a team that what was seen there may rest on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_team_change(&mut self, subject: &str, operation: OperationId, at: Timestamp) -> Result<()> {
        let long_ago = at.saturating_sub(CHANGES_KEPT).unwrap_or(Timestamp::MIN);
        self.execute(
            "DELETE FROM team_changes WHERE subject = $1 AND changed_at < $2",
            args![subject, long_ago],
        )
        .await?;
        self.execute(
            "INSERT INTO team_changes (subject, operation_id, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (subject, operation_id) DO UPDATE SET changed_at = excluded.changed_at",
            args![subject, operation, at],
        )
        .await?;
        Ok(())
    }

    /// When something was last changed at a team, by any act or by any but this one; none when that was more than
    /// [`CHANGES_KEPT`] ago.
    ///
    /// # Errors
    /// What the database says.
    pub async fn team_changed_at(&mut self, subject: &str, except: Option<OperationId>) -> Result<Option<Timestamp>> {
        let row = self
            .row(
                "SELECT MAX(changed_at) AS changed_at FROM team_changes
                 WHERE subject = $1 AND (CAST($2 AS TEXT) IS NULL OR operation_id <> $2)",
                args![subject, except],
            )
            .await?;
        row.time_opt("changed_at")
    }
}
