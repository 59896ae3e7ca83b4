//! Signing sets: what one build needs, by name.
//!
//! ```text
//! pick      a set of what is held here                                        pick.rs
//! ensure    a set of whatever it takes: what is here, what Apple has, what is missing
//!           warm: held here, seen at Apple lately: answered at once           ensure.rs
//!           cold: a plan                                                      plan.rs
//!             its turn at the team, one look at the account                   survey.rs
//!             what that shows to be needed                                    needs.rs
//! use       its files, recorded before a byte leaves                          files.rs
//!           all of them in one, for a browser                                 archive.rs
//! look      one of them                                                       show.rs
//!           all of them, those that miss something first                      list.rs
//! ```
//!
//! A set follows its profiles: where one is built anew with another certificate, as in a renewal, every set that has it
//! points at that certificate from the same moment on.
//!
//! The surprising thing: nothing of a set is created in it. It points at certificates and profiles that have lives of their
//! own, so what happens to them is told when the set is shown.

mod archive;
mod ensure;
mod files;
mod follow;
mod list;
mod needs;
mod pick;
mod plan;
mod preview;
mod show;
mod survey;
mod wish;

pub use ensure::Ensured;
pub use files::{SetFile, SetFiles};
pub use list::{SetsByItem, SetsByNeed};
pub use pick::PickedItem;
pub use preview::{SetStep, StepKind};
pub use show::{CertificateState, InSet, ItemView, ProfileInSet, SigningSetView};
pub use wish::SetWish;

pub(crate) use ensure::refuse_beside_ensuring;
pub(crate) use survey::{Survey, Surveying};

use domain::{SigningSet, SigningSetId};
use jiff::SignedDuration;

/// How long what was seen at Apple is taken for true, unless a wish says otherwise. What is done here forgets it at once; what
/// is done on Apple's website is noticed by then.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);

/// How long Apple's lists may leave out what was just made (see `operations::look`).
const LISTED_WITHIN: SignedDuration = SignedDuration::from_mins(12);

/// The name of a set, to point at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetName {
    /// Its id.
    pub id: SigningSetId,
    /// What it is called.
    pub name: String,
}

impl From<SigningSet> for SetName {
    fn from(set: SigningSet) -> Self {
        Self {
            id: set.id,
            name: set.name.to_string(),
        }
    }
}

/// Names of sets for a sentence: “A”, “B” and 3 more.
pub(crate) fn named(sets: &[SigningSet]) -> String {
    const MOST: usize = 5;
    let mut names: Vec<String> = sets.iter().take(MOST).map(|set| format!("“{}”", set.name)).collect();
    if sets.len() > MOST {
        names.push(format!("{} more", sets.len() - MOST));
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
