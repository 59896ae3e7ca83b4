//! The MAC of a bundle: of old over the PKCS#12 derivation, since RFC 9579 over PBKDF2 (PBMAC1).

use aws_lc_rs::{hmac as aws, pbkdf2};
use der::asn1::ObjectIdentifier;
use hmac::{Hmac, KeyInit, Mac};
use pkcs5::pbes2::{Kdf, Pbkdf2Prf};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::Digest;
use sha1::digest::block_api::EagerHash;
use zeroize::Zeroizing;

use super::P12Error;
use crate::asn1::{Element, INTEGER, OCTET_STRING};
use crate::pbe::{self, Budget, Password};

const MD5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.5");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const SHA_512_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.5");
const SHA_512_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.6");

const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");
const HMAC_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
const HMAC_SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.8");
const HMAC_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const HMAC_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
const HMAC_SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
/// Longer keys bring nothing and cost a stranger's number of derivations.
const MAX_PBMAC1_KEY: u16 = 64;

/// Checks the MAC in `mac_data` over `content`; a MAC that does not fit is [`P12Error::WrongPassword`].
pub(super) fn verify(mac_data: &Element<'_>, content: &[u8], password: &Password, budget: &mut Budget) -> Result<(), P12Error> {
    let parts = mac_data.leading(3);
    let [digest_info, salt, count @ ..] = parts.as_slice() else {
        return Err(P12Error::NotAP12);
    };
    let info = digest_info.leading(2);
    let [algorithm, expected] = info.as_slice() else {
        return Err(P12Error::NotAP12);
    };
    let named = algorithm.leading(2);
    let scheme = named.first().and_then(pbe::oid).ok_or(P12Error::NotAP12)?;
    if salt.tag != OCTET_STRING || expected.tag != OCTET_STRING {
        return Err(P12Error::NotAP12);
    }
    if scheme == PBMAC1 {
        let parameters = named.get(1).ok_or(P12Error::NotAP12)?;
        return by_pbmac1(parameters, expected.content, content, password, budget);
    }
    let iterations = match count {
        [count] if count.tag == INTEGER => count.unsigned().ok_or(P12Error::NotAP12)?,
        _ => 1,
    };
    let claim = Claim {
        salt: salt.content,
        rounds: i32::try_from(budget.spend(iterations)?).map_err(|_| P12Error::TooManyIterations)?,
        expected: expected.content,
    };
    let fits = match scheme {
        MD5 => claim.holds::<md5::Md5>(password, content),
        SHA_1 => claim.holds::<sha1::Sha1>(password, content),
        SHA_224 => claim.holds::<sha2::Sha224>(password, content),
        SHA_256 => claim.holds::<sha2::Sha256>(password, content),
        SHA_384 => claim.holds::<sha2::Sha384>(password, content),
        SHA_512 => claim.holds::<sha2::Sha512>(password, content),
        SHA_512_224 => claim.holds::<sha2::Sha512_224>(password, content),
        SHA_512_256 => claim.holds::<sha2::Sha512_256>(password, content),
        _ => return Err(P12Error::UnsupportedEncryption),
    };
    if fits { Ok(()) } else { Err(P12Error::WrongPassword) }
}

/// What the file says its MAC is.
struct Claim<'a> {
    salt: &'a [u8],
    rounds: i32,
    expected: &'a [u8],
}

impl Claim<'_> {
    fn holds<D>(&self, password: &Password, content: &[u8]) -> bool
    where
        D: Digest + EagerHash + sha1::digest::FixedOutputReset + sha1::digest::block_api::BlockSizeUser,
        Hmac<D>: KeyInit + Mac,
    {
        let length = <D as Digest>::output_size();
        let key = Zeroizing::new(derive_key::<D>(&password.bmp, self.salt, Pkcs12KeyType::Mac, self.rounds, length));
        let Ok(mut mac) = <Hmac<D> as KeyInit>::new_from_slice(&key) else {
            return false;
        };
        mac.update(content);
        mac.verify_slice(self.expected).is_ok()
    }
}

/// `PBMAC1-params`: SEQUENCE { PBKDF2 with its parameters, HMAC }. Salt and count of the old kind mean nothing then.
fn by_pbmac1(parameters: &Element<'_>, expected: &[u8], content: &[u8], password: &Password, budget: &mut Budget) -> Result<(), P12Error> {
    let parts = parameters.leading(2);
    let [derivation, scheme] = parts.as_slice() else {
        return Err(P12Error::NotAP12);
    };
    let derivation: Result<Kdf, _> = der::Decode::from_der(derivation.raw);
    let Ok(Kdf::Pbkdf2(derivation)) = derivation else {
        return Err(P12Error::UnsupportedEncryption);
    };
    let prf = match derivation.prf {
        Pbkdf2Prf::HmacWithSha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Pbkdf2Prf::HmacWithSha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Pbkdf2Prf::HmacWithSha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Pbkdf2Prf::HmacWithSha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(P12Error::UnsupportedEncryption),
    };
    let mac = match scheme.leading(1).first().and_then(pbe::oid) {
        Some(HMAC_SHA_1) => aws::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Some(HMAC_SHA_224) => aws::HMAC_SHA224,
        Some(HMAC_SHA_256) => aws::HMAC_SHA256,
        Some(HMAC_SHA_384) => aws::HMAC_SHA384,
        Some(HMAC_SHA_512) => aws::HMAC_SHA512,
        _ => return Err(P12Error::UnsupportedEncryption),
    };
    let length = derivation
        .key_length
        .filter(|length| (1..=MAX_PBMAC1_KEY).contains(length))
        .ok_or(P12Error::UnsupportedEncryption)?;
    let count = budget.spend(derivation.iteration_count.into())?;
    let count = std::num::NonZeroU32::new(count).ok_or(P12Error::NotAP12)?;
    let mut key = Zeroizing::new(vec![0; length.into()]);
    pbkdf2::derive(prf, count, derivation.salt.as_bytes(), &password.utf8, &mut key);
    aws::verify(&aws::Key::new(mac, &key), content, expected).map_err(|_| P12Error::WrongPassword)
}
