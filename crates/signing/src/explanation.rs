//! The three sentences that each refusal of this crate is made of.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an input was refused, for a person: what was found, why it does not fit, what to do.
///
/// Holds fixed text and counts only, never bytes of the input, so it may be shown and logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What the input turned out to be, as a sentence.
    pub found: String,
    /// Why that does not fit, as a sentence.
    pub why: String,
    /// The next step, as a sentence.
    pub next_step: String,
}

impl Explanation {
    pub(crate) fn new(found: impl Into<String>, why: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self {
            found: found.into(),
            why: why.into(),
            next_step: next_step.into(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.found, self.why, self.next_step)
    }
}

/// Gives an error type its `Display` and `Error` from its `explain` method.
macro_rules! explained {
    ($error:ty) => {
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.explain().fmt(f)
            }
        }
        impl std::error::Error for $error {}
    };
}
pub(crate) use explained;
