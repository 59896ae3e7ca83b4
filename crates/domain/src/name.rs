//! Names that people give to things, and e-mail addresses. Both are normalized once, where they enter.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// Longest name of an item, in characters.
pub const NAME_CHARACTERS: usize = 100;

/// A name or an e-mail address that cannot be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but blanks.
    #[error("The name is empty. Give it at least one visible character.")]
    Empty,
    /// Longer than [`NAME_CHARACTERS`].
    #[error("The name has {found} characters; at most {NAME_CHARACTERS} fit. Shorten it.")]
    TooLong {
        /// How many characters were given.
        found: usize,
    },
    /// A line break, a NUL, a direction override or another invisible control.
    #[error("The name holds a control character (U+{code:04X}). Type it again without it.")]
    Control {
        /// The character's code point.
        code: u32,
    },
    /// Not `something@somewhere`.
    #[error("This is not an e-mail address. It has the form name@example.com.")]
    NotAnEmail,
}

/// Characters that reorder or hide text: a name with one could pose as another.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// The name of an item: NFC, trimmed, 1 to [`NAME_CHARACTERS`] characters, no controls.
///
/// Zero-width joiners are refused with the controls; emoji sequences lose nothing a list needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemName(String);

impl ItemName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names are compared by: compatibility form, lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        folded(&self.0)
    }

    /// What it looks like: the skeleton of UTS 39, lower case. A Cyrillic А and a Latin A have the same, an I and an l too.
    /// Where one name must not pose as another, two names may share neither this nor [`ItemName::folded`].
    #[must_use]
    pub fn likeness(&self) -> String {
        let text: String = self.0.nfkc().collect();
        skeleton(&text).collect::<String>().to_lowercase()
    }
}

/// A text as it is compared and searched for: compatibility form, lower case.
#[must_use]
pub fn folded(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

impl FromStr for ItemName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let name: String = text.trim().nfc().collect();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if let Some(c) = name.chars().find(|c| is_deceptive(*c)) {
            return Err(NameError::Control { code: u32::from(c) });
        }
        let found = name.chars().count();
        if found > NAME_CHARACTERS {
            return Err(NameError::TooLong { found });
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for ItemName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ItemName> for String {
    fn from(name: ItemName) -> String {
        name.0
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address as an account's name: compatibility form, lower case, so that two spellings are one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The normalized text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let email = text.trim().nfkc().collect::<String>().to_lowercase();
        let parts = email.split_once('@');
        let good = parts.is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('.') && !host.ends_with('.')
        });
        if !good || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || is_deceptive(c)) {
            return Err(NameError::NotAnEmail);
        }
        Ok(Self(email))
    }
}

impl TryFrom<String> for Email {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weird_but_honest_names_are_kept() {
        for name in ["CI uploads", "Zoë's key", "鍵 №7", "<b>bold</b>", "a\"b'c&d", "مفتاح"] {
            assert_eq!(name.parse::<ItemName>().unwrap().as_str(), name);
        }
        assert_eq!("  e\u{301}  ".parse::<ItemName>().unwrap().as_str(), "\u{e9}");
    }

    #[test]
    fn names_that_hide_something_are_refused_by_code_point() {
        assert_eq!("a\u{202E}b".parse::<ItemName>(), Err(NameError::Control { code: 0x202E }));
        assert_eq!("a\nb".parse::<ItemName>(), Err(NameError::Control { code: 10 }));
        assert_eq!("   ".parse::<ItemName>(), Err(NameError::Empty));
        assert_eq!("x".repeat(101).parse::<ItemName>(), Err(NameError::TooLong { found: 101 }));
    }

    #[test]
    fn names_that_look_alike_have_one_likeness() {
        let likeness = |name: &str| name.parse::<ItemName>().unwrap().likeness();
        for (name, twin) in [
            ("Team", "\u{422}eam"),
            ("Pay", "\u{420}\u{430}\u{443}"),
            ("Team 1", "Team l"),
            ("Ａcme", "acme"),
        ] {
            assert_eq!(likeness(name), likeness(twin), "{name}");
        }
        assert_ne!(likeness("Mail"), likeness("Mall"));
        assert_ne!(likeness("Zoë"), likeness("Zoe"));
        let folded = |name: &str| name.parse::<ItemName>().unwrap().folded();
        assert_eq!(folded("INK ﬁn"), folded("ink fin"));
    }

    #[test]
    fn two_spellings_of_an_address_are_one_person() {
        assert_eq!("Elin@Example.COM".parse::<Email>().unwrap(), "elin@example.com".parse().unwrap());
        assert_eq!("ｅlin@example.com".parse::<Email>().unwrap(), "elin@example.com".parse().unwrap());
        for wrong in ["", "elin", "@x", "a@", "a@b@c", "a b@c", "a@.c"] {
            assert!(wrong.parse::<Email>().is_err(), "{wrong}");
        }
    }
}
