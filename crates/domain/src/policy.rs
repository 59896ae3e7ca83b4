//! Who may do what, in one pure function.
//!
//! [`decide`] is asked once per use case and yields a [`Permit`], which the store's functions on an organization's data
//! require. Rights are the union of the roles held in the organization and in the root organization above it; a role
//! held below never reaches up, and never sideways.
//!
//! An organization that the principal does not belong to does not exist for them: [`Denied::Invisible`] is answered
//! exactly like an unknown id.

mod principal;
mod role;

pub use principal::{HeldBy, Principal, Standing, Subject, Tenant};
pub use role::{Grade, Module, Role, lacking};

use crate::{activity::Actor, id::OrgId};

/// What an action asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Any role at all: to be in the organization is enough.
    AnyRole,
    /// One of these grades in the module, or ownership.
    OneOf(Module, &'static [Grade]),
    /// Ownership.
    Ownership,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $words:literal, $asks:expr;)*) => {
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

            /// The word in the API's document: its name in kebab-case.
            #[must_use]
            pub fn as_str(self) -> String {
                let mut word = String::new();
                for c in format!("{self:?}").chars() {
                    if c.is_ascii_uppercase() && !word.is_empty() {
                        word.push('-');
                    }
                    word.push(c.to_ascii_lowercase());
                }
                word
            }

            fn asks(self) -> Asks {
                use Grade::{ExtOperator, Manager, Operator, Viewer};
                use Module::{Credentials, Organization, Publish, Signing};
                match self { $(Self::$name => $asks,)* }
            }
        }
    };
}

