//! How people are signed in: browser sessions, personal tokens and the one-time set-up token. Of
//! each only the SHA-256 is kept, so that a copy of the database signs nobody in.

use std::fmt;

use domain::{ApiToken, ApiTokenId, Session, SessionId, UserId};
use jiff::Timestamp;

use crate::sql::{Row, args};
use crate::{Result, Tx};

/// SHA-256 of a token. Tokens are random, so no salt is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.parse("id")?,
        user: row.parse("user_id")?,
        created_at: row.time("created_at")?,
        seen_at: row.time("seen_at")?,
        expires_at: row.time("expires_at")?,
        confirmed_at: row.time("confirmed_at")?,
        address: row.get("address")?,
        agent: row.get("agent")?,
    })
}

fn api_token(row: &Row) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.parse("id")?,
        user: row.parse("user_id")?,
        name: row.parse("name")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        used_at: row.time_opt("used_at")?,
    })
}

impl Tx {
    /// Begins a session.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert_session(&mut self, new: &Session, token: &TokenHash) -> Result<()> {
        self.execute(
            "INSERT INTO sessions (id, token_hash, user_id, created_at, seen_at, expires_at, confirmed_at, address, agent)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                new.id,
                token.0.as_slice(),
                new.user,
                new.created_at,
                new.seen_at,
                new.expires_at,
                new.confirmed_at,
                new.address.as_deref(),
                new.agent.as_deref(),
            ],
        )
        .await?;
        Ok(())
    }

    /// The session of this token, unless it has expired. Whether it was idle for too long is the
    /// caller's to judge, by `seen_at`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session_by_token(&mut self, token: &TokenHash, now: Timestamp) -> Result<Option<Session>> {
        let row = self
            .row_opt(
                "SELECT id, user_id, created_at, seen_at, expires_at, confirmed_at, address, agent FROM sessions
                 WHERE token_hash = $1 AND expires_at > $2",
                args![token.0.as_slice(), now],
            )
            .await?;
        row.as_ref().map(session).transpose()
    }

    /// Notes that a session was used. Not on every request: a write each time would be a waste.
    ///
    /// # Errors
    /// What the database says; a session that has ended meanwhile is no error.
    pub async fn touch_session(&mut self, id: SessionId, now: Timestamp) -> Result<()> {
        self.execute("UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2", args![id, now])
            .await?;
        Ok(())
    }

    /// Notes that the password was given for a session; `false` when it has ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn confirm_session(&mut self, user: UserId, id: SessionId, now: Timestamp) -> Result<bool> {
        let confirmed = self
            .execute(
                "UPDATE sessions SET confirmed_at = $3 WHERE user_id = $1 AND id = $2",
                args![user, id, now],
            )
            .await?;
        Ok(confirmed > 0)
    }

    /// The sessions of a person, newest first, expired ones left out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sessions_of(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let rows = self
            .rows(
                "SELECT id, user_id, created_at, seen_at, expires_at, confirmed_at, address, agent FROM sessions
                 WHERE user_id = $1 AND expires_at > $2 ORDER BY id DESC",
                args![user, now],
            )
            .await?;
        rows.iter().map(session).collect()
    }

    /// Ends a session of a person; `false` when there was none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_session(&mut self, user: UserId, id: SessionId) -> Result<bool> {
        let ended = self
            .execute("DELETE FROM sessions WHERE user_id = $1 AND id = $2", args![user, id])
            .await?;
        Ok(ended > 0)
    }

    /// Ends all sessions of a person but perhaps one; gives how many ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_sessions(&mut self, user: UserId, except: Option<SessionId>) -> Result<u32> {
        let ended = self
            .execute(
                "DELETE FROM sessions WHERE user_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id <> $2)",
                args![user, except],
            )
            .await?;
        Ok(u32::try_from(ended).unwrap_or(u32::MAX))
    }

    /// Clears away what has expired: sessions and personal tokens.
    ///
    /// # Errors
    /// What the database says.
    pub async fn delete_expired(&mut self, now: Timestamp) -> Result<()> {
        self.execute("DELETE FROM sessions WHERE expires_at <= $1", args![now]).await?;
        self.execute("DELETE FROM api_tokens WHERE expires_at <= $1", args![now]).await?;
        Ok(())
    }

    /// Makes a personal token.
    ///
    /// # Errors
    /// What the database says.
    pub async fn insert_token(&mut self, new: &ApiToken, token: &TokenHash) -> Result<()> {
        self.execute(
            "INSERT INTO api_tokens (id, token_hash, user_id, name, created_at, expires_at, used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![
                new.id,
                token.0.as_slice(),
                new.user,
                new.name.as_str(),
                new.created_at,
                new.expires_at,
                new.used_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// The personal token of this hash, unless it has expired.
    ///
    /// # Errors
    /// What the database says.
    pub async fn token_by_hash(&mut self, token: &TokenHash, now: Timestamp) -> Result<Option<ApiToken>> {
        let row = self
            .row_opt(
                "SELECT id, user_id, name, created_at, expires_at, used_at FROM api_tokens
                 WHERE token_hash = $1 AND expires_at > $2",
                args![token.0.as_slice(), now],
            )
            .await?;
        row.as_ref().map(api_token).transpose()
    }

    /// Notes that a personal token was used.
    ///
    /// # Errors
    /// What the database says.
    pub async fn touch_token(&mut self, id: ApiTokenId, now: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE api_tokens SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2)",
            args![id, now],
        )
        .await?;
        Ok(())
    }

    /// The personal tokens of a person, newest first, expired ones included until cleared away.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tokens_of(&mut self, user: UserId) -> Result<Vec<ApiToken>> {
        let rows = self
            .rows(
                "SELECT id, user_id, name, created_at, expires_at, used_at FROM api_tokens
                 WHERE user_id = $1 ORDER BY id DESC",
                args![user],
            )
            .await?;
        rows.iter().map(api_token).collect()
    }

    /// Revokes a personal token and gives what it was, for the activity record.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when this person has no such token.
    pub async fn revoke_token(&mut self, user: UserId, id: ApiTokenId) -> Result<ApiToken> {
        let row = self
            .row(
                "DELETE FROM api_tokens WHERE user_id = $1 AND id = $2
                 RETURNING id, user_id, name, created_at, expires_at, used_at",
                args![user, id],
            )
            .await?;
        api_token(&row)
    }

    /// Puts a one-time set-up token in the place of any earlier one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn set_setup_token(&mut self, token: &TokenHash, now: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO setup_token (singleton, token_hash, created_at) VALUES (1, $1, $2)
             ON CONFLICT (singleton) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at",
            args![token.0.as_slice(), now],
        )
        .await?;
        Ok(())
    }

    /// Whether this is the set-up token, without using it up: for showing the form.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_setup_token(&mut self, token: &TokenHash) -> Result<bool> {
        let row = self
            .row_opt("SELECT singleton FROM setup_token WHERE token_hash = $1", args![token.0.as_slice()])
            .await?;
        Ok(row.is_some())
    }

    /// Uses the set-up token up; `false` when it is another one or was used before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_setup_token(&mut self, token: &TokenHash) -> Result<bool> {
        let taken = self
            .execute("DELETE FROM setup_token WHERE token_hash = $1", args![token.0.as_slice()])
            .await?;
        Ok(taken > 0)
    }
}
