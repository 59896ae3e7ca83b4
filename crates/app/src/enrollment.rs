//! Devices on their way into an Apple account.
//!
//! - here: invitations by link, as whoever invites makes and sees them;
//! - `answer`: what the link opens, the enrollment profile, and the device's signed answer, none of which asks for a sign-in;
//! - `pending`: devices that are not yet registered, approved by a person or by the word of their invitation;
//! - `mail`: a link by mail.
//!
//! Whoever invites lends their rights to the link: what a device may do by it is done on their rights of that moment. A
//! link carries 256 random bits, and so does each challenge; the store has their SHA-256.
//!
//! The surprising thing: a link is no challenge. It can be forwarded, previewed and read over a shoulder; the challenge is
//! made when the profile is handed out, is answered once, and ends within the hour.

mod answer;
mod mail;
mod pending;

pub use answer::{EnrollmentProfile, LinkOpened};
pub use pending::{Approval, Approved, DeviceByHand, PendingDeviceView};

use crate::{
    App, Caller, FieldProblem, Problem, Shown,
    accounts::{bearer, hashed},
    acting::fresh,
    invitations::{actor, days_after, not_too_often, sender},
    problem::Kind,
};
use domain::{
    Action, ApiKeyId, Delivery, DeviceInvitation, DeviceInvitationId, Email, Event, ItemName, JobId, JobPayload, LinkState, OrgId, Permit,
    enrollment::{
        DEVICE_INVITATION_DAYS, DEVICE_INVITATION_DAYS_MOST, DEVICE_INVITATION_KEPT_DAYS, DEVICE_INVITATIONS_MOST, DEVICES_BY_LINK_MOST,
    },
};
use store::{Page, Paging, Tx};

/// Which devices to invite.
#[derive(Debug, Clone, Default)]
pub struct NewDeviceInvitation {
    /// For whom: a person, or a note. Devices are called so at Apple.
    pub name: String,
    /// Where to mail the link to; empty shows it.
    pub email: String,
    /// The API keys of the accounts to register in, by id or name; each once.
    pub keys: Vec<String>,
    /// Whether a device that answers is registered without anybody being asked.
    pub automatic: bool,
    /// How many devices the link may bring; one unless given.
    pub uses: Option<u32>,
    /// How many days it works; seven unless given.
    pub days: Option<u32>,
    /// Show the link instead of mailing it, where mail could be sent.
    pub show_link: bool,
}

/// An invitation, as whoever sent it sees it.
#[derive(Debug)]
pub struct DeviceInvited {
    /// What was written down.
    pub view: DeviceInvitationView,
    /// The token of the link, when it was not mailed: shown on this answer and on no other.
    pub token: Option<Shown>,
}

/// A device invitation in the list.
#[derive(Debug, Clone)]
pub struct DeviceInvitationView {
    /// What was written down.
    pub invitation: DeviceInvitation,
    /// Who invited, by name.
    pub invited_by: String,
    /// Whether its link works.
    pub state: LinkState,
    /// The accounts, by the names of their keys; an id where the key is gone.
    pub accounts: Vec<String>,
}

