//! Using a stored API key, one's own or a lent one: the one door through which a private key is opened and Apple is asked.
//!
//! ```text
//! for a need:  key, own or lent now -> usability -> record "used", committed -> Session -> act -> last result
//! ```
//!
//! Everything up to the record is one transaction that holds the key's row, so that whoever un-shares, rotates or removes
//! the key comes before it or after it. A lent key is asked for again with every request to Apple: a share that was taken
//! away in the middle of a long list ends the list.
//!
//! The private key is lent by the vault to one closure, which signs a token; the token serves the key until shortly before
//! its end. Nothing here returns a private key, and nothing but [`crate::apple_tokens`] returns a token.
//!
//! The surprising thing: a use is recorded in the organization that uses the key, and what Apple taught about the key (its
//! health, its team) is written down in the one that owns it.

use crate::{
    App, Caller, Problem,
    acting::{fresh, in_time},
    problem::Kind,
};
use apple::{Credentials, Session, Token, TokenSource};
use domain::{
    ApiKey, ApiKeyId, Event, Feature, IssuerId, JobId, JobPayload, KeyKind, LastResult, LastUse, Need, Permit, TeamId, Usability,
    UsePermit,
    feature::{AppleRefusal, usability},
};
use std::sync::{Arc, PoisonError};
use store::{KeyToUse, StoreError, Tx};
use vault::Place;

/// The kind of sealed secrets that API keys have in the store.
pub(crate) const API_KEY: &str = "api_key";
/// The field of a private key, of an API key or of a certificate.
pub(crate) const PRIVATE_KEY: &str = "private_key";

/// Longest sentence of Apple's that is kept, in characters.
const DETAIL_CHARACTERS: usize = 300;

/// The address of a key's sealed private key.
pub(crate) struct KeyPlace {
    owner: String,
    object: String,
    version: u64,
}

impl KeyPlace {
    pub(crate) fn of(key: &ApiKey) -> Self {
        Self {
            owner: key.organization.to_string(),
            object: key.id.to_string(),
            version: u64::from(key.generation),
        }
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            owner: &self.owner,
            kind: API_KEY,
            object: &self.object,
            field: PRIVATE_KEY,
            version: self.version,
        }
    }
}

/// Apple's client has a type of its own for the kinds.
pub(crate) fn apple_kind(kind: KeyKind) -> apple::KeyKind {
    match kind {
        KeyKind::Team => apple::KeyKind::Team,
        KeyKind::Individual => apple::KeyKind::Individual,
        KeyKind::Enterprise => apple::KeyKind::Enterprise,
    }
}

/// Under which name the token cache knows a key.
pub(crate) fn token_slot(key: &ApiKey) -> String {
    format!("{}/{}", key.id, key.generation)
}

/// Tokens made with a stored key, for one need.
struct StoredKey {
    app: App,
    used: KeyToUse,
    kind: KeyKind,
    need: Need,
}

#[async_trait::async_trait]
impl TokenSource for StoredKey {
    async fn token(&self, renew: bool) -> Result<Arc<Token>, apple::BoxError> {
        let key = &self.used.key;
        self.app.still_lent(&self.used.permit, &self.need).await?;
        let mint = || self.app.mint(&self.used.permit, key, self.kind);
        let token = if self.kind == key.kind {
            self.app.inner.tokens.token(&token_slot(key), renew, mint).await
        } else {
            // Tried as another kind: asked once, not worth keeping.
            mint().await.map(Arc::new)
        };
        token.map_err(Into::into)
    }
}

/// The refusal when a share ended while the key was in use.
pub(crate) const NO_LONGER_SHARED: &str = "no_longer_shared";

impl App {
    /// Signs a token with a stored key, as `kind`.
    async fn mint(&self, permit: &UsePermit, key: &ApiKey, kind: KeyKind) -> Result<Token, Problem> {
        self.with_private_key(permit, key, |pkcs8| {
            self.inner.apple.mint(&Credentials {
                kind: apple_kind(kind),
                key_id: key.key_id.as_str(),
                issuer_id: key.issuer_id.as_ref().filter(|_| kind.needs_issuer()).map(IssuerId::as_str),
                private_key_pkcs8: pkcs8,
            })
        })
        .await?
        .map_err(Problem::internal)
    }

    /// Lends the private key to a closure.
    pub(crate) async fn with_private_key<T>(&self, permit: &UsePermit, key: &ApiKey, lend: impl FnOnce(&[u8]) -> T) -> Result<T, Problem> {
        let place = KeyPlace::of(key);
        let mut tx = self.inner.store.read_for(permit).await?;
        let ring = tx.ring_of_item(permit).await?;
        let sealed = tx.secret_of_key(permit, &place.place()).await?;
        drop(tx);
        Ok(self.inner.vault.open(&ring, &place.place(), &sealed, lend)?)
    }

