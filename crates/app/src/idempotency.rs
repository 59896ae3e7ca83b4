//! `Idempotency-Key`: the same POST twice does its work once. Scoped to organization and principal.
//!
//! The surprising thing: an answer that says "try again" (429, 5xx, `rights_changed`) is not kept. Kept, it would turn a
//! passing trouble into a lasting one for whoever retries as told.

use crate::{
    App, Caller, Problem,
    problem::{Kind, RIGHTS_CHANGED},
};
use domain::{Action, Actor, OrgId, Tenant, decide};
use jiff::SignedDuration;
use store::{Idempotency, IdempotencyKey, StoredAnswer};

/// What the key says about this request.
pub enum Replay {
    /// Never seen: go on, then [`App::remember`].
    Fresh,
    /// The same request was answered: answer this again.
    Answered {
        /// Status.
        status: u16,
        /// Body, JSON.
        body: Vec<u8>,
    },
}

/// What is kept of an answer for a repetition of its request.
pub enum Kept<'a> {
    /// All of it: a repetition gets the same.
    Answer {
        /// Status.
        status: u16,
        /// Body, JSON.
        body: &'a [u8],
    },
    /// That there was one: it carried a secret.
    Done,
    /// Nothing: a repetition is worked on as if it came for the first time.
    Nothing,
}

impl<'a> Kept<'a> {
    /// What is kept of an answer of this status, with this code where it is a refusal.
    #[must_use]
    pub fn of(status: u16, code: Option<&str>, body: &'a [u8], carried_secret: bool) -> Self {
        if status == 429 || status >= 500 || code == Some(RIGHTS_CHANGED) {
            Self::Nothing
        } else if carried_secret {
            Self::Done
        } else {
            Self::Answer { status, body }
        }
    }
}

/// Longest key that is taken, in bytes.
const KEY_BYTES: usize = 255;
/// Longer than any request is worked on: what is in progress then was left behind by a server that died.
const LONGEST_WORK: SignedDuration = SignedDuration::from_mins(10);
/// How long answers are kept, in hours.
const KEPT_HOURS: i64 = 24;
/// The media type of every answer that is kept.
const MEDIA_TYPE: &str = "application/json";

impl App {
    /// Reserves the key. A different request under the same key, one still running, and one whose answer carried a secret
    /// are conflicts (`idempotency_mismatch`, `in_progress`, `already_done`), and one that a server left behind (`cut_off`).
    ///
    /// # Errors
    /// The conflicts above; `idempotency_key_unfit`; `not_found` for an organization of others.
    pub async fn replay(&self, caller: &Caller, org: OrgId, key: &str, request_hash: [u8; 32]) -> Result<Replay, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        if key.is_empty() || key.len() > KEY_BYTES || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Problem::field(
                "idempotency_key_unfit",
                "Idempotency-Key",
                format!("The Idempotency-Key is empty, longer than {KEY_BYTES} bytes, or has blanks. A random UUID is a good one."),
            ));
        }
        let conflict = |code, message: &str| Err(Problem::new(Kind::Conflict, code, message));
        let now = self.now();
        let mut tx = self.begin_for(caller, &permit).await?;
        tx.forget_idempotent(&permit, now.saturating_sub(SignedDuration::from_hours(KEPT_HOURS)).unwrap_or(now))
            .await?;
        let found = tx.begin_idempotent(&row(caller, org, key, request_hash), now).await?;
        tx.commit().await?;
        match found {
            Idempotency::Fresh => Ok(Replay::Fresh),
            Idempotency::Replay(answer) => Ok(Replay::Answered {
                status: answer.status,
                body: answer.body,
            }),
            Idempotency::AlreadyDone => conflict(
                "already_done",
                "This was done before under the same Idempotency-Key, and its answer carried a secret, which is not given twice.",
            ),
            Idempotency::InProgress { since } if now.duration_since(since) >= LONGEST_WORK => conflict(
                "cut_off",
                "The first request with this Idempotency-Key was cut off, perhaps by a restart of the server. Look whether its work was done, then use a fresh key.",
            ),
            Idempotency::InProgress { .. } => conflict(
                "in_progress",
                "The first request with this Idempotency-Key is still being worked on. Ask again in a moment.",
            ),
            Idempotency::OtherRequest => conflict(
                "idempotency_mismatch",
                "This Idempotency-Key came with another request before. Use a fresh key for each request.",
            ),
        }
    }

    /// Writes down what is kept of the answer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remember(&self, caller: &Caller, org: OrgId, key: &str, kept: Kept<'_>) -> Result<(), Problem> {
        // The row is found by organization, principal and key; which request it was is written down already.
        let row = row(caller, org, key, [0; 32]);
        // With the rights of when the request came: what it did may have been to leave the organization.
        let tenant = self.inner.store.read().await?.tenant(org).await?.unwrap_or(Tenant::root(org));
        let permit = decide(&caller.principal, Action::SeeOrganization, tenant).map_err(|_| Problem::not_found())?;
        let mut tx = self.inner.store.begin_outcome(&permit).await?;
        match kept {
            Kept::Nothing => tx.release_idempotent(&row).await?,
            Kept::Done => tx.finish_idempotent(&row, None).await?,
            Kept::Answer { status, body } => {
                let answer = StoredAnswer {
                    status,
                    content_type: MEDIA_TYPE.to_owned(),
                    body: body.to_vec(),
                };
                tx.finish_idempotent(&row, Some(&answer)).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// The principal is the person or the token: two tokens of one person do not meet.
fn row(caller: &Caller, organization: OrgId, key: &str, request_hash: [u8; 32]) -> IdempotencyKey {
    IdempotencyKey {
        organization,
        principal: match caller.principal.actor() {
            Actor::Person { user } => user.to_string(),
            Actor::Token { token, .. } => token.to_string(),
            Actor::Service { token } => token.to_string(),
            Actor::Job { job, .. } => job.to_string(),
            Actor::Server => "server".to_owned(),
            Actor::Anonymous => "anonymous".to_owned(),
        },
        key: key.to_owned(),
        request_hash,
    }
}
