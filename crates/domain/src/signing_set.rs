//! Signing sets: what one build needs, by name. For each bundle identifier a certificate and a profile, all of one type.
//!
//! A set points at what is held here and holds nothing itself. What it points at may go away or end: then the set is still
//! there and says what is missing.
//!
//! The surprising thing: each item remembers when Apple was last seen to have it. While that is recent enough, a set is
//! handed out without a request to Apple; what is done here to a certificate, a bundle ID or a device makes it forget.

use crate::{
    id::{ApiKeyId, CertificateId, OrgId, ProfileId, SigningSetId},
    name::ItemName,
    profile::ProfileType,
};
use jiff::{SignedDuration, Timestamp};

/// What ends within this time is as good as ended: a build may take hours, and be handed in again.
pub const ENDING: SignedDuration = SignedDuration::from_hours(24);

/// A set, without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSet {
    /// Its id.
    pub id: SigningSetId,
    /// Whose it is.
    pub organization: OrgId,
    /// Unique in the organization by its folded form.
    pub name: ItemName,
    /// Apple's type of all its profiles, and so the method of distribution.
    pub profile_type: ProfileType,
    /// The key that it is ensured with; none for a picked one, and once that key was removed.
    pub api_key: Option<ApiKeyId>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When what it points at last changed.
    pub changed_at: Timestamp,
}

/// What one bundle identifier is signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetItem {
    /// Such as `com.example.app`; with an asterisk at its end where the profile has one.
    pub identifier: String,
    /// The certificate; none once it was removed here.
    pub certificate: Option<CertificateId>,
    /// The profile; none once it was removed here.
    pub profile: Option<ProfileId>,
    /// When Apple was last seen to have both, and to accept them.
    pub seen_at: Option<Timestamp>,
    /// When every bundle ID of the account below this one was last seen to be in the set.
    pub below_seen_at: Option<Timestamp>,
}
