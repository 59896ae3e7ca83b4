//! Signing sets listed and shown, each item with what is missing in it, and which sets use a certificate or a profile.

use super::SetName;
use crate::{
    App, Caller, Problem,
    lending::{Lender, lender},
    profiles::Referenced,
};
use domain::{
    Action, CertificateId, Event, HeldCertificate, HeldProfile, OrgId, Permit, ProfileId, ProfileState, SetItem, SigningSet, SigningSetId,
    signing_set::ENDING,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use store::{Page, Paging, Tx};

/// Whether a certificate can sign now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateState {
    /// It can.
    Ready,
    /// Its private key is not here.
    NoKeyHeld,
    /// Its date is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl CertificateState {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NoKeyHeld => "no-key-held",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// The certificate of an item.
#[derive(Debug, Clone)]
pub struct InSet {
    /// The certificate.
    pub certificate: HeldCertificate,
    /// Whether it can sign now.
    pub state: CertificateState,
    /// Whose it is, where it is lent.
    pub lent: Option<Lender>,
}

impl InSet {
    /// When it cannot sign here any more: it ends, or is lent no longer.
    pub(super) fn ends_at(&self) -> Timestamp {
        sooner(self.certificate.expires_at, self.lent.as_ref())
    }
}

/// The profile of an item.
#[derive(Debug, Clone)]
pub struct ProfileInSet {
    /// The profile.
    pub profile: HeldProfile,
    /// Whether it can be used now.
    pub state: ProfileState,
    /// Whose it is, where it is lent.
    pub lent: Option<Lender>,
}

impl ProfileInSet {
    /// When it cannot be used here any more: it ends, or is lent no longer.
    pub(super) fn ends_at(&self) -> Timestamp {
        sooner(self.profile.expires_at, self.lent.as_ref())
    }
}

fn sooner(end: Timestamp, lent: Option<&Lender>) -> Timestamp {
    lent.and_then(|lent| lent.stops_at).map_or(end, |stop| stop.min(end))
}

/// What one bundle identifier is signed with, and what is wrong with that.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// The identifier.
    pub identifier: String,
    /// The certificate; none once it was removed, or is not lent any more.
    pub certificate: Option<InSet>,
    /// The profile; none once it was removed, or is not lent any more.
    pub profile: Option<ProfileInSet>,
    /// When Apple was last seen to have both.
    pub seen_at: Option<Timestamp>,
    /// Why nothing can be signed with it, in words; none where it can.
    pub missing: Option<String>,
    /// When the first of both ends, or is lent no longer, where that is within a day.
    pub ending: Option<Timestamp>,
    /// When every bundle ID of the account below this one was last seen to be in the set.
    pub below_seen_at: Option<Timestamp>,
}

impl ItemView {
    /// Whether it can be handed out without asking Apple: it was seen there after that, and does not end soon.
    pub(super) fn is_warm(&self, since: Timestamp) -> bool {
        self.missing.is_none()
            && self.ending.is_none()
            && self.seen_at.is_some_and(|seen| seen > since)
            // What is being built anew has an old file, which Apple has no profile for.
            && self.profile.as_ref().is_some_and(|of| of.state == ProfileState::Ready)
    }
}

/// A set, and how each of its items stands.
#[derive(Debug, Clone)]
pub struct SigningSetView {
    /// The set.
    pub set: SigningSet,
    /// Its items, by identifier.
    pub items: Vec<ItemView>,
}

impl SigningSetView {
    /// Whether a build can be signed with it now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| item.missing.is_none())
    }

    /// When the first of what it needs ends; none where something is missing or never ends.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        let of_item = |item: &ItemView| {
            let certificate = item.certificate.as_ref().map(InSet::ends_at);
            let profile = item.profile.as_ref().map(ProfileInSet::ends_at);
            certificate.into_iter().chain(profile).min()
        };
        self.items.iter().filter_map(of_item).min()
    }

    /// The word for how it stands: `complete`, `ending` within a day, or `incomplete`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.is_complete(), self.items.iter().any(|item| item.ending.is_some())) {
            (false, _) => "incomplete",
            (true, true) => "ending",
            (true, false) => "complete",
        }
    }
}

