//! API keys: list, add, one key, and the acts on it.

pub(crate) mod acts;
pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod share;

use super::visit::SentFile;
use app::keys::NewKey;
use domain::feature::{Declared, Feature, declared};
use domain::{AppleRole, KeyKind};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

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
            cells: [AppleRole::Admin, AppleRole::AppManager, AppleRole::Developer]
                .into_iter()
                .map(|role| cell(role, feature))
                .collect(),
        })
        .collect()
}

fn cell(role: AppleRole, feature: Feature) -> RoleCell {
    let (yes, icon, word, note) = match declared(KeyKind::Team, &BTreeSet::from([role]), feature) {
        Declared::Yes(note) => ("is-yes", "check", "yes", note),
        Declared::No(Some(note)) => ("is-no", "half", "partly", Some(note)),
        Declared::No(None) => ("is-no", "no", "no", None),
        Declared::Unknown | Declared::NotWithThisKind => ("is-no", "never", "unknown", None),
    };
    RoleCell {
        class: format!("is-{} {yes}", role.as_str()),
        icon,
        word,
        note: note.map(domain::Limit::title),
    }
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

impl KeyForm {
    /// What was entered.
    pub(crate) fn read(sent: &SentFile) -> Self {
        let fields = &sent.fields;
        let kind = if fields.is_on("enterprise") {
            "enterprise"
        } else {
            fields.text("kind")
        };
        Self {
            name: fields.text("name").to_owned(),
            kind: kind.to_owned(),
            key_id: fields.text("key_id").to_owned(),
            issuer_id: fields.text("issuer_id").to_owned(),
            roles: fields.all("role"),
            save_unverified: fields.is_on("save_unverified"),
            pasted: !fields.text("pasted").trim().is_empty(),
        }
    }

    /// With the file, or the text pasted in its place, for the use case. An individual key's hidden Issuer ID does not
    /// count.
    pub(crate) fn with_file(&self, sent: &SentFile) -> NewKey {
        let pasted = sent.file.is_empty() && self.pasted;
        NewKey {
            name: self.name.clone(),
            kind: self.kind.clone(),
            key_id: self.key_id.clone(),
            issuer_id: if self.kind == "individual" {
                String::new()
            } else {
                self.issuer_id.clone()
            },
            roles: self.roles.clone(),
            file_name: sent.file_name.clone(),
            file: if pasted {
                Zeroizing::new(sent.fields.text("pasted").as_bytes().to_vec())
            } else {
                sent.file.clone()
            },
            save_unverified: self.save_unverified,
        }
    }
}
