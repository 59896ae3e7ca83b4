//! Private keys of signing certificates, as teams keep them in files: PEM or DER, PKCS#1 or PKCS#8, plain or encrypted.
//!
//! Encrypted ones are PKCS#8 under any scheme of `pbe`, or OpenSSL's "traditional" PEM with `DEK-Info` (AES and triple-DES).
//! A PEM file may hold certificates beside the key, as bundles do; of several keys none is chosen.
//!
//! The bounds: 16 KB, and 2,000,000 password iterations. This module must not keep the password or guess at it.
//! The surprising thing: a wrong password is told by the padding *and* by what came out, because padding alone is right by
//! chance once in 256 times.

use zeroize::Zeroizing;

use crate::Explanation;
use crate::asn1;
use crate::explanation::explained;
use crate::p8::shape::{self, Shape};
use crate::pbe::{self, Budget, Password, Refusal, openssl};
use crate::rsa_key::RsaKeyPair;

/// The most that is read as a key file: a key of 4096 bits has 3 KB, some have certificates beside it.
pub const MAX_BYTES: usize = 16 * 1024;

/// Why a file is not the private key of a signing certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFileError {
    /// Above 16 KB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// No private key in PEM or DER.
    NotAPrivateKey,
    /// Several private keys in one PEM file.
    Several {
        /// How many.
        keys: usize,
    },
    /// A private key of another algorithm.
    NotRsa,
    /// An RSA key of less than 2048 bits, or one whose numbers do not hold together.
    Unusable,
    /// Encrypted, and no password was given.
    Encrypted,
    /// The password does not open it.
    WrongPassword,
    /// An encryption that is not read.
    UnsupportedEncryption,
    /// More password iterations than are worth computing.
    TooManyIterations,
}

impl KeyFileError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const EXPECTED: &str = "Expected is an RSA private key of 2048 bits or more, in PEM or DER.";
        const CHOOSE: &str = "Choose the private key that the certificate was requested with.";
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("A private key has about 1,700; the limit is {MAX_BYTES} bytes."),
                CHOOSE,
            ),
            Self::NotAPrivateKey => Explanation::new("The file holds no private key.", EXPECTED, CHOOSE),
            Self::Several { keys } => Explanation::new(
                format!("The file holds {keys} private keys."),
                "Which of them is meant cannot be told.",
                "Add each key on its own, in its own file.",
            ),
            Self::NotRsa => Explanation::new(
                "The private key is not an RSA key.",
                "Apple's signing certificates have RSA keys.",
                CHOOSE,
            ),
            Self::Unusable => Explanation::new(
                "The private key cannot be used.",
                "It has less than 2048 bits, or its numbers do not belong together.",
                CHOOSE,
            ),
            Self::Encrypted => Explanation::new(
                "The private key is under a password.",
                "Without it the key cannot be read.",
                "Enter the password that was set when the file was made.",
            ),
            Self::WrongPassword => Explanation::new(
                "The password does not open the private key.",
                "What came out is no key.",
                "Enter the password that was set when the file was made.",
            ),
            Self::UnsupportedEncryption => Explanation::new(
                "The private key is encrypted in a way that is not read.",
                "Read are AES and triple-DES (PBES2 with PBKDF2, and OpenSSL's own form), RC2, RC4 and DES.",
                "Convert it with `openssl pkcs8 -topk8 -in FILE -out NEW`.",
            ),
            Self::TooManyIterations => Explanation::new(
                "The private key asks for too many password iterations.",
                format!("The limit is {}; usual are 2,000 to 600,000.", pbe::MAX_ITERATIONS),
                "Convert it with `openssl pkcs8 -topk8 -in FILE -out NEW`.",
            ),
        }
    }
}

explained!(KeyFileError);

impl From<Refusal> for KeyFileError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unsupported => Self::UnsupportedEncryption,
            Refusal::TooManyIterations => Self::TooManyIterations,
            Refusal::Malformed => Self::NotAPrivateKey,
            Refusal::WrongPassword => Self::WrongPassword,
        }
    }
}

/// Reads a private key file. The password is not looked at where the key is not encrypted.
///
/// # Errors
/// [`KeyFileError`], each cause by itself.
pub fn read(bytes: &[u8], password: Option<&str>) -> Result<RsaKeyPair, KeyFileError> {
    let (der, shape) = plain(bytes, password)?;
    match shape {
        Shape::RsaKey => RsaKeyPair::from_der(&der).map_err(|_| KeyFileError::Unusable),
        _ => Err(KeyFileError::NotRsa),
    }
}

