//! Encryption under a password, as old and new `.p12` files and private keys have it. Reading only.
//!
//! Read are the schemes of PKCS#12 (RC2, RC4 and triple-DES under a SHA-1 derivation), the DES schemes of PKCS#5, PBES2 with
//! PBKDF2 (AES, triple-DES), and what OpenSSL does by itself (`EVP_BytesToKey`, in [`openssl`]). Most of these are broken by
//! today's measure. They are here because the files are there; nothing of this crate writes them but triple-DES.
//!
//! A stranger chooses how often his file has a password hashed, so every derivation draws on one [`Budget`] for the whole
//! file, also the ones that only show after decrypting something. scrypt is refused, it may ask for a gigabyte.
//!
//! This module must not tell a wrong password from a damaged file by more than the padding: whoever decrypts looks at what
//! came out. The surprising thing: one typed password is several byte strings, see [`Password::readings`].

mod ciphers;
pub(crate) mod openssl;

use der::Decode;
use der::asn1::ObjectIdentifier;
use pkcs5::pbes2::{self, Kdf};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use zeroize::Zeroizing;

use crate::asn1::{Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};
use ciphers::Cipher;

/// The most password iterations that all parts of one file may ask for together.
pub(crate) const MAX_ITERATIONS: u64 = 2_000_000;

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const MD5_AND_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.3");
const SHA1_AND_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.10");
/// `pkcs-12PbeIds`: the last arc names the cipher.
const PKCS12_SCHEMES: [(ObjectIdentifier, Cipher, usize); 6] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.1"), Cipher::Rc4, 16),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.2"), Cipher::Rc4, 5),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3"), Cipher::TripleDes, 24),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4"), Cipher::TwoKeyTripleDes, 16),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5"), Cipher::Rc2, 16),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6"), Cipher::Rc2, 5),
];

/// Why something was not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// An algorithm that is not read.
    Unsupported,
    /// The file's iterations go beyond [`MAX_ITERATIONS`].
    TooManyIterations,
    /// The parameters are not those of the algorithm.
    Malformed,
    /// The padding is wrong: another password, or changed bytes.
    WrongPassword,
}

/// How many iterations one file may still ask for.
#[derive(Debug)]
pub(crate) struct Budget(u64);

impl Budget {
    /// For one reading of one file.
    pub(crate) fn of_a_file() -> Self {
        Self(MAX_ITERATIONS)
    }

    /// Takes `iterations` before they are computed. Returns them in the width that the derivations take.
    pub(crate) fn spend(&mut self, iterations: u64) -> Result<u32, Refusal> {
        self.0 = self.0.checked_sub(iterations).ok_or(Refusal::TooManyIterations)?;
        u32::try_from(iterations).map_err(|_| Refusal::TooManyIterations)
    }
}

/// One way to make bytes of a typed password. Wiped on drop.
pub(crate) struct Password {
    /// For PBES2 and OpenSSL.
    pub(crate) utf8: Zeroizing<Vec<u8>>,
    /// For the derivation of PKCS#12: UTF-16, big end first, with its two zeros.
    pub(crate) bmp: Zeroizing<Vec<u8>>,
}

