//! A passphrase that a person or a supervisor gives at each start; nothing secret on the disk.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::envelope::fill_random;
use crate::{RootKeySource, SourceParameters, UnsealError, UnsealKey};

/// Shorter ones are refused when they are set.
const LEAST_CHARACTERS: usize = 12;

/// The second recommendation of RFC 9106: 64 MiB, three passes, four lanes.
const COSTS: Costs = Costs {
    memory_kib: 64 * 1024,
    passes: 3,
    lanes: 4,
};

/// Argon2id over a passphrase, with a random salt. Salt and costs stand in the
/// [`UnsealRecord`](crate::UnsealRecord), so that costs can be raised without losing anything.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the passphrase as it is: the caller has removed the line end of a file or a pipe.
    #[must_use]
    pub fn new(passphrase: Zeroizing<String>) -> Self {
        Self(passphrase)
    }

    fn derive(&self, salt: &[u8], costs: Costs) -> Result<UnsealKey, UnsealError> {
        let unusable = |_| UnsealError::Record {
            found: "the costs or the salt of its passphrase are out of range",
        };
        let params = Params::new(costs.memory_kib, costs.passes, costs.lanes, Some(32)).map_err(unusable)?;
        let mut bytes = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(self.0.as_bytes(), salt, bytes.as_mut_slice())
            .map_err(unusable)?;
        Ok(UnsealKey::new(bytes))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Costs {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Costs {
    /// A record written by somebody else must not make the start take hours or all memory.
    fn acceptable(self) -> bool {
        self.memory_kib <= 4 * 1024 * 1024 && self.passes <= 64 && self.lanes <= 64
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    argon2id: Costs,
    salt: String,
}

impl RootKeySource for Passphrase {
    fn name(&self) -> &'static str {
        "passphrase"
    }

    fn create(&self) -> Result<(UnsealKey, SourceParameters), UnsealError> {
        let found = self.0.chars().count();
        if found < LEAST_CHARACTERS {
            return Err(UnsealError::PassphraseTooShort {
                found,
                least: LEAST_CHARACTERS,
            });
        }
        let mut salt = [0; 16];
        fill_random(&mut salt).map_err(|_| UnsealError::NoRandomness)?;
        let parameters = Parameters {
            argon2id: COSTS,
            salt: BASE64.encode(salt),
        };
        let text = serde_json::to_string(&parameters).expect("strings and numbers serialize");
        Ok((self.derive(&salt, COSTS)?, SourceParameters(text)))
    }

    fn fetch(&self, parameters: &SourceParameters) -> Result<UnsealKey, UnsealError> {
        let unreadable = UnsealError::Record {
            found: "the salt of its passphrase is damaged",
        };
        let Ok(parameters) = serde_json::from_str::<Parameters>(&parameters.0) else {
            return Err(unreadable);
        };
        let Ok(salt) = BASE64.decode(&parameters.salt) else {
            return Err(unreadable);
        };
        if !parameters.argon2id.acceptable() {
            return Err(UnsealError::Record {
                found: "the costs of its passphrase are out of range",
            });
        }
        self.derive(&salt, parameters.argon2id)
    }

    fn wrong_key(&self) -> UnsealError {
        UnsealError::WrongPassphrase
    }
}
