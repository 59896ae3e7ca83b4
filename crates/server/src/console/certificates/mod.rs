//! Certificates: those of the Apple account and those held here, making and bringing in, taking away.

pub(crate) mod acts;
pub(crate) mod add;
pub(crate) mod create;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod renew;
pub(crate) mod revoke;
