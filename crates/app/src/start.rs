//! One constructor, in production and in tests; only clock, randomness, database and Apple's addresses differ.

use crate::{accounts::Passwords, activity::keeper::Log, binaries::Storage, crash_point::CrashPoints, mail::Mailer, outgoing::Outgoing};
use apple::{Apple, TokenCache};
use domain::{ApiKeyId, Clock, Entropy};
use signing::{chain::TrustRoot, enrollment::ProfileSigner};
use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use store::Store;
use tokio::sync::Notify;
use url::Url;
use vault::Vault;

/// What an [`App`] is made of.
pub struct Parts {
    /// The opened database, migrated.
    pub store: Store,
    /// The unsealed vault.
    pub vault: Vault,
    /// The client toward Apple.
    pub apple: Apple,
    /// PEM bundle of the certificate authorities that certificates and profiles are held against (`--apple-root`).
    pub apple_roots_pem: Option<String>,
    /// The file that checkpoints of the activity log are appended to (`--activity-copy`).
    pub activity_copy: Option<PathBuf>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
    /// The way to people's mailboxes, where there is one.
    pub mailer: Option<Mailer>,
    /// What people reach the server at: links begin with it.
    pub public_url: Url,
    /// The client for addresses that people of an organization choose.
    pub outgoing: Outgoing,
    /// Where the bytes of binaries lie.
    pub binaries: Storage,
    /// What enrollment profiles are signed with; without it a device calls them "not signed".
    pub profile_signer: Option<ProfileSigner>,
}

/// The application. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) apple: Apple,
    pub(crate) roots: TrustRoot,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) passwords: Passwords,
    pub(crate) mailer: Option<Mailer>,
    pub(crate) public_url: Url,
    pub(crate) outgoing: Outgoing,
    pub(crate) binaries: Storage,
    pub(crate) profile_signer: Option<ProfileSigner>,
    /// One token per key and generation, reused until shortly before its end.
    pub(crate) tokens: TokenCache,
    /// What Apple last said about each key's hourly budget: (left, of). In memory: it is stale within the hour anyway.
    pub(crate) budgets: Mutex<HashMap<ApiKeyId, (u32, u32)>>,
    /// How far our clock is ahead of Apple's, in seconds, by the `Date` of its last answer.
    pub(crate) apple_skew: Mutex<Option<i64>>,
    /// A job was enqueued in this process.
    pub(crate) job_waits: Notify,
    /// An operation took a step in this process.
    pub(crate) operation_moved: Notify,
    /// How this process signs its claims on jobs.
    pub(crate) worker: String,
    pub(crate) crash_points: CrashPoints,
    pub(crate) log: Log,
}

/// Why it does not start, and how to get out.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StartError {
    /// What was found and what to do.
    pub message: String,
}

impl App {
    /// Builds the application.
    ///
    /// # Errors
    /// When the trust roots cannot be read or the database does not answer.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        Self::start_with_crash_points(parts, CrashPoints::none()).await
    }

    /// Builds the application with places at which a test may stop it.
    ///
    /// # Errors
    /// As [`App::start`].
    #[doc(hidden)]
    pub async fn start_with_crash_points(parts: Parts, crash_points: CrashPoints) -> Result<Self, StartError> {
        let failed = |message: String| StartError { message };
        let roots = match &parts.apple_roots_pem {
            Some(pem) => {
                TrustRoot::read(pem.as_bytes()).map_err(|error| failed(format!("The file of --apple-root cannot be used. {error}")))?
            }
            None => TrustRoot::none(),
        };
        parts.store.read().await.map_err(|error| failed(error.to_string()))?;
        let instance = parts
            .store
            .read()
            .await
            .map_err(|error| failed(error.to_string()))?
            .instance()
            .await;
        let instance = instance.map_err(|error| failed(error.to_string()))?;
        let binaries = parts
            .binaries
            .of_instance(instance.as_ref().map_or("unnamed", |instance| instance.id.as_str()));
        let passwords = Passwords::new(&*parts.entropy).map_err(|problem| failed(problem.inside.unwrap_or(problem.message)))?;
        let mut name = [0; 8];
        parts.entropy.fill(&mut name);
        let tokens = TokenCache::new(parts.apple.clock());
        let log = Log::open(&parts.store, &parts.vault, &*parts.entropy, parts.activity_copy).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                store: parts.store,
                vault: parts.vault,
                apple: parts.apple,
                roots,
                clock: parts.clock,
                entropy: parts.entropy,
                passwords,
                mailer: parts.mailer,
                public_url: parts.public_url,
                outgoing: parts.outgoing,
                binaries,
                profile_signer: parts.profile_signer,
                tokens,
                budgets: Mutex::default(),
                apple_skew: Mutex::default(),
                job_waits: Notify::new(),
                operation_moved: Notify::new(),
                worker: hex::encode(name),
                crash_points,
                log,
            }),
        })
    }
}

impl Inner {
    pub(crate) fn budgets(&self) -> std::sync::MutexGuard<'_, HashMap<ApiKeyId, (u32, u32)>> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("store", &self.inner.store).finish_non_exhaustive()
    }
}
