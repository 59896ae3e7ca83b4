//! The simulator's own time: the machine's clock moved by an offset, or a frozen instant.
//!
//! Everything that has a date (tokens, certificates, profiles, the rolling hour, the `Date` header) asks this clock,
//! so that a test expires a certificate by moving one hand. Cloning shares the hands.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// A clock that a test can step. Clones share their time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Debug, Clone, Copy)]
enum Hands {
    Running { offset: SignedDuration },
    Frozen { at: Timestamp },
}

impl Clock {
    /// The machine's time, running.
    pub fn real() -> Self {
        Self(Arc::new(Mutex::new(Hands::Running {
            offset: SignedDuration::ZERO,
        })))
    }

    /// A clock that stands at `at` until it is moved.
    pub fn frozen(at: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Hands::Frozen { at })))
    }

    /// The simulated instant.
    pub fn now(&self) -> Timestamp {
        match *self.hands() {
            Hands::Running { offset } => shifted(machine_time(), offset),
            Hands::Frozen { at } => at,
        }
    }

    /// Moves the time by `step`, backwards where it is negative; a running clock runs on, a frozen one stays frozen.
    pub fn advance(&self, step: SignedDuration) {
        let mut hands = self.hands();
        *hands = match *hands {
            Hands::Running { offset } => Hands::Running {
                offset: offset.saturating_add(step),
            },
            Hands::Frozen { at } => Hands::Frozen { at: shifted(at, step) },
        };
    }

    /// Puts the hands on `at`; a running clock runs on from there, a frozen one stays frozen.
    pub fn set(&self, at: Timestamp) {
        let mut hands = self.hands();
        *hands = match *hands {
            Hands::Running { .. } => Hands::Running {
                offset: at.duration_since(machine_time()),
            },
            Hands::Frozen { .. } => Hands::Frozen { at },
        };
    }

    /// Stops the clock where it stands.
    pub fn freeze(&self) {
        let at = self.now();
        *self.hands() = Hands::Frozen { at };
    }

    /// Lets the clock run again from where it stands.
    pub fn thaw(&self) {
        let offset = self.now().duration_since(machine_time());
        *self.hands() = Hands::Running { offset };
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

/// The one place where the simulator looks at the machine's clock.
#[expect(clippy::disallowed_methods, reason = "the simulator's clock has to begin somewhere")]
fn machine_time() -> Timestamp {
    Timestamp::now()
}

fn shifted(at: Timestamp, step: SignedDuration) -> Timestamp {
    at.saturating_add(step).unwrap_or(at)
}

/// `2019-11-29T13:56:50.220+0000`: how the provisioning resources write an instant (facts E5).
pub(crate) fn provisioning_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

/// `2021-02-02T04:00:19Z`: how the App Store Connect resources write an instant (facts E5).
pub(crate) fn store_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `Fri, 29 Nov 2019 13:56:50 GMT`: the `Date` header, by which a client measures its skew.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_moved_and_a_clone_shares_its_hands() {
        let at: Timestamp = "2026-11-20T12:00:00Z".parse().expect("an instant");
        let clock = Clock::frozen(at);
        let other = clock.clone();
        clock.advance(SignedDuration::from_hours(2));
        assert_eq!(other.now().to_string(), "2026-11-20T14:00:00Z");
        clock.thaw();
        clock.freeze();
        assert!(other.now().duration_since(at) >= SignedDuration::from_hours(2));
    }

    #[test]
    fn dates_are_written_as_apple_writes_them() {
        let at: Timestamp = "2019-11-29T13:56:50.22Z".parse().expect("an instant");
        assert_eq!(provisioning_date(at), "2019-11-29T13:56:50.220+0000");
        assert_eq!(store_date(at), "2019-11-29T13:56:50Z");
        assert_eq!(http_date(at), "Fri, 29 Nov 2019 13:56:50 GMT");
    }
}
