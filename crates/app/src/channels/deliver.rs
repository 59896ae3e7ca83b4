//! The job that delivers a notice, at least once: an attempt is counted before it is made, and what came of it is written
//! down after it. When the server dies in between, the next one repeats it under the same id.
//!
//! Whoever does not take it is asked again, seven times over twelve hours; then the delivery is given up. When it is, or
//! when nothing has arrived at a recipient for an hour, the channel fails: that is recorded once, and what works again is, too.

use super::{recovered, webhook};
use crate::{App, Caller, Problem, outgoing::NotReached, worker::JobEnd};
use domain::{
    Action, Channel, ChannelTarget, DeliveryId, DeliveryState, Email, Event, Job, NoticeDelivery, Origin, Permit, Principal,
    activity::NoticeKind,
};
use jiff::{SignedDuration, Timestamp};
use store::{StoreError, Tx};

/// The waits between the attempts.
const WAITS: [SignedDuration; 6] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(3),
    SignedDuration::from_hours(8),
];
/// How long nothing may arrive before people are told.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// The answer by which a receiver says that it is there no more.
const GONE: u16 = 410;

/// How many mails an organization may have sent through its channels on a day (UTC), tests included: addresses are entered, and
/// who reads there did not ask for it.
pub const MAILS_A_DAY: u32 = 1000;
const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// What an attempt came to.
struct Attempt {
    arrived: bool,
    /// Whether another one might end otherwise.
    try_again: bool,
    answer: String,
}

impl App {
    /// Makes an attempt to deliver a notice.
    pub(crate) async fn deliver_notice(&self, job: &Job, id: DeliveryId) -> Result<JobEnd, Problem> {
        let caller = Caller {
            principal: Principal::job(job.id, None, Default::default()),
            origin: Origin::default(),
        };
        let permit = self.permit(&caller, Action::SeeChannels, job.organization).await?;
        let mut tx = self.inner.store.begin_for(&permit).await?;
        let Some(attempts) = tx.begin_delivery(&permit, id, self.now()).await? else {
            // Over, or removed with its channel.
            return Ok(JobEnd::Done);
        };
        let delivery = tx.delivery(&permit, id).await?;
        let channel = tx.channel(&permit, delivery.channel).await?;
        tx.commit().await?;
        let attempt = self.attempt(&permit, &channel, &delivery).await?;
        let is_test = delivery.kind.is_none();
        let wait = usize::try_from(attempts)
            .unwrap_or(usize::MAX)
            .checked_sub(1)
            .and_then(|past| WAITS.get(past));
        let next = match wait {
            Some(wait) if !attempt.arrived && attempt.try_again && !is_test => self.now().checked_add(*wait).ok(),
            _ => None,
        };
        let state = match (attempt.arrived, next) {
            (true, _) => DeliveryState::Delivered,
            (false, Some(_)) => DeliveryState::Waiting,
            (false, None) => DeliveryState::Failed,
        };
        let mut tx = self.inner.store.begin_for(&permit).await?;
        tx.note_attempt(&permit, id, state, &attempt.answer, next).await?;
        self.note_health(&mut tx, &permit, &delivery, state, &attempt.answer).await?;
        tx.commit().await?;
        Ok(match next {
            Some(at) => JobEnd::Again { at, why: attempt.answer },
            None => JobEnd::Done,
        })
    }

    async fn attempt(&self, permit: &Permit, channel: &Channel, delivery: &NoticeDelivery) -> Result<Attempt, Problem> {
        // Whoever changed the channel meanwhile may not see what waits: it goes where it was to go, or nowhere.
        if !channel.recipients().contains(&delivery.recipient) || delivery.kind.is_some_and(|kind| !channel.takes(kind)) {
            return Ok(given_up("The channel was changed: it has another address, or takes other notices."));
        }
        match &channel.target {
            ChannelTarget::Mail { to } => match to.iter().find(|to| to.as_str() == delivery.recipient) {
                Some(to) if self.may_mail(permit).await? => Ok(self.by_mail(channel, delivery, to).await),
                Some(_) => Ok(given_up(&format!(
                    "{MAILS_A_DAY} mails left through the channels of this organization today, and more do not leave on a day. Fewer addresses, or fewer kinds of notices, need fewer."
                ))),
                None => Ok(given_up("This address is not among the channel's any more.")),
            },
            ChannelTarget::Webhook { url, .. } => {
                let Ok(url) = url.parse() else {
                    return Ok(given_up("The channel's address cannot be read."));
                };
                let body = webhook::body(channel, delivery)?;
                let mut tx = self.inner.store.read_for(permit).await?;
                let headers = match self.signed_headers(&mut tx, permit, channel, delivery, &body).await {
                    Err(problem) if problem.kind == crate::Kind::NotFound => {
                        return Ok(Attempt {
                            try_again: true,
                            ..given_up("The secret was being rotated.")
                        });
                    }
                    headers => headers?,
                };
                drop(tx);
                Ok(by_webhook(self.inner.outgoing.post(&url, headers, body).await))
            }
        }
    }

