//! The unsealed vault: what the rest of the program works with.

use std::fmt;

use zeroize::Zeroizing;

use crate::envelope::{self, Binding, Key, fill_random};
use crate::ring::Ring;
use crate::unseal::RootKey;
use crate::{KeyId, OpenError, Place, RingVersion, RootKeySource, SealError, Sealed, UnsealError, UnsealRecord, WrappedRing};

/// An unsealed instance. Holds the root key and nothing else; rings are opened for each call.
pub struct Vault {
    instance: String,
    root: RootKey,
}

impl Vault {
    /// First start: makes a root key and seals it for this source. Store the record before
    /// anything is sealed with the vault.
    ///
    /// # Errors
    /// What the source says; see [`UnsealError`].
    pub fn initialize(source: &dyn RootKeySource, instance_id: &str) -> Result<(Self, UnsealRecord), UnsealError> {
        let root = RootKey::generate().map_err(|_| UnsealError::NoRandomness)?;
        let record = UnsealRecord::empty().with(source, instance_id, &root)?;
        // Opened again from the record: what cannot be unsealed at the next start fails now.
        let vault = Self::unseal(source, instance_id, &record)?;
        Ok((vault, record))
    }

    /// Every later start: opens the root key, or says what is wrong with the source.
    ///
    /// # Errors
    /// [`UnsealError`] with what to do about it.
    pub fn unseal(source: &dyn RootKeySource, instance_id: &str, record: &UnsealRecord) -> Result<Self, UnsealError> {
        Ok(Self {
            root: record.open(source, instance_id)?,
            instance: instance_id.to_owned(),
        })
    }

    /// The record with one more source that opens it. A source of the same kind is replaced,
    /// which is how a passphrase is changed.
    ///
    /// # Errors
    /// What the source says; the old record stays good.
    pub fn add_source(&self, source: &dyn RootKeySource, record: &UnsealRecord) -> Result<UnsealRecord, UnsealError> {
        record.with(source, &self.instance, &self.root)
    }

    /// A fresh ring for an owner.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn new_ring(&self, owner: &str) -> Result<WrappedRing, SealError> {
        self.wrap_ring(owner, &Ring::generate()?)
    }

    /// The ring with a fresh primary version; the old primary becomes decrypt-only. What is
    /// already sealed stays readable and may be moved with [`Vault::rewrap`] at leisure.
    ///
    /// # Errors
    /// When the ring does not open.
    pub fn add_version(&self, owner: &str, ring: &WrappedRing) -> Result<WrappedRing, SealError> {
        let mut opened = self.open_ring(owner, ring)?;
        opened.add_version()?;
        self.wrap_ring(owner, &opened)
    }

    /// The ring without the bytes of a decrypt-only version. The caller makes sure that nothing
    /// names it any more ([`Sealed::key_id`]): what does is lost.
    ///
    /// # Errors
    /// [`SealError::NotRetired`] for a primary, unknown or already destroyed version.
    pub fn destroy_version(&self, owner: &str, ring: &WrappedRing, version: u32) -> Result<WrappedRing, SealError> {
        let mut opened = self.open_ring(owner, ring)?;
        opened.destroy(version)?;
        self.wrap_ring(owner, &opened)
    }

    /// The versions of a ring, oldest first.
    ///
    /// # Errors
    /// When the ring does not open for this owner.
    pub fn versions(&self, owner: &str, ring: &WrappedRing) -> Result<Vec<RingVersion>, OpenError> {
        Ok(self.open_ring(owner, ring)?.versions())
    }

    /// Seals a secret for one place, under a data key made for it alone.
    ///
    /// # Errors
    /// When the ring does not open for the place's owner, or there is no randomness.
    pub fn seal(&self, ring: &WrappedRing, place: &Place<'_>, plaintext: &[u8]) -> Result<Sealed, SealError> {
        let primary = self.open_ring(place.owner, ring)?.primary()?;
        let mut data_key = Zeroizing::new([0; 32]);
        fill_random(data_key.as_mut_slice())?;
        let wrapped = primary.seal(&self.binding("data key", place), data_key.as_slice())?;
        let secret = Key::new(KeyId::random()?, &data_key).seal(&self.binding("secret", place), plaintext)?;
        Ok(Sealed::join(wrapped, &secret))
    }

    /// Lends the secret to a closure and wipes it afterwards. Copy nothing out that outlives the
    /// use, and do not await anything longer than the use inside.
    ///
    /// # Errors
    /// [`OpenError::Refused`] for changed bytes and for every other place or owner.
    pub fn open<T>(&self, ring: &WrappedRing, place: &Place<'_>, sealed: &Sealed, lend: impl FnOnce(&[u8]) -> T) -> Result<T, OpenError> {
        let (wrapped, secret) = sealed.split()?;
        let data_key = self.data_key(ring, place, wrapped)?;
        let plaintext = Key::new(envelope::key_id(secret)?, &data_key).open(&self.binding("secret", place), secret)?;
        Ok(lend(&plaintext))
    }

    /// The same secret with its data key wrapped by the primary version of the ring. The secret
    /// itself is neither opened nor written anew.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn rewrap(&self, ring: &WrappedRing, place: &Place<'_>, sealed: &Sealed) -> Result<Sealed, SealError> {
        let (wrapped, secret) = sealed.split()?;
        let data_key = self.data_key(ring, place, wrapped)?;
        let primary = self.open_ring(place.owner, ring)?.primary()?;
        let wrapped = primary.seal(&self.binding("data key", place), data_key.as_slice())?;
        Ok(Sealed::join(wrapped, secret))
    }

    fn data_key(&self, ring: &WrappedRing, place: &Place<'_>, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, OpenError> {
        let id = envelope::key_id(wrapped)?;
        let plaintext = self
            .open_ring(place.owner, ring)?
            .key(id)?
            .open(&self.binding("data key", place), wrapped)?;
        let mut data_key = Zeroizing::new([0; 32]);
        if plaintext.len() != data_key.len() {
            return Err(OpenError::Malformed);
        }
        data_key.copy_from_slice(&plaintext);
        Ok(data_key)
    }

    fn wrap_ring(&self, owner: &str, ring: &Ring) -> Result<WrappedRing, SealError> {
        let key = self.root.ring_key(&self.instance);
        Ok(Ring::wrap(key.seal(&self.ring_binding(owner), &ring.to_bytes())?))
    }

    fn open_ring(&self, owner: &str, ring: &WrappedRing) -> Result<Ring, OpenError> {
        let id = envelope::key_id(ring.as_bytes())?;
        if id != self.root.id {
            return Err(OpenError::UnknownKey(id));
        }
        let key = self.root.ring_key(&self.instance);
        Ring::from_bytes(&key.open(&self.ring_binding(owner), ring.as_bytes())?)
    }

    fn ring_binding<'a>(&'a self, owner: &'a str) -> Binding<'a> {
        let place = Place {
            owner,
            kind: "ring",
            object: "",
            field: "",
            version: self.root.generation,
        };
        self.binding("ring", &place)
    }

    fn binding<'a>(&'a self, purpose: &'static str, place: &Place<'a>) -> Binding<'a> {
        Binding {
            purpose,
            instance: &self.instance,
            place: *place,
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("instance", &self.instance)
            .field("root_key", &self.root.id)
            .finish_non_exhaustive()
    }
}
