//! Who may do what, in one pure function.
//!
//! [`decide`] is asked once per use case and yields a [`Permit`], which the store's functions on an organization's data
//! require. Only Owners exist for now; the roles per module stand here already so that nothing else has to change when
//! members arrive.
//!
//! An organization that the principal does not belong to does not exist for them: [`Denied::Invisible`] is answered
//! exactly like an unknown id.

use crate::{
    activity::Actor,
    id::{JobId, OrgId, UserId},
};
use std::collections::{BTreeMap, BTreeSet};

/// A part of the product that roles are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Module {
    /// Sub-organizations, members, roles, tokens, notifications.
    Organization,
    /// API keys.
    Credentials,
    /// Certificates, profiles, bundle IDs, devices.
    Signing,
    /// Binaries, TestFlight, App Store.
    Publish,
}

/// How much of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Everything in it.
    Manager,
    /// Daily work.
    Operator,
    /// Daily work of somebody from outside.
    ExtOperator,
    /// See.
    Viewer,
}

/// A role held in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything.
    Owner,
    /// A grade in a module.
    In(Module, Grade),
}

impl Role {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        use {Grade as G, Module as M};
        match self {
            Self::Owner => "owner",
            Self::In(M::Organization, G::Manager) => "organization-manager",
            Self::In(M::Organization, G::Operator) => "organization-operator",
            Self::In(M::Organization, G::ExtOperator) => "organization-ext-operator",
            Self::In(M::Organization, G::Viewer) => "organization-viewer",
            Self::In(M::Credentials, G::Manager) => "credentials-manager",
            Self::In(M::Credentials, G::Operator) => "credentials-operator",
            Self::In(M::Credentials, G::ExtOperator) => "credentials-ext-operator",
            Self::In(M::Credentials, G::Viewer) => "credentials-viewer",
            Self::In(M::Signing, G::Manager) => "signing-manager",
            Self::In(M::Signing, G::Operator) => "signing-operator",
            Self::In(M::Signing, G::ExtOperator) => "signing-ext-operator",
            Self::In(M::Signing, G::Viewer) => "signing-viewer",
            Self::In(M::Publish, G::Manager) => "publish-manager",
            Self::In(M::Publish, G::Operator) => "publish-operator",
            Self::In(M::Publish, G::ExtOperator) => "publish-ext-operator",
            Self::In(M::Publish, G::Viewer) => "publish-viewer",
        }
    }

    /// Reads [`Role::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        use {Grade as G, Module as M};
        let all = [M::Organization, M::Credentials, M::Signing, M::Publish]
            .into_iter()
            .flat_map(|m| [G::Manager, G::Operator, G::ExtOperator, G::Viewer].map(|g| Self::In(m, g)));
        std::iter::once(Self::Owner).chain(all).find(|role| role.as_str() == text)
    }
}

/// Who asks: an actor and the roles they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    actor: Actor,
    roles: BTreeMap<OrgId, BTreeSet<Role>>,
}

impl Principal {
    /// Somebody with the roles they hold in each of their organizations.
    #[must_use]
    pub fn new(actor: Actor, roles: BTreeMap<OrgId, BTreeSet<Role>>) -> Self {
        Self { actor, roles }
    }

    /// The server's own schedule, for what [`Action::is_servers_own`] names.
    #[must_use]
    pub fn server() -> Self {
        Self {
            actor: Actor::Server,
            roles: BTreeMap::new(),
        }
    }

    /// A job that goes on with what somebody began: their roles, as they are now.
    #[must_use]
    pub fn job(job: JobId, on_behalf_of: Option<UserId>, roles: BTreeMap<OrgId, BTreeSet<Role>>) -> Self {
        Self {
            actor: Actor::Job { job, on_behalf_of },
            roles,
        }
    }

