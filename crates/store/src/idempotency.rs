//! Answers kept for requests that may come again with the same `Idempotency-Key`.
//!
//! An answer that carried a secret is never kept: only that it was given.

use domain::{OrgId, Permit};
use jiff::Timestamp;

use crate::sql::args;
use crate::{Result, Tx};

/// Who sent which key, in which organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The organization that the request is about.
    pub organization: OrgId,
    /// The person or token, as text.
    pub principal: String,
    /// What the client sent.
    pub key: String,
    /// SHA-256 of method, path and body: the same key with another request is a mistake.
    pub request_hash: [u8; 32],
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What a key means when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// Never seen: do it, then say how it ended.
    Fresh,
    /// Done before: give this answer again.
    Replay(StoredAnswer),
    /// Done before, and the answer carried a secret, which is not given twice.
    AlreadyDone,
    /// The first request was not answered yet.
    InProgress {
        /// When it came.
        since: Timestamp,
    },
    /// The same key came with another request before.
    OtherRequest,
}

impl Tx {
    /// Takes a key, or says what became of it before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_idempotent(&mut self, key: &IdempotencyKey, now: Timestamp) -> Result<Idempotency> {
        let taken = self
            .execute(
                "INSERT INTO idempotency_keys (organization_id, principal, key, request_hash, created_at, carried_secret)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                args![
                    key.organization,
                    key.principal.as_str(),
                    key.key.as_str(),
                    key.request_hash.as_slice(),
                    now,
                    false,
                ],
            )
            .await?;
        if taken > 0 {
            return Ok(Idempotency::Fresh);
        }
        let row = self
            .row(
                "SELECT request_hash, created_at, status, content_type, body, carried_secret FROM idempotency_keys
                 WHERE organization_id = $1 AND principal = $2 AND key = $3",
                args![key.organization, key.principal.as_str(), key.key.as_str()],
            )
            .await?;
        if row.get::<Vec<u8>>("request_hash")? != key.request_hash {
            return Ok(Idempotency::OtherRequest);
        }
        if row.get("carried_secret")? {
            return Ok(Idempotency::AlreadyDone);
        }
        let Some(status) = row.get::<Option<i64>>("status")? else {
            return Ok(Idempotency::InProgress {
                since: row.time("created_at")?,
            });
        };
        Ok(Idempotency::Replay(StoredAnswer {
            status: u16::try_from(status).unwrap_or(500),
            content_type: row.get::<Option<String>>("content_type")?.unwrap_or_default(),
            body: row.get::<Option<Vec<u8>>>("body")?.unwrap_or_default(),
        }))
    }

    /// Says how it ended. `None` stands for an answer that carried a secret.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when the key was never begun.
    pub async fn finish_idempotent(&mut self, key: &IdempotencyKey, answer: Option<&StoredAnswer>) -> Result<()> {
        self.change(
            "UPDATE idempotency_keys SET status = $4, content_type = $5, body = $6, carried_secret = $7
             WHERE organization_id = $1 AND principal = $2 AND key = $3",
            args![
                key.organization,
                key.principal.as_str(),
                key.key.as_str(),
                answer.map(|a| i64::from(a.status)),
                answer.map(|a| a.content_type.as_str()),
                answer.map(|a| a.body.as_slice()),
                answer.is_none(),
            ],
        )
        .await
    }

    /// Lets go of a key whose request failed without an effect, so that it may be tried again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_idempotent(&mut self, key: &IdempotencyKey) -> Result<()> {
        self.execute(
            "DELETE FROM idempotency_keys WHERE organization_id = $1 AND principal = $2 AND key = $3",
            args![key.organization, key.principal.as_str(), key.key.as_str()],
        )
        .await?;
        Ok(())
    }

    /// Forgets the organization's keys from before that moment.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_idempotent(&mut self, permit: &Permit, before: Timestamp) -> Result<()> {
        self.execute(
            "DELETE FROM idempotency_keys WHERE organization_id = $1 AND created_at < $2",
            args![permit.organization(), before],
        )
        .await?;
        Ok(())
    }
}