impl Password {
    /// The ways in which programs have made bytes of this password, likeliest first.
    ///
    /// An empty password is written as two zeros or as nothing at all. And OpenSSL before 1.1 took each byte of UTF-8 for a
    /// character.
    pub(crate) fn readings(typed: &str) -> Vec<Self> {
        let reading = |bmp: Vec<u8>| Self {
            utf8: Zeroizing::new(typed.as_bytes().to_vec()),
            bmp: Zeroizing::new(bmp),
        };
        let mut terminated = Vec::with_capacity(2 * typed.len() + 2);
        terminated.extend(typed.encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
        let mut readings = vec![reading(terminated)];
        if typed.is_empty() {
            readings.push(reading(Vec::new()));
        } else if !typed.is_ascii() {
            readings.push(reading(typed.bytes().chain([0]).flat_map(|byte| [0, byte]).collect()));
        }
        readings
    }
}

/// Decrypts `data` under the `AlgorithmIdentifier` in `algorithm`.
pub(crate) fn decrypt(
    algorithm: &Element<'_>,
    data: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let parts = algorithm.leading(2);
    let [name, parameters] = parts.as_slice() else {
        return Err(Refusal::Malformed);
    };
    let scheme = oid(name).ok_or(Refusal::Malformed)?;
    if scheme == PBES2 {
        return by_pbes2(parameters, data, password, budget);
    }
    if scheme == MD5_AND_DES || scheme == SHA1_AND_DES {
        let (salt, iterations) = salt_and_iterations(parameters, budget)?;
        let derived = match scheme {
            MD5_AND_DES => openssl::pbkdf1::<md5::Md5>(&password.utf8, salt, iterations),
            _ => openssl::pbkdf1::<sha1::Sha1>(&password.utf8, salt, iterations),
        };
        return Cipher::Des.decrypt(&derived[..8], &derived[8..16], data);
    }
    let (_, cipher, key_length) = PKCS12_SCHEMES
        .iter()
        .find(|(known, ..)| *known == scheme)
        .ok_or(Refusal::Unsupported)?;
    let (salt, iterations) = salt_and_iterations(parameters, budget)?;
    let rounds = i32::try_from(iterations).map_err(|_| Refusal::TooManyIterations)?;
    let derive = |purpose, length| Zeroizing::new(derive_key::<sha1::Sha1>(&password.bmp, salt, purpose, rounds, length));
    let key = derive(Pkcs12KeyType::EncryptionKey, *key_length);
    let iv = derive(Pkcs12KeyType::Iv, 8);
    cipher.decrypt(&key, &iv, data)
}

fn by_pbes2(parameters: &Element<'_>, data: &[u8], password: &Password, budget: &mut Budget) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let unknown = |_| match parameters.tag {
        SEQUENCE => Refusal::Unsupported,
        _ => Refusal::Malformed,
    };
    let parameters = pbes2::Parameters::from_der(parameters.raw).map_err(unknown)?;
    let Kdf::Pbkdf2(derivation) = &parameters.kdf else {
        return Err(Refusal::Unsupported);
    };
    budget.spend(derivation.iteration_count.into())?;
    let mut buffer = Zeroizing::new(data.to_vec());
    let length = match parameters.decrypt_in_place(&*password.utf8, &mut buffer) {
        Ok(plain) => plain.len(),
        Err(pkcs5::Error::UnsupportedAlgorithm { .. }) => return Err(Refusal::Unsupported),
        Err(pkcs5::Error::AlgorithmParametersInvalid { .. }) => return Err(Refusal::Malformed),
        Err(_) => return Err(Refusal::WrongPassword),
    };
    buffer.truncate(length);
    Ok(buffer)
}

fn salt_and_iterations<'a>(parameters: &Element<'a>, budget: &mut Budget) -> Result<(&'a [u8], u32), Refusal> {
    let parts = parameters.leading(2);
    match parts.as_slice() {
        [salt, count] if salt.tag == OCTET_STRING && count.tag == INTEGER => {
            let count = count.unsigned().ok_or(Refusal::Malformed)?;
            Ok((salt.content, budget.spend(count)?))
        }
        _ => Err(Refusal::Malformed),
    }
}

/// The object identifier in an element, where it is one.
pub(crate) fn oid(element: &Element<'_>) -> Option<ObjectIdentifier> {
    (element.tag == OBJECT_IDENTIFIER)
        .then(|| ObjectIdentifier::from_bytes(element.content).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_in_the_ways_that_programs_wrote_it() {
        let bmp = |typed: &str| -> Vec<Vec<u8>> { Password::readings(typed).iter().map(|reading| reading.bmp.to_vec()).collect() };
        assert_eq!(bmp("ab"), [vec![0, b'a', 0, b'b', 0, 0]]);
        assert_eq!(bmp(""), [vec![0, 0], vec![]]);
        assert_eq!(bmp("ü"), [vec![0, 0xfc, 0, 0], vec![0, 0xc3, 0, 0xbc, 0, 0]]);
        assert_eq!(bmp("🔑")[0], [0xd8, 0x3d, 0xdd, 0x11, 0, 0], "surrogates, as OpenSSL has them");
    }

    #[test]
    fn a_budget_is_for_all_parts_together() {
        let mut budget = Budget::of_a_file();
        assert_eq!(budget.spend(1_200_000), Ok(1_200_000));
        assert_eq!(budget.spend(800_001), Err(Refusal::TooManyIterations));
        assert_eq!(budget.spend(800_000), Ok(800_000));
        assert_eq!(budget.spend(u64::MAX), Err(Refusal::TooManyIterations));
    }
}
