//! The simulator's source of chance: ids, serial numbers, UUIDs, all from one seed.
//!
//! The same seed gives the same team, so a failing test can be run again. Private keys are not drawn from here: they
//! come from the crypto library, because a key that looks real should be one.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;

const ALPHANUMERIC: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const DIGITS: &[u8] = b"0123456789";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A stream of bytes that a seed determines.
#[derive(Debug)]
pub(crate) struct Entropy {
    seed: [u8; 32],
    drawn: u64,
}

impl Entropy {
    /// A stream from `seed`, or from the machine's randomness where none is given.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let mut bytes = [0; 32];
        match seed {
            Some(seed) => bytes[..8].copy_from_slice(&seed.to_be_bytes()),
            // The machine's randomness failing would only make the ids of a simulation repeat.
            None => drop(rand::fill(&mut bytes)),
        }
        Self { seed: bytes, drawn: 0 }
    }

    /// The next `N` bytes, at most 32.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut input = [0; 40];
        input[..32].copy_from_slice(&self.seed);
        input[32..].copy_from_slice(&self.drawn.to_be_bytes());
        self.drawn += 1;
        let block = digest(&SHA256, &input);
        std::array::from_fn(|i| block.as_ref().get(i).copied().unwrap_or_default())
    }

    /// Ten upper-case alphanumerics: ids of provisioning objects, Key IDs, team IDs (facts E5).
    pub(crate) fn provisioning_id(&mut self) -> String {
        self.text::<10>(ALPHANUMERIC)
    }

    /// Ten digits that do not begin with zero: ids of apps (facts E5).
    pub(crate) fn app_id(&mut self) -> String {
        format!("6{}", self.text::<9>(DIGITS))
    }

    /// The id form of agreement errors (facts B4).
    pub(crate) fn agreement_id(&mut self) -> String {
        self.text::<26>(BASE32)
    }

    /// A random UUID in lower case.
    pub(crate) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    /// A positive serial number of full length: 32 hexadecimal characters (facts E2).
    pub(crate) fn serial(&mut self) -> [u8; 16] {
        let mut serial = self.bytes::<16>();
        serial[0] = (serial[0] & 0x7f) | 0x40;
        serial
    }

    /// The UDID form of devices since 2018: eight and sixteen hexadecimal digits.
    pub(crate) fn udid(&mut self) -> String {
        let hex = hex::encode_upper(self.bytes::<12>());
        format!("0000{}-{}", &hex[..4], &hex[4..20])
    }

    fn text<const N: usize>(&mut self, alphabet: &[u8]) -> String {
        self.bytes::<N>()
            .iter()
            .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_ids_in_apples_shapes() {
        let mut one = Entropy::new(Some(7));
        let mut other = Entropy::new(Some(7));
        assert_eq!(one.provisioning_id(), other.provisioning_id());
        assert_eq!(one.provisioning_id().len(), 10);
        assert_eq!(one.app_id().len(), 10);
        assert_eq!(one.udid().len(), 25);
        assert_eq!(hex::encode(one.serial()).len(), 32);
        assert_ne!(one.uuid(), one.uuid());
    }
}
