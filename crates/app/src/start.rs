//! One constructor, in production and in tests; only clock, randomness, database and Apple's addresses differ.

use apple::Apple;
use domain::{Clock, Entropy};
use std::sync::Arc;
use store::Store;
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
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

/// The application. Cheap to clone.
#[derive(Clone)]
pub struct App {
    // helper `app`: fields as needed (Arc<Inner>)
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
        todo!()
    }
}
