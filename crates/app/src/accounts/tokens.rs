//! Tokens for Russet's own API: whose one is, and what people do with theirs. Those of organizations are made in
//! [`crate::service_tokens`].

use super::{SignedBy, SignedIn, TOUCH_SECONDS, Who, bearer, hashed, later, signed_in};
use crate::{App, Caller, Problem, Shown, acting::fresh, problem::Kind};
use domain::{
    Actor, ApiToken, ApiTokenId, Event, ItemName, Origin, ServiceToken, Standing,
    account::{TOKEN_DAYS, TOKEN_DAYS_MOST},
    policy::Subject,
};
use jiff::Timestamp;

/// Whether a use is written down: not each one, that would be a write per request.
fn is_due(used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none_or(|used| now.duration_since(used).as_secs() >= TOUCH_SECONDS)
}

/// When a token ends that somebody makes or rotates now: in six months unless told otherwise, in a year at most, and never
/// after the token that they are signed in by.
///
/// # Errors
/// A problem at `expires_at`.
pub(crate) fn token_end(who: &SignedIn, now: Timestamp, wanted: Option<Timestamp>) -> Result<Timestamp, Problem> {
    let unfit = |message: String| Err(Problem::field("expiry_unfit", "expires_at", message));
    let maker_ends = who.token_ends().unwrap_or(Timestamp::MAX);
    let expires_at = wanted.unwrap_or_else(|| later(now, TOKEN_DAYS * 24).min(maker_ends));
    if expires_at > maker_ends {
        return unfit(
            "A token that is made with a token cannot outlive it. Choose an earlier day, or make the token in the console.".to_owned(),
        );
    }
    if expires_at <= now || expires_at > later(now, TOKEN_DAYS_MOST * 24) {
        return unfit(format!(
            "A token ends in the future, at most {TOKEN_DAYS_MOST} days from now. Choose an earlier or later day."
        ));
    }
    Ok(expires_at)
}

impl App {
    /// Whose token this is, a person's or an organization's; none when it is unknown, mistyped, revoked or expired.
    ///
    /// # Errors
    /// `address_not_allowed` for a token of an organization that is right and may not be used from there.
    pub async fn by_token(&self, bearer: &str, origin: Origin) -> Result<Option<SignedIn>, Problem> {
        if !bearer::is_token(bearer) {
            return Ok(None);
        }
        let (hash, now) = (hashed(bearer), self.now());
        let mut tx = self.inner.store.read_over_all().await?;
        if let Some(token) = tx.token_by_hash(&hash, now).await? {
            let user = tx.user(token.user).await?;
            let (id, used_at) = (token.id, token.used_at);
            let who = Who::Person {
                user,
                by: SignedBy::Token(token),
            };
            let signed_in = signed_in(&mut tx, who, origin, now).await?;
            drop(tx);
            if is_due(used_at, now) {
                let mut tx = self.inner.store.begin().await?;
                tx.touch_token(id, now).await?;
                tx.commit().await?;
            }
            return Ok(Some(signed_in));
        }
        let found = tx.service_token_by_hash(&hash, now).await?;
        drop(tx);
        match found {
            Some((token, standing)) => self.by_service_token(token, standing, origin).await.map(Some),
            None => Ok(None),
        }
    }

    /// The address is held against the token only now that it was right: to anybody else it is as unknown as any.
    async fn by_service_token(&self, token: ServiceToken, standing: Standing, origin: Origin) -> Result<SignedIn, Problem> {
        let now = self.now();
        let caller = Caller {
            principal: token.principal(Actor::Service { token: token.id }, standing),
            origin,
        };
        let from = caller.origin.address.clone();
        if !token.is_welcome_from(from.as_ref().and_then(|address| address.parse().ok())) {
            let problem = Problem::new(
                Kind::NotAllowed,
                "address_not_allowed",
                format!(
                    "The token “{}” may not be used from {}. Use it from one of its address ranges, or have them changed by whoever manages the organization's tokens.",
                    token.name,
                    from.as_deref().unwrap_or("an unknown address"),
                ),
            );
            let what = "use an API token from an address outside of its ranges";
            return Err(self.denied(&caller, Some(token.organization), what, problem).await);
        }
        if is_due(token.used_at, now) {
            let mut tx = self.inner.store.begin_over_all().await?;
            tx.touch_service_token(token.id, now).await?;
            tx.commit().await?;
        }
        Ok(SignedIn {
            who: Who::Service(token),
            caller,
        })
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
        let expires_at = token_end(who, now, expires_at)?;
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
