//! Envelope encryption: how every secret of an instance is sealed, and who may open it.
//!
//! ```text
//! key file, passphrase, …          a RootKeySource, outside the database
//!   └─ root key                    32 random bytes, sealed in the UnsealRecord
//!        └─ ring of an owner       key-encrypting keys in versions, sealed in a WrappedRing
//!             └─ data key          fresh for every secret version
//!                  └─ ciphertext   a Sealed
//! ```
//!
//! The caller keeps [`UnsealRecord`], [`WrappedRing`] and [`Sealed`] wherever it likes: they are
//! opaque, they may lie in a backup, and none of them opens anything without the source.
//!
//! Every ciphertext is bound to its [`Place`] by associated data, so that a row copied over
//! another row does not open, and the key is chosen by the id in the header, never by trial.
//!
//! This crate knows no organizations, no database and no HTTP; an owner is a string. No function
//! returns a root key, a ring key or a data key. [`Vault::open`] lends the plaintext to a closure
//! and wipes it afterwards.
//!
//! The surprising thing: the proof that a key is the right one is the authentication tag on the
//! sealed root key itself. There is no second check value that could disagree with it, and
//! nothing is decrypted before it has held.

mod envelope;
mod error;
mod key_file;
mod passphrase;
mod place;
mod process;
mod ring;
mod sealed;
mod unseal;
mod vault;

pub use error::{OpenError, SealError, UnsealError};
pub use key_file::KeyFile;
pub use passphrase::Passphrase;
pub use place::Place;
pub use process::forbid_core_dumps;
pub use ring::{KeyId, RingKeyState, RingVersion, WrappedRing};
pub use sealed::Sealed;
pub use unseal::{RootKeySource, SourceParameters, UnsealKey, UnsealRecord};
pub use vault::Vault;
