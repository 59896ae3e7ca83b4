//! What the Apple account has that a profile is made of, read at once: profiles, certificates, bundle IDs, devices.
//!
//! Apple wants its own ids; people and files say identifiers, UDIDs and public keys. Here the one is found for the other,
//! and what cannot be found is said before anything is deleted.

use super::Devices;
use crate::{Problem, certificates::parsed, problem::Kind};
use apple::{BundleId, BundleIdFilter, Certificate, CertificateFilter, Device, DeviceFilter, DeviceStatus, Error, ProfileDetail, Session};
use domain::{CertificateType, HeldCertificate, HeldProfile, ProfileType};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What the account has.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) profiles: Vec<ProfileDetail>,
    certificates: Vec<AtApple>,
    bundle_ids: Vec<BundleId>,
    devices: Vec<Device>,
}

/// A certificate of the account.
#[derive(Debug, Clone)]
pub(crate) struct AtApple {
    /// Apple's id.
    pub(crate) id: String,
    pub(crate) certificate_type: CertificateType,
    /// SHA-256 of its public key; none when Apple did not send the certificate.
    pub(crate) public_key: Option<String>,
    expires_at: Option<Timestamp>,
}

impl AtApple {
    fn of(certificate: &Certificate) -> Self {
        let attributes = &certificate.attributes;
        Self {
            id: certificate.id.clone(),
            certificate_type: CertificateType::of_apple(attributes.certificate_type.as_ref().map(|t| t.to_string()).unwrap_or_default()),
            public_key: parsed(certificate).map(|parsed| parsed.info().public_key_fingerprint.clone()),
            expires_at: attributes.expiration_date,
        }
    }

    fn has_this_key(&self, fingerprint: &str) -> bool {
        self.public_key.as_deref() == Some(fingerprint)
    }
}

impl Account {
    pub(crate) async fn read(session: &Session) -> Result<Self, Error> {
        let certificates = session.certificates().list(&CertificateFilter::default()).await?;
        Ok(Self {
            profiles: session.profiles().list(&apple::ProfileFilter::default()).await?,
            certificates: certificates.iter().map(AtApple::of).collect(),
            bundle_ids: session.bundle_ids().list(&BundleIdFilter::default()).await?,
            devices: session.devices().list(&DeviceFilter::default()).await?,
        })
    }

    /// The same for profiles of one type: the devices are left out where it has none, and the certificates where they are
    /// not wanted once the rest is known.
    pub(crate) async fn read_for(
        session: &Session,
        profile_type: &ProfileType,
        wants_certificates: impl FnOnce(&Self) -> bool,
    ) -> Result<Self, Error> {
        let mut account = Self {
            profiles: session.profiles().list(&apple::ProfileFilter::default()).await?,
            certificates: Vec::new(),
            bundle_ids: session.bundle_ids().list(&BundleIdFilter::default()).await?,
            devices: Vec::new(),
        };
        if profile_type.wants_devices() {
            account.devices = session.devices().list(&DeviceFilter::default()).await?;
        }
        if wants_certificates(&account) {
            let certificates = session.certificates().list(&CertificateFilter::default()).await?;
            account.certificates = certificates.iter().map(AtApple::of).collect();
        }
        Ok(account)
    }

    /// Counts a certificate in that was made so lately that Apple's list may leave it out.
    pub(crate) fn also_has(&mut self, held: &HeldCertificate) {
        if let Some(id) = held.apple_id.clone()
            && self.certificates.iter().all(|certificate| certificate.id != id)
        {
            self.certificates.push(AtApple {
                id,
                certificate_type: held.certificate_type.clone(),
                public_key: Some(held.public_key_fingerprint.clone()),
                expires_at: Some(held.expires_at),
            });
        }
    }