impl App {
    /// The signing sets of an organization, by name: all, or those with this text in their name.
    ///
    /// # Errors
    /// `cursor_unknown`; `not_found`, `not_allowed`.
    pub async fn signing_sets(
        &self,
        caller: &Caller,
        org: OrgId,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<SigningSetView>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.signing_sets(&permit, search, paging).await?;
        let mut views = Vec::with_capacity(page.items.len());
        for set in page.items {
            views.push(self.set_view(&mut tx, &permit, set).await?);
        }
        Ok(Page {
            items: views,
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// A signing set, by its id or its name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn signing_set(&self, caller: &Caller, org: OrgId, set: &str) -> Result<SigningSetView, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let set = find(&mut tx, &permit, set).await?;
        self.set_view(&mut tx, &permit, set).await
    }

    /// Removes a set. The certificates and profiles that it points at stay.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn remove_signing_set(&self, caller: &Caller, org: OrgId, set: &str) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::EditSigningSets, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let set = find(&mut tx, &permit, set).await?;
        tx.delete_signing_set(&permit, set.id).await?;
        let event = Event::SigningSetRemoved {
            set: set.id,
            name: set.name,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        Ok(tx.commit().await?)
    }

    /// The sets that a certificate is in, by name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn sets_of_certificate(&self, caller: &Caller, org: OrgId, certificate: CertificateId) -> Result<Vec<SetName>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let sets = tx.sets_of_certificate(&permit, certificate).await?;
        Ok(sets.into_iter().map(SetName::from).collect())
    }

    /// The sets that a profile is in, by name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn sets_of_profile(&self, caller: &Caller, org: OrgId, profile: ProfileId) -> Result<Vec<SetName>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let sets = tx.sets_of_profile(&permit, profile).await?;
        Ok(sets.into_iter().map(SetName::from).collect())
    }

    /// A set with how its items stand.
    pub(super) async fn set_view(&self, tx: &mut Tx, permit: &Permit, set: SigningSet) -> Result<SigningSetView, Problem> {
        self.set_view_with(tx, permit, set, &BTreeMap::new()).await
    }

    /// The same, where Apple just gave the files of references: what these are is what those files say.
    pub(super) async fn set_view_with(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        set: SigningSet,
        referenced: &BTreeMap<ProfileId, Referenced>,
    ) -> Result<SigningSetView, Problem> {
        let items = tx.set_items(permit, set.id).await?;
        let mut there = There::default();
        there.own(
            tx.certificates_of_set(permit, set.id).await?,
            tx.profiles_of_set(permit, set.id).await?,
        );
        let now = self.now();
        there.lent(tx, permit, items.iter(), now).await?;
        for (id, (held, _)) in &mut there.profiles {
            if let Some(fetched) = referenced.get(id).filter(|_| held.is_reference) {
                *held = fetched.profile.clone();
            }
        }
        let views = items.into_iter().map(|item| view(item, &there, &set, now));
        Ok(SigningSetView {
            items: views.collect(),
            set,
        })
    }
}

/// The certificates and profiles that items of sets point at, as far as they may be used now.
#[derive(Default)]
pub(super) struct There {
    certificates: BTreeMap<CertificateId, (HeldCertificate, Option<Lender>)>,
    profiles: BTreeMap<ProfileId, (HeldProfile, Option<Lender>)>,
}

impl There {
    /// Adds one's own.
    pub(super) fn own(&mut self, certificates: Vec<HeldCertificate>, profiles: Vec<HeldProfile>) {
        self.certificates
            .extend(certificates.into_iter().map(|held| (held.id, (held, None))));
        self.profiles.extend(profiles.into_iter().map(|held| (held.id, (held, None))));
    }

    /// Adds those that these items point at and that are lent now.
    pub(super) async fn lent<'a>(
        &mut self,
        tx: &mut Tx,
        permit: &Permit,
        items: impl Iterator<Item = &'a SetItem> + Clone,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let lacks_one = |item: &SetItem| {
            item.certificate.is_some_and(|id| !self.certificates.contains_key(&id))
                || item.profile.is_some_and(|id| !self.profiles.contains_key(&id))
        };
        if !items.clone().any(lacks_one) {
            return Ok(());
        }
        let certificates: BTreeSet<CertificateId> = items.clone().filter_map(|item| item.certificate).collect();
        for found in tx.lent_certificates(permit, now).await? {
            if certificates.contains(&found.certificate.id) {
                let lender = lender(tx, &found.permit).await?;
                self.certificates.insert(found.certificate.id, (found.certificate, lender));
            }
        }
        let profiles: BTreeSet<ProfileId> = items.filter_map(|item| item.profile).collect();
        for found in tx.lent_profiles(permit, now).await? {
            if profiles.contains(&found.profile.id) {
                let lender = lender(tx, &found.permit).await?;
                self.profiles.insert(found.profile.id, (found.profile, lender));
            }
        }
        Ok(())
    }
}

