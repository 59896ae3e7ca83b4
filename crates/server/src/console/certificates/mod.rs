//! Certificates: those of the Apple account and those held here, creating one, taking one away.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod one;
