//! What every use case begins and ends with: permission, the time, and the record.
//!
//! A record is written in the transaction of what it tells of. If it cannot be written, that transaction fails, and the
//! act does not happen.

use crate::{App, Caller, Problem, problem::Kind};
use domain::{Action, Activity, ActivityId, Denied, Event, OrgId, Outcome, Permit, Tenant, decide};
use jiff::Timestamp;
use std::time::Duration;
use store::{StoreError, Tx};

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Asks for permission, once per use case. A refusal is recorded, and told as "not found" where the organization
    /// itself is not to be seen.
    pub(crate) async fn permit(&self, caller: &Caller, action: Action, org: OrgId) -> Result<Permit, Problem> {
        // An id that names nothing is looked up like any other, then denied like one of others.
        let tenant = self.inner.store.read().await?.tenant(org).await?.unwrap_or(Tenant::root(org));
        let (problem, org) = match decide(&caller.principal, action, tenant) {
            Ok(permit) => return Ok(permit),
            // What belongs to others is not written into their log: there it would be a way to fill it.
            Err(Denied::Invisible) => (Problem::not_found(), None),
            Err(Denied::RoleMissing { action }) => (
                Problem::new(
                    Kind::NotAllowed,
                    "not_allowed",
                    format!(
                        "You may not {}: that needs {}. An Owner can give it to you.",
                        action.words(),
                        action.needed_role().title()
                    ),
                ),
                Some(org),
            ),
        };
        let event = Event::AccessDenied {
            what: action.words().to_owned(),
        };
        let mut tx = self.inner.store.begin().await?;
        tx.record(&self.activity_record(caller, org, event, Outcome::Denied)).await?;
        tx.commit().await?;
        Err(problem)
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
        Ok(tx.record(&self.activity_record(caller, Some(org), event, Outcome::Done)).await?)
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

/// A fresh id of the wanted kind.
macro_rules! fresh {
    ($app:expr, $id:ty) => {
        <$id>::fresh(&*$app.inner.clock, &*$app.inner.entropy)
    };
}
pub(crate) use fresh;
