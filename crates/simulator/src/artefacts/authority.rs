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
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData,
};
use time::OffsetDateTime;

use super::certificate::{self, Branch, CertificateKind};
use super::cms_envelope::{self, Signer};
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

type Issuer = CertifiedIssuer<'static, &'static KeyPair>;

/// The simulated certificate authority.
pub(crate) struct Authority {
    root: Issuer,
    developer_relations: Issuer,
    developer_id: Issuer,
    profile_signer_der: Vec<u8>,
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
        let profile_signer = signer_params(now)?.signed_by(&keys.profile_signer, &developer_relations)?;
        Ok(Self {
            profile_signer_der: profile_signer.der().to_vec(),
            root,
            developer_relations,
            developer_id,
            keys,
        })
    }

    /// Root and intermediates as PEM: what a user gives to Russet as the trust root for this simulator.
    pub(crate) fn bundle_pem(&self) -> String {
        [&self.root, &self.developer_relations, &self.developer_id]
            .map(|issuer| issuer.pem())
            .concat()
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
        let signer = self.profile_signer();
        let property_list = profile::property_list(order, &signer)?;
        cms_envelope::sign(&property_list, &signer, order.created)
    }

    fn issue_for(&self, public_key: &impl PublicKeyData, order: &CertificateOrder) -> Result<IssuedCertificate, ArtefactError> {
        let kind = CertificateKind::of(&order.certificate_type)?;
        let issuer = match kind.branch {
            Branch::DeveloperRelations => &self.developer_relations,
            Branch::DeveloperId => &self.developer_id,
        };
        let der = certificate::params(kind, order)?.signed_by(public_key, issuer)?.der().to_vec();
        Ok(IssuedCertificate {
            der,
            serial_hex: certificate::serial_hex(&order.serial),
            common_name: kind.common_name(order),
            not_after: order.not_after,
        })
    }

    fn profile_signer(&self) -> Signer<'_> {
        Signer {
            key: &self.keys.profile_signer,
            certificate_der: &self.profile_signer_der,
            chain_der: [self.developer_relations.der(), self.root.der()],
        }
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
    developer_relations: KeyPair,
    developer_id: KeyPair,
    profile_signer: KeyPair,
    seeds: KeyPair,
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
        let [developer_relations, profile_signer, seeds] = [(); 3].map(|()| thread::spawn(|| KeyPair::generate_for(&PKCS_RSA_SHA256)));
        let finished = |thread: thread::JoinHandle<Result<KeyPair, rcgen::Error>>| {
            thread.join().map_err(|_| ArtefactError::KeyPair)?.map_err(ArtefactError::from)
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
