//! Building a held profile anew: Apple cannot change one, so it is deleted and created under the same name.
//!
//! The order matters: everything that can be refused is refused before the deletion. From the deletion on the held profile
//! is *rebuilding*; its old file stays. A creation that surely made nothing is tried again, soon and then later. Where it
//! fails for good the profile stays *rebuilding*, and whoever begins again begins with the creation.

use super::{Devices, account::Account, account::name_taken};
use crate::{
    App, Caller, Problem,
    apple_account::is_lent_for,
    key_use::reading,
    lending::OwnersAct,
    operations::{Next, Plan, UNREADABLE},
    problem::Kind,
};
use async_trait::async_trait;
use domain::{
    Action, ApiKeyId, DeviceRule, Feature, HeldProfile, ItemOrigin, Operation, OperationKind, OperationState, OrgId, Permit, ProfileId,
    TeamId,
    operation::{NewProfile, ProfileDeletion, ProfileRebuild},
};
use jiff::{SignedDuration, Timestamp};
use store::KeyToUse;

/// How long a creation that failed waits for the next try; after the last one it has failed for good.
pub(super) const WAITS: [SignedDuration; 2] = [SignedDuration::from_mins(1), SignedDuration::from_mins(5)];

/// What is to be different in a profile that is built anew; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Apple's ids of the certificates, or fingerprints of public keys.
    pub certificates: Option<Vec<String>>,
    /// The devices.
    pub devices: Option<Devices>,
}

impl App {
    /// Begins to build a held profile anew, under its name: with other certificates or devices, or because it ends, or is
    /// INVALID. A certificate or a device that is gone is left out, unless it was chosen now.
    ///
    /// # Errors
    /// `certificate_unfit`, `devices_unfit`, `bundle_id_unknown`, `profile_name_taken`; `another_is_running`;
    /// `profile_of_others` for one that was not made here, through a key that is lent; `team_differs`;
    /// `lent_profile`; `app_not_shared`, `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn rebuild_profile(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        profile: ProfileId,
        change: ProfileChange,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::EditProfiles, org).await?;
        let held = self.own_profile(caller, &permit, profile, OwnersAct::Renew).await?;
        let (used, account) = self
            .use_key(caller, &permit, key, reading(Feature::Profiles), async |apple| {
                Account::read(apple).await
            })
            .await?;
        if !is_lent_for(&used, Some(&held.bundle_identifier)) {
            return Err(Problem::not_found());
        }
        refuse_another_team(&used, held.team_id.as_ref(), &held.name)?;
        let rebuild = account.rebuild(key, &held, &change, None, self.now())?;
        if let Some(present) = &rebuild.present {
            if held.apple_id.as_ref() != Some(present) {
                return Err(Problem::new(
                    Kind::Conflict,
                    "profile_not_held",
                    format!(
                        "The profile “{}” that is at Apple is another than the one held here: it was made anew elsewhere, and its file would be lost. Fetch it first.",
                        held.name
                    ),
                ));
            }
            if let Err(problem) = refuse_others(&used, Some(&held), present, &held.name) {
                return Err(self.record_beyond_share(caller, &permit, problem).await);
            }
        }
        self.begin_operation(caller, org, OperationKind::RebuildProfile(rebuild)).await
    }
}

impl Account {
    /// How this profile is built anew. `replaced` is Apple's id of a certificate that another one will take the place of: it
    /// need not be usable any more.
    pub(crate) fn rebuild(
        &self,
        key: ApiKeyId,
        held: &HeldProfile,
        change: &ProfileChange,
        replaced: Option<&str>,
        now: Timestamp,
    ) -> Result<ProfileRebuild, Problem> {
        let profile_type = &held.profile_type;
        let present = self.present(held);
        if let Some(other) = present
            && held.apple_id.as_deref() != Some(other.profile.id.as_str())
            && !is_for_the_same(other, held)
        {
            return Err(name_taken(&held.name));
        }
        let certificates = match (&change.certificates, replaced) {
            (Some(chosen), _) => self.chosen_certificates(profile_type, chosen, now)?,
            (None, Some(replaced)) => {
                let mut kept = self.certificates_of(held, now);
                kept.retain(|id| id != replaced && !profile_type.has_one_certificate());
                kept.push(replaced.to_owned());
                kept
            }
            (None, None) => self.certificates_of(held, now),
        };
        if certificates.is_empty() {
            return Err(Problem::field(
                "certificate_unfit",
                "certificates",
                format!(
                    "No certificate of the profile “{}” can be used any more. Choose one of the account.",
                    held.name
                ),
            ));
        }
        let (devices, device_rule) = match &change.devices {
            Some(wanted) => (self.devices(profile_type, wanted)?, wanted.rule()),
            None if held.device_rule == DeviceRule::AllEnabled => {
                (self.devices(profile_type, &Devices::AllEnabled)?, DeviceRule::AllEnabled)
            }
            None => {
                let still = self.devices_still_usable(profile_type, &held.devices);
                (self.devices(profile_type, &Devices::Chosen(still))?, DeviceRule::Chosen)
            }
        };
        Ok(ProfileRebuild {
            profile: held.id,
            present: present.map(|detail| detail.profile.id.clone()),
            new: NewProfile {
                key,
                name: held.name.clone(),
                profile_type: profile_type.clone(),
                bundle_id: self.bundle_id(&held.bundle_identifier)?,
                identifier: held.bundle_identifier.clone(),
                certificates,
                devices,
                device_rule,
                before: present
                    .map(|detail| detail.profile.id.clone())
                    .into_iter()
                    .chain(held.apple_id.clone())
                    .collect(),
                profile: Some(held.id),
            },
        })
    }
}

