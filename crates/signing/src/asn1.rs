//! Just enough ASN.1 to tell what a file is, and to turn BER into DER.
//!
//! Whoever decodes a known structure uses the typed crates; this module answers what they cannot: "which structure is
//! this at all?", "is it cut short?", and "join the segments" (foreign tools write indefinite lengths and octet strings
//! in pieces, which strict DER decoders refuse). It must not grow into a third decoder.
//!
//! The surprising thing: [`to_der`] copies every element verbatim that has nothing to repair in it, because re-encoding
//! a certificate inside a message would break its signature.

use std::borrow::Cow;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const CONTEXT_0_PRIMITIVE: u8 = 0x80;
pub(crate) const CONTEXT_0: u8 = 0xa0;

const CONSTRUCTED: u8 = 0x20;
const END_OF_CONTENTS: u8 = 0x00;
/// Real messages nest about 15 deep; the bound keeps recursion away from the stack's end.
const MAX_DEPTH: usize = 48;

/// Why bytes are not one ASN.1 element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The element says it is longer than what is there.
    Truncated,
    /// No well-formed element.
    Malformed,
}

/// One tag-length-value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// Identifier octet (tags above 30 are not used by the formats read here).
    pub(crate) tag: u8,
    /// The contents, without an end-of-contents mark.
    pub(crate) content: &'a [u8],
    /// Header and contents as they stand.
    pub(crate) raw: &'a [u8],
    indefinite: bool,
}

impl<'a> Element<'a> {
    /// The contents of an INTEGER that is not negative; too large ones are as large as can be.
    pub(crate) fn unsigned(&self) -> Option<u64> {
        match self.content {
            [] => None,
            [first, ..] if *first >= 0x80 => None,
            digits if digits.iter().skip_while(|digit| **digit == 0).count() > 8 => Some(u64::MAX),
            digits => Some(digits.iter().fold(0, |sum, digit| (sum << 8) | u64::from(*digit))),
        }
    }

    /// The elements inside, in order; stops at the first fault.
    pub(crate) fn children(&self) -> Result<Vec<Element<'a>>, Fault> {
        elements(self.content, MAX_CHILDREN)
    }

    /// The first few elements inside: enough to recognize a structure without walking all of it.
    pub(crate) fn leading(&self, count: usize) -> Vec<Element<'a>> {
        let mut found = Vec::new();
        let mut rest = self.content;
        while found.len() < count && !rest.is_empty() {
            let Ok((element, after)) = read(rest) else { break };
            found.push(element);
            rest = after;
        }
        found
    }
}

const MAX_CHILDREN: usize = 100_000;

fn elements(mut rest: &[u8], limit: usize) -> Result<Vec<Element<'_>>, Fault> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        if found.len() == limit {
            return Err(Fault::Malformed);
        }
        let (element, after) = read(rest)?;
        found.push(element);
        rest = after;
    }
    Ok(found)
}

/// Reads one element from the front; returns it and what follows.
pub(crate) fn read(bytes: &[u8]) -> Result<(Element<'_>, &[u8]), Fault> {
    read_at(bytes, 0)
}

fn read_at(bytes: &[u8], depth: usize) -> Result<(Element<'_>, &[u8]), Fault> {
    let (&tag, after_tag) = bytes.split_first().ok_or(Fault::Truncated)?;
    if tag & 0x1f == 0x1f || depth > MAX_DEPTH {
        return Err(Fault::Malformed);
    }
    let (&first, after_first) = after_tag.split_first().ok_or(Fault::Truncated)?;
    let (length, body) = match first {
        0..=0x7f => (usize::from(first), after_first),
        0x80 => return read_indefinite(bytes, tag, after_first, depth),
        0x81..=0x84 => {
            let octets = usize::from(first & 0x7f);
            let (digits, body) = after_first.split_at_checked(octets).ok_or(Fault::Truncated)?;
            let length = digits.iter().fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
            (length, body)
        }
        _ => return Err(Fault::Malformed),
    };
    let (content, rest) = body.split_at_checked(length).ok_or(Fault::Truncated)?;
    let raw = &bytes[..bytes.len() - rest.len()];
    let element = Element {
        tag,
        content,
        raw,
        indefinite: false,
    };
    Ok((element, rest))
}

