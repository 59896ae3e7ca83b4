//! The rule "all enabled devices of the class", kept true when a device arrives.
//!
//! After devices were registered through a key, a job looks at the held profiles of that account which have the rule, and
//! builds those anew that lack a usable device: one plan for all of them, each under its own name. The job waits for
//! devices that are being registered at the same time and begins afresh when more come, so ten devices that arrive
//! together are one rebuild. It compares instead of remembering: killed anywhere and run again, it finds what is left.
//!
//! A profile is never built anew only to take a device away: one that has more than the account, because somebody disabled
//! some, is left alone. When a device arrives it is built from what is enabled then, as the rule says.
//!
//! The surprising thing: a device that was just registered may be missing in Apple's list, or be there and not usable yet
//! (Apple calls that processing, for days at times). The job looks again for it, for as long as [`PATIENCE`].

use super::{
    ProfileChange,
    account::Account,
    rebuild::{refuse_another_team, refuse_others},
};
use crate::{
    App, Caller, Problem,
    accounts::principal_of,
    acting::fresh,
    apple_account::is_lent_for,
    invitations::actor,
    key_use::reading,
    operations::{Next, Plan},
    problem::Kind,
    worker::JobEnd,
};
use async_trait::async_trait;
use domain::{
    Action, ApiKeyId, Event, Feature, HeldProfile, Job, JobId, JobPayload, Made, Operation, OperationKind, OperationState, OrgId, Origin,
    Outcome, Permit, Subject,
    operation::{ProfileRebuild, ProfilesRebuild},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::{KeyToUse, Paging, Tx};

/// How long after a registration the job looks: what arrives together is taken together.
const SOON: SignedDuration = SignedDuration::from_secs(3);
/// How long a registered device may be missing among the usable ones.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24 * 4);
/// How many acts are looked through for devices that were registered lately.
const LATELY: u32 = Paging::MOST;

/// What the rule asks for now.
struct Wanted {
    /// The profiles to build anew.
    profiles: Vec<ProfileRebuild>,
    /// How the devices that they lack are called.
    devices: BTreeSet<String>,
    /// Profiles that lack a device and cannot be built anew, and why.
    left: Vec<(HeldProfile, String)>,
}

impl App {
    /// Asks for the rule to be kept, because devices were registered through a key.
    pub(crate) async fn ask_for_device_rule(&self, tx: &mut Tx, org: OrgId, key: ApiKeyId, by: Subject) -> Result<(), Problem> {
        let at = self.now().saturating_add(SOON).unwrap_or(Timestamp::MAX);
        tx.enqueue(fresh!(self, JobId), org, &JobPayload::KeepDeviceRule { key, by }, at)
            .await?;
        Ok(())
    }

    /// Puts usable devices into the profiles that are to have all of them and lack some.
    pub(crate) async fn keep_device_rule(&self, job: &Job, key: ApiKeyId, by: Subject) -> Result<JobEnd, Problem> {
        let org = job.organization;
        let mut tx = self.inner.store.read_over_all().await?;
        let caller = Caller {
            principal: principal_of(&mut tx, actor(by), self.now()).await?.acting_as_job(job.id),
            origin: Origin::default(),
        };
        drop(tx);
        let permit = match self.permit(&caller, Action::EditProfiles, org).await {
            Ok(permit) => permit,
            // Recorded by the refusal itself.
            Err(problem) if matches!(problem.kind, Kind::NotAllowed | Kind::NotFound) => return Ok(JobEnd::Done),
            Err(problem) => return Err(problem),
        };
        let mut tx = self.inner.store.read_for(&permit).await?;
        let ruled = tx.profiles_with_all_devices(&permit).await?;
        let lately = registered_lately(&tx.operations(&permit, &Paging::first(LATELY)).await?.items, key, self.now());
        let running = tx.unfinished_operations(&permit).await?;
        let is_registering = running
            .iter()
            .any(|operation| matches!(&operation.kind, OperationKind::RegisterDevices(of) if of.key == key));
        // Known without Apple, which is not to be asked every few seconds for something that has to wait.
        let is_changing = running.iter().any(|operation| {
            let changes_one = ruled.iter().any(|held| operation.kind.profiles().contains(&held.id));
            changes_one || (operation.kind.key() == key && matches!(operation.kind, OperationKind::EnsureSigningSet(_)))
        });
        drop(tx);
        if ruled.is_empty() {
            return Ok(JobEnd::Done);
        }
        if is_registering {
            return Ok(self.soon("more devices are being registered".to_owned()));
        }
        if is_changing {
            return Ok(self.again(job, "another act changes these profiles".to_owned()));
        }
        let reading = self.use_key(&caller, &permit, key, reading(Feature::Profiles), async |apple| {
            Account::read(apple).await
        });
        let read = Box::pin(reading).await;
        let (used, account) = match read {
            Ok(read) => read,
            Err(problem) if may_work_later(&problem) => return Ok(self.again(job, problem.message)),
            Err(problem) => {
                let ours = ruled.into_iter().filter(|held| held.api_key == Some(key));
                self.tell_left_behind(&caller, &permit, ours.map(|held| (held, problem.message.clone())).collect())
                    .await?;
                return Ok(JobEnd::Done);
            }
        };
        let held = ruled.clone();
        let Wanted { profiles, devices, left } = wanted(&used, &account, ruled, self.now());
        let begun: Vec<HeldProfile> = held
            .into_iter()
            .filter(|held| profiles.iter().any(|rebuild| rebuild.profile == held.id))
            .collect();
        let waits_for = lately.iter().filter(|udid| !account.knows_state_of(udid)).count();
        if !profiles.is_empty() {
            let kind = OperationKind::RebuildProfiles(ProfilesRebuild {
                key,
                devices: devices.into_iter().collect(),
                profiles,
            });
            match self.begin_operation(&caller, org, kind).await {
                Ok(_) => {}
                Err(problem) if problem.code == "another_is_running" || may_work_later(&problem) => {
                    return Ok(self.again(job, problem.message));
                }
                Err(problem) => {
                    let left = begun.into_iter().map(|held| (held, problem.message.clone())).chain(left).collect();
                    self.tell_left_behind(&caller, &permit, left).await?;
                    return Ok(JobEnd::Done);
                }
            }
        }
        if waits_for > 0 {
            return Ok(self.again(job, format!("{waits_for} device(s) cannot be used at Apple yet")));
        }
        self.tell_left_behind(&caller, &permit, left).await?;
        Ok(JobEnd::Done)
    }

    fn soon(&self, why: String) -> JobEnd {
        let at = self.now().saturating_add(SOON).unwrap_or(Timestamp::MAX);
        JobEnd::Again { at, why }
    }

    async fn tell_left_behind(&self, caller: &Caller, permit: &Permit, left: Vec<(HeldProfile, String)>) -> Result<(), Problem> {
        if left.is_empty() {
            return Ok(());
        }
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        for (held, why) in left {
            let event = Event::ProfileLeftBehind {
                profile: held.id,
                name: held.name,
                why,
            };
            let record = self.activity_record(caller, Some(permit.organization()), event, Outcome::Failed);
            self.record(&mut tx, &record).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// The UDIDs that were registered through a key within [`PATIENCE`].
fn registered_lately(operations: &[Operation], key: ApiKeyId, now: Timestamp) -> Vec<String> {
    let of = operations
        .iter()
        .filter(|operation| matches!(operation.state, OperationState::Done { .. }) && now.duration_since(operation.updated_at) < PATIENCE);
    of.filter_map(|operation| match &operation.kind {
        OperationKind::RegisterDevice(device) if device.key == key => Some(device.udid.clone()),
        _ => None,
    })
    .collect()
}

fn may_work_later(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        Kind::Internal | Kind::Unavailable | Kind::AppleUnreachable | Kind::RateLimited
    )
}

fn wanted(used: &KeyToUse, account: &Account, ruled: Vec<HeldProfile>, now: Timestamp) -> Wanted {
    let mut wanted = Wanted {
        profiles: Vec::new(),
        devices: BTreeSet::new(),
        left: Vec::new(),
    };
    for held in ruled {
        let is_of_account = held.api_key == Some(used.key.id) || (held.team_id.is_some() && held.team_id == used.key.team_id);
        let lacks = account.usable_and_not_among(&held.profile_type, &held.devices);
        if !is_of_account || lacks.is_empty() || held.expires_at <= now || !is_lent_for(used, Some(&held.bundle_identifier)) {
            continue;
        }
        match rebuild(used, account, &held, now) {
            Ok(rebuild) => {
                wanted.devices.extend(lacks);
                wanted.profiles.push(rebuild);
            }
            Err(problem) => wanted.left.push((held, problem.message)),
        }
    }
    wanted
}

fn rebuild(used: &KeyToUse, account: &Account, held: &HeldProfile, now: Timestamp) -> Result<ProfileRebuild, Problem> {
    refuse_another_team(used, held.team_id.as_ref(), &held.name)?;
    let rebuild = account.rebuild(used.key.id, held, &ProfileChange::default(), None, now)?;
    if let Some(present) = &rebuild.present {
        if held.apple_id.as_ref() != Some(present) {
            let message = "The profile of this name at Apple is another than the one held here. Fetch it first.";
            return Err(Problem::new(Kind::Conflict, "profile_not_held", message));
        }
        refuse_others(used, Some(held), present, &held.name)?;
    }
    Ok(rebuild)
}

#[async_trait]
impl Plan for ProfilesRebuild {
    /// One after the other. A profile that cannot be built anew does not stop those behind it; the end names it.
    async fn next(&self, _app: &App, _permit: &Permit, _plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        if let Some(rebuild) = self.profiles.get(steps.len()) {
            return Ok(Next::Begin(Box::new(OperationKind::RebuildProfile(rebuild.clone()))));
        }
        let failed: Vec<&str> = steps
            .iter()
            .filter_map(|step| match &step.state {
                OperationState::Refused { why, .. } | OperationState::Failed { why } => Some(why.as_str()),
                _ => None,
            })
            .collect();
        Ok(Next::End(match (failed.is_empty(), self.profiles.first()) {
            (true, Some(first)) => OperationState::Done {
                made: Made::Profile(first.profile),
            },
            _ => OperationState::Failed {
                why: format!(
                    "{} of {} profiles do not have the new devices. {}",
                    failed.len(),
                    self.profiles.len(),
                    failed.join(" ")
                ),
            },
        }))
    }
}
