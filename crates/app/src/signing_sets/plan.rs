//! Ensuring a set, as a plan.
//!
//! ```text
//! its turn at the team ── look ── [register bundle IDs] ── [create the certificate] ── profile 1 ── profile 2 ── … ── the set
//! ```
//!
//! The look decides everything, once; what comes after it only carries out what it decided. It is one step, so a server that
//! was killed does not look again, and what it made since is not taken for what was there.
//!
//! One act at a time does this for a team: those of an organization and those of the others that share its key wait for each
//! other. The turn is taken before the look and left in the transaction that ends the plan.
//!
//! The surprising thing: a profile that could not be made does not stop those behind it. The set is written only when all
//! are there; whoever asks again finds what was made, and only the rest is missing.

use super::needs::with_certificate;
use crate::{
    App, Problem,
    acting::fresh,
    operations::{Next, Plan, at_apple, stopped_by},
};
use async_trait::async_trait;
use domain::{
    ApiKeyId, CertificateId, JobId, JobPayload, Made, Operation, OperationId, OperationKind, OperationState, Permit, ProfileId, SetItem,
    SigningSet, SigningSetId,
    operation::{CertificateNeed, ItemNeed, ProfileNeed, SetNeeds, SetSurvey, SetToEnsure},
};
use jiff::{SignedDuration, Timestamp};
use store::{KeyToUse, StoreError, Tx};

/// How often a request that surely made nothing is tried.
const TRIES: usize = 3;
/// How long a profile that Apple refused as a conflict waits for each further try.
const CONFLICT_WAITS: [SignedDuration; 3] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
];
/// How long a plan waits before it looks whether it is its turn.
const TURN_AFTER: SignedDuration = SignedDuration::from_secs(1);

#[async_trait]
impl Plan for SetToEnsure {
    async fn next(&self, app: &App, permit: &Permit, plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        let Some(survey) = steps.first() else {
            return app.first_step_of(self, permit, plan).await;
        };
        let OperationState::Done { made: Made::Needs(needs) } = &survey.state else {
            return Ok(Next::End(ended_by(survey)));
        };
        // While Apple refuses the key of a step, its plan leaves the turn.
        if let Some(wait) = app.take_turn(permit, self.key, plan).await? {
            return Ok(wait);
        }
        if let Some(why) = &needs.refused {
            return Ok(Next::End(OperationState::Failed { why: why.clone() }));
        }
        for item in &needs.items {
            let Some(new) = &item.register else { continue };
            match registration(steps, &item.identifier) {
                None => return Ok(Next::Begin(Box::new(OperationKind::RegisterBundleId(new.clone())))),
                Some(step) if at_apple(step).is_none() => return Ok(Next::End(ended_by(step))),
                Some(_) => {}
            }
        }
        let certificate = match &needs.certificate {
            CertificateNeed::Held(_, apple_id) => apple_id.clone(),
            CertificateNeed::New(certificate_type) => match made_certificate(steps) {
                Some(id) => match app.inner.store.read_for(permit).await?.certificate(permit, id).await {
                    Ok(held) => held.apple_id.unwrap_or_default(),
                    Err(StoreError::NotFound) => return Ok(Next::End(removed_meanwhile())),
                    Err(error) => return Err(error.into()),
                },
                None => {
                    let creations: Vec<_> = steps.iter().filter(|step| creates_certificate(step)).collect();
                    return match creations.last() {
                        Some(last) if !may_try_again(last, creations.len()) => Ok(Next::End(ended_by(last))),
                        _ => {
                            let request = app.request_certificate(plan.id, self.key, certificate_type.clone()).await?;
                            Ok(Next::Request(Box::new(request)))
                        }
                    };
                }
            },
        };
        let mut failed = Vec::new();
        for item in &needs.items {
            let Some(kind) = act_for(item, steps, &certificate) else { continue };
            let tried: Vec<_> = steps.iter().filter(|step| is_about(step, item)).collect();
            // A taken name and a conflict that passes are counted apart.
            let alike = |last: &Operation| tried.iter().filter(|step| is_name_taken(step) == is_name_taken(last)).count();
            match tried.last() {
                Some(last) if matches!(last.state, OperationState::Done { .. }) => {}
                Some(last) if !may_try_again(last, alike(last)) => failed.push(ended_by(last)),
                Some(last) if app.now() < not_before(last, alike(last)) => {
                    return Ok(Next::Wait {
                        until: not_before(last, alike(last)),
                        why: format!("{} was refused, and is tried again.", last.kind.title()),
                    });
                }
                _ => return Ok(Next::Begin(Box::new(kind))),
            }
        }
        if !failed.is_empty() {
            return Ok(Next::End(not_all(failed, needs.items.len())));
        }
        let present = app
            .inner
            .store
            .read_for(permit)
            .await?
            .signing_set_named(permit, self.name.as_str())
            .await?;
        Ok(Next::End(match present {
            Some(other) if other.profile_type != self.profile_type => OperationState::Failed {
                why: format!(
                    "Everything is there and held here, but a signing set “{}” of the type {} was made meanwhile. Ask again under another name.",
                    self.name,
                    other.profile_type.title()
                ),
            },
            present => OperationState::Done {
                made: Made::SigningSet(present.map_or_else(|| fresh!(app, SigningSetId), |present| present.id)),
            },
        }))
    }

