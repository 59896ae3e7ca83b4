//! Named places at which a test kills the server, to show what a restart makes of it.
//!
//! In production there is no hook, and passing a point is one comparison. A test hands in a function that panics at the
//! point it wants: the task dies there, its open transaction is rolled back, and everything committed before stays.

use std::{fmt, sync::Arc};

/// Before the transaction that writes an act down is committed.
pub const BEFORE_STARTED: &str = "before-started";
/// The act is written down; Apple was surely not asked.
pub const AFTER_STARTED: &str = "after-started";
/// It is written down that Apple is being asked, and nothing was sent yet.
pub const BEFORE_CALL: &str = "before-call";
/// Apple answered, and nothing of the answer is written down.
pub const AFTER_CALL: &str = "after-call";
/// The answer is written in a transaction that is not committed.
pub const BEFORE_OUTCOME: &str = "before-outcome";
/// The answer is committed; the job is not finished.
pub const AFTER_OUTCOME: &str = "after-outcome";
/// A lost act was found at Apple, and nothing of it is written down.
pub const AFTER_LOOK: &str = "after-look";

/// An invitation was read that is to be mailed; its link is not made yet. Not a point of an act at Apple.
pub const BEFORE_LINK: &str = "before-link";

/// A few notices are handed to the channels, and committed. Not a point of an act at Apple.
pub const NOTICES_HANDED_OUT: &str = "notices-handed-out";

/// Every point of an act at Apple, in the order that it passes them.
pub const ALL: [&str; 7] = [
    BEFORE_STARTED,
    AFTER_STARTED,
    BEFORE_CALL,
    AFTER_CALL,
    BEFORE_OUTCOME,
    AFTER_OUTCOME,
    AFTER_LOOK,
];

/// What happens at the points: nothing, unless a test says so.
#[derive(Clone, Default)]
pub struct CrashPoints(Option<Arc<dyn Fn(&'static str) + Send + Sync>>);

impl CrashPoints {
    /// Nothing happens.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// The function is called with the name of each point that is passed.
    #[must_use]
    pub fn hook(hook: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(crate) fn pass(&self, point: &'static str) {
        if let Some(hook) = &self.0 {
            hook(point);
        }
    }
}

impl fmt::Debug for CrashPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrashPoints")
    }
}
