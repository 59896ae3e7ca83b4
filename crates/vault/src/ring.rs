//! The key-encrypting keys of one owner, in versions.
//!
//! A ring is sealed as a whole under the root key, states included, so that nobody who can write
//! the database can bring a retired key back or make a key look destroyed. Exactly one version is
//! primary and seals; decrypt-only versions open what they sealed before; of a destroyed one only
//! its id and state are left.

use std::fmt;

use zeroize::Zeroizing;

use crate::envelope::{Key, fill_random};
use crate::{OpenError, SealError};

/// Names a key in envelope headers. Random, not secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KeyId::LEN]);

impl KeyId {
    pub(crate) const LEN: usize = 16;

    pub(crate) fn random() -> Result<Self, SealError> {
        let mut id = [0; Self::LEN];
        fill_random(&mut id)?;
        Ok(Self(id))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The raw id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// What a version of a ring may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingKeyState {
    /// Seals and opens; exactly one version is primary.
    Primary,
    /// Opens what it sealed before.
    DecryptOnly,
    /// Its bytes are gone; what it sealed cannot be opened any more.
    Destroyed,
}

/// One version of a ring, as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingVersion {
    /// Counted from 1.
    pub version: u32,
    /// The id in the headers of what it sealed.
    pub id: KeyId,
    /// What it may still do.
    pub state: RingKeyState,
}

/// A ring sealed under the root key: opaque, stored by the caller beside its owner.
/// `Debug` shows the length only.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedRing(Vec<u8>);

impl WrappedRing {
    /// Takes bytes that [`WrappedRing::as_bytes`] gave. They are judged when the ring is used.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WrappedRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedRing({} bytes)", self.0.len())
    }
}

/// A ring, opened for the length of one call.
pub(crate) struct Ring(Vec<Entry>);

struct Entry {
    about: RingVersion,
    /// `None` exactly when destroyed.
    bytes: Option<Zeroizing<[u8; 32]>>,
}

/// version (4), id (16), state (1), key or zeros (32).
const ENTRY: usize = 4 + KeyId::LEN + 1 + 32;

impl Ring {
    /// A ring with one fresh primary version.
    pub(crate) fn generate() -> Result<Self, SealError> {
        let mut ring = Self(Vec::new());
        ring.add_version()?;
        Ok(ring)
    }

    /// Retires the primary version and puts a fresh one in its place.
    pub(crate) fn add_version(&mut self) -> Result<(), SealError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut_slice())?;
        let id = KeyId::random()?;
        for entry in &mut self.0 {
            if entry.about.state == RingKeyState::Primary {
                entry.about.state = RingKeyState::DecryptOnly;
            }
        }
        let version = self.0.last().map_or(1, |last| last.about.version + 1);
        let about = RingVersion {
            version,
            id,
            state: RingKeyState::Primary,
        };
        self.0.push(Entry { about, bytes: Some(bytes) });
        Ok(())
    }

    /// Wipes a decrypt-only version.
    pub(crate) fn destroy(&mut self, version: u32) -> Result<(), SealError> {
        let entry = self
            .0
            .iter_mut()
            .find(|e| e.about.version == version && e.about.state == RingKeyState::DecryptOnly)
            .ok_or(SealError::NotRetired { version })?;
        entry.about.state = RingKeyState::Destroyed;
        entry.bytes = None;
        Ok(())
    }

    pub(crate) fn versions(&self) -> Vec<RingVersion> {
        self.0.iter().map(|entry| entry.about).collect()
    }

    pub(crate) fn primary(&self) -> Result<Key, OpenError> {
        self.0
            .iter()
            .find(|e| e.about.state == RingKeyState::Primary)
            .and_then(Entry::key)
            .ok_or(OpenError::Malformed)
    }

    pub(crate) fn key(&self, id: KeyId) -> Result<Key, OpenError> {
        self.0
            .iter()
            .find(|e| e.about.id == id)
            .ok_or(OpenError::UnknownKey(id))?
            .key()
            .ok_or(OpenError::KeyDestroyed(id))
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // The exact capacity: growing would leave unwiped copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(self.0.len() * ENTRY));
        for entry in &self.0 {
            out.extend_from_slice(&entry.about.version.to_be_bytes());
            out.extend_from_slice(entry.about.id.as_bytes());
            out.push(match entry.about.state {
                RingKeyState::Primary => 1,
                RingKeyState::DecryptOnly => 2,
                RingKeyState::Destroyed => 3,
            });
            match &entry.bytes {
                Some(bytes) => out.extend_from_slice(bytes.as_slice()),
                None => out.extend_from_slice(&[0; 32]),
            }
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, OpenError> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(ENTRY) {
            return Err(OpenError::Malformed);
        }
        bytes
            .chunks_exact(ENTRY)
            .map(|chunk| Entry::from_bytes(chunk).ok_or(OpenError::Malformed))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn wrap(bytes: Vec<u8>) -> WrappedRing {
        WrappedRing(bytes)
    }
}

impl Entry {
    fn key(&self) -> Option<Key> {
        self.bytes.as_ref().map(|b| Key::new(self.about.id, b))
    }

    fn from_bytes(chunk: &[u8]) -> Option<Self> {
        let (version, rest) = chunk.split_first_chunk::<4>()?;
        let (id, rest) = rest.split_at_checked(KeyId::LEN)?;
        let (state, key) = rest.split_first()?;
        let state = match state {
            1 => RingKeyState::Primary,
            2 => RingKeyState::DecryptOnly,
            3 => RingKeyState::Destroyed,
            _ => return None,
        };
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(key);
        Some(Self {
            about: RingVersion {
                version: u32::from_be_bytes(*version),
                id: KeyId::from_slice(id)?,
                state,
            },
            bytes: (state != RingKeyState::Destroyed).then_some(bytes),
        })
    }
}
