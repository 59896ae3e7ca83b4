//! What can go wrong with keys. The texts are for the operator: what was found, and what to do.
//! None of them carries a byte of a secret.

use std::path::PathBuf;

use crate::KeyId;

/// Why an instance cannot be unsealed.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    /// The database names a key file and there is none.
    #[error(
        "The root key file {} does not exist, but the stored secrets were sealed with one. Restore the file from your backup, or point the server at the data directory it belongs to. Without it the stored secrets cannot be opened by anybody.",
        path.display()
    )]
    KeyFileMissing {
        /// Where the file was looked for.
        path: PathBuf,
    },
    /// Group or others may read the key file.
    #[error(
        "The root key file {} has mode {mode:04o}, so other accounts of this machine may read it. Run: chmod 600 {}",
        path.display(), path.display()
    )]
    KeyFileMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file belongs to another account.
    #[error(
        "The root key file {} belongs to user id {owner}, but the server runs as user id {expected}. Run the server as the file's owner, or change the owner: chown {expected} {}",
        path.display(), path.display()
    )]
    KeyFileOwner {
        /// The file.
        path: PathBuf,
        /// User id that owns the file.
        owner: u32,
        /// User id of this process.
        expected: u32,
    },
    /// The key file is there and cannot be understood.
    #[error("The file {} is not a Russet root key file: {found}. Restore it from your backup.", path.display())]
    KeyFileMalformed {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        found: &'static str,
    },
    /// The operating system refused.
    #[error("The root key file {} could not be {action}: {source}", path.display())]
    KeyFileIo {
        /// The file.
        path: PathBuf,
        /// What was attempted: "read", "written".
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A well-formed key file that belongs to something else.
    #[error(
        "The root key file {} is whole, but it is not the key that this instance was sealed with. Each data directory has its own key file: put the one back that belongs to this database.",
        path.display()
    )]
    WrongKey {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase does not open the root key.
    #[error(
        "The passphrase is not the one that this instance was sealed with. Check for a blank or line end that was not meant, and for the right instance."
    )]
    WrongPassphrase,
    /// A new passphrase is too short to protect anything.
    #[error("The passphrase has {found} characters. Choose one of at least {least}.")]
    PassphraseTooShort {
        /// Characters given.
        found: usize,
        /// Characters needed.
        least: usize,
    },
    /// The instance is sealed by other means than the one offered.
    #[error("This instance cannot be unsealed with a {offered}: it was sealed with a {}. Start it with that.", known.join(" or a "))]
    NoSuchSource {
        /// What the server was started with.
        offered: &'static str,
        /// What would open it.
        known: Vec<String>,
    },
    /// The record in the database is damaged or from a newer program.
    #[error(
        "The sealed root key in the database cannot be read: {found}. Restore the database from a backup, or use the version of Russet that wrote it."
    )]
    Record {
        /// What is wrong with it.
        found: &'static str,
    },
    /// The operating system gave no random bytes.
    #[error("The operating system gave no random bytes; no key was made.")]
    NoRandomness,
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The ring could not be opened.
    #[error(transparent)]
    Ring(#[from] OpenError),
    /// The operating system gave no random bytes.
    #[error("The operating system gave no random bytes; nothing was sealed.")]
    NoRandomness,
    /// Primary keys may not be destroyed.
    #[error("Version {version} of the key ring is not decrypt-only, so it cannot be destroyed. Add a new version first.")]
    NotRetired {
        /// The version that was to be destroyed.
        version: u32,
    },
}

/// Why a sealed value was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not an envelope at all, cut off, or of an unknown format.
    #[error("The sealed value is not in a form that this version of Russet knows.")]
    Malformed,
    /// The tag did not hold: changed bytes, another place, or another owner.
    #[error("The sealed value was changed, or it does not belong to the place where it was found. It was not opened.")]
    Refused,
    /// The header names a key that the ring does not have.
    #[error("The sealed value names the key {0}, which is not in its owner's ring.")]
    UnknownKey(KeyId),
    /// The header names a key that was destroyed.
    #[error("The sealed value names the key {0}, which was destroyed.")]
    KeyDestroyed(KeyId),
}
