//! API tokens of an organization: accounts for machines, with roles of their own.
//!
//! Whoever makes, changes or rotates a token gets what it can do into their hands, so they must hold all of it
//! themselves, in each organization that it reaches ([`Scope::held_by`]). A token may make tokens too, and is held to
//! the same, to its own address ranges, and to its own end. To revoke needs none of that: a token that leaked is ended by
//! whoever notices first.
//!
//! The surprising thing: a token stays as it is when its maker loses rights or leaves. It is the organization's, builds
//! hang on it, and it is shown with its maker's name.

mod entered;
mod scope;

pub use entered::{NewServiceToken, ServiceTokenChange};

use crate::{
    App, Caller, Problem, Shown,
    accounts::{SignedIn, bearer, hashed, token_end},
    acting::fresh,
    activity::Names,
    problem::Kind,
};
use domain::{Action, Event, ItemName, OrgId, Organization, Role, ServiceToken, ServiceTokenId, policy::lacking};
use jiff::Timestamp;
use scope::Scope;
use std::collections::BTreeSet;
use store::{OrganizationFilter, Page, Paging, StoreError, Tx};

/// A token with names in the place of ids.
#[derive(Debug, Clone)]
pub struct ServiceTokenView {
    /// The token.
    pub token: ServiceToken,
    /// Who made it.
    pub made_by: String,
}

/// What a token of an organization can be given.
#[derive(Debug, Clone)]
pub struct ServiceTokenOptions {
    /// The organization itself, then its sub-organizations by name; [`OFFERED_MOST`] of them at most.
    pub organizations: Vec<Organization>,
    /// Every role that a token can hold, and whether the asking one holds it in this organization.
    pub roles: Vec<(Role, bool)>,
}

/// How many organizations are offered to choose from.
pub const OFFERED_MOST: usize = 1000;

