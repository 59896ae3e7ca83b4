//! App Store Connect keys: what is accepted, and by which name everything else is refused.
#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use signing::p8::{EcPrivateKey, MAX_BYTES, P8Error, key_id_from_file_name};
use support::house;

fn key() -> EcPrivateKey {
    EcPrivateKey::generate().unwrap()
}

#[track_caller]
fn accepts(key: &EcPrivateKey, input: &[u8]) {
    let read = EcPrivateKey::read(input).unwrap_or_else(|refusal| panic!("refused: {refusal}"));
    assert_eq!(read.pkcs8_der(), key.pkcs8_der());
}

#[track_caller]
fn refuses(input: &[u8], expected: P8Error) {
    assert_eq!(EcPrivateKey::read(input).map(|_| ()), Err(expected));
}

#[test]
fn the_file_as_apple_hands_it_out_is_read_and_written() {
    let key = key();
    accepts(&key, key.pkcs8_pem().as_bytes());
    assert!(key.pkcs8_pem().starts_with("-----BEGIN PRIVATE KEY-----\nM"));
    assert!(key.pkcs8_pem().ends_with("\n-----END PRIVATE KEY-----\n"));
    assert_eq!(key.public_key_sha256_fingerprint().len(), 64);
    assert_eq!(format!("{key:?}"), "EcPrivateKey(…)");
}

#[test]
fn packing_does_not_matter() {
    let key = key();
    let pem = key.pkcs8_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(pem.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let inputs: Vec<Vec<u8>> = vec![
        pem.replace('\n', "\r\n").into(),
        pem.replace('\n', "\r").into(),
        pem.replace('\n', "\\n").into(),
        pem.replace('\n', "\\r\\n").into(),
        pem.replace('\n', " ").into(),
        pem.replace('\n', "\n\n  ").into(),
        format!("\u{feff}{}", *pem).into(),
        format!("\"{}\"", pem.replace('\n', "\\n")).into(),
        format!("'{}'", *pem).into(),
        format!("\u{201c}{}\u{201d}", *pem).into(),
        format!("\n\t  {}  \n", *pem).into(),
        format!("Here is the key:\n\n{}\nRegards", *pem).into(),
        pem.lines()
            .map(|line| format!("> {line}\n"))
            .collect::<String>()
            .replace("> ", "  ")
            .into(),
        body.clone().into(),
        format!("\"{body}\"\r\n").into(),
        body.replace('+', "-").replace('/', "_").into(),
        body.trim_end_matches('=').into(),
        BASE64.encode(pem.as_bytes()).into(),
        key.pkcs8_der().to_vec(),
        utf16,
    ];
    for input in inputs {
        accepts(&key, &input);
    }
}

#[test]
fn sec1_is_read_in_every_packing() {
    use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let key = key();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.pkcs8_der()).unwrap();
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    let pem = pem::encode(&pem::Pem::new("EC PRIVATE KEY", sec1.as_ref()));
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    accepts(&key, pem.as_bytes());
    accepts(&key, format!("{parameters}{pem}").as_bytes());
    accepts(&key, BASE64.encode(sec1.as_ref()).as_bytes());
    accepts(&key, sec1.as_ref());
    let mislabeled = pem::encode(&pem::Pem::new("PRIVATE KEY", sec1.as_ref()));
    accepts(&key, mislabeled.as_bytes());
}

/// A P-384 key (of this test only).
fn p384() -> Vec<u8> {
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
    pair.to_pkcs8v1().unwrap().as_ref().to_vec()
}

fn pem_of(label: &str, der: &[u8]) -> Vec<u8> {
    pem::encode(&pem::Pem::new(label, der)).into_bytes()
}

/// Each wrong file in each packing: DER, PEM, bare base64.
#[track_caller]
fn refuses_in_every_packing(label: &str, der: &[u8], expected: P8Error) {
    refuses(der, expected);
    refuses(&pem_of(label, der), expected);
    refuses(BASE64.encode(der).as_bytes(), expected);
}

#[test]
fn wrong_keys_are_named() {
    let house = house();
    refuses_in_every_packing("PRIVATE KEY", &p384(), P8Error::OtherCurve { curve: "P-384" });
    refuses_in_every_packing("PRIVATE KEY", house.leaf_key.pkcs8_der(), P8Error::RsaKey);
    refuses_in_every_packing("PUBLIC KEY", key().public_spki_der(), P8Error::PublicKey);
    let ed25519 = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
        12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    ];
    refuses_in_every_packing("PRIVATE KEY", &ed25519, P8Error::OtherKey);
    let rsa_pkcs1 = [0x30, 0x0c, 0x02, 0x01, 0x00, 0x02, 0x01, 0x0f, 0x02, 0x01, 0x03, 0x02, 0x01, 0x05];
    refuses_in_every_packing("RSA PRIVATE KEY", &rsa_pkcs1, P8Error::RsaKey);
}

#[test]
fn files_of_other_kinds_are_named() {
    let house = house();
    let request = signing::csr::create(&house.leaf_key, "x", "", "").unwrap();
    let identity = signing::p12::Identity {
        key: &house.leaf_key,
        certificate: &house.leaf,
        chain: &[],
        friendly_name: "x",
    };
    let p12 = signing::p12::write(&identity, "secret", Default::default()).unwrap();
    let profile = signing::cms_signed::sign(b"x", &house.signer_key, &house.signer, &[], support::now()).unwrap();
    refuses_in_every_packing("CERTIFICATE", house.leaf.der(), P8Error::Certificate);
    refuses_in_every_packing("CERTIFICATE REQUEST", &request.der, P8Error::CertificateRequest);
    refuses_in_every_packing("PKCS12", &p12, P8Error::Pkcs12);
    refuses_in_every_packing("CMS", &profile, P8Error::SignedMessage);
}

