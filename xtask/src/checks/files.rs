//! Rules for the text of source files that no linter knows: size, a story at the top, names that say something.

use std::fs;
use std::path::Path;

use super::verdict;
use crate::report::Outcome;
use crate::workbench::Workbench;

const MOST_LINES: usize = 800;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "misc", "legacy", "stuff"];

/// British spellings of words that the product uses as names.
const BRITISH: [(&str, &str); 3] = [("organis", "organiz"), ("licence", "license"), ("localis", "localiz")];

/// Reads every tracked Rust file, and every tracked text for its spelling.
pub(crate) fn check(bench: &Workbench) -> anyhow::Result<Outcome> {
    let mut complaints = Vec::new();
    let mut lengths = Vec::new();
    for file in bench.tracked_files()? {
        let is = |extension: &str| file.extension().is_some_and(|found| found == extension);
        let read = || fs::read_to_string(bench.root.join(&file));
        if is("rs") {
            let text = read()?;
            lengths.push(text.lines().count());
            complaints.extend(rust_complaints(&file, &text));
        }
        if ["rs", "md", "toml", "html", "css", "js", "mjs", "sql"].into_iter().any(is) && !is_this_file(&file) {
            complaints.extend(spelling_complaints(&file, &read()?));
        }
    }
    lengths.sort_unstable();
    let (files, median, longest) = (lengths.len(), lengths.get(lengths.len() / 2), lengths.last());
    println!(
        "    {files} Rust files, median {} lines, longest {}",
        median.unwrap_or(&0),
        longest.unwrap_or(&0)
    );
    verdict(complaints)
}

fn rust_complaints(file: &Path, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut complain = |what: String| complaints.push(format!("{}: {what}", file.display()));
    let lines = text.lines().count();
    if lines > MOST_LINES {
        complain(format!("{lines} lines; {MOST_LINES} are the most, split it by topic"));
    }
    if !text.starts_with("//!") {
        complain("starts without `//!`: say what the file is for, and what it must not do".to_owned());
    }
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if EMPTY_NAMES.contains(&stem) {
        complain(format!("`{stem}` names nothing; name the file for what it holds"));
    }
    if text
        .lines()
        .any(|line| ["#[allow(", "#![allow("].iter().any(|start| line.trim_start().starts_with(start)))
    {
        complain("`allow` hides a lint for ever; write `#[expect(…, reason = \"…\")]`".to_owned());
    }
    // Unit tests stand at the end of a file and may read what `cargo xtask test` exports.
    let product = text.split("#[cfg(test)]").next().unwrap_or_default();
    if product.contains("env::var") && !reads_the_environment(file) {
        complain("reads the environment; configuration is read once, in `crates/russet`, and handed down".to_owned());
    }
    complaints
}

/// The outermost edge, what only tests run, and where a test run tells every simulator to leave its journal.
fn reads_the_environment(file: &Path) -> bool {
    let edges = [
        "crates/russet",
        "crates/cli",
        "crates/testkit",
        "crates/simulator/src/options.rs",
        "xtask",
    ];
    edges.into_iter().any(|edge| file.starts_with(edge))
        || file
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

fn spelling_complaints(file: &Path, text: &str) -> Vec<String> {
    let numbered = text.lines().enumerate();
    numbered
        .flat_map(|(index, line)| {
            let lower = line.to_lowercase();
            BRITISH
                .into_iter()
                .filter(move |(british, _)| lower.contains(british))
                .map(move |found| (index + 1, found))
        })
        .map(|(number, (british, american))| format!("{}:{number}: `{british}…` is spelled `{american}…` here", file.display()))
        .collect()
}

fn is_this_file(file: &Path) -> bool {
    file.ends_with("xtask/src/checks/files.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_story_is_told_so() {
        let found = rust_complaints(Path::new("crates/x/src/lib.rs"), "fn main() {}\n");
        assert!(found[0].contains("starts without"), "{found:?}");
    }

    #[test]
    fn british_words_are_found_with_their_line() {
        let found = spelling_complaints(Path::new("a.md"), "fine\nan Organisation\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("a.md:2:"), "{found:?}");
    }

    #[test]
    fn the_environment_is_read_at_the_edge_only() {
        let text = "//! x\nfn f() { std::env::var(\"A\"); }\n";
        assert_eq!(rust_complaints(Path::new("crates/store/src/lib.rs"), text).len(), 1);
        assert!(rust_complaints(Path::new("crates/russet/src/main.rs"), text).is_empty());
    }
}
