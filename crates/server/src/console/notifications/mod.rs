//! Notification channels of the organization: list, one with its history, make, change, test, rotate, remove.

pub(crate) mod acts;
pub(crate) mod form;
pub(crate) mod list;

use super::parts::{Mark, Tone};
use app::channels::ChannelView;
use domain::{Channel, ChannelTarget, DeliveryState, NoticeDelivery};

/// Whether what a channel sends arrives.
pub(crate) fn state(view: &ChannelView) -> Mark {
    if view.channel.failing_since.is_some() {
        return Mark::new(Tone::Bad, "bad", "Failing");
    }
    match &view.last {
        Some(last) => of_delivery(&last.delivery),
        None => Mark::new(Tone::Off, "never", "Nothing sent yet"),
    }
}

/// How far a delivery is.
pub(crate) fn of_delivery(delivery: &NoticeDelivery) -> Mark {
    match delivery.state {
        DeliveryState::Delivered => Mark::new(Tone::Ok, "ok", "Delivered"),
        DeliveryState::Failed => Mark::new(Tone::Bad, "bad", "Given up"),
        DeliveryState::Waiting if delivery.attempts > 0 => Mark::new(Tone::Warn, "warn", "Tried again soon"),
        DeliveryState::Waiting => Mark::new(Tone::Info, "half", "On its way"),
    }
}

/// What kind of channel it is.
pub(crate) fn kind(channel: &Channel) -> &'static str {
    match channel.target {
        ChannelTarget::Mail { .. } => "Mail",
        ChannelTarget::Webhook { .. } => "Webhook",
    }
}

/// How many kinds of notices it gets.
pub(crate) fn gets(channel: &Channel) -> String {
    match &channel.kinds {
        None => "All notices".to_owned(),
        Some(kinds) if kinds.len() == 1 => "1 kind".to_owned(),
        Some(kinds) => format!("{} kinds", kinds.len()),
    }
}