fn read_indefinite<'a>(bytes: &'a [u8], tag: u8, body: &'a [u8], depth: usize) -> Result<(Element<'a>, &'a [u8]), Fault> {
    if tag & CONSTRUCTED == 0 {
        return Err(Fault::Malformed);
    }
    let mut rest = body;
    loop {
        if let [END_OF_CONTENTS, 0, after @ ..] = rest {
            let content = &body[..body.len() - rest.len()];
            let raw = &bytes[..bytes.len() - after.len()];
            let element = Element {
                tag,
                content,
                raw,
                indefinite: true,
            };
            return Ok((element, after));
        }
        let (_, after) = read_at(rest, depth + 1)?;
        rest = after;
    }
}

/// The same value with definite lengths and octet strings in one piece. DER passes through untouched.
pub(crate) fn to_der(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Fault> {
    let (element, rest) = read(bytes)?;
    if !rest.is_empty() {
        return Err(Fault::Malformed);
    }
    repaired(&element, 0)
}

fn repaired<'a>(element: &Element<'a>, depth: usize) -> Result<Cow<'a, [u8]>, Fault> {
    let constructed = element.tag & CONSTRUCTED != 0;
    if !constructed || !element.indefinite && !may_need_repair(element.raw) {
        return Ok(Cow::Borrowed(element.raw));
    }
    if depth > MAX_DEPTH {
        return Err(Fault::Malformed);
    }
    let segmented = element.tag == OCTET_STRING | CONSTRUCTED;
    let mut changed = element.indefinite || segmented;
    let mut content = Vec::with_capacity(element.content.len());
    for child in element.children()? {
        let child_der = repaired(&child, depth + 1)?;
        changed |= matches!(child_der, Cow::Owned(_));
        if segmented {
            let (segment, _) = read(&child_der)?;
            if segment.tag != OCTET_STRING {
                return Err(Fault::Malformed);
            }
            content.extend_from_slice(segment.content);
        } else {
            content.extend_from_slice(&child_der);
        }
    }
    if !changed {
        return Ok(Cow::Borrowed(element.raw));
    }
    let tag = if segmented { OCTET_STRING } else { element.tag };
    Ok(Cow::Owned(encode(tag, &content)))
}

/// A cheap "certainly nothing to do": neither an indefinite length octet nor a segmented octet string's tag occurs.
fn may_need_repair(raw: &[u8]) -> bool {
    raw.contains(&0x80) || raw.contains(&(OCTET_STRING | CONSTRUCTED))
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length.to_le_bytes()[0]);
    } else {
        let digits = length.to_be_bytes();
        let significant = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
        out.push(0x80 | significant.len().to_le_bytes()[0]);
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definite_elements_pass_through_untouched() {
        let der = [0x30, 0x05, 0x04, 0x03, 1, 2, 3];
        assert!(matches!(to_der(&der).unwrap(), Cow::Borrowed(same) if same == der));
    }

    #[test]
    fn segments_are_joined_and_lengths_made_definite() {
        let ber = [0x30, 0x80, 0x24, 0x80, 0x04, 0x02, 1, 2, 0x04, 0x01, 3, 0, 0, 0x02, 0x01, 7, 0, 0];
        let der = [0x30, 0x08, 0x04, 0x03, 1, 2, 3, 0x02, 0x01, 7];
        assert_eq!(to_der(&ber).unwrap().as_ref(), der);
    }

    #[test]
    fn long_contents_get_long_lengths() {
        let mut ber = vec![0x24, 0x80];
        for _ in 0..3 {
            ber.extend_from_slice(&encode(OCTET_STRING, &[9; 200]));
        }
        ber.extend_from_slice(&[0, 0]);
        let der = to_der(&ber).unwrap();
        assert_eq!(&der[..4], [0x04, 0x82, 0x02, 0x58]);
        assert_eq!(der.len(), 604);
    }

    #[test]
    fn a_cut_element_is_truncated_not_malformed() {
        assert_eq!(read(&[0x30, 0x05, 0x04]).unwrap_err(), Fault::Truncated);
        assert_eq!(read(&[0x30, 0x82, 0x01]).unwrap_err(), Fault::Truncated);
        assert_eq!(read(&[]).unwrap_err(), Fault::Truncated);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let bomb = [0x30, 0x80].repeat(200_000);
        assert!(read(&bomb).is_err());
    }
}
