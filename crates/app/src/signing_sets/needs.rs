//! What a set needs, decided from what is here and what the account has. Pure: nothing is asked and nothing is changed.
//!
//! 1. The certificate: one that is held here with its private key, that the account lists, that fits the type and lasts.
//!    Of several, the one that most of the profiles have which are there; then the one that ends last. Else a new one.
//! 2. For each bundle identifier a profile that is held, taken by Apple, lasts, and has that certificate.
//! 3. Else a held one that nobody can use any more (INVALID, ended, gone, without a certificate that is valid) is built anew
//!    under its name; it keeps its other certificates where the type has several.
//! 4. Else a new one, under a name that is free.
//!
//! The surprising thing: a profile that works is never touched, whoever made it. Where it lacks the certificate, another
//! profile is made beside it.

use crate::{
    Problem,
    profiles::{Account, Devices, ProfileChange, refuse_others},
};
use apple::{ProfileDetail, ProfileState};
use domain::{
    CertificateType, DeviceRule, HeldCertificate, HeldProfile, ProfileStanding, ProfileType,
    operation::{CertificateNeed, ItemNeed, NewBundleId, NewProfile, ProfileNeed, SetNeeds, SetToEnsure},
    signing_set::ENDING,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::KeyToUse;

/// Stands for Apple's id of what is made by an earlier step.
const NOT_YET: &str = "";

/// A profile as it is to be created, with this certificate where it is still missing.
pub(super) fn with_certificate(new: &NewProfile, certificate: &str) -> NewProfile {
    let mut new = new.clone();
    for id in new.certificates.iter_mut().filter(|id| *id == NOT_YET) {
        certificate.clone_into(id);
    }
    new
}

/// What is known when it is decided.
pub(super) struct Needing<'a> {
    pub(super) wanted: &'a SetToEnsure,
    pub(super) account: &'a Account,
    /// Those of the account that are held here with their private keys.
    pub(super) certificates: Vec<HeldCertificate>,
    /// Those held here for these identifiers, of the wanted type.
    pub(super) profiles: Vec<HeldProfile>,
    pub(super) used: &'a KeyToUse,
    /// What was made since then may be missing in Apple's lists.
    pub(super) lately: Timestamp,
    pub(super) now: Timestamp,
}

