//! First start, signing in and out, passwords, sessions, personal tokens.
//!
//! Nothing here says whether an e-mail address has an account: a wrong pair gives one text, after the work of one password
//! hash, and counts against the address typed whether somebody has it or not.
//!
//! The surprising thing: an attempt is counted before the password is looked at, and forgotten when it was right. Counted
//! afterwards, a thousand attempts sent at once would all pass the limit.

pub(crate) mod bearer;
pub(crate) mod password;
pub(crate) mod sign_in;
mod tokens;
mod who;

pub(crate) use password::Passwords;
pub(crate) use tokens::token_end;
pub use who::{SignedBy, SignedIn, Who};

use crate::{App, Caller, FieldProblem, Problem, Shown, acting::fresh, problem::Kind};
use domain::{
    Actor, Email, Event, ItemName, OrgId, Organization, Origin, Outcome, Principal, Session, SessionId, User, UserId,
    account::{SESSION_DAYS, SESSION_IDLE_HOURS},
    policy::{Role, Subject},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::{PasswordHash, StoreError, TokenHash, Tx};

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

/// How often at most the last use of a session or token is written down, in seconds.
const TOUCH_SECONDS: i64 = 60;
/// Longest description of a browser that is kept, in characters.
const AGENT_CHARACTERS: usize = 200;

pub(crate) fn hashed(bearer: &str) -> TokenHash {
    TokenHash(bearer::sha256(bearer))
}

fn later(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}

impl App {
    /// The one-time set-up token while nobody has an account yet; a new one replaces the one before. None afterwards.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_up_token(&self) -> Result<Option<Shown>, Problem> {
        let mut tx = self.inner.store.begin().await?;
        if tx.user_count().await? > 0 {
            return Ok(None);
        }
        let token = bearer::fresh(&*self.inner.entropy);
        tx.set_setup_token(&hashed(token.expose()), self.now()).await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// Whether this set-up token (still) opens the form.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_up_is_open(&self, token: &str) -> Result<bool, Problem> {
        let mut tx = self.inner.store.read().await?;
        Ok(tx.user_count().await? == 0 && tx.is_setup_token(&hashed(token)).await?)
    }

    /// The first person becomes Owner of the first root organization and is signed in.
    ///
    /// # Errors
    /// `set_up_closed` for a wrong or used token; a problem per field for what does not fit.
    pub async fn set_up(&self, token: &str, input: SetUp, origin: Origin, agent: Option<&str>) -> Result<NewSession, Problem> {
        let closed = || {
            Problem::new(
                Kind::NotAllowed,
                "set_up_closed",
                "This set-up link is wrong or was used before. The server prints a fresh one when it starts without any account.",
            )
        };
        if !self.set_up_is_open(token).await? {
            return Err(closed());
        }
        let (organization, name, email) = read_set_up(&input)?;
        let hash = self.inner.passwords.hash(&input.password, &*self.inner.entropy).await?;
        let now = self.now();
        let organization = Organization {
            id: fresh!(self, OrgId),
            parent: None,
            name: organization,
            created_at: now,
        };
        let user = User {
            id: fresh!(self, UserId),
            email,
            name,
            created_at: now,
        };
        let ring = self.inner.vault.new_ring(&organization.id.to_string())?;
        let mut tx = self.inner.store.begin_over_all().await?;
        if !tx.take_setup_token(&hashed(token)).await? || tx.user_count().await? > 0 {
            return Err(closed());
        }
        tx.create_organization(&organization, &ring).await?;
        tx.insert_user(&user, &PasswordHash::new(hash)).await?;
        tx.add_role(organization.id, user.id, Role::Owner, now).await?;
        let (session, cookie) = self.begin_session(&mut tx, user.id, &origin, agent).await?;
        let event = Event::SetupCompleted {
            user: user.id,
            organization: organization.id,
        };
        let signed_in = signed_in(&mut tx, Who::by_session(user, session), origin, self.now()).await?;
        self.record_done(&mut tx, &signed_in.caller, organization.id, event).await?;
        tx.commit().await?;
        Ok(NewSession { signed_in, cookie })
    }

    /// Whose session this cookie is; none when it is unknown, ended or expired. Their session goes on from now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_session(&self, cookie: &str, origin: Origin) -> Result<Option<SignedIn>, Problem> {
        let now = self.now();
        let found = self.by_session_unattended(cookie, origin).await?;
        if let Some(session) = found.as_ref().and_then(SignedIn::session)
            && now.duration_since(session.seen_at).as_secs() >= TOUCH_SECONDS
        {
            let mut tx = self.inner.store.begin().await?;
            tx.touch_session(session.id, now).await?;
            tx.commit().await?;
        }
        Ok(found)
    }

    /// The same for what a page asks by itself: nobody need sit before it, so the session is no longer for that.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_session_unattended(&self, cookie: &str, origin: Origin) -> Result<Option<SignedIn>, Problem> {
        let now = self.now();
        let mut tx = self.inner.store.read().await?;
        let Some(session) = tx.session_by_token(&hashed(cookie), now).await? else {
            return Ok(None);
        };
        if later(session.seen_at, SESSION_IDLE_HOURS) <= now {
            return Ok(None);
        }
        let user = tx.user(session.user).await?;
        Ok(Some(signed_in(&mut tx, Who::by_session(user, session), origin, now).await?))
    }

    /// Ends this session. A token is left as it is: it is revoked, not signed out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sign_out(&self, who: &SignedIn) -> Result<(), Problem> {
        match who.session() {
            Some(session) => self.end_session(who, session.id).await,
            None => Ok(()),
        }
    }

    /// Changes the password, ends every other session, and answers how many. Personal tokens go on: they are for machines,
    /// and are ended one by one.
    ///
    /// # Errors
    /// `password_wrong` for a wrong old one, `password_unfit` for a new one, `session_needed` for a personal token,
    /// `person_needed` for a token of an organization.
    pub async fn change_password(&self, who: &SignedIn, old: &str, new: &str) -> Result<u32, Problem> {
        let user = who.person()?;
        let Some(session) = who.session() else {
            return Err(Problem::new(
                Kind::NotAllowed,
                "session_needed",
                "A token cannot change a password. Sign in on the console to change it.",
            ));
        };
        let counted = self.count_attempt(user.email.as_str(), None).await?;
        let hash = self.inner.store.read().await?.password_hash(user.id).await?;
        if !self.inner.passwords.verify(old, Some(hash.as_str())).await? {
            return Err(Problem::field(
                "password_wrong",
                "old_password",
                "The present password is wrong. Nothing was changed.",
            ));
        }
        password::check_new(new, user.email.as_str())?;
        let hash = self.inner.passwords.hash(new, &*self.inner.entropy).await?;
        let mut tx = self.inner.store.begin().await?;
        counted.forgive(&mut tx).await?;
        tx.set_password(user.id, &PasswordHash::new(hash)).await?;
        let sessions_ended = tx.end_sessions(user.id, Some(session.id)).await?;
        tx.raise_standing(Subject::User(user.id)).await?;
        let event = Event::PasswordChanged {
            user: user.id,
            sessions_ended,
        };
        self.record_of_person(&mut tx, who, event).await?;
        tx.commit().await?;
        Ok(sessions_ended)
    }

    /// The person's sessions, newest first, without those that were idle for too long.
    ///
    /// # Errors
    /// `person_needed`.
    pub async fn sessions(&self, who: &SignedIn) -> Result<Vec<Session>, Problem> {
        let now = self.now();
        let user = who.person()?.id;
        let mut sessions = self.inner.store.read().await?.sessions_of(user, now).await?;
        sessions.retain(|session| later(session.seen_at, SESSION_IDLE_HOURS) > now);
        Ok(sessions)
    }

    /// Ends one of them.
    ///
    /// # Errors
    /// `not_found` when it is not one of theirs, `person_needed`.
    pub async fn end_session(&self, who: &SignedIn, session: SessionId) -> Result<(), Problem> {
        let user = who.person()?.id;
        let mut tx = self.inner.store.begin().await?;
        if !tx.end_session(user, session).await? {
            return Err(Problem::not_found());
        }
        // Who signs out has nothing under way there; ended from elsewhere, it may be in other hands.
        if who.session().is_none_or(|own| own.id != session) {
            tx.raise_standing(Subject::User(user)).await?;
        }
        let event = Event::SignedOut { user, session };
        self.record_of_person(&mut tx, who, event).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn begin_session(
        &self,
        tx: &mut Tx,
        user: UserId,
        origin: &Origin,
        agent: Option<&str>,
    ) -> Result<(Session, Shown), Problem> {
        let now = self.now();
        let cookie = bearer::fresh(&*self.inner.entropy);
        let session = Session {
            id: fresh!(self, SessionId),
            user,
            created_at: now,
            seen_at: now,
            expires_at: later(now, SESSION_DAYS * 24),
            confirmed_at: now,
            address: origin.address.clone(),
            agent: agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARACTERS).collect()),
        };
        tx.insert_session(&session, &hashed(cookie.expose())).await?;
        Ok((session, cookie))
    }

    /// Records what somebody did with their own account: in the log of their first organization, where its Owner looks.
    async fn record_of_person(&self, tx: &mut Tx, who: &SignedIn, event: Event) -> Result<(), Problem> {
        let record = self.activity_record(&who.caller, who.home(), event, Outcome::Done);
        self.record(tx, &record).await
    }
}

