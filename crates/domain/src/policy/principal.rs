//! Who asks: an actor, the roles they hold, and the state of the world that they were read from.

use super::role::Role;
use crate::{
    activity::Actor,
    id::{JobId, OrgId, ServiceTokenId, UserId},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

/// Somebody who can hold roles: a person, or a service token of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// A person.
    User(UserId),
    /// A service token.
    Service(ServiceTokenId),
}

impl Subject {
    /// The person, if it is one.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Service(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Service(token) => token.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let user = text.parse().map(Self::User);
        user.or_else(|_| text.parse().map(Self::Service))
            .map_err(|_| "this is neither the id of a person nor of a service token".to_owned())
    }
}

impl TryFrom<String> for Subject {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

/// How somebody's rights stood when they were read. Whatever takes rights away (a role, a membership, a token, an
/// account) raises the version, so that a write which began before and commits afterwards is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub subject: Subject,
    /// Which version of their rights.
    pub version: i64,
}

/// An organization with its place in the tree, which has two levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant {
    /// The organization.
    pub id: OrgId,
    /// The root organization above it; none for a root.
    pub parent: Option<OrgId>,
}

impl Tenant {
    /// A root organization.
    #[must_use]
    pub fn root(id: OrgId) -> Self {
        Self { id, parent: None }
    }

    /// A sub-organization.
    #[must_use]
    pub fn below(parent: OrgId, id: OrgId) -> Self {
        Self { id, parent: Some(parent) }
    }

    /// The root organization of the tree it stands in; its own id for a root.
    #[must_use]
    pub fn top(self) -> OrgId {
        self.parent.unwrap_or(self.id)
    }
}

/// From where a role is held in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldBy {
    /// Given in the organization itself.
    Membership,
    /// Given in the root organization above.
    Inheritance,
}

/// Who asks: an actor and the roles they hold. A role held in a root organization holds in its sub-organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    actor: Actor,
    given: BTreeMap<OrgId, BTreeSet<Role>>,
    confined_to: Option<BTreeSet<OrgId>>,
    standing: Option<Standing>,
}

impl Principal {
    /// Somebody with the roles that were given to them, by the organization in which they were given.
    #[must_use]
    pub fn new(actor: Actor, given: BTreeMap<OrgId, BTreeSet<Role>>) -> Self {
        Self {
            actor,
            given,
            confined_to: None,
            standing: None,
        }
    }

    /// The server's own schedule, for what [`super::Action::is_servers_own`] names.
    #[must_use]
    pub fn server() -> Self {
        Self::new(Actor::Server, BTreeMap::new())
    }

    /// A job that goes on with what somebody began: their roles, as they are now.
    #[must_use]
    pub fn job(job: JobId, on_behalf_of: Option<Subject>, given: BTreeMap<OrgId, BTreeSet<Role>>) -> Self {
        Self::new(Actor::Job { job, on_behalf_of }, given)
    }

    /// The same, in these organizations and nowhere else, whatever the roles say.
    #[must_use]
    pub fn confined_to(self, organizations: BTreeSet<OrgId>) -> Self {
        Self {
            confined_to: Some(organizations),
            ..self
        }
    }

    /// The same, with the version of their rights that the roles were read at.
    #[must_use]
    pub fn standing_at(self, standing: Standing) -> Self {
        Self {
            standing: Some(standing),
            ..self
        }
    }

    /// The same actor's rights carried on by a job.
    #[must_use]
    pub fn acting_as_job(self, job: JobId) -> Self {
        Self {
            actor: Actor::Job {
                job,
                on_behalf_of: self.actor.subject(),
            },
            ..self
        }
    }

    /// Who it is.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The version of their rights that this was read at; none for the server itself.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.standing
    }

    /// The organizations in which roles were given to them directly.
    pub fn organizations(&self) -> impl Iterator<Item = OrgId> + '_ {
        self.given
            .iter()
            .filter(|(org, roles)| !roles.is_empty() && self.reaches(**org))
            .map(|(org, _)| *org)
    }

    /// The organizations in which roles were given to them, whether they may go there or not.
    pub fn homes(&self) -> impl Iterator<Item = OrgId> + '_ {
        self.given.iter().filter(|(_, roles)| !roles.is_empty()).map(|(org, _)| *org)
    }

    /// The organizations that they are kept to; none for no such bounds.
    #[must_use]
    pub fn confines(&self) -> Option<&BTreeSet<OrgId>> {
        self.confined_to.as_ref()
    }

    fn reaches(&self, organization: OrgId) -> bool {
        self.confined_to.as_ref().is_none_or(|these| these.contains(&organization))
    }

    /// The roles held in an organization, inherited ones included; nothing where it is not to be seen. A role held in both
    /// ways is told as a membership.
    #[must_use]
    pub fn roles_in(&self, tenant: Tenant) -> BTreeMap<Role, HeldBy> {
        let mut held = BTreeMap::new();
        if !self.reaches(tenant.id) {
            return held;
        }
        let given = |organization| self.given.get(organization).into_iter().flatten().copied();
        if let Some(parent) = &tenant.parent {
            held.extend(given(parent).map(|role| (role, HeldBy::Inheritance)));
        }
        held.extend(given(&tenant.id).map(|role| (role, HeldBy::Membership)));
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Grade, Module};

    fn org(n: u8) -> OrgId {
        format!("org_{n:032x}").parse().unwrap()
    }

    #[test]
    fn roles_flow_down_add_up_and_stay_within_their_confines() {
        let viewer = Role::In(Module::Signing, Grade::Viewer);
        let user = format!("user_{:032x}", 1).parse().unwrap();
        let given = BTreeMap::from([(org(1), BTreeSet::from([viewer])), (org(2), BTreeSet::from([viewer, Role::Owner]))]);
        let person = Principal::new(Actor::Person { user }, given);
        let sub = Tenant::below(org(1), org(2));
        assert_eq!(
            person.roles_in(sub),
            BTreeMap::from([(viewer, HeldBy::Membership), (Role::Owner, HeldBy::Membership)])
        );
        assert_eq!(
            person.roles_in(Tenant::below(org(1), org(3))),
            BTreeMap::from([(viewer, HeldBy::Inheritance)])
        );
        assert_eq!(
            person.roles_in(Tenant::root(org(1))),
            BTreeMap::from([(viewer, HeldBy::Membership)])
        );
        assert!(person.roles_in(Tenant::root(org(4))).is_empty());

        let confined = person.confined_to(BTreeSet::from([org(3)]));
        assert!(confined.roles_in(sub).is_empty());
        assert!(confined.roles_in(Tenant::root(org(1))).is_empty());
        assert_eq!(confined.roles_in(Tenant::below(org(1), org(3))).len(), 1);
        assert_eq!(confined.organizations().count(), 0);
    }

    #[test]
    fn a_subject_reads_back() {
        for text in [format!("user_{:032x}", 1), format!("svc_{:032x}", 1)] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        assert!(format!("org_{:032x}", 1).parse::<Subject>().is_err());
    }
}