    /// Who it is.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The organizations they belong to.
    pub fn organizations(&self) -> impl Iterator<Item = OrgId> + '_ {
        self.roles.keys().copied()
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $words:literal in $module:ident, $grade:ident;)*) => {
        /// Everything that can be asked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action, in the order of the printed policy.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// In words, for a refusal and for the printed policy.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            /// The least role that allows it.
            #[must_use]
            pub fn least(self) -> (Module, Grade) {
                match self { $(Self::$name => (Module::$module, Grade::$grade),)* }
            }
        }
    };
}

actions! {
    /// See that the organization exists, its name, its overview.
    SeeOrganization = "see the organization" in Organization, Viewer;
    /// Read the activity log.
    SeeActivity = "read the activity log" in Organization, Manager;
    /// See keys, their health and feature table.
    SeeKeys = "see API keys" in Credentials, Viewer;
    /// Add a key.
    AddKey = "add an API key" in Credentials, Manager;
    /// Change a key's name and roles.
    EditKey = "edit an API key" in Credentials, Manager;
    /// Let a declared "no" of the feature table pass, or stop it again.
    OverrideFeature = "let a key try what its role does not allow" in Credentials, Manager;
    /// Ask Apple whether it works.
    CheckKey = "check an API key" in Credentials, Manager;
    /// Replace its private key.
    RotateKey = "rotate an API key" in Credentials, Manager;
    /// Remove it.
    RemoveKey = "remove an API key" in Credentials, Manager;
    /// Read certificates, profiles, bundle IDs and devices of the Apple account, and those held here.
    SeeSigning = "see certificates, profiles, bundle IDs and devices" in Signing, Viewer;
    /// Create a certificate, and go on with one that was begun.
    CreateCertificate = "create a certificate" in Signing, Manager;
    /// Find out how an act that was begun ended, and close it, whatever rights its starter has now.
    SettleOperation = "settle an act that was begun" in Signing, Manager;
    /// Take a certificate away with its private key.
    DownloadCertificate = "download a certificate with its private key" in Signing, Manager;
    /// Get a short-lived token for Apple, made with a key.
    MintAppleToken = "get a short-lived token for Apple" in Credentials, Manager;
    /// Take a profile away.
    DownloadProfile = "download a provisioning profile" in Signing, Manager;
}

impl Action {
    /// What no other role allows.
    #[must_use]
    pub fn is_owners_only(self) -> bool {
        matches!(self, Self::OverrideFeature)
    }

    /// What the server does by itself, without anybody asking.
    #[must_use]
    pub fn is_servers_own(self) -> bool {
        matches!(self, Self::CheckKey | Self::SeeKeys | Self::SettleOperation)
    }
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// For this principal the organization does not exist.
    Invisible,
    /// It is visible, and the role is missing.
    RoleMissing {
        /// What was asked for.
        action: Action,
    },
}

/// Permission to do one action in one organization, made by [`decide`] and by nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    actor: Actor,
    organization: OrgId,
    action: Action,
}

impl Permit {
    /// Who may.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Where.
    #[must_use]
    pub fn organization(&self) -> OrgId {
        self.organization
    }

    /// What.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }
}

fn role_allows(role: Role, action: Action) -> bool {
    let (module, least) = action.least();
    match role {
        Role::Owner => true,
        // Grades are ordered from the most to the least.
        Role::In(held_module, grade) => !action.is_owners_only() && held_module == module && grade <= least,
    }
}

/// The policy.
///
/// # Errors
/// [`Denied`], which the caller turns into "not found" or "not allowed".
pub fn decide(principal: &Principal, action: Action, organization: OrgId) -> Result<Permit, Denied> {
    let permit = Permit {
        actor: principal.actor,
        organization,
        action,
    };
    if principal.actor == Actor::Server || matches!(principal.actor, Actor::Job { on_behalf_of: None, .. }) {
        return if action.is_servers_own() {
            Ok(permit)
        } else {
            Err(Denied::RoleMissing { action })
        };
    }
    let roles = principal
        .roles
        .get(&organization)
        .filter(|roles| !roles.is_empty())
        .ok_or(Denied::Invisible)?;
    if roles.iter().any(|role| role_allows(*role, action)) {
        Ok(permit)
    } else {
        Err(Denied::RoleMissing { action })
    }
}

