//! From the link to the membership: somebody with a token, who belongs nowhere yet.
//!
//! A link that is unknown, used, revoked or replaced is one and the same to whoever holds it. Only a link that works tells
//! who invites, to what, and whether its address has an account; whoever holds that link got it at that address.
//!
//! The surprising thing: the permit is the inviter's. Whoever accepts has no right in the organization, so what is written
//! there is written on the authority of the one who invited, as it stands at this moment.

use crate::{
    App, Caller, FieldProblem, Problem,
    accounts::{NewSession, SignedIn, Who, hashed, password, principal_of, sign_in, signed_in},
    acting::fresh,
    members::held_wherever_it_reaches,
    problem::Kind,
};
use domain::{
    Action, Actor, Email, Event, Invitation, ItemName, OrgId, Origin, Permit, Principal, Role, Subject, Tenant, User, UserId,
    account::{SIGN_IN_FAILURES_ADDRESS, SIGN_IN_MINUTES},
    decide,
    policy::lacking,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use store::{Conflict, PasswordHash, StoreError, Tx};
use zeroize::Zeroizing;

/// What a link that works says.
#[derive(Debug, Clone)]
pub struct LookedAt {
    /// To which organization.
    pub organization: ItemName,
    /// Who invites, by name.
    pub invited_by: String,
    /// For whom.
    pub email: Email,
    /// With which roles, as far as whoever invited could still give them.
    pub roles: BTreeSet<Role>,
    /// Until when.
    pub expires_at: Timestamp,
    /// Whether the address has an account to sign in with.
    pub has_account: bool,
}

/// Who accepts.
pub enum Accepting<'a> {
    /// Somebody who is signed in with the invited address.
    SignedIn(&'a SignedIn),
    /// Somebody without an account, who makes one by this.
    NewAccount(NewAccount<'a>),
}

/// What somebody enters who has no account yet. Their address is the invited one, and proven by the link.
pub struct NewAccount<'a> {
    /// What they are called.
    pub name: &'a str,
    /// Their password.
    pub password: Zeroizing<String>,
    /// Their browser's description of itself, where a session shall begin.
    pub browser: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Accepted {
    /// Where one belongs now.
    pub organization: OrgId,
    /// Its name.
    pub name: ItemName,
    /// The session of a new account.
    pub session: Option<NewSession>,
}

/// An invitation with the authority that it is made on.
pub(super) struct Standing {
    pub(super) permit: Permit,
    /// The roles that whoever invited could still give.
    pub(super) roles: BTreeSet<Role>,
}

/// Somebody who holds roles, as an actor.
pub(crate) fn actor(subject: Subject) -> Actor {
    match subject {
        Subject::User(user) => Actor::Person { user },
        Subject::Service(token) => Actor::Service { token },
    }
}

/// On what authority an invitation stands now; none when whoever made it may not invite any more.
pub(super) async fn standing(tx: &mut Tx, invitation: &Invitation, now: Timestamp) -> Result<Option<Standing>, Problem> {
    let inviter = principal_of(tx, actor(invitation.invited_by), now).await?;
    let Some(tenant) = tx.tenant(invitation.organization).await? else {
        return Ok(None);
    };
    Ok(granted(&inviter, tenant, invitation))
}

fn granted(inviter: &Principal, tenant: Tenant, invitation: &Invitation) -> Option<Standing> {
    let permit = decide(inviter, Action::ManageMembers, tenant).ok()?;
    let held = held_wherever_it_reaches(inviter, tenant);
    let lost = lacking(&held, &invitation.roles);
    let roles: BTreeSet<_> = invitation.roles.difference(&lost).copied().collect();
    (!roles.is_empty()).then_some(Standing { permit, roles })
}

fn unknown() -> Problem {
    Problem::new(
        Kind::NotFound,
        "invitation_unknown",
        "This link does not work: it was used, taken back, replaced by a newer one, or is not whole. Ask whoever invited you for another.",
    )
}

fn void() -> Problem {
    Problem::new(
        Kind::Conflict,
        "invitation_void",
        "Whoever invited you may not invite with these roles any more, so this link gives nothing. Ask somebody there to invite you anew.",
    )
}

fn over() -> Problem {
    Problem::new(
        Kind::Conflict,
        "invitation_over",
        "This invitation has ended. Ask whoever invited you to send it again.",
    )
}

impl App {
    /// What the link of this token says, without using it up.
    ///
    /// # Errors
    /// `invitation_unknown`, `invitation_over`, `invitation_void`; `tries_limited` after too many links that do not work.
    pub async fn look_at_invitation(&self, token: &str, origin: &Origin) -> Result<LookedAt, Problem> {
        let invitation = self.invitation_of(token, origin).await?;
        let mut tx = self.inner.store.read_over_all().await?;
        let standing = standing(&mut tx, &invitation, self.now()).await?.ok_or_else(void)?;
        let mut names = crate::activity::Names::default();
        Ok(LookedAt {
            organization: tx.organization(&standing.permit).await?.name,
            invited_by: names.of_actor(&mut tx, actor(invitation.invited_by)).await?,
            has_account: tx.user_by_email(&invitation.email).await?.is_some(),
            email: invitation.email,
            roles: standing.roles,
            expires_at: invitation.expires_at,
        })
    }

    /// Joins. The link is used up; of two who use it at once, one joins.
    ///
    /// # Errors
    /// As [`App::look_at_invitation`]; `invitation_for_another` for somebody signed in with another address;
    /// `account_exists` for an address that signs in first; problems at `name` and `password`.
    pub async fn accept_invitation(&self, token: &str, who: Accepting<'_>, origin: Origin) -> Result<Accepted, Problem> {
        let invitation = self.invitation_of(token, &origin).await?;
        let (user, caller, newcomer) = match who {
            Accepting::SignedIn(who) => {
                let user = who.person()?;
                if user.email != invitation.email {
                    return Err(for_another(&invitation, user));
                }
                (user.clone(), who.caller.clone(), None)
            }
            Accepting::NewAccount(new) => {
                let (user, hash) = self.newcomer(&invitation, &new).await?;
                let principal = Principal::new(Actor::Person { user: user.id }, BTreeMap::new());
                let origin = origin.clone();
                (user, Caller { principal, origin }, Some((hash, new.browser)))
            }
        };
        let mut tx = self.inner.store.read_over_all().await?;
        let Standing { permit, roles } = standing(&mut tx, &invitation, self.now()).await?.ok_or_else(void)?;
        drop(tx);
        // From here on whoever invited keeps their rights until this is written, or this is refused.
        let mut tx = self.inner.store.begin_at_members(&permit).await?;
        let taken = tx.take_invitation(&permit, &hashed(token)).await?.ok_or_else(unknown)?;
        if (taken.invited_by, &taken.roles) != (invitation.invited_by, &invitation.roles) {
            return Err(unknown());
        }
        if let Some((hash, _)) = &newcomer {
            tx.insert_user(&user, hash).await.map_err(|error| match error {
                StoreError::Conflict(Conflict::Email) => account_exists(),
                error => error.into(),
            })?;
        }
        tx.give_roles(&permit, user.id, &roles, self.now()).await?;
        let organization = tx.organization(&permit).await?;
        let session = match &newcomer {
            Some((_, Some(browser))) => {
                let (session, cookie) = self.begin_session(&mut tx, user.id, &origin, Some(browser)).await?;
                let signed_in = signed_in(&mut tx, Who::by_session(user.clone(), session), origin, self.now()).await?;
                Some(NewSession { signed_in, cookie })
            }
            _ => None,
        };
        let event = Event::MemberJoined {
            user: user.id,
            invitation: invitation.id,
            roles,
        };
        self.record_done(&mut tx, &caller, organization.id, event).await?;
        tx.commit().await?;
        Ok(Accepted {
            organization: organization.id,
            name: organization.name,
            session,
        })
    }

    /// The account that an invitation makes.
    async fn newcomer(&self, invitation: &Invitation, new: &NewAccount<'_>) -> Result<(User, PasswordHash), Problem> {
        if self.inner.store.read().await?.user_by_email(&invitation.email).await?.is_some() {
            return Err(account_exists());
        }
        let mut fields = Vec::new();
        let name = new.name.parse::<ItemName>().map_err(|error| {
            fields.push(FieldProblem {
                field: "name",
                message: error.to_string(),
            });
        });
        if let Err(problem) = password::check_new(&new.password, invitation.email.as_str()) {
            fields.extend(problem.fields);
        }
        let (Ok(name), true) = (name, fields.is_empty()) else {
            let mut problem = Problem::new(Kind::Invalid, "invalid", fields.first().map_or("", |f| f.message.as_str()));
            problem.fields = fields;
            return Err(problem);
        };
        let hash = self.inner.passwords.hash(&new.password, &*self.inner.entropy).await?;
        let user = User {
            id: fresh!(self, UserId),
            email: invitation.email.clone(),
            name,
            created_at: self.now(),
        };
        Ok((user, PasswordHash::new(hash)))
    }

    /// The invitation behind a token that works. Tokens that do not are counted against the client's network: nobody can
    /// guess one, and nobody shall have the database asked for ever.
    async fn invitation_of(&self, token: &str, origin: &Origin) -> Result<Invitation, Problem> {
        let found = self.inner.store.read_over_all().await?.invitation_by_token(&hashed(token)).await?;
        match found {
            Some(invitation) if invitation.expires_at > self.now() => return Ok(invitation),
            Some(_) => return Err(over()),
            None => {}
        }
        self.count_try("invitation", origin).await?;
        Err(unknown())
    }

    /// Counts something that did not work against the client's network, as of a kind.
    ///
    /// # Errors
    /// `tries_limited` after too many.
    pub(crate) async fn count_try(&self, kind: &str, origin: &Origin) -> Result<(), Problem> {
        let Some(network) = sign_in::address_subject(origin).map(|network| format!("{kind}:{network}")) else {
            return Ok(());
        };
        let now = self.now();
        let since = sign_in::window_begins(now);
        let mut tx = self.inner.store.begin().await?;
        if tx.sign_in_failures(&network, since).await? >= SIGN_IN_FAILURES_ADDRESS {
            return Err(too_many_tries());
        }
        tx.add_sign_in_failure(&network, now, since).await?;
        Ok(tx.commit().await?)
    }

    /// Refuses a network from which too much did not work, before anything is looked at.
    ///
    /// # Errors
    /// `tries_limited`.
    pub(crate) async fn refuse_after_many_tries(&self, kind: &str, origin: &Origin) -> Result<(), Problem> {
        let Some(network) = sign_in::address_subject(origin).map(|network| format!("{kind}:{network}")) else {
            return Ok(());
        };
        let mut tx = self.inner.store.begin().await?;
        if tx.sign_in_failures(&network, sign_in::window_begins(self.now())).await? >= SIGN_IN_FAILURES_ADDRESS {
            return Err(too_many_tries());
        }
        Ok(())
    }
}

fn too_many_tries() -> Problem {
    Problem::new(
        Kind::RateLimited,
        "tries_limited",
        format!("Too many links from your network did not work. Wait {SIGN_IN_MINUTES} minutes, then try again."),
    )
}

fn for_another(invitation: &Invitation, who: &User) -> Problem {
    Problem::new(
        Kind::NotAllowed,
        "invitation_for_another",
        format!(
            "This invitation is for {}, and you are signed in as {}. Sign out, then open the link again.",
            invitation.email, who.email
        ),
    )
}

fn account_exists() -> Problem {
    Problem::new(
        Kind::Conflict,
        "account_exists",
        "This address has an account already. Sign in with it, then open the link again.",
    )
}
