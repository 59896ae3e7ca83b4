//! Every use case and every job, once. Three callers: REST, the console, and the job worker.
//!
//! The order inside a use case is always *permit, intent, call, outcome*: one transaction that asks for permission and
//! writes down what is about to happen; then, outside any transaction, the call to Apple; then one transaction with what
//! came of it. No axum, no HTML, no cookies, no SQL here.
//!
//! The one surprising thing: nothing that changes Apple's state runs in the request that asks for it. The request writes
//! an operation and a job in one transaction; the worker, which may be another process after a crash, carries it out.

pub mod accounts;
mod acting;
pub mod activity;
pub mod apple_account;
pub mod apple_tokens;
pub mod apple_webhooks;
pub mod apps;
pub mod binaries;
pub mod builds;
pub mod bundle_ids;
pub mod calendars;
pub mod certificates;
pub mod channels;
mod checks;
pub mod crash_point;
pub mod csrs;
pub mod devices;
pub mod enrollment;
pub mod expiries;
pub mod idempotency;
pub mod imports;
pub mod inbox;
pub mod invitations;
mod key_use;
pub mod keys;
pub mod lending;
pub mod mail;
pub mod members;
pub mod operations;
pub mod organizations;
pub mod outgoing;
pub mod overview;
pub mod problem;
pub mod profiles;
pub mod service_tokens;
pub mod sharing;
pub mod signing_sets;
pub mod start;
pub mod testing;
pub mod unseal;
mod worker;

pub use problem::{AppleAnswer, FieldProblem, Kind, Problem};
pub use start::{App, Parts, StartError};
pub use store::{Page, Paging};
pub use unseal::{SystemEntropy, unseal};

use domain::{Action, OrgId, Origin, Principal};

/// Who asks, and from where.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Actor and roles.
    pub principal: Principal,
    /// Address and request id, for the activity log.
    pub origin: Origin,
}

impl App {
    /// Whether a caller could do something, for a button that is dashed where they could not. Nothing is asked for yet, so
    /// nothing is recorded.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn holds(&self, caller: &Caller, action: Action, org: OrgId) -> Result<bool, Problem> {
        let tenant = self.inner.store.read().await?.tenant(org).await?;
        Ok(tenant.is_some_and(|tenant| domain::decide(&caller.principal, action, tenant).is_ok()))
    }

    /// Whether an act is allowed, for a form of it that is only to be shown to who may send it.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; recorded like those of the act itself.
    pub async fn may(&self, caller: &Caller, action: Action, org: OrgId) -> Result<(), Problem> {
        self.permit(caller, action, org).await.map(drop)
    }
}

/// A text that is shown once and never printed: a session token, an API token, a generated password.
pub struct Shown(zeroize::Zeroizing<String>);

impl Shown {
    /// Wraps a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(zeroize::Zeroizing::new(text))
    }

    /// The text, for the one answer that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(…)")
    }
}
