//! Who did something, and from where.

use crate::{
    id::{ApiTokenId, JobId, ServiceTokenId, UserId},
    policy::Subject,
};
use serde::{Deserialize, Serialize};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "actor")]
pub enum Actor {
    /// A signed-in person.
    Person {
        /// Who.
        user: UserId,
    },
    /// A personal token, within its owner's rights.
    Token {
        /// Which token.
        token: ApiTokenId,
        /// Whose.
        user: UserId,
    },
    /// A service token of an organization.
    Service {
        /// Which token.
        token: ServiceTokenId,
    },
    /// Background work that somebody began.
    Job {
        /// Which job.
        job: JobId,
        /// On whose behalf; nobody for the server's own schedule.
        on_behalf_of: Option<Subject>,
    },
    /// The server itself: its schedule, its command line on the host.
    Server,
    /// Somebody who is not signed in.
    Anonymous,
}

impl Actor {
    /// The person behind it.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Person { user } | Self::Token { user, .. } => Some(*user),
            Self::Job { on_behalf_of, .. } => on_behalf_of.and_then(Subject::user),
            Self::Service { .. } | Self::Server | Self::Anonymous => None,
        }
    }

    /// The person or the service token behind it: whom "what did they do" asks about.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Service { token } => Some(Subject::Service(*token)),
            Self::Job { on_behalf_of, .. } => *on_behalf_of,
            other => other.user().map(Subject::User),
        }
    }

    /// The token it came with.
    #[must_use]
    pub fn token(&self) -> Option<ApiTokenId> {
        match self {
            Self::Token { token, .. } => Some(*token),
            _ => None,
        }
    }
}

/// From where a request came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The client's address, behind trusted proxies only.
    pub address: Option<String>,
    /// The request's id, as it stands in the log.
    pub request_id: Option<String>,
}
