//! API keys: their rows, the strip of checks and the feature table. The private keys are in
//! [`crate::secrets`], version for version of `generation`.
//!
//! What changes a key takes the [`domain::Permit`] of its owner; what uses it takes a [`domain::UsePermit`], which whoever
//! was lent it has as well.

mod checks;
mod features;
mod rows;
mod usable;

pub use checks::DayCheck;
pub use rows::KeyDependents;
pub use usable::KeyToUse;
