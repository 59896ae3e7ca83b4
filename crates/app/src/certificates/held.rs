//! Which certificates at Apple are ours: joined by public key, or by serial number where Apple does not send the certificate.

use super::Place;
use crate::Problem;
use apple::Certificate as AtApple;
use domain::{HeldPlace, Permit};
use std::collections::{BTreeMap, BTreeSet};
use store::{KnownCertificate, Tx};

/// Those certificates of a list at Apple that are held here, by what the two can be compared with.
pub(crate) struct Held {
    by_serial: BTreeMap<String, KnownCertificate>,
    /// Public keys whose private keys are here, whichever certificate they came with.
    keys: BTreeSet<String>,
}

impl Held {
    /// Looks for places that are remembered, each by its public key or, without one, by its serial number.
    pub(crate) async fn among_places(tx: &mut Tx, permit: &Permit, places: &[HeldPlace]) -> Result<Self, Problem> {
        let mut known: Vec<String> = places
            .iter()
            .map(|place| match &place.public_key_fingerprint {
                Some(fingerprint) => fingerprint.clone(),
                None => whole_serial(&place.serial),
            })
            .collect();
        known.sort_unstable();
        known.dedup();
        let mut held = Self {
            by_serial: BTreeMap::new(),
            keys: BTreeSet::new(),
        };
        for certificate in tx.certificates_known_by(permit, &known).await? {
            if certificate.key_held {
                held.keys.insert(certificate.public_key_fingerprint.clone());
            }
            held.by_serial.insert(bare_serial(&certificate.serial), certificate);
        }
        Ok(held)
    }

    /// Looks for the certificates of a list that Apple just gave.
    pub(crate) async fn among_listed<'a>(tx: &mut Tx, permit: &Permit, listed: impl Iterator<Item = &'a AtApple>) -> Result<Self, Problem> {
        let places: Vec<HeldPlace> = listed.map(as_place).collect();
        Self::among_places(tx, permit, &places).await
    }

    /// The one that is this certificate. Several may have its public key, made of one request; its number is its own.
    pub(crate) fn find(&self, public_key: Option<&str>, serial: &str) -> Option<&KnownCertificate> {
        let found = self.by_serial.get(&bare_serial(serial))?;
        public_key.is_none_or(|key| key == found.public_key_fingerprint).then_some(found)
    }

    /// Whether its private key is here, be it with another certificate of the same key.
    pub(crate) fn key_held(&self, public_key: Option<&str>, serial: &str) -> bool {
        public_key.is_some_and(|key| self.keys.contains(key)) || self.find(public_key, serial).is_some_and(|here| here.key_held)
    }

    pub(crate) fn place(&self, place: &HeldPlace) -> Place {
        let here = self.find(place.public_key_fingerprint.as_deref(), &place.serial);
        Place {
            apple_id: place.apple_id.clone(),
            name: place.name.clone(),
            serial: place.serial.clone(),
            expires_at: place.expires_at,
            key_held: self.key_held(place.public_key_fingerprint.as_deref(), &place.serial),
            held: here.map(|here| here.id),
        }
    }
}

/// Apple writes 30 to 32 digits (facts E2): a leading zero may be there or not.
fn bare_serial(serial: &str) -> String {
    serial.trim_start_matches('0').to_ascii_uppercase()
}

/// As we write it: two digits for a byte.
fn whole_serial(serial: &str) -> String {
    let bare = bare_serial(serial);
    if bare.len().is_multiple_of(2) { bare } else { format!("0{bare}") }
}

/// What Apple says of a certificate, as a place is remembered.
pub(crate) fn as_place(certificate: &AtApple) -> HeldPlace {
    let attributes = &certificate.attributes;
    HeldPlace {
        apple_id: certificate.id.clone(),
        name: attributes
            .name
            .clone()
            .or_else(|| attributes.display_name.clone())
            .unwrap_or_default(),
        serial: attributes.serial_number.clone().unwrap_or_default(),
        public_key_fingerprint: parsed(certificate).map(|parsed| parsed.info().public_key_fingerprint.clone()),
        expires_at: attributes.expiration_date,
    }
}

/// The certificate itself, where Apple sent it.
pub(crate) fn parsed(certificate: &AtApple) -> Option<signing::certificate::Certificate> {
    signing::certificate::Certificate::from_der(&certificate.attributes.der()?).ok()
}
