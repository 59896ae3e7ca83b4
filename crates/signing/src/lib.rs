//! The file formats of code signing: bytes in, meaning out, and back.
//!
//! | module | reads | writes |
//! |---|---|---|
//! | [`p8`] | App Store Connect keys (`AuthKey_….p8`) | the same, for the simulator and stand-in keys |
//! | [`rsa_key`] | PKCS#8 of a signing key | fresh RSA 2048 pairs |
//! | [`csr`] | certificate signing requests | the same |
//! | [`certificate`], [`chain`] | X.509 certificates, bundles of trusted ones | PEM |
//! | [`p12`] | `.p12` bundles | `.p12` in two forms, PEM bundles |
//! | [`cms_signed`] | signed messages, with their signatures checked | signed messages |
//! | [`profile`] | provisioning profiles | – |
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
mod explanation;
pub mod p12;
pub mod p8;
pub mod profile;
pub mod rsa_key;

pub use explanation::Explanation;

/// SHA-256 of a DER `SubjectPublicKeyInfo`, in lower hex: the one name that a public key has in this crate.
pub(crate) fn fingerprint_of_spki(spki_der: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, spki_der))
}
