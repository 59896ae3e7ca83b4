//! Webhooks at Apple that tell this server of an app.

use domain::{ApiKeyId, AppleWebhook, AppleWebhookId, Permit};
use jiff::Timestamp;

use crate::sql::{Row, args};
use crate::{Conflict, Result, Tx};

fn webhook(row: &Row) -> Result<AppleWebhook> {
    Ok(AppleWebhook {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        key: row.parse_opt("api_key_id")?,
        identifier: row.get("identifier")?,
        app: row.get("app_id")?,
        apple_id: row.get("apple_id")?,
        created_at: row.time("created_at")?,
        last_delivery_at: row.time_opt("last_delivery_at")?,
    })
}

impl Tx {
    /// Keeps a webhook that is about to be registered. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// [`Conflict::Webhook`] when the organization has one of this app.
    pub async fn insert_apple_webhook(&mut self, permit: &Permit, new: &AppleWebhook) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO apple_webhooks (id, organization_id, api_key_id, identifier, app_id, apple_id, created_at, last_delivery_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organization_id, app_id) DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.key,
                    new.identifier.as_str(),
                    new.app.as_str(),
                    new.apple_id.as_deref(),
                    new.created_at,
                    new.last_delivery_at,
                ],
            )
            .await?;
        if inserted == 0 { Err(Conflict::Webhook.into()) } else { Ok(()) }
    }

    /// The webhook of an app of the permit's organization, by bundle identifier.
    ///
    /// # Errors
    /// What the database says.
    pub async fn apple_webhook_of(&mut self, permit: &Permit, identifier: &str) -> Result<Option<AppleWebhook>> {
        let row = self
            .row_opt(
                "SELECT * FROM apple_webhooks WHERE organization_id = $1 AND identifier = $2 ORDER BY id DESC LIMIT 1",
                args![permit.organization(), identifier],
            )
            .await?;
        row.as_ref().map(webhook).transpose()
    }

    /// The webhook that an address names, whoever it belongs to: who delivers names nothing else.
    ///
    /// # Errors
    /// What the database says.
    pub async fn apple_webhook_at(&mut self, id: AppleWebhookId) -> Result<Option<AppleWebhook>> {
        let row = self.row_opt("SELECT * FROM apple_webhooks WHERE id = $1", args![id]).await?;
        row.as_ref().map(webhook).transpose()
    }

    /// Writes down that Apple has it, by Apple's id, and with which key that was found out.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn set_apple_webhook_registered(&mut self, permit: &Permit, id: AppleWebhookId, key: ApiKeyId, apple_id: &str) -> Result<()> {
        self.change(
            "UPDATE apple_webhooks SET api_key_id = $3, apple_id = $4 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, key, apple_id],
        )
        .await
    }

    /// Writes down that something genuine came.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn note_apple_delivery(&mut self, permit: &Permit, id: AppleWebhookId, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE apple_webhooks SET last_delivery_at = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, at],
        )
        .await
    }

    /// Takes a webhook away. Its sealed secret stays until [`Tx::delete_secrets`]. Answers whether it was there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn delete_apple_webhook(&mut self, permit: &Permit, id: AppleWebhookId) -> Result<bool> {
        let deleted = self
            .execute(
                "DELETE FROM apple_webhooks WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        Ok(deleted > 0)
    }
}
