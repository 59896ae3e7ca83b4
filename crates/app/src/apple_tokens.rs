//! Short-lived tokens for Apple, handed out (`russet apple-token create`).
use crate::{App, Caller, Problem, Shown};
use domain::{ApiKeyId, OrgId};
use jiff::Timestamp;

impl App {
    /// Signs a fresh token; `minutes` at most 19; `scope` as Apple describes it, untested at Apple. Recorded before the
    /// token leaves.
    pub async fn mint_apple_token(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        minutes: u32,
        scope: &[String],
    ) -> Result<(Shown, Timestamp), Problem> {
        todo!()
    }
}
