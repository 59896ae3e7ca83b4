//! API tokens of the organization: list, one, make, change, rotate, revoke.

pub(crate) mod acts;
pub(crate) mod form;
pub(crate) mod list;

use super::parts::{Mark, Tone};
use domain::{Role, ServiceToken};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Roles in words.
pub(crate) fn titles(roles: &BTreeSet<Role>) -> String {
    roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(", ")
}

/// Where a token works, in a few words.
pub(crate) fn reach(token: &ServiceToken, is_root: bool) -> String {
    match &token.confined_to {
        Some(chosen) if chosen.len() == 1 => "1 organization".to_owned(),
        Some(chosen) => format!("{} organizations", chosen.len()),
        None if is_root => "Every organization".to_owned(),
        None => "This organization".to_owned(),
    }
}

/// Whether it works still.
pub(crate) fn state(token: &ServiceToken, now: Timestamp) -> Mark {
    if token.expires_at <= now {
        return Mark::new(Tone::Bad, "bad", "Ended");
    }
    match token.used_at {
        Some(_) => Mark::new(Tone::Ok, "ok", "In use"),
        None => Mark::new(Tone::Off, "never", "Never used"),
    }
}
