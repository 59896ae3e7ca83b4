//! Devices on their way: invitations, the challenges of their links, and devices that are not yet registered.
//!
//! Of links and challenges only the SHA-256 is kept. A challenge goes when it is answered, so of two answers to one of
//! them the second finds none. A device has one row in an organization, however often it comes.

mod pending;

use domain::{Delivery, DeviceInvitation, DeviceInvitationId, Permit};
use jiff::Timestamp;

use crate::sql::{Row, args, json};
use crate::{Page, Paging, Result, StoreError, TokenHash, Tx};

/// How cursors of the list call it.
const LIST: &str = "device-invitations";

fn invitation(row: &Row) -> Result<DeviceInvitation> {
    Ok(DeviceInvitation {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        name: row.parse("name")?,
        email: row.parse_opt("email")?,
        keys: row.json("keys")?,
        automatic: row.get("automatic")?,
        uses: row.count("uses")?,
        used: row.count("used")?,
        invited_by: row.parse("invited_by")?,
        created_at: row.time("created_at")?,
        sent_at: row.time("sent_at")?,
        expires_at: row.time("expires_at")?,
        delivery: row.json("delivery")?,
    })
}

fn hash(row: &Row, column: &'static str) -> Result<TokenHash> {
    let bytes: Vec<u8> = row.get(column)?;
    let hash = bytes.try_into().map_err(|_| StoreError::Unreadable {
        column,
        why: "it is not 32 bytes long".to_owned(),
    })?;
    Ok(TokenHash(hash))
}

