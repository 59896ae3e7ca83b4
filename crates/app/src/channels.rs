//! Notification channels: notices by mail and to programs, beside the inboxes of people.
//!
//! - here: what managers do with channels, and their history;
//! - `entered`: what they enter;
//! - `hand_out`: a notice of the outbox becomes a delivery for each recipient of each channel that takes its kind;
//! - `deliver`: the job that makes the attempts;
//! - [`webhook`]: the document, its signature and the secret.
//!
//! An act never waits for a channel and never fails with it. What a channel gets is what its maker might have read: whoever
//! chooses kinds or a target must be allowed to see every kind that the channel has then. After that it is the
//! organization's, also when they leave.
//!
//! The surprising thing: that a channel fails is a notice, too, told in inboxes and by the other channels, never by the
//! channel itself.

mod deliver;
mod entered;
mod hand_out;
pub mod webhook;

pub use deliver::MAILS_A_DAY;
pub use entered::{ChannelChange, EnteredTarget, NewChannel};

use entered::MOST_ADDRESSES;

use crate::{App, Caller, Page, Paging, Problem, Shown, acting::fresh, activity::Names, problem::Kind};
use domain::{
    Action, Channel, ChannelId, ChannelTarget, DeliveryId, DeliveryState, Event, JobId, JobPayload, NoticeContent, NoticeDelivery, OrgId,
    Permit, activity::NoticeKind, decide,
};
use jiff::SignedDuration;
use store::{Conflict, StoreError, Tx};

/// Channels of an organization.
const MOST: usize = 20;
/// For so long a test that was sent stands for another one: nobody fills a mailbox by asking again and again.
const BETWEEN_TESTS: SignedDuration = SignedDuration::from_secs(10);
/// How long the history is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A channel as people read it.
#[derive(Debug, Clone)]
pub struct ChannelView {
    /// The channel. The address of its webhook is left empty for whoever may not manage channels.
    pub channel: Channel,
    /// Who made it.
    pub made_by: String,
    /// What it did last.
    pub last: Option<DeliveryView>,
}

/// A delivery as people read it.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// The delivery.
    pub delivery: NoticeDelivery,
    /// What it was about; of a kind that the reader may not see, only which kind.
    pub title: String,
}

