//! Which key may do what: the role × family matrix of facts L, and nothing else.
//!
//! Several roles are the union. The matrix is an inference from Apple's role pages and from what keys were seen to do
//! (facts B2, B3); the switch `app_manager_cip` stands for "access to certificates, identifiers & profiles".

use crate::api::{Kind, Verb};
use crate::keys::{KeyKind, Role};

/// Who makes a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) kind: KeyKind,
    pub(crate) roles: Vec<Role>,
    /// App Manager keys have access to certificates, identifiers & profiles.
    pub(crate) app_manager_cip: bool,
}

/// How far a role reaches into a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nothing,
    /// GET only.
    Reads,
    /// Everything but DELETE.
    Changes,
    /// Development-type certificates and profiles: create and delete those, read all.
    Development,
    /// Internal beta groups and their testers: change those, read all.
    InternalTesting,
    Everything,
}

impl Caller {
    /// The simulator itself, when it seeds a team or a test orders an object.
    pub(crate) fn house(kind: KeyKind) -> Self {
        Self {
            kind,
            roles: vec![Role::Admin],
            app_manager_cip: false,
        }
    }

    /// Whether the matrix lets this caller try `verb` on `kind`. What depends on the object itself is asked by
    /// [`Caller::may_sign_for_distribution`] and [`Caller::may_test_externally`].
    pub(crate) fn may(&self, verb: Verb, kind: Kind) -> bool {
        if self.kind == KeyKind::Individual && kind.is_provisioning() {
            return false; // facts A4
        }
        self.roles.iter().any(|role| match self.reach(*role, kind) {
            Reach::Nothing => false,
            Reach::Reads => verb.reads(),
            Reach::Changes => verb != Verb::Delete,
            Reach::Development | Reach::InternalTesting | Reach::Everything => true,
        })
    }

    /// Whether certificates and profiles beyond the development types are in reach.
    pub(crate) fn may_sign_for_distribution(&self) -> bool {
        self.roles
            .iter()
            .any(|role| self.reach(*role, Kind::Certificates) == Reach::Everything)
    }

    /// Whether external groups and their testers are in reach.
    pub(crate) fn may_test_externally(&self) -> bool {
        self.roles
            .iter()
            .any(|role| self.reach(*role, Kind::BetaGroups) == Reach::Everything)
    }

    fn reach(&self, role: Role, kind: Kind) -> Reach {
        if self.kind == KeyKind::Enterprise {
            return match role {
                Role::Admin => Reach::Everything,
                Role::Developer if kind.is_provisioning() => Reach::Everything, // facts A5
                _ => Reach::Nothing,
            };
        }
        match role {
            Role::Admin => Reach::Everything,
            Role::AppManager if kind.is_provisioning() => {
                if self.app_manager_cip {
                    Reach::Everything
                } else {
                    Reach::Nothing
                }
            }
            Role::AppManager => match kind {
                Kind::Users | Kind::UserInvitations => Reach::Reads,
                _ => Reach::Everything,
            },
            Role::Developer => match kind {
                Kind::Certificates | Kind::Profiles => Reach::Development,
                Kind::BundleIds | Kind::BundleIdCapabilities => Reach::Changes,
                Kind::BuildUploads | Kind::BuildUploadFiles => Reach::Everything,
                Kind::BetaGroups | Kind::BetaTesters | Kind::BetaTesterInvitations => Reach::InternalTesting,
                _ => Reach::Reads,
            },
            Role::Finance | Role::Sales | Role::Marketing | Role::CustomerSupport => match kind {
                Kind::Apps => Reach::Reads,
                _ => Reach::Nothing,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(kind: KeyKind, role: Role) -> Caller {
        Caller {
            kind,
            roles: vec![role],
            app_manager_cip: false,
        }
    }

    #[test]
    fn an_app_manager_reaches_signing_only_with_the_switch() {
        let mut manager = caller(KeyKind::Team, Role::AppManager);
        assert!(!manager.may(Verb::GetCollection, Kind::Certificates));
        assert!(manager.may(Verb::Update, Kind::Apps));
        manager.app_manager_cip = true;
        assert!(manager.may(Verb::Create, Kind::Certificates));
        assert!(manager.may_sign_for_distribution());
    }

    #[test]
    fn roles_add_up() {
        let mut key = caller(KeyKind::Team, Role::Finance);
        assert!(!key.may(Verb::GetCollection, Kind::BetaGroups));
        key.roles.push(Role::Developer);
        assert!(key.may(Verb::GetCollection, Kind::BetaGroups));
        assert!(!key.may(Verb::Delete, Kind::BundleIds));
        assert!(!key.may_sign_for_distribution());
    }

    #[test]
    fn an_individual_key_never_reaches_provisioning() {
        let key = caller(KeyKind::Individual, Role::Admin);
        assert!(!key.may(Verb::GetCollection, Kind::Profiles));
        assert!(key.may(Verb::GetCollection, Kind::Apps));
    }

    #[test]
    fn an_enterprise_developer_has_provisioning_and_no_users() {
        let key = caller(KeyKind::Enterprise, Role::Developer);
        assert!(key.may(Verb::Delete, Kind::BundleIds));
        assert!(!key.may(Verb::GetCollection, Kind::Users));
    }
}
