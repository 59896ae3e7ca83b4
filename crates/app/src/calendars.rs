//! What expires, for calendar programs: a link that is a secret, made by a person for themselves.
//!
//! A calendar program signs in nowhere, so whoever has the link sees what the person sees, names and dates of what ends, and
//! nothing else. Their roles are asked each time: who has left sees nothing any more, and such a link is like none.

use crate::{
    App, Problem,
    accounts::{SignedIn, bearer, hashed, principal_of},
    expiries::Expiries,
};
use crate::{Caller, Shown};
use domain::{Action, Actor, Event, OrgId, Origin, decide};
use jiff::Timestamp;

/// What a calendar program reads.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The organization.
    pub organization: OrgId,
    /// What it is called.
    pub name: String,
    /// What ends.
    pub expiries: Expiries,
}

impl App {
    /// Makes the person's link to an organization's calendar, shown once; the one before opens nothing any more.
    ///
    /// # Errors
    /// `person_needed`, `not_found`.
    pub async fn make_calendar_link(&self, who: &SignedIn, org: OrgId) -> Result<Shown, Problem> {
        let user = who.person()?.id;
        let permit = self.permit(&who.caller, Action::SeeOrganization, org).await?;
        let token = bearer::fresh(&*self.inner.entropy);
        let mut tx = self.begin_for(&who.caller, &permit).await?;
        tx.set_calendar_link(&permit, user, &hashed(token.expose()), self.now()).await?;
        self.record_done(&mut tx, &who.caller, org, Event::CalendarLinkMade { user })
            .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// When the person made their link; none when they have none.
    ///
    /// # Errors
    /// `person_needed`, `not_found`.
    pub async fn calendar_link(&self, who: &SignedIn, org: OrgId) -> Result<Option<Timestamp>, Problem> {
        let user = who.person()?.id;
        let permit = self.permit(&who.caller, Action::SeeOrganization, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        Ok(tx.calendar_link(&permit, user).await?)
    }

    /// Ends the person's link, if they have one.
    ///
    /// # Errors
    /// `person_needed`, `not_found`.
    pub async fn end_calendar_link(&self, who: &SignedIn, org: OrgId) -> Result<(), Problem> {
        let user = who.person()?.id;
        let permit = self.permit(&who.caller, Action::SeeOrganization, org).await?;
        let mut tx = self.begin_for(&who.caller, &permit).await?;
        if tx.end_calendar_link(&permit, user).await? {
            self.record_done(&mut tx, &who.caller, org, Event::CalendarLinkEnded { user })
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// What expires, for whoever has the link.
    ///
    /// # Errors
    /// `not_found` for a link that is none, or whose maker does not see the organization any more.
    pub async fn calendar(&self, token: &str) -> Result<Calendar, Problem> {
        let mut tx = self.inner.store.read_over_all().await?;
        let (user, organization) = tx.calendar_by_token(&hashed(token)).await?.ok_or_else(Problem::not_found)?;
        let principal = principal_of(&mut tx, Actor::Person { user }, self.now()).await?;
        let tenant = tx.tenant(organization).await?.ok_or_else(Problem::not_found)?;
        // Asked of the policy alone: a program that asks every hour is no attempt of anybody.
        decide(&principal, Action::SeeOrganization, tenant).map_err(|_| Problem::not_found())?;
        let name = tx.organization_name(organization).await?.unwrap_or_default();
        drop(tx);
        let caller = Caller {
            principal,
            origin: Origin::default(),
        };
        Ok(Calendar {
            expiries: self.expiries(&caller, organization).await?,
            organization,
            name,
        })
    }
}
