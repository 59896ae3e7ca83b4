//! The fields of a form that was sent.
//!
//! They are read by name and never listed: what a page does not ask for does nothing.

use app::Problem;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The fields of a form; several values of one name in order. Passwords are among them, so all of it is wiped.
#[derive(Default)]
pub(crate) struct Fields(BTreeMap<String, Vec<Zeroizing<String>>>);

impl Fields {
    /// The first value of a field; empty when it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0
            .get(name)
            .and_then(|values| values.first())
            .map_or("", |value| value.as_str())
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.get(name).into_iter().flatten().map(|value| value.to_string()).collect()
    }

    /// Whether a box was ticked.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name) == "on"
    }

    /// Whether the name was typed that a dangerous act asks for: "remove this member".
    ///
    /// # Errors
    /// `name_differs`.
    pub(crate) fn confirms(&self, act: &str, name: &domain::ItemName) -> Result<(), Problem> {
        if self.text("name").trim() == name.as_str() {
            return Ok(());
        }
        let message = format!("To {act}, type the name exactly: {name}");
        Err(Problem::field("name_differs", "name", message))
    }

    /// Another value of a field.
    pub(crate) fn add(&mut self, name: String, value: String) {
        self.0.entry(name).or_default().push(Zeroizing::new(value));
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.add(name, value);
        }
        fields
    }
}
