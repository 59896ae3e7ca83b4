//! Whether the log is whole: the chain computed anew, and every checkpoint held against it and against the key.
//!
//! ```text
//! the file outside ── read first: the log only grows, so what it knows must be in the database
//! the database ────── one moment of it: checkpoints, then every record in its order, streamed
//! ```
//!
//! | what somebody did | what is found |
//! |---|---|
//! | edited a record, or put one in another's place | its hash does not fit: [`What::Changed`] |
//! | deleted one | its number is missing: [`What::Missing`] |
//! | added one | it stands outside of the numbering or behind the end, or moved those behind it |
//! | any of these, and made the chain anew from there | it is not what was signed: [`What::Rewritten`] |
//! | cut the end off, and set the counter back | outside, more is known: [`What::Cut`] |
//! | touched a checkpoint, or signed with another key | [`What::Checkpoint`] |
//!
//! The surprising thing: who can write the database and holds the vault's key can add a record that was never made, and
//! nothing will tell. What was there before cannot be touched by them either.

use super::{
    checkpoint::{self, Told},
    outside,
};
use crate::Problem;
use domain::{ActivityId, OrgId};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};
use store::{Checkpoint, Link, Store, Tx};

/// How many records are read at a time.
const CHUNK: u32 = 2_000;
/// How many findings are told one by one; the rest is counted.
const TOLD: usize = 100;

/// What the database is held against.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The file outside, or a retained copy of it.
    pub outside: Option<PathBuf>,
    /// The public key that checkpoints must be signed with, where it is known from elsewhere; else the database is asked.
    pub public_key: Option<Vec<u8>>,
}

/// Where a checkpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the database, under this number.
    Database(i64),
    /// In this line of the file outside.
    Outside(i64),
}

/// What is wrong with a checkpoint itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is not signed by the instance's key: altered, or signed by another.
    Signature,
    /// It belongs to another instance.
    Foreign,
    /// It is no whole checkpoint.
    Torn,
}

/// Something that is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A record is not what was written under this number, or not in this place.
    Changed(i64),
    /// Records from this number to that one are gone.
    Missing(i64, i64),
    /// So many records stand outside of the numbering.
    Unnumbered(i64),
    /// Records from this number on stand behind the end of the log.
    BehindTheEnd(i64),
    /// The end of the log is not the record that was counted last.
    EndDiffers,
    /// Up to this number at the latest, the log is not the one that was signed at this time.
    Rewritten(i64, Timestamp),
    /// The log ends at the first number, and up to the second it was signed at this time.
    Cut(i64, i64, Timestamp),
    /// A checkpoint that says nothing.
    Checkpoint(Source, Flaw),
    /// The file outside is not there, or cannot be read.
    NoFile,
    /// There are checkpoints and no key to hold them against, or not the key that was named.
    Key,
}

/// A finding, and whose record it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: What,
    /// The record, where one can be named.
    pub record: Option<ActivityId>,
    /// The organization that the record says it belongs to.
    pub organization: Option<OrgId>,
    /// The root organization above, as the record says.
    pub root: Option<OrgId>,
}

/// What came of a look at the whole log.
#[derive(Debug, Clone)]
pub struct Verification {
    /// How many records were looked at.
    pub records: i64,
    /// How much was found.
    pub count: i64,
    /// The first of it.
    pub findings: Vec<Finding>,
    /// How many checkpoints the database has.
    pub checkpoints: i64,
    /// How many lines the file outside has; none where none was given.
    pub outside: Option<i64>,
    /// The last record that a sound checkpoint speaks of, and when it was signed.
    pub signed_up_to: Option<(i64, Timestamp)>,
    /// The public key, in hexadecimal; empty when there is none.
    pub public_key: String,
    /// How many records say that they belong to an organization, and to the root above it.
    belonging: BTreeMap<(Option<String>, Option<String>), i64>,
}

