//! Where a session gets its tokens from.
//!
//! The session asks a [`TokenSource`] before each request and, after a 401, asks again with
//! `renew`. The application implements the trait over its vault, with a [`TokenCache`] so that one
//! token serves a key until shortly before its end (Apple recommends it, facts A1). [`HeldKey`] is
//! the source for a key that is in memory only, such as one that is being tried before it is saved.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::token::{Credentials, KeyKind, Token};
use crate::{Apple, Clock};

/// Any error, as a token source may have its own.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Gives tokens to a [`crate::Session`].
#[async_trait::async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that can be used now. `renew` says that Apple refused the last one: a cached token
    /// must not be handed out again.
    ///
    /// # Errors
    /// Whatever keeps the source from giving one; it reaches the caller of the session as
    /// [`crate::Error::NoToken`].
    async fn token(&self, renew: bool) -> Result<Arc<Token>, BoxError>;
}

type Slot = Arc<tokio::sync::Mutex<Option<Arc<Token>>>>;

/// Keeps one token per key, in memory only. The keys of the map are opaque strings chosen by the
/// caller; whoever deletes or rotates an API key calls [`TokenCache::invalidate`].
pub struct TokenCache {
    clock: Clock,
    slots: Mutex<HashMap<String, Slot>>,
}

impl TokenCache {
    /// An empty cache that tells freshness by `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            slots: Mutex::default(),
        }
    }

    /// The cached token of `key`, or the one that `mint` makes: when there is none, when it is
    /// about to end, or when `renew` is set. Of several callers that find none, one mints and the
    /// others wait for it.
    ///
    /// # Errors
    /// Those of `mint`; nothing is cached then.
    pub async fn token<F, Fut, E>(&self, key: &str, renew: bool, mint: F) -> Result<Arc<Token>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Token, E>>,
    {
        let slot = self.slot(key);
        let mut cached = slot.lock().await;
        if !renew
            && let Some(token) = cached.as_ref()
            && token.is_fresh((self.clock)())
        {
            return Ok(token.clone());
        }
        *cached = None;
        let token = Arc::new(mint().await?);
        *cached = Some(token.clone());
        Ok(token)
    }

    /// Forgets the token of `key`. A token that is being minted at this moment from the old key
    /// still reaches the caller that asked for it, and nobody after.
    pub fn invalidate(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Forgets all tokens, as when the vault is sealed.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn slot(&self, key: &str) -> Slot {
        self.lock().entry(key.to_owned()).or_default().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

/// A key held in memory, wiped when dropped: for trying a key before it is saved, and for tests.
pub struct HeldKey {
    apple: Apple,
    kind: KeyKind,
    key_id: String,
    issuer_id: Option<String>,
    private_key_pkcs8: Zeroizing<Vec<u8>>,
    cached: Mutex<Option<Arc<Token>>>,
}

impl HeldKey {
    /// Copies the credentials into memory that is wiped.
    #[must_use]
    pub fn new(apple: &Apple, credentials: &Credentials<'_>) -> Self {
        Self {
            apple: apple.clone(),
            kind: credentials.kind,
            key_id: credentials.key_id.to_owned(),
            issuer_id: credentials.issuer_id.map(str::to_owned),
            private_key_pkcs8: Zeroizing::new(credentials.private_key_pkcs8.to_vec()),
            cached: Mutex::default(),
        }
    }
}

#[async_trait::async_trait]
impl TokenSource for HeldKey {
    async fn token(&self, renew: bool) -> Result<Arc<Token>, BoxError> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if !renew
            && let Some(token) = cached.as_ref()
            && token.is_fresh(self.apple.now())
        {
            return Ok(token.clone());
        }
        let token = Arc::new(self.apple.mint(&Credentials {
            kind: self.kind,
            key_id: &self.key_id,
            issuer_id: self.issuer_id.as_deref(),
            private_key_pkcs8: &self.private_key_pkcs8,
        })?);
        *cached = Some(token.clone());
        Ok(token)
    }
}

impl fmt::Debug for HeldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldKey")
            .field("kind", &self.kind)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}
