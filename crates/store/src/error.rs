//! What can go wrong with the database, in the words of whoever has to act on it.

/// Why a call on the store failed. Nothing of its transaction is kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such row in this organization; whether another organization has one is not told.
    #[error("not found")]
    NotFound,
    /// Rights of the actor were taken away after the permit was given that this rests on.
    #[error("the rights that this rests on were changed in the meantime")]
    RightsChanged,
    /// The change contradicts what is there.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The cursor of a page is not one of this list in this order.
    #[error("This is not a cursor of this list in this order. Begin without one.")]
    Cursor,
    /// A text with a NUL character. PostgreSQL keeps none, so SQLite is given none either.
    #[error("a text has a NUL character, which no text in the database has")]
    NulCharacter,
    /// The database was written by a newer program.
    #[error(
        "The database has schema version {found}, and this program knows versions up to {known}. It was used with a newer Russet. Start that version again, or restore a backup from before the upgrade; nothing was changed."
    )]
    NewerSchema {
        /// The database's version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The schema's history is not ours.
    #[error(
        "The database has a schema version {version} that is called {found}, and this program calls it {known}. This is not a database of Russet; point --data or --database elsewhere."
    )]
    ForeignSchema {
        /// Which version differs.
        version: i64,
        /// Its name in the database.
        found: String,
        /// Its name here.
        known: &'static str,
    },
    /// SQLite did not take a setting that durability or safety rests on.
    #[error(
        "SQLite has {pragma} = {found} although {wanted} was set. Is the data directory on a file system that SQLite can lock, such as a local disk?"
    )]
    Setting {
        /// The setting.
        pragma: &'static str,
        /// What was set.
        wanted: &'static str,
        /// What it says now.
        found: String,
    },
    /// The data directory cannot be made or entered.
    #[error("The data directory {} cannot be used: {source}", directory.display())]
    Directory {
        /// The directory.
        directory: std::path::PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The address of the database makes no sense.
    #[error("The database address cannot be used: {why} It has the form postgres://user@host/database.")]
    Address {
        /// What is wrong with it.
        why: String,
    },
    /// Nothing more fits on the disk.
    #[error("The disk of the database is full; the change was not made. Make room, then try again.")]
    DiskFull,
    /// The database did not answer in time, or another writer held it for too long.
    #[error("The database is busy or does not answer; the change was not made. Try again.")]
    Busy,
    /// A value in the database does not fit its type.
    #[error("The column {column} holds a value that this program cannot read: {why}")]
    Unreadable {
        /// Column name.
        column: &'static str,
        /// Why it does not fit; never the value of a secret.
        why: String,
    },
    /// Anything else the database says.
    #[error("The database failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a change contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The instance was initialized before.
    #[error("the instance is initialized already")]
    Initialized,
    /// Somebody has an account under this address.
    #[error("an account with this e-mail address exists already")]
    Email,
    /// Something beside it is called so, or looks so.
    #[error("something beside it has this name, or one that looks the same")]
    Name,
    /// The organization has a key with this Key ID.
    #[error("the organization has an API key with this Key ID already")]
    KeyId,
    /// The organization has a token of this name, or of one that reads alike.
    #[error("the organization has an API token of this name already")]
    TokenName,
    /// The organization has a key of this name.
    #[error("the organization has an API key of this name already")]
    KeyName,
    /// The organization holds this very certificate.
    #[error("the organization holds this certificate already")]
    Certificate,
    /// The organization holds this very profile.
    #[error("the organization holds this profile already")]
    Profile,
    /// The organization has a signing set of this name, or of one that reads alike.
    #[error("the organization has a signing set of this name already")]
    SetName,
    /// The organization has a notification channel of this name, or of one that reads alike.
    #[error("the organization has a notification channel of this name already")]
    ChannelName,
    /// The organization has a webhook of this app.
    #[error("the organization has a webhook of this app already")]
    Webhook,
    /// A secret version is written once.
    #[error("this version of the secret is stored already")]
    Secret,
    /// The row changed since it was read.
    #[error("it was changed by somebody else in the meantime")]
    Stale,
    /// The state machine has no such step.
    #[error("from its present state the operation cannot go there")]
    Step,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => Self::DiskFull,
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // SQLite: FULL. PostgreSQL: disk_full.
                Some("13" | "53100") => Self::DiskFull,
                // What the new row belongs to is gone. SQLite: CONSTRAINT_FOREIGNKEY. PostgreSQL: foreign_key_violation.
                Some("787" | "23503") => Self::NotFound,
                // SQLite: BUSY and its extensions. PostgreSQL: lock_not_available, deadlock_detected.
                Some("5" | "261" | "517" | "773" | "55P03" | "40P01") => Self::Busy,
                _ => Self::Database(Box::new(error)),
            },
            _ => Self::Database(Box::new(error)),
        }
    }
}
