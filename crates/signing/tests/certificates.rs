//! Key pairs, requests, certificates and the way up to a trusted one.

mod support;

use signing::certificate::{Certificate, CertificateError, CertificateKind};
use signing::chain::{Trust, TrustRoot, TrustRootError, chain};
use signing::csr::{self, CsrError, CsrInfo, KeyAlgorithm};
use signing::rsa_key::{RsaKeyError, RsaKeyPair};
use support::{House, TEAM, house, read, root};

#[test]
fn a_leaf_tells_its_team_kind_and_validity() {
    let House {
        leaf,
        leaf_key,
        intermediate,
        ..
    } = house();
    let info = leaf.info();
    assert_eq!(info.common_name.as_deref(), Some("Apple Distribution: Müller & Søn (A1B2C3D4E5)"));
    assert_eq!(info.organization.as_deref(), Some("Müller & Søn"));
    assert_eq!(info.team_id.as_deref(), Some(TEAM));
    assert_eq!(info.user_id.as_deref(), Some(TEAM));
    assert_eq!(info.country.as_deref(), Some("DK"));
    assert_eq!(info.issuer_cn.as_deref(), Some("Test WWDR"));
    assert_eq!(info.kind, CertificateKind::Distribution);
    assert_eq!(info.not_before.to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(info.not_after.to_string(), "2036-01-01T00:00:00Z");
    assert_eq!(info.public_key_fingerprint, leaf_key.public_key_fingerprint());
    assert_eq!(info.authority_key_id, intermediate.info().subject_key_id);
    assert!(!info.is_ca);
    assert!(info.serial_hex.len() >= 2 && info.serial_hex.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F')));
}

#[test]
fn the_team_is_never_read_from_the_common_name() {
    let mut params = support::params(&[
        (rcgen::DnType::CommonName, "Apple Development: Somebody (Z9Y8X7W6V5)"),
        (rcgen::DnType::OrganizationalUnitName, "Some Department"),
    ]);
    support::mark(&mut params, CertificateKind::Development);
    let info = read(&params.self_signed(&house().leaf_key).unwrap()).info().clone();
    assert_eq!(info.team_id, None);
    assert_eq!(info.kind, CertificateKind::Development);
}

#[test]
fn every_kind_is_told_by_its_own_markers() {
    use CertificateKind as Kind;
    for kind in [
        Kind::Development,
        Kind::IosDevelopment,
        Kind::MacDevelopment,
        Kind::Distribution,
        Kind::IosDistribution,
        Kind::MacAppDistribution,
        Kind::MacInstallerDistribution,
        Kind::DeveloperIdApplication,
        Kind::WwdrIntermediate,
        Kind::DeveloperIdIntermediate,
        Kind::Other,
    ] {
        let mut params = support::params(&[(rcgen::DnType::CommonName, "Apple Distribution: says nothing")]);
        support::mark(&mut params, kind);
        assert_eq!(read(&params.self_signed(&house().leaf_key).unwrap()).info().kind, kind);
    }
}

#[test]
fn a_certificate_is_read_from_der_pem_and_base64() {
    use base64::Engine;
    let leaf = &house().leaf;
    let base64 = base64::engine::general_purpose::STANDARD.encode(leaf.der());
    for form in [leaf.der(), leaf.pem().as_bytes(), base64.as_bytes()] {
        assert_eq!(Certificate::read(form).unwrap(), *leaf);
    }
    assert_eq!(Certificate::read(b"hello").unwrap_err(), CertificateError::NotACertificate);
    assert_eq!(
        Certificate::from_der(&leaf.der()[..leaf.der().len() - 1]).unwrap_err(),
        CertificateError::NotACertificate
    );
    assert_eq!(
        Certificate::from_der(&vec![0x30; 70_000]).unwrap_err(),
        CertificateError::TooLarge { bytes: 70_000 }
    );
}

#[test]
fn the_chain_leads_to_the_trusted_root() {
    let house = house();
    let found = chain(&house.leaf, &[], &house.trust());
    assert_eq!(found.trust, Trust::Verified);
    assert_eq!(found.intermediates, std::slice::from_ref(&house.intermediate));
    assert_eq!(found.root.as_ref(), Some(&house.root));
}

#[test]
fn candidates_help_to_find_the_way_but_are_not_trusted() {
    let house = house();
    let only_root = TrustRoot::from_certificates(vec![house.root.clone()]).unwrap();
    assert_eq!(chain(&house.leaf, &house.chain(), &only_root).trust, Trust::Verified);
    assert_eq!(chain(&house.leaf, &[], &only_root).trust, Trust::Unverified);
    let without_trust = chain(&house.leaf, &house.chain(), &TrustRoot::none());
    assert_eq!(without_trust.trust, Trust::Unverified);
    assert_eq!(without_trust.intermediates, std::slice::from_ref(&house.intermediate));
    assert_eq!(without_trust.root.as_ref(), Some(&house.root));
}

#[test]
fn a_ca_of_the_same_name_with_another_key_is_not_the_issuer() {
    let house = house();
    let impostor = read(root("Test WWDR").as_ref());
    assert!(!house.leaf.is_issued_by(&impostor));
    let fake_root = TrustRoot::from_certificates(vec![read(root("Test Root").as_ref())]).unwrap();
    assert_eq!(chain(&house.leaf, &house.chain(), &fake_root).trust, Trust::Unverified);
}

#[test]
fn a_leaf_cannot_issue() {
    let house = house();
    let issuer = rcgen::Issuer::from_ca_cert_der(&house.leaf.der().to_vec().into(), &house.leaf_key).unwrap();
    let forged = support::params(&[(rcgen::DnType::CommonName, "Forged")])
        .signed_by(&house.signer_key, &issuer)
        .unwrap();
    let forged = read(&forged);
    assert!(!forged.is_issued_by(&house.leaf));
    let candidates = [house.leaf.clone(), house.intermediate.clone()];
    assert_eq!(chain(&forged, &candidates, &house.trust()).trust, Trust::Unverified);
}

#[test]
fn a_trust_bundle_holds_certificate_authorities_only() {
    let house = house();
    let bundle = house.root.pem() + &house.intermediate.pem();
    assert_eq!(TrustRoot::read(bundle.as_bytes()).unwrap().certificates().len(), 2);
    assert_eq!(TrustRoot::read(house.root.der()).unwrap().certificates().len(), 1);
    let with_leaf = house.root.pem() + &house.leaf.pem();
    assert_eq!(
        TrustRoot::read(with_leaf.as_bytes()).unwrap_err(),
        TrustRootError::NotACa { position: 2 }
    );
    assert_eq!(TrustRoot::read(b"").unwrap_err(), TrustRootError::Empty);
    let commented = [b"# Gr\xfc\xdfe\n", bundle.as_bytes()].concat();
    assert_eq!(
        TrustRoot::read(&commented).unwrap().certificates().len(),
        2,
        "whatever text stands between"
    );
    let cut = &bundle.as_bytes()[..bundle.len() - 40];
    assert_eq!(TrustRoot::read(cut).unwrap_err(), TrustRootError::Damaged);
    let with_key = house.root.pem() + &house.leaf_key.pkcs8_pem();
    assert_eq!(
        TrustRoot::read(with_key.as_bytes()).unwrap_err(),
        TrustRootError::NotACertificate { position: 2 }
    );
}

#[test]
fn a_request_carries_its_subject_and_key_and_a_good_signature() {
    let key = &house().leaf_key;
    let request = csr::create(key, "Anna Ångström", "anna@example.com", "se").unwrap();
    let base64_body: String = request.pem.lines().filter(|line| !line.starts_with('-')).collect();
    for form in [request.pem.as_bytes(), request.der.as_slice(), base64_body.as_bytes()] {
        let info = CsrInfo::read(form).unwrap();
        assert_eq!(info.common_name.as_deref(), Some("Anna Ångström"));
        assert_eq!(info.email.as_deref(), Some("anna@example.com"));
        assert_eq!(info.country.as_deref(), Some("SE"));
        assert_eq!(info.key, KeyAlgorithm::Rsa { bits: 2048 });
        assert!(info.signature_valid);
        assert_eq!(info.public_key_fingerprint, key.public_key_fingerprint());
        assert_eq!(info.spki_der, key.public_spki_der());
    }
}

#[test]
fn a_request_that_was_changed_has_a_bad_signature() {
    let mut der = csr::create(&house().leaf_key, "Anna", "", "").unwrap().der;
    let at = der.windows(4).position(|window| window == b"Anna").unwrap();
    der[at] = b'B';
    let info = CsrInfo::read(&der).unwrap();
    assert_eq!(info.common_name.as_deref(), Some("Bnna"));
    assert!(!info.signature_valid);
}

#[test]
fn requests_refuse_what_the_format_cannot_carry() {
    let key = &house().leaf_key;
    assert_eq!(csr::create(key, "x", "änna@example.com", "").unwrap_err(), CsrError::EmailNotAscii);
    assert_eq!(csr::create(key, "x", "", "Sweden").unwrap_err(), CsrError::Country);
    assert_eq!(csr::create(key, "x", "", "1!").unwrap_err(), CsrError::Country);
    assert_eq!(CsrInfo::read(house().leaf.der()).unwrap_err(), CsrError::NotACsr);
    assert_eq!(CsrInfo::read(&[b'A'; 20_000]).unwrap_err(), CsrError::TooLarge { bytes: 20_000 });
}

#[test]
fn key_pairs_survive_storage_and_show_nothing() {
    let key = &house().leaf_key;
    let again = RsaKeyPair::from_pkcs8_der(key.pkcs8_der()).unwrap();
    assert_eq!(again.public_key_fingerprint(), key.public_key_fingerprint());
    assert_eq!(again.bits(), 2048);
    assert_eq!(format!("{again:?}"), "RsaKeyPair(…)");
    assert_eq!(RsaKeyPair::from_pkcs8_der(b"junk").unwrap_err(), RsaKeyError::NotAnRsaKey);
    let ec = signing::p8::EcPrivateKey::generate().unwrap();
    assert_eq!(RsaKeyPair::from_pkcs8_der(ec.pkcs8_der()).unwrap_err(), RsaKeyError::NotAnRsaKey);
}

#[test]
fn a_certificate_completes_only_the_key_that_it_was_issued_for() {
    use signing::pairing::{PairingError, check};
    let house = house();
    let request = signing::csr::create(&house.leaf_key, "Anna", "anna@example.com", "SE").unwrap();
    let request = signing::csr::CsrInfo::read(request.pem.as_bytes()).unwrap();
    assert!(request.signature_valid);
    assert_eq!(check(&house.leaf, &request.public_key_fingerprint), Ok(()));
    assert_eq!(check(&house.leaf, &house.leaf_key.public_key_fingerprint()), Ok(()));
    assert_eq!(check(&house.signer, &request.public_key_fingerprint), Err(PairingError::OtherKey));
    assert_eq!(
        check(&house.intermediate, &request.public_key_fingerprint),
        Err(PairingError::Authority)
    );
}
