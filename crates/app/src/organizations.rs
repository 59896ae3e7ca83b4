//! Organizations: root organizations and, one level below them, sub-organizations. See, create, rename, delete.
//!
//! A sub-organization is created and deleted by who may manage them in its root organization, and renamed by who may rename
//! it itself. A root organization is created by somebody who owns one here already, and deleted by its Owner. Nobody is
//! made a member by creating a sub-organization: what they hold above holds there.
//!
//! The surprising thing: whoever asks for a list sees what their rights reach, and nothing in here asks for a permit for
//! that. Their principal, which every permit is decided from, is the filter.

mod delete;

pub use delete::Lost;
pub use store::{Losses, OrganizationFilter, SubOrganization};

use crate::{App, Caller, Problem, acting::fresh, problem::Kind};
use domain::{
    Action, Actor, Event, ItemName, OrgId, Organization, Outcome, Tenant, UserId, decide,
    policy::{HeldBy, Role},
};
use std::collections::BTreeMap;
use store::{Conflict, Page, Paging, SeenOrganization, StoreError, Tx};

/// An organization as the caller sees it.
#[derive(Debug, Clone)]
pub struct OrganizationView {
    /// The organization.
    pub organization: Organization,
    /// What the root organization above it is called.
    pub parent_name: Option<ItemName>,
    /// Whether the caller belongs to that one too; else it is no more than a name.
    pub sees_parent: bool,
    /// The caller's roles there, and whether each was given there or above.
    pub roles: BTreeMap<Role, HeldBy>,
}

impl OrganizationView {
    fn of(caller: &Caller, seen: SeenOrganization) -> Self {
        let above = seen.organization.parent.map(Tenant::root);
        Self {
            roles: caller.principal.roles_in(tenant_of(&seen.organization)),
            sees_parent: above.is_some_and(|above| !caller.principal.roles_in(above).is_empty()),
            organization: seen.organization,
            parent_name: seen.parent_name,
        }
    }
}

fn tenant_of(organization: &Organization) -> Tenant {
    Tenant {
        id: organization.id,
        parent: organization.parent,
    }
}

/// Reads a name, told at its field when it does not fit. A slash has a meaning of its own: `Root/Sub` is how one is named.
fn name_of(text: &str) -> Result<ItemName, Problem> {
    read_name(text).map_err(|why| Problem::field("name_unfit", "name", why))
}

/// The same, or why it does not fit.
pub(crate) fn read_name(text: &str) -> Result<ItemName, String> {
    if text.contains('/') {
        let why = "The name has a slash in it, and Root/Sub is how people name an organization below another. Choose a name without one.";
        return Err(why.to_owned());
    }
    text.parse().map_err(|error: domain::name::NameError| error.to_string())
}

/// The refusal of a name that something beside it has.
fn name_taken(name: &ItemName, where_: &str) -> Problem {
    let mut problem = Problem::field(
        "name_taken",
        "name",
        format!("{where_} is called “{name}”, or so alike that one could be taken for the other. Choose another name."),
    );
    problem.kind = Kind::Conflict;
    problem
}

const SIBLING: &str = "Another sub-organization";
const OTHER_ROOT: &str = "Another root organization of yours";

/// What the store says to a name beside others, in words.
fn unless_taken<T>(answer: Result<T, StoreError>, name: &ItemName) -> Result<T, Problem> {
    match answer {
        Err(StoreError::Conflict(Conflict::Name)) => Err(name_taken(name, SIBLING)),
        answer => Ok(answer?),
    }
}

/// The person who asks, also through a token of theirs. A token of an organization stands for nobody.
fn person(caller: &Caller) -> Option<UserId> {
    match caller.principal.actor() {
        Actor::Person { user } | Actor::Token { user, .. } => Some(user),
        Actor::Service { .. } | Actor::Job { .. } | Actor::Server | Actor::Anonymous => None,
    }
}

