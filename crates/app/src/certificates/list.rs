//! The list of certificates held here.

use crate::{
    App, Caller, Problem,
    apple_account::{EXPIRING_DAYS, ListQuery},
};
use domain::{Action, CertificateType, ListedCertificate, OrgId, Permit};
use jiff::{SignedDuration, Timestamp};
use store::{CertificateFilter, CertificateOrder, Page, Paging, Tx};

/// How many certificates are held here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CertificateCounts {
    /// All of them.
    pub all: u32,
    /// Those that end within 30 days or have ended.
    pub ending: u32,
}

impl App {
    /// What is held here and fits, soonest expiry first unless another order is asked for.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `sort_unknown`, `state_unknown`, `cursor_unknown`.
    pub async fn certificates(
        &self,
        caller: &Caller,
        org: OrgId,
        query: &ListQuery,
        paging: &Paging,
    ) -> Result<Page<ListedCertificate>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let (filter, order) = (filter(query, self.now())?, order(query)?);
        Ok(self
            .inner
            .store
            .read_for(&permit)
            .await?
            .certificates(&permit, &filter, order, paging)
            .await?)
    }

    /// How many fit.
    ///
    /// # Errors
    /// As [`App::certificates`].
    pub async fn count_certificates(&self, caller: &Caller, org: OrgId, query: &ListQuery) -> Result<u32, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let filter = filter(query, self.now())?;
        Ok(self
            .inner
            .store
            .read_for(&permit)
            .await?
            .count_certificates(&permit, &filter)
            .await?)
    }

    /// How many there are, and how many want to be looked at.
    pub(crate) async fn certificate_counts(&self, tx: &mut Tx, permit: &Permit) -> Result<CertificateCounts, Problem> {
        let ending = CertificateFilter {
            ends_before: Some(past(soon(self.now()))),
            ..CertificateFilter::default()
        };
        Ok(CertificateCounts {
            all: tx.count_certificates(permit, &CertificateFilter::default()).await?,
            ending: tx.count_certificates(permit, &ending).await?,
        })
    }
}

/// Until when something ends soon.
pub(crate) fn soon(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(24 * EXPIRING_DAYS)).unwrap_or(now)
}

/// The first moment after this one that a database can tell from it.
pub(crate) fn past(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_micros(1)).unwrap_or(at)
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn filter(query: &ListQuery, now: Timestamp) -> Result<CertificateFilter, Problem> {
    let (ended, ending) = (past(now), past(soon(now)));
    let (ends_from, ends_before) = match given(&query.state).map(str::to_lowercase).as_deref() {
        None => (None, None),
        Some("expired") => (None, Some(ended)),
        Some("expiring") => (Some(ended), Some(ending)),
        Some("valid") => (Some(ending), None),
        Some(other) => {
            return Err(Problem::field(
                "state_unknown",
                "state",
                format!("“{other}” is not a state of a certificate. Use valid, expiring or expired."),
            ));
        }
    };
    Ok(CertificateFilter {
        search: given(&query.search).map(str::to_owned),
        certificate_type: given(&query.kind).map(|word| CertificateType::of_apple(word.to_uppercase())),
        ends_from,
        ends_before,
    })
}

fn order(query: &ListQuery) -> Result<(CertificateOrder, bool), Problem> {
    let sort = given(&query.sort).unwrap_or("expires").to_lowercase();
    let (name, falling) = match sort.strip_prefix('-') {
        Some(name) => (name, true),
        None => (sort.as_str(), false),
    };
    let order = match name {
        "expires" => CertificateOrder::Expiry,
        "name" => CertificateOrder::Name,
        "type" => CertificateOrder::Type,
        other => {
            return Err(Problem::field(
                "sort_unknown",
                "sort",
                format!("This list cannot be sorted by “{other}”. Sort it by: expires, name, type."),
            ));
        }
    };
    Ok((order, falling))
}