impl App {
    /// Invites devices by a link.
    ///
    /// # Errors
    /// Problems at `name`, `email`, `keys`, `uses`, `days`; `device_invitations_full`; `not_found`, `not_allowed`.
    pub async fn invite_devices(&self, caller: &Caller, org: OrgId, new: NewDeviceInvitation) -> Result<DeviceInvited, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let entered = read(&new)?;
        let keys = self.keys_named(caller, org, &new.keys).await?;
        let now = self.now();
        let by_mail = entered.email.is_some() && self.sends_mail() && !new.show_link;
        let invitation = DeviceInvitation {
            id: fresh!(self, DeviceInvitationId),
            organization: org,
            name: entered.name,
            email: entered.email,
            keys,
            automatic: new.automatic,
            uses: entered.uses,
            used: 0,
            invited_by: sender(caller)?,
            created_at: now,
            sent_at: now,
            expires_at: days_after(now, i64::from(entered.days)),
            delivery: if by_mail { Delivery::Waiting } else { Delivery::Shown },
        };
        let mut tx = self.begin_for(caller, &permit).await?;
        let kept_since = days_after(now, -DEVICE_INVITATION_KEPT_DAYS);
        tx.forget_device_invitations(&permit, kept_since).await?;
        if tx.device_invitation_count(&permit).await? >= DEVICE_INVITATIONS_MOST {
            let message = format!("There are {DEVICE_INVITATIONS_MOST} device invitations, which is the most. Revoke some.");
            return Err(Problem::new(Kind::Conflict, "device_invitations_full", message));
        }
        let token = bearer::fresh(&*self.inner.entropy);
        tx.insert_device_invitation(&permit, &invitation, &hashed(token.expose())).await?;
        let event = Event::DeviceInvited {
            invitation: invitation.id,
            name: invitation.name.clone(),
            email: invitation.email.clone(),
            automatic: invitation.automatic,
            uses: invitation.uses,
        };
        self.hand_over_device_link(tx, caller, &permit, invitation, token, event).await
    }

    /// The device invitations of an organization, newest first; for a while those that have ended, too.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn device_invitations(&self, caller: &Caller, org: OrgId, paging: &Paging) -> Result<Page<DeviceInvitationView>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.device_invitations(&permit, paging).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for invitation in page.items {
            items.push(self.device_invitation_view(&mut tx, &permit, invitation).await?);
        }
        Ok(Page {
            items,
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// Makes a fresh link for an invitation, which ends the one before, begins its days anew, and may bring as many
    /// devices as at first. Whoever sends it answers for it from now on.
    ///
    /// # Errors
    /// `sent_just_now`; `not_found`, `not_allowed`.
    pub async fn send_device_invitation_again(
        &self,
        caller: &Caller,
        org: OrgId,
        id: DeviceInvitationId,
        show_link: bool,
    ) -> Result<DeviceInvited, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let before = tx.device_invitation(&permit, id).await?;
        let now = self.now();
        let by_mail = before.email.is_some() && self.sends_mail() && !show_link;
        not_too_often(&before.delivery, before.sent_at, by_mail, now)?;
        let days = before.expires_at.duration_since(before.sent_at).as_hours() / 24;
        let renewed = DeviceInvitation {
            used: 0,
            invited_by: sender(caller)?,
            sent_at: now,
            expires_at: days_after(now, days.max(1)),
            delivery: if by_mail { Delivery::Waiting } else { Delivery::Shown },
            ..before
        };
        let token = bearer::fresh(&*self.inner.entropy);
        tx.renew_device_invitation(&permit, &renewed, &hashed(token.expose())).await?;
        let event = Event::DeviceInvitationSentAgain {
            invitation: id,
            name: renewed.name.clone(),
        };
        self.hand_over_device_link(tx, caller, &permit, renewed, token, event).await
    }

    /// Takes a device invitation back; its link ends. A device that came by it stays, and is not registered by itself.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn revoke_device_invitation(&self, caller: &Caller, org: OrgId, id: DeviceInvitationId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let invitation = tx.device_invitation(&permit, id).await?;
        tx.delete_device_invitation(&permit, id).await?;
        let event = Event::DeviceInvitationRevoked {
            invitation: id,
            name: invitation.name,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        Ok(tx.commit().await?)
    }

    /// Records and commits; the link goes to the mail job, which makes another token, or to whoever asked.
    async fn hand_over_device_link(
        &self,
        mut tx: Tx,
        caller: &Caller,
        permit: &Permit,
        invitation: DeviceInvitation,
        token: Shown,
        event: Event,
    ) -> Result<DeviceInvited, Problem> {
        let by_mail = invitation.delivery == Delivery::Waiting;
        if by_mail {
            let payload = JobPayload::MailDeviceInvitation { invitation: invitation.id };
            tx.enqueue(fresh!(self, JobId), permit.organization(), &payload, self.now()).await?;
        }
        let view = self.device_invitation_view(&mut tx, permit, invitation).await?;
        self.record_done(&mut tx, caller, permit.organization(), event).await?;
        tx.commit().await?;
        if by_mail {
            self.inner.job_waits.notify_one();
        }
        Ok(DeviceInvited {
            view,
            token: (!by_mail).then_some(token),
        })
    }

    async fn device_invitation_view(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        invitation: DeviceInvitation,
    ) -> Result<DeviceInvitationView, Problem> {
        Ok(DeviceInvitationView {
            invited_by: crate::activity::Names::default().of_actor(tx, actor(invitation.invited_by)).await?,
            state: invitation.state(self.now()),
            accounts: self.key_names(tx, permit, &invitation.keys).await?,
            invitation,
        })
    }

    /// What keys are called; an id where one is gone, or lent no longer.
    async fn key_names(&self, tx: &mut Tx, permit: &Permit, keys: &[ApiKeyId]) -> Result<Vec<String>, Problem> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let known = tx.keys_to_use(permit, None, self.now()).await?;
        let name = |id: &ApiKeyId| {
            let found = known.iter().find(|used| used.key.id == *id);
            found.map_or_else(|| id.to_string(), |used| used.key.name.to_string())
        };
        Ok(keys.iter().map(name).collect())
    }

    /// Keys by id or name, each once.
    async fn keys_named(&self, caller: &Caller, org: OrgId, names: &[String]) -> Result<Vec<ApiKeyId>, Problem> {
        let mut keys = Vec::with_capacity(names.len());
        for name in names {
            let key = self.find_key(caller, Action::EditDevices, org, name).await?.id;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            let message = "No account is chosen. Name the API key of each account that the device is to be registered in.";
            return Err(Problem::field("key_missing", "keys", message));
        }
        Ok(keys)
    }
}

/// What was entered, read.
struct Entered {
    name: ItemName,
    email: Option<Email>,
    uses: u32,
    days: u32,
}

fn read(new: &NewDeviceInvitation) -> Result<Entered, Problem> {
    let mut fields = Vec::new();
    let mut wrong = |field, message: String| fields.push(FieldProblem { field, message });
    let name = new.name.parse::<ItemName>().map_err(|error| wrong("name", error.to_string())).ok();
    let email = match new.email.trim() {
        "" => None,
        text => text.parse::<Email>().map_err(|error| wrong("email", error.to_string())).ok(),
    };
    let uses = new.uses.unwrap_or(1);
    if !(1..=DEVICES_BY_LINK_MOST).contains(&uses) {
        wrong(
            "uses",
            format!("{uses} does not fit. One link brings 1 to {DEVICES_BY_LINK_MOST} devices."),
        );
    }
    let days = new.days.unwrap_or(DEVICE_INVITATION_DAYS);
    if !(1..=DEVICE_INVITATION_DAYS_MOST).contains(&days) {
        wrong(
            "days",
            format!("{days} does not fit. A link works for 1 to {DEVICE_INVITATION_DAYS_MOST} days."),
        );
    }
    match name {
        Some(name) if fields.is_empty() => Ok(Entered { name, email, uses, days }),
        _ => {
            let mut problem = Problem::new(Kind::Invalid, "invalid", fields.first().map_or("", |f| f.message.as_str()));
            problem.fields = fields;
            Err(problem)
        }
    }
}
