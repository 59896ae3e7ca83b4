//! A set made of what is held here, by picking.

use super::{SigningSetView, wish};
use crate::{App, Caller, Problem, acting::fresh, problem::Kind};
use domain::{
    Action, CertificateId, Event, HeldCertificate, HeldProfile, OrgId, Permit, ProfileId, ProfileState, SetItem, SigningSet, SigningSetId,
};
use std::collections::BTreeSet;
use store::{Conflict, StoreError, Tx};

/// The most profiles of one set.
const ITEMS_MOST: usize = 50;

/// A profile that is picked, and what its app is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickedItem {
    /// The profile.
    pub profile: ProfileId,
    /// The certificate; none takes the one of the profile whose private key is held here.
    pub certificate: Option<CertificateId>,
}

impl App {
    /// Makes a set of profiles and certificates that are held here, or lent now. They must fit together: each certificate is in
    /// its profile, with its private key here, and all are of one team, one type, and not over.
    ///
    /// # Errors
    /// `name_unfit`, `set_name_taken`, `items_unfit` with what does not fit; `not_found` also for a profile or certificate
    /// that is neither held here nor lent, `not_allowed`.
    pub async fn create_signing_set(
        &self,
        caller: &Caller,
        org: OrgId,
        name: &str,
        picked: &[PickedItem],
    ) -> Result<SigningSetView, Problem> {
        let permit = self.permit(caller, Action::EditSigningSets, org).await?;
        let name = wish::name(name)?;
        if picked.is_empty() || picked.len() > ITEMS_MOST {
            return Err(unfit(format!(
                "{} profiles are picked. Pick at least one and at most {ITEMS_MOST}.",
                picked.len()
            )));
        }
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut items: Vec<(HeldProfile, HeldCertificate)> = Vec::with_capacity(picked.len());
        for one in picked {
            let profile = tx.profile_to_use(&permit, one.profile, self.now()).await?.profile;
            let certificate = self.certificate_of_item(&mut tx, &permit, &profile, one.certificate).await?;
            items.push((profile, certificate));
        }
        let Some((first, _)) = items.first() else {
            return Err(Problem::not_found());
        };
        let profile_type = first.profile_type.clone();
        self.refuse_mixed(&items)?;
        let now = self.now();
        let set = SigningSet {
            id: fresh!(self, SigningSetId),
            organization: org,
            name: name.clone(),
            profile_type,
            api_key: None,
            made_at: now,
            changed_at: now,
        };
        match tx.insert_signing_set(&permit, &set).await {
            Ok(()) => {}
            Err(StoreError::Conflict(Conflict::SetName)) => return Err(name_taken(name.as_str())),
            Err(error) => return Err(error.into()),
        }
        for (profile, certificate) in &items {
            let item = SetItem {
                identifier: profile.bundle_identifier.clone(),
                certificate: Some(certificate.id),
                profile: Some(profile.id),
                seen_at: None,
                below_seen_at: None,
            };
            tx.put_set_item(&permit, set.id, &item).await?;
        }
        let event = Event::SigningSetCreated {
            set: set.id,
            name,
            identifiers: items.into_iter().map(|(profile, _)| profile.bundle_identifier).collect(),
        };
        let view = self.set_view(&mut tx, &permit, set).await?;
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// The certificate that a picked profile is used with.
    async fn certificate_of_item(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        profile: &HeldProfile,
        chosen: Option<CertificateId>,
    ) -> Result<HeldCertificate, Problem> {
        let now = self.now();
        if let Some(id) = chosen {
            let held = tx.certificate_to_use(permit, id, now).await?.certificate;
            let why = if held.private_key.is_none() {
                "has no private key here"
            } else if held.revoked_at.is_some() {
                "was revoked"
            } else if held.expires_at <= now {
                "has expired"
            } else if !profile.has(&held.public_key_fingerprint, &held.serial) {
                "is not in it"
            } else {
                return Ok(held);
            };
            return Err(unfit(format!(
                "For the profile “{}” the certificate “{}” was picked, which {why}. Pick another, or rebuild the profile with it.",
                profile.name, held.name
            )));
        }
        let fits = |held: &HeldCertificate| {
            held.private_key.is_some()
                && held.revoked_at.is_none()
                && held.expires_at > now
                && profile.has(&held.public_key_fingerprint, &held.serial)
        };
        let mut fitting: Vec<HeldCertificate> = Vec::new();
        for known in tx.certificates_known_by(permit, &profile.certificates).await? {
            fitting.push(tx.certificate(permit, known.id).await?);
        }
        fitting.retain(fits);
        // What is lent can be taken back; one's own comes first.
        if fitting.is_empty() {
            let lent = tx.lent_certificates(permit, now).await?.into_iter().map(|lent| lent.certificate);
            fitting.extend(lent.filter(fits));
        }
        fitting.into_iter().max_by_key(|held| held.expires_at).ok_or_else(|| {
            unfit(format!(
                "No certificate of the profile “{}” is held here or lent with its private key and has not expired. Rebuild the profile with one that is, or import the key.",
                profile.name
            ))
        })
    }

    /// Refuses what does not belong into one set.
    fn refuse_mixed(&self, items: &[(HeldProfile, HeldCertificate)]) -> Result<(), Problem> {
        let now = self.now();
        let mut identifiers = BTreeSet::new();
        let Some((first, _)) = items.first() else { return Ok(()) };
        for (profile, _) in items {
            let why = match profile.state(now) {
                ProfileState::Expired => Some("has expired. Rebuild it first.".to_owned()),
                ProfileState::Invalid => Some("is not taken by Apple any more. Rebuild it first.".to_owned()),
                _ if profile.profile_type != first.profile_type => Some(format!(
                    "is of the type {}, and “{}” of the type {}. A set is of one type.",
                    profile.profile_type.title(),
                    first.name,
                    first.profile_type.title()
                )),
                _ if profile.team_id != first.team_id => Some(format!("is of another team than “{}”. A set is of one team.", first.name)),
                _ if !identifiers.insert(profile.bundle_identifier.as_str()) => Some(format!(
                    "is the second one for {}. A set has one profile for each bundle identifier.",
                    profile.bundle_identifier
                )),
                _ => None,
            };
            if let Some(why) = why {
                return Err(unfit(format!("The profile “{}” {why}", profile.name)));
            }
        }
        Ok(())
    }
}

fn unfit(why: String) -> Problem {
    Problem::field("items_unfit", "items", why)
}

/// The refusal of a name that is there already.
pub(super) fn name_taken(name: &str) -> Problem {
    let message = format!("There is a signing set “{name}” already, or one whose name reads alike. Choose another name.");
    let mut problem = Problem::field("set_name_taken", "name", message);
    problem.kind = Kind::Conflict;
    problem
}
