//! Adding a key: the form beside the guide.

use super::{
    super::{filters, parts::{Tone, Wrong}, shell::Shell},
    KeyForm, RoleRow,
};
use askama::Template;
use domain::OrgId;

/// The page.
#[derive(Template)]
#[template(path = "keys/add.html")]
pub(crate) struct AddKeyPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What was entered.
    pub(crate) form: KeyForm,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl AddKeyPage {
    fn role_table(&self) -> Vec<RoleRow> {
        super::role_table()
    }
}
