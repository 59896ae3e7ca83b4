//! What a person sees first: what needs them, what expires, what happened.

use crate::{
    App, Caller, Problem,
    activity::ActivityView,
    certificates::{CertificateCounts, past, soon},
    keys::KeySummary,
};
use domain::{Action, ApiKeyId, CertificateId, KeyHealth, ListedCertificate, OrgId, Permit, ServiceTokenId, decide};
use jiff::{SignedDuration, Timestamp};
use store::{CertificateFilter, CertificateOrder, Paging, Tx};

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
    /// One of the person's tokens.
    Token,
    /// A token of the organization.
    ServiceToken(ServiceTokenId),
    /// A share of a key: one that the organization gives, or the one by which it uses the key.
    Share(ApiKeyId),
    /// An invitation that nobody accepted yet.
    Invitation,
}

/// The overview.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Keys and their health.
    pub keys: Vec<KeySummary>,
    /// What ends within a year, soonest first; ended ones of the last 30 days too. Of the certificates, the first hundred.
    pub expiries: Vec<Expiry>,
    /// How many of all those end within 30 days or have ended.
    pub ending_soon: u32,
    /// How many end later.
    pub ending_later: u32,
    /// Operations that wait for Apple.
    pub waiting_operations: Vec<domain::Operation>,
    /// The last few records.
    pub activity: Vec<ActivityView>,
}

/// How far ahead expiries are shown, in days: a new certificate lasts a year.
const AHEAD_DAYS: i64 = 366;
/// How long what has ended is shown, in days.
const BEHIND_DAYS: i64 = 30;
/// How many of the organization's tokens are shown, the ones that end soonest.
const TOKENS: u32 = 200;
/// How many shares and invitations are shown.
const OTHERS: u32 = 50;
/// How many certificates are shown at most.
const CERTIFICATES: u32 = 100;
/// How many records are shown.
const RECORDS: u32 = 8;

/// What stands beside the names of the lists. What somebody may not see is not counted.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Keys, own and lent: how each stands with Apple.
    pub keys: Vec<KeyHealth>,
    /// Certificates held here.
    pub certificates: CertificateCounts,
}

impl App {
    /// Gathers what the caller may see; a part that they may not see is empty.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn overview(&self, caller: &Caller, org: OrgId) -> Result<Overview, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        let tenant = permit.tenant();
        // Asked of the policy alone: to look at the overview is no attempt to see what is not on it.
        let may = |action| decide(&caller.principal, action, tenant).ok();
        let keys = match may(Action::SeeKeys) {
            Some(_) => self.keys(caller, org).await?,
            None => Vec::new(),
        };
        let activity = match may(Action::SeeActivity) {
            Some(_) => self.activity(caller, org, RECORDS).await?,
            None => Vec::new(),
        };
        let now = self.now();
        let day = |days| SignedDuration::from_hours(24 * days);
        let first = now.saturating_sub(day(BEHIND_DAYS)).unwrap_or(now);
        let last = now.saturating_add(day(AHEAD_DAYS)).unwrap_or(now);
        let mut tx = self.inner.store.read_for(&permit).await?;
        let mut overview = Overview {
            keys,
            activity,
            expiries: Vec::new(),
            ending_soon: 0,
            ending_later: 0,
            waiting_operations: Vec::new(),
        };
        if let Some(permit) = may(Action::SeeSigning) {
            overview.waiting_operations = tx.unfinished_operations(&permit).await?;
            overview.expiries = soonest(&mut tx, &permit, first, last).await?;
            overview.ending_soon = tx.count_certificates(&permit, &ending(first, soon(now))).await?;
            overview.ending_later = tx.count_certificates(&permit, &ending(past(soon(now)), last)).await?;
        }
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
        others.extend(overview.keys.iter().filter_map(lent_until));
        if let Some(permit) = may(Action::ShareKey) {
            let ending = tx.shares_by_end(&permit, now, last, OTHERS).await?;
            others.extend(ending.into_iter().map(|share| Expiry {
                name: format!("{} with {}", share.name, share.with.as_deref().unwrap_or("all sub-organizations")),
                of: ExpiryOf::Share(share.key),
                at: share.stops_at,
            }));
        }
        if let Some(permit) = may(Action::SeeMembers) {
            let invited = tx.invitations(&permit, &Paging::first(OTHERS)).await?.items;
            others.extend(invited.into_iter().filter(|one| one.expires_at > now).map(|one| Expiry {
                name: one.email.to_string(),
                of: ExpiryOf::Invitation,
                at: one.expires_at,
            }));
        }
        others.retain(|expiry| expiry.at >= first && expiry.at <= last);
        for other in &others {
            let count = if other.at <= soon(now) {
                &mut overview.ending_soon
            } else {
                &mut overview.ending_later
            };
            *count += 1;
        }
        overview.expiries.extend(others);
        overview.expiries.sort_by_key(|expiry| expiry.at);
        Ok(overview)
    }

    /// Counts what the caller may see.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn counts(&self, caller: &Caller, org: OrgId) -> Result<Counts, Problem> {
        let tenant = self.permit(caller, Action::SeeOrganization, org).await?.tenant();
        let mut counts = Counts::default();
        // Two scopes, for the wall around each is drawn by its permit.
        if let Ok(permit) = decide(&caller.principal, Action::SeeKeys, tenant) {
            let mut tx = self.inner.store.read_for(&permit).await?;
            let keys = tx.keys_to_use(&permit, None, self.now()).await?;
            counts.keys = keys.into_iter().map(|used| used.key.health).collect();
        }
        if let Ok(permit) = decide(&caller.principal, Action::SeeSigning, tenant) {
            let mut tx = self.inner.store.read_for(&permit).await?;
            counts.certificates = self.certificate_counts(&mut tx, &permit).await?;
        }
        Ok(counts)
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

/// Certificates that end between the two moments.
fn ending(first: Timestamp, last: Timestamp) -> CertificateFilter {
    CertificateFilter {
        ends_from: Some(first),
        ends_before: Some(past(last)),
        ..CertificateFilter::default()
    }
}

async fn soonest(tx: &mut Tx, permit: &Permit, first: Timestamp, last: Timestamp) -> Result<Vec<Expiry>, Problem> {
    let (order, paging) = ((CertificateOrder::Expiry, false), Paging::first(CERTIFICATES));
    let page = tx.certificates(permit, &ending(first, last), order, &paging).await?;
    let expiry = |certificate: ListedCertificate| Expiry {
        of: ExpiryOf::Certificate(certificate.id),
        name: certificate.name,
        at: certificate.expires_at,
    };
    Ok(page.map(expiry).items)
}
