//! An invitation by mail: a job, so that it outlives a restart and is tried again.
//!
//! The job makes the link's token itself and writes its SHA-256 down before the mail leaves. Whoever looks into the
//! database finds no link, and a mail that was sent twice, because the server died in between, holds one dead link and one
//! that works. What somebody was shown meanwhile, by sending again, stays: the job replaces the link that it has read, and no
//! other.

use super::accept::{actor, standing};
use crate::{
    App, Caller, Problem,
    accounts::{bearer, hashed},
    crash_point,
    mail::Mailer,
    members::titles,
    worker::JobEnd,
};
use domain::{Action, Delivery, Invitation, InvitationId, Job, Origin, Permit, Principal, Role};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use store::{StoreError, TokenHash};

impl App {
    /// Mails a waiting invitation with a fresh link.
    pub(crate) async fn mail_invitation(&self, job: &Job, id: InvitationId) -> Result<JobEnd, Problem> {
        let caller = Caller {
            principal: Principal::job(job.id, None, Default::default()),
            origin: Origin::default(),
        };
        // The server reads what it has to deliver; what it delivers stands on the rights of whoever invited.
        let permit = self.permit(&caller, Action::SeeMembers, job.organization).await?;
        let found = self.inner.store.read_for(&permit).await?.invitation_with_link(&permit, id).await;
        let (invitation, before) = match found {
            Ok(found) => found,
            // Accepted or revoked meanwhile.
            Err(StoreError::NotFound) => return Ok(JobEnd::Done),
            Err(error) => return Err(error.into()),
        };
        if matches!(invitation.delivery, Delivery::Shown | Delivery::Sent { .. }) || invitation.expires_at <= self.now() {
            return Ok(JobEnd::Done);
        }
        let token = bearer::fresh(&*self.inner.entropy);
        let hash = hashed(token.expose());
        let mut tx = self.inner.store.read_over_all().await?;
        let standing = standing(&mut tx, &invitation, self.now()).await?;
        let inviter = crate::activity::Names::default()
            .of_actor(&mut tx, actor(invitation.invited_by))
            .await?;
        let organization = tx.organization(&permit).await?.name;
        drop(tx);
        self.inner.crash_points.pass(crash_point::BEFORE_LINK);
        let mut tx = self.inner.store.begin_for(&permit).await?;
        if !tx.replace_link(&permit, id, &before, &hash).await? {
            // Accepted, revoked, or sent again meanwhile: that link is somebody else's matter.
            return Ok(JobEnd::Done);
        }
        tx.commit().await?;
        let (Some(mailer), Some(standing)) = (&self.inner.mailer, standing) else {
            let why = match self.inner.mailer {
                None => "this server has no mail server any more",
                Some(_) => "whoever sent it may not invite with these roles any more",
            };
            self.delivered(&permit, &invitation, &hash, self.not_delivered(why)).await?;
            return Ok(JobEnd::Done);
        };
        let subject = format!("{inviter} invites you to {organization}");
        let link = mailer.link(&format!("invitations/{}", token.expose()));
        let text = letter(mailer, &inviter, organization.as_str(), &standing.roles, &invitation, &link);
        let sent = mailer
            .send(&invitation.email, &subject, text, &*self.inner.clock, &*self.inner.entropy)
            .await;
        match sent {
            Ok(()) => {
                self.delivered(&permit, &invitation, &hash, Delivery::Sent { at: self.now() })
                    .await?;
                Ok(JobEnd::Done)
            }
            Err(refused) => {
                self.delivered(&permit, &invitation, &hash, self.not_delivered(&refused.why))
                    .await?;
                Ok(if refused.try_again {
                    self.again(job, refused.why)
                } else {
                    JobEnd::Done
                })
            }
        }
    }

    /// A mail that no server has taken.
    pub(crate) fn not_delivered(&self, why: &str) -> Delivery {
        Delivery::Failed {
            at: self.now(),
            why: why.to_owned(),
        }
    }

    async fn delivered(&self, permit: &Permit, invitation: &Invitation, hash: &TokenHash, delivery: Delivery) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_for(permit).await?;
        tx.note_delivery(permit, invitation.id, hash, &delivery).await?;
        Ok(tx.commit().await?)
    }
}

/// The text of the mail.
fn letter(mailer: &Mailer, inviter: &str, organization: &str, roles: &BTreeSet<Role>, invitation: &Invitation, link: &str) -> String {
    let until = invitation.expires_at.to_zoned(TimeZone::UTC).strftime("%-d %b %Y, %H:%M UTC");
    format!(
        "{inviter} invites you to the organization “{organization}” on Russet at {host}.\n\
         Your roles there: {roles}.\n\n\
         Open this link to accept:\n\n{link}\n\n\
         It works once, for {email} and until {until}.\n\
         If you did not expect this, there is nothing to do.\n",
        host = mailer.host(),
        roles = titles(roles),
        email = invitation.email,
    )
}
