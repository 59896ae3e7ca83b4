//! The person's own pages: profile, password, sessions, tokens.

use super::{
    filters,
    parts::{Tone, Wrong},
    shell::Shell,
};
use askama::Template;
use domain::{ApiToken, Organization, Session, SessionId, User};

/// Profile.
#[derive(Template)]
#[template(path = "me/profile.html")]
pub(crate) struct ProfilePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Who.
    pub(crate) user: User,
    /// Where they belong.
    pub(crate) organizations: Vec<Organization>,
}

/// Password.
#[derive(Template)]
#[template(path = "me/security.html")]
pub(crate) struct SecurityPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// For password managers.
    pub(crate) email: String,
    /// Fewest characters.
    pub(crate) least: usize,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// Sessions.
#[derive(Template)]
#[template(path = "me/sessions.html")]
pub(crate) struct SessionsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Newest first.
    pub(crate) sessions: Vec<Session>,
    /// This browser's.
    pub(crate) present: Option<SessionId>,
}

/// Tokens.
#[derive(Template)]
#[template(path = "me/tokens.html")]
pub(crate) struct TokensPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Newest first.
    pub(crate) tokens: Vec<ApiToken>,
    /// A token just made: shown on this answer and on no other.
    pub(crate) secret: Option<String>,
    /// The server's address, for the lines to copy.
    pub(crate) url: String,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The name entered.
    pub(crate) name: String,
    /// The lifetime chosen, in days.
    pub(crate) chosen_days: i64,
    /// Lifetimes: days and words.
    pub(crate) lifetimes: Vec<(i64, &'static str)>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}
