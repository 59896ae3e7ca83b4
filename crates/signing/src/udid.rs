//! Device identifiers (UDIDs), one spelling each.
//!
//! Three forms are known: 40 hex digits (phones and tablets up to 2018), 8-16 (everything since, Macs with Apple silicon
//! included) and a hardware UUID (older Macs). Apple answers in another case than it was asked, and with or without the dash
//! (facts), so two spellings are compared only as [`Udid`]s.
//!
//! This is a form, not a fact: whether such a device exists only Apple knows. A UDID is personal data; errors never repeat it.

use std::fmt;

use crate::Explanation;
use crate::explanation::explained;

/// A device identifier in its one spelling: old ones in lower case, dashed ones and UUIDs in upper case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Udid(String);

/// Which form a UDID has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UdidForm {
    /// 40 hex digits.
    Forty,
    /// Eight, a dash, sixteen.
    Dashed,
    /// The hardware UUID of an older Mac.
    MacUuid,
}

/// Why a text is not a UDID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UdidError {
    /// Nothing but blanks.
    Empty,
    /// A character that is neither a hex digit nor a dash.
    NotHex {
        /// Which character, counted from 1.
        position: usize,
    },
    /// Not 40, 24 or 32 hex digits.
    Length {
        /// How many hex digits there are.
        digits: usize,
    },
    /// Dashes where none belong.
    Dashes,
    /// One digit over and over: what systems give out that hide the true one.
    Placeholder,
}

impl UdidError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const FORMS: &str = "A UDID has 40 hex digits, or 8 and 16 with a dash between; an older Mac's is a UUID.";
        const FIND: &str = "Copy it from Finder or Xcode with the device connected, or invite the device by link.";
        match self {
            Self::Empty => Explanation::new("The UDID is empty.", FORMS, FIND),
            Self::NotHex { position } => Explanation::new(
                format!("Character {position} is neither a hex digit nor a dash."),
                FORMS,
                "A serial number, an IMEI and a name are no UDID. Copy the UDID from Finder or Xcode with the device connected.",
            ),
            Self::Length { digits } => Explanation::new(format!("The UDID has {digits} hex digits."), FORMS, FIND),
            Self::Dashes => Explanation::new("The dashes stand in other places than a UDID has them.", FORMS, FIND),
            Self::Placeholder => Explanation::new(
                "The UDID is one digit over and over.",
                "That is what some systems give out instead of the true one.",
                FIND,
            ),
        }
    }
}

explained!(UdidError);

const DASHED: &[usize] = &[8, 16];
const UUID: &[usize] = &[8, 4, 4, 4, 12];

impl Udid {
    /// Reads a UDID however it was copied: any case, blanks and invisible marks around, the dashes there or left out.
    ///
    /// # Errors
    /// [`UdidError`].
    pub fn parse(text: &str) -> Result<Self, UdidError> {
        let around = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '"' | '\'');
        let text = text.trim_matches(around);
        if text.is_empty() {
            return Err(UdidError::Empty);
        }
        if let Some(index) = text.chars().position(|c| !c.is_ascii_hexdigit() && c != '-') {
            return Err(UdidError::NotHex { position: index + 1 });
        }
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        let spelled = match (digits.len(), groups.as_slice()) {
            (40, [_]) => digits.to_ascii_lowercase(),
            (24, [_] | [8, 16]) => grouped(&digits, DASHED),
            (32, [_] | [8, 4, 4, 4, 12]) => grouped(&digits, UUID),
            (24 | 32 | 40, _) => return Err(UdidError::Dashes),
            (digits, _) => return Err(UdidError::Length { digits }),
        };
        let first = digits.chars().next();
        if digits.chars().all(|c| Some(c) == first) {
            return Err(UdidError::Placeholder);
        }
        Ok(Self(spelled))
    }

    /// The one spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which form it has.
    pub fn form(&self) -> UdidForm {
        match self.0.len() {
            40 => UdidForm::Forty,
            36 => UdidForm::MacUuid,
            _ => UdidForm::Dashed,
        }
    }
}

fn grouped(digits: &str, lengths: &[usize]) -> String {
    let mut rest = digits;
    let mut groups = Vec::with_capacity(lengths.len());
    for length in lengths {
        let (group, after) = rest.split_at((*length).min(rest.len()));
        groups.push(group.to_ascii_uppercase());
        rest = after;
    }
    groups.join("-")
}

impl fmt::Display for Udid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Personal data: logs see only its end.
impl fmt::Debug for Udid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Udid(…{})", &self.0[self.0.len() - 4..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> String {
        Udid::parse(text).unwrap().to_string()
    }

    #[test]
    fn each_form_has_one_spelling() {
        let old = "2b6f0cc904d137be2e1730235f5664094b831186";
        for text in [old, &old.to_uppercase(), &format!(" {old}\r\n"), &format!("\u{feff}\"{old}\"")] {
            assert_eq!(spelled(text), old);
        }
        let new = "00008110-000A1B2C3D4E5F67";
        for text in [new, "00008110000a1b2c3d4e5f67", "00008110-000a1b2C3d4e5f67\t"] {
            assert_eq!(spelled(text), new);
        }
        let mac = "564D2B9C-1111-2222-3333-0123456789AB";
        for text in [mac, &mac.to_lowercase(), &mac.replace('-', "")] {
            assert_eq!(spelled(text), mac);
        }
        assert_eq!(Udid::parse(old).unwrap().form(), UdidForm::Forty);
        assert_eq!(Udid::parse(new).unwrap().form(), UdidForm::Dashed);
        assert_eq!(Udid::parse(mac).unwrap().form(), UdidForm::MacUuid);
    }

    #[test]
    fn what_is_none_is_refused_by_name() {
        let refusal = |text: &str| Udid::parse(text).unwrap_err();
        assert_eq!(refusal(" \t"), UdidError::Empty);
        assert_eq!(refusal("F2LX4R8ZJCLM"), UdidError::NotHex { position: 3 });
        assert_eq!(refusal("356938035643809"), UdidError::Length { digits: 15 });
        assert_eq!(refusal(&"a1".repeat(19)), UdidError::Length { digits: 38 });
        assert_eq!(refusal("0000-8110000A1B2C3D4E5F67"), UdidError::Dashes);
        assert_eq!(refusal("2b6f0cc9-04d137be2e1730235f5664094b831186"), UdidError::Dashes);
        assert_eq!(refusal(&"0".repeat(40)), UdidError::Placeholder);
        assert_eq!(refusal("FFFFFFFF-FFFFFFFFFFFFFFFF"), UdidError::Placeholder);
        assert_eq!(
            refusal("2b6f0cc904d137be2e1730235f5664094b83118é"),
            UdidError::NotHex { position: 40 }
        );
    }

    #[test]
    fn debug_shows_the_end_only() {
        assert_eq!(format!("{:?}", Udid::parse("00008110-000A1B2C3D4E5F67").unwrap()), "Udid(…5F67)");
    }
}