impl App {
    /// The tokens of an organization, newest first.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn service_tokens(&self, caller: &Caller, org: OrgId, paging: &Paging) -> Result<Page<ServiceTokenView>, Problem> {
        let permit = self.permit(caller, Action::SeeTokens, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.service_tokens(&permit, paging).await?;
        let mut names = Names::default();
        let mut items = Vec::with_capacity(page.items.len());
        for token in page.items {
            items.push(view(&mut tx, &mut names, token).await?);
        }
        Ok(Page {
            items,
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn service_token(&self, caller: &Caller, org: OrgId, id: ServiceTokenId) -> Result<ServiceTokenView, Problem> {
        let permit = self.permit(caller, Action::SeeTokens, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let token = tx.service_token(&permit, id).await?;
        view(&mut tx, &mut Names::default(), token).await
    }

    /// The organizations that a token is confined to, as far as they still exist; none for its own and every one below.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn service_token_organizations(
        &self,
        caller: &Caller,
        org: OrgId,
        id: ServiceTokenId,
    ) -> Result<Option<Vec<Organization>>, Problem> {
        let permit = self.permit(caller, Action::SeeTokens, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let Some(chosen) = tx.service_token(&permit, id).await?.confined_to else {
            return Ok(None);
        };
        let mut organizations = Vec::with_capacity(chosen.len());
        for one in chosen {
            let found = if one == org {
                tx.organization(&permit).await
            } else {
                tx.sub_organization(&permit, one).await
            };
            match found {
                Ok(organization) => organizations.push(organization),
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(organizations))
    }

    /// What there is to choose from for a token of this organization.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn service_token_options(&self, caller: &Caller, org: OrgId) -> Result<ServiceTokenOptions, Problem> {
        let permit = self.permit(caller, Action::ManageTokens, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let mut organizations = vec![tx.organization(&permit).await?];
        let mut paging = Paging::first(Paging::MOST);
        while organizations.len() <= OFFERED_MOST {
            let page = tx.sub_organizations(&permit, &OrganizationFilter::default(), &paging).await?;
            organizations.extend(page.items.into_iter().map(|sub| sub.organization));
            let Some(next) = page.next else { break };
            paging = Paging::after(next, Paging::MOST);
        }
        let held: BTreeSet<Role> = caller.principal.roles_in(permit.tenant()).into_keys().collect();
        let grantable = Role::ALL.into_iter().filter(|role| *role != Role::Owner);
        Ok(ServiceTokenOptions {
            organizations,
            roles: grantable
                .map(|role| (role, lacking(&held, &BTreeSet::from([role])).is_empty()))
                .collect(),
        })
    }

    /// Makes a token (`russet_…` with a checksum, as personal ones), shown once.
    ///
    /// # Errors
    /// A problem per field; `role_lacking` for more than one holds; `not_found`, `not_allowed`.
    pub async fn create_service_token(
        &self,
        who: &SignedIn,
        org: OrgId,
        new: NewServiceToken,
    ) -> Result<(ServiceTokenView, Shown), Problem> {
        let permit = self.permit(&who.caller, Action::ManageTokens, org).await?;
        let (name, scope) = new.read()?;
        let now = self.now();
        let expires_at = token_end(who, now, new.expires_at)?;
        let shown = bearer::fresh_token(&*self.inner.entropy);
        let token = ServiceToken {
            id: fresh!(self, ServiceTokenId),
            organization: org,
            name,
            roles: scope.roles.clone(),
            confined_to: scope.confined_to.clone(),
            address_ranges: scope.address_ranges.clone(),
            created_by: who.subject(),
            created_at: now,
            expires_at,
            used_at: None,
        };
        let mut tx = self.begin_for(&who.caller, &permit).await?;
        if let Err(problem) = scope.held_by(&mut tx, who, &permit, None).await {
            return Err(self
                .refused(tx, who, org, problem, "give an API token what one does not hold")
                .await);
        }
        let inserted = tx.insert_service_token(&permit, &token, &hashed(shown.expose())).await;
        inserted.map_err(|error| name_taken(error, &token.name))?;
        let event = Event::ServiceTokenCreated {
            token: token.id,
            name: token.name.clone(),
            roles: scope.roles,
            organizations: scope.confined_to,
            address_ranges: scope.address_ranges,
            expires_at,
        };
        self.record_done(&mut tx, &who.caller, org, event).await?;
        let view = view(&mut tx, &mut Names::default(), token).await?;
        tx.commit().await?;
        Ok((view, shown))
    }

    /// Changes a token's name, roles, organizations or address ranges; what was asked for and is so already is no change.
    /// It holds from the next request on.
    ///
    /// # Errors
    /// As for [`App::create_service_token`], also for what the token holds already: nobody changes a token that can do
    /// more than they.
    pub async fn change_service_token(
        &self,
        who: &SignedIn,
        org: OrgId,
        id: ServiceTokenId,
        change: ServiceTokenChange,
    ) -> Result<ServiceTokenView, Problem> {
        let permit = self.permit(&who.caller, Action::ManageTokens, org).await?;
        let mut tx = self.begin_for(&who.caller, &permit).await?;
        let before = tx.service_token(&permit, id).await?;
        let token = change.applied_to(&before)?;
        for scope in [Scope::of(&before), Scope::of(&token)] {
            if let Err(problem) = scope.held_by(&mut tx, who, &permit, Some(&before)).await {
                return Err(self
                    .refused(tx, who, org, problem, "change an API token beyond one's own rights")
                    .await);
            }
        }
        if token != before {
            let changed = tx.change_service_token(&permit, &token).await;
            changed.map_err(|error| name_taken(error, &token.name))?;
            let event = Event::ServiceTokenChanged {
                token: id,
                name: token.name.clone(),
                roles: token.roles.clone(),
                organizations: token.confined_to.clone(),
                address_ranges: token.address_ranges.clone(),
            };
            self.record_done(&mut tx, &who.caller, org, event).await?;
        }
        let view = view(&mut tx, &mut Names::default(), token).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Gives a token a fresh value, shown once, and a fresh end. The value before is dead at once: there is no overlap.
    ///
    /// # Errors
    /// `role_lacking` for a token that can do more than one holds; `expiry_unfit`; `not_found`, `not_allowed`.
    pub async fn rotate_service_token(
        &self,
        who: &SignedIn,
        org: OrgId,
        id: ServiceTokenId,
        expires_at: Option<Timestamp>,
    ) -> Result<(ServiceTokenView, Shown), Problem> {
        let permit = self.permit(&who.caller, Action::ManageTokens, org).await?;
        let expires_at = token_end(who, self.now(), expires_at)?;
        let shown = bearer::fresh_token(&*self.inner.entropy);
        let mut tx = self.begin_for(&who.caller, &permit).await?;
        let before = tx.service_token(&permit, id).await?;
        if let Err(problem) = Scope::of(&before).held_by(&mut tx, who, &permit, Some(&before)).await {
            return Err(self
                .refused(tx, who, org, problem, "rotate an API token beyond one's own rights")
                .await);
        }
        tx.rotate_service_token(&permit, id, &hashed(shown.expose()), expires_at).await?;
        let token = ServiceToken { expires_at, ..before };
        let event = Event::ServiceTokenRotated {
            token: id,
            name: token.name.clone(),
            expires_at,
        };
        self.record_done(&mut tx, &who.caller, org, event).await?;
        let view = view(&mut tx, &mut Names::default(), token).await?;
        tx.commit().await?;
        Ok((view, shown))
    }

    /// Ends a token at once, also for what it began and has not finished.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn revoke_service_token(&self, caller: &Caller, org: OrgId, id: ServiceTokenId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::ManageTokens, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let revoked = tx.revoke_service_token(&permit, id).await?;
        let event = Event::ServiceTokenRevoked {
            token: id,
            name: revoked.name,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Drops what was begun, and records a refusal of rights. Input that does not fit is no attempt at anything.
    async fn refused(&self, tx: Tx, who: &SignedIn, org: OrgId, problem: Problem, what: &str) -> Problem {
        drop(tx);
        if problem.kind != Kind::NotAllowed {
            return problem;
        }
        self.denied(&who.caller, Some(org), what, problem).await
    }
}

async fn view(tx: &mut Tx, names: &mut Names, token: ServiceToken) -> Result<ServiceTokenView, Problem> {
    Ok(ServiceTokenView {
        made_by: names.of_subject(tx, token.created_by).await?,
        token,
    })
}

fn name_taken(error: StoreError, name: &ItemName) -> Problem {
    match error {
        StoreError::Conflict(store::Conflict::TokenName) => {
            let mut problem = Problem::field(
                "name_taken",
                "name",
                format!(
                    "There is an API token “{name}” here, or one whose name reads alike. Choose another name, or revoke that one first."
                ),
            );
            problem.kind = Kind::Conflict;
            problem
        }
        other => other.into(),
    }
}
