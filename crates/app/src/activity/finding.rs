//! Findings in words: for the console, the API and the command line alike.

use super::verify::{Finding, Flaw, Source, What};
use domain::OrgId;
use jiff::Timestamp;

fn moment(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M:%S UTC").to_string()
}

fn flawed(place: &str, flaw: Flaw) -> String {
    match flaw {
        Flaw::Signature => format!("{place} is not signed by this instance's key: it was altered, or another key signed it."),
        Flaw::Foreign => format!("{place} is a checkpoint of another instance."),
        Flaw::Torn => format!("{place} is no whole checkpoint: it was torn by a crash, or altered."),
    }
}

impl Finding {
    /// The word for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.what {
            What::Changed(_) => "changed",
            What::Missing(..) => "missing",
            What::Unnumbered(_) => "unnumbered",
            What::BehindTheEnd(_) => "behind-the-end",
            What::EndDiffers => "end-differs",
            What::Rewritten(..) => "rewritten",
            What::Cut(..) => "cut",
            What::Checkpoint(_, Flaw::Signature) => "checkpoint-signature",
            What::Checkpoint(_, Flaw::Foreign) => "checkpoint-foreign",
            What::Checkpoint(_, Flaw::Torn) => "checkpoint-torn",
            What::NoFile => "no-file",
            What::Key => "key",
        }
    }

    /// The number of the record that it is about, where it is about one.
    #[must_use]
    pub fn sequence(&self) -> Option<i64> {
        match self.what {
            What::Changed(sequence) | What::BehindTheEnd(sequence) => Some(sequence),
            _ => None,
        }
    }

    /// The whole of it, for who keeps the instance.
    #[must_use]
    pub fn words(&self) -> String {
        match self.what {
            What::Changed(n) => format!("Record {n} is not what was written there: it was changed, or is in the place of another."),
            What::Missing(from, to) if from == to => format!("Record {from} is missing: it was deleted."),
            What::Missing(from, to) => format!("Records {from} to {to} are missing: they were deleted."),
            What::Unnumbered(n) if n > 0 => format!("{n} records stand outside of the numbering: they were inserted."),
            What::Unnumbered(n) => format!("{} records vanished while they were counted.", -n),
            What::BehindTheEnd(n) => {
                format!("Records from {n} on stand behind the end of the log: they were inserted, or the counter was set back.")
            }
            What::Rewritten(n, at) => format!(
                "Up to record {n}, the log is not the one that was signed on {}: records were changed and the chain made anew.",
                moment(at)
            ),
            What::Cut(last, known, at) => format!(
                "The log ends at record {last}, and was signed up to record {known} on {}: its end was cut off, or an older backup was restored.",
                moment(at)
            ),
            What::Checkpoint(source, flaw) => {
                let place = match source {
                    Source::Database(n) => format!("The checkpoint of record {n} in the database"),
                    Source::Outside(line) => format!("Line {line} of the file outside"),
                };
                flawed(&place, flaw)
            }
            What::EndDiffers | What::NoFile | What::Key => self.words_for_one_of_many(),
        }
    }

    /// The same for somebody of one organization among others: without numbers, which tell how much the others do. A record
    /// is not theirs here; of their own they hear [`Finding::words`].
    #[must_use]
    pub fn words_for_one_of_many(&self) -> String {
        match self.what {
            What::Changed(_) | What::BehindTheEnd(_) => {
                "Elsewhere in the log, a record is not what was written there. Whoever keeps the server can see which, with “russet activity verify --data”.".to_owned()
            }
            What::Missing(..) => "Records are missing: they were deleted.".to_owned(),
            What::Unnumbered(_) => "Records stand outside of the numbering, or vanished while they were counted.".to_owned(),
            What::EndDiffers => "The end of the log is not the record that was counted last.".to_owned(),
            What::Rewritten(_, at) => format!(
                "The log is not the one that was signed on {}: records were changed and the chain made anew.",
                moment(at)
            ),
            What::Cut(.., at) => format!(
                "The log ends before what was signed on {}: its end was cut off, or an older backup was restored.",
                moment(at)
            ),
            What::Checkpoint(Source::Database(_), flaw) => flawed("A checkpoint in the database", flaw),
            What::Checkpoint(Source::Outside(_), flaw) => flawed("A line of the file outside", flaw),
            What::NoFile => {
                "The file outside is not there, or cannot be read. Without it nobody can tell whether the end of the log was cut off."
                    .to_owned()
            }
            What::Key => "The public key in the database is not the one that was named.".to_owned(),
        }
    }

    /// Whether somebody who reads the log of this organization, or of this root with all below it, may hear whose record
    /// it is. What is about no one record is told to everybody, in general words.
    #[must_use]
    pub fn is_about(&self, organization: OrgId, with_below: bool) -> bool {
        self.organization == Some(organization) || (with_below && self.root == Some(organization))
    }
}
