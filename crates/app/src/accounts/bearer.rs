//! The texts that stand for a person: session cookies, personal tokens, the set-up token.
//!
//! Each is random and known to its holder only; the store keeps its SHA-256, which needs no salt for 192 random bits and more.
//! A personal token reads `russet_` and hexadecimal digits, 48 random ones and 8 of a checksum: secret scanners find it
//! by its shape, and a mistyped one is refused without asking the database.

use crate::Shown;
use aws_lc_rs::digest::{SHA256, digest};
use domain::Entropy;
use zeroize::Zeroizing;

/// What personal tokens begin with.
const PREFIX: &str = "russet_";
/// Random bytes of a personal token: 192 bits.
const TOKEN_BYTES: usize = 24;
/// Random bytes of a session cookie and of a set-up token: 256 bits.
const SESSION_BYTES: usize = 32;

/// SHA-256 of a bearer text: what the store keeps.
pub(crate) fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

fn random_hex(bytes: usize, entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    entropy.fill(&mut random);
    Zeroizing::new(hex::encode(random.as_slice()))
}

/// A fresh session cookie or set-up token.
pub(crate) fn fresh(entropy: &dyn Entropy) -> Shown {
    Shown::new(random_hex(SESSION_BYTES, entropy).to_string())
}

/// A fresh personal token.
pub(crate) fn fresh_token(entropy: &dyn Entropy) -> Shown {
    let random = random_hex(TOKEN_BYTES, entropy);
    Shown::new(format!("{PREFIX}{}{}", random.as_str(), checksum(&random)))
}

/// Whether this has the shape and the checksum of a personal token.
pub(crate) fn is_token(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .and_then(|rest| rest.split_at_checked(TOKEN_BYTES * 2))
        .is_some_and(|(random, sum)| sum == checksum(random))
}

/// Four bytes of the hash. It is no secret: it only tells a typing mistake from a token.
fn checksum(random: &str) -> String {
    hex::encode(&sha256(&format!("{PREFIX}{random}"))[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }

    #[test]
    fn a_token_is_recognized_by_shape_and_checksum() {
        let token = fresh_token(&Fixed(7));
        let text = token.expose();
        assert_eq!(text.len(), 7 + 48 + 8);
        assert!(is_token(text));
        assert!(!is_token(&text.replacen('0', "1", 1)));
        assert!(!is_token(&text[..62]));
        assert!(!is_token("russet_"));
        assert!(!is_token(&format!("x{text}")));
        assert_eq!(format!("{token:?}"), "Shown(…)");
    }

    #[test]
    fn a_cookie_has_256_bits() {
        assert_eq!(fresh(&Fixed(255)).expose(), "f".repeat(64));
    }
}
