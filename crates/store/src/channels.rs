//! Notification channels, what they deliver, and the outbox between the log and them.
//!
//! A notice is put into the outbox in the transaction of its record ([`Tx::record`]), which may be another organization's,
//! and so without looking for channels. The worker takes it out: in one transaction each channel gets a delivery for each
//! recipient, and the row goes. So a notice is handed over once, whatever crashes.

use domain::{Channel, ChannelId, DeliveryId, DeliveryState, NoticeDelivery, OrgId, Permit, activity::NoticeKind};
use jiff::Timestamp;

use crate::activity::recorded;
use crate::sql::{Row, args, json};
use crate::{Conflict, Page, Paging, Recorded, Result, StoreError, Tx};

/// How cursors of the list call it.
const LIST: &str = "deliveries";
/// Longest answer that is kept, in characters.
const ANSWER_CHARACTERS: usize = 300;

fn channel(row: &Row) -> Result<Channel> {
    Ok(Channel {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        name: row.parse("name")?,
        target: row.json("target")?,
        kinds: row.json_opt("kinds")?,
        secret_version: row.count("secret_version")?,
        created_by: row.parse("created_by")?,
        created_at: row.time("created_at")?,
        failing_since: row.time_opt("failing_since")?,
        failing_recipient: row.get("failing_recipient")?,
        failure_told: row.get("failure_told")?,
    })
}

fn delivery(row: &Row) -> Result<NoticeDelivery> {
    let state: String = row.get("state")?;
    let event = row.parse_opt("activity_id")?;
    let sequence: Option<i64> = row.get("sequence")?;
    Ok(NoticeDelivery {
        id: row.parse("id")?,
        channel: row.parse("channel_id")?,
        recipient: row.get("recipient")?,
        kind: row.get::<Option<String>>("kind")?.and_then(|word| NoticeKind::parse(&word)),
        event: event.zip(sequence),
        content: row.json("content")?,
        created_at: row.time("created_at")?,
        attempts: row.count("attempts")?,
        state: DeliveryState::parse(&state).ok_or_else(|| StoreError::Unreadable {
            column: "state",
            why: format!("“{state}” is not the state of a delivery"),
        })?,
        tried_at: row.time_opt("tried_at")?,
        answer: row.get("answer")?,
        next_at: row.time_opt("next_at")?,
    })
}

fn shortened(answer: &str) -> String {
    answer.chars().filter(|c| !c.is_control()).take(ANSWER_CHARACTERS).collect()
}

