//! From the outbox to the channels: each notice becomes a delivery for each recipient of each channel that takes its kind.

use crate::{App, Problem, activity::Names, crash_point, inbox::told};
use domain::{ChannelId, Event, NoticeContent, activity::NoticeKind};

/// How many notices are handed out in one transaction, at most.
const AT_ONCE: u32 = 50;
/// With how many deliveries a transaction is full: a notice may go to every address of every channel, and others want to
/// write, too.
const DELIVERIES_AT_ONCE: usize = 200;

impl App {
    /// Hands out what waits in the outbox. A notice, its deliveries and their jobs are one transaction, so none is lost and
    /// none is handed out twice.
    pub(crate) async fn hand_out_notices(&self) -> Result<(), Problem> {
        // Reading costs next to nothing, and there is seldom anything.
        while self.inner.store.read_over_all().await?.has_notices_out().await? {
            let mut tx = self.inner.store.begin_over_all().await?;
            let out = tx.notice_outbox(AT_ONCE).await?;
            if out.is_empty() {
                // Another server is at it.
                return Ok(());
            }
            let mut names = Names::default();
            let mut deliveries = 0;
            for record in out {
                if deliveries >= DELIVERIES_AT_ONCE {
                    break;
                }
                let Some(org) = record.organization else { continue };
                tx.take_out(org, record.sequence).await?;
                let (Some(kind), Some(notice)) = (NoticeKind::of(&record.event), told(&record, self.now())) else {
                    continue;
                };
                let fails = failing(&record.event);
                for channel in tx.channels_of(org).await? {
                    if fails == Some(channel.id) || !channel.takes(kind) {
                        continue;
                    }
                    let content = NoticeContent {
                        time: record.at,
                        organization_name: names.of_organization(&mut tx, org).await?,
                        severity: notice.weight.as_str().to_owned(),
                        title: notice.head.clone(),
                        text: notice.body.clone(),
                        link: self.link(&notice.about.path(org)),
                    };
                    for recipient in channel.recipients() {
                        let delivery = self.waiting(&channel, recipient, Some(&record), content.clone());
                        self.put_on_its_way(&mut tx, org, &delivery).await?;
                        deliveries += 1;
                    }
                }
            }
            tx.commit().await?;
            self.inner.crash_points.pass(crash_point::NOTICES_HANDED_OUT);
        }
        Ok(())
    }
}

/// The channel that a notice says fails: it does not get that notice.
fn failing(event: &Event) -> Option<ChannelId> {
    match event {
        Event::ChannelFailing { channel, .. } => Some(*channel),
        _ => None,
    }
}
