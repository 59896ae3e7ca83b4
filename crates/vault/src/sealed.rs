//! A sealed secret version, as the store keeps it.

use std::fmt;

use crate::envelope::{self, OVERHEAD};
use crate::{KeyId, OpenError};

/// Length of the wrapped data key that stands before the ciphertext.
const WRAPPED_DATA_KEY: usize = 32 + OVERHEAD;

/// Ciphertext of one secret version: the wrapped data key, then the secret under it.
///
/// Opaque to everybody but [`Vault`](crate::Vault). `Debug` shows the length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    pub(crate) fn join(mut data_key: Vec<u8>, secret: &[u8]) -> Self {
        debug_assert_eq!(data_key.len(), WRAPPED_DATA_KEY);
        data_key.extend_from_slice(secret);
        Self(data_key)
    }

    pub(crate) fn split(&self) -> Result<(&[u8], &[u8]), OpenError> {
        self.0.split_at_checked(WRAPPED_DATA_KEY).ok_or(OpenError::Malformed)
    }

    /// Takes bytes that [`Sealed::as_bytes`] gave. They are judged on opening, not here.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Which version of the owner's ring wraps it: what a caller counts before destroying one.
    ///
    /// # Errors
    /// [`OpenError::Malformed`] when the bytes are no sealed value.
    pub fn key_id(&self) -> Result<KeyId, OpenError> {
        envelope::key_id(&self.0)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
