//! `.p12` and PEM bundles, as far as no judge is needed: round trips, refusals, limits, passwords.

mod support;

use signing::certificate::Certificate;
use signing::p8::EcPrivateKey;
use signing::p12::{
    Form, Identity, MAX_BYTES, MAX_CERTIFICATES, MAX_KEYS, P12Error, PasswordAdvice, advice, generate_password, open, pem_bundle, read,
    write,
};
use signing::rsa_key::RsaKeyPair;
use support::der::{as_ber, bag, bare_bundle, certificate_bag, element, key_bag, without_mac};
use support::{House, house};

fn identity(chain: &[Certificate]) -> Identity<'_> {
    let House { leaf, leaf_key, .. } = house();
    Identity {
        key: leaf_key,
        certificate: leaf,
        chain,
        friendly_name: "Apple Distribution: Müller & Søn (A1B2C3D4E5)",
    }
}

#[test]
fn both_forms_come_back_whole() {
    let house = house();
    for form in [Form::Compatible, Form::Modern] {
        let bytes = write(&identity(&house.chain()), "secret", form).unwrap();
        let back = read(&bytes, "secret").unwrap();
        assert_eq!(back.key.pkcs8_der(), house.leaf_key.pkcs8_der());
        assert_eq!(back.certificate, house.leaf);
        assert_eq!(back.others, house.chain());
        assert_eq!(back.friendly_name.as_deref(), Some("Apple Distribution: Müller & Søn (A1B2C3D4E5)"));
    }
}

#[test]
fn nothing_is_readable_without_the_password() {
    let house = house();
    for form in [Form::Compatible, Form::Modern] {
        let bytes = write(&identity(&house.chain()), "secret", form).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(b"Apple Distribution"), "certificates are encrypted too");
        assert!(!holds(&house.leaf_key.pkcs8_der()[100..132]));
        for wrong in ["", "Secret", "secret ", "секрет"] {
            assert_eq!(read(&bytes, wrong).unwrap_err(), P12Error::WrongPassword);
        }
    }
}

#[test]
fn every_printable_character_works_in_a_password() {
    let ascii: String = (' '..='~').collect();
    for password in ["", " ", "  two  blanks ", "\"'`$\\!%^&", "påsswörd", "пароль", "密码", &ascii] {
        for form in [Form::Compatible, Form::Modern] {
            let bytes = write(&identity(&[]), password, form).unwrap();
            assert_eq!(read(&bytes, password).unwrap().certificate, house().leaf, "{password}");
        }
    }
    for password in ["a\nb", "a\0b", "🔑"] {
        assert_eq!(
            write(&identity(&[]), password, Form::Modern).unwrap_err(),
            P12Error::PasswordCharacters
        );
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let stranger = RsaKeyPair::generate().unwrap();
    let mixed = Identity {
        key: &stranger,
        ..identity(&[])
    };
    assert_eq!(write(&mixed, "x", Form::Compatible).unwrap_err(), P12Error::KeyDoesNotMatch);
}

#[test]
fn every_changed_byte_is_noticed() {
    let bytes = write(&identity(&[]), "secret", Form::Compatible).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.to_vec();
        changed[at] ^= 0x10;
        let opened = read(&changed, "secret");
        let unharmed = opened.as_ref().is_ok_and(|back| back.certificate == house().leaf);
        assert!(opened.is_err() || unharmed, "byte {at}");
    }
}

#[test]
fn wrong_files_are_named() {
    let of = |bytes: &[u8]| read(bytes, "secret").unwrap_err();
    assert_eq!(of(b""), P12Error::NotAP12);
    assert_eq!(of(b"hello"), P12Error::NotAP12);
    assert_eq!(of(house().leaf.der()), P12Error::NotAP12);
    assert_eq!(of(&vec![0x30; MAX_BYTES + 1]), P12Error::TooLarge { bytes: MAX_BYTES + 1 });
    let bytes = write(&identity(&[]), "secret", Form::Modern).unwrap();
    assert_eq!(of(&bytes[..bytes.len() - 1]), P12Error::NotAP12);
}

