//! The bags of a bundle: its MAC checked, its parts decrypted, nothing yet understood.
//!
//! The layers are PFX → data → authenticated safe → parts, each plain or encrypted → bags → keys and certificates. Each
//! layer may be BER (Firefox and old Keychains write it), so each is made DER before it is looked into. The layers are
//! walked by hand and not with typed decoders, which refuse BER inside of octet strings and leave copies of keys behind.
//!
//! The surprising thing: without a MAC a wrong password shows only as rubbish, so there rubbish *is* a wrong password.

use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use super::P12Error;
use crate::asn1::{self, BMP_STRING, CONTEXT_0, CONTEXT_0_PRIMITIVE, Element, INTEGER, OCTET_STRING, SEQUENCE, SET};
use crate::pbe::{self, Budget, Password};

use super::mac;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const BAGS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

/// The most private keys of one bundle; the numbers of each are checked, up to 15 ms for the largest.
pub const MAX_KEYS: usize = 32;
/// The most certificates of one bundle.
pub const MAX_CERTIFICATES: usize = 256;
/// Bags within bags; nobody is known to write any.
const MAX_DEPTH: usize = 4;

/// What a bundle holds, in the file's order.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) keys: Vec<Bag>,
    pub(super) certificates: Vec<Bag>,
    pub(super) has_mac: bool,
}

/// A key (PKCS#8) or a certificate with what is written on it. Wiped on drop, as it may be a key.
pub(super) struct Bag {
    pub(super) der: Zeroizing<Vec<u8>>,
    pub(super) friendly_name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
}

/// Opens the PFX in `der` with one reading of the password.
pub(super) fn open(der: &[u8], password: &Password) -> Result<Contents, P12Error> {
    let (outer, _) = asn1::read(der).map_err(|_| P12Error::NotAP12)?;
    let parts = outer.leading(3);
    let (authenticated, mac_data) = match parts.as_slice() {
        [version, safe] if version.tag == INTEGER => (safe, None),
        [version, safe, mac_data] if version.tag == INTEGER => (safe, Some(mac_data)),
        _ => return Err(P12Error::NotAP12),
    };
    let mut budget = Budget::of_a_file();
    let (kind, value) = content_info(authenticated)?;
    if kind != DATA {
        // Signed instead of under a password: no program is known to write it.
        return Err(P12Error::UnsupportedEncryption);
    }
    if let Some(mac_data) = mac_data {
        mac::verify(mac_data, value.content, password, &mut budget)?;
    }
    let safe = Zeroizing::new(asn1::to_der(value.content).map_err(|_| P12Error::NotAP12)?.into_owned());
    let (safe, _) = asn1::read(&safe).map_err(|_| P12Error::NotAP12)?;
    let mut opening = Opening {
        contents: Contents {
            has_mac: mac_data.is_some(),
            ..Contents::default()
        },
        password,
        budget,
    };
    for part in safe.children().map_err(|_| P12Error::NotAP12)? {
        opening.part(&part)?;
    }
    Ok(opening.contents)
}

/// `ContentInfo`: SEQUENCE { type, \[0\] { value } }.
fn content_info<'a>(element: &Element<'a>) -> Result<(ObjectIdentifier, Element<'a>), P12Error> {
    let parts = element.leading(2);
    let [name, explicit] = parts.as_slice() else {
        return Err(P12Error::NotAP12);
    };
    let kind = pbe::oid(name).ok_or(P12Error::NotAP12)?;
    let value = explicit.leading(1).first().copied().ok_or(P12Error::NotAP12)?;
    if kind == DATA && value.tag != OCTET_STRING {
        return Err(P12Error::NotAP12);
    }
    Ok((kind, value))
}

struct Opening<'a> {
    contents: Contents,
    password: &'a Password,
    budget: Budget,
}

