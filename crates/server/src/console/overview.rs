//! The overview: what needs somebody, what expires when, the health of the keys, what happened last.

use crate::State;

use super::{
    expiries,
    filters::{self, digits_grouped},
    parts::{Mark, Tone},
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
    when::{Urgency, date, distance, urgency},
};
use app::{
    expiries::{Expiry, ExpiryOf},
    keys::KeySummary,
    overview::Overview,
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{KeyHealth, OrgId};
use jiff::Timestamp;

/// Something that needs somebody.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// How badly.
    pub(crate) tone: Tone,
    /// Its symbol.
    pub(crate) icon: &'static str,
    /// What it is.
    pub(crate) head: String,
    /// What to know about it.
    pub(crate) body: String,
    /// The words of the way on.
    pub(crate) act: &'static str,
    /// Where it leads.
    pub(crate) address: String,
}

/// The page.
#[derive(Template)]
#[template(path = "overview.html")]
pub(crate) struct OverviewPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What `app` gathered.
    pub(crate) of: Overview,
    /// How many certificates are held here.
    pub(crate) certificates: usize,
    /// What needs somebody, worst first.
    pub(crate) needs: Vec<Need>,
}

impl OverviewPage {
    /// From what `app` gathered.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, of: Overview) -> Self {
        let certificates = shell.counts.certificates;
        let needs = needs(org, &of, shell.now);
        Self {
            shell,
            org,
            of,
            certificates,
            needs,
        }
    }

    fn today(&self) -> String {
        self.shell.now.strftime("%A %-d %B %Y").to_string()
    }

    /// What comes next of that which somebody has to do something about.
    fn next_expiry(&self) -> Option<&Expiry> {
        let mut ahead = self.of.ending.items.iter().filter(|expiry| expiry.at >= self.shell.now);
        ahead.find(|expiry| !is_meant_to_end(expiry.of))
    }

    fn timeline(&self) -> String {
        expiries::timeline(&self.of.ending, self.shell.now)
    }

    fn address_of(&self, expiry: &Expiry) -> String {
        expiries::address_of(self.org, expiry)
    }

    fn kind_of(&self, expiry: &Expiry) -> &'static str {
        expiries::kind_of(expiry)
    }

    fn lanes(&self) -> [&'static str; 5] {
        expiries::LANES
    }

    fn last_check(&self) -> Option<Timestamp> {
        self.of.keys.iter().filter_map(|key| key.key.last_check).max()
    }
}

/// Whether nobody has to do anything about its end.
fn is_meant_to_end(of: ExpiryOf) -> bool {
    matches!(of, ExpiryOf::Share(_) | ExpiryOf::Invitation)
}

fn needs(org: OrgId, of: &Overview, now: Timestamp) -> Vec<Need> {
    let mut needs: Vec<Need> = of.keys.iter().filter_map(|key| key_need(org, key)).collect();
    let ending: Vec<Need> = of.ending.items.iter().filter_map(|expiry| expiry_need(org, expiry, now)).collect();
    let soon = of
        .ending
        .items
        .iter()
        .filter(|expiry| urgency(expiry.at, now) != Urgency::Calm)
        .count();
    let further = (of.ending.soon as usize).saturating_sub(soon);
    needs.extend(ending);
    if further > 0 {
        needs.push(Need {
            tone: Tone::Warn,
            icon: "clock",
            head: format!("{} further things expire soon or have expired", digits_grouped(further)),
            body: "Certificates and profiles that are not among the nearest hundred.".to_owned(),
            act: "See what expires",
            address: format!("/o/{org}/expiries"),
        });
    }
    needs.extend(of.waiting_operations.iter().map(|operation| Need {
        tone: Tone::Info,
        icon: "half",
        head: format!("“{}” waits for Apple", operation.kind.title()),
        body: "It goes on by itself.".to_owned(),
        act: "See progress",
        address: format!("/o/{org}/operations/{}", operation.id),
    }));
    needs.sort_by_key(|need| match need.tone {
        Tone::Bad => 0,
        Tone::Warn => 1,
        _ => 2,
    });
    needs
}

fn key_need(org: OrgId, summary: &KeySummary) -> Option<Need> {
    let key = &summary.key;
    let head = match &key.health {
        KeyHealth::Working => return None,
        KeyHealth::Unverified => format!("{} is not proved yet", key.name),
        KeyHealth::ClockOff { .. } => format!("Apple refuses {}: this server’s clock is off", key.name),
        KeyHealth::WrongKind { .. } => format!("{} is a key of another kind", key.name),
        KeyHealth::NoLongerAccepted { .. } => format!("Apple no longer accepts {}", key.name),
        KeyHealth::Mismatch => format!("Apple does not accept {}", key.name),
        KeyHealth::AgreementMissing => format!("Apple wants an agreement accepted for {}", key.name),
        KeyHealth::MembershipLapsed => format!("The membership behind {} has lapsed", key.name),
    };
    let mark = Mark::health(&key.health);
    Some(Need {
        tone: mark.tone,
        icon: mark.icon,
        head,
        body: summary.trouble.clone().unwrap_or_else(|| key.health.next_step()),
        act: "Review key",
        address: format!("/o/{org}/keys/{}", key.id),
    })
}

fn expiry_need(org: OrgId, expiry: &Expiry, now: Timestamp) -> Option<Need> {
    let (tone, verb) = match urgency(expiry.at, now) {
        Urgency::Calm => return None,
        Urgency::Soon => (Tone::Warn, "expires "),
        Urgency::Past => (Tone::Bad, ""),
    };
    let (act, address, body) = match expiry.of {
        ExpiryOf::Certificate(id) => (
            "See certificate",
            format!("/o/{org}/certificates/{id}"),
            "Renew it in time: its profiles are built anew with it.",
        ),
        ExpiryOf::Profile(id) => (
            "See profile",
            format!("/o/{org}/profiles/held/{id}"),
            "Rebuild it under the same name.",
        ),
        ExpiryOf::Token => (
            "See tokens",
            "/me/tokens".to_owned(),
            "Make another and put it where this one is used.",
        ),
        ExpiryOf::ServiceToken(id) => (
            "See token",
            format!("/o/{org}/tokens/{id}"),
            "Rotate it and put the new value where the old one is used.",
        ),
        ExpiryOf::Share(_) | ExpiryOf::Invitation => return None,
    };
    Some(Need {
        tone,
        icon: "clock",
        head: format!("{} {verb}{}", expiry.name, distance(expiry.at, now)),
        body: format!("{}. {body}", date(expiry.at)),
        act,
        address,
    })
}

/// `GET /o/{org}`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Overview).await?;
    let of = state.app.overview(&visitor.who.caller, org).await?;
    page(&OverviewPage::new(shell, org, of))
}
