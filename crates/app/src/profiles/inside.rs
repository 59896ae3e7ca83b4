//! What is shown of the inside of a profile: of its file where it is held, of a reference what was last seen. Nobody asks
//! Apple for a page.

use super::{
    file,
    held::{InProfile, Known},
};
use crate::Problem;
use domain::{HeldProfile, Permit};
use jiff::Timestamp;
use signing::profile::Profile;
use store::{StoreError, Tx};

/// The inside.
pub(super) struct Inside {
    /// The certificates; of a reference those that are held or lent here.
    pub(super) certificates: Vec<InProfile>,
    /// The entitlements, as JSON.
    pub(super) entitlements: serde_json::Map<String, serde_json::Value>,
    /// The platforms, as the file says them.
    pub(super) platforms: Vec<String>,
    /// Who vouches for it, in words.
    pub(super) signed_by: &'static str,
}

impl Inside {
    /// Of a file; `known` are the certificates that are held or lent here.
    pub(super) fn of_file(read: &Profile, known: &Known) -> Self {
        let certificates = read.info.certificates.iter().map(|certificate| {
            let here = known.find(&certificate.public_key_fingerprint, &certificate.serial_hex);
            InProfile {
                name: certificate.common_name.clone().unwrap_or_default(),
                serial: certificate.serial_hex.clone(),
                expires_at: certificate.not_after,
                held: here.map(|here| here.id),
                key_held: here.is_some_and(|here| here.key_held),
            }
        });
        Self {
            certificates: certificates.collect(),
            entitlements: read.info.entitlements.clone(),
            platforms: read.info.platforms.clone(),
            signed_by: file::signed_by(read),
        }
    }

    /// Of a reference.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn of_reference(
        tx: &mut Tx,
        permit: &Permit,
        held: &HeldProfile,
        known: &Known,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut certificates = Vec::new();
        for here in known.of(held) {
            let found = match tx.certificate_to_use(permit, here.id, now).await {
                // Its share ended while this was read.
                Err(StoreError::NotFound) => continue,
                found => found?.certificate,
            };
            certificates.push(InProfile {
                name: found.name,
                serial: here.serial.clone(),
                expires_at: found.expires_at,
                held: Some(here.id),
                key_held: here.key_held,
            });
        }
        Ok(Self {
            certificates,
            entitlements: serde_json::Map::new(),
            platforms: Vec::new(),
            signed_by: file::REFERENCE,
        })
    }
}
