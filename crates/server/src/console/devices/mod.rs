//! Devices: the list of an account, adding some by hand or from a file, and one of them with what needs it.
//!
//! All of it is read through a key, whose id is in the address; an act asks Apple through that key and no other, so an
//! address that names a key which may not be used is answered like one that names none.

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod one;
