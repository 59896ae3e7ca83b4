//! The log as one sequence over all organizations: for who signs it and for who looks whether it is whole.
//!
//! Nothing here takes a permit, and nothing of a record's content comes out: numbers, ids and hashes. Whether a caller may
//! hear of a finding is for `app` to say.
//!
//! The surprising thing: what cannot be read any more is no error here. Somebody may have written it, and to find that
//! is the purpose.

use jiff::Timestamp;
use vault::{Sealed, WrappedRing};

use super::chain::{self, Hash};
use crate::sql::{Arg, Row, args};
use crate::{Result, Tx};

/// The end of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last record; 0 before the first.
    pub sequence: i64,
    /// Its hash; empty before the first.
    pub hash: Vec<u8>,
}

/// A record as a link of the chain.
#[derive(Clone)]
pub struct Link {
    /// Its number; none when what stands there is no number.
    pub sequence: Option<i64>,
    /// The hash that it carries; empty when it carries none.
    pub hash: Vec<u8>,
    /// Its id, as it stands there.
    pub id: Option<String>,
    /// Its organization, as it stands there.
    pub organization: Option<String>,
    /// The root above it, as it stands there.
    pub root: Option<String>,
    /// None when a column holds what no record has there.
    columns: Option<Vec<Arg>>,
}

impl Link {
    /// Whether the hash it carries is that of its columns after a record with the hash `previous`.
    #[must_use]
    pub fn follows(&self, previous: &[u8]) -> bool {
        self.columns
            .as_ref()
            .is_some_and(|columns| chain::hash(previous, columns).as_slice() == self.hash)
    }
}

/// "Record number `sequence` has the hash `head`", signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last record that it covers.
    pub sequence: i64,
    /// The hash of that record.
    pub head: Hash,
    /// When it was signed.
    pub at: Timestamp,
    /// What the instance's key says to it.
    pub signature: Vec<u8>,
}

/// The key that signs checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// For everybody to see.
    pub public_key: Vec<u8>,
    /// The ring of the instance.
    pub ring: WrappedRing,
    /// The private key, sealed under it.
    pub sealed: Sealed,
}

/// How a look at the whole log ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// When it ended.
    pub at: Timestamp,
    /// How many records it looked at.
    pub records: i64,
    /// How much it found that is not right; 0 for a log that is whole.
    pub findings: i64,
}

fn link(row: &Row) -> Link {
    Link {
        sequence: row.get("sequence").ok(),
        hash: row.get("hash").unwrap_or_default(),
        id: row.get("id").ok(),
        organization: row.get("organization_id").unwrap_or_default(),
        root: row.get("root_id").unwrap_or_default(),
        columns: stored_columns(row).ok(),
    }
}

/// The columns as they are stored, in the order of [`chain::columns`].
fn stored_columns(row: &Row) -> Result<Vec<Arg>> {
    Ok(vec![
        Arg::Int(Some(row.get("sequence")?)),
        Arg::Text(Some(row.get("id")?)),
        Arg::Text(row.get("organization_id")?),
        Arg::Text(row.get("root_id")?),
        Arg::Int(Some(row.get("at")?)),
        Arg::Text(Some(row.get("actor")?)),
        Arg::Text(row.get("subject_id")?),
        Arg::Text(row.get("token_id")?),
        Arg::Text(Some(row.get("action")?)),
        Arg::Text(row.get("object_id")?),
        Arg::Text(row.get("api_key_id")?),
        Arg::Text(Some(row.get("event")?)),
        Arg::Text(Some(row.get("outcome")?)),
        Arg::Text(row.get("follows")?),
        Arg::Text(row.get("address")?),
        Arg::Text(row.get("request_id")?),
    ])
}

fn checkpoint(row: &Row) -> Result<Checkpoint> {
    let head: Vec<u8> = row.get("head")?;
    Ok(Checkpoint {
        sequence: row.get("sequence")?,
        // What is no hash fits no record, and no signature.
        head: head.try_into().unwrap_or_default(),
        at: row.time("at").unwrap_or_default(),
        signature: row.get("signature")?,
    })
}

impl Tx {
    /// Where the log ends.
    ///
    /// # Errors
    /// What the database says.
    pub async fn activity_head(&mut self) -> Result<Head> {
        let row = self
            .row("SELECT last, head FROM activity_sequence WHERE singleton = 1", args![])
            .await?;
        Ok(Head {
            sequence: row.get("last")?,
            hash: row.get("head")?,
        })
    }