/// The policy as a table in Markdown, action by role: what `docs/policy.md` holds.
#[must_use]
pub fn as_markdown() -> String {
    let roles = [
        ("Owner", Role::Owner),
        ("Organization Manager", Role::In(Module::Organization, Grade::Manager)),
        ("Credentials Manager", Role::In(Module::Credentials, Grade::Manager)),
        ("Credentials Viewer", Role::In(Module::Credentials, Grade::Viewer)),
        ("Signing Manager", Role::In(Module::Signing, Grade::Manager)),
        ("Signing Viewer", Role::In(Module::Signing, Grade::Viewer)),
    ];
    let mut text = String::from("| action |");
    for (name, _) in roles {
        text.push_str(&format!(" {name} |"));
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(roles.len()));
    text.push('\n');
    for action in Action::ALL {
        text.push_str(&format!("| {} |", action.words()));
        for (_, role) in roles {
            text.push_str(if role_allows(role, *action) { " yes |" } else { " – |" });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(n: u8) -> OrgId {
        format!("org_{n:032x}").parse().unwrap()
    }

    fn user() -> UserId {
        format!("user_{:032x}", 1).parse().unwrap()
    }

    fn person(roles: &[(OrgId, Role)]) -> Principal {
        let mut held: BTreeMap<OrgId, BTreeSet<Role>> = BTreeMap::new();
        for (organization, role) in roles {
            held.entry(*organization).or_default().insert(*role);
        }
        Principal::new(Actor::Person { user: user() }, held)
    }

    #[test]
    fn an_owner_may_everything_at_home_and_sees_nothing_elsewhere() {
        let owner = person(&[(org(1), Role::Owner)]);
        for action in Action::ALL {
            let permit = decide(&owner, *action, org(1)).unwrap();
            assert_eq!((permit.organization(), permit.action()), (org(1), *action));
            assert_eq!(decide(&owner, *action, org(2)), Err(Denied::Invisible));
        }
    }

    #[test]
    fn a_role_reaches_no_further_than_its_module_and_grade() {
        let viewer = person(&[(org(1), Role::In(Module::Credentials, Grade::Viewer))]);
        assert!(decide(&viewer, Action::SeeKeys, org(1)).is_ok());
        assert_eq!(
            decide(&viewer, Action::AddKey, org(1)),
            Err(Denied::RoleMissing { action: Action::AddKey })
        );
        assert_eq!(
            decide(&viewer, Action::SeeSigning, org(1)),
            Err(Denied::RoleMissing {
                action: Action::SeeSigning
            })
        );
    }

    #[test]
    fn only_an_owner_lets_a_declared_no_pass() {
        let manager = person(&[(org(1), Role::In(Module::Credentials, Grade::Manager))]);
        assert!(decide(&manager, Action::EditKey, org(1)).is_ok());
        assert_eq!(
            decide(&manager, Action::OverrideFeature, org(1)),
            Err(Denied::RoleMissing {
                action: Action::OverrideFeature
            })
        );
    }

    #[test]
    fn the_server_checks_keys_and_settles_acts_and_does_nothing_else_by_itself() {
        let allowed: Vec<_> = Action::ALL
            .iter()
            .filter(|a| decide(&Principal::server(), **a, org(1)).is_ok())
            .collect();
        assert_eq!(allowed, [&Action::SeeKeys, &Action::CheckKey, &Action::SettleOperation]);
    }

    #[test]
    fn a_job_has_the_rights_its_starter_has_now() {
        let job: JobId = format!("job_{:032x}", 1).parse().unwrap();
        let removed = Principal::job(job, Some(user()), BTreeMap::new());
        assert_eq!(decide(&removed, Action::CreateCertificate, org(1)), Err(Denied::Invisible));
    }

    #[test]
    fn every_role_reads_back() {
        for role in [Role::Owner, Role::In(Module::Publish, Grade::ExtOperator)] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("emperor"), None);
    }
}