    /// The identifiers of its bundle IDs.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = &str> {
        self.bundle_ids.iter().filter_map(|found| found.attributes.identifier.as_deref())
    }

    /// Apple's ids of its profiles.
    pub(crate) fn profile_ids(&self) -> BTreeSet<String> {
        self.profiles.iter().map(|detail| detail.profile.id.clone()).collect()
    }

    /// Whether these UDIDs are all enabled devices that a profile of this type can have, and no others.
    pub(crate) fn has_exactly_these_devices(&self, profile_type: &ProfileType, udids: &[String]) -> bool {
        let all: Vec<_> = self.usable_devices(profile_type).collect();
        all.len() == udids.len() && all.iter().all(|device| udids.iter().any(|udid| is_called(device, udid)))
    }

    /// The profile of this name: there is one in a team.
    pub(crate) fn named(&self, name: &str) -> Option<&ProfileDetail> {
        self.profiles
            .iter()
            .find(|detail| detail.profile.attributes.name.as_deref() == Some(name))
    }

    /// The profile of a held one's name: itself, if it is listed. What was deleted may be listed beside it for a while.
    pub(super) fn present(&self, held: &HeldProfile) -> Option<&ProfileDetail> {
        let is_itself = |detail: &&ProfileDetail| {
            held.apple_id.as_deref() == Some(detail.profile.id.as_str())
                && detail.profile.attributes.name.as_deref() == Some(held.name.as_str())
        };
        self.profiles.iter().find(is_itself).or_else(|| self.named(&held.name))
    }

    /// The certificate with this public key. Of several with one key the one that ends last.
    pub(crate) fn certificate_of_key(&self, fingerprint: &str) -> Option<&AtApple> {
        let ours = self.certificates.iter().filter(|certificate| certificate.has_this_key(fingerprint));
        ours.max_by_key(|certificate| certificate.expires_at)
    }

    /// A held certificate as the account lists it: by Apple's id, and what came as a file by its public key. Several may have one
    /// key, made of one request; then it is the one that ends at the same moment, or none.
    pub(crate) fn listed(&self, held: &HeldCertificate) -> Option<&AtApple> {
        if let Some(id) = &held.apple_id {
            return self.certificates.iter().find(|certificate| certificate.id == *id);
        }
        let of_key = |certificate: &&AtApple| certificate.has_this_key(&held.public_key_fingerprint);
        let mut same: Vec<_> = self.certificates.iter().filter(of_key).collect();
        if same.len() > 1 {
            same.retain(|certificate| certificate.expires_at == Some(held.expires_at));
        }
        same.into_iter().next()
    }

    /// Whether a held profile has a certificate, of which `listed` is what the account has: as Apple lists the profile, and where
    /// it does not, by whether it could.
    pub(crate) fn has_certificate(&self, profile: &HeldProfile, held: &HeldCertificate, listed: Option<&AtApple>) -> bool {
        let detail = self
            .profiles
            .iter()
            .find(|detail| profile.apple_id.as_deref() == Some(detail.profile.id.as_str()));
        match (detail, listed) {
            (Some(detail), Some(listed)) if !detail.certificates.is_empty() => detail.certificates.iter().any(|one| one.id == listed.id),
            _ => profile.profile_type.takes_certificate(&held.certificate_type),
        }
    }

    /// The certificates of a held profile that can be in it now: those that Apple lists with it, else those with its public keys.
    pub(super) fn certificates_of(&self, held: &HeldProfile, now: Timestamp) -> Vec<String> {
        let detail = self
            .profiles
            .iter()
            .find(|detail| held.apple_id.as_deref() == Some(detail.profile.id.as_str()));
        let is_usable = |id: &&str| {
            let known = self.certificates.iter().find(|certificate| certificate.id == **id);
            known
                .is_some_and(|one| held.profile_type.takes_certificate(&one.certificate_type) && one.expires_at.is_none_or(|end| end > now))
        };
        let listed = detail.map(|detail| detail.certificates.iter().map(|one| one.id.as_str()).filter(is_usable));
        let listed: Vec<String> = listed.into_iter().flatten().map(str::to_owned).collect();
        if listed.is_empty() {
            self.certificates_of_keys(&held.profile_type, &held.certificates, now)
        } else {
            listed
        }
    }

    /// The public keys of its certificates.
    pub(crate) fn public_keys(&self) -> impl Iterator<Item = &str> {
        self.certificates.iter().filter_map(|certificate| certificate.public_key.as_deref())
    }

    /// Apple's id of a bundle ID.
    ///
    /// # Errors
    /// `bundle_id_unknown`.
    pub(crate) fn bundle_id(&self, identifier: &str) -> Result<String, Problem> {
        let found = self
            .bundle_ids
            .iter()
            .find(|found| found.attributes.identifier.as_deref() == Some(identifier));
        found.map(|found| found.id.clone()).ok_or_else(|| {
            Problem::field(
                "bundle_id_unknown",
                "bundle_id",
                format!("The account has no bundle ID {identifier}. Register it first, or choose one that is there."),
            )
        })
    }

    /// The certificates with these public keys that can be in a profile of this type now. Of a type that has one, the one that
    /// ends last.
    pub(crate) fn certificates_of_keys(&self, profile_type: &ProfileType, fingerprints: &[String], now: Timestamp) -> Vec<String> {
        let is_of_them = |certificate: &&AtApple| fingerprints.iter().any(|key| certificate.has_this_key(key));
        let mut fitting: Vec<_> = self
            .certificates
            .iter()
            .filter(is_of_them)
            .filter(|certificate| profile_type.takes_certificate(&certificate.certificate_type))
            .filter(|certificate| certificate.expires_at.is_none_or(|end| end > now))
            .collect();
        fitting.sort_by_key(|certificate| std::cmp::Reverse(certificate.expires_at));
        // Several of one request sign alike: of each key the one that ends last.
        let mut keys = std::collections::BTreeSet::new();
        fitting.retain(|certificate| keys.insert(certificate.public_key.clone()));
        if profile_type.has_one_certificate() {
            fitting.truncate(1);
        }
        fitting.into_iter().map(|certificate| certificate.id.clone()).collect()
    }

    /// Chosen certificates: each by Apple's id or by the fingerprint of its public key.
    ///
    /// # Errors
    /// `certificate_unfit` for one that is not there, has ended, or is of a type that the profile does not take.
    pub(crate) fn chosen_certificates(
        &self,
        profile_type: &ProfileType,
        chosen: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>, Problem> {
        let unfit = |why: String| Problem::field("certificate_unfit", "certificates", why);
        let mut ids: Vec<String> = Vec::with_capacity(chosen.len());
        for name in chosen {
            let by_id = self.certificates.iter().find(|certificate| certificate.id == *name);
            let Some(found) = by_id.or_else(|| self.certificate_of_key(name)) else {
                return Err(unfit(format!("The account has no certificate {name} any more. Choose another.")));
            };
            if !profile_type.takes_certificate(&found.certificate_type) {
                return Err(unfit(format!(
                    "A profile of the type {} does not take a certificate of the type {}.",
                    profile_type.title(),
                    found.certificate_type.title()
                )));
            }
            if found.expires_at.is_some_and(|end| end <= now) {
                return Err(unfit(format!(
                    "The certificate {} has expired. Renew it, or choose another.",
                    found.id
                )));
            }
            if !ids.contains(&found.id) {
                ids.push(found.id.clone());
            }
        }
        if profile_type.has_one_certificate() && ids.len() > 1 {
            return Err(unfit(format!(
                "A profile of the type {} has exactly one certificate.",
                profile_type.title()
            )));
        }
        Ok(ids)
    }

    /// Apple's ids of the devices that a profile of this type is to have.
    ///
    /// # Errors
    /// `devices_unfit` where it takes none, and for devices that are not there, are disabled, or of another class.
    pub(crate) fn devices(&self, profile_type: &ProfileType, wanted: &Devices) -> Result<Vec<String>, Problem> {
        let unfit = |why: String| Problem::field("devices_unfit", "devices", why);
        if !profile_type.wants_devices() {
            return match wanted {
                Devices::Chosen(chosen) if !chosen.is_empty() => {
                    Err(unfit(format!("A profile of the type {} has no devices.", profile_type.title())))
                }
                _ => Ok(Vec::new()),
            };
        }
        let chosen = match wanted {
            Devices::AllEnabled => {
                let all: Vec<_> = self.usable_devices(profile_type).map(|device| device.id.clone()).collect();
                return if all.is_empty() {
                    Err(unfit(no_device(profile_type)))
                } else {
                    Ok(all)
                };
            }
            Devices::Chosen(chosen) => chosen,
        };
        let mut ids: Vec<String> = Vec::with_capacity(chosen.len());
        let mut strangers = Vec::new();
        for name in chosen {
            match self.usable_devices(profile_type).find(|device| is_called(device, name)) {
                Some(device) if ids.contains(&device.id) => {}
                Some(device) => ids.push(device.id.clone()),
                None => strangers.push(name.as_str()),
            }
        }
        if !strangers.is_empty() {
            return Err(unfit(format!(
                "These are no enabled devices of the account that a profile of the type {} takes: {}.",
                profile_type.title(),
                strangers.join(", ")
            )));
        }
        if ids.is_empty() {
            Err(unfit(no_device(profile_type)))
        } else {
            Ok(ids)
        }
    }

    /// Those of some devices that a profile of this type can still have.
    pub(crate) fn devices_still_usable(&self, profile_type: &ProfileType, udids: &[String]) -> Vec<String> {
        self.usable_devices(profile_type)
            .filter(|device| udids.iter().any(|udid| is_called(device, udid)))
            .map(|device| device.id.clone())
            .collect()
    }

    /// What the usable devices are called that a profile of this type can have and that are not among these UDIDs.
    pub(super) fn usable_and_not_among(&self, profile_type: &ProfileType, udids: &[String]) -> Vec<String> {
        if !profile_type.wants_devices() {
            return Vec::new();
        }
        self.usable_devices(profile_type)
            .filter(|device| !udids.iter().any(|udid| is_called(device, udid)))
            .map(|device| device.attributes.name.clone().unwrap_or_default())
            .collect()
    }

    /// Whether Apple lists the device and has made up its mind about it.
    pub(super) fn knows_state_of(&self, udid: &str) -> bool {
        let settled = |status: &DeviceStatus| matches!(status, DeviceStatus::Enabled | DeviceStatus::Disabled);
        self.devices
            .iter()
            .any(|device| is_called(device, udid) && device.attributes.status.as_ref().is_some_and(settled))
    }

    fn usable_devices(&self, profile_type: &ProfileType) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| {
            let class = device
                .attributes
                .device_class
                .as_ref()
                .map(|class| class.to_string())
                .unwrap_or_default();
            device.attributes.status == Some(DeviceStatus::Enabled) && profile_type.takes_device(&class)
        })
    }
}

/// By Apple's id or its UDID, in any case and with dashes or without (facts E5).
fn is_called(device: &Device, name: &str) -> bool {
    let bare = |text: &str| text.replace('-', "").to_ascii_lowercase();
    device.id == name || device.attributes.udid.as_deref().is_some_and(|udid| bare(udid) == bare(name))
}

fn no_device(profile_type: &ProfileType) -> String {
    format!(
        "A profile of the type {} needs at least one enabled device, and none is named that is one. Name some, or take all enabled ones; where there are none, register or enable one.",
        profile_type.title()
    )
}

/// The refusal of a name that is there already.
pub(crate) fn name_taken(name: &str) -> Problem {
    let message = format!("The account has a profile “{name}” already, and a name is there once in a team. Choose another.");
    let mut problem = Problem::field("profile_name_taken", "name", message);
    problem.kind = Kind::Conflict;
    problem
}

/// The public keys of the certificates in a listed profile, as far as Apple sent them.
pub(crate) fn public_keys_of(detail: &ProfileDetail) -> Vec<String> {
    let certificates = detail.certificates.iter().filter_map(parsed);
    certificates.map(|parsed| parsed.info().public_key_fingerprint.clone()).collect()
}