impl Tx {
    /// Keeps a channel. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// [`Conflict::ChannelName`] when another one is called so.
    pub async fn insert_channel(&mut self, permit: &Permit, new: &Channel) -> Result<()> {
        let kinds = new.kinds.as_ref().map(json).transpose()?;
        let inserted = self
            .execute(
                "INSERT INTO notification_channels
                     (id, organization_id, name, target, kinds, secret_version, created_by, created_at, failure_told, folded)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (organization_id, folded) DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.name.as_str(),
                    json(&new.target)?,
                    kinds,
                    new.secret_version,
                    new.created_by,
                    new.created_at,
                    false,
                    new.name.folded(),
                ],
            )
            .await?;
        if inserted == 0 { Err(Conflict::ChannelName.into()) } else { Ok(()) }
    }

    /// The channels of the permit's organization, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn channels(&mut self, permit: &Permit) -> Result<Vec<Channel>> {
        self.channels_of(permit.organization()).await
    }

    /// The same for the worker, which serves all organizations.
    ///
    /// # Errors
    /// What the database says.
    pub async fn channels_of(&mut self, organization: OrgId) -> Result<Vec<Channel>> {
        let rows = self
            .rows(
                "SELECT * FROM notification_channels WHERE organization_id = $1 ORDER BY folded",
                args![organization],
            )
            .await?;
        rows.iter().map(channel).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn channel(&mut self, permit: &Permit, id: ChannelId) -> Result<Channel> {
        let row = self
            .row(
                "SELECT * FROM notification_channels WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        channel(&row)
    }

    /// One of them, kept as it is until this transaction ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn lock_channel(&mut self, permit: &Permit, id: ChannelId) -> Result<Channel> {
        let statement = self.dialect(
            "SELECT * FROM notification_channels WHERE organization_id = $1 AND id = $2",
            "SELECT * FROM notification_channels WHERE organization_id = $1 AND id = $2 FOR UPDATE",
        );
        channel(&self.row(statement, args![permit.organization(), id]).await?)
    }

    /// Changes name, target, kinds, version of the secret, and whether it fails.
    ///
    /// # Errors
    /// [`Conflict::ChannelName`] when another one is called so, [`StoreError::NotFound`].
    pub async fn change_channel(&mut self, permit: &Permit, to: &Channel) -> Result<()> {
        let kinds = to.kinds.as_ref().map(json).transpose()?;
        let others = self
            .row_opt(
                "SELECT id FROM notification_channels WHERE organization_id = $1 AND folded = $2 AND id <> $3",
                args![permit.organization(), to.name.folded(), to.id],
            )
            .await?;
        if others.is_some() {
            return Err(Conflict::ChannelName.into());
        }
        self.change(
            "UPDATE notification_channels SET name = $3, target = $4, kinds = $5, secret_version = $6, failing_since = $7,
                 failure_told = $8, folded = $9, failing_recipient = $10
             WHERE organization_id = $1 AND id = $2",
            args![
                permit.organization(),
                to.id,
                to.name.as_str(),
                json(&to.target)?,
                kinds,
                to.secret_version,
                to.failing_since,
                to.failure_told,
                to.name.folded(),
                to.failing_recipient.as_deref(),
            ],
        )
        .await
    }

    /// Takes a channel away with its deliveries. Its sealed secret stays until [`Tx::delete_secrets`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_channel(&mut self, permit: &Permit, id: ChannelId) -> Result<()> {
        self.change(
            "DELETE FROM notification_channels WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }

    /// Puts a delivery on its way, unless its notice goes to that recipient by that channel already. Answers whether it is
    /// new.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert_delivery(&mut self, organization: OrgId, new: &NoticeDelivery) -> Result<bool> {
        let inserted = self
            .execute(
                "INSERT INTO notice_deliveries (id, organization_id, channel_id, recipient, kind, activity_id, sequence, content,
                     created_at, attempts, state, next_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $9) ON CONFLICT (channel_id, sequence, recipient) DO NOTHING",
                args![
                    new.id,
                    organization,
                    new.channel,
                    new.recipient.as_str(),
                    new.kind.map(NoticeKind::as_str),
                    new.event.map(|(id, _)| id),
                    new.event.map(|(_, sequence)| sequence),
                    json(&new.content)?,
                    new.created_at,
                    new.state.as_str(),
                ],
            )
            .await?;
        Ok(inserted > 0)
    }

    /// What a channel delivered, newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list.
    pub async fn deliveries(&mut self, permit: &Permit, of: ChannelId, paging: &Paging) -> Result<Page<NoticeDelivery>> {
        let rows = self
            .rows(
                "SELECT * FROM notice_deliveries
                 WHERE organization_id = $1 AND channel_id = $2 AND (CAST($3 AS TEXT) IS NULL OR id < $3)
                 ORDER BY id DESC LIMIT $4",
                args![permit.organization(), of, paging.behind::<String>(LIST)?, paging.fetch()],
            )
            .await?;
        let items = rows.iter().map(delivery).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, paging, LIST, |one| one.id.to_string()))
    }

    /// One delivery.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delivery(&mut self, permit: &Permit, id: DeliveryId) -> Result<NoticeDelivery> {
        let row = self
            .row(
                "SELECT * FROM notice_deliveries WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        delivery(&row)
    }

    /// Writes down that a delivery is about to be tried, before it is. Answers how often that was written; none when it is
    /// over or gone with its channel.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_delivery(&mut self, permit: &Permit, id: DeliveryId, now: Timestamp) -> Result<Option<u32>> {
        let row = self
            .row_opt(
                "UPDATE notice_deliveries SET attempts = attempts + 1, tried_at = $3
                 WHERE organization_id = $1 AND id = $2 AND state = $4 RETURNING attempts",
                args![permit.organization(), id, now, DeliveryState::Waiting.as_str()],
            )
            .await?;
        row.map(|row| row.count("attempts")).transpose()
    }

    /// Counts a mail that is about to leave through a channel of the organization on a day, in days since 1970. Answers whether
    /// it was within `most` a day; one beyond is not counted. Days before are forgotten.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_mail(&mut self, permit: &Permit, day: i64, most: u32) -> Result<bool> {
        self.execute(
            "DELETE FROM mail_days WHERE organization_id = $1 AND day < $2",
            args![permit.organization(), day],
        )
        .await?;
        let counted = self
            .execute(
                "INSERT INTO mail_days (organization_id, day, number) VALUES ($1, $2, 1)
                 ON CONFLICT (organization_id, day) DO UPDATE SET number = mail_days.number + 1 WHERE mail_days.number < $3",
                args![permit.organization(), day, i64::from(most)],
            )
            .await?;
        Ok(counted > 0)
    }

    /// Writes down what an attempt came to, and when the next one is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_attempt(
        &mut self,
        permit: &Permit,
        id: DeliveryId,
        state: DeliveryState,
        answer: &str,
        next: Option<Timestamp>,
    ) -> Result<()> {
        self.execute(
            "UPDATE notice_deliveries SET state = $3, answer = $4, next_at = $5 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, state.as_str(), shortened(answer), next],
        )
        .await?;
        Ok(())
    }

    /// Forgets the deliveries of all organizations that were handed over before then; answers how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_deliveries(&mut self, before: Timestamp) -> Result<u64> {
        self.execute("DELETE FROM notice_deliveries WHERE created_at < $1", args![before])
            .await
    }

    /// The oldest notices of all organizations that no channel has been asked about, kept to this transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn notice_outbox(&mut self, most: u32) -> Result<Vec<Recorded>> {
        let statement = self.dialect(
            "SELECT activity.* FROM notice_outbox JOIN activity ON activity.sequence = notice_outbox.sequence
             ORDER BY notice_outbox.sequence LIMIT $1",
            "SELECT activity.* FROM notice_outbox JOIN activity ON activity.sequence = notice_outbox.sequence
             ORDER BY notice_outbox.sequence LIMIT $1 FOR UPDATE OF notice_outbox SKIP LOCKED",
        );
        let rows = self.rows(statement, args![i64::from(most)]).await?;
        rows.iter().map(recorded).collect()
    }

    /// Whether there is anything in the outbox.
    ///
    /// # Errors
    /// What the database says.
    pub async fn has_notices_out(&mut self) -> Result<bool> {
        Ok(self.row_opt("SELECT sequence FROM notice_outbox LIMIT 1", args![]).await?.is_some())
    }

    /// Takes a notice out of the outbox.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_out(&mut self, organization: OrgId, sequence: i64) -> Result<()> {
        self.execute(
            "DELETE FROM notice_outbox WHERE organization_id = $1 AND sequence = $2",
            args![organization, sequence],
        )
        .await?;
        Ok(())
    }
}
