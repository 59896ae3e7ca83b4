//! What ends when: certificates, profiles, tokens, shares, invitations. One list for the overview, the timeline and the
//! calendar.
//!
//! Of what there can be thousands of, the nearest are in it and all are counted. What the caller may not see is not in it, and
//! that is no attempt to see it.

use crate::{
    App, Caller, Problem,
    certificates::{past, soon},
    keys::KeySummary,
};
use domain::{Action, ApiKeyId, CertificateId, OrgId, Permit, ProfileId, ServiceTokenId, decide};
use jiff::{SignedDuration, Timestamp};
use store::{CertificateFilter, CertificateOrder, Paging, ProfileFilter, ProfileOrder};

/// Something that ends.
#[derive(Debug, Clone)]
pub struct Expiry {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub of: ExpiryOf,
    /// When it ends.
    pub at: Timestamp,
}

/// Kinds of things that end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryOf {
    /// A certificate held here.
    Certificate(CertificateId),
    /// A profile held here.
    Profile(ProfileId),
    /// One of the person's tokens.
    Token,
    /// A token of the organization.
    ServiceToken(ServiceTokenId),
    /// A share of a key: one that the organization gives, or the one by which it uses the key.
    Share(ApiKeyId),
    /// An invitation that nobody accepted yet.
    Invitation,
}

/// What ends within a year, and what ended in the last 30 days.
#[derive(Debug, Clone, Default)]
pub struct Expiries {
    /// Soonest first. Of the certificates and of the profiles the nearest hundred each.
    pub items: Vec<Expiry>,
    /// How many of all end within 30 days or have ended.
    pub soon: u32,
    /// How many of all end later.
    pub later: u32,
}

/// How far ahead expiries are shown, in days: a new certificate lasts a year.
const AHEAD_DAYS: i64 = 366;
/// How long what has ended is shown, in days.
const BEHIND_DAYS: i64 = 30;
/// How many certificates and how many profiles are shown at most.
const NEAREST: u32 = 100;
/// How many of the organization's tokens are shown, the ones that end soonest.
const TOKENS: u32 = 200;
/// How many shares and invitations are shown.
const OTHERS: u32 = 50;

impl App {
    /// What ends, of what the caller may see.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn expiries(&self, caller: &Caller, org: OrgId) -> Result<Expiries, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        let keys = match decide(&caller.principal, Action::SeeKeys, permit.tenant()) {
            Ok(_) => self.keys(caller, org).await?,
            Err(_) => Vec::new(),
        };
        self.ending(caller, &permit, &keys).await
    }

    /// The same, where the keys are at hand.
    pub(crate) async fn ending(&self, caller: &Caller, permit: &Permit, keys: &[KeySummary]) -> Result<Expiries, Problem> {
        let now = self.now();
        let day = |days| SignedDuration::from_hours(24 * days);
        let first = now.saturating_sub(day(BEHIND_DAYS)).unwrap_or(now);
        let last = now.saturating_add(day(AHEAD_DAYS)).unwrap_or(now);
        let mut expiries = Expiries::default();
        if let Ok(permit) = decide(&caller.principal, Action::SeeSigning, permit.tenant()) {
            self.signing_files(&permit, &mut expiries, first, last).await?;
        }
        let mut others = self.others(caller, permit, first, last).await?;
        others.extend(keys.iter().filter_map(lent_until));
        others.retain(|expiry| expiry.at >= first && expiry.at <= last);
        for other in &others {
            let count = if other.at <= soon(now) {
                &mut expiries.soon
            } else {
                &mut expiries.later
            };
            *count += 1;
        }
        expiries.items.extend(others);
        expiries.items.sort_by_key(|expiry| expiry.at);
        Ok(expiries)
    }

    /// Certificates and profiles: the nearest, and how many there are.
    async fn signing_files(&self, permit: &Permit, expiries: &mut Expiries, first: Timestamp, last: Timestamp) -> Result<(), Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        let border = soon(self.now());
        let certificates = |from, until| CertificateFilter {
            ends_from: Some(from),
            ends_before: Some(past(until)),
            ..CertificateFilter::default()
        };
        let order = (CertificateOrder::Expiry, false);
        let nearest = tx
            .certificates(permit, &certificates(first, last), order, &Paging::first(NEAREST))
            .await?;
        expiries.items.extend(nearest.items.into_iter().map(|certificate| Expiry {
            of: ExpiryOf::Certificate(certificate.id),
            name: certificate.name,
            at: certificate.expires_at,
        }));
        expiries.soon += tx.count_certificates(permit, &certificates(first, border)).await?;
        expiries.later += tx.count_certificates(permit, &certificates(past(border), last)).await?;
        let profiles = |from, until| ProfileFilter {
            ends_from: Some(from),
            ends_before: Some(past(until)),
            ..ProfileFilter::default()
        };
        let nearest = tx
            .profiles(permit, &profiles(first, last), ProfileOrder::Expiry, &Paging::first(NEAREST))
            .await?;
        expiries.items.extend(nearest.items.into_iter().map(|profile| Expiry {
            of: ExpiryOf::Profile(profile.id),
            name: profile.name,
            at: profile.expires_at,
        }));
        expiries.soon += tx.count_profiles(permit, &profiles(first, border)).await?;
        expiries.later += tx.count_profiles(permit, &profiles(past(border), last)).await?;
        Ok(())
    }

    /// Tokens, shares that are given, invitations.
    async fn others(&self, caller: &Caller, permit: &Permit, first: Timestamp, last: Timestamp) -> Result<Vec<Expiry>, Problem> {
        let may = |action| decide(&caller.principal, action, permit.tenant()).ok();
        let mut tx = self.inner.store.read_for(permit).await?;
        let mut others = Vec::new();
        if let Some(user) = caller.principal.actor().user() {
            others.extend(tx.tokens_of(user).await?.into_iter().map(|token| Expiry {
                name: token.name.to_string(),
                of: ExpiryOf::Token,
                at: token.expires_at,
            }));
        }
        if let Some(permit) = may(Action::SeeTokens) {
            let these = tx.service_tokens_by_expiry(&permit, first, last, TOKENS).await?;
            others.extend(these.into_iter().map(|token| Expiry {
                name: token.name.to_string(),
                of: ExpiryOf::ServiceToken(token.id),
                at: token.expires_at,
            }));
        }
        if let Some(permit) = may(Action::ShareKey) {
            let ending = tx.shares_by_end(&permit, self.now(), last, OTHERS).await?;
            others.extend(ending.into_iter().map(|share| Expiry {
                name: format!("{} with {}", share.name, share.with.as_deref().unwrap_or("all sub-organizations")),
                of: ExpiryOf::Share(share.key),
                at: share.stops_at,
            }));
        }
        if let Some(permit) = may(Action::SeeMembers) {
            let invited = tx.invitations(&permit, &Paging::first(OTHERS)).await?.items;
            others.extend(invited.into_iter().filter(|one| one.expires_at > self.now()).map(|one| Expiry {
                name: one.email.to_string(),
                of: ExpiryOf::Invitation,
                at: one.expires_at,
            }));
        }
        Ok(others)
    }
}

/// The end of the share by which a key is used.
fn lent_until(key: &KeySummary) -> Option<Expiry> {
    Some(Expiry {
        name: key.key.name.to_string(),
        of: ExpiryOf::Share(key.key.id),
        at: key.lent.as_ref()?.limits.stops_at?,
    })
}
