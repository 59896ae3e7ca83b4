//! A text of Apple's that opens something: the address of an upload, the password of a demo account.
//!
//! It cannot be printed and is wiped after use; whoever needs it says [`Withheld::expose`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use zeroize::Zeroizing;

/// A text that is not for logs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Withheld(Zeroizing<String>);

impl Withheld {
    /// Takes a text in.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one who needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// For `#[serde(serialize_with)]` where it goes to Apple; there is no `Serialize` that could take it elsewhere.
    pub(crate) fn write<S: Serializer>(this: &Option<Self>, s: S) -> Result<S::Ok, S::Error> {
        this.as_ref().map(Self::expose).serialize(s)
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[withheld]")
    }
}

impl<'de> Deserialize<'de> for Withheld {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(Self::new)
    }
}