#[test]
fn scrypt_is_refused_before_its_memory_is_asked_for() {
    const PBKDF2: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
    const SCRYPT: &[u8] = &[6, 9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];
    let mut bytes = without_mac(&write(&identity(&[]), "secret", Form::Modern).unwrap());
    let at = bytes.windows(PBKDF2.len()).position(|window| window == PBKDF2).unwrap();
    bytes[at..at + SCRYPT.len()].copy_from_slice(SCRYPT);
    assert_eq!(read(&bytes, "secret").unwrap_err(), P12Error::UnsupportedEncryption);
}

#[test]
fn iterations_are_bounded_for_all_parts_together() {
    // 100,000 as DER INTEGER, three times in a modern bundle: certificates, key, MAC.
    const HUNDRED_THOUSAND: &[u8] = &[2, 3, 0x01, 0x86, 0xa0];
    const EIGHT_MILLION: &[u8] = &[2, 3, 0x7f, 0xff, 0xff];
    const MINUS_ONE: &[u8] = &[2, 3, 0xff, 0xff, 0xff];
    // 1,905,000: with 100,000 for one other part it is too much.
    const NEARLY_ALL: &[u8] = &[2, 3, 0x1d, 0x11, 0x68];
    let places = |bytes: &[u8]| -> Vec<usize> {
        (0..=bytes.len() - 5)
            .filter(|at| bytes[*at..].starts_with(HUNDRED_THOUSAND))
            .collect()
    };
    let changed = |bytes: &[u8], at: usize, to: &[u8]| {
        let mut changed = bytes.to_vec();
        changed[at..at + 5].copy_from_slice(to);
        read(&changed, "secret").unwrap_err()
    };
    let bytes = write(&identity(&[]), "secret", Form::Modern).unwrap();
    assert_eq!(places(&bytes).len(), 3);
    let of_mac = places(&bytes)[2];
    assert_eq!(changed(&bytes, of_mac, EIGHT_MILLION), P12Error::TooManyIterations);
    assert_eq!(changed(&bytes, of_mac, MINUS_ONE), P12Error::NotAP12);
    let bare = without_mac(&bytes);
    for at in places(&bare) {
        assert_eq!(changed(&bare, at, EIGHT_MILLION), P12Error::TooManyIterations);
    }
    assert_eq!(changed(&bare, places(&bare)[1], NEARLY_ALL), P12Error::TooManyIterations);
}

#[test]
fn a_bundle_without_mac_opens_and_a_wrong_password_says_so() {
    for form in [Form::Compatible, Form::Modern] {
        let bytes = without_mac(&write(&identity(&house().chain()), "secret", form).unwrap());
        let bundle = open(&bytes, "secret").unwrap();
        assert!(!bundle.has_mac);
        assert_eq!(bundle.identities[0].certificate, house().leaf);
        for wrong in ["", "Secret", "sécret"] {
            assert_eq!(open(&bytes, wrong).unwrap_err(), P12Error::WrongPassword, "{wrong}");
        }
    }
}

#[test]
fn indefinite_lengths_and_segments_are_read_in_every_layer() {
    for form in [Form::Compatible, Form::Modern] {
        let bytes = as_ber(&write(&identity(&house().chain()), "secret", form).unwrap());
        let read = read(&bytes, "secret").unwrap();
        assert_eq!(read.certificate, house().leaf);
        assert_eq!(read.others, house().chain());
        assert_eq!(open(&bytes, "wrong").unwrap_err(), P12Error::WrongPassword);
    }
}

#[test]
fn keys_and_certificates_are_tied_by_public_key_whatever_their_order() {
    let House {
        leaf,
        leaf_key,
        signer,
        signer_key,
        intermediate,
        ..
    } = house();
    let lone = RsaKeyPair::generate().unwrap();
    let bags = [
        certificate_bag(intermediate.der()),
        key_bag(lone.pkcs8_der()),
        certificate_bag(signer.der()),
        key_bag(leaf_key.pkcs8_der()),
        key_bag(leaf_key.pkcs8_der()),
        certificate_bag(leaf.der()),
        certificate_bag(leaf.der()),
        key_bag(signer_key.pkcs8_der()),
        key_bag(EcPrivateKey::generate().unwrap().pkcs8_der()),
        bag(5, b"\x04\x01x"),
        bag(6, &element(0x30, &[&certificate_bag(house().root.der())])),
    ];
    let bundle = open(&bare_bundle(&bags), "").unwrap();
    let found: Vec<_> = bundle.identities.iter().map(|identity| &identity.certificate).collect();
    assert_eq!(found, [leaf, signer]);
    assert_eq!(bundle.lone_keys.len(), 1);
    assert_eq!(bundle.lone_keys[0].key.public_key_fingerprint(), lone.public_key_fingerprint());
    assert_eq!(bundle.certificates, [intermediate.clone(), house().root.clone()]);
    assert_eq!(bundle.other_keys, 1);
    assert_eq!(read(&bare_bundle(&bags), "").unwrap_err(), P12Error::SeveralPrivateKeys);
}

