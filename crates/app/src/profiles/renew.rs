//! Renewing a certificate: a new one takes its place in every profile that has it.
//!
//! ```text
//! [revoke the old one] ── create the new one ── rebuild profile 1 ── rebuild profile 2 ── …
//! ```
//!
//! Each step is an act of its own, so a server that is killed anywhere goes on where it stood: there is one new certificate,
//! and each profile is rebuilt once. A profile that cannot be rebuilt does not stop those behind it; the end names it, and
//! it can be rebuilt by itself.
//!
//! Where it ends before every profile is rebuilt it says which ones remain, and whoever begins again goes on with those: the
//! certificate that was created is used, and no other one is made.
//!
//! The surprising thing: profiles of the account that are not held here are taken in first. Else their files would be gone
//! at the moment of their deletion.

use super::{
    ProfileChange,
    account::{Account, AtApple},
    rebuild::{WAITS, refuse_another_team, refuse_others},
    reference::Keeping,
};
use crate::{
    App, Caller, Problem,
    apple_account::is_lent_for,
    certificates::{Held, Place, as_place},
    key_use::{judged, reading},
    lending::OwnersAct,
    operations::{Next, Plan, app_not_shared, stopped_by},
    problem::Kind,
    signing_sets::SetName,
};
use apple::{CertificateFilter, ProfileDetail};
use async_trait::async_trait;
use domain::{
    Action, ApiKeyId, CertificateId, CertificateType, Feature, HeldCertificate, HeldProfile, ListedCertificate, Made, Need, Operation,
    OperationKind, OperationState, OrgId, Permit, ProfileId, Usability,
    operation::{CertificateRenewal, ProfileRebuild, Revocation},
};
use jiff::Timestamp;
use store::{KeyToUse, StoreError, Tx};

/// A profile that has the certificate.
#[derive(Debug, Clone)]
pub struct AffectedProfile {
    /// Here, if held here; the others are taken in before anything is changed.
    pub held: Option<ProfileId>,
    /// Apple's id; none where it is not at Apple at this moment.
    pub apple_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Apple's type.
    pub profile_type: String,
    /// The bundle identifier.
    pub identifier: String,
}

/// What a renewal would do.
#[derive(Debug, Clone)]
pub struct RenewalPreview {
    /// The certificate that is replaced.
    pub existing: ListedCertificate,
    /// Whether Apple lists it: only then it can be revoked first.
    pub is_at_apple: bool,
    /// What takes its place.
    pub replacement: CertificateType,
    /// The profiles that have it.
    pub profiles: Vec<AffectedProfile>,
    /// The signing sets that it is in; they follow their profiles.
    pub sets: Vec<SetName>,
    /// The certificates that hold Apple's places of this type at this moment.
    pub places: Vec<Place>,
    /// What an earlier attempt created: it is used, and no other one is made.
    pub created: Option<ListedCertificate>,
    /// Why nothing would come of it, as far as that is known: the key may not create such certificates.
    pub refused: Option<String>,
}

/// What is known before a renewal.
struct Before {
    held: HeldCertificate,
    certificate_type: CertificateType,
    used: KeyToUse,
    account: Account,
    at_apple: Option<AtApple>,
    places: Vec<Place>,
    created: Option<HeldCertificate>,
}