impl Needing<'_> {
    /// What these identifiers need.
    pub(super) fn needs(&self, identifiers: &[String]) -> SetNeeds {
        self.decided(identifiers)
            .unwrap_or_else(|problem| SetNeeds::refused(problem.message))
    }

    fn decided(&self, identifiers: &[String]) -> Result<SetNeeds, Problem> {
        self.refuse_unregistered(identifiers)?;
        let certificate = self.certificate(identifiers)?;
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut items = Vec::with_capacity(identifiers.len());
        for identifier in identifiers {
            items.push(ItemNeed {
                identifier: identifier.clone(),
                register: (self.account.bundle_id(identifier).is_err()).then(|| self.to_register(identifier)),
                profile: self.profile(identifier, certificate, &mut taken)?,
            });
        }
        Ok(SetNeeds {
            certificate: match certificate {
                Some(held) => CertificateNeed::Held(held.id, self.apple_id(held)),
                None => CertificateNeed::New(new_certificate(&self.wanted.profile_type)?),
            },
            items,
            refused: None,
        })
    }

    fn refuse_unregistered(&self, identifiers: &[String]) -> Result<(), Problem> {
        let lacking: Vec<&str> = identifiers
            .iter()
            .filter(|identifier| self.account.bundle_id(identifier).is_err())
            .map(String::as_str)
            .collect();
        if lacking.is_empty() || self.wanted.register {
            return Ok(());
        }
        let message = format!(
            "The account has no bundle ID {}. Register what is missing, or ask for it to be registered with the set (on the command line with --register). Nothing was made.",
            lacking.join(", ")
        );
        Err(Problem::field("bundle_id_unknown", "identifiers", message))
    }

    fn to_register(&self, identifier: &str) -> NewBundleId {
        let is_for_mac = self.wanted.profile_type.as_str().starts_with("MAC");
        NewBundleId {
            key: self.wanted.key,
            identifier: identifier.to_owned(),
            name: crate::bundle_ids::named_after(identifier),
            platform: if is_for_mac { "MAC_OS" } else { "IOS" }.to_owned(),
        }
    }

    /// The certificate; none where a new one is needed.
    fn certificate(&self, identifiers: &[String]) -> Result<Option<&HeldCertificate>, Problem> {
        if let Some(chosen) = self.wanted.certificate {
            let found = self.certificates.iter().find(|held| held.id == chosen && self.is_listed(held));
            return match found {
                Some(held) => Ok(Some(held)),
                None => Err(Problem::field(
                    "certificate_unfit",
                    "certificate",
                    "The account does not list the chosen certificate any more, or it is not held here with its private key. Choose another. Nothing was made.",
                )),
            };
        }
        let soon = self.soon();
        let of_use = |held: &HeldCertificate| {
            let ready = identifiers.iter().filter(|identifier| self.usable(identifier, held).is_some());
            ready.count()
        };
        let fitting = self.certificates.iter().filter(|held| {
            self.wanted.profile_type.takes_certificate(&held.certificate_type) && held.expires_at > soon && self.is_listed(held)
        });
        Ok(fitting.max_by_key(|held| (of_use(held), held.expires_at, held.id)))
    }

    fn soon(&self) -> Timestamp {
        self.now.saturating_add(ENDING).unwrap_or(Timestamp::MAX)
    }

    fn is_listed(&self, held: &HeldCertificate) -> bool {
        self.account.listed(held).is_some()
    }

    fn apple_id(&self, held: &HeldCertificate) -> String {
        let listed = self.account.listed(held);
        listed.map_or_else(|| held.apple_id.clone().unwrap_or_default(), |listed| listed.id.clone())
    }

    fn held_for<'s>(&'s self, identifier: &str) -> impl Iterator<Item = &'s HeldProfile> {
        self.profiles.iter().filter(move |held| held.bundle_identifier == identifier)
    }

    fn at_apple(&self, held: &HeldProfile) -> Option<&ProfileDetail> {
        let id = held.apple_id.as_deref()?;
        self.account.profiles.iter().find(|detail| detail.profile.id == id)
    }

    /// Whether Apple takes it: listed and not INVALID, or made so lately that lists may leave it out.
    fn is_taken(&self, held: &HeldProfile) -> bool {
        match self.at_apple(held) {
            Some(detail) => {
                let attributes = &detail.profile.attributes;
                attributes.profile_state != Some(ProfileState::Invalid) && attributes.uuid.as_deref() == Some(held.uuid.as_str())
            }
            None => held.apple_id.is_some() && held.created_at >= self.lately,
        }
    }

    /// A profile that can be used with this certificate as it is.
    fn usable(&self, identifier: &str, certificate: &HeldCertificate) -> Option<&HeldProfile> {
        self.held_for(identifier).find(|held| {
            held.has(&certificate.public_key_fingerprint, &certificate.serial) && self.lasts(held) && self.has_its_devices(held)
        })
    }

    fn lasts(&self, held: &HeldProfile) -> bool {
        held.standing == ProfileStanding::Ready && held.expires_at > self.soon() && self.is_taken(held)
    }

    /// Whether it has the devices that it is to have.
    fn has_its_devices(&self, held: &HeldProfile) -> bool {
        held.device_rule != DeviceRule::AllEnabled
            || !held.profile_type.wants_devices()
            || self.account.has_exactly_these_devices(&held.profile_type, &held.devices)
    }

    fn profile(
        &self,
        identifier: &str,
        certificate: Option<&HeldCertificate>,
        taken: &mut BTreeSet<String>,
    ) -> Result<ProfileNeed, Problem> {
        if let Some(held) = certificate.and_then(|certificate| self.usable(identifier, certificate)) {
            return Ok(ProfileNeed::Held(held.id));
        }
        let apple_id = certificate.map_or_else(|| NOT_YET.to_owned(), |held| self.apple_id(held));
        for held in self.held_for(identifier).filter(|held| self.is_of_no_use(held, certificate)) {
            if let Some(rebuild) = self.rebuilt(held, &apple_id) {
                return Ok(ProfileNeed::Rebuild(Box::new(rebuild)));
            }
        }
        let profile_type = &self.wanted.profile_type;
        let devices = if profile_type.wants_devices() {
            Devices::AllEnabled
        } else {
            Devices::default()
        };
        let name = self.free_name(identifier, taken);
        taken.insert(name.clone());
        Ok(ProfileNeed::New(Box::new(NewProfile {
            key: self.wanted.key,
            name,
            profile_type: profile_type.clone(),
            bundle_id: self.account.bundle_id(identifier).unwrap_or_default(),
            identifier: identifier.to_owned(),
            certificates: vec![apple_id],
            devices: self.account.devices(profile_type, &devices)?,
            device_rule: devices.rule(),
            before: Vec::new(),
            profile: None,
        })))
    }

    /// Whether nobody can use it any more, or it has our certificate and only its devices are others now.
    fn is_of_no_use(&self, held: &HeldProfile, certificate: Option<&HeldCertificate>) -> bool {
        let no_valid_certificate = self
            .account
            .certificates_of_keys(&held.profile_type, &held.certificates, self.now)
            .is_empty();
        let is_ours = certificate.is_some_and(|ours| held.has(&ours.public_key_fingerprint, &ours.serial));
        !self.lasts(held) || no_valid_certificate || (is_ours && !self.has_its_devices(held))
    }

    /// How it is built anew; none where that is not ours to do, or would touch another profile.
    fn rebuilt(&self, held: &HeldProfile, certificate: &str) -> Option<domain::operation::ProfileRebuild> {
        let change = ProfileChange::default();
        let rebuild = self
            .account
            .rebuild(self.wanted.key, held, &change, Some(certificate), self.now)
            .ok()?;
        match &rebuild.present {
            Some(present) if held.apple_id.as_ref() != Some(present) => None,
            Some(present) => refuse_others(self.used, Some(held), present, &held.name).ok().map(|()| rebuild),
            None => Some(rebuild),
        }
    }

    /// What a new profile is called: after its app and type, with a number where that is taken.
    fn free_name(&self, identifier: &str, taken: &BTreeSet<String>) -> String {
        let base = format!("{identifier} {}", self.wanted.profile_type.title());
        let is_free =
            |name: &str| self.account.named(name).is_none() && !taken.contains(name) && self.profiles.iter().all(|held| held.name != name);
        let mut name = base.clone();
        for number in 2.. {
            if is_free(&name) {
                break;
            }
            name = format!("{base} {number}");
        }
        name
    }
}

/// The type of a certificate that is made for profiles of a type.
fn new_certificate(profile_type: &ProfileType) -> Result<CertificateType, Problem> {
    let wanted = match profile_type.method() {
        "development" => "DEVELOPMENT",
        "direct" => "DEVELOPER_ID_APPLICATION",
        _ => "DISTRIBUTION",
    };
    CertificateType::creatable(wanted).map_err(|why| {
        let message = format!("No certificate that fits is held here with its private key. {why} Then import it here. Nothing was made.");
        Problem::field("certificate_unfit", "certificate", message)
    })
}
