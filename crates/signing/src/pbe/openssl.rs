//! What OpenSSL does by itself where no standard says how: `EVP_BytesToKey`, one round, in its `Salted__` files and its
//! "traditional" encrypted PEM keys; and PBKDF1, which is the same idea with more rounds and less output.

use sha1::Digest;
use zeroize::Zeroizing;

use super::Refusal;
use super::ciphers::Cipher;

/// The digest that OpenSSL made key and first block with: MD5 up to 1.0, SHA-256 since 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digests {
    /// Up to OpenSSL 1.0, and in every traditional PEM key.
    Md5,
    /// Since OpenSSL 1.1.
    Sha256,
}

/// Decrypts AES-CBC of OpenSSL's own making; `key_length` in bytes.
pub(crate) fn decrypt_aes(
    password: &[u8],
    salt: &[u8],
    iv: Option<&[u8]>,
    digest: Digests,
    key_length: usize,
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let derived = match digest {
        Digests::Md5 => bytes_to_key::<md5::Md5>(password, salt, key_length + 16),
        Digests::Sha256 => bytes_to_key::<sha2::Sha256>(password, salt, key_length + 16),
    };
    let (key, derived_iv) = derived.split_at(key_length);
    Cipher::Aes.decrypt(key, iv.unwrap_or(derived_iv), data)
}

/// Decrypts triple-DES in CBC under a key that OpenSSL made of the password by MD5.
pub(crate) fn decrypt_triple_des(password: &[u8], salt: &[u8], iv: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let key = bytes_to_key::<md5::Md5>(password, salt, 24);
    Cipher::TripleDes.decrypt(&key, iv, data)
}

/// `EVP_BytesToKey` with one round: D₁ = H(password ‖ salt), Dₙ₊₁ = H(Dₙ ‖ password ‖ salt), strung together.
fn bytes_to_key<D: Digest>(password: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut derived = Zeroizing::new(Vec::with_capacity(length + 64));
    let mut last = 0..0;
    while derived.len() < length {
        let block = D::new()
            .chain_update(&derived[last])
            .chain_update(password)
            .chain_update(salt)
            .finalize();
        last = derived.len()..derived.len() + block.len();
        derived.extend_from_slice(&block);
    }
    derived.truncate(length);
    derived
}

/// PBKDF1 (RFC 8018, 5.1): the digest of password and salt, hashed again up to `iterations` times; 16 bytes or more.
pub(super) fn pbkdf1<D: Digest>(password: &[u8], salt: &[u8], iterations: u32) -> Zeroizing<Vec<u8>> {
    let mut block = D::new().chain_update(password).chain_update(salt).finalize();
    for _ in 1..iterations {
        block = D::digest(&block);
    }
    Zeroizing::new(block.to_vec())
}