impl App {
    /// What renewing a certificate would do. Nothing is changed.
    ///
    /// # Errors
    /// `certificate_type_unfit` for one that Apple's API does not create; `lent_certificate`; `key_not_usable`, what Apple
    /// answers, `not_found`, `not_allowed`.
    pub async fn preview_renewal(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate: CertificateId,
    ) -> Result<RenewalPreview, Problem> {
        let permit = self.permit(caller, Action::CreateCertificate, org).await?;
        let held = self.own_certificate(caller, &permit, certificate, OwnersAct::Renew).await?;
        let before = Box::pin(self.before_renewal(caller, &permit, key, held)).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let mut profiles = Vec::new();
        for held in before.held_profiles(&mut tx, &permit).await? {
            profiles.push(AffectedProfile {
                held: Some(held.id),
                apple_id: held.apple_id,
                name: held.name,
                profile_type: held.profile_type.to_string(),
                identifier: held.bundle_identifier,
            });
        }
        for detail in before
            .profiles_at_apple()
            .filter(|detail| is_lent_for(&before.used, identifier(detail)))
        {
            if profiles
                .iter()
                .all(|held| held.apple_id.as_deref() != Some(detail.profile.id.as_str()))
            {
                let attributes = &detail.profile.attributes;
                profiles.push(AffectedProfile {
                    held: None,
                    apple_id: Some(detail.profile.id.clone()),
                    name: attributes.name.clone().unwrap_or_default(),
                    profile_type: attributes.profile_type.as_ref().map(|t| t.to_string()).unwrap_or_default(),
                    identifier: identifier(detail).unwrap_or_default().to_owned(),
                });
            }
        }
        let sets = tx.sets_of_certificate(&permit, certificate).await?;
        let need = Need::CreateCertificate {
            certificate_type: before.certificate_type.clone(),
        };
        let refused = match judged(&before.used, &need) {
            Usability::Refused(why) if before.created.is_none() => Some(why),
            _ => None,
        };
        Ok(RenewalPreview {
            sets: sets.into_iter().map(SetName::from).collect(),
            is_at_apple: before.at_apple.is_some(),
            replacement: before.certificate_type,
            existing: before.held.into(),
            profiles,
            places: before.places,
            created: before.created.map(Into::into),
            refused,
        })
    }

