//! What was found in a team's files: private keys, certificates and profiles, whatever they lay in, and which of them belong
//! together. The public keys say so, never names.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::folder::FileKind;
use crate::certificate::Certificate;
use crate::chain::TrustRoot;
use crate::p12::{self, Identity, P12Error};
use crate::private_key::{self, KeyFileError};
use crate::profile::Profile;
use crate::rsa_key::RsaKeyPair;

/// What is not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The file it lay in, within what was read.
    pub file: String,
    /// What was found, why it does not fit, what to do.
    pub why: String,
}

/// Everything out of the files, unsorted.
#[derive(Default)]
pub struct Findings {
    keys: Vec<(String, RsaKeyPair)>,
    certificates: Vec<(String, Certificate)>,
    /// The profiles.
    pub profiles: Vec<FoundProfile>,
    /// What could not be read.
    pub left_out: Vec<LeftOut>,
}

/// A certificate, with its private key where that was found.
pub struct FoundCertificate {
    /// The file it lay in, within what was read.
    pub file: String,
    /// The certificate.
    pub certificate: Certificate,
    /// Whether its private key is among the files.
    pub has_key: bool,
    /// PEM of both, or of the certificate alone. Wiped on drop.
    pub pem: Zeroizing<String>,
}

/// A profile, as its file is.
pub struct FoundProfile {
    /// The file it lay in, within what was read.
    pub file: String,
    /// What it says; who signed it was not judged.
    pub profile: Profile,
    /// The file as it is.
    pub bytes: Vec<u8>,
}

impl Findings {
    /// Reads one file. What cannot be read is left out with the reason, and the others go on.
    pub fn read(&mut self, file: &str, kind: FileKind, bytes: &[u8], password: &str) {
        let read = match kind {
            FileKind::P12 => self.bundle(file, bytes, password),
            FileKind::PrivateKey => self.pem(file, bytes, password),
            FileKind::Certificate => self.certificate(file, bytes),
            // Who signed it, its taker judges, who knows whom to trust.
            FileKind::Profile => Profile::read(bytes, &TrustRoot::default())
                .map(|profile| {
                    self.profiles.push(FoundProfile {
                        file: file.to_owned(),
                        profile,
                        bytes: bytes.to_vec(),
                    });
                })
                .map_err(|cause| cause.to_string()),
            FileKind::ApiKey => {
                Err("This is an App Store Connect API key. Add it under API keys, or with `russet keys add --file`.".to_owned())
            }
        };
        if let Err(why) = read {
            self.leave_out(file, why);
        }
    }

    /// Notes that a file is not taken, and why.
    pub fn leave_out(&mut self, file: &str, why: impl Into<String>) {
        self.left_out.push(LeftOut {
            file: file.to_owned(),
            why: why.into(),
        });
    }

    /// A `.p12`; in a match store often a PEM key with that ending.
    fn bundle(&mut self, file: &str, bytes: &[u8], password: &str) -> Result<(), String> {
        let bundle = match p12::open(bytes, password) {
            Ok(bundle) => bundle,
            Err(P12Error::NotAP12) => match private_key::read(bytes, Some(password)) {
                Err(KeyFileError::NotAPrivateKey) => return Err(P12Error::NotAP12.to_string()),
                _ => return self.pem(file, bytes, password),
            },
            Err(cause) => return Err(cause.to_string()),
        };
        if bundle.other_keys > 0 {
            self.leave_out(
                file,
                format!(
                    "{} of its private keys are not RSA of 2048 bits or more, which Apple's certificates have.",
                    bundle.other_keys
                ),
            );
        }
        for identity in bundle.identities {
            self.keys.push((file.to_owned(), identity.key));
            self.certificates.push((file.to_owned(), identity.certificate));
            self.certificates
                .extend(identity.others.into_iter().map(|other| (file.to_owned(), other)));
        }
        self.keys
            .extend(bundle.lone_keys.into_iter().map(|lone| (file.to_owned(), lone.key)));
        self.certificates
            .extend(bundle.certificates.into_iter().map(|other| (file.to_owned(), other)));
        Ok(())
    }

    /// PEM: a private key, a certificate, or both.
    fn pem(&mut self, file: &str, bytes: &[u8], password: &str) -> Result<(), String> {
        let has_certificate = self.certificate(file, bytes).is_ok();
        match private_key::read(bytes, Some(password)) {
            Ok(key) => self.keys.push((file.to_owned(), key)),
            Err(KeyFileError::NotAPrivateKey) if has_certificate => {}
            Err(cause) => return Err(cause.to_string()),
        }
        Ok(())
    }

    fn certificate(&mut self, file: &str, bytes: &[u8]) -> Result<(), String> {
        let certificate = Certificate::read(bytes).map_err(|cause| cause.to_string())?;
        self.certificates.push((file.to_owned(), certificate));
        Ok(())
    }

    /// Each certificate once, with its key where one of the files has it. Authorities are passed over: Russet finds those
    /// that stand above a certificate by itself. A key whose certificate is not here is left out.
    pub fn certificates(&mut self) -> Vec<FoundCertificate> {
        let (mut found, mut seen, mut used) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (file, certificate) in std::mem::take(&mut self.certificates) {
            if certificate.info().is_ca || !seen.insert(certificate.info().sha256_fingerprint.clone()) {
                continue;
            }
            let fingerprint = &certificate.info().public_key_fingerprint;
            let key = self.keys.iter().find(|(_, key)| key.public_key_fingerprint() == *fingerprint);
            used.extend(key.map(|_| fingerprint.clone()));
            let pem = key.map_or_else(
                || Zeroizing::new(certificate.pem()),
                |(_, key)| {
                    p12::pem_bundle(&Identity {
                        key,
                        certificate: &certificate,
                        chain: &[],
                        friendly_name: "",
                    })
                },
            );
            found.push(FoundCertificate {
                file,
                has_key: key.is_some(),
                pem,
                certificate,
            });
        }
        for (file, key) in std::mem::take(&mut self.keys) {
            if !used.contains(&key.public_key_fingerprint()) {
                self.leave_out(&file, "A private key whose certificate is not among these files.");
            }
        }
        found
    }
}
