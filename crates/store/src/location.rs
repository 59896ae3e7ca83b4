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
                let public = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                let public = public.split_once('?').map_or(public, |(address, _)| address);
                write!(f, "PostgreSQL at {public}")
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
        assert_eq!(Location::parse("data"), Location::Directory("data".into()));
    }
}
