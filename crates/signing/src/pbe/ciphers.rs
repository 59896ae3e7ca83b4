//! The ciphers of old files, each with its key and first block already derived.

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit, StreamCipher};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;
use rc4::Rc4;
use zeroize::Zeroizing;

use super::Refusal;

/// A cipher; block ciphers run in CBC with PKCS#7 padding. The length of the key tells variants apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    Rc4,
    Rc2,
    Des,
    TwoKeyTripleDes,
    TripleDes,
    Aes,
}

impl Cipher {
    /// Decrypts; wrong padding is a wrong password. RC4 has none, so there everything "decrypts".
    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let mut buffer = Zeroizing::new(data.to_vec());
        let length = match self {
            Self::Rc4 => {
                let mut stream = Rc4::new_from_slice(key).map_err(|_| Refusal::Malformed)?;
                stream.apply_keystream(&mut buffer);
                buffer.len()
            }
            Self::Rc2 => cbc_length::<Rc2>(key, iv, &mut buffer)?,
            Self::Des => cbc_length::<Des>(key, iv, &mut buffer)?,
            Self::TwoKeyTripleDes => cbc_length::<TdesEde2>(key, iv, &mut buffer)?,
            Self::TripleDes => cbc_length::<TdesEde3>(key, iv, &mut buffer)?,
            Self::Aes => aes_length(key, iv, &mut buffer)?,
        };
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// Decrypts in place; returns how much of the buffer is plaintext.
fn cbc_length<C: BlockCipherDecrypt + KeyInit>(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Result<usize, Refusal> {
    let decryptor = cbc::Decryptor::<C>::new_from_slices(key, iv).map_err(|_| Refusal::Malformed)?;
    let plain = decryptor.decrypt_padded::<Pkcs7>(buffer).map_err(|_| Refusal::WrongPassword)?;
    Ok(plain.len())
}

fn aes_length(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Result<usize, Refusal> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    let iv: [u8; 16] = iv.try_into().map_err(|_| Refusal::Malformed)?;
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| Refusal::Malformed)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| Refusal::Malformed)?;
    let plain = key
        .decrypt(buffer, DecryptionContext::Iv128(FixedLength::from(iv)))
        .map_err(|_| Refusal::WrongPassword)?;
    Ok(plain.len())
}
