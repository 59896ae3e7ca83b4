//! What a person sees first: what needs them, what expires, what happened.
use crate::{App, Caller, Problem, activity::ActivityView, keys::KeySummary};
use domain::{CertificateId, OrgId};
use jiff::Timestamp;

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

impl App {
    /// Gathers it.
    pub async fn overview(&self, caller: &Caller, org: OrgId) -> Result<Overview, Problem> {
        todo!()
    }
}