/// The private key in a file as plain DER of any kind of key, with its kind.
pub(crate) fn plain(bytes: &[u8], password: Option<&str>) -> Result<(Zeroizing<Vec<u8>>, Shape), KeyFileError> {
    if bytes.len() > MAX_BYTES {
        return Err(KeyFileError::TooLarge { bytes: bytes.len() });
    }
    if !bytes.windows(11).any(|window| window == b"-----BEGIN ") {
        return of_der(Zeroizing::new(bytes.to_vec()), password);
    }
    let blocks = pem::parse_many(bytes).map_err(|_| KeyFileError::NotAPrivateKey)?;
    let mut keys: Vec<_> = blocks.into_iter().filter(|block| block.tag().ends_with("PRIVATE KEY")).collect();
    match keys.len() {
        0 => Err(KeyFileError::NotAPrivateKey),
        1 => of_block(keys.remove(0), password),
        keys => Err(KeyFileError::Several { keys }),
    }
}

fn of_block(block: pem::Pem, password: Option<&str>) -> Result<(Zeroizing<Vec<u8>>, Shape), KeyFileError> {
    let protection = block.headers().get("DEK-Info").map(str::to_owned);
    let contents = Zeroizing::new(block.into_contents());
    let Some(protection) = protection else {
        return of_der(contents, password);
    };
    let password = password.ok_or(KeyFileError::Encrypted)?;
    let (cipher, iv) = protection.split_once(',').ok_or(KeyFileError::NotAPrivateKey)?;
    let iv = hex::decode(iv.trim()).map_err(|_| KeyFileError::NotAPrivateKey)?;
    let salt = iv.get(..8).ok_or(KeyFileError::NotAPrivateKey)?;
    let aes = |key_length| openssl::decrypt_aes(password.as_bytes(), salt, Some(&iv), openssl::Digests::Md5, key_length, &contents);
    decrypted(match cipher.trim() {
        "AES-128-CBC" => aes(16)?,
        "AES-192-CBC" => aes(24)?,
        "AES-256-CBC" => aes(32)?,
        "DES-EDE3-CBC" => openssl::decrypt_triple_des(password.as_bytes(), salt, &iv, &contents)?,
        _ => return Err(KeyFileError::UnsupportedEncryption),
    })
}

fn of_der(der: Zeroizing<Vec<u8>>, password: Option<&str>) -> Result<(Zeroizing<Vec<u8>>, Shape), KeyFileError> {
    match shape::of(&der) {
        shape if is_key(shape) => Ok((der, shape)),
        Shape::EncryptedKey => of_encrypted(&der, password.ok_or(KeyFileError::Encrypted)?),
        _ => Err(KeyFileError::NotAPrivateKey),
    }
}

/// `EncryptedPrivateKeyInfo`: SEQUENCE { algorithm, octets }.
fn of_encrypted(der: &[u8], password: &str) -> Result<(Zeroizing<Vec<u8>>, Shape), KeyFileError> {
    let (outer, _) = asn1::read(der).map_err(|_| KeyFileError::NotAPrivateKey)?;
    let parts = outer.leading(2);
    let [algorithm, encrypted] = parts.as_slice() else {
        return Err(KeyFileError::NotAPrivateKey);
    };
    for reading in Password::readings(password) {
        let opened = pbe::decrypt(algorithm, encrypted.content, &reading, &mut Budget::of_a_file())
            .map_err(KeyFileError::from)
            .and_then(decrypted);
        if !matches!(opened, Err(KeyFileError::WrongPassword)) {
            return opened;
        }
    }
    Err(KeyFileError::WrongPassword)
}

fn decrypted(plain: Zeroizing<Vec<u8>>) -> Result<(Zeroizing<Vec<u8>>, Shape), KeyFileError> {
    match shape::of(&plain) {
        shape if is_key(shape) => Ok((plain, shape)),
        _ => Err(KeyFileError::WrongPassword),
    }
}

fn is_key(shape: Shape) -> bool {
    matches!(shape, Shape::RsaKey | Shape::EcP256Key | Shape::OtherEcKey(_) | Shape::OtherKey)
}
