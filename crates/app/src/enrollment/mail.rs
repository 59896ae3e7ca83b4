//! A device invitation by mail: a job that makes the link's token itself, as for an invitation of members, so that the
//! database holds no link.

use super::answer::standing;
use crate::{
    App, Caller, Problem,
    accounts::{bearer, hashed},
    crash_point,
    invitations::actor,
    mail::Mailer,
    worker::JobEnd,
};
use domain::{Action, Delivery, DeviceInvitation, DeviceInvitationId, Job, Origin, Permit, Principal};
use jiff::tz::TimeZone;
use store::{StoreError, TokenHash};

impl App {
    /// Mails a waiting device invitation with a fresh link.
    pub(crate) async fn mail_device_invitation(&self, job: &Job, id: DeviceInvitationId) -> Result<JobEnd, Problem> {
        let caller = Caller {
            principal: Principal::job(job.id, None, Default::default()),
            origin: Origin::default(),
        };
        // The server's own right reads what has to be delivered; what is delivered stands on the rights of whoever invited.
        let permit = self.permit(&caller, Action::SettleOperation, job.organization).await?;
        let found = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .device_invitation_with_link(&permit, id)
            .await;
        let (invitation, before) = match found {
            Ok(found) => found,
            // Revoked meanwhile.
            Err(StoreError::NotFound) => return Ok(JobEnd::Done),
            Err(error) => return Err(error.into()),
        };
        let Some(address) = invitation.email.clone() else {
            return Ok(JobEnd::Done);
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
        if !tx.replace_device_link(&permit, id, &before, &hash).await? {
            // Sent again meanwhile: that link is another mail's matter.
            return Ok(JobEnd::Done);
        }
        tx.commit().await?;
        let (Some(mailer), Some(_)) = (&self.inner.mailer, standing) else {
            let why = match self.inner.mailer {
                None => "this server has no mail server any more",
                Some(_) => "whoever sent it may not register devices any more",
            };
            self.device_link_delivered(&permit, id, &hash, self.not_delivered(why)).await?;
            return Ok(JobEnd::Done);
        };
        let subject = format!("{inviter} asks you to register a device for {organization}");
        let link = mailer.link(&format!("device/{}", token.expose()));
        let text = letter(mailer, &inviter, organization.as_str(), &invitation, &link);
        match mailer
            .send(&address, &subject, text, &*self.inner.clock, &*self.inner.entropy)
            .await
        {
            Ok(()) => {
                let sent = Delivery::Sent { at: self.now() };
                self.device_link_delivered(&permit, id, &hash, sent).await?;
                Ok(JobEnd::Done)
            }
            Err(refused) => {
                self.device_link_delivered(&permit, id, &hash, self.not_delivered(&refused.why))
                    .await?;
                Ok(if refused.try_again {
                    self.again(job, refused.why)
                } else {
                    JobEnd::Done
                })
            }
        }
    }

    async fn device_link_delivered(
        &self,
        permit: &Permit,
        id: DeviceInvitationId,
        hash: &TokenHash,
        delivery: Delivery,
    ) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_for(permit).await?;
        tx.note_device_link(permit, id, hash, &delivery).await?;
        Ok(tx.commit().await?)
    }
}

/// The text of the mail.
fn letter(mailer: &Mailer, inviter: &str, organization: &str, invitation: &DeviceInvitation, link: &str) -> String {
    let until = invitation.expires_at.to_zoned(TimeZone::UTC).strftime("%-d %b %Y, %H:%M UTC");
    format!(
        "{inviter} of “{organization}” wants to give you apps to try, and for that Apple wants to know your device.\n\n\
         Open this link on the iPhone or iPad that it is about, in Safari:\n\n{link}\n\n\
         It sends the device's identifier (UDID), its model and the build of its system to Russet at {host}, and nothing else.\n\
         The link works until {until}.\n\
         If you did not expect this, there is nothing to do.\n",
        host = mailer.host(),
    )
}