#[test]
fn encrypted_keys_are_named() {
    let encrypted = b"0\x18\x30\x10\x06\x09*\x86H\x86\xf7\x0d\x01\x05\x0d0\x03\x02\x01\x01\x04\x04\x01\x02\x03\x04";
    refuses_in_every_packing("ENCRYPTED PRIVATE KEY", encrypted, P8Error::Encrypted);
    let traditional =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
    refuses(traditional.as_bytes(), P8Error::Encrypted);
    refuses(
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n",
        P8Error::OtherKey,
    );
}

#[test]
fn every_way_to_cut_a_file_is_told() {
    let key = key();
    let pem = key.pkcs8_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for end in 30..pem.trim_end().len() - 25 {
        refuses(&pem.as_bytes()[..end], P8Error::Truncated);
    }
    for end in 8..body.trim_end_matches('=').len() - 3 {
        refuses(&body.as_bytes()[..end], P8Error::Truncated);
    }
    for end in 2..key.pkcs8_der().len() {
        assert!(EcPrivateKey::read(&key.pkcs8_der()[..end]).is_err());
    }
    let mut lines: Vec<&str> = pem.lines().collect();
    lines.remove(2);
    refuses(lines.join("\n").as_bytes(), P8Error::Truncated);
    refuses(b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", P8Error::Truncated);
}

#[test]
fn damaged_keys_are_told_from_foreign_files() {
    let key = key();
    let mut der = key.pkcs8_der().to_vec();
    let private_number = 40;
    der[private_number] ^= 1;
    refuses_in_every_packing("PRIVATE KEY", &der, P8Error::Damaged);
    refuses(key.pkcs8_pem().replace('A', "!").as_bytes(), P8Error::Damaged);
    let mut longer = key.pkcs8_der().to_vec();
    longer.push(0);
    assert!(EcPrivateKey::read(&longer).is_err(), "strict result: nothing may follow the key");
}

#[test]
fn nothing_too_much_and_nonsense_are_told() {
    let key = key();
    refuses(b"", P8Error::Empty);
    refuses(b" \r\n\t", P8Error::Empty);
    refuses("\u{feff}\"\"".as_bytes(), P8Error::Empty);
    refuses(&vec![b'A'; 2_000_000], P8Error::TooLarge { bytes: 2_000_000 });
    refuses(&vec![b' '; MAX_BYTES + 1], P8Error::TooLarge { bytes: MAX_BYTES + 1 });
    refuses(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", P8Error::Binary);
    refuses(&[0; 300], P8Error::Binary);
    refuses("Grüße, hier ist der Schlüssel".as_bytes(), P8Error::NotAKey);
    refuses("AAAü".as_bytes(), P8Error::NotAKey);
    refuses("AAAAü=".as_bytes(), P8Error::NotAKey);
    refuses(
        "-----BEGIN PRIVATE KEY-----\nAAAü\n-----END PRIVATE KEY-----".as_bytes(),
        P8Error::Damaged,
    );
    refuses(b"<html><script>alert(1)</script></html>", P8Error::NotAKey);
    let both = [self::key().pkcs8_pem().as_bytes(), key.pkcs8_pem().as_bytes()].concat();
    refuses(&both, P8Error::Several { blocks: 2 });
}

#[test]
fn refusals_have_three_sentences_and_no_input() {
    let key = key();
    let pem = key.pkcs8_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for refusal in [
        EcPrivateKey::read(&pem.as_bytes()[..120]).unwrap_err(),
        EcPrivateKey::read(pem.replace('A', "!").as_bytes()).unwrap_err(),
        EcPrivateKey::read(&p384()).unwrap_err(),
        EcPrivateKey::read(b"").unwrap_err(),
    ] {
        let shown = format!("{refusal} {refusal:?}");
        assert!(
            !body
                .as_bytes()
                .windows(8)
                .any(|piece| shown.as_bytes().windows(8).any(|shown| shown == piece))
        );
        let explanation = refusal.explain();
        for sentence in [explanation.found, explanation.why, explanation.next_step] {
            assert!(sentence.ends_with('.'), "{sentence}");
        }
        assert!(!refusal.code().is_empty());
    }
}

#[test]
fn the_key_id_is_taken_from_apples_file_name_only() {
    let of = key_id_from_file_name;
    assert_eq!(of("AuthKey_ABC123DEFG.p8").as_deref(), Some("ABC123DEFG"));
    assert_eq!(of("AuthKey_ABC123DEFG (1).p8").as_deref(), Some("ABC123DEFG"));
    assert_eq!(of("C:\\keys\\AuthKey_ABC123DEFG.p8").as_deref(), Some("ABC123DEFG"));
    for wrong in [
        "AuthKey_abc123defg.p8",
        "AuthKey_ABC123DEF.p8",
        "AuthKey_ABC123DEFGH.p8",
        "AuthKey_ABC123DEFG.cer",
        "AuthKey_ABC123DEFG",
        "AuthKey_ÄBC123DEF.p8",
        "ApiKey_ABC123DEFG.p8",
        "AuthKey_",
        "",
    ] {
        assert_eq!(of(wrong), None, "{wrong}");
    }
}
