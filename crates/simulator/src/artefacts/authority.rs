//! The chain: one root, two intermediates, one profile signer, and their keys.
//!
//! Keys are made once per process and shared by all simulators in it, because an RSA key costs about 100 ms; the
//! certificates are made per authority, because they depend on its clock. What ends up in exported files or signs
//! profiles (the Developer Relations intermediate, the profile signer, the leaves) is RSA as at Apple, since some
//! readers know nothing else; the root and the Developer ID intermediate are P-256, which costs nothing.
//!
//! No private key made here ever leaves the process.

use std::sync::OnceLock;
use std::thread;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType, DnValue, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use signing::certificate::Certificate;
use signing::cms_signed;
use signing::rsa_key::{RsaKeyError, RsaKeyPair};
use time::OffsetDateTime;

use super::certificate::{self, Branch, CertificateKind};
use super::{ArtefactError, CertificateOrder, CheckedCsr, CsrRefusal, IssuedCertificate, ProfileOrder, csr, profile};

/// The organization that every issuer of the simulator carries, so that nobody takes it for Apple.
const ORGANIZATION: &str = "Russet Simulator, not Apple";
/// Marker of Apple's Worldwide Developer Relations intermediates (facts L).
const DEVELOPER_RELATIONS_MARKER: [u64; 8] = [1, 2, 840, 113_635, 100, 6, 2, 1];
/// Marker of Apple's Developer ID intermediate (facts L).
const DEVELOPER_ID_MARKER: [u64; 8] = [1, 2, 840, 113_635, 100, 6, 2, 6];
/// The chain is valid from five years before the simulator's start, so that it can hold certificates long expired,
const YEARS_BEFORE: i64 = 5;
/// until twenty years after, so that a clock moved forward does not outlive it.
const YEARS_AFTER: i64 = 20;
const SECONDS_PER_YEAR: i64 = 31_557_600;

type Issuer<Key> = CertifiedIssuer<'static, &'static Key>;

/// The simulated certificate authority.
pub(crate) struct Authority {
    root: Issuer<KeyPair>,
    developer_relations: Issuer<RsaKeyPair>,
    developer_id: Issuer<KeyPair>,
    profile_signer: ProfileSigner,
    keys: &'static Keys,
}

impl Authority {
    /// Makes a chain whose validity spans `now`. The first call of a process makes the keys (about 0.2 s); later ones
    /// take milliseconds.
    pub(crate) fn new(now: Timestamp) -> Result<Self, ArtefactError> {
        let keys = Keys::of_this_process()?;
        let root = CertifiedIssuer::self_signed(ca_params("Root CA", None, now)?, &keys.root)?;
        let developer_relations = CertifiedIssuer::signed_by(
            ca_params("Developer Relations CA", Some(&DEVELOPER_RELATIONS_MARKER), now)?,
            &keys.developer_relations,
            &root,
        )?;
        let developer_id = CertifiedIssuer::signed_by(
            ca_params("Developer ID CA", Some(&DEVELOPER_ID_MARKER), now)?,
            &keys.developer_id,
            &root,
        )?;
        let signer_certificate = signer_params(now)?.signed_by(&keys.profile_signer, &developer_relations)?;
        let profile_signer = ProfileSigner {
            key: &keys.profile_signer,
            certificate: Certificate::from_der(signer_certificate.der())?,
            chain: [
                Certificate::from_der(developer_relations.der())?,
                Certificate::from_der(root.der())?,
            ],
        };
        Ok(Self {
            profile_signer,
            root,
            developer_relations,
            developer_id,
            keys,
        })
    }

    /// Root and intermediates as PEM: what a user gives to Russet as the trust root for this simulator.
    pub(crate) fn bundle_pem(&self) -> String {
        [self.root.pem(), self.developer_relations.pem(), self.developer_id.pem()].concat()
    }

    /// Checks a certificate signing request as a client sends it: PEM, or its bare base64 body (facts E1).
    pub(crate) fn check_csr(&self, csr_content: &str) -> Result<CheckedCsr, CsrRefusal> {
        csr::check(csr_content)
    }

    /// Signs a checked request into a certificate.
    pub(crate) fn issue(&self, csr: &CheckedCsr, order: &CertificateOrder) -> Result<IssuedCertificate, ArtefactError> {
        self.issue_for(&csr.public_key, order)
    }

