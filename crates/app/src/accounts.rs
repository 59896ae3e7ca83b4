//! First start, signing in and out, passwords, sessions, personal tokens.
use crate::{App, Caller, Problem, Shown};
use domain::{ApiToken, ApiTokenId, Organization, Origin, Session, SessionId, User};
use jiff::Timestamp;

/// Somebody who is signed in by a session or a token.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The session, when it is one.
    pub session: Option<Session>,
    /// The token, when it is one.
    pub token: Option<ApiTokenId>,
    /// What use cases ask for.
    pub caller: Caller,
    /// Their organizations, last used first.
    pub organizations: Vec<Organization>,
}

/// A fresh session and the value of its cookie.
#[derive(Debug)]
pub struct NewSession {
    /// Who and what.
    pub signed_in: SignedIn,
    /// The cookie's value.
    pub cookie: Shown,
}

/// What the first person enters.
pub struct SetUp {
    /// Name of the first root organization.
    pub organization: String,
    /// What the person is called.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// Their password.
    pub password: zeroize::Zeroizing<String>,
}

impl App {
    /// The one-time set-up token while nobody has an account yet; a new one replaces the one before. None afterwards.
    pub async fn set_up_token(&self) -> Result<Option<Shown>, Problem> {
        todo!()
    }
    /// Whether this set-up token (still) opens the form.
    pub async fn set_up_is_open(&self, token: &str) -> Result<bool, Problem> {
        todo!()
    }
    /// The first person becomes Owner of the first root organization and is signed in.
    pub async fn set_up(&self, token: &str, input: SetUp, origin: Origin, agent: Option<&str>) -> Result<NewSession, Problem> {
        todo!()
    }
    /// Signs in; one error, in one time, for every wrong pair; limited per account and per address.
    pub async fn sign_in(&self, email: &str, password: &str, origin: Origin, agent: Option<&str>) -> Result<NewSession, Problem> {
        todo!()
    }
    /// Whose session this cookie is; none when it is unknown, ended or expired.
    pub async fn by_session(&self, cookie: &str, origin: Origin) -> Result<Option<SignedIn>, Problem> {
        todo!()
    }
    /// Whose personal token this is.
    pub async fn by_token(&self, bearer: &str, origin: Origin) -> Result<Option<SignedIn>, Problem> {
        todo!()
    }
    /// Ends this session.
    pub async fn sign_out(&self, who: &SignedIn) -> Result<(), Problem> {
        todo!()
    }
    /// Changes the password, ends every other session, and answers how many.
    pub async fn change_password(&self, who: &SignedIn, old: &str, new: &str) -> Result<u32, Problem> {
        todo!()
    }
    /// The person's sessions, newest first.
    pub async fn sessions(&self, who: &SignedIn) -> Result<Vec<Session>, Problem> {
        todo!()
    }
    /// Ends one of them.
    pub async fn end_session(&self, who: &SignedIn, session: SessionId) -> Result<(), Problem> {
        todo!()
    }
    /// The person's tokens, newest first.
    pub async fn tokens(&self, who: &SignedIn) -> Result<Vec<ApiToken>, Problem> {
        todo!()
    }
    /// Makes a token (`russet_…` with a checksum), shown once.
    pub async fn create_token(&self, who: &SignedIn, name: &str, expires_at: Option<Timestamp>) -> Result<(ApiToken, Shown), Problem> {
        todo!()
    }
    /// Ends a token at once.
    pub async fn revoke_token(&self, who: &SignedIn, token: ApiTokenId) -> Result<(), Problem> {
        todo!()
    }
}