    /// Begins to renew a certificate: to create one of its type, and to build every profile that has it anew with the new one
    /// in its place. Where `revoke` is given the old one is revoked before, which cannot be undone: it must be its name.
    ///
    /// # Errors
    /// As [`App::preview_renewal`]; `certificate_of_others` and `profile_of_others` for what is not theirs, through a key that is
    /// lent; `team_differs`; `name_differs`; `not_at_apple` where there is nothing to revoke; `another_is_running`; `app_not_shared` where a lent key does not reach all profiles; what
    /// [`App::rebuild_profile`] says of a profile that could not be rebuilt.
    pub async fn renew_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate: CertificateId,
        revoke: Option<&str>,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::CreateCertificate, org).await?;
        match Box::pin(self.plan_renewal(caller, &permit, key, certificate, revoke)).await {
            Ok(renewal) => self.begin_operation(caller, org, OperationKind::RenewCertificate(renewal)).await,
            Err(problem) => Err(self.record_beyond_share(caller, &permit, problem).await),
        }
    }

    /// All that is found out, and refused, before a renewal is begun.
    async fn plan_renewal(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        certificate: CertificateId,
        revoke: Option<&str>,
    ) -> Result<CertificateRenewal, Problem> {
        let org = permit.organization();
        // Each step demands its own right when it comes to it; who lacks one hears of it before anything is begun.
        self.permit(caller, Action::EditProfiles, org).await?;
        if revoke.is_some() {
            self.permit(caller, Action::RevokeCertificate, org).await?;
        }
        let held = self.own_certificate(caller, permit, certificate, OwnersAct::Renew).await?;
        if let Some(typed) = revoke
            && typed.trim() != held.name.trim()
        {
            let message = format!("To revoke this certificate first, type its name exactly: {}", held.name);
            return Err(Problem::field("name_differs", "revoke", message));
        }
        let looked_at = self.now();
        let before = Box::pin(self.before_renewal(caller, permit, key, held)).await?;
        refuse_another_team(&before.used, before.held.team_id.as_ref(), &before.held.name)?;
        if before.used.permit.is_lent() && before.held.private_key.is_none() {
            let message = format!(
                "The private key of “{}” is not held by this organization, and the API key is lent to it. The organization that owns the key can renew it.",
                before.held.name
            );
            return Err(Problem::new(Kind::NotAllowed, "certificate_of_others", message).beyond_share());
        }
        if revoke.is_some() && before.at_apple.is_none() {
            let message = format!(
                "Apple does not list “{}” through this key, so it cannot be revoked. Renew it without that.",
                before.held.name
            );
            return Err(Problem::field("not_at_apple", "revoke", message));
        }
        let listed: Vec<String> = before.profiles_at_apple().map(|detail| detail.profile.id.clone()).collect();
        if before
            .profiles_at_apple()
            .any(|detail| !is_lent_for(&before.used, identifier(detail)))
        {
            return Err(Problem::new(
                Kind::NotAllowed,
                "app_not_shared",
                format!(
                    "“{}” is shared with this organization for some apps, and the certificate is in a profile of another. Its owner can renew it.",
                    before.used.key.name,
                ),
            )
            .beyond_share());
        }
        if !listed.is_empty() {
            let fetched = Box::pin(self.take_in_profiles(caller, org, (key, Keeping::AsBefore), Some(&listed))).await?;
            if let Some((name, why)) = fetched.left_out.first() {
                return Err(Problem::new(
                    Kind::Conflict,
                    "profile_not_held",
                    format!("The profile “{name}” has this certificate and could not be taken in: {why} Nothing was changed."),
                ));
            }
        }
        let now = self.now();
        let holding = before.held_profiles(&mut self.inner.store.read_for(permit).await?, permit).await?;
        // Each step is held against the share again; a profile that it does not take in is told before anything is begun.
        if let Some(outside) = holding
            .iter()
            .find(|held| !is_lent_for(&before.used, Some(&held.bundle_identifier)))
        {
            return Err(app_not_shared(&before.used, &outside.bundle_identifier));
        }
        let old = before.at_apple.as_ref().map(|at_apple| at_apple.id.clone()).unwrap_or_default();
        let profiles = holding
            .iter()
            .map(|held| before.account.rebuild(key, held, &ProfileChange::default(), Some(&old), now))
            .collect::<Result<Vec<_>, _>>()?;
        for (held, rebuild) in holding.iter().zip(&profiles) {
            if let Some(present) = &rebuild.present {
                if held.apple_id.as_ref() != Some(present) {
                    return Err(Problem::new(
                        Kind::Conflict,
                        "profile_not_held",
                        format!(
                            "The profile “{}” that is at Apple is another than the one held here, and its file would be lost. Fetch it, or remove the old one here; nothing was changed.",
                            held.name
                        ),
                    ));
                }
                refuse_others(&before.used, Some(held), present, &held.name)?;
            }
        }
        let revocation = before.at_apple.as_ref().filter(|_| revoke.is_some()).map(|at_apple| Revocation {
            key,
            apple_id: at_apple.id.clone(),
            certificate_type: before.certificate_type.clone(),
            name: before.held.name.clone(),
            certificate: Some(certificate),
        });
        Ok(CertificateRenewal {
            key,
            certificate,
            name: before.held.name,
            certificate_type: before.certificate_type,
            apple_id: before.at_apple.map(|at_apple| at_apple.id),
            revocation,
            created: before.created.map(|created| created.id),
            looked_at: Some(looked_at),
            profiles,
        })
    }

    async fn before_renewal(&self, caller: &Caller, permit: &Permit, key: ApiKeyId, held: HeldCertificate) -> Result<Before, Problem> {
        let certificate_type = CertificateType::creatable(held.certificate_type.as_str())
            .map_err(|why| Problem::field("certificate_type_unfit", "certificate", why))?;
        let (used, (account, listed)) = self
            .use_key(caller, permit, key, reading(Feature::Certificates), async |apple| {
                let filter = CertificateFilter::default();
                Ok((Account::read(apple).await?, apple.certificates().list(&filter).await?))
            })
            .await?;
        let mut tx = self.inner.store.read_for(permit).await?;
        let ours = Held::among_listed(&mut tx, permit, listed.iter()).await?;
        let now = self.now();
        let places = listed
            .iter()
            .filter(|one| one.attributes.certificate_type.as_ref().map(apple::CertificateType::as_str) == Some(certificate_type.as_str()))
            .map(as_place)
            .filter(|place| place.expires_at.is_none_or(|end| end > now))
            .map(|place| ours.place(&place))
            .collect();
        let created = created_before(&mut tx, permit, &held, &account, now).await?;
        Ok(Before {
            created,
            at_apple: account.listed(&held).cloned(),
            held,
            certificate_type,
            used,
            account,
            places,
        })
    }
}

