//! Enrollment profiles, and the signed answers of devices, which OpenSSL makes here in their place.

#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use std::fs;

use rcgen::{CertifiedIssuer, DnType};
use signing::certificate::Certificate;
use signing::chain::TrustRoot;
use signing::cms_signed::{self, CmsError, SignedBy};
use signing::enrollment::{
    self, AnswerError, DeviceAttribute, Enrollment, MAX_ANSWER_BYTES, NotHttps, ProfileSigner, Sender, SignerError, read_answer,
};
use signing::p8::EcPrivateKey;
use signing::private_key::KeyFileError;
use signing::property_list::PropertyListError;
use signing::rsa_key::RsaKeyPair;
use signing::udid::UdidError;
use support::judges::Judge;
use support::{house, now};

const EXAMPLE: Enrollment<'static> = Enrollment {
    answer_url: "https://russet.example.com/d/answer?a=1&b=<2>",
    challenge: "one-time & secret",
    attributes: &DeviceAttribute::NEEDED,
    organization: "Müller & Søn",
    display_name: "Register this device",
    description: "Sends the identifier of this device to Müller & Søn.",
    identifier: "com.example.russet.enrollment",
    uuid: "3B9A2C1D-1111-4222-8333-444455556666",
};

#[test]
fn a_profile_asks_for_the_attributes_and_names_the_challenge() {
    let xml = enrollment::profile(&EXAMPLE).unwrap();
    let entries = plist::Value::from_reader_xml(xml.as_slice()).unwrap().into_dictionary().unwrap();
    let text = |key: &str| entries.get(key).unwrap().as_string().unwrap();
    assert_eq!(text("PayloadType"), "Profile Service");
    assert_eq!(text("PayloadOrganization"), EXAMPLE.organization);
    assert_eq!(text("PayloadIdentifier"), EXAMPLE.identifier);
    assert_eq!(text("PayloadUUID"), EXAMPLE.uuid);
    assert_eq!(entries.get("PayloadVersion").unwrap().as_signed_integer(), Some(1));
    let content = entries.get("PayloadContent").unwrap().as_dictionary().unwrap();
    assert_eq!(content.get("URL").unwrap().as_string(), Some(EXAMPLE.answer_url));
    assert_eq!(content.get("Challenge").unwrap().as_string(), Some(EXAMPLE.challenge));
    let wanted: Vec<_> = content.get("DeviceAttributes").unwrap().as_array().unwrap().iter().collect();
    assert_eq!(wanted, ["UDID", "PRODUCT", "VERSION"].map(plist::Value::from).each_ref());
}

#[test]
fn an_address_in_the_clear_is_refused() {
    for answer_url in [
        "http://russet.example.com/",
        "//russet.example.com",
        "",
        "HTTP://x",
        "http://localhost.example.com/",
        "http://localhost@example.com/",
        "http://127.0.0.1:80@example.com/",
        "http://127.0.0.1.example.com",
    ] {
        let refused = enrollment::profile(&Enrollment { answer_url, ..EXAMPLE });
        assert_eq!(refused.unwrap_err(), NotHttps, "{answer_url}");
    }
    for answer_url in ["http://localhost:7400/device/x", "http://127.0.0.1/", "http://[::1]:80"] {
        assert!(enrollment::profile(&Enrollment { answer_url, ..EXAMPLE }).is_ok(), "{answer_url}");
    }
}

/// An operator's own certificate on P-256, as public authorities issue for web servers.
fn operator() -> (EcPrivateKey, Certificate) {
    let key = EcPrivateKey::generate().unwrap();
    let pair = rcgen::KeyPair::try_from(key.pkcs8_der()).unwrap();
    let params = support::params(&[(DnType::CommonName, "russet.example.com")]);
    let certificate = support::read(&params.self_signed(&pair).unwrap());
    (key, certificate)
}

#[test]
fn openssl_verifies_signed_profiles_with_either_kind_of_key() {
    let (key, certificate) = operator();
    let house = house();
    let xml = enrollment::profile(&EXAMPLE).unwrap();
    let chain = house.signer.pem() + &house.intermediate.pem() + &house.root.pem();
    let by_p256 = ProfileSigner::read(certificate.pem().as_bytes(), key.pkcs8_pem().as_bytes(), None).unwrap();
    let by_rsa = ProfileSigner::read(chain.as_bytes(), house.signer_key.pkcs8_pem().as_bytes(), None).unwrap();
    assert_eq!(by_p256.certificate().info().common_name.as_deref(), Some("russet.example.com"));
    let signed = [by_p256, by_rsa].map(|signer| signer.sign(&xml, now()).unwrap());
    for der in &signed {
        let message = cms_signed::read(der).unwrap();
        assert_eq!(message.content, xml);
        assert!(message.signer.is_some());
    }
    let message = cms_signed::read(&signed[1]).unwrap();
    assert_eq!(message.signed_by(&house.trust()), SignedBy::Trusted);
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("roots.pem", (certificate.pem() + &house.root.pem()).as_bytes());
    for der in &signed {
        put("signed", der);
        let command = "cms -verify -inform DER -in signed -CAfile roots.pem -purpose any -out content";
        openssl.run(folder.path(), &command.split(' ').collect::<Vec<_>>()).agreed();
        assert_eq!(fs::read(folder.path().join("content")).unwrap(), xml);
    }
}