    async fn at_end(&self, app: &App, tx: &mut Tx, permit: &Permit, plan: &Operation, end: &OperationState) -> Result<(), Problem> {
        tx.leave_turn(plan.id).await?;
        app.wake_those_that_wait(tx, permit, plan).await?;
        let Some(set) = end.signing_set() else { return Ok(()) };
        let steps = tx.steps_of(permit, plan.id).await?;
        match steps.first().map(|survey| (&survey.state, survey.started_at)) {
            Some((OperationState::Done { made: Made::Needs(needs) }, looked_at)) => {
                let found = Found {
                    plan: plan.id,
                    needs,
                    looked_at,
                    steps: &steps,
                };
                app.write_set(tx, permit, self, set, found).await
            }
            _ => Err(Problem::internal("a signing set was ensured without a look at the account")),
        }
    }
}

/// What a plan found out and did.
struct Found<'a> {
    plan: OperationId,
    needs: &'a SetNeeds,
    /// When the look began.
    looked_at: Timestamp,
    steps: &'a [Operation],
}

/// Whether another worker ended the plan meanwhile, and so left its turn: looked at once the turn is taken, so that none is kept
/// that nobody would leave.
async fn is_over(tx: &mut Tx, permit: &Permit, plan: &Operation) -> Result<bool, Problem> {
    Ok(tx.operation(permit, plan.id).await?.state.is_over())
}

/// Whether an act, or the step that it is at, waits until Apple accepts a key again: until then it changes nothing.
async fn is_shut_out(tx: &mut Tx, permit: &Permit, act: &Operation) -> Result<bool, Problem> {
    let mut at = act.clone();
    loop {
        match &at.state {
            OperationState::Unknown { shut_out, .. } => return Ok(*shut_out),
            OperationState::Working { .. } => match tx.steps_of(permit, at.id).await?.pop() {
                Some(step) => at = step,
                None => return Ok(false),
            },
            _ => return Ok(false),
        }
    }
}

/// The look that a wish needs, with what is here.
pub(super) async fn survey_for(tx: &mut Tx, permit: &Permit, wanted: SetToEnsure, now: Timestamp) -> Result<SetSurvey, Problem> {
    let types = tx.types_to_sign_with(permit, now).await?;
    Ok(SetSurvey {
        held: tx.profile_uuids(permit, &wanted.profile_type).await?,
        holds_certificates: types
            .iter()
            .any(|certificate_type| wanted.profile_type.takes_certificate(certificate_type)),
        wanted,
    })
}