actions! {
    /// See that the organization exists, its name, its overview.
    SeeOrganization = "see the organization", Asks::AnyRole;
    /// Give it another name.
    RenameOrganization = "rename the organization", Asks::OneOf(Organization, &[Manager]);
    /// Delete a root organization with everything in it.
    DeleteOrganization = "delete the organization", Asks::Ownership;
    /// See the sub-organizations of a root organization.
    SeeSubOrganizations = "see sub-organizations", Asks::OneOf(Organization, &[Manager, Viewer]);
    /// Create and delete sub-organizations.
    ManageSubOrganizations = "create and delete sub-organizations", Asks::OneOf(Organization, &[Manager]);
    /// See members, their roles, and pending invitations.
    SeeMembers = "see members", Asks::OneOf(Organization, &[Manager, Viewer]);
    /// Invite, give and take roles, remove.
    ManageMembers = "invite and remove members and change their roles", Asks::OneOf(Organization, &[Manager]);
    /// See the organization's API tokens.
    SeeTokens = "see the organization's API tokens", Asks::OneOf(Organization, &[Manager, Viewer]);
    /// Create, rotate and revoke the organization's API tokens.
    ManageTokens = "create, rotate and revoke API tokens", Asks::OneOf(Organization, &[Manager]);
    /// See where notices are sent besides inboxes, and what became of them.
    SeeChannels = "see notification channels", Asks::OneOf(Organization, &[Manager, Viewer]);
    /// Make, change, test and remove notification channels.
    ManageChannels = "make, change and remove notification channels", Asks::OneOf(Organization, &[Manager]);
    /// Read the activity log.
    SeeActivity = "read the activity log", Asks::OneOf(Organization, &[Manager, Viewer]);
    /// Read the activity of a root organization's sub-organizations beside its own.
    SeeActivityBelow = "read the activity of the sub-organizations", Asks::Ownership;
    /// Take the activity log away as a file.
    ExportActivity = "export the activity log", Asks::OneOf(Organization, &[Manager, Viewer]);
    /// Have the chain of the log checked.
    VerifyActivity = "verify the activity log", Asks::OneOf(Organization, &[Manager, Viewer]);
    /// See keys, their health and feature table.
    SeeKeys = "see API keys", Asks::OneOf(Credentials, &[Manager, Viewer]);
    /// Add a key.
    AddKey = "add an API key", Asks::OneOf(Credentials, &[Manager]);
    /// Change a key's name and roles.
    EditKey = "edit an API key", Asks::OneOf(Credentials, &[Manager]);
    /// Let a declared "no" of the feature table pass, or stop it again.
    OverrideFeature = "let a key try what its role does not allow", Asks::Ownership;
    /// Ask Apple whether it works.
    CheckKey = "check an API key", Asks::OneOf(Credentials, &[Manager]);
    /// Replace its private key.
    RotateKey = "rotate an API key", Asks::OneOf(Credentials, &[Manager]);
    /// Let sub-organizations use it, or stop that.
    ShareKey = "share an API key", Asks::OneOf(Credentials, &[Manager]);
    /// Remove it.
    RemoveKey = "remove an API key", Asks::OneOf(Credentials, &[Manager]);
    /// Get a short-lived token for Apple, made with a key.
    MintAppleToken = "get a short-lived token for Apple", Asks::OneOf(Credentials, &[Manager]);
    /// Read certificates, profiles, bundle IDs and devices of the Apple account, and those held here.
    SeeSigning = "see certificates, profiles, bundle IDs and devices", Asks::OneOf(Signing, &[Manager, Viewer]);
    /// Create a certificate, and go on with one that was begun.
    CreateCertificate = "create a certificate", Asks::OneOf(Signing, &[Manager]);
    /// Revoke a certificate at Apple.
    RevokeCertificate = "revoke a certificate at Apple", Asks::OneOf(Signing, &[Manager]);
    /// Register bundle IDs and change their capabilities.
    EditBundleIds = "register and change bundle IDs", Asks::OneOf(Signing, &[Manager]);
    /// Register, rename, enable and disable devices.
    EditDevices = "register and change devices", Asks::OneOf(Signing, &[Manager]);
    /// Create, rebuild and delete profiles, take them in and remove them here.
    EditProfiles = "create, rebuild, take in and remove profiles", Asks::OneOf(Signing, &[Manager]);
    /// Find out how an act that was begun ended, and close it, whatever rights its starter has now.
    SettleOperation = "settle an act that was begun", Asks::OneOf(Signing, &[Manager]);
    /// Take a certificate away with its private key.
    DownloadCertificate = "download a certificate with its private key", Asks::OneOf(Signing, &[Manager]);
    /// Make, complete and remove certificate signing requests.
    ManageCsrs = "make, complete and remove certificate signing requests", Asks::OneOf(Signing, &[Manager]);
    /// Take certificates in: from files, and from the Apple account.
    ImportCertificate = "take certificates in", Asks::OneOf(Signing, &[Manager]);
    /// Give a certificate another name.
    EditCertificate = "rename a certificate", Asks::OneOf(Signing, &[Manager]);
    /// Let sub-organizations use it, or stop that.
    ShareCertificate = "share a certificate", Asks::OneOf(Signing, &[Manager]);
    /// Remove it here, with its private key.
    RemoveCertificate = "remove a certificate", Asks::OneOf(Signing, &[Manager]);
    /// Let sub-organizations use a profile, or stop that.
    ShareProfile = "share a provisioning profile", Asks::OneOf(Signing, &[Manager]);
    /// Take a profile away.
    DownloadProfile = "download a provisioning profile", Asks::OneOf(Signing, &[Manager]);
    /// Take what a signing set holds away for a build: the certificates with their private keys, and the profiles.
    UseSigningSets = "use a signing set in a build, with its private keys", Asks::OneOf(Signing, &[Manager, Viewer]);
    /// Make signing sets of what is held, have them ensured at Apple, and remove them.
    EditSigningSets = "make, ensure and remove signing sets", Asks::OneOf(Signing, &[Manager]);
    /// See binaries and what is inside of them, and builds at Apple.
    SeeBinaries = "see binaries and builds", Asks::OneOf(Publish, &[Manager, Operator, ExtOperator, Viewer]);
    /// Upload binaries and remove them.
    UploadBinary = "upload and remove binaries", Asks::OneOf(Publish, &[Manager, Operator, ExtOperator]);
    /// Take a binary away.
    DownloadBinary = "download a binary", Asks::OneOf(Publish, &[Manager, Operator, Viewer]);
    /// Send a binary to Apple, where it becomes a build for TestFlight.
    SendBuild = "send builds to Apple", Asks::OneOf(Publish, &[Manager, Operator]);
    /// See who tests: names and e-mail addresses.
    SeeTesters = "see who tests in TestFlight", Asks::OneOf(Publish, &[Manager, Operator, Viewer]);
    /// Make groups of testers, put testers and builds into them, answer export compliance, expire builds.
    EditTesting = "manage groups, testers and builds in TestFlight", Asks::OneOf(Publish, &[Manager, Operator]);
    /// Write what testers read.
    EditTestingTexts = "write what testers read", Asks::OneOf(Publish, &[Manager, Operator, ExtOperator]);
    /// Hand a build in for beta review.
    SubmitForBetaReview = "submit builds for beta review", Asks::OneOf(Publish, &[Manager]);
    /// Mark a binary as a release candidate, or take the mark away.
    MarkReleaseCandidate = "mark release candidates", Asks::OneOf(Publish, &[Manager, Operator]);
    /// Say what is answered for every build of an app from now on.
    SetAppDefaults = "set what is answered for all builds of an app", Asks::OneOf(Publish, &[Manager]);
    /// Say how long binaries are kept here.
    SetBinaryRetention = "set how long binaries are kept", Asks::OneOf(Publish, &[Manager]);
}

