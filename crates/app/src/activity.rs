//! The activity log, read.

mod sentence;

use crate::{App, Caller, Problem};
use domain::{Action, Activity, ActivityId, Actor, OrgId, Subject, UserId};
use std::collections::BTreeMap;
use store::{ActivityFilter, Paging, StoreError, Tx};

/// A record with names in the place of ids.
#[derive(Debug, Clone)]
pub struct ActivityView {
    /// The record.
    pub record: Activity,
    /// Who, by name.
    pub actor: String,
    /// What, as a sentence without its subject: "added the key CI uploads".
    pub sentence: String,
}

/// Names of people, each looked up once.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<UserId, String>);

impl Names {
    pub(crate) async fn of(&mut self, tx: &mut Tx, user: UserId) -> Result<String, Problem> {
        if let Some(name) = self.0.get(&user) {
            return Ok(name.clone());
        }
        let name = match tx.user(user).await {
            Ok(user) => user.name.to_string(),
            Err(StoreError::NotFound) => "A removed person".to_owned(),
            Err(error) => return Err(error.into()),
        };
        self.0.insert(user, name.clone());
        Ok(name)
    }

    /// What a person or a token of an organization is called; also when they are gone.
    pub(crate) async fn of_subject(&mut self, tx: &mut Tx, subject: Subject) -> Result<String, Problem> {
        let token = match subject {
            Subject::User(user) => return self.of(tx, user).await,
            Subject::Service(token) => token,
        };
        let name = tx.service_token_name(token).await?;
        Ok(name.map_or_else(|| "A removed API token".to_owned(), |name| format!("{name} (API token)")))
    }

    /// Who an actor is, in words.
    pub(crate) async fn of_actor(&mut self, tx: &mut Tx, actor: Actor) -> Result<String, Problem> {
        Ok(match actor {
            Actor::Person { user } => self.of(tx, user).await?,
            Actor::Token { user, .. } => format!("{} (token)", self.of(tx, user).await?),
            Actor::Service { token } => self.of_subject(tx, Subject::Service(token)).await?,
            Actor::Job {
                on_behalf_of: Some(subject),
                ..
            } => format!("{} (in the background)", self.of_subject(tx, subject).await?),
            Actor::Job { on_behalf_of: None, .. } | Actor::Server => "Russet".to_owned(),
            Actor::Anonymous => "Somebody not signed in".to_owned(),
        })
    }
}

impl App {
    /// Newest first, `limit` at most, before the record `before`.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn activity(
        &self,
        caller: &Caller,
        org: OrgId,
        before: Option<ActivityId>,
        limit: u32,
    ) -> Result<Vec<ActivityView>, Problem> {
        let permit = self.permit(caller, Action::SeeActivity, org).await?;
        let paging = Paging {
            after: before.map(|id| id.to_string()),
            limit,
        };
        let mut tx = self.inner.store.read_for(&permit).await?;
        let records = tx.activities(&permit, &ActivityFilter::default(), &paging).await?.items;
        let mut names = Names::default();
        let mut views = Vec::with_capacity(records.len());
        for record in records {
            views.push(ActivityView {
                actor: names.of_actor(&mut tx, record.actor).await?,
                sentence: sentence::sentence(&record.event, record.outcome),
                record,
            });
        }
        Ok(views)
    }
}
