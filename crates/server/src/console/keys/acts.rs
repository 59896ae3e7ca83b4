//! Acts on a key that have a page of their own: rename, Apple roles, rotate, remove. Each is also shown as a dialog.

use super::{
    super::{filters, parts::{Tone, Wrong}, shell::Shell},
    KeyForm, RoleRow,
};
use app::keys::Dependents;
use askama::Template;
use domain::{ApiKey, OrgId};

/// Another name.
#[derive(Template)]
#[template(path = "keys/rename.html")]
pub(crate) struct RenamePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// The name entered.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// The roles it was given at Apple.
#[derive(Template)]
#[template(path = "keys/roles.html")]
pub(crate) struct RolesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl RolesPage {
    fn role_table(&self) -> Vec<RoleRow> {
        super::role_table()
    }
}

/// Another private key under the same item.
#[derive(Template)]
#[template(path = "keys/rotate.html")]
pub(crate) struct RotatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// What was entered.
    pub(crate) form: KeyForm,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// Taking it away, with what depends on it.
#[derive(Template)]
#[template(path = "keys/remove.html")]
pub(crate) struct RemovePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// What depends on it.
    pub(crate) dependents: Dependents,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}
