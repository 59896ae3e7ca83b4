//! Which certificates at Apple are ours: joined by public key, or by serial number where Apple does not send the certificate.

use super::Place;
use crate::Problem;
use apple::Certificate as AtApple;
use domain::{CertificateId, HeldPlace, Permit};
use std::collections::BTreeMap;
use store::Tx;

/// The certificates held here, by what Apple's list can be compared with.
pub(crate) struct Held {
    by_public_key: BTreeMap<String, (CertificateId, bool)>,
    by_serial: BTreeMap<String, (CertificateId, bool)>,
}

impl Held {
    pub(crate) async fn load(tx: &mut Tx, permit: &Permit) -> Result<Self, Problem> {
        let mut held = Self {
            by_public_key: BTreeMap::new(),
            by_serial: BTreeMap::new(),
        };
        for certificate in tx.certificates_by_expiry(permit, u32::MAX).await? {
            let here = (certificate.id, certificate.private_key.is_some());
            held.by_serial.insert(bare_serial(&certificate.serial), here);
            held.by_public_key.insert(certificate.public_key_fingerprint, here);
        }
        Ok(held)
    }

    /// Our id of a certificate, and whether its private key is here.
    pub(crate) fn find(&self, public_key: Option<&str>, serial: &str) -> Option<(CertificateId, bool)> {
        match public_key {
            Some(fingerprint) => self.by_public_key.get(fingerprint).copied(),
            None => self.by_serial.get(&bare_serial(serial)).copied(),
        }
    }

    pub(crate) fn place(&self, place: &HeldPlace) -> Place {
        let here = self.find(place.public_key_fingerprint.as_deref(), &place.serial);
        Place {
            apple_id: place.apple_id.clone(),
            name: place.name.clone(),
            serial: place.serial.clone(),
            expires_at: place.expires_at,
            key_held: here.is_some_and(|(_, key_held)| key_held),
            held: here.map(|(id, _)| id),
        }
    }
}

/// Apple writes 30 to 32 digits (facts E2): a leading zero may be there or not.
fn bare_serial(serial: &str) -> String {
    serial.trim_start_matches('0').to_ascii_uppercase()
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
