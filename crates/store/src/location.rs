//! Where the data is.

use std::fmt;
use std::path::PathBuf;

/// A data directory with SQLite in it, or a PostgreSQL database.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// SQLite, in the file `russet.db` of this directory.
    Directory(PathBuf),
    /// PostgreSQL, by its address `postgres://user:password@host:port/database`.
    Postgres(String),
}

impl Location {
    /// Reads what `--database` and `--data` take: an address that begins with `postgres://` or
    /// `postgresql://`, or else a directory.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres(text.to_owned())
        } else {
            Self::Directory(PathBuf::from(text))
        }
    }
}

/// The address may hold a password, so it is shown without what stands before the `@`.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => write!(f, "SQLite in {}", directory.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                // The query first: it may hold a password too, and that one an @.
                let address = rest.split_once('?').map_or(rest, |(address, _)| address);
                match address.rsplit_once('@') {
                    Some((_, host)) => write!(f, "PostgreSQL at {host}"),
                    // An @ behind the ? only: then the ? stands in a password that was not encoded.
                    None if rest.contains('@') && address.contains(':') => f.write_str("PostgreSQL"),
                    None => write!(f, "PostgreSQL at {address}"),
                }
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_address_is_never_shown() {
        let location = Location::parse("postgres://russet:p@ss:word@db.example.com:5433/russet?sslpassword=x");
        assert_eq!(format!("{location:?}"), "PostgreSQL at db.example.com:5433/russet");
        for (url, shown) in [
            (
                "postgres://db.example.com/russet?user=u&password=p@ss",
                "PostgreSQL at db.example.com/russet",
            ),
            ("postgres://u@db/russet?password=p@ss", "PostgreSQL at db/russet"),
            ("postgres://u:p?ss@db/russet", "PostgreSQL"),
        ] {
            assert_eq!(Location::parse(url).to_string(), shown);
        }
        assert_eq!(Location::parse("data"), Location::Directory("data".into()));
    }
}