impl Verification {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.count == 0
    }

    /// How many records of an organization were looked at; of a root with all below it where that is asked for.
    #[must_use]
    pub fn records_of(&self, organization: OrgId, with_below: bool) -> i64 {
        let organization = Some(organization.to_string());
        let is_theirs = |(own, root): &(Option<String>, Option<String>)| *own == organization || (with_below && *root == organization);
        let theirs = self.belonging.iter().filter(|(whose, _)| is_theirs(whose));
        theirs.map(|(_, records)| records).sum()
    }

    fn find(&mut self, what: What, link: Option<&Link>) {
        self.count += 1;
        if self.findings.len() < TOLD {
            let parsed = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
            self.findings.push(Finding {
                what,
                record: link.and_then(|link| link.id.as_ref()?.parse().ok()),
                organization: link.and_then(|link| parsed(&link.organization)),
                root: link.and_then(|link| parsed(&link.root)),
            });
        }
    }
}

/// A checkpoint, and where it stands.
struct Placed {
    checkpoint: Checkpoint,
    source: Source,
}

/// Looks at the whole log.
///
/// # Errors
/// When the database does not answer. What is wrong with the log is no error.
pub async fn verify(store: &Store, evidence: &Evidence) -> Result<Verification, Problem> {
    let mut tx = store.read().await?;
    let instance = tx.instance().await?.map(|instance| instance.id).unwrap_or_default();
    let known = tx.activity_signing_key().await?.map(|key| key.public_key);
    drop(tx);
    let key = evidence.public_key.clone().or_else(|| known.clone());
    let mut verification = Verification {
        records: 0,
        count: 0,
        findings: Vec::new(),
        checkpoints: 0,
        outside: None,
        signed_up_to: None,
        public_key: key.as_ref().map(hex::encode).unwrap_or_default(),
        belonging: BTreeMap::new(),
    };
    if evidence.public_key.is_some() && evidence.public_key != known {
        verification.find(What::Key, None);
    }
    let (mut placed, mut has_file) = (Vec::new(), true);
    if let Some(path) = &evidence.outside {
        let (path, own) = (path.clone(), instance.clone());
        let read = tokio::task::spawn_blocking(move || read_file(&path, &own)).await;
        match read.map_err(Problem::internal)? {
            Ok((lines, checkpoints, flawed)) => {
                verification.outside = Some(lines);
                placed = checkpoints;
                for (line, flaw) in flawed {
                    verification.find(What::Checkpoint(Source::Outside(line), flaw), None);
                }
            }
            Err(_) => has_file = false,
        }
    }
    let mut tx = store.read_over_all().await?;
    verification.checkpoints = kept_checkpoints(&mut tx, &mut placed).await?;
    // It is made with the first checkpoint.
    if !has_file && verification.checkpoints > 0 {
        verification.find(What::NoFile, None);
    }
    let wanted = placed.iter().map(|one| one.checkpoint.sequence).collect();
    // The signatures are computed beside the chain.
    let signed = tokio::task::spawn_blocking(move || signed(placed, &instance, key.as_deref()));
    let walked = walk(&mut tx, &wanted, &mut verification).await?;
    let (sound, flawed) = signed.await.map_err(Problem::internal)?;
    for source in flawed {
        verification.find(What::Checkpoint(source, Flaw::Signature), None);
    }
    verification.signed_up_to = sound.iter().map(|one| (one.sequence, one.at)).max();
    walked.hold_against(&sound, &mut verification);
    Ok(verification)
}

type FileRead = (i64, Vec<Placed>, Vec<(i64, Flaw)>);

fn read_file(path: &std::path::Path, instance: &str) -> std::io::Result<FileRead> {
    let (mut checkpoints, mut flawed, mut number) = (Vec::new(), Vec::new(), 0);
    let lines = outside::each_line(path, |line| {
        number += 1;
        match checkpoint::read(line, instance) {
            Told::Checkpoint(checkpoint) => checkpoints.push(Placed {
                checkpoint,
                source: Source::Outside(number),
            }),
            Told::Foreign => flawed.push((number, Flaw::Foreign)),
            Told::Torn => flawed.push((number, Flaw::Torn)),
        }
    })?;
    Ok((lines, checkpoints, flawed))
}

