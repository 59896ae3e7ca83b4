//! From outside to the root key.
//!
//! A source gives 32 bytes that are not the root key but open it: the root key is random, and it
//! is sealed once for each source. So several sources may coexist, any one opens, and changing a
//! passphrase re-seals 32 bytes instead of every ring.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::envelope::{Binding, Key, fill_random};
use crate::{KeyId, Place, SealError, UnsealError};

/// 32 bytes from a source; they open the sealed root key and nothing else. Wiped when dropped.
pub struct UnsealKey(Zeroizing<[u8; 32]>);

impl UnsealKey {
    /// Takes the bytes that a source found or derived.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for UnsealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnsealKey(…)")
    }
}

/// What a source needs to find the same key again and what need not be kept secret: a salt with
/// its costs, or the ciphertext of a key service. Stored in the [`UnsealRecord`] and bound to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceParameters(pub String);

/// Where the key comes from that opens the root key.
///
/// Calls block (files, Argon2id, later a key service): from async code call them in a blocking
/// task. They happen at start and nowhere else.
pub trait RootKeySource: Send + Sync {
    /// What it is called in messages and in the record, such as "key file".
    fn name(&self) -> &'static str;

    /// First start: makes the key, or adopts one that an interrupted first start left behind.
    ///
    /// # Errors
    /// Whatever keeps the source from making one.
    fn create(&self) -> Result<(UnsealKey, SourceParameters), UnsealError>;

    /// Later starts: finds the key again. Never makes one.
    ///
    /// # Errors
    /// What is missing or wrong, and what to do about it.
    fn fetch(&self, parameters: &SourceParameters) -> Result<UnsealKey, UnsealError>;

    /// The error that says this source's key is whole but not the right one.
    fn wrong_key(&self) -> UnsealError;
}

/// The root key, sealed once for each source: the check value that every start begins with.
///
/// Opaque text for the caller to store. Whoever has it still needs a source.
#[derive(Clone, PartialEq, Eq)]
pub struct UnsealRecord(String);

impl UnsealRecord {
    /// Takes text that [`UnsealRecord::as_str`] gave. It is judged on unsealing.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn empty() -> Self {
        Self(String::new())
    }

    /// The record with one more source that opens it; a source of the same name is replaced.
    pub(crate) fn with(&self, source: &dyn RootKeySource, instance: &str, root: &RootKey) -> Result<Self, UnsealError> {
        let mut body = if self.0.is_empty() {
            Body {
                format: FORMAT,
                slots: Vec::new(),
            }
        } else {
            self.parse()?
        };
        let (key, parameters) = source.create()?;
        let slot = Slot::seal(source.name(), parameters, key, instance, root).map_err(|_| UnsealError::NoRandomness)?;
        body.slots.retain(|s| s.source != slot.source);
        body.slots.push(slot);
        let text = serde_json::to_string(&body).expect("strings and numbers serialize");
        Ok(Self(text))
    }

    pub(crate) fn open(&self, source: &dyn RootKeySource, instance: &str) -> Result<RootKey, UnsealError> {
        let body = self.parse()?;
        let Some(slot) = body.slots.iter().find(|s| s.source == source.name()) else {
            return Err(UnsealError::NoSuchSource {
                offered: source.name(),
                known: body.slots.into_iter().map(|s| s.source).collect(),
            });
        };
        let key = source.fetch(&SourceParameters(slot.parameters.clone()))?;
        slot.open(key, instance, source)
    }

    fn parse(&self) -> Result<Body, UnsealError> {
        let body: Body = serde_json::from_str(&self.0).map_err(|_| UnsealError::Record {
            found: "it is not in the form that Russet writes",
        })?;
        if body.format != FORMAT {
            return Err(UnsealError::Record {
                found: "it was written by a newer version",
            });
        }
        Ok(body)
    }
}

impl fmt::Debug for UnsealRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsealRecord({} bytes)", self.0.len())
    }
}

const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    format: u32,
    slots: Vec<Slot>,
}

/// The root key, sealed for one source.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slot {
    source: String,
    parameters: String,
    root_generation: u64,
    sealed_root: String,
}

impl Slot {
    fn seal(source: &str, parameters: SourceParameters, key: UnsealKey, instance: &str, root: &RootKey) -> Result<Self, SealError> {
        let mut slot = Self {
            source: source.to_owned(),
            parameters: parameters.0,
            root_generation: root.generation,
            sealed_root: String::new(),
        };
        let wrapping = derive(root.id, &key.0, "russet/v1/unseal", instance);
        slot.sealed_root = BASE64.encode(wrapping.seal(&slot.binding(instance), root.bytes.as_slice())?);
        Ok(slot)
    }

    fn open(&self, key: UnsealKey, instance: &str, source: &dyn RootKeySource) -> Result<RootKey, UnsealError> {
        let damaged = UnsealError::Record {
            found: "the sealed root key is damaged",
        };
        let Ok(envelope) = BASE64.decode(&self.sealed_root) else {
            return Err(damaged);
        };
        let Ok(id) = crate::envelope::key_id(&envelope) else {
            return Err(damaged);
        };
        let plaintext = derive(id, &key.0, "russet/v1/unseal", instance)
            .open(&self.binding(instance), &envelope)
            .map_err(|_| source.wrong_key())?;
        let mut bytes = Zeroizing::new([0; 32]);
        if plaintext.len() != bytes.len() {
            return Err(damaged);
        }
        bytes.copy_from_slice(&plaintext);
        Ok(RootKey {
            id,
            generation: self.root_generation,
            bytes,
        })
    }

    fn binding<'a>(&'a self, instance: &'a str) -> Binding<'a> {
        Binding {
            purpose: "root key",
            instance,
            place: Place {
                owner: "",
                kind: &self.source,
                object: &self.parameters,
                field: "root_key",
                version: self.root_generation,
            },
        }
    }
}

/// The root key of an instance. It never seals anything itself: labels derive from it.
pub(crate) struct RootKey {
    pub(crate) id: KeyId,
    /// Counted from 1; a rotation of the root key adds one.
    pub(crate) generation: u64,
    bytes: Zeroizing<[u8; 32]>,
}

impl RootKey {
    pub(crate) fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut_slice())?;
        Ok(Self {
            id: KeyId::random()?,
            generation: 1,
            bytes,
        })
    }

    /// The key that seals rings. Headers name it by the root key's id.
    pub(crate) fn ring_key(&self, instance: &str) -> Key {
        derive(self.id, &self.bytes, "russet/v1/ring", instance)
    }
}

/// HKDF-SHA256 with a label for each use, so that no two uses share a key.
fn derive(id: KeyId, secret: &[u8; 32], label: &str, instance: &str) -> Key {
    let extracted = Salt::new(HKDF_SHA256, instance.as_bytes()).extract(secret);
    let info = [label.as_bytes()];
    let expanded = extracted.expand(&info, &AES_256_GCM).expect("HKDF-SHA256 gives up to 8160 bytes");
    Key::from_unbound(id, UnboundKey::from(expanded))
}
