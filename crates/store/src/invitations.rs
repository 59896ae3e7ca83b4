//! Invitations that nobody has accepted yet. Of the link only the SHA-256 of its token is kept.
//!
//! One address is invited to an organization once: asking again puts new roles and a new link in the place of the old.

use domain::{Delivery, Email, Invitation, InvitationId, Permit, Subject};
use jiff::Timestamp;

use crate::sql::{Row, args, json};
use crate::{Page, Paging, Result, StoreError, TokenHash, Tx};

/// How cursors of the list call it.
const LIST: &str = "invitations";

fn invitation(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        email: row.parse("email")?,
        roles: row.set("roles")?,
        invited_by: row.parse("invited_by")?,
        created_at: row.time("created_at")?,
        sent_at: row.time("sent_at")?,
        expires_at: row.time("expires_at")?,
        delivery: row.json("delivery")?,
    })
}

impl Tx {
    /// Writes an invitation down. One of the same address gives way to it, and its link ends; it keeps its id and its
    /// beginning. Answers the row as it stands then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_invitation(&mut self, permit: &Permit, new: &Invitation, token: &TokenHash) -> Result<Invitation> {
        let row = self
            .row(
                "INSERT INTO invitations (id, organization_id, token_hash, email, roles, invited_by, created_at, sent_at, expires_at, delivery)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (organization_id, email) DO UPDATE SET
                     token_hash = excluded.token_hash, roles = excluded.roles, invited_by = excluded.invited_by,
                     sent_at = excluded.sent_at, expires_at = excluded.expires_at, delivery = excluded.delivery
                 RETURNING *",
                args![
                    new.id,
                    permit.organization(),
                    token.0.as_slice(),
                    new.email.as_str(),
                    json(&new.roles)?,
                    new.invited_by,
                    new.created_at,
                    new.sent_at,
                    new.expires_at,
                    json(&new.delivery)?,
                ],
            )
            .await?;
        invitation(&row)
    }

    /// An invitation of the permit's organization.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn invitation(&mut self, permit: &Permit, id: InvitationId) -> Result<Invitation> {
        let row = self
            .row(
                "SELECT * FROM invitations WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        invitation(&row)
    }

    /// The invitation of this address, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn invitation_by_email(&mut self, permit: &Permit, email: &Email) -> Result<Option<Invitation>> {
        let row = self
            .row_opt(
                "SELECT * FROM invitations WHERE organization_id = $1 AND email = $2",
                args![permit.organization(), email.as_str()],
            )
            .await?;
        row.as_ref().map(invitation).transpose()
    }

    /// The invitations of the permit's organization, newest first, those that have ended included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn invitations(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<Invitation>> {
        let rows = self
            .rows(
                "SELECT * FROM invitations WHERE organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2)
                 ORDER BY id DESC LIMIT $3",
                args![permit.organization(), paging.behind::<String>(LIST)?, paging.fetch()],
            )
            .await?;
        let items = rows.iter().map(invitation).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, paging, LIST, |one| one.id.to_string()))
    }

    /// How many invitations the permit's organization has, those that have ended included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn invitation_count(&mut self, permit: &Permit) -> Result<u32> {
        self.row(
            "SELECT COUNT(*) AS number FROM invitations WHERE organization_id = $1",
            args![permit.organization()],
        )
        .await?
        .count("number")
    }

    /// Puts a fresh link in the place of the one that an invitation has, sent by somebody, perhaps another than before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn renew_invitation(&mut self, permit: &Permit, renewed: &Invitation, token: &TokenHash) -> Result<()> {
        let by: Subject = renewed.invited_by;
        self.change(
            "UPDATE invitations SET token_hash = $3, invited_by = $4, sent_at = $5, expires_at = $6, delivery = $7
             WHERE organization_id = $1 AND id = $2",
            args![
                permit.organization(),
                renewed.id,
                token.0.as_slice(),
                by,
                renewed.sent_at,
                renewed.expires_at,
                json(&renewed.delivery)?,
            ],
        )
        .await
    }

    /// An invitation of the permit's organization with the SHA-256 of its present link's token, for whoever is about to put
    /// another link in its place.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn invitation_with_link(&mut self, permit: &Permit, id: InvitationId) -> Result<(Invitation, TokenHash)> {
        let row = self
            .row(
                "SELECT * FROM invitations WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        let hash: Vec<u8> = row.get("token_hash")?;
        let hash = hash.try_into().map_err(|_| StoreError::Unreadable {
            column: "token_hash",
            why: "it is not 32 bytes long".to_owned(),
        })?;
        Ok((invitation(&row)?, TokenHash(hash)))
    }

    /// Puts another link in the place of this one, for a mail that is about to leave. Answers whether it was still there:
    /// a link that somebody was shown meanwhile is not to be taken out of their hands.
    ///
    /// # Errors
    /// What the database says.
    pub async fn replace_link(&mut self, permit: &Permit, id: InvitationId, from: &TokenHash, to: &TokenHash) -> Result<bool> {
        let replaced = self
            .execute(
                "UPDATE invitations SET token_hash = $4 WHERE organization_id = $1 AND id = $2 AND token_hash = $3",
                args![permit.organization(), id, from.0.as_slice(), to.0.as_slice()],
            )
            .await?;
        Ok(replaced > 0)
    }

    /// Notes what became of the mail with the link of this token. A link that was replaced meanwhile is another mail's matter.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_delivery(&mut self, permit: &Permit, id: InvitationId, token: &TokenHash, delivery: &Delivery) -> Result<()> {
        self.execute(
            "UPDATE invitations SET delivery = $4 WHERE organization_id = $1 AND id = $2 AND token_hash = $3",
            args![permit.organization(), id, token.0.as_slice(), json(delivery)?],
        )
        .await?;
        Ok(())
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_invitation(&mut self, permit: &Permit, id: InvitationId) -> Result<()> {
        self.change(
            "DELETE FROM invitations WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }

    /// Forgets the invitations of the permit's organization whose links ended before that moment.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_invitations(&mut self, permit: &Permit, before: Timestamp) -> Result<()> {
        self.execute(
            "DELETE FROM invitations WHERE organization_id = $1 AND expires_at < $2",
            args![permit.organization(), before],
        )
        .await?;
        Ok(())
    }

    /// The invitation whose link has this token. Whoever holds a link belongs nowhere yet, so it is looked for in all
    /// organizations.
    ///
    /// # Errors
    /// What the database says.
    pub async fn invitation_by_token(&mut self, token: &TokenHash) -> Result<Option<Invitation>> {
        let row = self
            .row_opt("SELECT * FROM invitations WHERE token_hash = $1", args![token.0.as_slice()])
            .await?;
        row.as_ref().map(invitation).transpose()
    }

    /// Uses the link of this token up. Of two who use it at once, one finds nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_invitation(&mut self, permit: &Permit, token: &TokenHash) -> Result<Option<Invitation>> {
        let row = self
            .row_opt(
                "DELETE FROM invitations WHERE organization_id = $1 AND token_hash = $2 RETURNING *",
                args![permit.organization(), token.0.as_slice()],
            )
            .await?;
        row.as_ref().map(invitation).transpose()
    }
}
