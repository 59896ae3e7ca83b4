//! `Idempotency-Key`: the same POST twice does its work once. Scoped to organization and principal.
use crate::{App, Caller, Problem};
use domain::OrgId;

/// What the key says about this request.
pub enum Replay {
    /// Never seen: go on, then [`App::remember`].
    Fresh,
    /// The same request was answered: answer this again.
    Answered {
        /// Status.
        status: u16,
        /// Body, JSON.
        body: Vec<u8>,
    },
}

impl App {
    /// Reserves the key. A different request under the same key, one still running, and one whose answer carried a secret
    /// are conflicts (`idempotency_mismatch`, `in_progress`, `already_done`).
    pub async fn replay(&self, caller: &Caller, org: OrgId, key: &str, request_hash: [u8; 32]) -> Result<Replay, Problem> {
        todo!()
    }
    /// Keeps the answer; `carried_secret` keeps only that there was one.
    pub async fn remember(
        &self,
        caller: &Caller,
        org: OrgId,
        key: &str,
        status: u16,
        body: &[u8],
        carried_secret: bool,
    ) -> Result<(), Problem> {
        todo!()
    }
}

impl App {
    /// Gives the reservation back, for a request whose answer would not be the same a second time.
    pub async fn forget(&self, caller: &Caller, org: OrgId, key: &str) -> Result<(), Problem> {
        todo!()
    }
}
