//! Who belongs to an organization, who is invited to it, and which tokens act in its name.

use crate::{
    account::User,
    activity::Actor,
    id::{InvitationId, OrgId, ServiceTokenId},
    name::{Email, ItemName},
    policy::{HeldBy, Principal, Role, Standing, Subject},
};
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// How long an invitation can be accepted, in days.
pub const INVITATION_DAYS: i64 = 7;
/// Most invitations of an organization that may be pending at once.
pub const INVITATIONS_PENDING_MOST: u32 = 500;
/// How long an invitation that nobody accepted is still shown after its end, in days.
pub const INVITATION_KEPT_DAYS: i64 = 30;
/// The least time between two mails of one invitation, in seconds.
pub const INVITATION_MAIL_SECONDS: i64 = 60;
/// Most address ranges of a service token.
pub const ADDRESS_RANGES_MOST: usize = 20;
/// Most organizations that a service token is confined to; without the confinement it works in all of them.
pub const CONFINED_MOST: usize = 100;
/// How long before its end a token is told of, in days.
pub const TOKEN_NOTICE_DAYS: i64 = 30;

/// A person as an organization sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: User,
    /// Their roles here, and whether each was given here or comes from the root organization.
    pub roles: BTreeMap<Role, HeldBy>,
    /// When they joined here; none where everything is inherited.
    pub joined_at: Option<Timestamp>,
}

/// An offer to join an organization. The link's token is known only to its holder; the store keeps its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// To which organization.
    pub organization: OrgId,
    /// For whom: only an account with this address can accept.
    pub email: Email,
    /// With which roles.
    pub roles: BTreeSet<Role>,
    /// Who invites; what they may not grant any more at the moment of acceptance is not granted.
    pub invited_by: Subject,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its present link was made; sending again makes another and ends the one before.
    pub sent_at: Timestamp,
    /// Until when the present link works.
    pub expires_at: Timestamp,
    /// How the link comes to whom it is for.
    pub delivery: Delivery,
}

/// How the link of an invitation travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "delivery")]
pub enum Delivery {
    /// It was shown once to whoever invited, who hands it on.
    Shown,
    /// By mail, which is about to be sent.
    Waiting,
    /// By mail, which a mail server has taken.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// By mail, which no mail server has taken so far.
    Failed {
        /// When it was last tried.
        at: Timestamp,
        /// What was seen, for people.
        why: String,
    },
}

/// A token of an organization: an account for machines. It holds roles of its own and belongs to no person; the store
/// keeps its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceToken {
    /// Its id; rotation keeps it.
    pub id: ServiceTokenId,
    /// The organization that it belongs to.
    pub organization: OrgId,
    /// What it is called.
    pub name: ItemName,
    /// Its roles, in [`ServiceToken::organization`] and from there downwards.
    pub roles: BTreeSet<Role>,
    /// The organizations it works in: its own and sub-organizations; none for its own and every one below.
    pub confined_to: Option<BTreeSet<OrgId>>,
    /// The networks it may be used from; empty for every one.
    pub address_ranges: Vec<IpNet>,
    /// Who made it.
    pub created_by: Subject,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

impl ServiceToken {
    /// Its rights: its roles in its organization, nowhere but where it is confined to.
    #[must_use]
    pub fn principal(&self, actor: Actor, standing: Standing) -> Principal {
        let held = BTreeMap::from([(self.organization, self.roles.clone())]);
        let principal = Principal::new(actor, held).standing_at(standing);
        match &self.confined_to {
            Some(these) => principal.confined_to(these.clone()),
            None => principal,
        }
    }

    /// Whether it may be used from this address. With ranges set, an unknown address is outside of all of them.
    #[must_use]
    pub fn is_welcome_from(&self, address: Option<IpAddr>) -> bool {
        self.address_ranges.is_empty()
            || address.is_some_and(|address| self.address_ranges.iter().any(|range| range.contains(&address.to_canonical())))
    }
}
