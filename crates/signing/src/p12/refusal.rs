//! Why a bundle was not written or not read, each cause with its own next step.

use super::{MAX_BYTES, MAX_CERTIFICATES, MAX_ITERATIONS, MAX_KEYS};
use crate::Explanation;
use crate::explanation::explained;
use crate::pbe::Refusal;

/// Why a bundle was not written or not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum P12Error {
    /// The private key is not the one of the certificate.
    KeyDoesNotMatch,
    /// The password holds control characters, or characters outside the Basic Multilingual Plane.
    PasswordCharacters,
    /// The bundle could not be encoded.
    WritingFailed,
    /// Above 1 MB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// Not PKCS#12, or damaged.
    NotAP12,
    /// More password iterations than are worth computing.
    TooManyIterations,
    /// More keys or certificates than any real bundle has.
    TooManyEntries,
    /// The password does not open it.
    WrongPassword,
    /// An encryption or MAC that is not read (scrypt, Camellia, a signature instead of a password, …).
    UnsupportedEncryption,
    /// No private key inside.
    NoPrivateKey,
    /// Several private keys inside.
    SeveralPrivateKeys,
    /// The private key is not RSA.
    NotAnRsaKey,
    /// No certificate inside belongs to the private key.
    NoMatchingCertificate,
}

impl P12Error {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const EXPORT: &str = "Export the certificate together with its private key from Keychain Access again.";
        match self {
            Self::KeyDoesNotMatch => Explanation::new(
                "The private key is not the one of this certificate.",
                "A bundle of the two could sign nothing.",
                "Use the certificate that was made from this key.",
            ),
            Self::PasswordCharacters => Explanation::new(
                "The password holds control characters or emoji.",
                "The .p12 format or the programs that read it cannot carry them.",
                "Choose letters, digits, punctuation and spaces.",
            ),
            Self::WritingFailed => Explanation::new(
                "The .p12 could not be written.",
                "The certificate or the key could not be encoded.",
                "Export as PEM instead, and report this.",
            ),
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("A .p12 has about 3,000; the limit is {MAX_BYTES} bytes."),
                EXPORT,
            ),
            Self::NotAP12 => Explanation::new("This is not a .p12, or it is damaged.", "Expected is PKCS#12.", EXPORT),
            Self::TooManyIterations => Explanation::new(
                "The .p12 asks for too many password iterations.",
                format!("The limit for all of its parts together is {MAX_ITERATIONS}; usual are 2,000 to 600,000 each."),
                EXPORT,
            ),
            Self::TooManyEntries => Explanation::new(
                "The .p12 holds too many keys or certificates.",
                format!("The limits are {MAX_KEYS} private keys and {MAX_CERTIFICATES} certificates."),
                "Export the certificates that are meant, a few at a time.",
            ),
            Self::WrongPassword => Explanation::new(
                "The password does not open the .p12.",
                "Its integrity check failed, or what came out is no key and no certificate.",
                "Enter the password that was set when it was exported.",
            ),
            Self::UnsupportedEncryption => Explanation::new(
                "The .p12 is encrypted in a way that is not read.",
                "Read are RC2, RC4, triple-DES and AES (PBES2 with PBKDF2), with a MAC over a password or none.",
                EXPORT,
            ),
            Self::NoPrivateKey => Explanation::new("The .p12 holds no private key.", "A certificate alone cannot sign.", EXPORT),
            Self::SeveralPrivateKeys => Explanation::new(
                "The .p12 holds several private keys.",
                "Which of them is meant cannot be told.",
                "Export one certificate with its key at a time.",
            ),
            Self::NotAnRsaKey => Explanation::new(
                "The private key in the .p12 is not an RSA key.",
                "Apple's signing certificates have RSA keys.",
                EXPORT,
            ),
            Self::NoMatchingCertificate => Explanation::new(
                "No certificate in the .p12 belongs to its private key.",
                "A key alone cannot sign.",
                EXPORT,
            ),
        }
    }
}

explained!(P12Error);

impl From<Refusal> for P12Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unsupported => Self::UnsupportedEncryption,
            Refusal::TooManyIterations => Self::TooManyIterations,
            Refusal::Malformed => Self::NotAP12,
            Refusal::WrongPassword => Self::WrongPassword,
        }
    }
}