impl Tx {
    /// Writes a device invitation down. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert_device_invitation(&mut self, permit: &Permit, new: &DeviceInvitation, token: &TokenHash) -> Result<()> {
        self.execute(
            "INSERT INTO device_invitations (id, organization_id, token_hash, name, email, keys, automatic, uses, used, invited_by,
                 created_at, sent_at, expires_at, delivery)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            args![
                new.id,
                permit.organization(),
                token.0.as_slice(),
                new.name.as_str(),
                new.email.as_ref().map(|email| email.as_str()),
                json(&new.keys)?,
                new.automatic,
                new.uses,
                new.used,
                new.invited_by,
                new.created_at,
                new.sent_at,
                new.expires_at,
                json(&new.delivery)?,
            ],
        )
        .await?;
        Ok(())
    }

    /// A device invitation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn device_invitation(&mut self, permit: &Permit, id: DeviceInvitationId) -> Result<DeviceInvitation> {
        Ok(self.device_invitation_with_link(permit, id).await?.0)
    }

    /// The same with the SHA-256 of its present link's token, for whoever is about to put another link in its place.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn device_invitation_with_link(&mut self, permit: &Permit, id: DeviceInvitationId) -> Result<(DeviceInvitation, TokenHash)> {
        let row = self
            .row(
                "SELECT * FROM device_invitations WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        Ok((invitation(&row)?, hash(&row, "token_hash")?))
    }

    /// The device invitations of an organization, newest first, those that have ended included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn device_invitations(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<DeviceInvitation>> {
        let rows = self
            .rows(
                "SELECT * FROM device_invitations WHERE organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2)
                 ORDER BY id DESC LIMIT $3",
                args![permit.organization(), paging.behind::<String>(LIST)?, paging.fetch()],
            )
            .await?;
        let items = rows.iter().map(invitation).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, paging, LIST, |one| one.id.to_string()))
    }

    /// How many there are.
    ///
    /// # Errors
    /// What the database says.
    pub async fn device_invitation_count(&mut self, permit: &Permit) -> Result<u32> {
        self.row(
            "SELECT COUNT(*) AS number FROM device_invitations WHERE organization_id = $1",
            args![permit.organization()],
        )
        .await?
        .count("number")
    }

    /// Puts a fresh link in the place of the one that an invitation has, perhaps sent by another. Challenges of the link
    /// before end with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn renew_device_invitation(&mut self, permit: &Permit, renewed: &DeviceInvitation, token: &TokenHash) -> Result<()> {
        self.change(
            "UPDATE device_invitations SET token_hash = $3, invited_by = $4, sent_at = $5, expires_at = $6, delivery = $7, used = $8
             WHERE organization_id = $1 AND id = $2",
            args![
                permit.organization(),
                renewed.id,
                token.0.as_slice(),
                renewed.invited_by,
                renewed.sent_at,
                renewed.expires_at,
                json(&renewed.delivery)?,
                renewed.used,
            ],
        )
        .await?;
        self.execute(
            "DELETE FROM device_challenges WHERE organization_id = $1 AND invitation_id = $2",
            args![permit.organization(), renewed.id],
        )
        .await?;
        Ok(())
    }

    /// Puts another link in the place of this one, for a mail that is about to leave. Answers whether it was still there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn replace_device_link(&mut self, permit: &Permit, id: DeviceInvitationId, from: &TokenHash, to: &TokenHash) -> Result<bool> {
        let replaced = self
            .execute(
                "UPDATE device_invitations SET token_hash = $4 WHERE organization_id = $1 AND id = $2 AND token_hash = $3",
                args![permit.organization(), id, from.0.as_slice(), to.0.as_slice()],
            )
            .await?;
        Ok(replaced > 0)
    }

    /// Notes what became of the mail with the link of this token. A link that was replaced meanwhile is another mail's matter.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_device_link(
        &mut self,
        permit: &Permit,
        id: DeviceInvitationId,
        token: &TokenHash,
        delivery: &Delivery,
    ) -> Result<()> {
        self.execute(
            "UPDATE device_invitations SET delivery = $4 WHERE organization_id = $1 AND id = $2 AND token_hash = $3",
            args![permit.organization(), id, token.0.as_slice(), json(delivery)?],
        )
        .await?;
        Ok(())
    }

    /// Takes a device invitation back; its challenges go with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_device_invitation(&mut self, permit: &Permit, id: DeviceInvitationId) -> Result<()> {
        self.change(
            "DELETE FROM device_invitations WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }

    /// Forgets those whose links ended before that moment.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_device_invitations(&mut self, permit: &Permit, before: Timestamp) -> Result<()> {
        self.execute(
            "DELETE FROM device_invitations WHERE organization_id = $1 AND expires_at < $2",
            args![permit.organization(), before],
        )
        .await?;
        Ok(())
    }

    /// The invitation whose link has this token, in whichever organization: a device belongs to none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn device_invitation_by_token(&mut self, token: &TokenHash) -> Result<Option<DeviceInvitation>> {
        let row = self
            .row_opt("SELECT * FROM device_invitations WHERE token_hash = $1", args![token.0.as_slice()])
            .await?;
        row.as_ref().map(invitation).transpose()
    }

    /// Counts a device that came by a link. Answers whether it may bring one more: of two that come at once for the last
    /// place, one does not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn use_device_invitation(&mut self, permit: &Permit, id: DeviceInvitationId, now: Timestamp) -> Result<bool> {
        let used = self
            .execute(
                "UPDATE device_invitations SET used = used + 1
                 WHERE organization_id = $1 AND id = $2 AND used < uses AND expires_at > $3",
                args![permit.organization(), id, now],
            )
            .await?;
        Ok(used > 0)
    }

    /// Keeps a challenge of a link. Those that have ended go, and of too many the oldest.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_device_challenge(
        &mut self,
        permit: &Permit,
        invitation: DeviceInvitationId,
        challenge: &TokenHash,
        now: Timestamp,
        expires_at: Timestamp,
        most: u32,
    ) -> Result<()> {
        self.execute(
            "DELETE FROM device_challenges WHERE organization_id = $1 AND invitation_id = $2 AND expires_at <= $3",
            args![permit.organization(), invitation, now],
        )
        .await?;
        self.execute(
            "DELETE FROM device_challenges WHERE organization_id = $1 AND invitation_id = $2 AND challenge_hash NOT IN (
                 SELECT challenge_hash FROM device_challenges WHERE organization_id = $1 AND invitation_id = $2
                 ORDER BY expires_at DESC, challenge_hash LIMIT $3)",
            args![permit.organization(), invitation, most.saturating_sub(1)],
        )
        .await?;
        self.execute(
            "INSERT INTO device_challenges (organization_id, invitation_id, challenge_hash, expires_at) VALUES ($1, $2, $3, $4)",
            args![permit.organization(), invitation, challenge.0.as_slice(), expires_at],
        )
        .await?;
        Ok(())
    }

    /// The challenges of a link that can be answered now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn device_challenges(&mut self, permit: &Permit, invitation: DeviceInvitationId, now: Timestamp) -> Result<Vec<TokenHash>> {
        let rows = self
            .rows(
                "SELECT challenge_hash FROM device_challenges WHERE organization_id = $1 AND invitation_id = $2 AND expires_at > $3",
                args![permit.organization(), invitation, now],
            )
            .await?;
        rows.iter().map(|row| hash(row, "challenge_hash")).collect()
    }

    /// Uses a challenge up. Answers whether it was there: of two answers to one, the second finds none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_device_challenge(&mut self, permit: &Permit, invitation: DeviceInvitationId, challenge: &TokenHash) -> Result<bool> {
        let taken = self
            .execute(
                "DELETE FROM device_challenges WHERE organization_id = $1 AND invitation_id = $2 AND challenge_hash = $3",
                args![permit.organization(), invitation, challenge.0.as_slice()],
            )
            .await?;
        Ok(taken > 0)
    }
}
