//! Invitations: an offer to join an organization, made to an address.
//!
//! Whoever invites lends their rights to the link until it is used: at that moment they must still be allowed to invite,
//! and of the roles only those are given that they could still give. Nobody keeps a foot in the door by inviting somebody
//! before they are removed.
//!
//! A link carries 256 random bits and is known to whom it was shown or mailed to; the store has its SHA-256. A mailed link
//! is made when the mail is sent ([`mail`]), so no job in the database holds one.

mod accept;
mod mail;

pub(crate) use accept::actor;
pub use accept::{Accepted, Accepting, LookedAt, NewAccount};

use crate::{
    App, Caller, FieldProblem, Problem, Shown,
    accounts::{bearer, hashed},
    acting::fresh,
    members::{out_of_reach, read_roles},
    problem::Kind,
};
use domain::{
    Action, Delivery, Email, Event, Invitation, InvitationId, JobId, JobPayload, OrgId, Permit, Subject,
    membership::{INVITATION_DAYS, INVITATION_KEPT_DAYS, INVITATION_MAIL_SECONDS, INVITATIONS_PENDING_MOST},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::{Page, Paging, Tx};

/// Whom to invite.
#[derive(Debug, Clone, Default)]
pub struct NewInvitation {
    /// The address that will be able to accept.
    pub email: String,
    /// The roles, by their words.
    pub roles: Vec<String>,
    /// Show the link instead of mailing it, where mail could be sent.
    pub show_link: bool,
}

/// An invitation, as whoever sent it sees it.
#[derive(Debug)]
pub struct Invited {
    /// What was written down.
    pub invitation: Invitation,
    /// The token of the link, when it was not mailed: shown on this answer and on no other.
    pub token: Option<Shown>,
}

/// An invitation in the list.
#[derive(Debug, Clone)]
pub struct InvitationView {
    /// What was written down.
    pub invitation: Invitation,
    /// Who invited, by name.
    pub invited_by: String,
    /// Whether the link has ended.
    pub over: bool,
}

pub(crate) fn days_after(now: Timestamp, days: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now)
}

impl App {
    /// Whether this server can mail invitations.
    #[must_use]
    pub fn sends_mail(&self) -> bool {
        self.inner.mailer.is_some()
    }