/// The set of this id, or of this name.
pub(super) async fn find(tx: &mut Tx, permit: &Permit, wanted: &str) -> Result<SigningSet, Problem> {
    if let Ok(id) = wanted.trim().parse::<SigningSetId>() {
        return Ok(tx.signing_set(permit, id).await?);
    }
    // No name has a NUL, and PostgreSQL refuses one.
    if wanted.contains('\0') {
        return Err(Problem::not_found());
    }
    tx.signing_set_named(permit, wanted).await?.ok_or_else(Problem::not_found)
}

/// How an item stands.
pub(super) fn view(item: SetItem, there: &There, set: &SigningSet, now: Timestamp) -> ItemView {
    let certificate = item.certificate.and_then(|id| there.certificates.get(&id)).cloned();
    let certificate = certificate.map(|(certificate, lent)| InSet {
        state: match (&certificate.private_key, certificate.expires_at <= now) {
            _ if certificate.revoked_at.is_some() => CertificateState::Revoked,
            (_, true) => CertificateState::Expired,
            (None, _) => CertificateState::NoKeyHeld,
            (Some(_), _) => CertificateState::Ready,
        },
        certificate,
        lent,
    });
    let profile = item.profile.and_then(|id| there.profiles.get(&id)).cloned();
    let profile = profile.map(|(profile, lent)| ProfileInSet {
        state: profile.state(now),
        profile,
        lent,
    });
    let soon = now.saturating_add(ENDING).unwrap_or(Timestamp::MAX);
    let ends = certificate.iter().map(InSet::ends_at);
    let ends = ends.chain(profile.iter().map(ProfileInSet::ends_at));
    ItemView {
        missing: missing(&item, certificate.as_ref(), profile.as_ref(), set),
        ending: ends.filter(|end| *end <= soon).min(),
        identifier: item.identifier,
        certificate,
        profile,
        seen_at: item.seen_at,
        below_seen_at: item.below_seen_at,
    }
}

/// Why nothing can be signed with these. What an item points at and nobody finds was lent: what is removed is forgotten.
fn missing(item: &SetItem, certificate: Option<&InSet>, profile: Option<&ProfileInSet>, set: &SigningSet) -> Option<String> {
    let (Some(certificate), Some(profile)) = (certificate, profile) else {
        let was_lent = (item.certificate.is_some(), item.profile.is_some());
        let words = match (certificate, profile, was_lent) {
            (None, None, (true, true)) => "Its certificate and its profile are no longer shared with this organization.",
            (None, None, (false, false)) => "Its certificate and its profile were removed.",
            (None, _, (true, _)) => "Its certificate is no longer shared with this organization.",
            (_, None, (_, true)) => "Its profile is no longer shared with this organization.",
            (None, _, (false, _)) => "Its certificate was removed.",
            _ => "Its profile was removed.",
        };
        return Some(words.to_owned());
    };
    let (of, held) = (&certificate.certificate, &profile.profile);
    let day = |at: Timestamp| at.strftime("%-d %b %Y").to_string();
    match (certificate.state, profile.state) {
        (CertificateState::Expired, _) => Some(format!("The certificate “{}” expired on {}.", of.name, day(of.expires_at))),
        (CertificateState::Revoked, _) => Some(format!(
            "The certificate “{}” was revoked{}.",
            of.name,
            of.revoked_at.map(|at| format!(" on {}", day(at))).unwrap_or_default()
        )),
        (CertificateState::NoKeyHeld, _) => Some(format!("The private key of the certificate “{}” is not held here.", of.name)),
        (_, ProfileState::Expired) => Some(format!("The profile “{}” expired on {}.", held.name, day(held.expires_at))),
        (_, ProfileState::Invalid) => Some(format!("Apple does not take the profile “{}” any more.", held.name)),
        _ if !held.has(&of.public_key_fingerprint, &of.serial) => {
            Some(format!("The profile “{}” does not have the certificate “{}”.", held.name, of.name))
        }
        _ if held.profile_type != set.profile_type => Some(format!(
            "The profile “{}” is of the type {} now.",
            held.name,
            held.profile_type.title()
        )),
        _ => None,
    }
}