/// Whether an act changes what a look for a set would show.
pub(super) fn changes_what_sets_use(kind: &OperationKind) -> bool {
    !kind.profiles().is_empty() || kind.renews().is_some() || matches!(kind, OperationKind::CreateCertificate { .. })
}

impl App {
    /// Waits for its turn, then looks.
    async fn first_step_of(&self, wanted: &SetToEnsure, permit: &Permit, plan: &Operation) -> Result<Next, Problem> {
        let until = self.now().saturating_add(TURN_AFTER).unwrap_or(self.now());
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        let used = match tx.key_to_use(permit, wanted.key, None, self.now()).await {
            Ok(used) => used,
            Err(StoreError::NotFound) => {
                let why = "The API key was removed, or is no longer shared with this organization. Apple was not asked.".to_owned();
                return Ok(Next::End(OperationState::Failed { why }));
            }
            Err(error) => return Err(error.into()),
        };
        // Whatever changes profiles of this account now would change what the look shows.
        for other in tx.unfinished_operations(permit).await? {
            if other.step_of.is_none()
                && changes_what_sets_use(&other.kind)
                && self.is_of_team(&mut tx, permit, &used, &other.kind).await?
                && !is_shut_out(&mut tx, permit, &other).await?
            {
                let why = format!("“{}” has to be over first.", other.kind.title());
                return Ok(Next::Wait { until, why });
            }
        }
        if !tx.take_turn(&used.team(), plan.id).await? || is_over(&mut tx, permit, plan).await? {
            return Ok(self.wait_for_turn());
        }
        let survey = survey_for(&mut tx, permit, wanted.clone(), self.now()).await?;
        tx.commit().await?;
        Ok(Next::Begin(Box::new(OperationKind::SurveyForSet(survey))))
    }

