//! The chain: each record carries the hash of itself and of everything before it.
//!
//! ```text
//! hash = SHA-256( "russet activity 1" | hash before | column 1 | column 2 | … )
//! ```
//!
//! Each part has its length before it, each column also its type, and the columns are the bytes as the database keeps
//! them, in the order of [`columns`]. So two rows that differ anywhere differ in their hash, and so do all after them.
//! The hash before the first record is empty.
//!
//! A chain alone does not notice that its end was cut off, or that all of it was made anew: that is what the signed
//! checkpoints are for ([`super::ledger`]).

use aws_lc_rs::digest::{Context, SHA256};
use domain::{Activity, OrgId};

use crate::Result;
use crate::sql::{Arg, args, json};

/// A hash of the chain.
pub type Hash = [u8; 32];

/// Every column of a record but its hash, in the order in which they are hashed, as `$1` to `$15` of the insertion.
pub(super) fn columns(sequence: i64, root: Option<OrgId>, new: &Activity) -> Result<Vec<Arg>> {
    Ok(args![
        sequence,
        new.id,
        new.organization,
        root,
        new.at,
        json(&new.actor)?,
        new.actor.subject().map(|subject| subject.to_string()),
        new.actor.token(),
        new.event.action(),
        new.event.object(),
        new.event.key(),
        json(&new.event)?,
        new.outcome.as_str(),
        new.follows,
        new.origin.address.as_deref(),
        new.origin.request_id.as_deref(),
    ])
}

/// The hash of a record with these columns, after the record with the hash `previous`.
pub(super) fn hash(previous: &[u8], columns: &[Arg]) -> Hash {
    let mut context = Context::new(&SHA256);
    let mut part = |tag: u8, bytes: &[u8]| {
        context.update(&[tag]);
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    part(b'r', b"russet activity 1");
    part(b'p', previous);
    for column in columns {
        match column {
            Arg::Text(Some(text)) => part(b't', text.as_bytes()),
            Arg::Int(Some(number)) => part(b'i', &number.to_be_bytes()),
            Arg::Bytes(Some(bytes)) => part(b'b', bytes),
            Arg::Bool(Some(truth)) => part(b'f', &[u8::from(*truth)]),
            Arg::Text(None) | Arg::Int(None) | Arg::Bool(None) | Arg::Bytes(None) => part(b'n', b""),
        }
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_look_alike_to_the_chain() {
        let rows = [
            args!["ab", "c"],
            args!["a", "bc"],
            args!["abc", ""],
            args!["abc", Option::<String>::None],
            args!["abc"],
            args![1_i64, "c"],
            args![Option::<i64>::None, "c"],
        ];
        let mut seen: Vec<Hash> = rows.iter().map(|row| hash(b"before", row)).collect();
        seen.push(hash(b"", &rows[0]));
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }
}
