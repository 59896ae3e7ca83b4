//! The file formats of code signing: bytes in, meaning out, and back.
//!
//! | module | reads | writes |
//! |---|---|---|
//! | [`p8`] | App Store Connect keys (`AuthKey_….p8`) | the same, for the simulator and stand-in keys |
//! | [`rsa_key`] | PKCS#8 of a signing key | fresh RSA 2048 pairs |
//! | [`private_key`] | private key files: PKCS#1, PKCS#8, PEM, encrypted | – |
//! | [`csr`] | certificate signing requests | the same |
//! | [`certificate`], [`chain`] | X.509 certificates, bundles of trusted ones | PEM |
//! | [`pairing`] | which certificate belongs to which key or request | – |
//! | [`p12`] | `.p12` bundles of every age | `.p12` in two forms, PEM bundles |
//! | [`cms_signed`] | signed messages, with their signatures checked | signed messages |
//! | [`profile`] | provisioning profiles: contents, method, what a wildcard covers | – |
//! | [`enrollment`] | a device's signed answer | enrollment profiles (`.mobileconfig`) |
//! | [`export_options`] | – | what `xcodebuild` is told about signing (`ExportOptions.plist`) |
//! | [`udid`], [`device_file`] | device identifiers, lists of devices as Apple's site takes them | – |
//! | [`ipa`] | apps (`.ipa`): what is inside, and why Apple would refuse it | – |
//! | [`import`] | stores of fastlane match, EAS `credentials.json`, fastlane's API key files | – |
//!
//! Everything here is pure: no network, no clock, no files, no tenants, no async. Time is a parameter; the one
//! ambient thing is the random source behind new key pairs and `.p12` salts, which the crypto libraries hold themselves.
//!
//! Every reader is meant for bytes that a stranger wrote: it has a size limit, never panics, and refuses with an
//! [`Explanation`]. No refusal and no `Debug` ever repeats a byte of the input.
//!
//! The surprising thing: a public key is always named by the SHA-256 of its DER `SubjectPublicKeyInfo`, the same for
//! an API key, a key pair, a CSR and a certificate. That is how a certificate is recognized as *ours* after a lost answer.

mod asn1;
pub mod certificate;
pub mod chain;
pub mod cms_signed;
pub mod csr;
pub mod device_file;
pub mod enrollment;
mod explanation;
pub mod export_options;
pub mod import;
pub mod ipa;
pub mod p12;
pub mod p8;
pub mod pairing;
mod pbe;
pub mod private_key;
pub mod profile;
pub mod property_list;
pub mod rsa_key;
pub mod udid;

pub use explanation::Explanation;

/// SHA-256 of a DER `SubjectPublicKeyInfo`, in lower hex: the one name that a public key has in this crate.
pub(crate) fn fingerprint_of_spki(spki_der: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, spki_der))
}
