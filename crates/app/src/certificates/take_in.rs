//! Taking in a certificate that was made elsewhere, and joining it with its private key.
//!
//! Whatever way it comes, by a file or from the account, the same happens: a private key that is here already is found by
//! the public key; one that comes along is sealed, once; and a certificate that is here already stays as it is, but for
//! what it lacked. So taking the same in twice, in whatever order its parts arrive, ends alike.
//!
//! The surprising thing: a private key that arrives joins every certificate here that was made for it, not only the one
//! it came with.

use super::SigningKeyPlace;
use crate::{App, Caller, Problem, acting::fresh};
use domain::{
    ApiKeyId, CertificateId, CertificateType, Event, HeldCertificate, ItemName, ItemOrigin, Permit, SecretId, name::NAME_CHARACTERS,
};
use jiff::Timestamp;
use signing::{
    certificate::{Certificate, CertificateInfo, CertificateKind},
    rsa_key::RsaKeyPair,
};
use store::Tx;

/// What came of taking a certificate in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new here.
    New,
    /// It was here, and what it lacked has joined it: its private key, or Apple's id.
    Joined,
    /// It was here already, whole.
    Held,
}

impl Taken {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Joined => "joined",
            Self::Held => "held",
        }
    }
}

/// A certificate that was taken in.
#[derive(Debug, Clone)]
pub struct TakenIn {
    /// As it is held now.
    pub certificate: HeldCertificate,
    /// What came of it.
    pub how: Taken,
    /// What to know: expired, no private key here, none of Apple's kinds.
    pub warnings: Vec<String>,
}

impl TakenIn {
    pub(super) fn new(certificate: HeldCertificate, how: Taken, now: Timestamp) -> Self {
        Self {
            warnings: warnings(&certificate, now),
            certificate,
            how,
        }
    }
}

/// A certificate on its way in.
pub(crate) struct Incoming<'a> {
    pub(crate) parsed: &'a Certificate,
    pub(crate) origin: ItemOrigin,
    /// What Apple says of it, where it came from the account.
    pub(crate) at_apple: Option<AtApple>,
    /// The private key that came along.
    pub(crate) private_key: Option<&'a RsaKeyPair>,
}

/// Where a certificate stands in the account.
pub(crate) struct AtApple {
    pub(crate) key: ApiKeyId,
    pub(crate) id: String,
    pub(crate) certificate_type: CertificateType,
}

impl<'a> Incoming<'a> {
    /// One that came as a file.
    pub(crate) fn uploaded(parsed: &'a Certificate, private_key: Option<&'a RsaKeyPair>) -> Self {
        Self {
            parsed,
            origin: ItemOrigin::Uploaded,
            at_apple: None,
            private_key,
        }
    }
}

impl App {
    /// Takes a certificate in, in the transaction of whoever asks, with a record of it.
    pub(crate) async fn take_in(&self, tx: &mut Tx, caller: &Caller, permit: &Permit, incoming: Incoming<'_>) -> Result<TakenIn, Problem> {
        let info = incoming.parsed.info();
        let mut private_key = tx.lock_private_key(permit, &info.public_key_fingerprint).await?;
        if private_key.is_none()
            && let Some(pair) = incoming.private_key
        {
            private_key = Some(self.seal_signing_key(tx, permit, pair).await?);
        }
        let joined = match private_key {
            Some(secret) => {
                self.join_signing_key(tx, caller, permit, &info.public_key_fingerprint, secret)
                    .await?
            }
            None => Vec::new(),
        };
        let held = tx.certificate_by_sha1(permit, &info.sha1_fingerprint.to_uppercase()).await?;
        let (certificate, how) = match held {
            Some(mut held) => {
                let found = incoming.at_apple.filter(|_| held.apple_id.is_none());
                let how = if found.is_some() || joined.contains(&held.id) {
                    Taken::Joined
                } else {
                    Taken::Held
                };
                if let Some(at_apple) = found {
                    tx.set_apple_id(permit, held.id, &at_apple.id, at_apple.key).await?;
                    (held.apple_id, held.api_key) = (Some(at_apple.id), Some(at_apple.key));
                }
                (held, how)
            }
            None => {
                let new = self.described(permit, incoming, private_key);
                tx.insert_certificate(permit, &new).await?;
                let event = Event::CertificateTakenIn {
                    certificate: new.id,
                    name: new.name.clone(),
                    serial: new.serial.clone(),
                    origin: new.origin,
                    key_held: new.private_key.is_some(),
                };
                self.record_done(tx, caller, permit.organization(), event).await?;
                (new, Taken::New)
            }
        };
        Ok(TakenIn::new(certificate, how, self.now()))
    }

