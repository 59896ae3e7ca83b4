//! Devices: those on their way (`invited`, `pending`), the list of an account, adding some by hand or from a file, and one of them with what needs it.
//!
//! All of it is read through a key, whose id is in the address; an act asks Apple through that key and no other, so an
//! address that names a key which may not be used is answered like one that names none.

pub(crate) mod add;
pub(crate) mod invited;
pub(crate) mod list;
pub(crate) mod membership_year;
pub(crate) mod one;
pub(crate) mod pending;

use crate::State;
use app::{Caller, Problem};
use domain::OrgId;

/// What the segments above the lists count.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Devices that are not yet registered.
    pub(crate) pending: u32,
}

impl Counts {
    pub(crate) async fn of(state: &State, caller: &Caller, org: OrgId) -> Result<Self, Problem> {
        Ok(Self {
            pending: state.app.pending_device_count(caller, org).await?,
        })
    }
}
