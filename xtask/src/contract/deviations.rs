//! The list of known differences between Apple's documents and Apple's live answers.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::exchange::{Api, Exchange};
use super::finding::{Finding, Rule, Side};

/// The entries of `deviations.toml` and how often each was needed.
pub(super) struct Deviations(Vec<(Deviation, usize)>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    deviation: Vec<Deviation>,
}

/// One entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    side: Side,
    rule: Rule,
    /// The last segments of the place, `*` for any one: `attributes/profileState`. A parameter's name or a status.
    at: String,
    /// Only of this API.
    api: Option<Api>,
    /// Only of this method.
    method: Option<String>,
    /// Only on paths that begin so.
    path: Option<String>,
    /// Only this value.
    found: Option<String>,
    /// Where the difference was seen.
    source: String,
}

impl Deviations {
    pub(super) fn load(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("the list of deviations {} cannot be read", file.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no list of deviations", file.display()))
    }

    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let list: List = toml::from_str(text)?;
        for entry in &list.deviation {
            ensure!(!entry.source.trim().is_empty(), "the deviation at {} names no source", entry.at);
        }
        Ok(Self(list.deviation.into_iter().map(|entry| (entry, 0)).collect()))
    }

    /// Whether an entry covers the difference; the entry then counts as used.
    pub(super) fn cover(&mut self, side: Side, exchange: &Exchange, finding: &Finding) -> bool {
        let entry = self.0.iter_mut().find(|(entry, _)| entry.covers(side, exchange, finding));
        if let Some((_, used)) = entry {
            *used += 1;
            return true;
        }
        false
    }

    /// How many differences were covered.
    pub(super) fn used(&self) -> usize {
        self.0.iter().map(|(_, used)| used).sum()
    }

    /// Entries that nothing needed. Those about our client count only where its requests were judged at all.
    pub(super) fn unused(&self, client_was_judged: bool) -> Vec<String> {
        let idle = self
            .0
            .iter()
            .filter(|(entry, used)| *used == 0 && (entry.side == Side::Response || client_was_judged));
        idle.map(|(entry, _)| format!("{:?} {:?} at {} ({})", entry.side, entry.rule, entry.at, entry.source))
            .collect()
    }
}

impl Deviation {
    fn covers(&self, side: Side, exchange: &Exchange, finding: &Finding) -> bool {
        self.side == side
            && self.rule == finding.rule
            && self.api.is_none_or(|api| api == exchange.api)
            && self.method.as_ref().is_none_or(|method| *method == exchange.method)
            && self.path.as_ref().is_none_or(|path| exchange.path.starts_with(path.as_str()))
            && self.found.as_ref().is_none_or(|found| *found == finding.found)
            && ends_with(&finding.at, &self.at)
    }
}

fn ends_with(place: &[String], pattern: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    pattern.len() <= place.len()
        && place
            .iter()
            .rev()
            .zip(pattern.iter().rev())
            .all(|(segment, wanted)| *wanted == "*" || segment == wanted)
}
