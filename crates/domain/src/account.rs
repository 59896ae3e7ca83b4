//! People, organizations, and how they are signed in.

use crate::{
    id::{ApiTokenId, OrgId, SessionId, UserId},
    name::{Email, ItemName},
};
use jiff::Timestamp;

/// Shortest password, in characters.
pub const PASSWORD_CHARACTERS: usize = 12;
/// Longest password, in bytes; longer ones would only make hashing slow.
pub const PASSWORD_BYTES: usize = 1024;
/// How long a session lives without being used, in hours.
pub const SESSION_IDLE_HOURS: i64 = 12;
/// How long a password that was given counts as a confirmation of who is at the browser, in minutes; and how long for a form
/// that was opened within that.
pub const CONFIRMED_MINUTES: i64 = 15;
/// See [`CONFIRMED_MINUTES`].
pub const CONFIRMED_FORM_MINUTES: i64 = 30;
/// How long a session lives at most, in days.
pub const SESSION_DAYS: i64 = 14;
/// How long a personal token lives unless told otherwise, in days (six months).
pub const TOKEN_DAYS: i64 = 183;
/// How long a personal token lives at most, in days (one year).
pub const TOKEN_DAYS_MOST: i64 = 366;
/// Over how many minutes failed sign-ins are counted.
pub const SIGN_IN_MINUTES: i64 = 15;
/// How many sign-ins to one account may fail in that time.
pub const SIGN_IN_FAILURES_ACCOUNT: u32 = 10;
/// How many sign-ins from one address may fail in that time.
pub const SIGN_IN_FAILURES_ADDRESS: u32 = 30;

/// The tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrgId,
    /// The root organization above it; none for a root.
    pub parent: Option<OrgId>,
    /// Its name.
    pub name: ItemName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: ItemName,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// A signed-in browser. The token itself is known only to the browser; the store keeps its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which may be shown.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When whoever has it last gave the password.
    pub confirmed_at: Timestamp,
    /// The address it was begun from.
    pub address: Option<String>,
    /// The browser's own description, shortened.
    pub agent: Option<String>,
}

/// A personal token for Russet's API. It acts within its owner's rights; the store keeps its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: ItemName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}