    /// Seals a private key that is new here.
    pub(crate) async fn seal_signing_key(&self, tx: &mut Tx, permit: &Permit, pair: &RsaKeyPair) -> Result<SecretId, Problem> {
        let secret = fresh!(self, SecretId);
        let place = SigningKeyPlace::of(permit.organization(), secret);
        let ring = tx.ring(permit).await?;
        let sealed = self.inner.vault.seal(&ring, &place.place(), pair.pkcs8_der())?;
        tx.put_secret(permit, &place.place(), &sealed).await?;
        Ok(secret)
    }

    /// Gives a private key to every certificate here that was made for it and lacks it; answers which.
    pub(crate) async fn join_signing_key(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        permit: &Permit,
        fingerprint: &str,
        secret: SecretId,
    ) -> Result<Vec<CertificateId>, Problem> {
        let known = tx.certificates_known_by(permit, &[fingerprint.to_owned()]).await?;
        let mut joined = Vec::new();
        for lacking in known.into_iter().filter(|known| !known.key_held) {
            tx.join_private_key(permit, lacking.id, secret).await?;
            let event = Event::CertificateKeyJoined {
                certificate: lacking.id,
                name: tx.certificate(permit, lacking.id).await?.name,
            };
            self.record_done(tx, caller, permit.organization(), event).await?;
            joined.push(lacking.id);
        }
        Ok(joined)
    }

    /// A certificate as it will be held.
    fn described(&self, permit: &Permit, incoming: Incoming<'_>, private_key: Option<SecretId>) -> HeldCertificate {
        let info = incoming.parsed.info();
        let (api_key, apple_id, certificate_type) = match incoming.at_apple {
            Some(at_apple) => (Some(at_apple.key), Some(at_apple.id), at_apple.certificate_type),
            None => (None, None, type_of(info.kind)),
        };
        HeldCertificate {
            id: fresh!(self, CertificateId),
            organization: permit.organization(),
            api_key,
            apple_id,
            name: called(info, &certificate_type),
            certificate_type,
            serial: info.serial_hex.clone(),
            public_key_fingerprint: info.public_key_fingerprint.clone(),
            sha1: info.sha1_fingerprint.to_uppercase(),
            team_id: info.team_id.as_ref().and_then(|team| team.parse().ok()),
            der: incoming.parsed.der().to_vec(),
            expires_at: info.not_after,
            origin: incoming.origin,
            private_key,
            added_at: self.now(),
            revoked_at: None,
        }
    }
}

/// Apple's word for a kind. Apple's marks tell several Developer ID and pass types apart less well than its API does.
fn type_of(kind: CertificateKind) -> CertificateType {
    CertificateType::of_apple(match kind {
        CertificateKind::Development => "DEVELOPMENT",
        CertificateKind::IosDevelopment => "IOS_DEVELOPMENT",
        CertificateKind::MacDevelopment => "MAC_APP_DEVELOPMENT",
        CertificateKind::Distribution => "DISTRIBUTION",
        CertificateKind::IosDistribution => "IOS_DISTRIBUTION",
        CertificateKind::MacAppDistribution => "MAC_APP_DISTRIBUTION",
        CertificateKind::MacInstallerDistribution => "MAC_INSTALLER_DISTRIBUTION",
        CertificateKind::DeveloperIdApplication => "DEVELOPER_ID_APPLICATION",
        _ => CertificateType::UNKNOWN,
    })
}

/// What to call it: its common name, as far as that can be a name. Anybody can write anything there.
fn called(info: &CertificateInfo, certificate_type: &CertificateType) -> String {
    let common_name: Option<String> = info.common_name.as_ref().map(|name| name.chars().take(NAME_CHARACTERS).collect());
    let name = common_name.and_then(|name| name.parse::<ItemName>().ok());
    name.map_or_else(|| certificate_type.title(), |name| name.to_string())
}

fn warnings(held: &HeldCertificate, now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    if held.expires_at <= now {
        warnings.push(format!(
            "It expired on {}: nothing new can be signed with it.",
            held.expires_at.strftime("%-d %b %Y")
        ));
    }
    if held.private_key.is_none() {
        warnings.push(
            "Its private key is not here, so nothing can be signed with it. Upload the .p12 from the machine it was made on, and the key joins it."
                .to_owned(),
        );
    }
    if held.certificate_type.as_str() == CertificateType::UNKNOWN {
        warnings.push("It carries none of the marks by which Apple's signing certificates are known.".to_owned());
    }
    warnings
}