    /// Makes a certificate of which nobody outside holds the private key, for seeded teams. All of them share one key
    /// pair, which dies with the process.
    pub(crate) fn issue_own(&self, order: &CertificateOrder) -> Result<IssuedCertificate, ArtefactError> {
        self.issue_for(&self.keys.seeds, order)
    }

    /// Makes a provisioning profile: CMS signed data over its property list, DER.
    pub(crate) fn profile(&self, order: &ProfileOrder) -> Result<Vec<u8>, ArtefactError> {
        let property_list = profile::property_list(order, &self.profile_signer)?;
        self.profile_signer.sign(&property_list, order.created)
    }

    fn issue_for(&self, public_key: &impl PublicKeyData, order: &CertificateOrder) -> Result<IssuedCertificate, ArtefactError> {
        let kind = CertificateKind::of(&order.certificate_type)?;
        let params = certificate::params(kind, order)?;
        let certificate = match kind.branch {
            Branch::DeveloperRelations => params.signed_by(public_key, &self.developer_relations)?,
            Branch::DeveloperId => params.signed_by(public_key, &self.developer_id)?,
        };
        Ok(IssuedCertificate {
            der: certificate.der().to_vec(),
            serial_hex: certificate::serial_hex(&order.serial),
            common_name: kind.common_name(order),
            not_after: order.not_after,
        })
    }
}

/// Signs profiles, and the DER form of a profile inside of them.
pub(super) struct ProfileSigner {
    key: &'static RsaKeyPair,
    certificate: Certificate,
    /// The issuers up to the root, which travel along as in real profiles.
    chain: [Certificate; 2],
}

impl ProfileSigner {
    /// Wraps the content into CMS signed data, DER.
    pub(super) fn sign(&self, content: &[u8], at: Timestamp) -> Result<Vec<u8>, ArtefactError> {
        Ok(cms_signed::sign(content, self.key, &self.certificate, &self.chain, at)?)
    }
}

/// The instant as the certificate library writes it; fractions of a second do not exist there.
pub(super) fn certificate_date(at: Timestamp) -> Result<OffsetDateTime, ArtefactError> {
    OffsetDateTime::from_unix_timestamp(at.as_second()).map_err(|_| ArtefactError::Date(at))
}

fn ca_params(name: &str, marker: Option<&[u64]>, now: Timestamp) -> Result<CertificateParams, ArtefactError> {
    let mut params = chain_params(name, now)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.custom_extensions = marker
        .map(certificate::marker_extension)
        .into_iter()
        .collect::<Vec<CustomExtension>>();
    Ok(params)
}

fn signer_params(now: Timestamp) -> Result<CertificateParams, ArtefactError> {
    let mut params = chain_params("Provisioning Profile Signing", now)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn chain_params(name: &str, now: Timestamp) -> Result<CertificateParams, ArtefactError> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, format!("{ORGANIZATION}: {name}"));
    subject.push(DnType::OrganizationName, ORGANIZATION);
    subject.push(DnType::CountryName, DnValue::PrintableString("US".try_into()?));
    let shifted = |years: i64| {
        Timestamp::from_second(now.as_second() + years * SECONDS_PER_YEAR)
            .map_err(|_| ArtefactError::Date(now))
            .and_then(certificate_date)
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = shifted(-YEARS_BEFORE)?;
    params.not_after = shifted(YEARS_AFTER)?;
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// The key pairs of every authority in this process.
struct Keys {
    root: KeyPair,
    developer_relations: RsaKeyPair,
    developer_id: KeyPair,
    profile_signer: RsaKeyPair,
    seeds: RsaKeyPair,
}

impl Keys {
    fn of_this_process() -> Result<&'static Self, ArtefactError> {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        if let Some(keys) = KEYS.get() {
            return Ok(keys);
        }
        let made = Self::generate()?;
        Ok(KEYS.get_or_init(|| made))
    }

    fn generate() -> Result<Self, ArtefactError> {
        let [developer_relations, profile_signer, seeds] = [(); 3].map(|()| thread::spawn(RsaKeyPair::generate));
        let finished = |thread: thread::JoinHandle<Result<RsaKeyPair, RsaKeyError>>| match thread.join() {
            Ok(Ok(key)) => Ok(key),
            Ok(Err(_)) | Err(_) => Err(ArtefactError::KeyPair),
        };
        Ok(Self {
            root: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            developer_id: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            developer_relations: finished(developer_relations)?,
            profile_signer: finished(profile_signer)?,
            seeds: finished(seeds)?,
        })
    }
}

#[cfg(test)]
mod tests;
