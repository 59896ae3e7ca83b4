//! Opening the vault of an instance: made at the first start, opened at each later one, before anything else happens.

use crate::StartError;
use domain::{Clock, Entropy};
use store::{Conflict, Instance, Store, StoreError};
use vault::{RootKeySource, Vault};

/// Random bytes of the operating system, through the crypto library.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system has no random bytes: nothing could go on safely then.
    fn fill(&self, out: &mut [u8]) {
        aws_lc_rs::rand::fill(out).expect("the operating system gives random bytes");
    }
}

/// Opens the vault of the instance in this store, or makes instance and vault at the first start.
///
/// # Errors
/// When the root key is missing, wrong or not readable, with how to get out; when the database does not answer.
pub async fn unseal(store: &Store, source: &dyn RootKeySource, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Vault, StartError> {
    if let Some(instance) = known(store).await? {
        return open(source, &instance);
    }
    let mut random = [0; 16];
    entropy.fill(&mut random);
    let id = format!("ins_{}", hex::encode(random));
    let (vault, record) = Vault::initialize(source, &id).map_err(failed)?;
    let instance = Instance {
        id,
        created_at: clock.now(),
        unseal: record,
    };
    let mut tx = store.begin().await.map_err(failed)?;
    match tx.create_instance(&instance).await {
        Ok(()) => {
            tx.commit().await.map_err(failed)?;
            Ok(vault)
        }
        // Another process made its first start at the same moment: its instance is the one.
        Err(StoreError::Conflict(Conflict::Initialized)) => {
            drop(tx);
            let instance = known(store)
                .await?
                .ok_or_else(|| failed("the instance vanished while it was made"))?;
            open(source, &instance)
        }
        Err(error) => Err(failed(error)),
    }
}

async fn known(store: &Store) -> Result<Option<Instance>, StartError> {
    let mut tx = store.read().await.map_err(failed)?;
    tx.instance().await.map_err(failed)
}

fn open(source: &dyn RootKeySource, instance: &Instance) -> Result<Vault, StartError> {
    Vault::unseal(source, &instance.id, &instance.unseal).map_err(failed)
}

pub(crate) fn failed(cause: impl std::fmt::Display) -> StartError {
    StartError {
        message: cause.to_string(),
    }
}
