//! Personal tokens for Russet's own API.

use super::{SignedBy, SignedIn, TOUCH_SECONDS, Who, bearer, hashed, later, signed_in};
use crate::{App, Problem, Shown, acting::fresh};
use domain::{
    ApiToken, ApiTokenId, Event, ItemName, Origin,
    account::{TOKEN_DAYS, TOKEN_DAYS_MOST},
    policy::Subject,
};
use jiff::Timestamp;

impl App {
    /// Whose personal token this is; none when it is unknown, mistyped, revoked or expired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_token(&self, bearer: &str, origin: Origin) -> Result<Option<SignedIn>, Problem> {
        if !bearer::is_token(bearer) {
            return Ok(None);
        }
        let now = self.now();
        let mut tx = self.inner.store.read().await?;
        let Some(token) = tx.token_by_hash(&hashed(bearer), now).await? else {
            return Ok(None);
        };
        let user = tx.user(token.user).await?;
        let (id, used_at) = (token.id, token.used_at);
        let who = Who::Person {
            user,
            by: SignedBy::Token(token),
        };
        let signed_in = signed_in(&mut tx, who, origin).await?;
        drop(tx);
        if used_at.is_none_or(|used| now.duration_since(used).as_secs() >= TOUCH_SECONDS) {
            let mut tx = self.inner.store.begin().await?;
            tx.touch_token(id, now).await?;
            tx.commit().await?;
        }
        Ok(Some(signed_in))
    }

    /// The person's tokens, newest first.
    ///
    /// # Errors
    /// `person_needed`.
    pub async fn tokens(&self, who: &SignedIn) -> Result<Vec<ApiToken>, Problem> {
        let user = who.person()?.id;
        Ok(self.inner.store.read().await?.tokens_of(user).await?)
    }

    /// Makes a token (`russet_…` with a checksum), shown once. One that is made with a token ends with it at the latest:
    /// else whoever found a token that ends tomorrow could keep what it opens.
    ///
    /// # Errors
    /// A problem at `name` or `expires_at`; `person_needed`.
    pub async fn create_token(&self, who: &SignedIn, name: &str, expires_at: Option<Timestamp>) -> Result<(ApiToken, Shown), Problem> {
        let user = who.person()?.id;
        let name = name
            .parse::<ItemName>()
            .map_err(|error| Problem::field("name_unfit", "name", error.to_string()))?;
        let now = self.now();
        let maker_ends = who.token_ends();
        let expires_at = expires_at.unwrap_or_else(|| later(now, TOKEN_DAYS * 24).min(maker_ends.unwrap_or(Timestamp::MAX)));
        if maker_ends.is_some_and(|end| expires_at > end) {
            return Err(Problem::field(
                "expiry_unfit",
                "expires_at",
                "A token that is made with a token cannot outlive it. Choose an earlier day, or make the token in the console.",
            ));
        }
        if expires_at <= now || expires_at > later(now, TOKEN_DAYS_MOST * 24) {
            return Err(Problem::field(
                "expiry_unfit",
                "expires_at",
                format!("A token ends in the future, at most {TOKEN_DAYS_MOST} days from now. Choose an earlier or later day."),
            ));
        }
        let shown = bearer::fresh_token(&*self.inner.entropy);
        let token = ApiToken {
            id: fresh!(self, ApiTokenId),
            user,
            name,
            created_at: now,
            expires_at,
            used_at: None,
        };
        let mut tx = self.inner.store.begin().await?;
        tx.insert_token(&token, &hashed(shown.expose())).await?;
        let event = Event::TokenCreated {
            token: token.id,
            name: token.name.to_string(),
            expires_at,
        };
        self.record_of_person(&mut tx, who, event).await?;
        tx.commit().await?;
        Ok((token, shown))
    }

    /// Ends a token at once.
    ///
    /// # Errors
    /// `not_found` when it is not one of theirs, `person_needed`.
    pub async fn revoke_token(&self, who: &SignedIn, token: ApiTokenId) -> Result<(), Problem> {
        let user = who.person()?.id;
        let mut tx = self.inner.store.begin().await?;
        let revoked = tx.revoke_token(user, token).await?;
        tx.raise_standing(Subject::User(user)).await?;
        let event = Event::TokenRevoked {
            token,
            name: revoked.name.to_string(),
        };
        self.record_of_person(&mut tx, who, event).await?;
        tx.commit().await?;
        Ok(())
    }
}
