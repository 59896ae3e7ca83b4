//! How the log stands, and a look at all of it on somebody's behalf.

use super::verify::Finding;
use crate::{App, Caller, Problem};
use domain::{Action, ActivityId, Event, OrgId};
use jiff::Timestamp;
use store::Verdict;

/// How the log stands.
#[derive(Debug, Clone)]
pub struct LogState {
    /// How the last look at all of it ended; none before the first.
    pub verdict: Option<Verdict>,
    /// The last record that was signed, and when.
    pub signed_up_to: Option<(i64, Timestamp)>,
    /// Whether checkpoints are copied to a file outside.
    pub is_copied: bool,
    /// Since when that file cannot be written, so that nothing is done that must be recorded.
    pub blocked_since: Option<Timestamp>,
}

/// A finding, as somebody of an organization may hear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldFinding {
    /// The word for programs.
    pub kind: &'static str,
    /// In words.
    pub message: String,
    /// The number of the record, where it is one of theirs.
    pub sequence: Option<i64>,
    /// Its id.
    pub record: Option<ActivityId>,
}

/// What came of a look at the whole log, as somebody of an organization may hear it.
#[derive(Debug, Clone)]
pub struct LogVerification {
    /// How many records of theirs were looked at.
    pub records: i64,
    /// What was found; nothing for a log that is whole.
    pub findings: Vec<ToldFinding>,
    /// Whether a file outside was held against it.
    pub is_copied: bool,
    /// When the last record was signed that a sound checkpoint speaks of.
    pub signed_at: Option<Timestamp>,
    /// The public key of the instance, in hexadecimal.
    pub public_key: String,
}

impl App {
    /// How the log stands.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn log_state(&self, caller: &Caller, org: OrgId) -> Result<LogState, Problem> {
        self.permit(caller, Action::SeeActivity, org).await?;
        let mut tx = self.inner.store.read().await?;
        let checkpoint = tx.last_checkpoint().await?;
        Ok(LogState {
            verdict: tx.activity_verdict().await?,
            signed_up_to: checkpoint.map(|one| (one.sequence, one.at)),
            is_copied: self.inner.log.evidence().outside.is_some(),
            blocked_since: self.inner.log.is_blocked(self.now()),
        })
    }

    /// Looks at the whole log, all organizations, and tells what this organization may hear of it. Recorded.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn verify_activity(&self, caller: &Caller, org: OrgId) -> Result<LogVerification, Problem> {
        self.permit(caller, Action::VerifyActivity, org).await?;
        let with_below = self.looks_below(caller, org).await?;
        let found = self.look_now().await?;
        let records = found.records_of(org, with_below);
        let mut findings: Vec<ToldFinding> = Vec::new();
        for finding in found.findings.iter().map(|finding| told(finding, org, with_below)) {
            // How much is wrong elsewhere is not theirs to count.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        let event = Event::ActivityVerified {
            records,
            findings: findings.len() as i64,
        };
        let mut tx = self.inner.store.begin().await?;
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(LogVerification {
            records,
            findings,
            is_copied: found.outside.is_some(),
            signed_at: found.signed_up_to.map(|(_, at)| at),
            public_key: found.public_key,
        })
    }

    /// The public key that checkpoints are signed with, in hexadecimal.
    #[must_use]
    pub fn activity_public_key(&self) -> String {
        self.inner.log.signer.public_key()
    }
}

/// What is about one record is told whole to those whose record it is; everything else in general words.
fn told(finding: &Finding, org: OrgId, with_below: bool) -> ToldFinding {
    let is_theirs = finding.sequence().is_some() && finding.is_about(org, with_below);
    ToldFinding {
        kind: finding.kind(),
        message: if is_theirs {
            finding.words()
        } else {
            finding.words_for_one_of_many()
        },
        sequence: finding.sequence().filter(|_| is_theirs),
        record: finding.record.filter(|_| is_theirs),
    }
}
