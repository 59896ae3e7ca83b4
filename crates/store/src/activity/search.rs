//! Lists of the activity log, newest first, fast at a million records.
//!
//! One thing that a filter names leads: what likely has the fewest records. Each has a statement of its own, and an index
//! that begins with the reach and the leading thing and goes on by time, so that a page costs what the page holds. What
//! else the filter asks for is held against the rows found. `(CAST($n AS TEXT) IS NULL OR …)` for the leading thing would
//! have no index; that is why there are so many statements that look alike.

use domain::{Action, ApiKeyId, ApiTokenId, OrgId, Outcome, Permit, Subject};
use jiff::Timestamp;

use super::{Recorded, recorded};
use crate::sql::{Arg, args};
use crate::{Page, Paging, Result, StoreError, Tx};

/// Whose records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogReach {
    /// Those of the permit's organization.
    #[default]
    Own,
    /// Those of the permit's organization, a root, and of all below it.
    Below,
    /// Those of one organization below the permit's.
    Only(OrgId),
}

/// Which records are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Whose.
    pub reach: LogReach,
    /// Done by this person, also through a token or a job, or by this service token.
    pub subject: Option<Subject>,
    /// Done through this personal token.
    pub token: Option<ApiTokenId>,
    /// The word of the event, such as `key.add`.
    pub action: Option<String>,
    /// About this object, by its id here or at Apple.
    pub object: Option<String>,
    /// Through or about this API key.
    pub key: Option<ApiKeyId>,
    /// Only what was taken away to sign with: certificates, profiles and signing sets.
    pub signing_uses: bool,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// How cursors of lists call them: one place in all of them, whatever the filter.
const LIST: &str = "activity";

/// What happens all day. Of a key, token or person there soon is one; any other event is rarer than those.
const EVERYDAY: [&str; 11] = [
    "access.deny",
    "apple-token.create",
    "certificate.download",
    "key.check",
    "key.use",
    "profile.download",
    "profile.download-held",
    "session.sign-in",
    "session.sign-in-failed",
    "session.sign-out",
    "signing-set.use",
];

/// What leads.
enum Lead {
    Object,
    /// Any but `done`, which most are, and which has no index.
    Outcome,
    Key,
    Token,
    Subject,
    Action,
    SigningUses,
    Nothing,
}

impl ActivityFilter {
    fn lead(&self) -> Lead {
        let is_rare_outcome = |outcome| !matches!(outcome, Outcome::Done | Outcome::Intent);
        let is_rare_action = |action: &String| !EVERYDAY.contains(&action.as_str());
        match self {
            Self { signing_uses: true, .. } => Lead::SigningUses,
            Self { object: Some(_), .. } => Lead::Object,
            _ if self.outcome.is_some_and(is_rare_outcome) => Lead::Outcome,
            _ if self.action.as_ref().is_some_and(is_rare_action) => Lead::Action,
            Self { key: Some(_), .. } => Lead::Key,
            Self { token: Some(_), .. } => Lead::Token,
            Self { subject: Some(_), .. } => Lead::Subject,
            Self { action: Some(_), .. } => Lead::Action,
            _ if self.outcome == Some(Outcome::Intent) => Lead::Outcome,
            _ => Lead::Nothing,
        }
    }

    /// `$1` to `$12` of every list. `$12` is the root that an organization must be below, where one was named.
    fn args(&self, permit: &Permit, (at, sequence): (i64, i64), paging: &Paging) -> Vec<Arg> {
        let (within, root) = match self.reach {
            LogReach::Own | LogReach::Below => (permit.organization(), None),
            LogReach::Only(below) => (below, Some(permit.organization())),
        };
        let mut args = args![
            within,
            self.object.as_deref(),
            self.key,
            self.token,
            self.subject.map(|subject| subject.to_string()),
            self.action.as_deref(),
            self.outcome.map(Outcome::as_str),
            self.since.unwrap_or(Timestamp::MIN),
            at,
            sequence,
            paging.fetch(),
        ];
        if !matches!(self.reach, LogReach::Below) {
            args.extend(args![root]);
        }
        args
    }
}

impl LogReach {
    /// Whether this permit reaches so far. One of a root's ownership does; the log of others is no matter of asking.
    pub(super) fn is_within(self, permit: &Permit) -> bool {
        self == Self::Own || permit.action() == Action::SeeActivityBelow
    }
}

