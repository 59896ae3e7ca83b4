//! Links by which a calendar program, which signs in nowhere, reads what expires.

use domain::{OrgId, Permit, UserId};
use jiff::Timestamp;

use crate::sql::args;
use crate::{Result, TokenHash, Tx};

impl Tx {
    /// Gives a person a link to the permit's organization, in the place of the one before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn set_calendar_link(&mut self, permit: &Permit, user: UserId, token: &TokenHash, now: Timestamp) -> Result<()> {
        self.end_calendar_link(permit, user).await?;
        self.execute(
            "INSERT INTO calendar_links (organization_id, user_id, token_hash, made_at) VALUES ($1, $2, $3, $4)",
            args![permit.organization(), user, token.0.as_slice(), now],
        )
        .await?;
        Ok(())
    }

    /// When a person made their link to the permit's organization; none when they have none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn calendar_link(&mut self, permit: &Permit, user: UserId) -> Result<Option<Timestamp>> {
        let row = self
            .row_opt(
                "SELECT made_at FROM calendar_links WHERE organization_id = $1 AND user_id = $2",
                args![permit.organization(), user],
            )
            .await?;
        row.map(|row| row.time("made_at")).transpose()
    }

    /// Ends a person's link. Answers whether there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_calendar_link(&mut self, permit: &Permit, user: UserId) -> Result<bool> {
        let ended = self
            .execute(
                "DELETE FROM calendar_links WHERE organization_id = $1 AND user_id = $2",
                args![permit.organization(), user],
            )
            .await?;
        Ok(ended > 0)
    }

    /// Whose link this is, and to which organization.
    ///
    /// # Errors
    /// What the database says.
    pub async fn calendar_by_token(&mut self, token: &TokenHash) -> Result<Option<(UserId, OrgId)>> {
        let row = self
            .row_opt(
                "SELECT user_id, organization_id FROM calendar_links WHERE token_hash = $1",
                args![token.0.as_slice()],
            )
            .await?;
        row.map(|row| Ok((row.parse("user_id")?, row.parse("organization_id")?)))
            .transpose()
    }
}
