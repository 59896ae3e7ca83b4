//! Provisioning profiles held here: registered, fetched from Apple, taken in from files, built anew, removed.
//!
//! `calls` is what is asked of Apple, in the order of [`crate::operations`]; `rebuild` is a plan of such calls. `account`
//! finds what a profile is made of; `file` reads what is kept; of a `reference` nothing is, and Apple is asked. What is listed and shown of held profiles is in `held`, of
//! lent ones in `lent`.
//!
//! The surprising thing: a held profile is not the one at Apple. It keeps its id when it is rebuilt, and its file is there
//! while at Apple there is none.

mod account;
mod calls;
mod fetch;
mod file;
mod held;
mod import;
mod inside;
mod lent;
mod rebuild;
mod reference;
mod register;
mod renew;
mod rule;

pub(crate) use account::{Account, public_keys_of};
pub(crate) use calls::{Creating, Deleting};
pub(crate) use fetch::files;
pub(crate) use import::refused_file;
pub(crate) use rebuild::refuse_others;
pub(crate) use reference::{Keeping, Referenced, changed as reference_changed};

pub use fetch::Fetched;
pub use held::{CertificateMatch, InProfile, ProfileRow, ProfileView};
pub use import::Imported;
pub use lent::InheritedProfile;
pub use rebuild::ProfileChange;
pub use register::ProfileToRegister;
pub use renew::{AffectedProfile, RenewalPreview};

use domain::DeviceRule;

/// The devices that a profile is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Devices {
    /// These, each by its UDID in any spelling or by Apple's id.
    Chosen(Vec<String>),
    /// All enabled devices of its class.
    AllEnabled,
}

impl Default for Devices {
    /// None chosen, as for types that take none.
    fn default() -> Self {
        Self::Chosen(Vec::new())
    }
}

impl Devices {
    pub(crate) fn rule(&self) -> DeviceRule {
        match self {
            Self::Chosen(_) => DeviceRule::Chosen,
            Self::AllEnabled => DeviceRule::AllEnabled,
        }
    }
}
