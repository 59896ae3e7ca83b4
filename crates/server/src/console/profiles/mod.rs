//! Profiles held here: listed, shown, brought in, registered, rebuilt, removed. Those of the account are in
//! [`super::apple`].

pub(crate) mod acts;
pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod register;
