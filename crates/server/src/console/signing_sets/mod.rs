//! Signing sets: what a build needs, by name. Listed with what they miss, picked, ensured, taken away, removed.

pub(crate) mod download;
pub(crate) mod ensure;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod pick;