async fn kept_checkpoints(tx: &mut Tx, placed: &mut Vec<Placed>) -> Result<i64, Problem> {
    let (mut last, mut count) = (i64::MIN, 0);
    loop {
        let kept = tx.checkpoints(last, CHUNK).await?;
        let Some(end) = kept.last() else { return Ok(count) };
        last = end.sequence;
        count += kept.len() as i64;
        placed.extend(kept.into_iter().map(|checkpoint| Placed {
            source: Source::Database(checkpoint.sequence),
            checkpoint,
        }));
    }
}

/// The checkpoints that the key signed, and the places of the others. An Ed25519 signature costs about 60 µs, so all
/// processors help.
fn signed(placed: Vec<Placed>, instance: &str, key: Option<&[u8]>) -> (Vec<Checkpoint>, Vec<Source>) {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let each = placed.len().div_ceil(processors).max(1);
    let is_sound = |one: &Placed| key.is_some_and(|key| checkpoint::is_signed(&one.checkpoint, instance, key));
    let verdicts: Vec<bool> = std::thread::scope(|scope| {
        let parts: Vec<_> = placed
            .chunks(each)
            .map(|part| scope.spawn(move || part.iter().map(is_sound).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    });
    let (mut sound, mut flawed) = (Vec::new(), Vec::new());
    for (index, one) in placed.into_iter().enumerate() {
        // Not judged is not sound.
        if verdicts.get(index).copied().unwrap_or_default() {
            sound.push(one.checkpoint);
        } else {
            flawed.push(one.source);
        }
    }
    (sound, flawed)
}

/// What the walk over the records leaves behind: where it ended, and the hashes that checkpoints speak of.
struct Walked {
    last: i64,
    heads: BTreeMap<i64, Vec<u8>>,
}

async fn walk(tx: &mut Tx, wanted: &BTreeSet<i64>, verification: &mut Verification) -> Result<Walked, Problem> {
    let end = tx.activity_head().await?;
    let (mut last, mut head, mut is_behind) = (0, Vec::new(), false);
    let mut heads = BTreeMap::new();
    loop {
        let links = tx.activity_links(last, CHUNK).await?;
        let is_over = links.last().is_none_or(|link| link.sequence.is_none());
        for link in links {
            // What has no number is counted in the end.
            let Some(sequence) = link.sequence else { continue };
            verification.records += 1;
            if sequence > end.sequence && !is_behind {
                is_behind = true;
                verification.find(What::BehindTheEnd(sequence), Some(&link));
            }
            if sequence > last + 1 {
                // What follows the gap cannot be held against what was in it.
                verification.find(What::Missing(last + 1, sequence - 1), None);
            } else if !is_behind && !link.follows(&head) {
                verification.find(What::Changed(sequence), Some(&link));
            }
            if wanted.contains(&sequence) {
                heads.insert(sequence, link.hash.clone());
            }
            last = sequence;
            head = link.hash;
            *verification.belonging.entry((link.organization, link.root)).or_default() += 1;
        }
        if is_over {
            break;
        }
    }
    if last < end.sequence {
        verification.find(What::Missing(last + 1, end.sequence), None);
    } else if head != end.hash && !is_behind {
        verification.find(What::EndDiffers, None);
    }
    let unnumbered = tx.activity_count().await? - verification.records;
    if unnumbered != 0 {
        verification.find(What::Unnumbered(unnumbered), None);
    }
    Ok(Walked { last, heads })
}

impl Walked {
    /// The first checkpoint that the log contradicts is told, and the furthest that it does not reach.
    fn hold_against(&self, sound: &[Checkpoint], verification: &mut Verification) {
        let fits = |one: &Checkpoint| self.heads.get(&one.sequence).is_some_and(|head| *head == one.head);
        let (reached, beyond): (Vec<_>, Vec<_>) = sound.iter().partition(|one| one.sequence <= self.last);
        let rewritten = reached.into_iter().filter(|one| !fits(one));
        if let Some(one) = rewritten.min_by_key(|one| (one.sequence, one.at)) {
            verification.find(What::Rewritten(one.sequence, one.at), None);
        }
        if let Some(one) = beyond.into_iter().max_by_key(|one| (one.sequence, one.at)) {
            verification.find(What::Cut(self.last, one.sequence, one.at), None);
        }
    }
}
