//! What is delivered to a webhook's address. Nobody is signed in: the signature over the raw body is the proof.
//!
//! Nothing is read before that holds. An address that nobody has and a signature that does not fit are answered alike, and
//! counted against the network that they came from; genuine deliveries are not held up by that count, because Apple also
//! delivers to webhooks that were forgotten here.
//!
//! What a delivery says is not believed: it may be old, and come twice. It brings the next look of whoever watches the app
//! forward to now, or to a few seconds after the last delivery, so that the same one sent again and again costs little.

use crate::{App, Problem, acting::fresh};
use apple::{Notification, NotificationError};
use domain::{Action, AppleWebhook, JobId, JobPayload, OperationState, Origin, Permit, Principal, decide};
use jiff::SignedDuration;
use store::StoreError;

/// As what deliveries that are not genuine are counted against a network.
const COUNTED_AS: &str = "apple-webhook";
/// Between two looks that deliveries bring about.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_secs(5);
/// The longest id that is looked at.
const MOST_CHARACTERS: usize = 64;

impl App {
    /// Takes what was delivered to the address of a webhook, with the text of `x-apple-signature`.
    ///
    /// # Errors
    /// `not_found` for an address that nobody has and for a signature that is not of this body; `tries_limited` after too many
    /// of those.
    pub async fn take_apple_notification(&self, id: &str, signature: Option<&str>, body: &[u8], origin: &Origin) -> Result<(), Problem> {
        let Some((webhook, permit, is_news)) = self.genuine(id, signature, body).await? else {
            self.count_try(COUNTED_AS, origin).await?;
            return Err(Problem::not_found());
        };
        let now = self.now();
        let mut tx = self.inner.store.begin_outcome(&permit).await?;
        match tx.note_apple_delivery(&permit, webhook.id, now).await {
            Err(StoreError::NotFound) => return Err(Problem::not_found()),
            noted => noted?,
        }
        if is_news {
            let soonest = webhook.last_delivery_at.and_then(|last| last.checked_add(BETWEEN_LOOKS).ok());
            let at = soonest.map_or(now, |soonest| soonest.max(now));
            for act in tx.unfinished_operations(&permit).await? {
                let OperationState::Working { step } = act.state else { continue };
                if act.kind.watches(step) == Some(&webhook.app) {
                    let job = JobPayload::Continue { operation: act.id };
                    tx.enqueue(fresh!(self, JobId), act.organization, &job, at).await?;
                }
            }
        }
        tx.commit().await?;
        self.inner.job_waits.notify_one();
        Ok(())
    }

    /// The webhook that it was delivered to, and whether it tells of an upload or a build; none when it is not genuine.
    async fn genuine(&self, id: &str, signature: Option<&str>, body: &[u8]) -> Result<Option<(AppleWebhook, Permit, bool)>, Problem> {
        let (Some(signature), true) = (signature, id.len() <= MOST_CHARACTERS) else {
            return Ok(None);
        };
        let Ok(id) = id.parse() else { return Ok(None) };
        let mut tx = self.inner.store.read_over_all().await?;
        let Some(webhook) = tx.apple_webhook_at(id).await? else {
            return Ok(None);
        };
        let Some(tenant) = tx.tenant(webhook.organization).await? else {
            return Ok(None);
        };
        drop(tx);
        let permit = decide(&Principal::server(), Action::SettleOperation, tenant)
            .map_err(|_| Problem::internal("the server may not take what Apple delivers"))?;
        let verified = self
            .with_webhook_secret(&permit, id, |secret| Notification::verify(secret, signature, body))
            .await?;
        let is_news = match verified {
            Ok(told) => matches!(told.kind(), "buildUploadStateUpdated" | "buildBetaDetailExternalBuildStateUpdated"),
            Err(NotificationError::Forged) => return Ok(None),
            // Signed, so it is Apple's: of a later version, perhaps.
            Err(NotificationError::Unreadable) => false,
        };
        Ok(Some((webhook, permit, is_news)))
    }
}