impl App {
    /// The channels of an organization, by name, each with what it did last.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn channels(&self, caller: &Caller, org: OrgId) -> Result<Vec<ChannelView>, Problem> {
        let permit = self.permit(caller, Action::SeeChannels, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let mut names = Names::default();
        let mut views = Vec::new();
        for channel in tx.channels(&permit).await? {
            views.push(view(&mut tx, &mut names, caller, &permit, channel).await?);
        }
        Ok(views)
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn channel(&self, caller: &Caller, org: OrgId, id: ChannelId) -> Result<ChannelView, Problem> {
        let permit = self.permit(caller, Action::SeeChannels, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let channel = tx.channel(&permit, id).await?;
        view(&mut tx, &mut Names::default(), caller, &permit, channel).await
    }

    /// What a channel delivered in the last 30 days, newest first.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `cursor_unknown`.
    pub async fn deliveries(&self, caller: &Caller, org: OrgId, id: ChannelId, paging: &Paging) -> Result<Page<DeliveryView>, Problem> {
        let permit = self.permit(caller, Action::SeeChannels, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        tx.channel(&permit, id).await?;
        let page = tx.deliveries(&permit, id, paging).await?;
        Ok(Page {
            items: page.items.into_iter().map(|one| as_read(caller, &permit, one)).collect(),
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// One delivery of a channel.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn delivery(&self, caller: &Caller, org: OrgId, channel: ChannelId, id: DeliveryId) -> Result<DeliveryView, Problem> {
        let permit = self.permit(caller, Action::SeeChannels, org).await?;
        let found = self.inner.store.read_for(&permit).await?.delivery(&permit, id).await?;
        if found.channel != channel {
            return Err(Problem::not_found());
        }
        Ok(as_read(caller, &permit, found))
    }

    /// Makes a channel. A webhook's signing secret is shown this once.
    ///
    /// # Errors
    /// A problem per field; `kind_beyond_rights` for kinds that one may not see; `no_mail_server`, `name_taken`,
    /// `too_many_channels`; `not_found`, `not_allowed`.
    pub async fn create_channel(&self, caller: &Caller, org: OrgId, new: NewChannel) -> Result<(ChannelView, Option<Shown>), Problem> {
        let permit = self.permit(caller, Action::ManageChannels, org).await?;
        let (name, target, kinds) = new.read(&self.inner.outgoing, self.sends_mail())?;
        let is_webhook = matches!(target, ChannelTarget::Webhook { .. });
        let channel = Channel {
            id: fresh!(self, ChannelId),
            organization: org,
            name,
            target,
            kinds,
            secret_version: u32::from(is_webhook),
            created_by: caller
                .principal
                .actor()
                .subject()
                .ok_or_else(|| Problem::internal("a channel was made by nobody"))?,
            created_at: self.now(),
            failing_since: None,
            failing_recipient: None,
            failure_told: false,
        };
        self.check_kinds(caller, &permit, &channel).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        if tx.channels(&permit).await?.len() >= MOST {
            return Err(Problem::new(
                Kind::Conflict,
                "too_many_channels",
                format!("There are {MOST} notification channels, and that is as many as there can be. Remove one first."),
            ));
        }
        tx.insert_channel(&permit, &channel)
            .await
            .map_err(|error| name_taken(error, &channel))?;
        let secret = match is_webhook {
            true => Some(self.seal_secret(&mut tx, &permit, &channel).await?),
            false => None,
        };
        let event = Event::ChannelCreated {
            channel: channel.id,
            name: channel.name.clone(),
            target: channel.target.to_string(),
        };
        let view = view(&mut tx, &mut Names::default(), caller, &permit, channel).await?;
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok((view, secret))
    }

    /// Changes a channel's name, target or kinds. Mail stays mail, and a webhook a webhook.
    ///
    /// # Errors
    /// As for [`App::create_channel`]; `channel_kind_fixed`.
    pub async fn change_channel(&self, caller: &Caller, org: OrgId, id: ChannelId, change: ChannelChange) -> Result<ChannelView, Problem> {
        let permit = self.permit(caller, Action::ManageChannels, org).await?;
        let before = self.inner.store.read_for(&permit).await?.channel(&permit, id).await?;
        let after = change.applied_to(&before, &self.inner.outgoing, self.sends_mail())?;
        self.check_kinds(caller, &permit, &after).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        // What the worker wrote down meanwhile stays.
        let now = tx.lock_channel(&permit, id).await?;
        let recipients = after.recipients();
        let still_fails = now.failing_recipient.as_ref().is_some_and(|failing| recipients.contains(failing));
        let after = Channel {
            secret_version: now.secret_version,
            failing_since: now.failing_since.filter(|_| still_fails),
            failing_recipient: now.failing_recipient.clone().filter(|_| still_fails),
            failure_told: now.failure_told && still_fails,
            ..after
        };
        tx.change_channel(&permit, &after)
            .await
            .map_err(|error| name_taken(error, &after))?;
        if now.failure_told && !still_fails {
            self.record_done(&mut tx, caller, org, recovered(&after)).await?;
        }
        let changed = (&after.name, &after.target, &after.kinds) != (&before.name, &before.target, &before.kinds);
        let event = Event::ChannelChanged {
            channel: id,
            name: after.name.clone(),
            target: after.target.to_string(),
        };
        let view = view(&mut tx, &mut Names::default(), caller, &permit, after).await?;
        if changed {
            self.record_done(&mut tx, caller, org, event).await?;
        }
        tx.commit().await?;
        Ok(view)
    }

    /// Gives a webhook another signing secret, shown this once. What is sent from then on is signed with it.
    ///
    /// # Errors
    /// `channel_has_no_secret` for mail; `not_found`, `not_allowed`.
    pub async fn rotate_channel_secret(&self, caller: &Caller, org: OrgId, id: ChannelId) -> Result<(ChannelView, Shown), Problem> {
        let permit = self.permit(caller, Action::ManageChannels, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut channel = tx.lock_channel(&permit, id).await?;
        if channel.secret_version == 0 {
            return Err(Problem::new(
                Kind::Conflict,
                "channel_has_no_secret",
                "Mail is not signed, so this channel has no secret that could be rotated.",
            ));
        }
        tx.delete_secrets(&permit, webhook::SECRET_KIND, &id.to_string()).await?;
        channel.secret_version += 1;
        let secret = self.seal_secret(&mut tx, &permit, &channel).await?;
        tx.change_channel(&permit, &channel).await?;
        let event = Event::ChannelSecretRotated {
            channel: id,
            name: channel.name.clone(),
        };
        let view = view(&mut tx, &mut Names::default(), caller, &permit, channel).await?;
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok((view, secret))
    }

    /// Sends a test to every recipient of a channel, once each, in the background. Answers the deliveries; those of a test
    /// that was sent a moment ago, instead of another one.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn test_channel(&self, caller: &Caller, org: OrgId, id: ChannelId) -> Result<Vec<DeliveryView>, Problem> {
        let permit = self.permit(caller, Action::ManageChannels, org).await?;
        let now = self.now();
        let mut tx = self.begin_for(caller, &permit).await?;
        let channel = tx.lock_channel(&permit, id).await?;
        let newest = tx.deliveries(&permit, id, &Paging::first(MOST_ADDRESSES)).await?.items;
        let is_recent = |one: &NoticeDelivery| {
            let is_on_its_way = one.state == DeliveryState::Waiting;
            one.kind.is_none() && (is_on_its_way || now.duration_since(one.created_at) < BETWEEN_TESTS)
        };
        let running: Vec<_> = newest.into_iter().filter(is_recent).collect();
        if !running.is_empty() {
            return Ok(running.into_iter().map(|one| as_read(caller, &permit, one)).collect());
        }
        let content = NoticeContent {
            time: now,
            organization_name: tx.organization(&permit).await?.name.to_string(),
            severity: crate::inbox::Weight::News.as_str().to_owned(),
            title: format!("A test of the notification channel “{}”", channel.name),
            text: "Somebody asked for it. If you read this, notices arrive here.".to_owned(),
            link: self.link(&crate::inbox::About::Channel(id).path(org)),
        };
        let mut sent = Vec::new();
        for recipient in channel.recipients() {
            let delivery = self.waiting(&channel, recipient, None, content.clone());
            self.put_on_its_way(&mut tx, org, &delivery).await?;
            sent.push(as_read(caller, &permit, delivery));
        }
        let event = Event::ChannelTested {
            channel: id,
            name: channel.name,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        self.inner.job_waits.notify_one();
        Ok(sent)
    }

    /// Removes a channel with its history and its secret. What is on its way is not sent any more.
    ///
    /// # Errors
    /// `name_differs` unless `typed_name` is its name; `not_found`, `not_allowed`.
    pub async fn remove_channel(&self, caller: &Caller, org: OrgId, id: ChannelId, typed_name: &str) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::ManageChannels, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let channel = tx.lock_channel(&permit, id).await?;
        if typed_name.trim() != channel.name.as_str() {
            return Err(Problem::field(
                "name_differs",
                "name",
                format!("To remove this channel, type its name exactly: {}", channel.name),
            ));
        }
        tx.delete_channel(&permit, id).await?;
        tx.delete_secrets(&permit, webhook::SECRET_KIND, &id.to_string()).await?;
        let event = Event::ChannelRemoved {
            channel: id,
            name: channel.name,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets what was delivered more than 30 days ago. The server does this once a day.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_old_deliveries(&self) -> Result<(), Problem> {
        let before = self.now().saturating_sub(KEPT).unwrap_or(jiff::Timestamp::MIN);
        let mut tx = self.inner.store.begin_over_all().await?;
        tx.forget_deliveries(before).await?;
        Ok(tx.commit().await?)
    }

    /// Refuses kinds that the caller may not see: nobody has sent to them what they could not read.
    async fn check_kinds(&self, caller: &Caller, permit: &Permit, channel: &Channel) -> Result<(), Problem> {
        let beyond: Vec<_> = channel.taken().filter(|kind| !sees(caller, permit, *kind)).collect();
        let Some(first) = beyond.first() else { return Ok(()) };
        let message = format!(
            "You may not have notices of the kind “{}” sent: you may not {}. Choose only kinds that you may see, or ask somebody with {}.",
            first.title(),
            first.needs().words(),
            first.needs().needed_role().title(),
        );
        let mut problem = Problem::field("kind_beyond_rights", "kinds", message);
        problem.kind = Kind::NotAllowed;
        let what = "have notices sent that they may not see";
        Err(self.denied(caller, Some(permit.organization()), what, problem).await)
    }

    /// A delivery that has not been tried.
    fn waiting(&self, channel: &Channel, recipient: String, of: Option<&store::Recorded>, content: NoticeContent) -> NoticeDelivery {
        NoticeDelivery {
            id: fresh!(self, DeliveryId),
            channel: channel.id,
            recipient,
            kind: of.and_then(|record| NoticeKind::of(&record.event)),
            event: of.map(|record| (record.id, record.sequence)),
            content,
            created_at: self.now(),
            attempts: 0,
            state: DeliveryState::Waiting,
            tried_at: None,
            answer: None,
            next_at: Some(self.now()),
        }
    }

    /// Keeps a delivery with the job that makes it, unless its recipient has that notice already.
    async fn put_on_its_way(&self, tx: &mut Tx, org: OrgId, delivery: &NoticeDelivery) -> Result<(), Problem> {
        if tx.insert_delivery(org, delivery).await? {
            let payload = JobPayload::DeliverNotice { delivery: delivery.id };
            tx.enqueue(fresh!(self, JobId), org, &payload, self.now()).await?;
        }
        Ok(())
    }

    /// A link below the server's address.
    fn link(&self, path: &str) -> String {
        format!("{}{path}", self.inner.public_url.as_str().trim_end_matches('/'))
    }
}

fn sees(caller: &Caller, permit: &Permit, kind: NoticeKind) -> bool {
    decide(&caller.principal, kind.needs(), permit.tenant()).is_ok()
}

fn as_read(caller: &Caller, permit: &Permit, delivery: NoticeDelivery) -> DeliveryView {
    let title = match delivery.kind {
        Some(kind) if !sees(caller, permit, kind) => kind.title().to_owned(),
        _ => delivery.content.title.clone(),
    };
    DeliveryView { delivery, title }
}

async fn view(tx: &mut Tx, names: &mut Names, caller: &Caller, permit: &Permit, mut channel: Channel) -> Result<ChannelView, Problem> {
    let last = tx.deliveries(permit, channel.id, &Paging::first(1)).await?.items.pop();
    if let ChannelTarget::Webhook { url, .. } = &mut channel.target
        && decide(&caller.principal, Action::ManageChannels, permit.tenant()).is_err()
    {
        url.clear();
    }
    Ok(ChannelView {
        made_by: names.of_subject(tx, channel.created_by).await?,
        last: last.map(|last| as_read(caller, permit, last)),
        channel,
    })
}

fn recovered(channel: &Channel) -> Event {
    Event::ChannelRecovered {
        channel: channel.id,
        name: channel.name.clone(),
    }
}

fn name_taken(error: StoreError, channel: &Channel) -> Problem {
    if !matches!(error, StoreError::Conflict(Conflict::ChannelName)) {
        return error.into();
    }
    let message = format!(
        "There is a notification channel called “{}”, or one that reads alike. Choose another name.",
        channel.name
    );
    let mut problem = Problem::field("name_taken", "name", message);
    problem.kind = Kind::Conflict;
    problem
}