impl Before {
    /// The held profiles that have it. Another certificate may have the same public key, and other profiles.
    async fn held_profiles(&self, tx: &mut Tx, permit: &Permit) -> Result<Vec<HeldProfile>, Problem> {
        let mut profiles = tx.profiles_of_certificate(permit, &self.held.public_key_fingerprint).await?;
        profiles.retain(|profile| self.account.has_certificate(profile, &self.held, self.at_apple.as_ref()));
        Ok(profiles)
    }

    /// The profiles of the account that have the certificate.
    fn profiles_at_apple(&self) -> impl Iterator<Item = &ProfileDetail> {
        let id = self.at_apple.as_ref().map(|at_apple| at_apple.id.as_str());
        self.account
            .profiles
            .iter()
            .filter(move |detail| detail.certificates.iter().any(|certificate| Some(certificate.id.as_str()) == id))
    }
}

fn identifier(detail: &ProfileDetail) -> Option<&str> {
    detail.bundle_id.as_ref()?.attributes.identifier.as_deref()
}

#[async_trait]
impl Plan for CertificateRenewal {
    async fn next(&self, app: &App, permit: &Permit, plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        // Also later: while Apple refuses the key of a step, its plan leaves the turn.
        if let Some(wait) = app.take_turn(permit, self.key, plan).await? {
            return Ok(wait);
        }
        if let Some(revocation) = &self.revocation {
            match steps.first() {
                None => return Ok(Next::Begin(Box::new(OperationKind::RevokeCertificate(revocation.clone())))),
                Some(first) => {
                    if let Some(end) = stopped_by(std::slice::from_ref(first)) {
                        return Ok(Next::End(end));
                    }
                }
            }
        }
        let creations: Vec<&Operation> = steps
            .iter()
            .filter(|step| matches!(step.kind, OperationKind::CreateCertificate { .. }))
            .collect();
        let made = creations.iter().find_map(|step| step.state.certificate());
        let Some(certificate) = made.or(self.created) else {
            return next_creation(self, app, plan, &creations).await;
        };
        let rebuilds = |profile: ProfileId| {
            steps
                .iter()
                .find(move |step| matches!(&step.kind, OperationKind::RebuildProfile(of) if of.profile == profile))
        };
        if let Some(rebuild) = self.profiles.iter().find(|rebuild| rebuilds(rebuild.profile).is_none()) {
            let new = match app.inner.store.read_for(permit).await?.certificate(permit, certificate).await {
                Ok(new) => new.apple_id,
                Err(StoreError::NotFound) => None,
                Err(error) => return Err(error.into()),
            };
            let Some(new_id) = new else {
                return Ok(Next::End(OperationState::Failed {
                    why: format!(
                        "The new certificate was removed here before every profile was built with it. Rebuild these with another certificate: {}.",
                        names(self.profiles.iter().filter(|rebuild| rebuilds(rebuild.profile).is_none()))
                    ),
                }));
            };
            return Ok(Next::Begin(Box::new(OperationKind::RebuildProfile(with(
                rebuild,
                self.apple_id.as_deref().unwrap_or_default(),
                &new_id,
            )))));
        }
        let remaining: Vec<(&ProfileRebuild, &str)> = self
            .profiles
            .iter()
            .filter_map(|rebuild| match &rebuilds(rebuild.profile)?.state {
                OperationState::Refused { why, .. } | OperationState::Failed { why } => Some((rebuild, why.as_str())),
                _ => None,
            })
            .collect();
        Ok(Next::End(if remaining.is_empty() {
            OperationState::Done {
                made: Made::Certificate(certificate),
            }
        } else {
            let whys: Vec<&str> = remaining.iter().map(|(_, why)| *why).collect();
            OperationState::Failed {
                why: format!(
                    "The new certificate is there and held here. {} of {} profiles were not rebuilt with it: {}. {} Begin the renewal again to go on with these; it uses the certificate that was created.",
                    remaining.len(),
                    self.profiles.len(),
                    names(remaining.iter().map(|(rebuild, _)| *rebuild)),
                    whys.join(" ")
                ),
            }
        }))
    }

    /// One profile is rebuilt without the others.
    fn goes_on_without(&self, step: &OperationKind) -> bool {
        matches!(step, OperationKind::RebuildProfile(_))
    }

