//! API keys: list, add, one key, and the acts on it.

pub(crate) mod acts;
pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod one;

use domain::feature::{Declared, Feature, declared};
use domain::{AppleRole, KeyKind};
use std::collections::BTreeSet;

/// A cell of the role table.
pub(crate) struct RoleCell {
    /// Its classes: the column, and `is-yes`.
    pub(crate) class: String,
    /// Its symbol.
    pub(crate) icon: &'static str,
    /// Its word, for who does not see the symbol.
    pub(crate) word: &'static str,
    /// The note under it.
    pub(crate) note: Option<&'static str>,
}

/// A row of the role table.
pub(crate) struct RoleRow {
    /// The feature.
    pub(crate) feature: Feature,
    /// Admin, App Manager, Developer.
    pub(crate) cells: Vec<RoleCell>,
}

/// What each of the three roles may do, from the one table in `domain`.
#[must_use]
pub(crate) fn role_table() -> Vec<RoleRow> {
    Feature::ALL
        .into_iter()
        .map(|feature| RoleRow {
            feature,
            cells: [AppleRole::Admin, AppleRole::AppManager, AppleRole::Developer].into_iter().map(|role| cell(role, feature)).collect(),
        })
        .collect()
}

fn cell(role: AppleRole, feature: Feature) -> RoleCell {
    let (yes, icon, word, note) = match declared(KeyKind::Team, &BTreeSet::from([role]), feature) {
        Declared::Yes(note) => ("is-yes", "check", "yes", note),
        Declared::No(note) => ("is-no", "no", "no", note),
        Declared::Unknown | Declared::NotWithThisKind => ("is-no", "never", "unknown", None),
    };
    RoleCell { class: format!("is-{} {yes}", role.as_str()), icon, word, note: note.map(domain::Limit::title) }
}

/// What a person entered about a key; kept after an error. The file itself is never kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyForm {
    /// Name.
    pub(crate) name: String,
    /// `team`, `individual` or `enterprise`.
    pub(crate) kind: String,
    /// Key ID.
    pub(crate) key_id: String,
    /// Issuer ID.
    pub(crate) issuer_id: String,
    /// Roles, as words.
    pub(crate) roles: Vec<String>,
    /// Save without the proof.
    pub(crate) save_unverified: bool,
    /// Whether the key came as text.
    pub(crate) pasted: bool,
}

impl KeyForm {
    /// Whether a role was ticked.
    #[must_use]
    pub(crate) fn has_role(&self, role: &AppleRole) -> bool {
        self.roles.iter().any(|word| word == role.as_str())
    }
}