fn refuse_twin(roots: &[Organization], but: Option<OrgId>, name: &ItemName) -> Result<(), Problem> {
    let twin =
        |root: &&Organization| Some(root.id) != but && (root.name.folded() == name.folded() || root.name.likeness() == name.likeness());
    match roots.iter().find(twin) {
        Some(_) => Err(name_taken(name, OTHER_ROOT)),
        None => Ok(()),
    }
}

impl App {
    /// The organizations that exist for the caller, by name: where roles were given to them, and what is below those.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizations(
        &self,
        caller: &Caller,
        filter: &OrganizationFilter,
        paging: &Paging,
    ) -> Result<Page<OrganizationView>, Problem> {
        let mut tx = self.inner.store.read().await?;
        let page = tx.visible_organizations(&caller.principal, filter, paging).await?;
        Ok(page.map(|seen| OrganizationView::of(caller, seen)))
    }

    /// Those of the named ones that exist for the caller, in this order: what a browser remembers, looked at again. To
    /// remember one that is no more is no attempt to see it, and not recorded.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizations_among(&self, caller: &Caller, ids: &[OrgId]) -> Result<Vec<OrganizationView>, Problem> {
        let mut tx = self.inner.store.read().await?;
        let mut views = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(tenant) = tx.tenant(*id).await? else { continue };
            if let Ok(permit) = decide(&caller.principal, Action::SeeOrganization, tenant) {
                views.push(OrganizationView::of(caller, tx.seen_organization(&permit).await?));
            }
        }
        Ok(views)
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn organization_view(&self, caller: &Caller, org: OrgId) -> Result<OrganizationView, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        let seen = self.inner.store.read_for(&permit).await?.seen_organization(&permit).await?;
        Ok(OrganizationView::of(caller, seen))
    }

    /// The sub-organizations of a root organization, by name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn sub_organizations(
        &self,
        caller: &Caller,
        root: OrgId,
        filter: &OrganizationFilter,
        paging: &Paging,
    ) -> Result<Page<SubOrganization>, Problem> {
        let permit = self.permit(caller, Action::SeeSubOrganizations, root).await?;
        Ok(self
            .inner
            .store
            .read_for(&permit)
            .await?
            .sub_organizations(&permit, filter, paging)
            .await?)
    }

    /// One sub-organization, for who manages them: before it is renamed or deleted.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn sub_organization(&self, caller: &Caller, root: OrgId, sub: OrgId) -> Result<Organization, Problem> {
        let permit = self.permit(caller, Action::ManageSubOrganizations, root).await?;
        Ok(self.inner.store.read_for(&permit).await?.sub_organization(&permit, sub).await?)
    }

    /// Whether the caller may create a root organization: for a form that is only to be shown to who may.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn may_create_root(&self, caller: &Caller) -> Result<bool, Problem> {
        let Some(user) = person(caller) else { return Ok(false) };
        Ok(!self.inner.store.read().await?.roots_owned_by(user).await?.is_empty())
    }

    /// Creates a root organization. The person who does becomes its Owner.
    ///
    /// # Errors
    /// `not_allowed` for who owns no root organization here; `name_unfit`; `name_taken` by another one of theirs.
    pub async fn create_root_organization(&self, caller: &Caller, name: &str) -> Result<OrganizationView, Problem> {
        let name = name_of(name)?;
        // The organization that it works for is not there yet.
        let mut tx = self.inner.store.begin_over_all().await?;
        let (user, roots) = match person(caller) {
            Some(user) => {
                tx.take_turn_at_roots(user).await?;
                (Some(user), tx.roots_owned_by(user).await?)
            }
            None => (None, Vec::new()),
        };
        let Some(user) = user.filter(|_| !roots.is_empty()) else {
            drop(tx);
            return Err(self.no_root_for(caller).await?);
        };
        refuse_twin(&roots, None, &name)?;
        let organization = self.make(&mut tx, None, name.clone()).await?;
        tx.add_role(organization.id, user, Role::Owner, self.now()).await?;
        self.record_made(&mut tx, caller, &organization).await?;
        tx.commit().await?;
        Ok(OrganizationView {
            organization,
            parent_name: None,
            sees_parent: false,
            roles: BTreeMap::from([(Role::Owner, HeldBy::Membership)]),
        })
    }

    /// Creates a sub-organization.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, also below a sub-organization; `name_unfit`; `name_taken` by one beside it.
    pub async fn create_sub_organization(&self, caller: &Caller, root: OrgId, name: &str) -> Result<OrganizationView, Problem> {
        let permit = self.permit(caller, Action::ManageSubOrganizations, root).await?;
        let name = name_of(name)?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let above = tx.lock_organization(&permit).await?;
        let organization = self.make(&mut tx, Some(root), name).await?;
        self.record_made(&mut tx, caller, &organization).await?;
        tx.commit().await?;
        Ok(OrganizationView::of(
            caller,
            SeenOrganization {
                organization,
                parent_name: Some(above.name),
            },
        ))
    }

    /// Changes what is given.
    ///
    /// # Errors
    /// As [`App::rename_organization`].
    pub async fn edit_organization(&self, caller: &Caller, org: OrgId, name: Option<&str>) -> Result<OrganizationView, Problem> {
        match name {
            Some(name) => self.rename_organization(caller, org, name).await,
            None => {
                self.permit(caller, Action::RenameOrganization, org).await?;
                self.organization_view(caller, org).await
            }
        }
    }

    /// Gives an organization another name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `name_unfit`; `name_taken` by one beside it.
    pub async fn rename_organization(&self, caller: &Caller, org: OrgId, name: &str) -> Result<OrganizationView, Problem> {
        let permit = self.permit(caller, Action::RenameOrganization, org).await?;
        let name = name_of(name)?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let present = tx.seen_organization(&permit).await?;
        if present.organization.name == name {
            return Ok(OrganizationView::of(caller, present));
        }
        if let (Some(user), None) = (person(caller), present.organization.parent) {
            tx.take_turn_at_roots(user).await?;
            let roots = tx.roots_owned_by(user).await?;
            refuse_twin(&roots, Some(org), &name)?;
        }
        unless_taken(tx.rename_organization(&permit, &name).await, &name)?;
        let event = Event::OrganizationRenamed {
            organization: org,
            from: present.organization.name,
            to: name.clone(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(OrganizationView::of(
            caller,
            SeenOrganization {
                organization: Organization {
                    name,
                    ..present.organization
                },
                ..present
            },
        ))
    }

    async fn make(&self, tx: &mut Tx, parent: Option<OrgId>, name: ItemName) -> Result<Organization, Problem> {
        let organization = Organization {
            id: fresh!(self, OrgId),
            parent,
            name,
            created_at: self.now(),
        };
        let ring = self.inner.vault.new_ring(&organization.id.to_string())?;
        unless_taken(tx.create_organization(&organization, &ring).await, &organization.name)?;
        Ok(organization)
    }

    /// In the log of the new organization, which the Owners of its root read as well.
    async fn record_made(&self, tx: &mut Tx, caller: &Caller, made: &Organization) -> Result<(), Problem> {
        let event = Event::OrganizationCreated {
            organization: made.id,
            name: made.name.clone(),
            parent: made.parent,
        };
        self.record_done(tx, caller, made.id, event).await
    }

    /// The recorded refusal to create a root organization.
    async fn no_root_for(&self, caller: &Caller) -> Result<Problem, Problem> {
        let event = Event::AccessDenied {
            what: "create a root organization".to_owned(),
        };
        let mut tx = self.inner.store.begin().await?;
        tx.record(&self.activity_record(caller, None, event, Outcome::Denied)).await?;
        tx.commit().await?;
        let message = match person(caller) {
            Some(_) => {
                "You may not create a root organization: that needs somebody who is Owner of one here already. Ask one of them, or create a sub-organization."
            }
            None => {
                "A token of an organization cannot create a root organization. An Owner does that as a person, or with a personal token."
            }
        };
        Ok(Problem::new(Kind::NotAllowed, "not_allowed", message))
    }
}
