//! Bundle IDs: the list of an account, a new one, and one of them with what it can do.
//!
//! All of it is read through a key, whose id is in the address; an act asks Apple through that key and no other.

pub(crate) mod capabilities;
pub(crate) mod edit;
pub(crate) mod list;
pub(crate) mod new;
