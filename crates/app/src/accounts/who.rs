//! Who is signed in: a person, by a session or a personal token, or a token of an organization.
//!
//! Both have rights and may ask for any use case; what belongs to a person alone (a password, sessions, personal tokens,
//! what they found and what they accept) asks for [`SignedIn::person`] first and is refused to a service token in one way.
//!
//! The surprising thing: the organizations are not in here. Somebody may see a thousand, and this is read for every
//! request; whoever wants the list asks [`App::own_organizations`].

use crate::{App, Caller, Problem, problem::Kind};
use domain::{Action, Actor, ApiToken, ItemName, OrgId, Organization, ServiceToken, Session, Subject, User};
use jiff::Timestamp;

/// Somebody who is signed in by a session or a token.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub who: Who,
    /// What use cases ask for.
    pub caller: Caller,
}

/// A person or a machine.
#[derive(Debug, Clone)]
pub enum Who {
    /// A person.
    Person {
        /// Who.
        user: User,
        /// How the server knows.
        by: SignedBy,
    },
    /// An organization's token.
    Service(ServiceToken),
}

/// How the server knows a person.
#[derive(Debug, Clone)]
pub enum SignedBy {
    /// By a browser's session.
    Session(Session),
    /// By one of their tokens.
    Token(ApiToken),
}

impl Who {
    /// A person in a browser.
    pub(crate) fn by_session(user: User, session: Session) -> Self {
        Self::Person {
            user,
            by: SignedBy::Session(session),
        }
    }

    /// As the activity log has them.
    pub(super) fn actor(&self) -> Actor {
        match self {
            Self::Person {
                user,
                by: SignedBy::Session(_),
            } => Actor::Person { user: user.id },
            Self::Person {
                user,
                by: SignedBy::Token(token),
            } => Actor::Token {
                token: token.id,
                user: user.id,
            },
            Self::Service(token) => Actor::Service { token: token.id },
        }
    }
}

impl SignedIn {
    /// The person, for what only a person can do.
    ///
    /// # Errors
    /// `person_needed` for a token of an organization.
    pub fn person(&self) -> Result<&User, Problem> {
        match &self.who {
            Who::Person { user, .. } => Ok(user),
            Who::Service(token) => Err(Problem::new(
                Kind::NotAllowed,
                "person_needed",
                format!(
                    "“{}” is a token of an organization and stands for no person. Only a person can do this: sign in, or use a personal token.",
                    token.name
                ),
            )),
        }
    }

    /// Whose rights they have.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match &self.who {
            Who::Person { user, .. } => Subject::User(user.id),
            Who::Service(token) => Subject::Service(token.id),
        }
    }

    /// What they are called.
    #[must_use]
    pub fn name(&self) -> &ItemName {
        match &self.who {
            Who::Person { user, .. } => &user.name,
            Who::Service(token) => &token.name,
        }
    }

    /// The session, when it is one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.who {
            Who::Person {
                by: SignedBy::Session(session),
                ..
            } => Some(session),
            _ => None,
        }
    }

    /// The personal token, when it is one.
    #[must_use]
    pub fn personal_token(&self) -> Option<&ApiToken> {
        match &self.who {
            Who::Person {
                by: SignedBy::Token(token),
                ..
            } => Some(token),
            _ => None,
        }
    }

    /// When the token ends that they are signed in by; none for a session. What is made with a token ends with it.
    #[must_use]
    pub fn token_ends(&self) -> Option<Timestamp> {
        match &self.who {
            Who::Person {
                by: SignedBy::Token(token),
                ..
            } => Some(token.expires_at),
            Who::Service(token) => Some(token.expires_at),
            Who::Person { .. } => None,
        }
    }

    /// The organization where what they do with their own account is written down: the oldest in which they were given
    /// a role. None for somebody who belongs nowhere.
    #[must_use]
    pub fn home(&self) -> Option<OrgId> {
        match &self.who {
            Who::Person { .. } => self.caller.principal.organizations().next(),
            Who::Service(token) => match &token.confined_to {
                Some(chosen) => chosen.first().copied(),
                None => Some(token.organization),
            },
        }
    }
}

impl App {
    /// The organizations in which roles were given to them directly, oldest first; for a token that is confined, those.
    /// The sub-organizations that roles reach by inheritance are not among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn own_organizations(&self, who: &SignedIn) -> Result<Vec<Organization>, Problem> {
        let token = match &who.who {
            Who::Person { user, .. } => return Ok(self.inner.store.read().await?.organizations_of(user.id).await?),
            Who::Service(token) => token,
        };
        let ids = token.confined_to.clone().unwrap_or_else(|| [token.organization].into());
        let mut organizations = Vec::with_capacity(ids.len());
        for id in ids {
            match self.organization(&who.caller, id).await {
                Ok(organization) => organizations.push(organization),
                Err(problem) if problem.kind == Kind::NotFound => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(organizations)
    }

    /// An organization that the caller belongs to or inherits a role in.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn organization(&self, caller: &Caller, org: OrgId) -> Result<Organization, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        Ok(self.inner.store.read_for(&permit).await?.organization(&permit).await?)
    }
}
