//! What the tests of this crate share: a small chain of certificates, and the judges.
#![expect(dead_code, reason = "each test binary uses its own part of this")]
#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

pub(crate) mod der;
#[path = "../../../testkit/src/ipa.rs"]
#[expect(
    unreachable_pub,
    reason = "the builder of apps, which belongs to the kit for whole-system tests and needs none of it"
)]
pub(crate) mod ipa;
pub(crate) mod judges;
pub(crate) mod raw_zip;

use std::sync::OnceLock;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, date_time_ymd,
};
use signing::certificate::{Certificate, CertificateKind};
use signing::chain::TrustRoot;
use signing::rsa_key::RsaKeyPair;

pub(crate) const TEAM: &str = "A1B2C3D4E5";

/// A root, an intermediate and two leaves, made once per test binary.
pub(crate) struct House {
    pub(crate) root: Certificate,
    pub(crate) intermediate: Certificate,
    /// "Apple Distribution: Müller & Søn (A1B2C3D4E5)" with its markers.
    pub(crate) leaf: Certificate,
    pub(crate) leaf_key: RsaKeyPair,
    /// Signs profiles; carries no developer's marker.
    pub(crate) signer: Certificate,
    pub(crate) signer_key: RsaKeyPair,
}

impl House {
    pub(crate) fn trust(&self) -> TrustRoot {
        TrustRoot::from_certificates(vec![self.root.clone(), self.intermediate.clone()]).unwrap()
    }

    pub(crate) fn chain(&self) -> Vec<Certificate> {
        vec![self.intermediate.clone(), self.root.clone()]
    }
}

pub(crate) fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(build)
}

/// A fixed instant inside every test certificate's validity.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(crate) fn name(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), *value);
    }
    name
}

/// A CA named `common_name`, issued by itself.
pub(crate) fn root(common_name: &str) -> CertifiedIssuer<'static, RsaKeyPair> {
    CertifiedIssuer::self_signed(ca(common_name), RsaKeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn read(certificate: &rcgen::Certificate) -> Certificate {
    Certificate::from_der(certificate.der()).unwrap()
}

pub(crate) fn ca(common_name: &str) -> CertificateParams {
    let mut params = params(&[(DnType::OrganizationName, "Test, not Apple"), (DnType::CommonName, common_name)]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(crate) fn params(subject: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(subject);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

pub(crate) fn mark(params: &mut CertificateParams, kind: CertificateKind) {
    for marker in kind.markers() {
        let oid: Vec<u64> = marker.split('.').map(|part| part.parse().unwrap()).collect();
        params
            .custom_extensions
            .push(CustomExtension::from_oid_content(&oid, vec![0x05, 0x00]));
    }
}

fn build() -> House {
    let root = root("Test Root");
    let mut wwdr = ca("Test WWDR");
    mark(&mut wwdr, CertificateKind::WwdrIntermediate);
    let intermediate = CertifiedIssuer::signed_by(wwdr, RsaKeyPair::generate().unwrap(), &root).unwrap();
    let leaf_key = RsaKeyPair::generate().unwrap();
    let mut leaf = params(&[
        (DnType::from_oid(&[0, 9, 2342, 19_200_300, 100, 1, 1]), TEAM),
        (DnType::CommonName, "Apple Distribution: Müller & Søn (A1B2C3D4E5)"),
        (DnType::OrganizationalUnitName, TEAM),
        (DnType::OrganizationName, "Müller & Søn"),
        (DnType::CountryName, "DK"),
    ]);
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    mark(&mut leaf, CertificateKind::Distribution);
    let leaf = leaf.signed_by(&leaf_key, &intermediate).unwrap();
    let signer_key = RsaKeyPair::generate().unwrap();
    let mut signer = params(&[(DnType::CommonName, "Test Provisioning Profile Signing")]);
    signer.is_ca = IsCa::ExplicitNoCa;
    signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let signer = signer.signed_by(&signer_key, &intermediate).unwrap();
    House {
        root: read(root.as_ref()),
        intermediate: read(intermediate.as_ref()),
        leaf: read(&leaf),
        leaf_key,
        signer: read(&signer),
        signer_key,
    }
}