/// Refuses to delete a profile at Apple through a lent key, unless it was made here: who borrows a key changes what is theirs,
/// and what they only fetched or brought as a file is not.
///
/// # Errors
/// `profile_of_others`.
pub(crate) fn refuse_others(used: &KeyToUse, held: Option<&HeldProfile>, present: &str, name: &str) -> Result<(), Problem> {
    let is_theirs = held.is_some_and(|held| held.origin == ItemOrigin::Created && held.apple_id.as_deref() == Some(present));
    if is_theirs || !used.permit.is_lent() {
        return Ok(());
    }
    Err(Problem::new(
        Kind::NotAllowed,
        "profile_of_others",
        format!(
            "The profile “{name}” was not made by this organization, and the key is lent to it. The organization that owns the key can change it.",
        ),
    )
    .beyond_share())
}

/// Refuses to build something anew in another team than the one it is of, where both are known.
///
/// # Errors
/// `team_differs`.
pub(super) fn refuse_another_team(used: &KeyToUse, team: Option<&TeamId>, name: &str) -> Result<(), Problem> {
    match (&used.key.team_id, team) {
        (Some(of_key), Some(of_item)) if of_key != of_item => Err(Problem::field(
            "team_differs",
            "key",
            format!(
                "“{name}” is of the team {of_item}, and the key “{}” of the team {of_key}. Choose a key of the same team.",
                used.key.name
            ),
        )),
        _ => Ok(()),
    }
}

/// Whether a profile of the same name that is not the one held is of its type and for its app: then somebody built it anew
/// elsewhere.
pub(super) fn is_for_the_same(other: &apple::ProfileDetail, held: &HeldProfile) -> bool {
    let identifier = other
        .bundle_id
        .as_ref()
        .and_then(|bundle_id| bundle_id.attributes.identifier.as_deref());
    let profile_type = other.profile.attributes.profile_type.as_ref().map(apple::ProfileType::as_str);
    identifier == Some(held.bundle_identifier.as_str()) && profile_type == Some(held.profile_type.as_str())
}

#[async_trait]
impl Plan for ProfileRebuild {
    async fn next(&self, app: &App, permit: &Permit, _plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        let name = &self.new.name;
        let (deletions, creations): (Vec<_>, Vec<_>) = steps.iter().partition(|step| matches!(step.kind, OperationKind::DeleteProfile(_)));
        if let Some(present) = &self.present {
            match deletions.first().map(|step| &step.state) {
                None => return Ok(Next::Begin(Box::new(OperationKind::DeleteProfile(deletion(self, present))))),
                Some(OperationState::Done { .. }) => {}
                Some(_) => {
                    return Ok(Next::End(crate::operations::stopped_by(steps).unwrap_or(OperationState::Failed {
                        why: format!("The profile “{name}” could not be deleted at Apple. It is as it was."),
                    })));
                }
            }
        }
        let Some(last) = creations.last() else {
            return Ok(Next::Begin(Box::new(OperationKind::CreateProfile(self.new.clone()))));
        };
        let why = match &last.state {
            OperationState::Done { made } => return Ok(Next::End(OperationState::Done { made: made.clone() })),
            OperationState::Refused { why, .. } | OperationState::Failed { why } => why,
            other => other.as_str(),
        };
        if may_succeed_later(&last.state)
            && let Some(wait) = WAITS.get(creations.len() - 1)
        {
            let until = last.updated_at.saturating_add(*wait).unwrap_or(Timestamp::MAX);
            return Ok(if app.now() < until {
                Next::Wait {
                    until,
                    why: format!("The profile “{name}” was not created: {why}"),
                }
            } else {
                Next::Begin(Box::new(OperationKind::CreateProfile(self.new.clone())))
            });
        }
        let mut tx = app.inner.store.read_for(permit).await?;
        let here = match tx.profile(permit, self.profile).await {
            Ok(held) if held.is_reference => "The reference to it is marked as rebuilding.",
            _ => "Its old file is still held here, marked as rebuilding.",
        };
        let deleted = if self.present.is_some() {
            "was deleted at Apple and"
        } else {
            "is not at Apple and"
        };
        Ok(Next::End(OperationState::Failed {
            why: format!("The profile “{name}” {deleted} could not be created again: {why} {here} Rebuild it again to go on.",),
        }))
    }
}

/// Whether asking again can help: not where Apple forbids it, and not where it may be there already.
fn may_succeed_later(state: &OperationState) -> bool {
    match state {
        OperationState::Refused { status, code, .. } => !matches!(status, 401 | 403) && code != UNREADABLE,
        OperationState::Failed { .. } => true,
        _ => false,
    }
}

fn deletion(rebuild: &ProfileRebuild, present: &str) -> ProfileDeletion {
    ProfileDeletion {
        key: rebuild.new.key,
        apple_id: present.to_owned(),
        name: rebuild.new.name.clone(),
        profile_type: rebuild.new.profile_type.clone(),
        identifier: Some(rebuild.new.identifier.clone()),
        profile: Some(rebuild.profile),
        rebuilding: true,
    }
}
