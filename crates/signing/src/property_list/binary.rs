//! Binary property lists, walked before they are read.
//!
//! A binary list is a table of objects that name each other by number, so a few hundred bytes can stand for more elements than
//! there are atoms: each array names the next one twice. The walk follows every reference as often as it is named, and stops
//! as soon as that becomes too much. What it lets through unfolds to a bounded size.

use super::{MAX_DEPTH, MAX_ELEMENTS, PropertyListError};

/// The most bytes that texts and data may have together, each counted as often as it is named.
const MAX_CONTENT: usize = 8 * 1024 * 1024;
const TRAILER: usize = 32;

/// The form of the list, its references and its bounds.
///
/// # Errors
/// [`PropertyListError`], where reading it would fail or hurt.
pub(super) fn check(bytes: &[u8]) -> Result<(), PropertyListError> {
    let (mut walk, top) = Walk::of(bytes).ok_or(PropertyListError::NotAPropertyList)?;
    walk.visit(top, 1)
}

struct Walk<'a> {
    /// Everything before the trailer.
    body: &'a [u8],
    /// Where each object begins, `offset_size` bytes each.
    offsets: &'a [u8],
    offset_size: usize,
    reference_size: usize,
    elements_left: usize,
    content_left: usize,
}

impl<'a> Walk<'a> {
    /// The walk, and the number of the object at the top.
    fn of(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let body = bytes.get(..bytes.len().checked_sub(TRAILER)?)?;
        let trailer = bytes.get(body.len()..)?;
        let (offset_size, reference_size) = (usize::from(trailer[6]), usize::from(trailer[7]));
        let count = number(&trailer[8..16])?;
        let table = number(&trailer[24..32])?;
        let offsets = body.get(table..table.checked_add(count.checked_mul(offset_size)?)?)?;
        let sizes = [offset_size, reference_size].iter().all(|size| matches!(size, 1..=4 | 8));
        let walk = Self {
            body,
            offsets,
            offset_size,
            reference_size,
            elements_left: MAX_ELEMENTS,
            content_left: MAX_CONTENT,
        };
        sizes.then_some((walk, number(&trailer[16..24])?))
    }

    fn visit(&mut self, object: usize, depth: usize) -> Result<(), PropertyListError> {
        if depth > MAX_DEPTH {
            return Err(PropertyListError::TooDeep);
        }
        self.elements_left = self.elements_left.checked_sub(1).ok_or(PropertyListError::TooMany)?;
        let (kind, length, content) = self.open(object).ok_or(PropertyListError::NotAPropertyList)?;
        let per_item = match kind {
            0x4 | 0x5 => 1,
            0x6 => 2,
            0xa => self.reference_size,
            0xd => 2 * self.reference_size,
            // The rest is small and of a fixed size; what it is, the reader judges.
            _ => return Ok(()),
        };
        let content = length
            .checked_mul(per_item)
            .and_then(|length| content.get(..length))
            .ok_or(PropertyListError::NotAPropertyList)?;
        if matches!(kind, 0x4..=0x6) {
            self.content_left = self.content_left.checked_sub(content.len()).ok_or(PropertyListError::TooMany)?;
            return Ok(());
        }
        for reference in content.chunks_exact(self.reference_size) {
            let next = number(reference).ok_or(PropertyListError::NotAPropertyList)?;
            self.visit(next, depth + 1)?;
        }
        Ok(())
    }

    /// The kind of an object, its length as it states it, and everything that follows.
    fn open(&self, object: usize) -> Option<(u8, usize, &'a [u8])> {
        let entry = object.checked_mul(self.offset_size)?;
        let at = number(self.offsets.get(entry..entry.checked_add(self.offset_size)?)?)?;
        let (marker, rest) = self.body.get(at..)?.split_first()?;
        let (kind, low) = (marker >> 4, marker & 0x0f);
        if low != 0x0f || !matches!(kind, 0x4..=0x6 | 0xa | 0xd) {
            return Some((kind, usize::from(low), rest));
        }
        // A longer length follows as an integer object.
        let (size, rest) = rest.split_first()?;
        let (length, rest) = rest.split_at_checked(1_usize << (size & 0x03))?;
        Some((kind, number(length)?, rest))
    }
}

/// A big-endian number.
fn number(bytes: &[u8]) -> Option<usize> {
    let value = bytes
        .iter()
        .try_fold(0_u64, |value, byte| value.checked_mul(256).map(|value| value + u64::from(*byte)))?;
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::super::read_any;
    use super::*;
    use plist::{Dictionary, Value};

    fn binary(entries: Dictionary) -> Vec<u8> {
        let mut bytes = Vec::new();
        Value::Dictionary(entries).to_writer_binary(&mut bytes).unwrap();
        bytes
    }

    /// Objects one byte each in references and offsets, the first at the top.
    fn list(objects: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for object in objects {
            offsets.push(u8::try_from(bytes.len()).unwrap());
            bytes.extend(object);
        }
        let table = bytes.len() as u64;
        bytes.extend(offsets);
        bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        bytes.extend((objects.len() as u64).to_be_bytes());
        bytes.extend(0_u64.to_be_bytes());
        bytes.extend(table.to_be_bytes());
        bytes
    }

    #[test]
    fn a_genuine_list_is_read_as_it_is() {
        let mut inner = Dictionary::new();
        inner.insert("long".into(), "a text of more than fifteen characters".into());
        inner.insert("wide".into(), "名前".into());
        inner.insert(
            "list".into(),
            vec![Value::from(true), Value::from(-7), Value::Data(vec![0; 300])].into(),
        );
        let mut entries = Dictionary::new();
        entries.insert("inner".into(), inner.into());
        assert_eq!(read_any(&binary(entries.clone())), Ok(entries));
    }

    #[test]
    fn lists_that_unfold_without_end_are_refused() {
        // Each array names the next one twice: 2^30 elements in 150 bytes.
        let mut objects: Vec<Vec<u8>> = (1..=30).map(|next| vec![0xa2, next, next]).collect();
        objects.push(vec![0x09]);
        assert_eq!(read_any(&list(&objects)), Err(PropertyListError::TooMany));
        assert_eq!(read_any(&list(&[vec![0xa1, 0]])), Err(PropertyListError::TooDeep));
    }

    #[test]
    fn a_long_text_counts_as_often_as_it_is_named() {
        let text = "x".repeat(MAX_CONTENT / 100);
        let entries = |count: usize| {
            let mut entries = Dictionary::new();
            entries.insert("texts".into(), vec![Value::from(text.as_str()); count].into());
            binary(entries)
        };
        assert!(entries(200).len() < 2 * text.len(), "the writer names it, too");
        assert!(read_any(&entries(99)).is_ok());
        assert_eq!(read_any(&entries(101)), Err(PropertyListError::TooMany));
    }

    #[test]
    fn what_points_outside_is_no_list() {
        let refused = Err(PropertyListError::NotAPropertyList);
        assert_eq!(read_any(b"bplist00"), refused);
        assert_eq!(read_any(&list(&[vec![0xa1, 9]])), refused);
        assert_eq!(
            read_any(&list(&[vec![0x5f, 0x13, 255, 255, 255, 255, 255, 255, 255, 255]])),
            refused
        );
        assert_eq!(read_any(&list(&[vec![0x09]])), refused, "no dictionary at the top");
        let mut sizes = list(&[vec![0xd0]]);
        assert_eq!(read_any(&sizes), Ok(Dictionary::new()));
        let at = sizes.len() - 26;
        sizes[at] = 0;
        assert_eq!(read_any(&sizes), refused);
    }
}