    /// The invitations that nobody has accepted, newest first; those whose link has ended are among them for a while.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn invitations(&self, caller: &Caller, org: OrgId, paging: &Paging) -> Result<Page<InvitationView>, Problem> {
        let permit = self.permit(caller, Action::SeeMembers, org).await?;
        let now = self.now();
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.invitations(&permit, paging).await?;
        let mut names = crate::activity::Names::default();
        let mut items = Vec::with_capacity(page.items.len());
        for invitation in page.items {
            items.push(InvitationView {
                invited_by: names.of_actor(&mut tx, accept::actor(invitation.invited_by)).await?,
                over: invitation.expires_at <= now,
                invitation,
            });
        }
        Ok(Page {
            items,
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// Invites an address. One that is invited already gets a fresh link, and these roles in the place of those before.
    ///
    /// # Errors
    /// Problems at `email` and `roles`; `role_out_of_reach`, `already_member`, `invitations_full`, `sent_just_now`.
    pub async fn invite(&self, caller: &Caller, org: OrgId, new: NewInvitation) -> Result<Invited, Problem> {
        let permit = self.permit(caller, Action::ManageMembers, org).await?;
        let (email, roles) = read(&new)?;
        let mut tx = self.begin_at_members(caller, &permit).await?;
        let before = tx.invitation_by_email(&permit, &email).await?;
        let replaced = before.as_ref().map(|before| before.roles.clone()).unwrap_or_default();
        if let Some(refused) = out_of_reach(caller, &permit, &roles.union(&replaced).copied().collect()) {
            drop(tx);
            return Err(self.role_out_of_reach(caller, &permit, &refused).await?);
        }
        if let Some(member) = tx.member_by_email(&permit, &email).await? {
            return Err(Problem::field(
                "already_member",
                "email",
                format!("{} is a member already. Change their roles instead.", member.user.name),
            ));
        }
        let (now, by_mail) = (self.now(), self.sends_mail() && !new.show_link);
        if let Some(before) = &before {
            not_too_often(&before.delivery, before.sent_at, by_mail, now)?;
        }
        tx.forget_invitations(&permit, days_after(now, -INVITATION_KEPT_DAYS)).await?;
        let invitation = Invitation {
            id: fresh!(self, InvitationId),
            organization: org,
            email,
            roles,
            invited_by: sender(caller)?,
            created_at: now,
            sent_at: now,
            expires_at: days_after(now, INVITATION_DAYS),
            delivery: if by_mail { Delivery::Waiting } else { Delivery::Shown },
        };
        let token = bearer::fresh(&*self.inner.entropy);
        let invitation = tx.put_invitation(&permit, &invitation, &hashed(token.expose())).await?;
        if tx.invitation_count(&permit).await? > INVITATIONS_PENDING_MOST {
            return Err(Problem::new(
                Kind::Conflict,
                "invitations_full",
                format!("{INVITATIONS_PENDING_MOST} invitations are pending, which is the most. Revoke some that nobody will accept."),
            ));
        }
        let event = Event::MemberInvited {
            invitation: invitation.id,
            email: invitation.email.clone(),
            roles: invitation.roles.clone(),
        };
        self.hand_over(tx, caller, &permit, invitation, token, event).await
    }

    /// Makes a fresh link for an invitation, which ends the one before and begins its days anew. Whoever sends it answers
    /// for it from now on.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `role_out_of_reach`, `sent_just_now`.
    pub async fn send_invitation_again(&self, caller: &Caller, org: OrgId, id: InvitationId, show_link: bool) -> Result<Invited, Problem> {
        let permit = self.permit(caller, Action::ManageMembers, org).await?;
        let mut tx = self.begin_at_members(caller, &permit).await?;
        let before = tx.invitation(&permit, id).await?;
        if let Some(refused) = out_of_reach(caller, &permit, &before.roles) {
            drop(tx);
            return Err(self.role_out_of_reach(caller, &permit, &refused).await?);
        }
        let (now, by_mail) = (self.now(), self.sends_mail() && !show_link);
        not_too_often(&before.delivery, before.sent_at, by_mail, now)?;
        let renewed = Invitation {
            invited_by: sender(caller)?,
            sent_at: now,
            expires_at: days_after(now, INVITATION_DAYS),
            delivery: if by_mail { Delivery::Waiting } else { Delivery::Shown },
            ..before
        };
        let token = bearer::fresh(&*self.inner.entropy);
        tx.renew_invitation(&permit, &renewed, &hashed(token.expose())).await?;
        let event = Event::InvitationSentAgain {
            invitation: id,
            email: renewed.email.clone(),
        };
        self.hand_over(tx, caller, &permit, renewed, token, event).await
    }

    /// Takes an invitation back; its link ends.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `role_out_of_reach`.
    pub async fn revoke_invitation(&self, caller: &Caller, org: OrgId, id: InvitationId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::ManageMembers, org).await?;
        let mut tx = self.begin_at_members(caller, &permit).await?;
        let invitation = tx.invitation(&permit, id).await?;
        if let Some(refused) = out_of_reach(caller, &permit, &invitation.roles) {
            drop(tx);
            return Err(self.role_out_of_reach(caller, &permit, &refused).await?);
        }
        tx.delete_invitation(&permit, id).await?;
        let event = Event::InvitationRevoked {
            invitation: id,
            email: invitation.email,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Records and commits; the link goes to the mail job, which makes another token, or to whoever asked.
    async fn hand_over(
        &self,
        mut tx: Tx,
        caller: &Caller,
        permit: &Permit,
        invitation: Invitation,
        token: Shown,
        event: Event,
    ) -> Result<Invited, Problem> {
        let by_mail = invitation.delivery == Delivery::Waiting;
        if by_mail {
            let payload = JobPayload::MailInvitation { invitation: invitation.id };
            tx.enqueue(fresh!(self, JobId), permit.organization(), &payload, self.now()).await?;
        }
        self.record_done(&mut tx, caller, permit.organization(), event).await?;
        tx.commit().await?;
        if by_mail {
            self.inner.job_waits.notify_one();
        }
        Ok(Invited {
            invitation,
            token: (!by_mail).then_some(token),
        })
    }
}

/// Who answers for an invitation.
pub(crate) fn sender(caller: &Caller) -> Result<Subject, Problem> {
    caller
        .principal
        .actor()
        .subject()
        .ok_or_else(|| Problem::internal("an invitation by nobody"))
}

/// Mail to people who did not ask for it is sent sparingly.
pub(crate) fn not_too_often(delivery: &Delivery, sent_at: Timestamp, by_mail: bool, now: Timestamp) -> Result<(), Problem> {
    let mailed = *delivery != Delivery::Shown;
    if by_mail && mailed && now.duration_since(sent_at).as_secs() < INVITATION_MAIL_SECONDS {
        return Err(Problem::new(
            Kind::RateLimited,
            "sent_just_now",
            "A mail with a link was sent a moment ago. Wait a minute before sending another.",
        ));
    }
    Ok(())
}

fn read(new: &NewInvitation) -> Result<(Email, BTreeSet<domain::Role>), Problem> {
    let mut fields = Vec::new();
    let email = new.email.parse::<Email>().map_err(|error| {
        fields.push(FieldProblem {
            field: "email",
            message: error.to_string(),
        });
    });
    let roles = match read_roles(&new.roles) {
        Ok(roles) if roles.is_empty() => Err("Choose at least one role.".to_owned()),
        Ok(roles) => Ok(roles),
        Err(problem) => Err(problem.message),
    };
    let roles = roles.map_err(|message| fields.push(FieldProblem { field: "roles", message }));
    match (email, roles) {
        (Ok(email), Ok(roles)) => Ok((email, roles)),
        _ => {
            let mut problem = Problem::new(Kind::Invalid, "invalid", fields.first().map_or("", |f| f.message.as_str()));
            problem.fields = fields;
            Err(problem)
        }
    }
}