/// The rights that whoever stands behind an actor has now. Somebody who is gone has none, and a token that has ended has
/// none either: what it began or who it invited rests on nothing any more.
pub(crate) async fn principal_of(tx: &mut Tx, actor: Actor, now: Timestamp) -> Result<Principal, Problem> {
    Ok(match actor.subject() {
        Some(Subject::User(user)) => {
            let standing = match tx.standing_of(user).await {
                Ok(standing) => standing,
                Err(StoreError::NotFound) => return Ok(Principal::new(actor, BTreeMap::new())),
                Err(error) => return Err(error.into()),
            };
            Principal::new(actor, tx.roles_of(user).await?).standing_at(standing)
        }
        Some(Subject::Service(token)) => match tx.service_token_standing(token).await? {
            Some((token, standing)) if token.expires_at > now => token.principal(actor, standing),
            _ => Principal::new(actor, BTreeMap::new()),
        },
        None => Principal::new(actor, BTreeMap::new()),
    })
}

/// Gathers what somebody signed in is and may.
pub(crate) async fn signed_in(tx: &mut Tx, who: Who, origin: Origin, now: Timestamp) -> Result<SignedIn, Problem> {
    let principal = principal_of(tx, who.actor(), now).await?;
    Ok(SignedIn {
        who,
        caller: Caller { principal, origin },
    })
}

fn read_set_up(input: &SetUp) -> Result<(ItemName, ItemName, Email), Problem> {
    let mut fields = Vec::new();
    let mut add = |field, message: String| fields.push(FieldProblem { field, message });
    let organization = crate::organizations::read_name(&input.organization).map_err(|why| add("organization", why));
    let name = input.name.parse::<ItemName>().map_err(|e| add("name", e.to_string()));
    let email = input.email.parse::<Email>().map_err(|e| add("email", e.to_string()));
    let address = email.as_ref().map_or("", |email| email.as_str());
    if let Err(problem) = password::check_new(&input.password, address) {
        add("password", problem.message);
    }
    match (organization, name, email) {
        (Ok(organization), Ok(name), Ok(email)) if fields.is_empty() => Ok((organization, name, email)),
        _ => {
            let mut problem = Problem::new(Kind::Invalid, "invalid", fields.first().map_or("", |f| f.message.as_str()));
            problem.fields = fields;
            Err(problem)
        }
    }
}