    /// The links after a number, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn activity_links(&mut self, after: i64, limit: u32) -> Result<Vec<Link>> {
        let rows = self
            .rows(
                "SELECT * FROM activity WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                args![after, limit],
            )
            .await?;
        Ok(rows.iter().map(link).collect())
    }

    /// How many records there are, numbered or not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn activity_count(&mut self) -> Result<i64> {
        self.row("SELECT COUNT(*) AS number FROM activity", args![]).await?.get("number")
    }

    /// Keeps a checkpoint. Another server may have signed the same head: its checkpoint stays.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_checkpoint(&mut self, new: &Checkpoint) -> Result<()> {
        self.execute(
            "INSERT INTO activity_checkpoints (sequence, head, at, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            args![new.sequence, new.head.as_slice(), new.at, new.signature.as_slice()],
        )
        .await?;
        Ok(())
    }

    /// The last checkpoint.
    ///
    /// # Errors
    /// What the database says.
    pub async fn last_checkpoint(&mut self) -> Result<Option<Checkpoint>> {
        let row = self
            .row_opt(
                "SELECT sequence, head, at, signature FROM activity_checkpoints ORDER BY sequence DESC LIMIT 1",
                args![],
            )
            .await?;
        row.as_ref().map(checkpoint).transpose()
    }

    /// The checkpoints after a number, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn checkpoints(&mut self, after: i64, limit: u32) -> Result<Vec<Checkpoint>> {
        let rows = self
            .rows(
                "SELECT sequence, head, at, signature FROM activity_checkpoints WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                args![after, limit],
            )
            .await?;
        rows.iter().map(checkpoint).collect()
    }

    /// The key that signs checkpoints; none before the first start.
    ///
    /// # Errors
    /// What the database says.
    pub async fn activity_signing_key(&mut self) -> Result<Option<SigningKey>> {
        let row = self
            .row_opt(
                "SELECT public_key, ring, sealed FROM activity_signing_key WHERE singleton = 1",
                args![],
            )
            .await?;
        row.map(|row| {
            Ok(SigningKey {
                public_key: row.get("public_key")?,
                ring: WrappedRing::from_bytes(row.get("ring")?),
                sealed: Sealed::from_bytes(row.get("sealed")?),
            })
        })
        .transpose()
    }

    /// Keeps the key that signs checkpoints, unless there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_activity_signing_key(&mut self, new: &SigningKey) -> Result<()> {
        self.execute(
            "INSERT INTO activity_signing_key (singleton, public_key, ring, sealed) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING",
            args![new.public_key.as_slice(), new.ring.as_bytes(), new.sealed.as_bytes()],
        )
        .await?;
        Ok(())
    }

    /// How the last look at the whole log ended; none before the first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn activity_verdict(&mut self) -> Result<Option<Verdict>> {
        let row = self
            .row_opt("SELECT at, records, findings FROM activity_verdict WHERE singleton = 1", args![])
            .await?;
        row.map(|row| {
            Ok(Verdict {
                at: row.time("at")?,
                records: row.get("records")?,
                findings: row.get("findings")?,
            })
        })
        .transpose()
    }

    /// Keeps how a look at the whole log ended, in the place of the one before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_activity_verdict(&mut self, new: &Verdict) -> Result<()> {
        self.execute(
            "INSERT INTO activity_verdict (singleton, at, records, findings) VALUES (1, $1, $2, $3)
             ON CONFLICT (singleton) DO UPDATE SET at = excluded.at, records = excluded.records, findings = excluded.findings",
            args![new.at, new.records, new.findings],
        )
        .await?;
        Ok(())
    }

    /// Chains the records of a database that was written before there was a chain, as they are found.
    pub(crate) async fn chain_what_is_there(&mut self) -> Result<()> {
        let (mut last, mut head) = (0, Vec::new());
        loop {
            let links = self.activity_links(last, 1000).await?;
            for link in &links {
                let (Some(sequence), Some(columns)) = (link.sequence, &link.columns) else {
                    continue;
                };
                head = chain::hash(&head, columns).to_vec();
                self.execute(
                    "UPDATE activity SET hash = $2 WHERE sequence = $1",
                    args![sequence, head.as_slice()],
                )
                .await?;
            }
            match links.last().and_then(|link| link.sequence) {
                Some(reached) => last = reached,
                None => break,
            }
        }
        self.execute("UPDATE activity_sequence SET head = $1 WHERE singleton = 1", args![head.as_slice()])
            .await?;
        tracing::info!(records = last, "the activity log was chained as it was found");
        Ok(())
    }
}
