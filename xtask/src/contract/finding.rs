//! A difference between what went over the wire and Apple's document.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::exchange::Exchange;

/// How many differences are printed in full.
const SHOWN: usize = 60;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Side {
    /// Our client.
    Request,
    /// The simulator.
    Response,
}

/// Which rule was broken; the words of `deviations.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rule {
    /// No such path, or no such method on it.
    Operation,
    /// A query parameter that the operation does not take.
    Parameter,
    /// A status that the operation does not declare.
    Status,
    /// A media type, or a body where there is none to be.
    Body,
    /// A property or parameter is missing.
    Required,
    /// A property that the schema does not name.
    Unknown,
    /// Another JSON type.
    Type,
    /// `null` where the schema does not allow it.
    Null,
    /// A value outside of the enumeration.
    Enum,
    /// A text that is not of its format.
    Format,
    /// A number outside of its limits.
    Range,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) rule: Rule,
    /// Where: segments of the JSON pointer, or the name of the parameter, or the status.
    pub(super) at: Vec<String>,
    /// What stood there.
    pub(super) found: String,
    /// What the document wants.
    pub(super) wanted: String,
}

impl Finding {
    /// A difference that is not inside of a body.
    pub(super) fn new(rule: Rule, at: impl Into<String>, found: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self {
            rule,
            at: vec![at.into()],
            found: found.into(),
            wanted: wanted.into(),
        }
    }
}

/// All differences, the same one of many exchanges told once.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<(Side, String, Rule, String), Told>);

#[derive(Debug)]
struct Told {
    line: String,
    times: usize,
}

impl Findings {
    pub(super) fn add(&mut self, side: Side, exchange: &Exchange, finding: Finding) {
        let operation = exchange.operation(side);
        // Positions in lists make the same difference look like many.
        let place = finding
            .at
            .iter()
            .map(|segment| if is_index(segment) { "*" } else { segment })
            .collect::<Vec<_>>()
            .join("/");
        let Finding { rule, found, wanted, .. } = &finding;
        let line = format!(
            "{side:?} {operation}: {rule:?} at {place}: found {found}, wanted {wanted} ({})",
            exchange.origin
        );
        self.0
            .entry((side, operation, *rule, place))
            .or_insert(Told { line, times: 0 })
            .times += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .0
            .values()
            .take(SHOWN)
            .map(|told| format!("{} × {}", told.times, told.line))
            .collect();
        if self.len() > SHOWN {
            lines.push(format!("… and {} more", self.len() - SHOWN));
        }
        lines
    }
}

fn is_index(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}