    /// What was made is shared and renewed as what it replaces was to be, also where a profile could not be built with it: else it would be
    /// made once more.
    async fn at_end(&self, app: &App, tx: &mut Tx, permit: &Permit, plan: &Operation, _end: &OperationState) -> Result<(), Problem> {
        tx.leave_turn(plan.id).await?;
        app.wake_those_that_wait(tx, permit, plan).await?;
        let steps = tx.steps_of(permit, plan.id).await?;
        match steps.iter().find_map(|step| step.state.certificate()).or(self.created) {
            Some(replacement) => {
                app.share_replacement(tx, permit, self.certificate, replacement).await?;
                app.pass_on_renewal(tx, permit, self.certificate, replacement).await
            }
            None => Ok(()),
        }
    }
}

/// What comes while there is no new certificate yet.
async fn next_creation(renewal: &CertificateRenewal, app: &App, plan: &Operation, creations: &[&Operation]) -> Result<Next, Problem> {
    let Some(last) = creations.last() else {
        let request = app
            .request_certificate(plan.id, renewal.key, renewal.certificate_type.clone())
            .await?;
        return Ok(Next::Request(Box::new(request)));
    };
    // Apple may free the place of a revoked certificate late: then also what it refused may be asked for again.
    let may_succeed_later = match &last.state {
        OperationState::Failed { .. } => true,
        OperationState::Refused { status, .. } => renewal.revocation.is_some() && !matches!(status, 401 | 403),
        _ => false,
    };
    if let (true, Some(wait)) = (may_succeed_later, WAITS.get(creations.len() - 1)) {
        let until = last.updated_at.saturating_add(*wait).unwrap_or(Timestamp::MAX);
        if app.now() < until {
            let why = "The new certificate was not created yet.".to_owned();
            return Ok(Next::Wait { until, why });
        }
        let request = app
            .request_certificate(plan.id, renewal.key, renewal.certificate_type.clone())
            .await?;
        return Ok(Next::Request(Box::new(request)));
    }
    let mut end = stopped_by(std::slice::from_ref(*last)).unwrap_or(OperationState::Failed {
        why: "The new certificate could not be created.".to_owned(),
    });
    if let (OperationState::Refused { why, .. } | OperationState::Failed { why }, Some(_)) = (&mut end, &renewal.revocation) {
        let without = match renewal.profiles.as_slice() {
            [] => String::new(),
            some => format!(
                " These profiles are without a certificate that can be used: {}.",
                names(some.iter())
            ),
        };
        why.push_str(&format!(
            " The old certificate was revoked before.{without} Begin the renewal again to go on from here."
        ));
    }
    Ok(Next::End(end))
}

/// The certificate that an earlier attempt to renew this one created, where it can take its place: held with its private
/// key, listed by Apple, not ended.
async fn created_before(
    tx: &mut Tx,
    permit: &Permit,
    old: &HeldCertificate,
    account: &Account,
    now: Timestamp,
) -> Result<Option<HeldCertificate>, Problem> {
    for renewal in tx.failed_renewals_of(permit, old.id).await? {
        let steps = tx.steps_of(permit, renewal.id).await?;
        let OperationKind::RenewCertificate(of) = renewal.kind else {
            continue;
        };
        let Some(made) = steps.iter().find_map(|step| step.state.certificate()).or(of.created) else {
            continue;
        };
        let created = match tx.certificate(permit, made).await {
            Ok(created) => created,
            Err(StoreError::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        let at_apple = account.listed(&created);
        if created.private_key.is_some()
            && created.expires_at > now
            && at_apple.is_some_and(|found| created.apple_id.as_ref() == Some(&found.id))
        {
            return Ok(Some(created));
        }
    }
    Ok(None)
}

/// The names of profiles, for a sentence.
fn names<'r>(rebuilds: impl Iterator<Item = &'r ProfileRebuild>) -> String {
    let names: Vec<_> = rebuilds.map(|rebuild| format!("“{}”", rebuild.new.name)).collect();
    names.join(", ")
}

/// What a profile is to be, with the new certificate in the place of the old one.
fn with(rebuild: &ProfileRebuild, old: &str, new: &str) -> ProfileRebuild {
    let mut rebuild = rebuild.clone();
    for id in rebuild.new.certificates.iter_mut().filter(|id| *id == old) {
        new.clone_into(id);
    }
    rebuild
}
