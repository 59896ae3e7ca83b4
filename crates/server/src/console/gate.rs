//! Pages that stand alone: sign-in, the set-up of the first person, and what is shown in place of a page.

use super::{
    filters,
    parts::{Notice, Tone, Wrong},
    shell::Shell,
};
use askama::Template;

/// Sign-in.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The server's host, so that people see where they type.
    pub(crate) host: String,
    /// Where to go on.
    pub(crate) back: String,
    /// The e-mail entered.
    pub(crate) email: String,
    /// The one error for all wrong pairs.
    pub(crate) wrong: Option<String>,
    /// Too many tries, or signed out.
    pub(crate) notice: Option<Notice>,
}

/// What the first person entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct SetUpForm {
    /// Name.
    pub(crate) name: String,
    /// E-mail.
    pub(crate) email: String,
    /// Organization.
    pub(crate) organization: String,
}

/// The first person.
#[derive(Template)]
#[template(path = "setup.html")]
pub(crate) struct SetUpPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The one-time token.
    pub(crate) token: String,
    /// What was entered.
    pub(crate) form: SetUpForm,
    /// Fewest characters of a password.
    pub(crate) least: usize,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// In place of a page: what it means, who can act, the request's id.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// What happened.
    pub(crate) head: String,
    /// What it means and who can act.
    pub(crate) body: String,
    /// For the log.
    pub(crate) request_id: Option<String>,
    /// One way on.
    pub(crate) way: Option<(String, String)>,
}