impl Tx {
    /// The records within reach, newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the permit does not reach so far; [`StoreError::Cursor`]; what the database says.
    pub async fn activities(&mut self, permit: &Permit, filter: &ActivityFilter, paging: &Paging) -> Result<Page<Recorded>> {
        if !filter.reach.is_within(permit) {
            return Err(StoreError::NotFound);
        }
        // Before `until`, and of the records before the cursor: whichever is earlier.
        let mut before = (filter.until.unwrap_or(Timestamp::MAX).as_microsecond(), 0);
        if let Some(place) = paging.behind(LIST)? {
            before = before.min(place);
        }
        let args = filter.args(permit, before, paging);
        let rows = match filter.reach {
            LogReach::Own | LogReach::Only(_) => self.rows(of_organization(&filter.lead()), args).await?,
            LogReach::Below => self.rows(of_root(&filter.lead()), args).await?,
        };
        let items: Vec<_> = rows.iter().map(recorded).collect::<Result<_>>()?;
        Ok(Page::cut(items, paging, LIST, |a| (a.at.as_microsecond(), a.sequence)))
    }
}

/// Lists of one organization.
fn of_organization(lead: &Lead) -> &'static str {
    match lead {
        Lead::Object => {
            "SELECT * FROM activity WHERE organization_id = $1 AND object_id = $2
                 AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3) AND (CAST($4 AS TEXT) IS NULL OR token_id = $4)
                 AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Outcome => {
            "SELECT * FROM activity WHERE organization_id = $1 AND outcome = $7 AND outcome <> 'done'
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($6 AS TEXT) IS NULL OR action = $6) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Key => {
            "SELECT * FROM activity WHERE organization_id = $1 AND api_key_id = $3
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($4 AS TEXT) IS NULL OR token_id = $4)
                 AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Token => {
            "SELECT * FROM activity WHERE organization_id = $1 AND token_id = $4
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Subject => {
            "SELECT * FROM activity WHERE organization_id = $1 AND subject_id = $5
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Action => {
            "SELECT * FROM activity WHERE organization_id = $1 AND action = $6
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::SigningUses => {
            "SELECT * FROM activity WHERE organization_id = $1
                 AND action IN ('certificate.download', 'certificate.use-below', 'profile.download', 'profile.download-held', 'signing-set.use')
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Nothing => {
            "SELECT * FROM activity WHERE organization_id = $1
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7) AND (CAST($12 AS TEXT) IS NULL OR root_id = $12)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
    }
}

/// Lists of a root organization with all below it.
fn of_root(lead: &Lead) -> &'static str {
    match lead {
        Lead::Object => {
            "SELECT * FROM activity WHERE root_id = $1 AND object_id = $2
                 AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3) AND (CAST($4 AS TEXT) IS NULL OR token_id = $4)
                 AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Outcome => {
            "SELECT * FROM activity WHERE root_id = $1 AND outcome = $7 AND outcome <> 'done'
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Key => {
            "SELECT * FROM activity WHERE root_id = $1 AND api_key_id = $3
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($4 AS TEXT) IS NULL OR token_id = $4)
                 AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Token => {
            "SELECT * FROM activity WHERE root_id = $1 AND token_id = $4
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Subject => {
            "SELECT * FROM activity WHERE root_id = $1 AND subject_id = $5
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Action => {
            "SELECT * FROM activity WHERE root_id = $1 AND action = $6
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::SigningUses => {
            "SELECT * FROM activity WHERE root_id = $1
                 AND action IN ('certificate.download', 'certificate.use-below', 'profile.download', 'profile.download-held', 'signing-set.use')
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
        Lead::Nothing => {
            "SELECT * FROM activity WHERE root_id = $1
                 AND (CAST($2 AS TEXT) IS NULL OR object_id = $2) AND (CAST($3 AS TEXT) IS NULL OR api_key_id = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR token_id = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5)
                 AND (CAST($6 AS TEXT) IS NULL OR action = $6)
                 AND (CAST($7 AS TEXT) IS NULL OR outcome = $7)
                 AND at >= $8 AND (at, sequence) < ($9, $10)
             ORDER BY at DESC, sequence DESC LIMIT $11"
        }
    }
}
