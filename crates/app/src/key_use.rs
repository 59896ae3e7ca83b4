//! Using a stored API key: the one door through which a private key is opened and Apple is asked.
//!
//! ```text
//! for a need:  usability -> record "used", committed -> Session -> act -> last result
//! ```
//!
//! The private key is lent by the vault to one closure, which signs a token; the token serves the key until shortly before
//! its end. Nothing here returns a private key, and nothing but [`crate::apple_tokens`] returns a token.
//!
//! The surprising thing: a success in reading does not replace the last result of a real act. The table shall say that
//! Apple refused to create a certificate yesterday, also after somebody listed certificates today.

use crate::{
    App, Caller, Problem,
    acting::{fresh, in_time},
    problem::Kind,
};
use apple::{Credentials, Session, Token, TokenSource};
use domain::{
    ApiKey, ApiKeyId, Event, Feature, IssuerId, JobId, JobPayload, KeyKind, LastResult, LastUse, Need, Permit, Probed, Usability,
    feature::{AppleRefusal, usability},
};
use std::sync::{Arc, PoisonError};
use store::{StoreError, Tx};
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

/// Tokens made with a stored key.
struct StoredKey {
    app: App,
    permit: Permit,
    key: ApiKey,
    kind: KeyKind,
}

#[async_trait::async_trait]
impl TokenSource for StoredKey {
    async fn token(&self, renew: bool) -> Result<Arc<Token>, apple::BoxError> {
        let mint = || self.app.mint(&self.permit, &self.key, self.kind);
        let token = if self.kind == self.key.kind {
            self.app.inner.tokens.token(&token_slot(&self.key), renew, mint).await
        } else {
            // Tried as another kind: asked once, not worth keeping.
            mint().await.map(Arc::new)
        };
        token.map_err(Into::into)
    }
}

impl App {
    /// Signs a token with a stored key, as `kind`.
    async fn mint(&self, permit: &Permit, key: &ApiKey, kind: KeyKind) -> Result<Token, Problem> {
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
    pub(crate) async fn with_private_key<T>(&self, permit: &Permit, key: &ApiKey, lend: impl FnOnce(&[u8]) -> T) -> Result<T, Problem> {
        let place = KeyPlace::of(key);
        let mut tx = self.inner.store.read_for(permit).await?;
        let ring = tx.ring(permit).await?;
        let sealed = tx.secret(permit, &place.place()).await?;
        drop(tx);
        Ok(self.inner.vault.open(&ring, &place.place(), &sealed, lend)?)
    }

    /// A conversation with Apple as a stored key, as its own kind or, to find out a mistake, as another.
    pub(crate) fn session_as(&self, permit: &Permit, key: &ApiKey, kind: KeyKind) -> Session {
        let tokens = StoredKey {
            app: self.clone(),
            permit: permit.clone(),
            key: key.clone(),
            kind,
        };
        self.inner.apple.session(apple_kind(kind), Arc::new(tokens))
    }

    /// Reads something at Apple for a person: refuses what cannot work, records the use, asks, notes what came of it.
    pub(crate) async fn use_key<T>(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: &ApiKey,
        need: Need,
        act: impl AsyncFnOnce(&Session) -> Result<T, apple::Error>,
    ) -> Result<T, Problem> {
        self.refuse_unusable(permit, key, &need).await?;
        in_time(async {
            let mut tx = self.begin_for(caller, permit).await?;
            self.record_use(&mut tx, caller, permit, key, &need).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        let session = self.session_as(permit, key, key.kind);
        let result = act(&session).await;
        self.learn(key.id, &Learnt::of(&session));
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        self.note_result(&mut tx, permit, key, need, result.as_ref().err()).await?;
        tx.commit().await?;
        result.map_err(|error| Problem::from_apple(&error))
    }

    /// Writes down that a key is about to be used. Commit before the call.
    pub(crate) async fn record_use(&self, tx: &mut Tx, caller: &Caller, permit: &Permit, key: &ApiKey, need: &Need) -> Result<(), Problem> {
        let last = LastUse {
            by: caller.principal.actor(),
            need: need.clone(),
            at: self.now(),
        };
        tx.set_key_last_use(permit, key.id, &last).await?;
        let event = Event::KeyUsed {
            key: key.id,
            name: key.name.to_string(),
            need: need.clone(),
        };
        self.record_done(tx, caller, key.organization, event).await
    }

    /// Notes what really happened, and has the key checked at once when Apple did not accept it any more.
    pub(crate) async fn note_result(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        key: &ApiKey,
        need: Need,
        error: Option<&apple::Error>,
    ) -> Result<(), Problem> {
        // The key may be gone or rotated meanwhile; then there is nothing to note.
        match tx.lock_key(permit, key.id).await {
            Ok(present) if present.generation == key.generation => {}
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
            let check = JobPayload::CheckKey { key: key.id };
            tx.enqueue(fresh!(self, JobId), key.organization, &check, self.now()).await?;
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
        if refusal.is_none() && matches!(need, Need::Read { .. }) && self.has_real_result(tx, permit, key, &need).await? {
            return Ok(());
        }
        let last = LastResult {
            need,
            at: self.now(),
            refusal,
        };
        Ok(tx.set_last_result(permit, key.id, &last).await?)
    }

    /// Whether the last result of the need's feature is that of an act, or of a refusal to read that still stands there.
    async fn has_real_result(&self, tx: &mut Tx, permit: &Permit, key: &ApiKey, need: &Need) -> Result<bool, Problem> {
        let table = tx.feature_table(permit, key).await?;
        let row = table.iter().find(|row| Some(row.feature) == need.feature());
        let last = row.and_then(|row| row.last.as_ref());
        Ok(last.is_some_and(|last| !matches!(last.need, Need::Read { .. })))
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

    /// Stops an act that this key cannot do, before anything is sent, and names the keys that would work.
    pub(crate) async fn refuse_unusable(&self, permit: &Permit, key: &ApiKey, need: &Need) -> Result<(), Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        let all = key_usabilities(&mut tx, permit, need).await?;
        let refused = all
            .iter()
            .find(|(other, _)| other.id == key.id)
            .and_then(|(_, usability)| match usability {
                Usability::Refused(why) => Some(why.clone()),
                _ => None,
            });
        let Some(why) = refused else { return Ok(()) };
        let mut problem = Problem::new(Kind::NotAllowed, "key_not_usable", why);
        problem.usable_keys = all
            .into_iter()
            .filter(|(_, usability)| *usability == Usability::Usable)
            .map(|(key, _)| (key.id, key.name.to_string()))
            .collect();
        Err(problem)
    }
}

/// Every key of the organization with its usability for a need: usable ones first, then by name.
pub(crate) async fn key_usabilities(tx: &mut Tx, permit: &Permit, need: &Need) -> Result<Vec<(ApiKey, Usability)>, Problem> {
    let probed = match need.feature() {
        Some(feature) => tx.probed(permit, feature).await?,
        None => Default::default(),
    };
    let keys = tx.all_keys(permit).await?;
    let mut judged: Vec<_> = keys
        .into_iter()
        .map(|key| {
            let usability = usability(&key, need, probed.get(&key.id).unwrap_or(&Probed::Never));
            (key, usability)
        })
        .collect();
    let rank = |usability: &Usability| match usability {
        Usability::Usable => 0,
        Usability::Doubtful(_) => 1,
        Usability::Refused(_) => 2,
    };
    judged.sort_by_cached_key(|(key, usability)| (rank(usability), key.name.folded()));
    Ok(judged)
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