#[test]
fn files_that_make_no_signer_are_named() {
    let (key, certificate) = operator();
    let house = house();
    let of = |certificates: &str, key: &str| ProfileSigner::read(certificates.as_bytes(), key.as_bytes(), None).unwrap_err();
    let (own, pem) = (key.pkcs8_pem(), certificate.pem());
    assert_eq!(of("", &own), SignerError::Certificates);
    assert_eq!(of(&own, &own), SignerError::Certificates);
    assert_eq!(of(&" ".repeat(300_000), &own), SignerError::Certificates);
    assert_eq!(of(&pem, &house.leaf_key.pkcs8_pem()), SignerError::OtherKey);
    assert_eq!(
        of(&(house.signer.pem() + &pem), &own),
        SignerError::OtherKey,
        "the signer's comes first"
    );
    assert_eq!(of(&pem, &pem), SignerError::Key(KeyFileError::NotAPrivateKey));
    let Some(openssl) = Judge::openssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    let make = |command: &str| {
        let arguments: Vec<&str> = command.split(' ').collect();
        openssl.run_with_password("secret", folder.path(), &arguments).agreed();
        fs::read_to_string(folder.path().join("out")).unwrap()
    };
    let p384 = make("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out out");
    assert_eq!(of(&pem, &p384), SignerError::KeyKind);
    fs::write(folder.path().join("rsa.key"), house.signer_key.pkcs8_pem().as_bytes()).unwrap();
    let encrypted = make("pkcs8 -topk8 -in rsa.key -passout env:P12_PASSWORD -out out");
    assert_eq!(of(&house.signer.pem(), &encrypted), SignerError::Key(KeyFileError::Encrypted));
    assert!(ProfileSigner::read(house.signer.pem().as_bytes(), encrypted.as_bytes(), Some("secret")).is_ok());
    fs::write(folder.path().join("ec.key"), own.as_bytes()).unwrap();
    let sec1 = make("ec -in ec.key -aes256 -passout env:P12_PASSWORD -out out");
    let pkcs8 = make("pkcs8 -topk8 -in ec.key -passout env:P12_PASSWORD -out out");
    for encrypted in [sec1, pkcs8] {
        assert!(ProfileSigner::read(pem.as_bytes(), encrypted.as_bytes(), Some("secret")).is_ok());
    }
}

/// A device at a desk: OpenSSL with a device's certificate, and the authorities above it.
struct Device {
    openssl: Judge,
    folder: tempfile::TempDir,
    root: Certificate,
}

impl Device {
    /// A device with an RSA key of so many bits, whose issuer has this common name.
    fn new(bits: usize, issuer: &str) -> Option<Self> {
        let openssl = Judge::openssl()?;
        let folder = tempfile::tempdir().unwrap();
        let root = support::root("Test Root of devices");
        let authority = CertifiedIssuer::signed_by(support::ca(issuer), RsaKeyPair::generate().unwrap(), &root).unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        put("ca.pem", support::read(authority.as_ref()).pem().as_bytes());
        put("ca.key", authority.key().pkcs8_pem().as_bytes());
        let device = Self {
            openssl,
            root: support::read(root.as_ref()),
            folder,
        };
        device.run(&format!(
            "req -new -newkey rsa:{bits} -nodes -keyout device.key -subj /CN=564D2B9C-TEST -out device.csr"
        ));
        device.run("x509 -req -in device.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out device.pem");
        Some(device)
    }

    fn run(&self, command: &str) -> String {
        self.openssl
            .run(self.folder.path(), &command.split(' ').collect::<Vec<_>>())
            .agreed()
    }

    /// What the device posts: `content`, signed; `options` go to `openssl cms -sign`.
    fn posts(&self, content: &str, options: &str) -> Vec<u8> {
        fs::write(self.folder.path().join("content"), content).unwrap();
        let options = if options.is_empty() { "-nodetach" } else { options };
        self.run(&format!(
            "cms -sign -binary -in content -signer device.pem -inkey device.key -certfile ca.pem -outform DER -out answer {options}"
        ));
        fs::read(self.folder.path().join("answer")).unwrap()
    }

