//! What expires when: the timeline, the whole list below it, and the link by which a calendar shows it.

use super::{
    filters,
    pictures::{self, Dot, Lane},
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::expiries::{Expiries, Expiry, ExpiryOf};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::OrgId;
use jiff::Timestamp;

/// The page.
#[derive(Template)]
#[template(path = "expiries.html")]
pub(crate) struct ExpiriesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What ends.
    pub(crate) ending: Expiries,
    /// When the person made their calendar link.
    pub(crate) linked: Option<Timestamp>,
    /// The link just made: shown on this answer and on no other.
    pub(crate) link: Option<String>,
}

impl ExpiriesPage {
    fn timeline(&self) -> String {
        timeline(&self.ending, self.shell.now)
    }

    fn address_of(&self, expiry: &Expiry) -> String {
        address_of(self.org, expiry)
    }

    fn kind_of(&self, expiry: &Expiry) -> &'static str {
        kind_of(expiry)
    }

    fn lanes(&self) -> [&'static str; 5] {
        LANES
    }

    /// How many are not in the list, which has the nearest.
    fn further(&self) -> usize {
        ((self.ending.soon + self.ending.later) as usize).saturating_sub(self.ending.items.len())
    }
}

/// `GET /o/{org}/expiries`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    shown(&state, &visitor, id(&org)?, None).await
}

/// The page, with a calendar link that was made just now.
pub(crate) async fn shown(state: &State, visitor: &Visitor, org: OrgId, link: Option<String>) -> Answer {
    let shell = visitor.shell_in(state, org, Place::Expiries).await?;
    page(&ExpiriesPage {
        shell,
        org,
        ending: state.app.expiries(&visitor.who.caller, org).await?,
        linked: state.app.calendar_link(&visitor.who, org).await?,
        link,
    })
}

/// The picture of the next twelve months.
pub(crate) fn timeline(ending: &Expiries, now: Timestamp) -> String {
    let lanes = LANES.map(|name| Lane {
        name,
        dots: ending
            .items
            .iter()
            .filter(|expiry| lane_of(expiry.of) == name)
            .map(|expiry| Dot {
                name: expiry.name.clone(),
                at: expiry.at,
            })
            .collect(),
    });
    let counts: Vec<_> = lanes
        .iter()
        .map(|lane| format!("{} {}", lane.name.to_lowercase(), lane.dots.len()))
        .collect();
    // Of the certificates and profiles only the nearest are dots; the first number is of all.
    let name = format!(
        "What expires in the next 12 months, {} in all, the nearest of them: {}. They stand below as text.",
        ending.soon + ending.later,
        counts.join(", ")
    );
    pictures::timeline(&lanes, now, &name)
}

/// The lanes of the picture.
pub(crate) const LANES: [&str; 5] = ["Certificates", "Profiles", "Tokens", "Shares", "Invitations"];

fn lane_of(expiry: ExpiryOf) -> &'static str {
    let [certificates, profiles, tokens, shares, invitations] = LANES;
    match expiry {
        ExpiryOf::Certificate(_) => certificates,
        ExpiryOf::Profile(_) => profiles,
        ExpiryOf::Token | ExpiryOf::ServiceToken(_) => tokens,
        ExpiryOf::Share(_) => shares,
        ExpiryOf::Invitation => invitations,
    }
}

/// What something that ends is.
pub(crate) fn kind_of(expiry: &Expiry) -> &'static str {
    match expiry.of {
        ExpiryOf::Certificate(_) => "Certificate",
        ExpiryOf::Profile(_) => "Profile",
        ExpiryOf::Token => "Your API token",
        ExpiryOf::ServiceToken(_) => "API token",
        ExpiryOf::Share(_) => "Share of an API key",
        ExpiryOf::Invitation => "Invitation",
    }
}

/// Where something that ends is seen.
pub(crate) fn address_of(org: OrgId, expiry: &Expiry) -> String {
    match expiry.of {
        ExpiryOf::Certificate(id) => format!("/o/{org}/certificates/{id}"),
        ExpiryOf::Profile(id) => format!("/o/{org}/profiles/held/{id}"),
        ExpiryOf::Token => "/me/tokens".to_owned(),
        ExpiryOf::ServiceToken(id) => format!("/o/{org}/tokens/{id}"),
        ExpiryOf::Share(key) => format!("/o/{org}/keys/{key}"),
        ExpiryOf::Invitation => format!("/o/{org}/members"),
    }
}