    /// Refuses to go on with a key whose share was taken away, has ended, or was narrowed meanwhile.
    pub(crate) async fn still_lent(&self, permit: &UsePermit, need: &Need) -> Result<(), Problem> {
        if !permit.is_lent() {
            return Ok(());
        }
        let limits = self.inner.store.read_for(permit).await?.limits_now(permit, self.now()).await;
        let why = match limits {
            Ok(limits) => match limits.refuses(need) {
                None => return Ok(()),
                Some(why) => why,
            },
            Err(StoreError::NotFound) => "This key is no longer shared with this organization. Its owner can share it again.".to_owned(),
            Err(error) => return Err(error.into()),
        };
        Err(Problem::new(Kind::NotAllowed, NO_LONGER_SHARED, why))
    }

    /// A conversation with Apple as a stored key, as its own kind or, to find out a mistake, as another.
    pub(crate) fn session_as(&self, used: &KeyToUse, kind: KeyKind, need: &Need) -> Session {
        let tokens = StoredKey {
            app: self.clone(),
            used: used.clone(),
            kind,
            need: need.clone(),
        };
        self.inner.apple.session(apple_kind(kind), Arc::new(tokens))
    }

    /// Reads something at Apple for a person: refuses what cannot work, records the use, asks, notes what came of it.
    pub(crate) async fn use_key<T>(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        need: Need,
        act: impl AsyncFnOnce(&Session) -> Result<T, apple::Error>,
    ) -> Result<(KeyToUse, T), Problem> {
        let used = self.begin_use(caller, permit, key, &need).await?;
        let session = self.session_as(&used, used.key.kind, &need);
        let result = act(&session).await;
        self.learn(key, &Learnt::of(&session));
        self.note_apart(&used, &need, result.as_ref().err()).await?;
        result.map(|found| (used, found)).map_err(|error| Problem::from_apple(&error))
    }

    /// The key with this id, own or lent now, for this need; its use is recorded and committed, in time or not at all.
    pub(crate) async fn begin_use(&self, caller: &Caller, permit: &Permit, key: ApiKeyId, need: &Need) -> Result<KeyToUse, Problem> {
        let mut held = None;
        let begun = in_time(async {
            let mut tx = self.begin_for(caller, permit).await?;
            let used = self.hold_key(&mut tx, permit, key, need).await?;
            self.record_use(&mut tx, caller, &used, need).await?;
            tx.commit().await?;
            held = Some(used);
            Ok(())
        })
        .await;
        if let Err(problem) = begun {
            return Err(self.record_beyond_share(caller, permit, problem).await);
        }
        held.ok_or_else(|| Problem::internal("a key was used and not found"))
    }

    /// The key with this id, own or lent now, kept as it is until the transaction ends. Stops an act that it cannot do,
    /// before anything is sent, and names the keys that would work.
    pub(crate) async fn hold_key(&self, tx: &mut Tx, permit: &Permit, key: ApiKeyId, need: &Need) -> Result<KeyToUse, Problem> {
        let used = tx.lock_key_to_use(permit, key, need.feature(), self.now()).await?;
        self.refuse_unusable(tx, permit, &used, need).await?;
        Ok(used)
    }

    /// Writes down that a key is about to be used, in the organization that uses it. Commit before the call.
    pub(crate) async fn record_use(&self, tx: &mut Tx, caller: &Caller, used: &KeyToUse, need: &Need) -> Result<(), Problem> {
        let last = LastUse {
            by: caller.principal.actor(),
            need: need.clone(),
            at: self.now(),
        };
        tx.set_key_last_use(&used.permit, &last).await?;
        let event = Event::KeyUsed {
            key: used.key.id,
            name: used.key.name.to_string(),
            need: need.clone(),
        };
        self.record_done(tx, caller, used.permit.user(), event).await
    }