    /// Takes the turn at the team of a key for a plan, or says how to wait for it; one that has it keeps it.
    pub(crate) async fn take_turn(&self, permit: &Permit, key: ApiKeyId, plan: &Operation) -> Result<Option<Next>, Problem> {
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        let used = match tx.key_to_use(permit, key, None, self.now()).await {
            Ok(used) => used,
            // What comes next says so.
            Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if !tx.take_turn(&used.team(), plan.id).await? || is_over(&mut tx, permit, plan).await? {
            return Ok(Some(self.wait_for_turn()));
        }
        tx.commit().await?;
        Ok(None)
    }

    fn wait_for_turn(&self) -> Next {
        Next::Wait {
            until: self.now().saturating_add(TURN_AFTER).unwrap_or(self.now()),
            why: "Another act makes something for the same team at Apple and has to be over first.".to_owned(),
        }
    }

    /// Whether an act asks the same account, be it through another key of it.
    pub(super) async fn is_of_team(&self, tx: &mut Tx, permit: &Permit, used: &KeyToUse, kind: &OperationKind) -> Result<bool, Problem> {
        if kind.key() == used.key.id {
            return Ok(true);
        }
        match tx.key_to_use(permit, kind.key(), None, self.now()).await {
            Ok(other) => Ok(other.team() == used.team()),
            Err(StoreError::NotFound) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Has those look at once whether it is their turn that wait in this organization; the others look every second.
    pub(crate) async fn wake_those_that_wait(&self, tx: &mut Tx, permit: &Permit, plan: &Operation) -> Result<(), Problem> {
        for other in tx.unfinished_operations(permit).await? {
            let takes_turns = matches!(other.kind, OperationKind::EnsureSigningSet(_) | OperationKind::RenewCertificate(_));
            if other.id != plan.id && takes_turns && other.state == OperationState::Started {
                let job = JobPayload::Continue { operation: other.id };
                tx.enqueue(fresh!(self, JobId), permit.organization(), &job, self.now()).await?;
            }
        }
        Ok(())
    }

    /// Writes the set down, as everything for it is there.
    async fn write_set(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        wanted: &SetToEnsure,
        set: SigningSetId,
        found: Found<'_>,
    ) -> Result<(), Problem> {
        let Found {
            plan,
            needs,
            looked_at,
            steps,
        } = found;
        let now = self.now();
        match tx.signing_set_named(permit, wanted.name.as_str()).await? {
            Some(present) if present.id == set => tx.change_signing_set(permit, set, Some(wanted.key), now).await?,
            // Made at this very moment: the plan ends once more, with that one.
            Some(_) => return Err(StoreError::Busy.into()),
            None => {
                let new = SigningSet {
                    id: set,
                    organization: permit.organization(),
                    name: wanted.name.clone(),
                    profile_type: wanted.profile_type.clone(),
                    api_key: Some(wanted.key),
                    made_at: now,
                    changed_at: now,
                };
                tx.insert_signing_set(permit, &new).await?;
            }
        }
        let certificate = match &needs.certificate {
            CertificateNeed::Held(id, _) => Some(*id),
            CertificateNeed::New(_) => made_certificate(steps),
        };
        let certificate = match certificate {
            Some(id) => still_held(tx.certificate(permit, id).await.map(|held| held.id))?,
            None => None,
        };
        let seen_at = self.seen_at(tx, permit, wanted, plan, looked_at).await?;
        for item in &needs.items {
            let profile = match &item.profile {
                ProfileNeed::Held(id) => Some(*id),
                _ => made_profile(steps, item),
            };
            let profile = match profile {
                Some(id) => still_held(tx.profile(permit, id).await.map(|held| held.id))?,
                None => None,
            };
            let with_those_below = wanted.with_extensions && wanted.identifiers.contains(&item.identifier);
            let item = SetItem {
                identifier: item.identifier.clone(),
                certificate,
                profile,
                seen_at: Some(seen_at),
                below_seen_at: with_those_below.then_some(seen_at),
            };
            tx.put_set_item(permit, set, &item).await?;
        }
        // An extension that the account does not have any more.
        for present in tx.set_items(permit, set).await? {
            let is_wanted = needs.items.iter().any(|item| item.identifier == present.identifier);
            if !is_wanted && wanted.is_below(&present.identifier) {
                tx.delete_set_item(permit, set, &present.identifier).await?;
            }
        }
        Ok(())
    }

    /// Since when what the set rests on is known: since its end where nobody else changed anything at the team meanwhile.
    async fn seen_at(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        wanted: &SetToEnsure,
        plan: OperationId,
        looked_at: Timestamp,
    ) -> Result<Timestamp, Problem> {
        let used = match tx.key_to_use(permit, wanted.key, None, self.now()).await {
            Ok(used) => used,
            Err(StoreError::NotFound) => return Ok(looked_at),
            Err(error) => return Err(error.into()),
        };
        let others = tx.team_changed_at(&used.team(), Some(plan)).await?;
        Ok(if others.is_none_or(|at| at < looked_at) {
            self.now()
        } else {
            looked_at
        })
    }
}

/// What was removed here since it was made is missing in the set.
fn still_held<T>(found: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Ok(id) => Ok(Some(id)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn registration<'a>(steps: &'a [Operation], identifier: &str) -> Option<&'a Operation> {
    steps
        .iter()
        .find(|step| matches!(&step.kind, OperationKind::RegisterBundleId(of) if of.identifier == identifier))
}

fn creates_certificate(step: &Operation) -> bool {
    matches!(step.kind, OperationKind::CreateCertificate { .. })
}

fn made_certificate(steps: &[Operation]) -> Option<CertificateId> {
    steps.iter().find_map(|step| step.state.certificate())
}

fn made_profile(steps: &[Operation], item: &ItemNeed) -> Option<ProfileId> {
    let about_it = steps.iter().filter(|step| is_about(step, item));
    about_it.filter_map(|step| step.state.profile()).next()
}

/// Whether a step makes the profile of this item.
fn is_about(step: &Operation, item: &ItemNeed) -> bool {
    match &step.kind {
        OperationKind::CreateProfile(of) => of.identifier == item.identifier,
        OperationKind::RebuildProfile(of) => of.new.identifier == item.identifier,
        _ => false,
    }
}

/// The act that makes the profile of this item; none where it is there.
fn act_for(item: &ItemNeed, steps: &[Operation], certificate: &str) -> Option<OperationKind> {
    let bundle_id = registration(steps, &item.identifier).and_then(at_apple);
    match &item.profile {
        ProfileNeed::Held(_) => None,
        ProfileNeed::New(new) => {
            let mut new = with_certificate(new, certificate);
            if let Some(bundle_id) = bundle_id {
                bundle_id.clone_into(&mut new.bundle_id);
            }
            // A name that Apple does not list yet may be taken all the same: by somebody else of the same team.
            let taken = steps.iter().filter(|step| is_about(step, item) && is_name_taken(step)).count();
            if taken > 0 {
                new.name = format!("{} {}", new.name, taken + 1);
            }
            Some(OperationKind::CreateProfile(new))
        }
        ProfileNeed::Rebuild(rebuild) => {
            let mut rebuild = (**rebuild).clone();
            rebuild.new = with_certificate(&rebuild.new, certificate);
            Some(OperationKind::RebuildProfile(rebuild))
        }
    }
}

/// Whether the same may be asked once more: only where surely nothing was made, and not for ever. A profile that is built
/// anew tries again by itself.
fn may_try_again(last: &Operation, tried: usize) -> bool {
    match (&last.kind, &last.state) {
        (OperationKind::RebuildProfile(_), _) => false,
        (OperationKind::CreateProfile(_), OperationState::Refused { status: 409, .. }) => tried <= CONFLICT_WAITS.len(),
        (_, OperationState::Failed { .. }) => tried < TRIES,
        _ => false,
    }
}

/// From when on it may be tried again: what was made just now is not there for all of Apple at once, so a conflict is given
/// time, unless another name is what it wants.
fn not_before(last: &Operation, tried: usize) -> Timestamp {
    let wait = match &last.state {
        OperationState::Refused { .. } if !is_name_taken(last) => CONFLICT_WAITS.get(tried.saturating_sub(1)).copied(),
        _ => None,
    };
    last.updated_at.saturating_add(wait.unwrap_or_default()).unwrap_or(Timestamp::MAX)
}

/// Whether Apple refused a profile because of its name. Its code is that of other conflicts; where its words change one day, the
/// same name is tried again and refused again.
fn is_name_taken(step: &Operation) -> bool {
    matches!(&step.state, OperationState::Refused { status: 409, why, .. } if why.contains("with the name"))
}

fn ended_by(step: &Operation) -> OperationState {
    stopped_by(std::slice::from_ref(step)).unwrap_or_else(|| OperationState::Failed {
        why: format!("{} did not give what it should.", step.kind.title()),
    })
}

fn removed_meanwhile() -> OperationState {
    OperationState::Failed {
        why: "The new certificate was removed here before every profile was made with it. Ask again.".to_owned(),
    }
}

/// One refusal of Apple's is told as such; of several, the words.
fn not_all(mut failed: Vec<OperationState>, of: usize) -> OperationState {
    if failed.len() == 1 && of == 1 {
        return failed.remove(0);
    }
    let words: Vec<String> = failed
        .iter()
        .filter_map(|state| match state {
            OperationState::Refused { why, .. } | OperationState::Failed { why } => Some(why.clone()),
            _ => None,
        })
        .collect();
    OperationState::Failed {
        why: format!(
            "{} of {of} profiles could not be made; what was made is held here, and asking again goes on with the rest. {}",
            failed.len(),
            words.join(" ")
        ),
    }
}
