//! What a device and its holder meet: the link, the enrollment profile, the signed answer. Nobody is signed in.
//!
//! ```text
//! link ── page ── profile with a fresh challenge ── the device's answer ── not yet registered [── registered by itself]
//! ```
//!
//! A link that is unknown, used up, over, taken back, or void because its sender may not register devices any more is one
//! and the same to whoever holds it. An answer counts when its signature fits its content and it repeats a challenge of this very link,
//! which it uses up; each refusal is told by its name, counted against the network that it came from, and stores nothing.
//!
//! What is not proved: that the sender is a genuine device. See [`signing::enrollment`]; the list says of each device
//! whether Apple's device authority vouched for it.

use crate::{
    App, Caller, Problem,
    accounts::{bearer, hashed, principal_of},
    acting::fresh,
    invitations::actor,
    problem::Kind,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use domain::{
    Action, Actor, CameBy, DeviceInvitation, DeviceInvitationId, Event, ItemName, JobId, JobPayload, LinkState, Origin, Outcome,
    PendingDevice, PendingDeviceId, Permit, Principal, decide,
    enrollment::{CHALLENGE_MINUTES, CHALLENGES_MOST, PENDING_DEVICES_MOST},
};
use jiff::{SignedDuration, Timestamp};
use signing::enrollment::{Answer, AnswerError, DeviceAttribute, Enrollment, MAX_ANSWER_BYTES, Sender, profile, read_answer};
use std::collections::BTreeMap;
use store::{TokenHash, Tx};

/// As what links and answers that do not work are counted against a network.
const COUNTED_AS: &str = "device";
/// Most characters of a device's name at Apple.
const NAME_CHARACTERS: usize = signing::device_file::MAX_NAME_CHARACTERS;

/// What a link that works says.
#[derive(Debug, Clone)]
pub struct LinkOpened {
    /// Which organization asks.
    pub organization: ItemName,
    /// Who invites, by name.
    pub invited_by: String,
    /// For whom.
    pub name: ItemName,
    /// Whether the device is registered without anybody being asked.
    pub automatic: bool,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Who signs the profile, by the name in the certificate; none where the device will call it not signed.
    pub signed_by: Option<String>,
}

/// The `.mobileconfig` that a device installs to answer.
pub struct EnrollmentProfile {
    /// Its bytes. Holds a challenge that is good once.
    pub bytes: Vec<u8>,
}

/// Whoever opens a link.
fn nobody(origin: Origin) -> Caller {
    Caller {
        principal: Principal::new(Actor::Anonymous, BTreeMap::new()),
        origin,
    }
}

/// On what authority a link stands now; none when whoever made it may not register devices any more.
pub(super) async fn standing(tx: &mut Tx, invitation: &DeviceInvitation, now: Timestamp) -> Result<Option<Permit>, Problem> {
    let inviter = principal_of(tx, actor(invitation.invited_by), now).await?;
    let tenant = tx.tenant(invitation.organization).await?;
    Ok(tenant.and_then(|tenant| decide(&inviter, Action::EditDevices, tenant).ok()))
}

fn dead_link() -> Problem {
    Problem::new(
        Kind::NotFound,
        "device_link_unknown",
        "This link does not work: it was used, has ended, was taken back, or is not whole. Ask whoever sent it for another.",
    )
}

impl App {
    /// What the link of this token says, without using it up.
    ///
    /// # Errors
    /// `device_link_unknown`; `tries_limited` after too many links that do not work.
    pub async fn open_device_link(&self, token: &str, origin: &Origin) -> Result<LinkOpened, Problem> {
        let (invitation, permit) = self.device_link(token, origin).await?;
        let mut tx = self.inner.store.read_over_all().await?;
        Ok(LinkOpened {
            organization: tx.organization(&permit).await?.name,
            invited_by: crate::activity::Names::default()
                .of_actor(&mut tx, actor(invitation.invited_by))
                .await?,
            name: invitation.name,
            automatic: invitation.automatic,
            expires_at: invitation.expires_at,
            signed_by: self.inner.profile_signer.as_ref().map(|signer| {
                let info = signer.certificate().info();
                info.common_name.clone().unwrap_or_default()
            }),
        })
    }

    /// The enrollment profile of a link, with a fresh challenge. The device posts its answer to `answer_url`.
    ///
    /// # Errors
    /// As [`App::open_device_link`]; `https_needed` where the answer would travel in the clear.
    pub async fn device_profile(&self, token: &str, origin: &Origin, answer_url: &str) -> Result<EnrollmentProfile, Problem> {
        let (invitation, permit) = self.device_link(token, origin).await?;
        let organization = self.inner.store.read_for(&permit).await?.organization(&permit).await?.name;
        let challenge = bearer::fresh(&*self.inner.entropy);
        let uuid = uuid_of(&fresh!(self, DeviceInvitationId).to_string());
        let xml = profile(&Enrollment {
            answer_url,
            challenge: challenge.expose(),
            attributes: &DeviceAttribute::NEEDED,
            organization: organization.as_str(),
            display_name: &format!("Register this device for {organization}"),
            description: "Sends the identifier (UDID), the model and the system's build of this device, once, and removes itself. It changes no setting and watches nothing.",
            identifier: "russet.device-enrollment",
            uuid: &uuid,
        })
        .map_err(|error| Problem::new(Kind::Conflict, "https_needed", error.to_string()))?;
        let now = self.now();
        let bytes = match &self.inner.profile_signer {
            Some(signer) => signer.sign(&xml, now).map_err(Problem::internal)?,
            None => xml,
        };
        let end = now.saturating_add(SignedDuration::from_mins(CHALLENGE_MINUTES)).unwrap_or(now);
        let mut tx = self.inner.store.begin_for(&permit).await?;
        tx.put_device_challenge(&permit, invitation.id, &hashed(challenge.expose()), now, end, CHALLENGES_MOST)
            .await?;
        tx.commit().await?;
        Ok(EnrollmentProfile { bytes })
    }

    /// Takes a device's signed answer to a link, none where it was larger than what is read. Answers whether the device is
    /// registered by itself.
    ///
    /// # Errors
    /// As [`App::open_device_link`]; `answer_too_large`, `answer_unfit`, `challenge_wrong`, `pending_devices_full`;
    /// `tries_limited` after too many answers that were refused.
    pub async fn take_device_answer(&self, token: &str, origin: Origin, bytes: Option<&[u8]>) -> Result<bool, Problem> {
        self.refuse_after_many_tries(COUNTED_AS, &origin).await?;
        let (invitation, permit) = self.device_link(token, &origin).await?;
        let caller = nobody(origin);
        let taken = match bytes.map(|bytes| read_answer(bytes, &self.inner.roots)) {
            Some(Ok(answer)) => self.keep_device_answer(&caller, &permit, &invitation, &answer).await,
            Some(Err(AnswerError::TooLarge { .. })) | None => {
                let message = format!(
                    "The device's answer is larger than {MAX_ANSWER_BYTES} bytes; genuine ones have about 4,000. Open the invitation on the device again."
                );
                Err(Problem::new(Kind::TooLarge, "answer_too_large", message))
            }
            Some(Err(error)) => Err(Problem::new(Kind::Invalid, "answer_unfit", error.to_string())),
        };
        match taken {
            Ok(()) => {
                self.inner.job_waits.notify_one();
                Ok(invitation.automatic)
            }
            Err(problem) if matches!(problem.kind, Kind::Internal | Kind::Unavailable) => Err(problem),
            Err(problem) => Err(self.refuse_device_answer(&caller, &permit, &invitation, problem).await?),
        }
    }

    /// The challenge is used up, the place on the link is taken, and the device is written down, or nothing of it.
    async fn keep_device_answer(
        &self,
        caller: &Caller,
        permit: &Permit,
        invitation: &DeviceInvitation,
        answer: &Answer,
    ) -> Result<(), Problem> {
        let now = self.now();
        let said = hashed(answer.challenge.expose());
        let mut tx = self.inner.store.begin_for(permit).await?;
        let open = tx.device_challenges(permit, invitation.id, now).await?;
        let is_open = open.iter().fold(false, |found, challenge: &TokenHash| {
            found | verify_slices_are_equal(&challenge.0, &said.0).is_ok()
        });
        if !is_open || !tx.take_device_challenge(permit, invitation.id, &said).await? {
            return Err(Problem::new(
                Kind::NotAllowed,
                "challenge_wrong",
                "The device's answer repeats no challenge of this link: it was answered before, is older than an hour, or was made up. Open the invitation on the device again.",
            ));
        }
        if !tx.use_device_invitation(permit, invitation.id, now).await? {
            return Err(dead_link());
        }
        let number = invitation.used.saturating_add(1);
        let device = PendingDevice {
            id: fresh!(self, PendingDeviceId),
            organization: invitation.organization,
            udid: answer.udid.to_string(),
            name: name_of(invitation, number),
            product: answer.product.clone(),
            version: answer.version.clone(),
            keys: invitation.keys.clone(),
            came: CameBy::Invitation {
                invitation: invitation.id,
                name: invitation.name.to_string(),
                by_apple_device: answer.sender == Sender::AppleDevice,
            },
            trouble: None,
            arrived_at: now,
        };
        let device = tx.put_pending_device(permit, &device).await?;
        if tx.pending_device_count(permit).await? > PENDING_DEVICES_MOST {
            let message = format!("{PENDING_DEVICES_MOST} devices wait to be registered already, which is the most.");
            return Err(Problem::new(Kind::Conflict, "pending_devices_full", message));
        }
        if invitation.automatic {
            let payload = JobPayload::RegisterArrived { device: device.id };
            tx.enqueue(fresh!(self, JobId), invitation.organization, &payload, now).await?;
        }
        let event = Event::DeviceArrived {
            device: device.id,
            name: device.name,
            udid: device.udid,
            invitation: Some(invitation.id),
        };
        self.record_done(&mut tx, caller, invitation.organization, event).await?;
        Ok(tx.commit().await?)
    }

    /// Counts and records a refusal.
    async fn refuse_device_answer(
        &self,
        caller: &Caller,
        permit: &Permit,
        invitation: &DeviceInvitation,
        problem: Problem,
    ) -> Result<Problem, Problem> {
        self.count_try(COUNTED_AS, &caller.origin).await?;
        let event = Event::DeviceAnswerRefused {
            invitation: invitation.id,
            name: invitation.name.clone(),
            why: problem.code.to_owned(),
        };
        let record = self.activity_record(caller, Some(invitation.organization), event, Outcome::Denied);
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        self.record(&mut tx, &record).await?;
        tx.commit().await?;
        Ok(problem)
    }

    /// The invitation behind a token that works, and on what authority.
    async fn device_link(&self, token: &str, origin: &Origin) -> Result<(DeviceInvitation, Permit), Problem> {
        let mut tx = self.inner.store.read_over_all().await?;
        if let Some(invitation) = tx.device_invitation_by_token(&hashed(token)).await?
            && invitation.state(self.now()) == LinkState::Open
            && let Some(permit) = standing(&mut tx, &invitation, self.now()).await?
        {
            return Ok((invitation, permit));
        }
        drop(tx);
        self.count_try(COUNTED_AS, origin).await?;
        Err(dead_link())
    }
}

/// What the device is called at Apple until somebody says otherwise.
fn name_of(invitation: &DeviceInvitation, number: u32) -> String {
    let end = if invitation.uses > 1 { format!(" {number}") } else { String::new() };
    let room = NAME_CHARACTERS.saturating_sub(end.len());
    let name: String = invitation.name.as_str().chars().take(room).collect();
    format!("{}{end}", name.trim_end())
}

/// A fresh id as Apple writes UUIDs.
fn uuid_of(id: &str) -> String {
    let digits = id.rsplit('_').next().unwrap_or_default().to_uppercase();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Delivery, OrgId, Subject};

    #[test]
    fn a_device_is_called_as_its_invitation_and_within_what_apple_takes() {
        let org: OrgId = format!("org_{:032x}", 1).parse().unwrap();
        let mut invitation = DeviceInvitation {
            id: format!("dinv_{:032x}", 1).parse().unwrap(),
            organization: org,
            name: "Mia’s iPhone".parse().unwrap(),
            email: None,
            keys: vec![],
            automatic: false,
            uses: 1,
            used: 0,
            invited_by: Subject::User(format!("user_{:032x}", 1).parse().unwrap()),
            created_at: Timestamp::UNIX_EPOCH,
            sent_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            delivery: Delivery::Shown,
        };
        assert_eq!(name_of(&invitation, 1), "Mia’s iPhone");
        invitation.uses = 20;
        invitation.name = "x".repeat(90).parse().unwrap();
        let name = name_of(&invitation, 12);
        assert!(name.chars().count() == 50 && name.ends_with("x 12"), "{name}");
    }

    #[test]
    fn an_id_reads_as_a_uuid() {
        assert_eq!(
            uuid_of("dinv_0190000000007000800000000000abcd"),
            "01900000-0000-7000-8000-00000000ABCD"
        );
    }
}
