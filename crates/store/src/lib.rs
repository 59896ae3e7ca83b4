//! Everything that outlives the process, in SQLite or in PostgreSQL, with one behavior.
//!
//! ```text
//! Store::open(&Location)          settings, migrations under a lock, never a silent downgrade
//!   ├─ store.begin_for(&permit)   -> Tx   writes for an organization; one at a time on SQLite
//!   └─ store.read_for(&permit)    -> Tx   a consistent view that cannot write
//! tx.insert_key(&permit, …)       functions by topic, one module each
//! tx.record(&activity)            in the same transaction as the change it tells of
//! tx.commit()                     acknowledged from here on, also over kill -9
//! ```
//!
//! Functions on an organization's data take a [`domain::Permit`] and filter every statement by its
//! organization; those that use an item which may belong to another one take a [`domain::UsePermit`]. How the permit came about is not this crate's matter. Functions without a permit
//! are about people and the instance itself, or belong to the worker that serves all organizations.
//!
//! Secrets pass through as [`vault::Sealed`] and [`vault::WrappedRing`]; no plaintext comes here.
//! No other crate names the SQL library. [`scope`] has the second wall: what a transaction reaches on PostgreSQL whatever
//! its statements ask for, and the last look at the actor's rights.
//!
//! The surprising thing: every statement is one literal for both databases, and a test reads them
//! out of this source to prepare each on both and to see that none forgets the organization. So
//! statements are never put together at run time; an optional filter is `(CAST($2 AS TEXT) IS NULL OR …)`.

mod accounts;
mod activity;
mod app_settings;
mod apple_webhooks;
mod binaries;
mod calendars;
mod certificates;
mod channels;
mod csrs;
mod enrollment;
mod error;
mod idempotency;
mod instance;
mod invitations;
mod jobs;
mod keys;
mod location;
mod members;
mod membership_years;
mod migrate;
mod operations;
mod organizations;
mod page;
mod postgres;
mod profiles;
mod scope;
mod secrets;
mod service_tokens;
mod sessions;
mod shares;
mod sign_in;
mod signing_sets;
mod sql;
mod sqlite;
mod teams;
mod tx;

pub use accounts::PasswordHash;
pub use activity::{
    ActivityFilter, Checkpoint, EndedShare, Expiring, ExpiringItem, Hash, Head, Link, LogReach, Recorded, SigningKey, Verdict,
};
pub use binaries::BinaryFilter;
pub use certificates::{CertificateFilter, CertificateOrder, CertificateToUse, KnownCertificate};
pub use error::{Conflict, StoreError};
pub use idempotency::{Idempotency, IdempotencyKey, StoredAnswer};
pub use instance::Instance;
pub use keys::{DayCheck, KeyDependents, KeyToUse};
pub use location::Location;
pub use organizations::{Losses, OrganizationFilter, SeenOrganization, SubOrganization};
pub use page::{Page, Paging};
pub use profiles::{ProfileFilter, ProfileOrder, ProfileToUse};
pub use scope::Scope;
pub use sessions::TokenHash;
pub use shares::{EndingShare, Reach};
pub use teams::CHANGES_KEPT;
pub use tx::{Store, Tx};

/// What every function of this crate gives.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
