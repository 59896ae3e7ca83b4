//! Enumerations that Apple may extend at any time: an unknown value is kept and shown as it came.

/// Declares an open enumeration from `Variant = "WIRE_VALUE"` pairs, with an `Other(String)`.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $wire:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(
                #[doc = concat!("`", $wire, "`")]
                $variant,
            )+
            /// A value that this version does not know, as Apple wrote it.
            Other(String),
        }

        impl $name {
            /// The values that this version knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant,)+];

            /// The value as Apple writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Other(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($wire => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let value = String::deserialize(d)?;
                Ok(Self::from(value.as_str()))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use crate::Platform;

    #[test]
    fn known_and_unknown_values_survive_a_round_trip() {
        let json = r#"["IOS","WATCH_OS"]"#;
        let platforms: Vec<Platform> = serde_json::from_str(json).expect("platforms");
        assert_eq!(platforms, [Platform::Ios, Platform::Other("WATCH_OS".to_owned())]);
        assert_eq!(serde_json::to_string(&platforms).expect("json"), json);
        assert_eq!(format!("{:>7}|{}", Platform::MacOs, platforms[1]), " MAC_OS|WATCH_OS");
        assert_eq!(Platform::KNOWN.len(), 4);
    }
}