    /// Counts the mail that is about to leave; none leaves beyond the limit of the day.
    async fn may_mail(&self, permit: &Permit) -> Result<bool, Problem> {
        let today = self.now().as_second().div_euclid(SECONDS_OF_A_DAY);
        let mut tx = self.inner.store.begin_for(permit).await?;
        let may = tx.count_mail(permit, today, MAILS_A_DAY).await?;
        tx.commit().await?;
        Ok(may)
    }

    async fn by_mail(&self, channel: &Channel, delivery: &NoticeDelivery, to: &Email) -> Attempt {
        let Some(mailer) = &self.inner.mailer else {
            return given_up("This server has no mail server any more.");
        };
        let content = &delivery.content;
        let text = format!(
            "{title}.\n\n{text}\n\n{link}\n\n\
             -- \n{organization}, by the notification channel “{name}” of Russet at {host}.\n\
             Whoever manages notifications there can change what is sent: {manage}\n",
            title = content.title,
            text = content.text,
            link = content.link,
            organization = content.organization_name,
            name = channel.name,
            host = mailer.host(),
            manage = self.link(&format!("/o/{}/notifications/{}", channel.organization, channel.id)),
        );
        let subject = format!("{}: {}", content.organization_name, content.title);
        match mailer
            .send_as(&delivery.id.to_string(), to, &subject, text, &*self.inner.clock)
            .await
        {
            Ok(()) => Attempt {
                arrived: true,
                try_again: false,
                answer: "The mail server has taken it.".to_owned(),
            },
            Err(refused) => Attempt {
                arrived: false,
                try_again: refused.try_again,
                answer: format!("The mail server did not take it: {}", refused.why),
            },
        }
    }

    /// Writes down whether a channel fails or works again, and records the change once.
    async fn note_health(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        delivery: &NoticeDelivery,
        state: DeliveryState,
        answer: &str,
    ) -> Result<(), Problem> {
        // A channel that tells of another one's failure, and fails with that, would be told of by the next, for ever.
        if delivery.kind == Some(NoticeKind::ChannelFailing) {
            return Ok(());
        }
        let mut channel = match tx.lock_channel(permit, delivery.channel).await {
            Ok(channel) => channel,
            Err(StoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let is_the_failing_one = channel.failing_recipient.as_ref() == Some(&delivery.recipient);
        let event = if state == DeliveryState::Delivered {
            if !is_the_failing_one {
                return Ok(());
            }
            let told = std::mem::take(&mut channel.failure_told);
            (channel.failing_since, channel.failing_recipient) = (None, None);
            told.then(|| recovered(&channel))
        } else if delivery.kind.is_none() {
            // Whoever tests sees it fail.
            return Ok(());
        } else {
            let since = *channel.failing_since.get_or_insert_with(|| self.now());
            channel.failing_recipient.get_or_insert_with(|| delivery.recipient.clone());
            let for_long = state == DeliveryState::Failed || lasts(since, self.now());
            let tell = for_long && !channel.failure_told;
            channel.failure_told |= for_long;
            tell.then(|| Event::ChannelFailing {
                channel: channel.id,
                name: channel.name.clone(),
                why: format!("{}: {answer}", delivery.recipient),
            })
        };
        tx.change_channel(permit, &channel).await?;
        match event {
            Some(event) => self.record_as_permitted(tx, permit, event).await,
            None => Ok(()),
        }
    }
}

fn lasts(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) >= PATIENCE
}

fn given_up(answer: &str) -> Attempt {
    Attempt {
        arrived: false,
        try_again: false,
        answer: answer.to_owned(),
    }
}

fn by_webhook(answered: Result<u16, NotReached>) -> Attempt {
    match answered {
        Ok(status) => Attempt {
            arrived: (200..300).contains(&status),
            try_again: status != GONE,
            answer: match status {
                GONE => "The receiver answered 410: it is there no more.".to_owned(),
                300..400 => format!(
                    "The receiver answered {status}, which leads elsewhere; that is not followed. Enter the address that it leads to."
                ),
                status => format!("The receiver answered {status}."),
            },
        },
        Err(NotReached::Forbidden(why)) => given_up(why),
        Err(NotReached::NoAnswer(why)) => Attempt {
            arrived: false,
            try_again: true,
            answer: why,
        },
    }
}
