//! We read what OpenSSL writes: keys, requests, bundles and signed messages in the forms that are met in the wild.

#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use std::fs;
use std::path::Path;

use signing::chain::TrustRoot;
use signing::cms_signed::{self, SignedBy};
use signing::csr::{CsrInfo, KeyAlgorithm};
use signing::p8::{EcPrivateKey, P8Error};
use signing::p12::{self, P12Error};
use support::house;
use support::judges::Judge;

/// A folder with what OpenSSL needs, and the bytes of what it wrote.
struct Desk {
    openssl: Judge,
    folder: tempfile::TempDir,
}

impl Desk {
    fn open() -> Option<Self> {
        let openssl = Judge::openssl()?;
        let folder = tempfile::tempdir().unwrap();
        let house = house();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        put("leaf.pem", house.leaf.pem().as_bytes());
        put("leaf.key", house.leaf_key.pkcs8_pem().as_bytes());
        put("signer.pem", house.signer.pem().as_bytes());
        put("signer.key", house.signer_key.pkcs8_pem().as_bytes());
        put("chain.pem", (house.intermediate.pem() + &house.root.pem()).as_bytes());
        put("content", b"some content\nwith two lines\n");
        Some(Self { openssl, folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `openssl` with blank-separated arguments that write the file `out`; returns its bytes.
    #[track_caller]
    fn makes(&self, command: &str) -> Vec<u8> {
        let arguments: Vec<&str> = command.split(' ').collect();
        self.openssl.run_with_password("secret", self.path(), &arguments).agreed();
        fs::read(self.path().join("out")).unwrap()
    }
}

#[test]
fn keys_of_openssl_are_read_or_named() {
    let Some(desk) = Desk::open() else { return };
    let of = |bytes: Vec<u8>| EcPrivateKey::read(&bytes).map(|_| ());
    assert_eq!(
        of(desk.makes("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out out")),
        Ok(())
    );
    assert_eq!(
        of(desk.makes("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER -out out")),
        Ok(())
    );
    assert_eq!(of(desk.makes("ecparam -name prime256v1 -genkey -out out")), Ok(()));
    assert_eq!(of(desk.makes("ecparam -name prime256v1 -genkey -noout -out out")), Ok(()));
    let explicit = P8Error::OtherCurve { curve: "an unnamed curve" };
    assert_eq!(
        of(desk.makes("ecparam -name prime256v1 -genkey -noout -param_enc explicit -out out")),
        Err(explicit)
    );
    for (name, curve) in [
        ("secp384r1", "P-384"),
        ("secp521r1", "P-521"),
        ("secp224r1", "P-224"),
        ("secp256k1", "secp256k1"),
    ] {
        let refusal = Err(P8Error::OtherCurve { curve });
        assert_eq!(of(desk.makes(&format!("ecparam -name {name} -genkey -noout -out out"))), refusal);
        assert_eq!(
            of(desk.makes(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{name} -out out"))),
            refusal
        );
    }
    assert_eq!(of(desk.makes("rsa -in leaf.key -traditional -out out")), Err(P8Error::RsaKey));
    assert_eq!(of(desk.makes("genpkey -algorithm ED25519 -out out")), Err(P8Error::OtherKey));
    assert_eq!(of(desk.makes("pkey -in leaf.key -pubout -out out")), Err(P8Error::PublicKey));
    assert_eq!(
        of(desk.makes("rsa -in leaf.key -RSAPublicKey_out -out out")),
        Err(P8Error::PublicKey)
    );
    assert_eq!(of(desk.makes("x509 -in leaf.pem -outform DER -out out")), Err(P8Error::Certificate));
    assert_eq!(
        of(desk.makes("req -new -key leaf.key -subj /CN=x -out out")),
        Err(P8Error::CertificateRequest)
    );
    desk.makes("ecparam -name prime256v1 -genkey -noout -out out");
    fs::rename(desk.path().join("out"), desk.path().join("ec.key")).unwrap();
    let encrypted = Err(P8Error::Encrypted);
    assert_eq!(
        of(desk.makes("pkcs8 -topk8 -in ec.key -passout env:P12_PASSWORD -out out")),
        encrypted
    );
    assert_eq!(
        of(desk.makes("pkcs8 -topk8 -in ec.key -passout env:P12_PASSWORD -outform DER -out out")),
        encrypted
    );
    assert_eq!(
        of(desk.makes("ec -in ec.key -aes256 -passout env:P12_PASSWORD -out out")),
        encrypted
    );
}

#[test]
fn requests_of_openssl_are_read() {
    let Some(desk) = Desk::open() else { return };
    let of = |bytes: Vec<u8>| CsrInfo::read(&bytes).unwrap();
    let info = of(desk.makes("req -new -key leaf.key -subj /emailAddress=a@example.com/CN=Anna/C=SE -out out"));
    assert_eq!(info.email.as_deref(), Some("a@example.com"));
    assert_eq!(info.common_name.as_deref(), Some("Anna"));
    assert!(info.signature_valid);
    assert_eq!(info.public_key_fingerprint, house().leaf_key.public_key_fingerprint());
    let extended = "req -new -key leaf.key -subj /CN=x -addext subjectAltName=DNS:example.com -addext 1.2.3.4=DER:0500 -out out";
    assert!(of(desk.makes(extended)).signature_valid, "extensions that nobody knows do not hurt");
    let big = of(desk.makes("req -new -newkey rsa:3072 -nodes -keyout big.key -subj /CN=x -out out"));
    assert_eq!(big.key, KeyAlgorithm::Rsa { bits: 3072 });
    desk.makes("ecparam -name prime256v1 -genkey -noout -out out");
    fs::rename(desk.path().join("out"), desk.path().join("ec.key")).unwrap();
    let ec = of(desk.makes("req -new -key ec.key -subj /CN=x -out out"));
    assert_eq!(ec.key, KeyAlgorithm::Ec { bits: 256 });
    assert!(ec.signature_valid);
}

#[test]
fn bundles_that_cannot_be_used_are_named() {
    let Some(desk) = Desk::open() else { return };
    let of = |bytes: Vec<u8>| p12::read(&bytes, "secret").unwrap_err();
    let export = "pkcs12 -export -passout env:P12_PASSWORD -out out";
    assert_eq!(of(desk.makes(&format!("{export} -nokeys -in leaf.pem"))), P12Error::NoPrivateKey);
    assert_eq!(
        of(desk.makes(&format!("{export} -inkey leaf.key -nocerts -in leaf.key"))),
        P12Error::NoMatchingCertificate
    );
    let many = desk.makes(&format!("{export} -inkey leaf.key -in leaf.pem -iter 1000001"));
    assert_eq!(of(many), P12Error::TooManyIterations);
    let ec = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -subj /CN=x -out out";
    fs::write(desk.path().join("ec.pem"), desk.makes(ec)).unwrap();
    assert_eq!(of(desk.makes(&format!("{export} -inkey ec.key -in ec.pem"))), P12Error::NotAnRsaKey);
}

#[test]
fn messages_signed_by_openssl_are_verified() {
    let Some(desk) = Desk::open() else { return };
    let sign = "cms -sign -binary -nodetach -in content -signer signer.pem -inkey signer.key -certfile chain.pem -outform DER -out out";
    for options in [
        "",
        " -md sha1",
        " -md sha384",
        " -md sha512",
        " -noattr",
        " -nosmimecap",
        " -keyid",
        " -stream -indef",
        " -stream -indef -md sha1 -noattr",
    ] {
        let message = cms_signed::read(&desk.makes(&format!("{sign}{options}")));
        let message = message.unwrap_or_else(|refusal| panic!("{options}: {refusal}"));
        assert_eq!(message.content, fs::read(desk.path().join("content")).unwrap(), "{options}");
        assert_eq!(message.signer.as_ref(), Some(&house().signer), "{options}");
        assert_eq!(message.signed_by(&house().trust()), SignedBy::Trusted, "{options}");
    }
}

#[test]
fn segments_of_long_indefinite_messages_are_joined() {
    let Some(desk) = Desk::open() else { return };
    let long: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(desk.path().join("content"), &long).unwrap();
    let sign = "cms -sign -binary -nodetach -stream -indef -in content -signer signer.pem -inkey signer.key -outform DER -out out";
    let message = cms_signed::read(&desk.makes(sign)).unwrap();
    assert_eq!(message.content, long);
    assert!(message.signer.is_some());
}

#[test]
fn messages_with_elliptic_curves_and_several_signers_are_verified() {
    let Some(desk) = Desk::open() else { return };
    for curve in ["P-256", "P-384"] {
        let make = format!("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:{curve} -nodes -keyout ec.key -subj /CN=x -out out");
        fs::write(desk.path().join("ec.pem"), desk.makes(&make)).unwrap();
        for digest in ["sha256", "sha384"] {
            let sign = format!("cms -sign -binary -nodetach -md {digest} -in content -signer ec.pem -inkey ec.key -outform DER -out out");
            let message = cms_signed::read(&desk.makes(&sign)).unwrap();
            assert!(message.signer.is_some(), "{curve} {digest}");
            assert_eq!(message.signed_by(&house().trust()), SignedBy::UnverifiedRoot);
        }
    }
    let both =
        "cms -sign -binary -nodetach -in content -signer signer.pem -inkey signer.key -signer ec.pem -inkey ec.key -outform DER -out out";
    let both = desk.makes(both);
    assert!(cms_signed::read(&both).unwrap().signer.is_some());
    let mut changed = both.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(
        cms_signed::read(&changed).unwrap().signer.is_none(),
        "each of several signers has to be right"
    );
}

#[test]
fn a_message_without_its_signers_certificate_is_not_vouched_for() {
    let Some(desk) = Desk::open() else { return };
    let sign = "cms -sign -binary -nodetach -nocerts -in content -signer signer.pem -inkey signer.key -outform DER -out out";
    let message = cms_signed::read(&desk.makes(sign)).unwrap();
    assert_eq!(message.signed_by(&house().trust()), SignedBy::BadSignature);
    assert_eq!(message.signed_by(&TrustRoot::none()), SignedBy::BadSignature);
}

#[test]
fn a_detached_signature_is_no_message() {
    let Some(desk) = Desk::open() else { return };
    let sign = "cms -sign -binary -in content -signer signer.pem -inkey signer.key -outform DER -out out";
    assert!(cms_signed::read(&desk.makes(sign)).is_err());
}
