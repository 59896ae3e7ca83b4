//! Time and randomness as parameters. Everything that asks "what time is it" or "give me random bytes" takes
//! one of these, so that a test can step a day forward and replay a run.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that may read the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is stepped. For tests and for nothing else.
#[derive(Debug, Clone)]
pub struct SteppedClock(Arc<Mutex<Timestamp>>);

impl SteppedClock {
    /// A clock that shows `moment`, an RFC 3339 text.
    ///
    /// # Panics
    /// When `moment` is not such a text.
    #[must_use]
    pub fn at(moment: &str) -> Self {
        Self::starting(moment.parse().expect("an RFC 3339 moment"))
    }

    /// A clock that shows `moment`.
    #[must_use]
    pub fn starting(moment: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(moment)))
    }

    /// Moves the clock forward (or back, with a negative number).
    pub fn advance_seconds(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(*now);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `out` with bytes that nobody can guess.
    fn fill(&self, out: &mut [u8]);
}