    /// Notes what really happened in a transaction of its own.
    pub(crate) async fn note_apart(&self, used: &KeyToUse, need: &Need, error: Option<&apple::Error>) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_outcome(&used.permit).await?;
        self.note_result(&mut tx, used, need, error).await?;
        Ok(tx.commit().await?)
    }

    /// Notes what really happened in the transaction that writes down how an act ended. Answers whether it could: that
    /// transaction may be about another organization than the one that used the key.
    pub(crate) async fn note_with(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        used: &KeyToUse,
        need: &Need,
        error: Option<&apple::Error>,
    ) -> Result<bool, Problem> {
        if used.permit.user() != permit.organization() {
            return Ok(false);
        }
        tx.also_for(&used.permit).await?;
        self.note_result(tx, used, need, error).await?;
        Ok(true)
    }

    /// Notes what really happened, and has the key checked at once when Apple did not accept it any more.
    async fn note_result(&self, tx: &mut Tx, used: &KeyToUse, need: &Need, error: Option<&apple::Error>) -> Result<(), Problem> {
        // The key may be gone or rotated meanwhile; then there is nothing to note.
        match tx.lock_key(&used.permit).await {
            Ok(present) if present.generation == used.key.generation => {}
            Ok(_) | Err(StoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let key_is_in_doubt = matches!(
            error,
            Some(
                apple::Error::Unauthorized { .. }
                    | apple::Error::Forbidden {
                        reason: apple::ForbiddenReason::AgreementMissing { .. } | apple::ForbiddenReason::MembershipLapsed,
                        ..
                    }
            )
        );
        if key_is_in_doubt {
            let check = JobPayload::CheckKey { key: used.key.id };
            tx.enqueue(fresh!(self, JobId), used.key.organization, &check, self.now()).await?;
            self.inner.job_waits.notify_one();
            return Ok(());
        }
        let refusal = match error {
            None => None,
            Some(error) => match refusal(error) {
                Some(refusal) => Some(refusal),
                None => return Ok(()),
            },
        };
        let last = LastResult {
            need: need.clone(),
            at: self.now(),
            refusal,
        };
        Ok(tx.set_last_result(&used.permit, &last).await?)
    }

    /// Notes the account's team where it was not known yet: a fact about the key, whoever found it out.
    pub(crate) async fn learn_team(&self, used: &KeyToUse, team: Option<TeamId>) -> Result<(), Problem> {
        if let (None, Some(team)) = (&used.key.team_id, team) {
            let mut tx = self.inner.store.begin_outcome(&used.permit.as_owners()).await?;
            match tx.set_key_team(&used.permit, &team).await {
                // Removed meanwhile.
                Ok(()) | Err(StoreError::NotFound) => tx.commit().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Keeps what a conversation with Apple taught beside its answers.
    pub(crate) fn learn(&self, key: ApiKeyId, learnt: &Learnt) {
        if let Some(budget) = learnt.budget {
            self.inner.budgets().insert(key, budget);
        }
        self.learn_skew(learnt);
    }

    /// Of a key that is only being tried, the clock is what stays.
    pub(crate) fn learn_skew(&self, learnt: &Learnt) {
        if let Some(skew) = learnt.skew {
            *self.inner.apple_skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(skew);
        }
    }

    /// Stops an act that this key cannot do, and names the keys that would work.
    pub(crate) async fn refuse_unusable(&self, tx: &mut Tx, permit: &Permit, used: &KeyToUse, need: &Need) -> Result<(), Problem> {
        let Usability::Refused(why) = judged(used, need) else {
            return Ok(());
        };
        let mut problem = Problem::new(Kind::NotAllowed, "key_not_usable", why);
        problem.beyond_share = used.permit.limits().is_some_and(|limits| limits.refuses(need).is_some());
        problem.usable_keys = self
            .key_usabilities(tx, permit, need)
            .await?
            .into_iter()
            .filter(|(_, usability)| *usability == Usability::Usable)
            .map(|(used, _)| (used.key.id, used.key.name.to_string()))
            .collect();
        Err(problem)
    }

    /// Every key that the organization may use with its usability for a need: usable ones first, then by name.
    pub(crate) async fn key_usabilities(&self, tx: &mut Tx, permit: &Permit, need: &Need) -> Result<Vec<(KeyToUse, Usability)>, Problem> {
        let keys = tx.keys_to_use(permit, need.feature(), self.now()).await?;
        let mut all: Vec<_> = keys
            .into_iter()
            .map(|used| {
                let usability = judged(&used, need);
                (used, usability)
            })
            .collect();
        let rank = |usability: &Usability| match usability {
            Usability::Usable => 0,
            Usability::Doubtful(_) => 1,
            Usability::Refused(_) => 2,
        };
        all.sort_by_cached_key(|(used, usability)| (rank(usability), used.key.name.folded()));
        Ok(all)
    }
}

/// Whether a key can do something for who asks: first what the share says, then what is known about the key itself.
pub(crate) fn judged(used: &KeyToUse, need: &Need) -> Usability {
    match used.permit.limits().and_then(|limits| limits.refuses(need)) {
        Some(why) => Usability::Refused(why),
        None => usability(&used.key, need, &used.probed),
    }
}

/// What Apple said when it refused; none for an error that says nothing about the right.
pub(crate) fn refusal(error: &apple::Error) -> Option<AppleRefusal> {
    use apple::Error as E;
    match error {
        E::Forbidden { .. } | E::Conflict { .. } | E::Unprocessable { .. } | E::Refused { .. } => Some(AppleRefusal {
            status: error.status().unwrap_or_default(),
            code: error.apple_code().unwrap_or_default().to_owned(),
            detail: shortened(error.errors().first().map(apple::ErrorObject::words).unwrap_or_default()),
        }),
        _ => None,
    }
}

pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(DETAIL_CHARACTERS).collect()
}

/// The need of a listing.
pub(crate) fn reading(feature: Feature) -> Need {
    Need::Read { feature }
}

/// What Apple tells beside its answers.
pub(crate) struct Learnt {
    /// The key's hourly budget: (left, of).
    budget: Option<(u32, u32)>,
    /// How far our clock is ahead of Apple's, in seconds.
    skew: Option<i64>,
}

impl Learnt {
    pub(crate) fn of(session: &Session) -> Self {
        let hour = session.budget().hour;
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            budget: hour.remaining.zip(hour.limit).map(|(left, of)| (small(left), small(of))),
            skew: session.skew_seconds(),
        }
    }
}
