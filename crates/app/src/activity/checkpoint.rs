//! Signed checkpoints: "record number so-and-so has this hash", said by the instance itself.
//!
//! The chain ties each record to those before it, and whoever can write the database can make a whole new chain. They
//! cannot sign: the key is sealed by the vault, and its checkpoints lie outside ([`super::outside`]).
//!
//! What is signed has the length of each part before it, and names the instance, so that a checkpoint of another one
//! says nothing here.

use crate::{StartError, unseal::failed};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use domain::Entropy;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Checkpoint, Head, SigningKey, Store};
use vault::{Place, Vault};
use zeroize::Zeroizing;

/// The instance's key, opened.
pub(crate) struct Signer {
    instance: String,
    pair: Ed25519KeyPair,
}

fn place(instance: &str) -> Place<'_> {
    Place {
        owner: instance,
        kind: "activity",
        object: instance,
        field: "signing_key",
        version: 1,
    }
}

impl Signer {
    /// Opens the key of the instance, or makes it at the first start.
    ///
    /// # Errors
    /// When there is no instance yet, the key does not open, or it is not the one whose public half stands beside it.
    pub(crate) async fn open(store: &Store, vault: &Vault, entropy: &dyn Entropy) -> Result<Self, StartError> {
        let instance = store.read().await.map_err(failed)?.instance().await.map_err(failed)?;
        let instance = instance.ok_or_else(|| failed("The database has no instance in it."))?.id;
        let known = store.read().await.map_err(failed)?.activity_signing_key().await.map_err(failed)?;
        let key = match known {
            Some(key) => key,
            None => make(store, vault, entropy, &instance).await?,
        };
        let pair = vault
            .open(&key.ring, &place(&instance), &key.sealed, |seed| {
                Ed25519KeyPair::from_seed_and_public_key(seed, &key.public_key)
            })
            .map_err(failed)?
            .map_err(|_| {
                failed(
                    "The key that signs the activity log does not fit the public key beside it in the database: one of them was changed. Restore the table activity_signing_key from a backup.",
                )
            })?;
        Ok(Self { instance, pair })
    }

    /// The public key, in hexadecimal.
    pub(crate) fn public_key(&self) -> String {
        hex::encode(self.pair.public_key())
    }

    /// Signs where the log ends.
    pub(crate) fn sign(&self, head: &Head, at: Timestamp) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            sequence: head.sequence,
            head: head.hash.as_slice().try_into().unwrap_or_default(),
            at,
            signature: Vec::new(),
        };
        checkpoint.signature = self.pair.sign(&words(&self.instance, &checkpoint)).as_ref().to_vec();
        checkpoint
    }

    /// The checkpoint as a line of the file outside, with its line break.
    pub(crate) fn line(&self, checkpoint: &Checkpoint) -> String {
        let line = Line {
            instance: self.instance.clone(),
            sequence: checkpoint.sequence,
            head: hex::encode(checkpoint.head),
            at: checkpoint.at,
            key: self.public_key(),
            signature: hex::encode(&checkpoint.signature),
        };
        serde_json::to_string(&line).unwrap_or_default() + "\n"
    }
}

/// Makes the key and keeps it. Of two servers that do so at once, one is kept.
async fn make(store: &Store, vault: &Vault, entropy: &dyn Entropy, instance: &str) -> Result<SigningKey, StartError> {
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill(seed.as_mut_slice());
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(failed)?;
    let ring = vault.new_ring(instance).map_err(failed)?;
    let key = SigningKey {
        public_key: pair.public_key().as_ref().to_vec(),
        sealed: vault.seal(&ring, &place(instance), seed.as_slice()).map_err(failed)?,
        ring,
    };
    let mut tx = store.begin().await.map_err(failed)?;
    tx.keep_activity_signing_key(&key).await.map_err(failed)?;
    let kept = tx.activity_signing_key().await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    kept.ok_or_else(|| failed("The key that signs the activity log was not kept."))
}

/// What is signed.
fn words(instance: &str, checkpoint: &Checkpoint) -> Vec<u8> {
    let (sequence, at) = (checkpoint.sequence.to_be_bytes(), checkpoint.at.as_microsecond().to_be_bytes());
    let parts: [&[u8]; 5] = [
        b"russet activity checkpoint 1",
        instance.as_bytes(),
        &sequence,
        &checkpoint.head,
        &at,
    ];
    let mut words = Vec::new();
    for part in parts {
        words.extend_from_slice(&(part.len() as u64).to_be_bytes());
        words.extend_from_slice(part);
    }
    words
}

/// Whether the key with this public half signed the checkpoint, for this instance.
pub(super) fn is_signed(checkpoint: &Checkpoint, instance: &str, public_key: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(&words(instance, checkpoint), &checkpoint.signature)
        .is_ok()
}

/// A checkpoint as it lies outside.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    instance: String,
    sequence: i64,
    head: String,
    at: Timestamp,
    key: String,
    signature: String,
}

/// What a line of the file outside says.
pub(super) enum Told {
    /// A checkpoint of this instance, by its own account; whether it is signed is another question.
    Checkpoint(Checkpoint),
    /// One of another instance.
    Foreign,
    /// No whole checkpoint.
    Torn,
}

/// Reads a line of the file outside.
pub(super) fn read(line: &str, instance: &str) -> Told {
    let Ok(line) = serde_json::from_str::<Line>(line) else {
        return Told::Torn;
    };
    if line.instance != instance {
        return Told::Foreign;
    }
    let head = hex::decode(&line.head).ok().and_then(|head| head.try_into().ok());
    match (head, hex::decode(&line.signature)) {
        (Some(head), Ok(signature)) => Told::Checkpoint(Checkpoint {
            sequence: line.sequence,
            head,
            at: line.at,
            signature,
        }),
        _ => Told::Torn,
    }
}

/// The number that a line speaks of, without holding it against anything.
pub(super) fn number(line: &str) -> Option<i64> {
    serde_json::from_str::<Line>(line).ok().map(|line| line.sequence)
}
