//! Reading the counts that `cargo test` prints, one line per test binary.

use crate::report::Tally;

/// The counts of a closing line such as `test result: ok. 5 passed; 0 failed; 1 ignored; …`; `None` for any other line.
pub(crate) fn counts(line: &str) -> Option<Tally> {
    let rest = line.strip_prefix("test result: ")?;
    let (_, rest) = rest.split_once(". ")?;
    let number = |word: &str| rest.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse().ok());
    Some(Tally {
        passed: number(" passed")?,
        failed: number(" failed")?,
    })
}

/// Whether a person wants to read this line. The names of a thousand tests that hold are noise.
pub(crate) fn worth_printing(line: &str) -> bool {
    let holds = line.starts_with("test ") && line.ends_with(" ... ok");
    let empty = line.is_empty() || line.starts_with("running ") || line.starts_with("test result: ok. 0 passed; 0 failed; 0 ignored");
    !holds && !empty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_line_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(counts(line), Some(Tally { passed: 12, failed: 3 }));
    }

    #[test]
    fn other_lines_are_not() {
        assert_eq!(counts("test ids::parses ... ok"), None);
        assert_eq!(counts("test result: lost"), None);
    }

    #[test]
    fn failures_are_shown_and_successes_are_not() {
        assert!(worth_printing("test ids::parses ... FAILED"));
        assert!(!worth_printing("test ids::parses ... ok"));
    }
}
