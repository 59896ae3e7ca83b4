//! What the authority makes, judged by tools that know nothing of Russet: OpenSSL, Java's keytool, Python's plistlib.

use std::path::Path;
use std::process::{Command, Stdio};

use rcgen::PublicKeyData as _;
use x509_parser::prelude::FromDer as _;

use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn order(certificate_type: &str) -> CertificateOrder {
    CertificateOrder {
        certificate_type: certificate_type.to_owned(),
        team_id: "RUSSET1234".to_owned(),
        team_name: "Müller & Söhne GmbH".to_owned(),
        person: "Ada Example".to_owned(),
        certificate_id: "CERT567890".to_owned(),
        not_before: now(),
        not_after: "2036-03-01T12:00:00Z".parse().unwrap(),
        serial: [0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    }
}

fn profile_order(profile_type: &str, authority: &Authority) -> ProfileOrder {
    let capability = |name: &str| (name.to_owned(), serde_json::Value::Null);
    ProfileOrder {
        name: "Orchard & <Store>".to_owned(),
        uuid: "0a1b2c3d-0000-4000-8000-000000000001".to_owned(),
        profile_type: profile_type.to_owned(),
        app_id_name: "Orchard".to_owned(),
        team_id: "RUSSET1234".to_owned(),
        team_name: "Müller & Söhne GmbH".to_owned(),
        seed_id: "SEED123456".to_owned(),
        bundle_identifier: "com.example.orchard".to_owned(),
        capabilities: vec![
            capability("PUSH_NOTIFICATIONS"),
            capability("APP_GROUPS"),
            capability("IN_APP_PURCHASE"),
        ],
        certificates_der: vec![authority.issue_own(&order("DISTRIBUTION")).unwrap().der],
        device_udids: vec!["00008030-001A2B3C4D5E6F70".to_owned()],
        created: "2026-03-01T12:00:00.250Z".parse().unwrap(),
        expires: "2027-03-01T12:00:00Z".parse().unwrap(),
    }
}

/// Runs a judge in `directory` and gives its standard output; `None` where it is not installed, which is a failure in
/// continuous integration.
fn judge(directory: &Path, program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = match Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
    {
        Ok(output) => output,
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: {program} cannot judge here: {error}");
            return None;
        }
        Err(error) => panic!("{program} must be there in continuous integration: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {said}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    Some(output.stdout)
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

#[test]
fn a_certificate_for_a_request_carries_its_key_and_the_subject_of_its_kind() {
    let authority = Authority::new(now()).unwrap();
    let key = RsaKeyPair::generate().unwrap();
    let request = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let csr = authority.check_csr(&request).unwrap();
    let issued = authority.issue(&csr, &order("DISTRIBUTION")).unwrap();
    assert_eq!(issued.common_name, "Apple Distribution: Müller & Söhne GmbH (RUSSET1234)");
    assert_eq!(issued.serial_hex, "7F0102030405060708090A0B0C0D0E0F");

    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(&issued.der).unwrap();
    assert_eq!(certificate.public_key().subject_public_key.data.as_ref(), key.der_bytes());
    assert_eq!(
        certificate.subject().to_string(),
        "uid=RUSSET1234, CN=Apple Distribution: Müller & Söhne GmbH (RUSSET1234), \
         OU=RUSSET1234, O=Müller & Söhne GmbH, C=US"
    );
    assert_eq!(
        certificate.raw_serial_as_string().to_uppercase().replace(':', ""),
        issued.serial_hex
    );
    assert!(certificate.issuer().to_string().contains("Russet Simulator, not Apple"));
    assert!(!certificate.issuer().to_string().contains("O=Apple"));
}

#[test]
fn each_kind_carries_its_markers_and_a_name_of_its_pattern() {
    let authority = Authority::new(now()).unwrap();
    let expected = [
        (
            "DEVELOPMENT",
            "Apple Development: Ada Example (CERT567890)",
            vec!["6.1.2", "6.1.12"],
        ),
        (
            "DISTRIBUTION",
            "Apple Distribution: Müller & Söhne GmbH (RUSSET1234)",
            vec!["6.1.4", "6.1.7"],
        ),
        ("IOS_DEVELOPMENT", "iPhone Developer: Ada Example (CERT567890)", vec!["6.1.2"]),
        (
            "MAC_INSTALLER_DISTRIBUTION",
            "3rd Party Mac Developer Installer: Müller & Söhne GmbH (RUSSET1234)",
            vec!["6.1.8"],
        ),
        (
            "DEVELOPER_ID_APPLICATION_G2",
            "Developer ID Application: Müller & Söhne GmbH (RUSSET1234)",
            vec!["6.1.13"],
        ),
    ];
    for (certificate_type, common_name, markers) in expected {
        let issued = authority.issue_own(&order(certificate_type)).unwrap();
        assert_eq!(issued.common_name, common_name);
        let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(&issued.der).unwrap();
        let found = certificate
            .extensions()
            .iter()
            .filter_map(|extension| extension.oid.to_id_string().strip_prefix("1.2.840.113635.100.").map(str::to_owned))
            .collect::<Vec<_>>();
        assert_eq!(found, markers, "{certificate_type}");
    }
    let unknown = authority.issue_own(&order("PASS_TYPE_ID")).unwrap_err();
    assert!(unknown.to_string().contains("PASS_TYPE_ID"));
}

#[test]
fn openssl_and_keytool_accept_the_chain_of_both_branches() {
    let authority = Authority::new(now()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bundle.pem"), authority.bundle_pem()).unwrap();
    for certificate_type in ["DISTRIBUTION", "DEVELOPMENT", "DEVELOPER_ID_APPLICATION"] {
        let issued = authority.issue_own(&order(certificate_type)).unwrap();
        std::fs::write(directory.path().join("leaf.pem"), pem(&issued.der)).unwrap();
        judge(
            directory.path(),
            "openssl",
            &[
                "verify",
                "-attime",
                "1772500000",
                "-CAfile",
                "bundle.pem",
                "-x509_strict",
                "leaf.pem",
            ],
        );
    }
    let printed = judge(directory.path(), "openssl", &["x509", "-in", "leaf.pem", "-noout", "-text"]);
    if let Some(text) = printed.map(|text| String::from_utf8(text).unwrap()) {
        for part in [
            "X509v3 Key Usage: critical\n                Digital Signature\n",
            "X509v3 Extended Key Usage: critical\n                Code Signing\n",
            "Policy: 1.2.840.113635.100.5.1",
            "X509v3 Subject Key Identifier",
            "X509v3 Authority Key Identifier",
            "CA:FALSE",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}

#[test]
fn keytool_takes_the_certificate_as_the_reply_to_its_own_request() {
    let authority = Authority::new(now()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let keytool = |verb: &str, alias: &str, further: &[&str]| {
        let store = ["-keystore", "store.p12", "-storepass", "changeit"];
        let arguments = [&[verb, "-alias", alias], &store[..], further].concat();
        judge(directory.path(), "keytool", &arguments)
    };
    let generate = ["-keyalg", "RSA", "-keysize", "2048", "-dname", "CN=Grace Example"];
    if keytool("-genkeypair", "mine", &generate).is_none() {
        return;
    }
    for (number, issuer) in authority.bundle_pem().split_inclusive("-----END CERTIFICATE-----\n").enumerate() {
        std::fs::write(directory.path().join("issuer.pem"), issuer).unwrap();
        keytool("-importcert", &format!("issuer-{number}"), &["-noprompt", "-file", "issuer.pem"]);
    }
    let request = String::from_utf8(keytool("-certreq", "mine", &[]).unwrap()).unwrap();
    let csr = authority.check_csr(&request).unwrap();
    let issued = authority.issue(&csr, &order("DISTRIBUTION")).unwrap();
    std::fs::write(directory.path().join("reply.pem"), pem(&issued.der)).unwrap();
    // A reply is refused unless the chain from it to a trusted certificate verifies.
    keytool("-importcert", "mine", &["-file", "reply.pem"]);
    let listed = String::from_utf8(keytool("-list", "mine", &["-v"]).unwrap()).unwrap();
    assert!(listed.contains("Certificate chain length: 3"), "{listed}");
}

#[test]
fn openssl_opens_the_profile_and_python_reads_its_property_list() {
    let authority = Authority::new(now()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bundle.pem"), authority.bundle_pem()).unwrap();
    let cases = [
        ("IOS_APP_STORE", "None|None|production|False|True"),
        ("IOS_APP_DEVELOPMENT", "['00008030-001A2B3C4D5E6F70']|None|development|True|None"),
        ("IOS_APP_INHOUSE", "None|True|production|False|None"),
        ("TVOS_APP_ADHOC", "['00008030-001A2B3C4D5E6F70']|None|production|False|None"),
    ];
    for (profile_type, expected) in cases {
        let profile = authority.profile(&profile_order(profile_type, &authority)).unwrap();
        std::fs::write(directory.path().join("a.mobileprovision"), profile).unwrap();
        let opened = judge(
            directory.path(),
            "openssl",
            &[
                "cms",
                "-verify",
                "-attime",
                "1772500000",
                "-inform",
                "DER",
                "-in",
                "a.mobileprovision",
                "-CAfile",
                "bundle.pem",
                "-out",
                "a.plist",
            ],
        );
        if opened.is_none() {
            return;
        }
        let script = "import plistlib; p=plistlib.load(open('a.plist','rb')); e=p['Entitlements']; \
             assert e['application-identifier']=='SEED123456.com.example.orchard', e; \
             assert e['com.apple.security.application-groups']==[], e; \
             assert e['com.apple.developer.team-identifier']=='RUSSET1234', e; \
             assert p['TimeToLive']==365 and p['Version']==1 and p['TeamIdentifier']==['RUSSET1234'], p; \
             assert p['Name']=='Orchard & <Store>' and p['CreationDate'].year==2026, p; \
             assert len(p['DeveloperCertificates'])==1 and p['ApplicationIdentifierPrefix']==['SEED123456'], p; \
             open('inner.der','wb').write(p['DER-Encoded-Profile']); \
             print(p.get('ProvisionedDevices'), p.get('ProvisionsAllDevices'), e['aps-environment'], \
             e['get-task-allow'], e.get('beta-reports-active'), sep='|')";
        let Some(read) = judge(directory.path(), "python3", &["-c", script]) else {
            return;
        };
        assert_eq!(String::from_utf8(read).unwrap().trim(), expected, "{profile_type}");
        judge(
            directory.path(),
            "openssl",
            &[
                "cms",
                "-verify",
                "-attime",
                "1772500000",
                "-inform",
                "DER",
                "-in",
                "inner.der",
                "-CAfile",
                "bundle.pem",
                "-out",
                "inner.content",
            ],
        );
        judge(
            directory.path(),
            "openssl",
            &["asn1parse", "-inform", "DER", "-in", "inner.content"],
        );
    }
}

#[test]
fn a_profile_changed_by_one_byte_no_longer_verifies() {
    let authority = Authority::new(now()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bundle.pem"), authority.bundle_pem()).unwrap();
    let mut profile = authority.profile(&profile_order("IOS_APP_STORE", &authority)).unwrap();
    let name = profile.windows(7).position(|window| window == b"Orchard").unwrap();
    profile[name] = b'0';
    std::fs::write(directory.path().join("a.mobileprovision"), profile).unwrap();
    let verdict = Command::new("openssl")
        .args([
            "cms",
            "-verify",
            "-attime",
            "1772500000",
            "-inform",
            "DER",
            "-in",
            "a.mobileprovision",
        ])
        .args(["-CAfile", "bundle.pem", "-out", "a.plist"])
        .current_dir(directory.path())
        .output();
    if let Ok(verdict) = verdict {
        assert!(!verdict.status.success());
    }
}

#[test]
fn mac_profiles_use_the_mac_names_of_entitlements() {
    let authority = Authority::new(now()).unwrap();
    let order = profile_order("MAC_APP_DIRECT", &authority);
    let xml = profile::property_list(&order, &authority.profile_signer).unwrap();
    let profile = plist::Value::from_reader_xml(&xml[..]).unwrap();
    let profile = profile.as_dictionary().unwrap();
    let entitlements = profile["Entitlements"].as_dictionary().unwrap();
    assert!(entitlements.contains_key("com.apple.application-identifier"));
    assert!(entitlements.contains_key("com.apple.developer.aps-environment"));
    assert!(!entitlements.contains_key("get-task-allow"));
    assert_eq!(profile["ProvisionsAllDevices"], plist::Value::Boolean(true));
}

#[test]
fn an_unknown_profile_type_is_named_in_the_error() {
    let authority = Authority::new(now()).unwrap();
    for unknown in ["IOS_APP_DIRECT", "WATCH_APP_STORE", "IOS"] {
        let error = authority.profile(&profile_order(unknown, &authority)).unwrap_err();
        assert!(error.to_string().contains(unknown), "{error}");
    }
}

#[test]
fn our_own_reader_believes_the_profile_where_this_authority_is_trusted_and_nowhere_else() {
    use signing::chain::TrustRoot;
    use signing::cms_signed::{self, SignedBy};

    let authority = Authority::new(now()).unwrap();
    let profile = authority.profile(&profile_order("IOS_APP_STORE", &authority)).unwrap();
    let message = cms_signed::read(&profile).unwrap();
    let this = TrustRoot::read(authority.bundle_pem().as_bytes()).unwrap();
    assert_eq!(message.signed_by(&this), SignedBy::Trusted);
    assert_eq!(message.signed_by(&TrustRoot::none()), SignedBy::UnverifiedRoot);
}