#[test]
fn of_two_certificates_for_one_key_the_later_one_is_taken() {
    let House { leaf, leaf_key, .. } = house();
    let mut renewed = support::params(&[(rcgen::DnType::CommonName, "Renewed")]);
    renewed.not_after = rcgen::date_time_ymd(2040, 1, 1);
    let renewed = support::read(&renewed.self_signed(leaf_key).unwrap());
    for pair in [[leaf, &renewed], [&renewed, leaf]] {
        let mut bags = vec![key_bag(leaf_key.pkcs8_der())];
        bags.extend(pair.map(|certificate| certificate_bag(certificate.der())));
        let identity = read(&bare_bundle(&bags), "").unwrap();
        assert_eq!(identity.certificate, renewed);
        assert_eq!(identity.others, std::slice::from_ref(leaf));
    }
}

#[test]
fn entries_are_bounded_and_nesting_too() {
    let key = key_bag(&element(0x30, &[&[2, 1, 0]]));
    assert_eq!(open(&bare_bundle(&vec![key.clone(); MAX_KEYS]), "").unwrap().other_keys, MAX_KEYS);
    let refusal = |bags: Vec<Vec<u8>>| open(&bare_bundle(&bags), "").unwrap_err();
    assert_eq!(refusal(vec![key; MAX_KEYS + 1]), P12Error::TooManyEntries);
    let certificate = certificate_bag(house().leaf.der());
    assert_eq!(refusal(vec![certificate; MAX_CERTIFICATES + 1]), P12Error::TooManyEntries);
    let mut nested = certificate_bag(house().leaf.der());
    for _ in 0..10 {
        nested = bag(6, &element(0x30, &[&nested]));
    }
    assert_eq!(refusal(vec![nested]), P12Error::NotAP12);
}

#[test]
fn names_outside_the_basic_plane_are_replaced_not_refused() {
    let named = Identity {
        friendly_name: "Rocket 🚀 Team",
        ..identity(&[])
    };
    let bytes = write(&named, "x", Form::Compatible).unwrap();
    assert_eq!(read(&bytes, "x").unwrap().friendly_name.as_deref(), Some("Rocket \u{fffd} Team"));
}

#[test]
fn the_pem_bundle_has_key_leaf_and_chain_in_this_order() {
    let house = house();
    let bundle = pem_bundle(&identity(&house.chain()));
    let blocks = pem::parse_many(bundle.as_bytes()).unwrap();
    let tags: Vec<&str> = blocks.iter().map(pem::Pem::tag).collect();
    assert_eq!(tags, ["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE", "CERTIFICATE"]);
    assert_eq!(blocks[0].contents(), house.leaf_key.pkcs8_der());
    assert_eq!(blocks[1].contents(), house.leaf.der());
    assert_eq!(blocks[2].contents(), house.intermediate.der());
}

#[test]
fn generated_passwords_are_alphanumeric_and_even() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let password = generate_password(&every_byte);
    assert_eq!(password.len(), 248, "the 8 bytes that would favor some characters are skipped");
    for c in ('A'..='Z').chain('a'..='z').chain('0'..='9') {
        assert_eq!(password.matches(c).count(), 4, "{c}");
    }
    assert_eq!(*generate_password(&[0, 61, 255, 62, 1]), "A9AB");
}

#[test]
fn passwords_come_with_advice() {
    assert_eq!(advice("abc 123"), PasswordAdvice::Fine);
    assert_eq!(advice(""), PasswordAdvice::Empty);
    assert_eq!(advice("påss"), PasswordAdvice::NotAscii);
}
