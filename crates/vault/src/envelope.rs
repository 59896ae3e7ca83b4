//! One sealed piece: `magic | version | algorithm | key id | nonce | ciphertext | tag`.
//!
//! The header is part of the associated data, together with length-prefixed fields that say what
//! is sealed and where. Length prefixes, so that ("ab","c") and ("a","bc") differ.
//!
//! Nonces are 96 random bits. A data key seals exactly one message and a ring key wraps data keys
//! by the thousand, so the birthday bound of 2^32 messages per key is out of reach.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{KeyId, OpenError, Place, SealError};

const MAGIC: &[u8; 4] = b"RSTV";
const FORMAT: u8 = 1;
/// AES-256-GCM with a 96-bit nonce and a 128-bit tag; the only algorithm so far.
const AES_256_GCM_96: u8 = 1;
const KEY_ID: std::ops::Range<usize> = 6..6 + KeyId::LEN;
const HEADER: usize = KEY_ID.end + NONCE_LEN;
const TAG: usize = 16;

/// Bytes that an envelope adds to its plaintext.
pub(crate) const OVERHEAD: usize = HEADER + TAG;

/// What an envelope is bound to.
pub(crate) struct Binding<'a> {
    /// Which layer of the hierarchy: "root key", "ring", "data key", "secret".
    pub(crate) purpose: &'static str,
    pub(crate) instance: &'a str,
    pub(crate) place: Place<'a>,
}

impl Binding<'_> {
    fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let version = self.place.version.to_be_bytes();
        let parts: [&[u8]; 10] = [
            header,
            self.purpose.as_bytes(),
            &header[5..6],
            &header[KEY_ID],
            self.instance.as_bytes(),
            self.place.owner.as_bytes(),
            self.place.kind.as_bytes(),
            self.place.object.as_bytes(),
            self.place.field.as_bytes(),
            &version,
        ];
        let mut data = Vec::with_capacity(parts.iter().map(|p| p.len() + 8).sum());
        for part in parts {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

/// A symmetric key and the id that headers name it by.
pub(crate) struct Key {
    pub(crate) id: KeyId,
    aead: LessSafeKey,
}

impl Key {
    pub(crate) fn new(id: KeyId, bytes: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, bytes).expect("AES-256 takes any key of exactly 32 bytes");
        Self::from_unbound(id, unbound)
    }

    pub(crate) fn from_unbound(id: KeyId, unbound: UnboundKey) -> Self {
        Self {
            id,
            aead: LessSafeKey::new(unbound),
        }
    }

    pub(crate) fn seal(&self, binding: &Binding<'_>, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        fill_random(&mut nonce)?;
        let mut envelope = Vec::with_capacity(plaintext.len() + OVERHEAD);
        envelope.extend_from_slice(MAGIC);
        envelope.push(FORMAT);
        envelope.push(AES_256_GCM_96);
        envelope.extend_from_slice(self.id.as_bytes());
        envelope.extend_from_slice(&nonce);
        let data = binding.associated_data(&envelope);
        envelope.extend_from_slice(plaintext);
        let tag = self
            .aead
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(data), &mut envelope[HEADER..])
            .expect("AES-GCM seals any message under 64 GB");
        envelope.extend_from_slice(tag.as_ref());
        Ok(envelope)
    }

    pub(crate) fn open(&self, binding: &Binding<'_>, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if key_id(envelope)? != self.id {
            return Err(OpenError::Refused);
        }
        let (header, body) = envelope.split_at(HEADER);
        let nonce = Nonce::try_assume_unique_for_key(&header[KEY_ID.end..]).map_err(|_| OpenError::Malformed)?;
        let mut plaintext = Zeroizing::new(body.to_vec());
        let length = self
            .aead
            .open_in_place(nonce, Aad::from(binding.associated_data(header)), &mut plaintext)
            .map_err(|_| OpenError::Refused)?
            .len();
        plaintext.truncate(length);
        Ok(plaintext)
    }
}

/// The id of the key that seals this envelope, after checking that it is an envelope of ours.
pub(crate) fn key_id(envelope: &[u8]) -> Result<KeyId, OpenError> {
    let known = envelope.len() >= OVERHEAD && envelope.starts_with(MAGIC) && envelope[4] == FORMAT && envelope[5] == AES_256_GCM_96;
    if !known {
        return Err(OpenError::Malformed);
    }
    KeyId::from_slice(&envelope[KEY_ID]).ok_or(OpenError::Malformed)
}

/// Fills from the operating system. Randomness is no parameter here: a seeded generator behind a
/// nonce or a key would be the end of both.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), SealError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| SealError::NoRandomness)
}
