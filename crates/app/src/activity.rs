//! The activity log, read and kept.
//!
//! - here: who a record is by, and records as views;
//! - [`search`]: lists by filter, and files of them;
//! - [`verify`]: whether the log is whole; `finding` says it in words;
//! - `keeper`: checkpoints (`checkpoint`), their copy (`outside`), the daily look, notices of expiry (`expiry`).
//!
//! Writing a record is in [`crate::acting`].

pub(crate) mod checkpoint;
mod expiry;
mod finding;
pub(crate) mod keeper;
mod outside;
mod search;
mod sentence;
mod state;
pub mod verify;

pub use search::{ActivityFile, ActivityPage, ActivitySearch, Whose};
pub use state::{LogState, LogVerification, ToldFinding};

use crate::Problem;
use domain::{Activity, Actor, Event, OrgId, Permit, ShareTarget, Subject, UserId};
use std::collections::BTreeMap;
use store::{Recorded, StoreError, Tx};

/// A record with names in the place of ids.
#[derive(Debug, Clone)]
pub struct ActivityView {
    /// The record.
    pub record: Activity,
    /// Its number in the log.
    pub sequence: i64,
    /// Its hash in the chain, in hexadecimal.
    pub hash: String,
    /// Who, by name.
    pub actor: String,
    /// In which organization, by name; none for what belongs to none.
    pub organization: Option<String>,
    /// What, as a sentence without its subject: "added the key CI uploads".
    pub sentence: String,
}

/// Names of people and organizations, each looked up once.
#[derive(Default)]
pub(crate) struct Names {
    people: BTreeMap<UserId, String>,
    organizations: BTreeMap<OrgId, String>,
}

impl Names {
    pub(crate) async fn of(&mut self, tx: &mut Tx, user: UserId) -> Result<String, Problem> {
        if let Some(name) = self.people.get(&user) {
            return Ok(name.clone());
        }
        let name = match tx.user(user).await {
            Ok(user) => user.name.to_string(),
            Err(StoreError::NotFound) => "A removed person".to_owned(),
            Err(error) => return Err(error.into()),
        };
        self.people.insert(user, name.clone());
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

    /// What an organization is called; also when it is gone.
    pub(crate) async fn of_organization(&mut self, tx: &mut Tx, organization: OrgId) -> Result<String, Problem> {
        if let Some(name) = self.organizations.get(&organization) {
            return Ok(name.clone());
        }
        let name = tx.organization_name(organization).await?;
        let name = name.unwrap_or_else(|| "A deleted organization".to_owned());
        self.organizations.insert(organization, name.clone());
        Ok(name)
    }

    /// The same in the log that a permit reads: of one that is gone, what it was called when it was deleted.
    async fn of_recorded(&mut self, tx: &mut Tx, permit: &Permit, organization: OrgId) -> Result<String, Problem> {
        if !self.organizations.contains_key(&organization)
            && tx.organization_name(organization).await?.is_none()
            && let Some(name) = tx.deleted_organization_name(permit, organization).await?
        {
            self.organizations.insert(organization, format!("{name} (deleted)"));
        }
        self.of_organization(tx, organization).await
    }

    /// What the other party of an event is called, where its sentence names one.
    async fn of_other(&mut self, tx: &mut Tx, permit: &Permit, event: &Event) -> Result<String, Problem> {
        match event {
            Event::KeyShared { target, .. }
            | Event::KeyUnshared { target, .. }
            | Event::KeyShareEnded { target, .. }
            | Event::CertificateShared { target, .. }
            | Event::CertificateUnshared { target, .. }
            | Event::ProfileShared { target, .. }
            | Event::ProfileUnshared { target, .. } => match target {
                ShareTarget::All => Ok("all sub-organizations".to_owned()),
                ShareTarget::Chosen(organization) => Ok(format!("“{}”", self.of_recorded(tx, permit, *organization).await?)),
            },
            Event::LentCertificateUsed { organization, .. } => Ok(format!("“{}”", self.of_recorded(tx, permit, *organization).await?)),
            Event::MemberRolesChanged { user, .. } => self.of(tx, *user).await,
            _ => Ok(String::new()),
        }
    }

    /// A record as people read it.
    async fn view(&mut self, tx: &mut Tx, permit: &Permit, recorded: Recorded) -> Result<ActivityView, Problem> {
        let Recorded {
            activity: record,
            sequence,
            hash,
        } = recorded;
        Ok(ActivityView {
            sequence,
            hash: hex::encode(hash),
            actor: self.of_actor(tx, record.actor).await?,
            organization: match record.organization {
                Some(organization) => Some(self.of_recorded(tx, permit, organization).await?),
                None => None,
            },
            sentence: {
                let whom = self.of_other(tx, permit, &record.event).await?;
                sentence::sentence(&record.event, record.outcome, &whom)
            },
            record,
        })
    }
}
