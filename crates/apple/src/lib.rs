//! The App Store Connect client: tokens, transport, pages, errors, and one module per Apple resource.
//!
//! Purpose: say to Apple exactly what the caller meant, once, and hand back what Apple answered,
//! whatever its shape. [`Apple`] is made once per process from a [`Config`]; [`Apple::mint`] signs
//! tokens; [`Apple::session`] gives a [`Session`], through which one API key talks to Apple.
//!
//! This crate must not know organizations, databases or activity logs: base URLs, clock and the
//! source of tokens are parameters. It never logs a token or a body.
//!
//! The surprising thing: a write (POST, PATCH, DELETE) whose answer got lost is *not* sent again,
//! not even after a 500. It comes back as [`Error::LostAnswer`], and the caller finds out what
//! happened by listing. A write is repeated only after an answer that proves that nothing was done
//! (never connected, 401, 429, an agreement that Apple briefly forgot); see [`retry`].
//!
//! ```no_run
//! # async fn run(clock: apple::Clock, tokens: std::sync::Arc<dyn apple::TokenSource>) -> Result<(), Box<dyn std::error::Error>> {
//! use apple::{Apple, CertificateType, Config, KeyKind};
//! let config = Config::new(apple::APP_STORE_URL.parse()?, apple::ENTERPRISE_URL.parse()?, clock);
//! let session = Apple::new(config)?.session(KeyKind::Team, tokens);
//! match session.certificates().create("-----BEGIN CERTIFICATE REQUEST-----…", &CertificateType::Distribution).await {
//!     Ok(certificate) => { /* keep it */ }
//!     Err(error) if error.outcome_is_unknown() => { /* list, and look for our public key */ }
//!     Err(error) => return Err(error.human().into()),
//! }
//! # Ok(()) }
//! ```
//!
//! A binary goes to TestFlight in two voices: the session reserves it and learns which piece of the file goes where
//! ([`BuildUploads`], [`BuildUploadFiles`]), and the [`PartSender`] sends the pieces, without a token.
//!
//! Reading order: [`Session`], [`Error`], [`retry`], then [`resources`], [`PartSender`].

mod budget;
mod config;
mod dates;
mod document;
mod error;
mod error_object;
mod notification;
mod open_enum;
mod paging;
mod parts;
mod probe;
pub mod resources;
pub mod retry;
mod session;
mod sources;
mod token;
mod transport;
mod withheld;

use std::sync::Arc;

pub use budget::{Budget, Window};
pub use config::{APP_STORE_URL, Clock, Config, ConfigError, ENTERPRISE_URL};
pub use document::{Document, Included, Linkage, Links, Meta, Paging, Relationship, Resource, ResourceId};
pub use error::{CertificateLimit, Error, ForbiddenReason};
pub use error_object::{ErrorObject, Errors};
pub use notification::{Notification, NotificationAttributes, NotificationError, SIGNATURE_HEADER};
pub use parts::{PartError, PartReceipt, PartSender};
pub use probe::{Probe, ProbeAnswer, ProbeOutcome};
pub use resources::*;
pub use retry::RetryPolicy;
pub use session::Session;
pub use sources::{BoxError, HeldKey, TokenCache, TokenSource};
pub use token::{Credentials, KeyKind, MintError, Token};
pub use transport::{Exchange, Observer};
pub use withheld::Withheld;

use config::Origin;
use transport::Bounds;

/// The client: two origins, one connection pool each, and a clock. Cheap to clone.
#[derive(Clone)]
pub struct Apple {
    inner: Arc<Inner>,
}

struct Inner {
    app_store: Origin,
    enterprise: Origin,
    parts: PartSender,
    clock: Clock,
    bounds: Bounds,
    retries: RetryPolicy,
}

impl Apple {
    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    /// [`ConfigError`] when a base URL cannot be used (not https and not loopback, with a query,
    /// …) or the TLS trust roots cannot be read.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let app_store = Origin::new(&config.app_store_url, &config)?;
        let enterprise = Origin::new(&config.enterprise_url, &config)?;
        Ok(Self {
            inner: Arc::new(Inner {
                parts: PartSender::new(app_store.base(), &config)?,
                app_store,
                enterprise,
                clock: config.clock,
                bounds: Bounds {
                    max_body: config.max_body,
                    read_timeout: config.read_timeout,
                },
                retries: config.retries,
            }),
        })
    }

    /// Signs a fresh ES256 token for Apple (facts A1, A2): `iat` is 60 seconds back, because Apple
    /// refuses an `iat` in its future, and `exp` is 19 minutes after `iat`. Sync and without I/O,
    /// so that it can run inside the closure to which a vault lends the private key.
    ///
    /// The clock is taken as it is. A measured skew is *not* added to the claims: a machine whose
    /// clock is wrong should be told so ([`Session::skew_seconds`]), not helped to hide it.
    ///
    /// # Errors
    /// [`MintError`] when the credentials do not fit their kind or the key is not P-256.
    pub fn mint(&self, credentials: &Credentials<'_>) -> Result<Token, MintError> {
        token::mint(credentials, self.now())
    }

    /// Signs a token for somebody else to use, of at most 19 minutes from its `iat`, with `scope` when it is not empty
    /// (facts A3; never tried at Apple by us).
    ///
    /// # Errors
    /// As [`Apple::mint`].
    pub fn mint_to_hand_out(&self, credentials: &Credentials<'_>, minutes: u32, scope: &[String]) -> Result<Token, MintError> {
        let lifetime = jiff::SignedDuration::from_mins(i64::from(minutes));
        token::mint_to_hand_out(credentials, self.now(), lifetime, scope)
    }

    /// A conversation with Apple as one API key. The kind decides the origin: enterprise keys talk
    /// to the Enterprise Program API, team and individual keys to App Store Connect.
    #[must_use]
    pub fn session(&self, kind: KeyKind, tokens: Arc<dyn TokenSource>) -> Session {
        Session::new(self.clone(), kind, tokens)
    }

    /// Sends the pieces of files that are uploaded. No key is needed for it, as the addresses are signed in advance.
    #[must_use]
    pub fn part_sender(&self) -> PartSender {
        self.inner.parts.clone()
    }

    /// The clock's present instant.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        (self.inner.clock)()
    }

    /// The clock that this client was given.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.inner.clock.clone()
    }

    fn origin(&self, kind: KeyKind) -> &Origin {
        match kind {
            KeyKind::Team | KeyKind::Individual => &self.inner.app_store,
            KeyKind::Enterprise => &self.inner.enterprise,
        }
    }
}

impl std::fmt::Debug for Apple {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Apple")
            .field("app_store", &self.inner.app_store.base().as_str())
            .field("enterprise", &self.inner.enterprise.base().as_str())
            .finish_non_exhaustive()
    }
}
