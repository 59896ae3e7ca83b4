//! What a person sees first: what needs them, what expires, what happened.

use crate::{App, Caller, Problem, activity::ActivityView, keys::KeySummary};
use domain::{Action, CertificateId, OrgId, ServiceTokenId, decide};
use jiff::{SignedDuration, Timestamp};

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
}

/// The overview.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Keys and their health.
    pub keys: Vec<KeySummary>,
    /// What ends within a year, soonest first; ended ones of the last 30 days too.
    pub expiries: Vec<Expiry>,
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
/// How many records are shown.
const RECORDS: u32 = 8;

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
            Some(_) => self.activity(caller, org, None, RECORDS).await?,
            None => Vec::new(),
        };
        let now = self.now();
        let day = |days| SignedDuration::from_hours(24 * days);
        let first = now.saturating_sub(day(BEHIND_DAYS)).unwrap_or(now);
        let last = now.saturating_add(day(AHEAD_DAYS)).unwrap_or(now);
        let mut tx = self.inner.store.read_for(&permit).await?;
        let (certificates, waiting_operations) = match may(Action::SeeSigning) {
            Some(permit) => (
                tx.certificates_by_expiry(&permit, u32::MAX).await?,
                tx.unfinished_operations(&permit).await?,
            ),
            None => Default::default(),
        };
        let mut expiries: Vec<Expiry> = certificates
            .into_iter()
            .map(|certificate| Expiry {
                of: ExpiryOf::Certificate(certificate.id),
                name: certificate.name,
                at: certificate.expires_at,
            })
            .collect();
        if let Some(user) = caller.principal.actor().user() {
            expiries.extend(tx.tokens_of(user).await?.into_iter().map(|token| Expiry {
                name: token.name.to_string(),
                of: ExpiryOf::Token,
                at: token.expires_at,
            }));
        }
        if let Some(permit) = may(Action::SeeTokens) {
            let tokens = tx.service_tokens_by_expiry(&permit, first, last, TOKENS).await?;
            expiries.extend(tokens.into_iter().map(|token| Expiry {
                name: token.name.to_string(),
                of: ExpiryOf::ServiceToken(token.id),
                at: token.expires_at,
            }));
        }
        expiries.retain(|expiry| expiry.at >= first && expiry.at <= last);
        expiries.sort_by_key(|expiry| expiry.at);
        Ok(Overview {
            keys,
            expiries,
            waiting_operations,
            activity,
        })
    }
}