    fn trust(&self) -> TrustRoot {
        TrustRoot::from_certificates(vec![self.root.clone()]).unwrap()
    }
}

const ANSWER: &str = "<key>UDID</key><string>00008110-000a1b2c3d4e5f67</string><key>PRODUCT</key><string>iPhone15,2</string>\
    <key>VERSION</key><string>22A3354</string><key>CHALLENGE</key><string>one-time &amp; secret</string>";

fn plist(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict>{entries}</dict></plist>"
    )
}

#[test]
fn answers_of_devices_old_and_new_are_opened() {
    for bits in [1024, 2048] {
        let Some(device) = Device::new(bits, "Apple iPhone Device CA") else {
            return;
        };
        for options in [
            "-nodetach -md sha1",
            "-nodetach -md sha256",
            "-nodetach -stream -indef",
            "-nodetach -noattr",
        ] {
            let bytes = device.posts(&plist(ANSWER), options);
            let answer = read_answer(&bytes, &device.trust()).unwrap();
            assert_eq!(answer.udid.as_str(), "00008110-000A1B2C3D4E5F67");
            assert_eq!(answer.product.as_deref(), Some("iPhone15,2"));
            assert_eq!(answer.version.as_deref(), Some("22A3354"));
            assert_eq!((answer.imei.as_deref(), answer.serial.as_deref()), (None, None));
            assert_eq!(answer.challenge.expose(), "one-time & secret");
            assert!(!format!("{answer:?}").contains("one-time"));
            assert_eq!(answer.sender, Sender::AppleDevice, "{bits} {options}");
            let nobody = read_answer(&bytes, &TrustRoot::none()).unwrap();
            assert_eq!(nobody.sender, Sender::Unknown, "no root, no word on the sender");
        }
    }
}

#[test]
fn a_certificate_of_another_authority_is_no_device() {
    let Some(device) = Device::new(2048, "Some other CA") else { return };
    let answer = read_answer(&device.posts(&plist(ANSWER), ""), &device.trust()).unwrap();
    assert_eq!(answer.sender, Sender::Unknown);
}

#[test]
fn answers_that_cannot_be_taken_are_named() {
    let Some(device) = Device::new(2048, "Apple iPhone Device CA") else {
        return;
    };
    let trust = device.trust();
    let of = |bytes: &[u8]| read_answer(bytes, &trust).unwrap_err();
    let posted = |content: &str, options: &str| of(&device.posts(content, options));
    let good = device.posts(&plist(ANSWER), "");
    let mut changed = good.clone();
    let at = changed.windows(8).position(|window| window == b"00008110").unwrap();
    changed[at + 7] = b'1';
    assert_eq!(of(&changed), AnswerError::BadSignature);
    assert_eq!(posted(&plist(ANSWER), "-nodetach -nocerts"), AnswerError::BadSignature);
    assert_eq!(
        posted(&plist(ANSWER), "-outform DER"),
        AnswerError::Envelope(CmsError::NotASignedMessage),
        "the content is not inside"
    );
    assert_eq!(of(&good[..good.len() / 2]), AnswerError::Envelope(CmsError::Truncated));
    assert_eq!(of(plist(ANSWER).as_bytes()), AnswerError::Envelope(CmsError::NotASignedMessage));
    let large = MAX_ANSWER_BYTES + 1;
    assert_eq!(of(&vec![0x30; large]), AnswerError::TooLarge { bytes: large });
    let without = |key: &str| {
        let at = ANSWER.find(&format!("<key>{key}</key>")).unwrap();
        let end = at + ANSWER[at..].find("</string>").unwrap() + 9;
        plist(&(ANSWER[..at].to_owned() + &ANSWER[end..]))
    };
    assert_eq!(posted(&without("CHALLENGE"), ""), AnswerError::Attribute { name: "CHALLENGE" });
    assert_eq!(posted(&without("UDID"), ""), AnswerError::Attribute { name: "UDID" });
    assert!(
        read_answer(&device.posts(&without("PRODUCT"), ""), &trust)
            .unwrap()
            .product
            .is_none()
    );
    let long = plist(&ANSWER.replace("iPhone15,2", &"x".repeat(201)));
    assert_eq!(posted(&long, ""), AnswerError::Attribute { name: "PRODUCT" });
    let serial = plist(&ANSWER.replace("00008110-000a1b2c3d4e5f67", "F2LX4R8ZJCLM"));
    assert_eq!(posted(&serial, ""), AnswerError::Udid(UdidError::NotHex { position: 3 }));
    let bomb = plist(ANSWER).replace(
        " PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"",
        " [<!ENTITY a \"aaaa\">]",
    );
    assert_eq!(posted(&bomb, ""), AnswerError::Content(PropertyListError::DocumentType));
}
