//! The list of API keys.

use super::super::{
    filters,
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::keys::KeySummary;
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::OrgId;
use jiff::Timestamp;

/// A view of the list, with its count.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Its word.
    pub(crate) name: &'static str,
    /// Its word in the query.
    pub(crate) word: &'static str,
    /// Its query, with the question mark.
    pub(crate) query: &'static str,
    /// How many keys are in it.
    pub(crate) count: usize,
    /// Whether it is the present one.
    pub(crate) here: bool,
}

/// What the address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct KeysQuery {
    /// Part of a name or of a Key ID.
    pub(crate) q: String,
    /// A kind.
    pub(crate) kind: String,
    /// `usable` or `attention`.
    pub(crate) state: String,
}

/// The page.
#[derive(Template)]
#[template(path = "keys/list.html")]
pub(crate) struct KeysPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What fits the query.
    pub(crate) keys: Vec<KeySummary>,
    /// How many there are.
    pub(crate) total: usize,
    /// What is searched for.
    pub(crate) search: String,
    /// The chosen kind.
    pub(crate) kind: String,
    /// All, usable, needing attention.
    pub(crate) views: Vec<View>,
    /// The last check of any.
    pub(crate) last_check: Option<Timestamp>,
    /// The root organization above, which may lend keys; none for a root.
    pub(crate) root: Option<String>,
}

impl KeysPage {
    /// From all keys and the query.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, all: Vec<KeySummary>, root: Option<String>, query: KeysQuery) -> Self {
        let total = all.len();
        let usable = all.iter().filter(|key| key.key.health.is_good()).count();
        let view = |name, word: &'static str, query_text, count| View {
            name,
            word,
            query: query_text,
            count,
            here: query.state == word,
        };
        let views = vec![
            view("All", "", "", total),
            view("Usable", "usable", "?state=usable", usable),
            view("Needs attention", "attention", "?state=attention", total - usable),
        ];
        let last_check = all.iter().filter_map(|key| key.key.last_check).max();
        let words: Vec<String> = query.q.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let keys = all
            .into_iter()
            .filter(|key| {
                let text = format!("{} {}", key.key.name, key.key.key_id).to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .filter(|key| query.kind.is_empty() || key.key.kind.as_str() == query.kind)
            .filter(|key| match query.state.as_str() {
                "usable" => key.key.health.is_good(),
                "attention" => !key.key.health.is_good(),
                _ => true,
            })
            .collect();
        Self {
            shell,
            org,
            keys,
            total,
            search: query.q,
            kind: query.kind,
            views,
            last_check,
            root,
        }
    }
}

/// `GET /o/{org}/keys`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(query): Query<KeysQuery>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Keys).await?;
    let all = state.app.keys(&visitor.who.caller, org).await?;
    let root = state.app.root_above(&visitor.who.caller, org).await?;
    page(&KeysPage::new(shell, org, all, root, query))
}
