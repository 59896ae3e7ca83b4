//! API keys: their rows, the strip of checks and the feature table. The private keys are in
//! [`crate::secrets`], version for version of `generation`.

mod checks;
mod features;
mod rows;

pub use checks::DayCheck;
pub use rows::KeyDependents;
