//! Why a file is not an App Store Connect key, each cause with its own next step.

use super::MAX_BYTES;
use crate::Explanation;
use crate::explanation::explained;

/// Why bytes were refused as an App Store Connect key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum P8Error {
    /// Nothing, or nothing but blanks.
    Empty,
    /// Above the 16 KB limit for key files.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// An RSA private key.
    RsaKey,
    /// An EC private key that is not on P-256.
    OtherCurve {
        /// Name of the curve, as in "P-384".
        curve: &'static str,
    },
    /// A private key of another algorithm (Ed25519, an OpenSSH key, …).
    OtherKey,
    /// An X.509 certificate, as in a `.cer`.
    Certificate,
    /// A certificate signing request.
    CertificateRequest,
    /// A PKCS#12 bundle, as in a `.p12`.
    Pkcs12,
    /// A CMS message, as in a provisioning profile.
    SignedMessage,
    /// A public key.
    PublicKey,
    /// A private key under a password.
    Encrypted,
    /// The beginning of a key, with its end missing.
    Truncated,
    /// Bytes that are neither text nor any known format.
    Binary,
    /// Text that holds no key.
    NotAKey,
    /// Several PEM blocks in one file.
    Several {
        /// How many.
        blocks: usize,
    },
    /// The outside is that of a P-256 key, the numbers inside do not make one.
    Damaged,
}

const EXPECTED: &str = "An App Store Connect key is an EC P-256 private key in a file named AuthKey_<Key ID>.p8.";
const CHOOSE: &str = "Choose the .p8 file that App Store Connect offered for download when the key was made.";
const ONCE: &str = "Apple lets a key be downloaded only once: if the original file is lost, make a new key in App Store Connect.";

impl P8Error {
    /// A stable name for programs, as in `rsa_key`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::RsaKey => "rsa_key",
            Self::OtherCurve { .. } => "other_curve",
            Self::OtherKey => "other_key",
            Self::Certificate => "certificate",
            Self::CertificateRequest => "certificate_request",
            Self::Pkcs12 => "pkcs12",
            Self::SignedMessage => "signed_message",
            Self::PublicKey => "public_key",
            Self::Encrypted => "encrypted",
            Self::Truncated => "truncated",
            Self::Binary => "binary",
            Self::NotAKey => "not_a_key",
            Self::Several { .. } => "several",
            Self::Damaged => "damaged",
        }
    }

    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Empty => Explanation::new("The file is empty.", EXPECTED, ONCE),
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("A key file has about 250; the limit is {MAX_BYTES} bytes."),
                CHOOSE,
            ),
            Self::RsaKey => Explanation::new(
                "This is an RSA private key.",
                EXPECTED,
                format!("RSA keys belong to signing certificates. {CHOOSE}"),
            ),
            Self::OtherCurve { curve } => Explanation::new(
                format!("This is an EC private key on {curve}."),
                "Apple's tokens are signed with P-256 (ES256) only.",
                CHOOSE,
            ),
            Self::OtherKey => Explanation::new("This is a private key of another kind.", EXPECTED, CHOOSE),
            Self::Certificate => Explanation::new(
                "This is a certificate (.cer), not a key.",
                EXPECTED,
                format!("Certificates are added under Certificates. {CHOOSE}"),
            ),
            Self::CertificateRequest => Explanation::new("This is a certificate signing request, not a key.", EXPECTED, CHOOSE),
            Self::Pkcs12 => Explanation::new(
                "This is a .p12 bundle of a signing certificate.",
                EXPECTED,
                format!("Signing certificates are added under Certificates. {CHOOSE}"),
            ),
            Self::SignedMessage => Explanation::new(
                "This is a signed message, such as a provisioning profile.",
                EXPECTED,
                format!("Profiles are added under Profiles. {CHOOSE}"),
            ),
            Self::PublicKey => Explanation::new(
                "This is a public key.",
                "Tokens are signed with the private key, which cannot be computed from the public one.",
                CHOOSE,
            ),
            Self::Encrypted => Explanation::new(
                "This is a private key under a password.",
                "Apple's key files have no password, so this one was converted.",
                format!("{CHOOSE} Or take the password off with `openssl pkcs8 -in FILE -out AuthKey.p8`."),
            ),
            Self::Truncated => Explanation::new(
                "The key ends too early.",
                "Its last part is missing, so it cannot be used.",
                format!("Copy the file again, whole, from BEGIN to END. {ONCE}"),
            ),
            Self::Binary => Explanation::new("The file holds binary data of no known key format.", EXPECTED, CHOOSE),
            Self::NotAKey => Explanation::new("The text holds no private key.", EXPECTED, CHOOSE),
            Self::Several { blocks } => Explanation::new(
                format!("The file holds {blocks} PEM blocks."),
                "Which of them is meant cannot be told.",
                "Add each key on its own, in its own file.",
            ),
            Self::Damaged => Explanation::new(
                "The file looks like a P-256 key, but its contents are damaged.",
                "The numbers inside do not belong together.",
                format!("Copy the file again. {ONCE}"),
            ),
        }
    }
}

explained!(P8Error);