impl Action {
    /// What the server does by itself, without anybody asking.
    #[must_use]
    pub fn is_servers_own(self) -> bool {
        matches!(
            self,
            Self::CheckKey | Self::SeeKeys | Self::SettleOperation | Self::SeeMembers | Self::SeeChannels
        )
    }

    /// What a person at a browser confirms who they are for, unless they did lately: private keys that leave, what cannot be
    /// undone, what others may do from then on.
    #[must_use]
    pub fn wants_confirmation(self) -> bool {
        matches!(
            self,
            Self::DownloadCertificate
                | Self::UseSigningSets
                | Self::RevokeCertificate
                | Self::RemoveCertificate
                | Self::ShareCertificate
                | Self::ShareKey
                | Self::RotateKey
                | Self::RemoveKey
                | Self::ManageMembers
                | Self::ManageTokens
                | Self::ManageSubOrganizations
                | Self::DeleteOrganization
        )
    }

    /// What is done in a root organization about its sub-organizations: it does not exist in one of those.
    #[must_use]
    pub fn is_only_in_roots(self) -> bool {
        matches!(
            self,
            Self::SeeSubOrganizations
                | Self::ManageSubOrganizations
                | Self::SeeActivityBelow
                | Self::DeleteOrganization
                | Self::ShareKey
                | Self::ShareCertificate
                | Self::ShareProfile
        )
    }

    /// The roles that allow it, the mightiest first.
    pub fn allowed_by(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| role_allows(*role, self))
    }

    /// The least role that allows it, for "Sharing needs Credentials Manager".
    #[must_use]
    pub fn needed_role(self) -> Role {
        self.allowed_by().filter(|role| *role != Role::Owner).last().unwrap_or(Role::Owner)
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
    tenant: Tenant,
    action: Action,
    standing: Option<Standing>,
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
        self.tenant.id
    }

    /// Where, with its place in the tree.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// What.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// On which version of the actor's rights it rests; none for the server itself.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.standing
    }

    /// The same in a sub-organization: to create and delete them is decided in the root organization, and done to the
    /// rows of the sub-organization. None for any other action, and for what is not below.
    #[must_use]
    pub fn below(&self, tenant: Tenant) -> Option<Self> {
        let reaches = self.action == Action::ManageSubOrganizations && tenant.parent == Some(self.tenant.id);
        reaches.then(|| Self { tenant, ..self.clone() })
    }
}

fn role_allows(role: Role, action: Action) -> bool {
    match (role, action.asks()) {
        (Role::Owner, _) | (_, Asks::AnyRole) => true,
        (_, Asks::Ownership) => false,
        (Role::In(held, grade), Asks::OneOf(module, grades)) => held == module && grades.contains(&grade),
    }
}

/// The policy.
///
/// # Errors
/// [`Denied`], which the caller turns into "not found" or "not allowed".
pub fn decide(principal: &Principal, action: Action, tenant: Tenant) -> Result<Permit, Denied> {
    let actor = principal.actor();
    let permit = Permit {
        actor,
        tenant,
        action,
        standing: principal.standing(),
    };
    if actor == Actor::Server || matches!(actor, Actor::Job { on_behalf_of: None, .. }) {
        return if action.is_servers_own() {
            Ok(permit)
        } else {
            Err(Denied::RoleMissing { action })
        };
    }
    let roles = principal.roles_in(tenant);
    if roles.is_empty() {
        return Err(Denied::Invisible);
    }
    if roles.keys().any(|role| role_allows(*role, action)) && !(action.is_only_in_roots() && tenant.parent.is_some()) {
        Ok(permit)
    } else {
        Err(Denied::RoleMissing { action })
    }
}

