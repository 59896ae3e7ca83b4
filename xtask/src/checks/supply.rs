//! What we are made of: licenses, banned crates and sources, by the lists of `deny.toml`.
//!
//! cargo-deny knows more (advisories, for one) and runs too where it is installed. This check always runs, and asks
//! `cargo tree` for the crates that are really compiled; `Cargo.lock` also names those of switched-off features.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, bail};

use super::verdict;
use crate::process;
use crate::report::{Outcome, Tally};
use crate::workbench::Workbench;

/// The one registry, as `Cargo.lock` writes it.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The parts of `deny.toml` that are held here.
struct Rules {
    licenses: BTreeSet<String>,
    banned: Vec<String>,
    single: Vec<String>,
    targets: Vec<String>,
}

/// Holds the compiled crates against `deny.toml`.
pub(crate) fn check(bench: &Workbench) -> anyhow::Result<Outcome> {
    let rules = Rules::read(bench)?;
    let mut complaints = sources(bench)?;
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for target in &rules.targets {
        for (name, version, license) in compiled(bench, target)? {
            if !expression_allowed(&license, &rules.licenses) {
                complaints.push(format!("{name} {version} is under `{license}`, which deny.toml does not allow"));
            }
            versions.entry(name).or_default().insert(version);
        }
    }
    for name in rules.banned.iter().filter(|name| versions.contains_key(*name)) {
        complaints.push(format!("{name} is banned; `cargo tree --invert {name}` shows who brings it"));
    }
    for name in &rules.single {
        if let Some(several) = versions.get(name).filter(|found| found.len() > 1) {
            complaints.push(format!("{name} is there in several versions: {several:?}"));
        }
    }
    complaints.dedup();
    println!("    {} crates", versions.len());
    verdict(complaints)
}

/// The same and more by cargo-deny, where a person has it. Not required: it is no package of Debian's.
pub(crate) fn cargo_deny(bench: &Workbench) -> anyhow::Result<Outcome> {
    if !process::succeeds(bench.cargo().args(["deny", "--version"])) {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed; the step before covers its lists".to_owned(),
        ));
    }
    process::check(bench.cargo().args(["deny", "--offline", "check", "licenses", "bans", "sources"]))?;
    Ok(Tally::ONE.into())
}

impl Rules {
    fn read(bench: &Workbench) -> anyhow::Result<Self> {
        let text = fs::read_to_string(bench.root.join("deny.toml"))?;
        let deny: toml::Table = text.parse().context("deny.toml")?;
        let list = |table: &str, key: &str| deny.get(table).and_then(|table| table.get(key)).and_then(toml::Value::as_array);
        let texts = |values: Option<&Vec<toml::Value>>| -> Vec<String> {
            values
                .into_iter()
                .flatten()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect()
        };
        let mut rules = Self {
            licenses: texts(list("licenses", "allow")).into_iter().collect(),
            targets: texts(list("graph", "targets")),
            banned: Vec::new(),
            single: Vec::new(),
        };
        for entry in list("bans", "deny").context("deny.toml without bans")? {
            let name = entry
                .get("crate")
                .and_then(toml::Value::as_str)
                .context("a ban without a crate")?
                .to_owned();
            let only_doubles = entry.get("deny-multiple-versions").and_then(toml::Value::as_bool).unwrap_or(false);
            if only_doubles { &mut rules.single } else { &mut rules.banned }.push(name);
        }
        if rules.licenses.is_empty() || rules.banned.is_empty() || rules.targets.is_empty() {
            bail!("deny.toml lost one of its lists");
        }
        Ok(rules)
    }
}

/// Name, version and license of every crate from outside that is compiled for this target, tests included.
fn compiled(bench: &Workbench, target: &str) -> anyhow::Result<BTreeSet<(String, String, String)>> {
    let format = [
        "tree",
        "--quiet",
        "--locked",
        "--workspace",
        "--prefix=none",
        "--format={p}|{l}|{r}",
        "--target",
        target,
    ];
    let tree = process::capture(bench.cargo().args(format))?;
    let ours = format!("({}", bench.root.display());
    let crates = tree.lines().filter(|line| !line.is_empty() && !line.contains(&ours)).map(|line| {
        let mut parts = line.splitn(3, '|');
        let (package, license) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let mut words = package.split_whitespace();
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        (
            name.to_owned(),
            version.trim_start_matches('v').to_owned(),
            license.trim_end_matches(" (*)").to_owned(),
        )
    });
    Ok(crates.collect())
}

fn sources(bench: &Workbench) -> anyhow::Result<Vec<String>> {
    let lock = fs::read_to_string(bench.root.join("Cargo.lock"))?;
    let foreign = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let foreign = foreign.map(|source| source.trim_matches('"')).filter(|source| *source != CRATES_IO);
    Ok(foreign.map(|source| format!("Cargo.lock takes something from {source}")).collect())
}

/// Whether a license expression can be satisfied with the allowed ones. `/` is the old spelling of `OR`.
fn expression_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    !rest.is_empty() && any_of(&mut rest, allowed) && rest.is_empty()
}

fn any_of(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut result = all_of(rest, allowed);
    while let Some((&"OR", after)) = rest.split_first() {
        *rest = after;
        result |= all_of(rest, allowed);
    }
    result
}

fn all_of(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut result = term(rest, allowed);
    while let Some((&"AND", after)) = rest.split_first() {
        *rest = after;
        result &= term(rest, allowed);
    }
    result
}

fn term(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let Some((&word, after)) = rest.split_first() else {
        return false;
    };
    *rest = after;
    if word == "(" {
        let inside = any_of(rest, allowed);
        let Some((&")", after)) = rest.split_first() else {
            return false;
        };
        *rest = after;
        return inside;
    }
    if let [first, exception, after @ ..] = *rest
        && *first == "WITH"
    {
        *rest = after;
        return allowed.contains(&format!("{word} WITH {exception}"));
    }
    allowed.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(expression: &str) -> bool {
        let allowed = ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"]
            .map(str::to_owned)
            .into();
        expression_allowed(expression, &allowed)
    }

    #[test]
    fn a_choice_needs_one_allowed_side() {
        assert!(allows("MIT OR GPL-3.0"));
        assert!(allows("GPL-3.0/MIT"));
        assert!(!allows("GPL-3.0 OR AGPL-3.0"));
    }

    #[test]
    fn a_sum_needs_every_part() {
        assert!(allows("ISC AND (GPL-3.0 OR MIT)"));
        assert!(!allows("ISC AND GPL-3.0"));
        assert!(!allows("MIT AND (GPL-3.0 OR AGPL-3.0) AND ISC"));
    }

    #[test]
    fn an_exception_belongs_to_its_license() {
        assert!(allows("Apache-2.0 WITH LLVM-exception OR GPL-3.0"));
        assert!(!allows("Apache-2.0 WITH Other-exception"));
    }

    #[test]
    fn nothing_and_nonsense_are_refused() {
        assert!(!allows(""));
        assert!(!allows("(MIT"));
        assert!(!allows("MIT MIT"));
    }
}
