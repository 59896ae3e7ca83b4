//! The people of an organization: the list with who is invited, one member with their roles, and how somebody goes.

pub(crate) mod grid;
pub(crate) mod invite;
pub(crate) mod leave;
pub(crate) mod list;
pub(crate) mod one;
