//! Where a secret lives. A ciphertext opens only in the place it was sealed for.

/// The address of one secret version: who owns it, what it is, and which version.
///
/// All five parts are bound into the associated data. The strings are opaque here; only their
/// equality between sealing and opening counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose ring seals it (an organization's id).
    pub owner: &'a str,
    /// Kind of the object, such as `api_key`.
    pub kind: &'a str,
    /// Id of the object.
    pub object: &'a str,
    /// Field of the object, such as `private_key`.
    pub field: &'a str,
    /// Version of the object, counted from 1.
    pub version: u64,
}
