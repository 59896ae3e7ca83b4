//! The activity log, read.
use crate::{App, Caller, Problem};
use domain::{Activity, ActivityId, OrgId};

/// A record with names in the place of ids.
#[derive(Debug, Clone)]
pub struct ActivityView {
    /// The record.
    pub record: Activity,
    /// Who, by name.
    pub actor: String,
    /// What, as a sentence without its subject: "added the key CI uploads".
    pub sentence: String,
}

impl App {
    /// Newest first, `limit` at most, before the record `before`.
    pub async fn activity(
        &self,
        caller: &Caller,
        org: OrgId,
        before: Option<ActivityId>,
        limit: u32,
    ) -> Result<Vec<ActivityView>, Problem> {
        todo!()
    }
}
