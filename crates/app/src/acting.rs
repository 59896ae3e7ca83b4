//! What every use case begins and ends with: permission, the time, and the record.
//!
//! A record is written in the transaction of what it tells of. If it cannot be written, that transaction fails, and the
//! act does not happen.

use crate::{App, Caller, Problem, accounts::principal_of, problem::Kind};
use domain::{Action, Activity, ActivityId, Denied, Event, OrgId, Origin, Outcome, Permit, Tenant, decide};
use jiff::Timestamp;
use std::time::Duration;
use store::{StoreError, Tx};

/// A fresh id of the wanted kind.
macro_rules! fresh {
    ($app:expr, $id:ty) => {
        <$id>::fresh(&*$app.inner.clock, &*$app.inner.entropy)
    };
}
pub(crate) use fresh;

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Asks for permission, once per use case. A refusal is recorded.
    pub(crate) async fn permit(&self, caller: &Caller, action: Action, org: OrgId) -> Result<Permit, Problem> {
        // An id that names nothing is looked up like any other, then denied like one of others.
        let found = self.inner.store.read().await?.tenant(org).await?;
        let tenant = found.unwrap_or(Tenant::root(org));
        let denied = match (decide(&caller.principal, action, tenant), found) {
            (Ok(permit), Some(_)) => return Ok(permit),
            (Err(denied), Some(_)) => denied,
            // Who has roles from before it was deleted finds nothing any more.
            (_, None) => Denied::Invisible,
        };
        Err(self.refuse(caller, action, tenant, &denied).await?)
    }

    /// Begins the writing transaction of a use case. Somebody whose rights were taken away since the permit was given is
    /// refused as if they had come only now.
    pub(crate) async fn begin_for(&self, caller: &Caller, permit: &Permit) -> Result<Tx, Problem> {
        match self.inner.store.begin_for(permit).await {
            Err(StoreError::RightsChanged) => Err(self.refuse_by_todays_rights(caller, permit).await?),
            begun => Ok(begun?),
        }
    }

    /// The same for what changes who belongs to the tree: when it is its turn. Whoever changes members then holds what their
    /// permit says, and nobody else changes any until this ends.
    pub(crate) async fn begin_at_members(&self, caller: &Caller, permit: &Permit) -> Result<Tx, Problem> {
        match self.inner.store.begin_at_members(permit).await {
            Err(StoreError::RightsChanged) => Err(self.refuse_by_todays_rights(caller, permit).await?),
            begun => Ok(begun?),
        }
    }

    /// What a fresh request would be told. One that would be allowed is to be sent again: more than the permit may rest on
    /// the rights that it came with.
    async fn refuse_by_todays_rights(&self, caller: &Caller, permit: &Permit) -> Result<Problem, Problem> {
        let mut tx = self.inner.store.read_over_all().await?;
        let principal = principal_of(&mut tx, permit.actor(), self.now()).await?;
        drop(tx);
        match decide(&principal, permit.action(), permit.tenant()) {
            Ok(_) => Ok(StoreError::RightsChanged.into()),
            Err(denied) => self.refuse(caller, permit.action(), permit.tenant(), &denied).await,
        }
    }

    /// Refuses to go on with something that lasts, when rights were taken away since it began.
    pub(crate) async fn still_may(&self, permit: &Permit) -> Result<(), Problem> {
        let mut tx = self.inner.store.read_over_all().await?;
        let principal = principal_of(&mut tx, permit.actor(), self.now()).await?;
        drop(tx);
        match decide(&principal, permit.action(), permit.tenant()) {
            Ok(today) if today == *permit => Ok(()),
            Ok(_) => Err(StoreError::RightsChanged.into()),
            Err(_) => Err(Problem::not_found()),
        }
    }

    /// Records a refusal, and tells it: as "not found" where the organization itself is not to be seen.
    async fn refuse(&self, caller: &Caller, action: Action, tenant: Tenant, denied: &Denied) -> Result<Problem, Problem> {
        let (problem, org) = match denied {
            // What belongs to others is not written into their log: there it would be a way to fill it.
            Denied::Invisible => (Problem::not_found(), None),
            Denied::RoleMissing { action } => (self.not_allowed(caller, *action, tenant).await?, Some(tenant.id)),
        };
        Ok(self.denied(caller, org, action.words(), problem).await)
    }

    /// Records that something was not allowed; gives the refusal, or what stood in the way of recording it.
    pub(crate) async fn denied(&self, caller: &Caller, org: Option<OrgId>, what: &str, problem: Problem) -> Problem {
        let event = Event::AccessDenied { what: what.to_owned() };
        let recorded: Result<(), Problem> = async {
            let mut tx = self.inner.store.begin().await?;
            self.record(&mut tx, &self.activity_record(caller, org, event, Outcome::Denied))
                .await?;
            Ok(tx.commit().await?)
        }
        .await;
        recorded.err().unwrap_or(problem)
    }

    /// Records a refusal that comes of how far something is lent, as one for a missing role is, once. Call it where no
    /// transaction is open, on the way out.
    pub(crate) async fn record_beyond_share(&self, caller: &Caller, permit: &Permit, mut problem: Problem) -> Problem {
        if !std::mem::take(&mut problem.beyond_share) {
            return problem;
        }
        let what = format!("{} beyond what is lent to it", permit.action().words());
        self.denied(caller, Some(permit.organization()), &what, problem).await
    }

    /// Why somebody who sees the organization may not do this, and who can help.
    async fn not_allowed(&self, caller: &Caller, action: Action, tenant: Tenant) -> Result<Problem, Problem> {
        let words = action.words();
        let message = if action.is_only_in_roots() && tenant.parent.is_some() {
            format!("You may not {words} here: for a sub-organization that is done in its root organization.")
        } else {
            let role = action.needed_role().title();
            let who = self.who_can_help(caller, tenant).await?;
            format!("You may not {words}: that needs {role}. {who} can give it to you.")
        };
        Ok(Problem::new(Kind::NotAllowed, "not_allowed", message))
    }

    /// Who can give a role that is missing: an Owner by name, for whoever may see the members, else "An Owner".
    pub(crate) async fn who_can_help(&self, caller: &Caller, tenant: Tenant) -> Result<String, Problem> {
        let owners = match decide(&caller.principal, Action::SeeMembers, tenant) {
            Ok(permit) => self.inner.store.read_for(&permit).await?.owners(&permit, 2).await?,
            Err(_) => Vec::new(),
        };
        let names: Vec<_> = owners.iter().map(|owner| owner.name.as_str()).collect();
        Ok(if names.is_empty() {
            "An Owner".to_owned()
        } else {
            names.join(" or ")
        })
    }

    /// A record of now by this caller.
    pub(crate) fn activity_record(&self, caller: &Caller, org: Option<OrgId>, event: Event, outcome: Outcome) -> Activity {
        Activity {
            id: ActivityId::fresh(&*self.inner.clock, &*self.inner.entropy),
            organization: org,
            at: self.now(),
            actor: caller.principal.actor(),
            origin: caller.origin.clone(),
            event,
            outcome,
            follows: None,
        }
    }

    /// Records something done in an organization, in the transaction of the change. Call it last, then commit.
    pub(crate) async fn record_done(&self, tx: &mut Tx, caller: &Caller, org: OrgId, event: Event) -> Result<(), Problem> {
        self.record(tx, &self.activity_record(caller, Some(org), event, Outcome::Done))
            .await
    }

    /// The same for what a job does for whoever began it, where there is no request.
    pub(crate) async fn record_as_permitted(&self, tx: &mut Tx, permit: &Permit, event: Event) -> Result<(), Problem> {
        let record = Activity {
            id: fresh!(self, ActivityId),
            organization: Some(permit.organization()),
            at: self.now(),
            actor: permit.actor(),
            origin: Origin::default(),
            event,
            outcome: Outcome::Done,
            follows: None,
        };
        self.record(tx, &record).await
    }

    /// The same for several things at once.
    pub(crate) async fn record_all_done(&self, tx: &mut Tx, caller: &Caller, org: OrgId, events: Vec<Event>) -> Result<(), Problem> {
        let records: Vec<_> = events
            .into_iter()
            .map(|event| self.activity_record(caller, Some(org), event, Outcome::Done))
            .collect();
        self.record_all(tx, &records).await
    }

    /// Records what is about to be tried, and answers the record that the outcome follows. Call it last, then commit.
    pub(crate) async fn record_intent(&self, tx: &mut Tx, caller: &Caller, org: OrgId, event: Event) -> Result<ActivityId, Problem> {
        let record = self.activity_record(caller, Some(org), event, Outcome::Intent);
        self.record(tx, &record).await?;
        Ok(record.id)
    }

    /// Records, committed, what is about to be tried with a secret that is not kept yet. Its outcome follows.
    pub(crate) async fn begin_attempt(&self, caller: &Caller, org: OrgId, event: Event) -> Result<Activity, Problem> {
        let attempt = self.activity_record(caller, Some(org), event, Outcome::Intent);
        in_time(async {
            let mut tx = self.inner.store.begin().await?;
            self.record(&mut tx, &attempt).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(attempt)
    }

    /// The record of how an attempt ended.
    pub(crate) fn outcome_of(&self, attempt: &Activity, outcome: Outcome) -> Activity {
        Activity {
            id: fresh!(self, ActivityId),
            at: self.now(),
            outcome,
            follows: Some(attempt.id),
            ..attempt.clone()
        }
    }

    /// Records that an attempt did not succeed, if it did not. When that cannot be written, the attempt stands without
    /// an outcome.
    pub(crate) async fn note_failure_of<T: Sync>(&self, attempt: &Activity, ended: &Result<T, Problem>) {
        let Err(problem) = ended else { return };
        let outcome = match problem.kind {
            Kind::AppleRefused => Outcome::Refused,
            _ => Outcome::Failed,
        };
        let noted: Result<(), Problem> = async {
            let mut tx = self.inner.store.begin().await?;
            self.record(&mut tx, &self.outcome_of(attempt, outcome)).await?;
            Ok(tx.commit().await?)
        }
        .await;
        if let Err(problem) = noted {
            tracing::warn!(cause = problem.inside, "the outcome of an attempt could not be recorded");
        }
    }

    /// Writes a record, see [`App::record_all`].
    pub(crate) async fn record(&self, tx: &mut Tx, record: &Activity) -> Result<(), Problem> {
        self.record_all(tx, std::slice::from_ref(record)).await
    }

    /// Writes records; every use case comes by here. While the log cannot be copied outside, what is about to be done or
    /// changed is refused. How something ended that was allowed, that something was denied, and who came and went to look
    /// is written all the same.
    async fn record_all(&self, tx: &mut Tx, records: &[Activity]) -> Result<(), Problem> {
        let goes_on = |record: &Activity| {
            record.follows.is_some()
                || !matches!(record.outcome, Outcome::Intent | Outcome::Done)
                || matches!(record.event, Event::SignedIn { .. } | Event::SignedOut { .. })
        };
        if !records.iter().all(goes_on)
            && let Some(since) = self.inner.log.is_blocked(self.now())
        {
            return Err(Problem::new(
                Kind::Unavailable,
                "activity_blocked",
                format!(
                    "Since {} the activity log cannot be copied outside, and what cannot be recorded safely is not done. Nothing was changed. Whoever keeps the server makes room for the file of --activity-copy, or gives another; then this works again by itself.",
                    since.strftime("%-d %b %Y, %H:%M UTC")
                ),
            ));
        }
        tx.record_all(records).await?;
        self.inner.log.note();
        Ok(())
    }
}

/// How long a record that comes before an act may take to be committed.
const RECORD_WITHIN: Duration = Duration::from_secs(2);

/// Commits a record before the act that it tells of, in time or not at all: no record, no act. When the time is over in
/// the middle of the commit, there may be a record without its act, never the other way round.
pub(crate) async fn in_time(record: impl Future<Output = Result<(), Problem>>) -> Result<(), Problem> {
    tokio::time::timeout(RECORD_WITHIN, record)
        .await
        .unwrap_or_else(|_| Err(StoreError::Busy.into()))
}