/// The policy as a table in Markdown, action by role: what `docs/policy.md` holds.
#[must_use]
pub fn as_markdown() -> String {
    let mut text = String::from("| action |");
    for role in Role::ALL {
        text.push_str(&format!(" {} |", role.title()));
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(Role::ALL.len()));
    text.push('\n');
    for action in Action::ALL {
        text.push_str(&format!("| {} |", action.words()));
        for role in Role::ALL {
            text.push_str(if role_allows(role, *action) { " yes |" } else { " – |" });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{JobId, UserId};
    use std::collections::{BTreeMap, BTreeSet};

    fn org(n: u8) -> OrgId {
        format!("org_{n:032x}").parse().unwrap()
    }

    fn home() -> Tenant {
        Tenant::root(org(1))
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
            let permit = decide(&owner, *action, home()).unwrap();
            assert_eq!((permit.organization(), permit.action()), (org(1), *action));
            assert_eq!(decide(&owner, *action, Tenant::root(org(2))), Err(Denied::Invisible));
            assert_eq!(decide(&owner, *action, Tenant::below(org(2), org(3))), Err(Denied::Invisible));
        }
    }

    #[test]
    fn rights_flow_down_and_neither_up_nor_sideways() {
        let owner_below = person(&[(org(2), Role::Owner)]);
        for action in Action::ALL {
            assert_eq!(decide(&owner_below, *action, home()), Err(Denied::Invisible));
            assert_eq!(decide(&owner_below, *action, Tenant::below(org(1), org(3))), Err(Denied::Invisible));
        }
        assert!(decide(&owner_below, Action::AddKey, Tenant::below(org(1), org(2))).is_ok());
        let owner_above = person(&[(org(1), Role::Owner)]);
        assert!(decide(&owner_above, Action::AddKey, Tenant::below(org(1), org(2))).is_ok());
    }

    #[test]
    fn what_only_a_root_organization_can_do_is_not_done_below() {
        let owner = person(&[(org(1), Role::Owner)]);
        let below = Tenant::below(org(1), org(2));
        for action in [Action::ShareKey, Action::ManageSubOrganizations, Action::SeeActivityBelow] {
            assert!(decide(&owner, action, home()).is_ok());
            assert_eq!(decide(&owner, action, below), Err(Denied::RoleMissing { action }));
        }
    }

    #[test]
    fn a_permit_reaches_below_only_to_manage_what_is_there() {
        let owner = person(&[(org(1), Role::Owner)]);
        let below = Tenant::below(org(1), org(2));
        let manage = decide(&owner, Action::ManageSubOrganizations, home()).unwrap();
        assert_eq!(manage.below(below).unwrap().organization(), org(2));
        assert_eq!(manage.below(Tenant::below(org(3), org(2))), None);
        assert_eq!(manage.below(Tenant::root(org(2))), None);
        let rename = decide(&owner, Action::RenameOrganization, home()).unwrap();
        assert_eq!(rename.below(below), None);
    }

    #[test]
    fn a_role_reaches_no_further_than_its_module_and_grade() {
        let viewer = person(&[(org(1), Role::In(Module::Credentials, Grade::Viewer))]);
        assert!(decide(&viewer, Action::SeeKeys, home()).is_ok());
        assert!(decide(&viewer, Action::SeeOrganization, home()).is_ok());
        for action in [Action::AddKey, Action::SeeSigning] {
            assert_eq!(decide(&viewer, action, home()), Err(Denied::RoleMissing { action }));
        }
    }

    #[test]
    fn a_role_that_covers_another_allows_all_that_it_allows() {
        for mighty in Role::ALL {
            for lesser in Role::ALL.into_iter().filter(|lesser| mighty.covers(*lesser)) {
                for action in Action::ALL.iter().filter(|action| role_allows(lesser, **action)) {
                    assert!(
                        role_allows(mighty, *action),
                        "{mighty} covers {lesser}, but not to {}",
                        action.words()
                    );
                }
            }
        }
    }

    #[test]
    fn only_an_owner_lets_a_declared_no_pass() {
        let action = Action::OverrideFeature;
        let manager = person(&[(org(1), Role::In(Module::Credentials, Grade::Manager))]);
        assert!(decide(&manager, Action::EditKey, home()).is_ok());
        assert_eq!(decide(&manager, action, home()), Err(Denied::RoleMissing { action }));
        assert_eq!(action.needed_role(), Role::Owner);
        assert_eq!(Action::ShareKey.needed_role().title(), "Credentials Manager");
    }

    #[test]
    fn the_server_checks_keys_settles_acts_sends_mail_and_notices_and_does_nothing_else_by_itself() {
        let allowed: Vec<_> = Action::ALL
            .iter()
            .filter(|a| decide(&Principal::server(), **a, home()).is_ok())
            .collect();
        assert_eq!(
            allowed,
            [
                &Action::SeeMembers,
                &Action::SeeChannels,
                &Action::SeeKeys,
                &Action::CheckKey,
                &Action::SettleOperation
            ]
        );
    }

    #[test]
    fn a_job_has_the_rights_its_starter_has_now() {
        let job: JobId = format!("job_{:032x}", 1).parse().unwrap();
        let removed = Principal::job(job, Some(Subject::User(user())), BTreeMap::new());
        assert_eq!(decide(&removed, Action::CreateCertificate, home()), Err(Denied::Invisible));
    }

    #[test]
    fn an_action_has_a_word_of_its_own() {
        assert_eq!(Action::SeeActivityBelow.as_str(), "see-activity-below");
        let words: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(words.len(), Action::ALL.len());
    }
}