impl Opening<'_> {
    fn part(&mut self, part: &Element<'_>) -> Result<(), P12Error> {
        let (kind, value) = content_info(part)?;
        if kind == DATA {
            return self.bags(value.content, P12Error::NotAP12);
        }
        if kind != ENCRYPTED_DATA {
            return Err(P12Error::UnsupportedEncryption);
        }
        // EncryptedData: SEQUENCE { version, SEQUENCE { type, algorithm, [0] IMPLICIT octets } }
        let parts = value.leading(2);
        let inner = parts.get(1).map(|info| info.leading(3)).unwrap_or_default();
        let [_, algorithm, encrypted] = inner.as_slice() else {
            return Err(P12Error::NotAP12);
        };
        let plain = self.decrypted(algorithm, &implicit_octets(encrypted)?)?;
        self.bags(&plain, self.rubbish())
    }

    fn decrypted(&mut self, algorithm: &Element<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, P12Error> {
        Ok(pbe::decrypt(algorithm, data, self.password, &mut self.budget)?)
    }

    /// What it means that something decrypted is not what it should be.
    fn rubbish(&self) -> P12Error {
        match self.contents.has_mac {
            true => P12Error::NotAP12,
            false => P12Error::WrongPassword,
        }
    }

    fn bags(&mut self, bytes: &[u8], otherwise: P12Error) -> Result<(), P12Error> {
        let der = Zeroizing::new(asn1::to_der(bytes).map_err(|_| otherwise)?.into_owned());
        let (list, _) = asn1::read(&der).map_err(|_| otherwise)?;
        self.list(&list, otherwise, 0)
    }

    fn list(&mut self, list: &Element<'_>, otherwise: P12Error, depth: usize) -> Result<(), P12Error> {
        if list.tag != SEQUENCE || depth > MAX_DEPTH {
            return Err(otherwise);
        }
        for bag in list.children().map_err(|_| otherwise)? {
            self.bag(&bag, otherwise, depth)?;
        }
        Ok(())
    }

    /// `SafeBag`: SEQUENCE { type, \[0\] { value }, SET OF attribute OPTIONAL }. Bags of other types are passed over.
    fn bag(&mut self, bag: &Element<'_>, otherwise: P12Error, depth: usize) -> Result<(), P12Error> {
        let parts = bag.leading(3);
        let [name, explicit, attributes @ ..] = parts.as_slice() else {
            return Err(otherwise);
        };
        let kind = pbe::oid(name).ok_or(otherwise)?;
        let value = explicit.leading(1).first().copied().ok_or(otherwise)?;
        let der = match kind {
            BAGS_BAG => return self.list(&value, otherwise, depth + 1),
            KEY_BAG => Zeroizing::new(value.raw.to_vec()),
            SHROUDED_KEY_BAG => self.shrouded_key(&value)?,
            CERTIFICATE_BAG => match certificate(&value) {
                Some(der) => der,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let attributes = attributes.first();
        let (bags, most) = match kind {
            CERTIFICATE_BAG => (&mut self.contents.certificates, MAX_CERTIFICATES),
            _ => (&mut self.contents.keys, MAX_KEYS),
        };
        if bags.len() == most {
            return Err(P12Error::TooManyEntries);
        }
        bags.push(Bag {
            der,
            friendly_name: attribute(attributes, FRIENDLY_NAME).as_ref().and_then(text),
            local_key_id: attribute(attributes, LOCAL_KEY_ID).map(|id| id.content.to_vec()),
        });
        Ok(())
    }

    /// `EncryptedPrivateKeyInfo`: SEQUENCE { algorithm, octets }.
    fn shrouded_key(&mut self, value: &Element<'_>) -> Result<Zeroizing<Vec<u8>>, P12Error> {
        let parts = value.leading(2);
        let [algorithm, encrypted] = parts.as_slice() else {
            return Err(P12Error::NotAP12);
        };
        let plain = self.decrypted(algorithm, encrypted.content)?;
        match asn1::read(&plain) {
            Ok((key, [])) if key.tag == SEQUENCE => Ok(plain),
            _ => Err(self.rubbish()),
        }
    }
}

/// Octets under an implicit tag: in one piece, or (BER) in segments.
fn implicit_octets(element: &Element<'_>) -> Result<Vec<u8>, P12Error> {
    match element.tag {
        CONTEXT_0_PRIMITIVE => Ok(element.content.to_vec()),
        CONTEXT_0 => {
            let segments = element.children().map_err(|_| P12Error::NotAP12)?;
            Ok(segments.iter().flat_map(|segment| segment.content).copied().collect())
        }
        _ => Err(P12Error::NotAP12),
    }
}

/// `CertBag`: SEQUENCE { type, \[0\] { octets } }; other types than X.509 are none.
fn certificate(value: &Element<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let parts = value.leading(2);
    let [kind, explicit] = parts.as_slice() else { return None };
    let octets = explicit.leading(1).first().copied()?;
    (pbe::oid(kind)? == X509_CERTIFICATE && octets.tag == OCTET_STRING).then(|| Zeroizing::new(octets.content.to_vec()))
}

/// The first value of an attribute: SET OF SEQUENCE { type, SET { value } }.
fn attribute<'a>(attributes: Option<&Element<'a>>, wanted: ObjectIdentifier) -> Option<Element<'a>> {
    let attributes = attributes.filter(|set| set.tag == SET)?.children().ok()?;
    attributes.iter().find_map(|attribute| {
        let parts = attribute.leading(2);
        let [name, values] = parts.as_slice() else { return None };
        (pbe::oid(name)? == wanted).then(|| values.leading(1).first().copied())?
    })
}

/// A friendly name: UTF-16 with the big end first. What is none of Unicode's is replaced.
fn text(value: &Element<'_>) -> Option<String> {
    let units = value.content.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    (value.tag == BMP_STRING).then(|| text.filter(|c| !c.is_control()).collect())
}
