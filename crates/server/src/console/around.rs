//! What stands around a page, gathered: the organization, what the person may there, counts, and what they can switch to.
//!
//! The one surprising thing: of a thousand organizations a page reads the few that the switcher shows. The rest is behind
//! its link, where they can be searched.

use super::{
    shell::{Counts, Offer, Place, Shell},
    visit::Visitor,
};
use crate::{State, session};
use app::{
    Paging, Problem,
    accounts::SignedIn,
    organizations::{OrganizationFilter, OrganizationView},
};
use domain::{Action, OrgId, Tenant, decide};

/// How many organizations the switcher shows.
const OFFERS: usize = 20;

impl Visitor {
    /// Whether the person may do this there, by the policy alone: for what a page offers.
    #[must_use]
    pub(crate) fn may(&self, action: Action, tenant: Tenant) -> bool {
        decide(&self.who.caller.principal, action, tenant).is_ok()
    }

    /// Around a page of the person's own; the sidebar shows the organization that they saw last.
    pub(crate) async fn shell(&self, state: &State) -> Result<Shell, Problem> {
        let mut known = self.recent.clone();
        known.extend(self.who.home());
        let seen = state.app.organizations_among(&self.who.caller, &known).await?;
        match seen.into_iter().next() {
            Some(view) => self.around(state, view, Place::Me).await,
            None => Ok(self.plain(state)),
        }
    }

    /// Around a page of an organization. An organization that the person does not belong to does not exist.
    pub(crate) async fn shell_in(&self, state: &State, org: OrgId, here: Place) -> Result<Shell, Problem> {
        let view = state.app.organization_view(&self.who.caller, org).await?;
        let place = format!("/o/{org}");
        Ok(Shell {
            exactly_here: self.path.trim_start_matches(&place).matches('/').count() < 2,
            ..self.around(state, view, here).await?
        })
    }

    /// The same around a form that is shown only to somebody who may send it.
    pub(crate) async fn shell_for(&self, state: &State, org: OrgId, here: Place, act: Action) -> Result<Shell, Problem> {
        state.app.may(&self.who.caller, act, org).await?;
        self.shell_in(state, org, here).await
    }

    /// Without an organization.
    fn plain(&self, state: &State) -> Shell {
        Shell {
            csrf: session::form_token(&self.cookie),
            person: Some(self.person.clone()),
            shortcuts: self.shortcuts,
            toast: self.toast,
            path: self.path.clone(),
            ..Shell::bare(self.theme, state.clock.now())
        }
    }

    async fn around(&self, state: &State, view: OrganizationView, here: Place) -> Result<Shell, Problem> {
        let shell = self.plain(state);
        let org = view.organization.id;
        let tenant = Tenant {
            id: org,
            parent: view.organization.parent,
        };
        Ok(Shell {
            allowed: Action::ALL.iter().copied().filter(|action| self.may(*action, tenant)).collect(),
            offers: self.offers(state, org).await?,
            counts: counts(state, &self.who, org).await?,
            unread: state.app.unread_notices(&self.who).await?,
            parent_name: view.parent_name,
            org: Some(view.organization),
            here,
            ..shell
        })
    }

    /// Those seen last, then others by name.
    async fn offers(&self, state: &State, but: OrgId) -> Result<Vec<Offer>, Problem> {
        let caller = &self.who.caller;
        let mut views = state.app.organizations_among(caller, &self.recent).await?;
        let first = Paging::first(OFFERS as u32);
        let all = state.app.organizations(caller, &OrganizationFilter::default(), &first).await?;
        for view in all.items {
            if views.iter().all(|known| known.organization.id != view.organization.id) {
                views.push(view);
            }
        }
        views.retain(|view| view.organization.id != but);
        views.truncate(OFFERS);
        Ok(views.into_iter().map(Offer::from).collect())
    }
}

/// Counts for the sidebar. What the person may not see is not counted.
async fn counts(state: &State, who: &SignedIn, org: OrgId) -> Result<Counts, Problem> {
    let counts = state.app.counts(&who.caller, org).await?;
    Ok(Counts {
        keys: counts.keys.len(),
        keys_in_need: counts
            .keys
            .iter()
            .filter(|key| super::parts::Mark::health(key).tone.needs_somebody())
            .count(),
        certificates: counts.certificates.all as usize,
        certificates_in_need: counts.certificates.ending as usize,
    })
}
